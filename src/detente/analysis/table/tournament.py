"""Tournaments: strategies against each other over many cases, every pair in both roles.

Each case is one chunk of work with its own streams, so that the result depends neither on the number of workers nor
on where a stopped tournament went on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from detente.analysis.result import Provenance, Result, Row, space_of
from detente.analysis.table.game import Setting, Terms, setting
from detente.analysis.table.own import Own
from detente.analysis.table.parts import Strategy
from detente.analysis.table.runs import Ends, play, ratified
from detente.analysis.table.strategies import strategy
from detente.case import Case
from detente.errors import NeedsError
from detente.kernels import table as kernel
from detente.space import Space
from detente.space.tables import Array
from detente.workers import Chunk, Engine, Job, Report, chunks

if TYPE_CHECKING:
    import polars

BUILT_IN = (
    "boulware", "linear", "conceder", "last-minute", "hardliner", "aspiration", "boulware-random", "micro", "hybrid",
    "relative-tit-for-tat", "absolute-tit-for-tat", "averaged-tit-for-tat", "naive-tit-for-tat", "random", "cab",
    "boulware-frequency", "linear-frequency", "boulware-bayes", "boulware-trade-off", "boulware-combined",
)  # fmt: skip
"""The twenty strategies of a tournament that names none."""
SCORES = ("advantage", "utility", "nash", "welfare")
COLUMNS = ("case", "negotiation", "seat", "strategy", "others", "end", "outcome", "round", *SCORES)
RESAMPLES = 2_000
_INTEGERS = COLUMNS[:8]


@dataclass(frozen=True)
class _Shared:
    """What all chunks of a tournament share."""

    strategies: tuple[Strategy | Own, ...]
    rounds: int
    repeats: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class TournamentResult(Result):
    """Who does well against whom. ``columns``: the negotiations, one row for each seat, as arrays by `COLUMNS`.

    ``case`` and ``strategy`` are places in ``cases`` and ``names``; ``others`` is the strategy of the other seats;
    ``end`` as in `detente.analysis.table.runs.ENDS`; ``outcome`` an outcome number (-1: none), ``round`` from 0.
    Scores: ``utility`` on the party's own range 0..1; ``advantage``, its gain over no deal as a share of the most that
    it could gain; ``nash``, the product of all gains, and ``welfare``, the sum of all advantages, each as a share of
    the largest that some outcome has.
    """

    analysis: ClassVar[str] = "tournament"

    cases: tuple[str, ...]
    names: tuple[str, ...]
    rounds: int
    repeats: int
    seed: int
    columns: Mapping[str, Array] = field(repr=False)
    faults: tuple[Mapping[str, Any], ...] = ()

    @cached_property
    def means(self) -> Array:
        """Mean scores of each strategy in each case, (cases, strategies, scores)."""
        c, s = len(self.cases), len(self.names)
        place = self.columns["case"] * s + self.columns["strategy"]
        count = np.bincount(place, minlength=c * s)
        total = [np.bincount(place, weights=self.columns[name], minlength=c * s) for name in SCORES]
        return np.asarray(np.stack(total, axis=1) / np.maximum(count, 1)[:, None]).reshape(c, s, len(SCORES))

    @cached_property
    def league(self) -> list[Row]:
        """The strategies by mean advantage, with 95 % intervals from resampled cases."""
        means = self.means.mean(axis=0)
        random = np.random.default_rng(self.seed)
        counts = random.multinomial(len(self.cases), np.full(len(self.cases), 1 / len(self.cases)), RESAMPLES)
        drawn = counts @ self.means[:, :, 0] / len(self.cases)
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
        ranks = 1 + (drawn[:, None, :] > drawn[:, :, None] + 1e-12).sum(axis=2)
        best, worst = np.percentile(ranks, (2.5, 97.5), axis=0, method="nearest")
        deals = np.bincount(self.columns["strategy"], weights=self.columns["end"] == kernel.DEAL, minlength=len(self.names))  # fmt: skip
        played = np.bincount(self.columns["strategy"], minlength=len(self.names))
        order = sorted(range(len(self.names)), key=lambda s: (-means[s, 0], self.names[s]))
        return [
            {
                "rank": 1 + int((means[:, 0] > means[s, 0] + 1e-12).sum()), "strategy": self.names[s],
                **{name: float(means[s, k]) for k, name in enumerate(SCORES)},
                "deals": float(deals[s] / max(played[s], 1)), "advantage_low": float(low[s]),
                "advantage_high": float(high[s]), "rank_low": int(best[s]), "rank_high": int(worst[s]),
            }
            for s in order
        ]  # fmt: skip

    @cached_property
    def pairs(self) -> Array:
        """Mean advantage of each strategy (rows) against each (columns), (strategies, strategies)."""
        s = len(self.names)
        place = self.columns["strategy"] * s + self.columns["others"]
        count = np.bincount(place, minlength=s * s)
        total = np.bincount(place, weights=self.columns["advantage"], minlength=s * s)
        return np.asarray(total / np.maximum(count, 1)).reshape(s, s)

    def document(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "strategies": self.names,
            "rounds": self.rounds,
            "repeats": self.repeats,
            "seed": self.seed,
            "negotiations": int(self.columns["negotiation"].max(initial=-1)) + 1,
            "league": self.league,
            "pairs": self.pairs.tolist(),
            "faults": list(self.faults),
        }

    def explain(self) -> str:
        first, count = self.league[0], int(self.columns["negotiation"].max(initial=-1)) + 1
        tied = [row["strategy"] for row in self.league[1:] if row["rank_low"] == 1]
        text = (
            f"{len(self.names)} strategies met in {count:,} simulated negotiations over {len(self.cases):,} "
            f"case{'s' * (len(self.cases) != 1)}, every pair in both roles. On average {first['strategy']} kept the "
            f"largest share of what it could gain ({100 * first['advantage']:.0f} %)."
        )
        if tied:
            text += f" Over resampled cases, {', '.join(map(str, tied[:5]))} came first as well."
        if self.faults:
            text += (
                f" {len(self.faults):,} calls of own strategies failed; the party then left the negotiation."
            )
        return text + " Scores hold for these cases and opponents, and for no others."

    def tables(self) -> dict[str, list[Row]]:
        matrix: list[Row] = [
            {"strategy": name, **dict(zip(self.names, row.tolist(), strict=True))}
            for name, row in zip(self.names, self.pairs, strict=True)
        ]
        return {"league": self.league, "pairs": matrix}

    def charts(self) -> dict[str, dict[str, Any]]:
        from detente.analysis.table import figures

        return {"league": figures.league(self), "pairs": figures.pairs(self)}

    def negotiations(self) -> polars.DataFrame:
        """Every negotiation, a row for each seat, with names in place of numbers."""
        import polars

        frame = polars.DataFrame({name: self.columns[name] for name in COLUMNS})
        return frame.with_columns(
            polars.Series("case", [self.cases[c] for c in self.columns["case"]]),
            polars.Series("strategy", [self.names[s] for s in self.columns["strategy"]]),
            polars.Series("others", [self.names[s] for s in self.columns["others"]]),
        )

    def write(self, folder: str | Path) -> None:
        """Writes ``negotiations.parquet``, ``league.parquet`` and ``tournament.json`` into a folder."""
        path = Path(folder)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self.negotiations().write_parquet(path / "negotiations.parquet")
            self.to_polars("league").write_parquet(path / "league.parquet")
            (path / "tournament.json").write_text(self.to_json() + "\n", encoding="utf-8")
        except OSError as error:
            raise NeedsError(f"cannot write into '{folder}': {error.strerror or error}") from error


def tournament(
    cases: Iterable[Case | Space],
    strategies: Sequence[str | Strategy | Own] = BUILT_IN,
    *,
    rounds: int = 100,
    repeats: int = 1,
    seed: int = 0,
    workers: int = 1,
    engine: Engine = "processes",
    folder: str | Path | None = None,
    report: Report | None = None,
) -> TournamentResult:
    """Every pair of strategies, in both roles, over all cases.

    Parameters
    ----------
    cases
        The cases; who sits at each table is as in `detente.analysis.table.table`. The first seat opens. With more than
        two seats, one strategy has one seat (each in turn) and the other strategy all the others.
    strategies
        Names, ``file.py:Class``, `Strategy` or `Own` objects.
    rounds, repeats, seed
        Rounds until the deadline; how often each pairing meets (more than once only matters for strategies with
        chance in them); what the random numbers begin from.
    workers, engine, folder, report
        As in `detente.workers.chunks`: a tournament that keeps its chunks in a folder goes on where it was stopped.

    Cost: for two parties, cases times strategies squared times repeats negotiations.
    """
    players = [one for text in strategies for one in strategy(text)]
    names = _distinct([player.name for player in players])
    spaces = [space_of(case) for case in cases]
    if not spaces or not players:
        raise NeedsError("a tournament needs at least one case and one strategy")
    if not 1 <= rounds <= 100_000 or not 1 <= repeats <= 1_000_000:
        raise NeedsError("rounds and repeats are counts from 1")
    shared = _Shared(tuple(players), rounds, repeats, seed)
    key = json.dumps([repr(shared), [space.case.hash for space in spaces]])
    job = Job(_chunk, shared, list(enumerate(spaces)), key)
    parts = list(chunks(job, workers=workers, engine=engine, folder=folder, report=report))
    faults = [json.loads(str(text)) for part in parts for text in part["faults"]]
    shown = [space.case.id for space in spaces]
    return TournamentResult(
        source=_source(spaces, {"strategies": names, "rounds": rounds, "repeats": repeats}, seed),
        exact=False,
        method="simulated negotiations of stacked alternating offers; intervals by resampling cases",
        cases=tuple(_distinct(shown)),
        names=tuple(names),
        rounds=rounds,
        repeats=repeats,
        seed=seed,
        columns=_joined(parts),
        faults=tuple(faults),
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """Names with a number behind those that occur again."""
    found: list[str] = []
    for name in names:
        again = 2
        new = name
        while new in found:
            new = f"{name} ({again})"
            again += 1
        found.append(new)
    return found


def _source(spaces: Sequence[Space], options: Mapping[str, Any], seed: int) -> Provenance:
    import hashlib

    hashes = "".join(space.case.hash for space in spaces)
    return Provenance(
        case=spaces[0].case.id if len(spaces) == 1 else f"{len(spaces)} cases",
        case_hash=spaces[0].case.hash if len(spaces) == 1 else hashlib.sha256(hashes.encode()).hexdigest(),
        title="Tournament",
        parties=spaces[0].parties if len(spaces) == 1 else (),
        issues=spaces[0].issues if len(spaces) == 1 else (),
        labels={},
        options=options,
        seed=seed,
    )


def _joined(parts: Sequence[Chunk]) -> dict[str, Array]:
    columns = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
    sizes = [int(part["negotiation"].max(initial=-1)) + 1 for part in parts]
    before = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    columns["negotiation"] = columns["negotiation"] + before[columns["case"]]
    return columns


def _chunk(shared: _Shared, task: tuple[int, Space]) -> Chunk:
    """All negotiations over one case."""
    number, space = task
    here = setting(space, Terms(shared.rounds, np.zeros(shared.rounds)))
    plan, who = _plan(len(shared.strategies), len(here.seats), shared.repeats)
    states = kernel.streams(shared.seed, (number << 32) + np.arange(len(plan)))
    out = play(here, shared.strategies, plan, states)
    zero = np.zeros(len(plan), np.int64)
    ends = ratified(here, Ends(out[:, 0], out[:, 1], out[:, 2], out[:, 3], zero, zero, plan[:, 2:]))
    guests = [player for player in shared.strategies if isinstance(player, Own)]
    faults = [
        json.dumps({"case": space.case.id, **vars(fault)}) for guest in guests for fault in guest.faults
    ]
    for guest in guests:
        guest.close()
        guest.faults.clear()
    return {**_rows(here, ends, number, who), "faults": np.array(faults, dtype=str)}


def _plan(players: int, seats: int, repeats: int) -> tuple[Array, Array]:
    """Who sits where in each negotiation: (m, 2 + n) for the kernel, and (m, n) who faces whom."""
    one, other = (
        grid.reshape(-1) for grid in np.meshgrid(np.arange(players), np.arange(players), indexing="ij")
    )
    places = [0] if seats <= 2 else range(seats)
    rows, faces = [], []
    for place in places:
        seated = np.repeat(other[:, None], seats, axis=1)
        facing = np.repeat(one[:, None], seats, axis=1)
        seated[:, place] = one
        facing[:, place] = other
        rows.append(seated)
        faces.append(facing)
    seated = np.repeat(np.concatenate(rows), repeats, axis=0)
    facing = np.repeat(np.concatenate(faces), repeats, axis=0)
    return np.concatenate([np.zeros((len(seated), 2), np.int64), seated], axis=1), facing


def _rows(here: Setting, ends: Ends, number: int, facing: Array) -> dict[str, Array]:
    """The columns of a chunk: a row for each seat of each negotiation."""
    m, n = ends.strategies.shape
    scores = _scores(here)
    deal = ends.end == kernel.DEAL
    found = {name: np.where(deal[:, None], table[:, np.maximum(ends.outcome, 0)].T, none) for name, (table, none) in scores.items()}  # fmt: skip
    outcome = np.where(deal, here.numbers[np.maximum(ends.outcome, 0)], -1)
    columns: dict[str, Array] = {
        "case": np.full(m * n, number),
        "negotiation": np.repeat(np.arange(m), n),
        "seat": np.tile(np.arange(n), m),
        "strategy": ends.strategies.reshape(-1),
        "others": facing.reshape(-1),
        "end": np.repeat(ends.end, n),
        "outcome": np.repeat(outcome, n),
        "round": np.repeat(ends.round, n),
    }
    return {**columns, **{name: values.reshape(-1) for name, values in found.items()}}


def _scores(here: Setting) -> dict[str, tuple[Array, Array]]:
    """Each score of every outcome for every seat, (n, N), and what no deal scores, (n,)."""
    game = here.game
    u, d = game.u[0], here.reservation[0, list(here.seats)]
    rational = (u >= d[:, None] - 1e-9).all(axis=0)
    low, high = u.min(axis=1), u.max(axis=1)
    span = np.where(high > low, high - low, 1.0)
    gain = u - d[:, None]
    most = np.where(high > d, high - d, np.inf)
    advantage = gain / most[:, None]
    product = np.where(rational, np.prod(np.maximum(gain, 0.0), axis=0), 0.0)
    welfare = np.maximum(advantage.sum(axis=0), 0.0)
    best = welfare[rational].max(initial=0.0)
    none = np.zeros(len(u))
    return {
        "advantage": (advantage, none),
        "utility": ((u - low[:, None]) / span[:, None], np.clip((d - low) / span, 0.0, 1.0)),
        "nash": (np.broadcast_to(product / product.max(), u.shape) if product.max() > 0 else 0.0 * u, none),
        "welfare": (np.broadcast_to(welfare / best, u.shape) if best > 0 else 0.0 * u, none),
    }
