"""What happens at the table? Simulated bargaining under protocols, strategies, deadlines and mediation.

The theory page on the table has the definitions; `table` is the entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from detente.analysis.result import provenance, space_of
from detente.analysis.table.agenda import issue_by_issue
from detente.analysis.table.compare import Comparison, compare
from detente.analysis.table.draws import drawn_spaces
from detente.analysis.table.effects import chances, effects
from detente.analysis.table.game import LARGEST_LISTED, Setting, Terms, seats_of, setting
from detente.analysis.table.large import hold_large
from detente.analysis.table.own import Fault, Own, own
from detente.analysis.table.parts import Acceptance, Offering, Strategy
from detente.analysis.table.protocols import demands, foreseen, rubinstein, simultaneous, single_text
from detente.analysis.table.result import TableResult
from detente.analysis.table.runs import Ends, hold, payoffs
from detente.analysis.table.strategies import EXPONENTS, VARIED, strategies, strategy
from detente.analysis.table.tournament import TournamentResult, tournament
from detente.analysis.table.words import PROTOCOLS
from detente.case import Case
from detente.case.structure import among
from detente.errors import NeedsError
from detente.space import NoDealName, Space

__all__ = [
    "EXPONENTS",
    "Acceptance",
    "Comparison",
    "Fault",
    "Offering",
    "Own",
    "Protocol",
    "Strategy",
    "TableResult",
    "TournamentResult",
    "chances",
    "compare",
    "effects",
    "own",
    "rubinstein",
    "strategies",
    "table",
    "tournament",
]

Protocol = Literal["alternating", "issue-by-issue", "simultaneous", "demand", "text", "rubinstein"]
UNPLAYED = ("text", "rubinstein")
"""Protocols in which there is nothing to choose a strategy for."""
Choices = tuple[tuple[Strategy | Own, ...], ...]
ROUNDS = 100
RUNS = 1_000
MOST_ROUNDS, MOST_RUNS = 100_000, 100_000_000


def table(
    case: Case | Space,
    *,
    protocol: Protocol = "alternating",
    strategies: Mapping[str, str | Strategy | Own] | str | Strategy | Own = VARIED,
    rounds: int = ROUNDS,
    runs: int = RUNS,
    seed: int = 0,
    no_deal: NoDealName = "now",
    breakdown: float | Sequence[float] = 0.0,
    opener: str | None = None,
    meetings: int = 1,
    returns: float = 1.0,
    draws: int = 0,
    heat: float = 0.0,
    open_clock: bool = False,
    agenda: Sequence[str] = (),
) -> TableResult:
    """What happens at the table? Where simulated negotiations end.

    Negotiators with preferences sit at the table. Whoever else has preferences, ratifiers above all, must agree to a
    deal afterwards: one that is worse than no deal for it is refused, and counts as no deal.

    Parameters
    ----------
    case
        A case, or a space compiled from one.
    protocol
        ``alternating`` offers of whole packages in turn; ``issue-by-issue``, offers in turn on one issue after the other;
        ``simultaneous``, at once in each round; ``demand``, once and together; ``text``,
        a mediator's single text; ``rubinstein``, in turn and with foresight.
    strategies
        For all parties, or by party: a name, ``time:EXPONENT``, several with ``|`` between them (one is drawn in each
        run), ``varied`` (time-dependent with a drawn exponent; also for parties left out), ``file.py:Class`` for
        one of your own, a `Strategy`, or an `Own`. In the demand game, the share of its possible gain that a party
        asks for (``0.6``), or ``varied``; the last two protocols have none.
    rounds
        Rounds until the deadline; in each, every party has one turn.
    runs, seed
        How many negotiations, and what their random numbers begin from.
    no_deal
        Which entry of the no-deal block holds without a deal: ``now`` or ``deadline``.
    breakdown
        Chance that talks break down at the end of a round, or one for each round.
    opener
        The party that opens; drawn in each run without.
    meetings, returns
        Rounds are divided evenly into so many meetings; after each but the last, talks go on with the chance
        ``returns`` that all come back.
    heat
        How readily parties vote for a worse text while time is left (``text``), as a share of their range; 0: never.
    draws
        How many draws of the case's uncertain numbers runs are spread over; 0: its single values.
    agenda
        The order of the issues (``issue-by-issue``); those left out follow as in the file.
    open_clock
        Count time as NegMAS does, so that nobody quite reaches its reservation value.

    Raises
    ------
    NeedsError
        Where an option does not fit, nobody has preferences, or nothing is possible.
    CostError
        Where outcomes, times the draws, are too many to list (alternating offers without draws do not list them).

    Cost: a sort of the outcomes for each party and draw, then 5 to 200 ns an offer; strategies that look at the clock
    alone are tabulated, and equal runs held once. Other strategies compile for some seconds the first time.
    """
    space = space_of(case)
    _check(space, rounds, runs, draws, no_deal)
    risk, ends_of = _meetings(_risk(breakdown, rounds), meetings, returns)
    terms = Terms(rounds, risk, no_deal, open_clock)
    names = tuple(space.parties[p] for p in seats_of(space)[0])
    asked = chosen(names, strategies) if protocol not in UNPLAYED else {}
    first = None if opener is None else _seat(names, opener)
    bound = None
    if protocol == "alternating" and not draws and space.size > LARGEST_LISTED:
        choices: Choices = tuple(tuple(strategy(text)) for text in asked.values())
        (here, ends, bound), faults = hold_large(space, terms, choices, runs, seed, first), None
    else:
        here = setting(space, terms, drawn_spaces(space, draws, seed))
        choices, ends, faults = _held(here, protocol, asked, runs, seed, first, heat, agenda)
    shown = {name: text if isinstance(text, str) else text.name for name, text in asked.items()}
    options: dict[str, Any] = {
        "protocol": protocol, "strategies": shown, "rounds": rounds, "runs": runs, "no_deal": no_deal,
        "breakdown": breakdown if isinstance(breakdown, float | int) else list(breakdown), "opener": opener,
        "meetings": meetings, "returns": returns, "draws": draws, "heat": heat, "open_clock": open_clock,
        "agenda": list(agenda),
    }  # fmt: skip
    return TableResult(
        source=provenance(space, options, here.notes, seed),
        exact=False,
        bound=bound,
        method=f"{runs:,} simulated negotiations by {PROTOCOLS[protocol]}",
        setting=here,
        choices=choices,
        asked=shown,
        protocol=protocol,
        runs=runs,
        seed=seed,
        ends=ends,
        payoffs=payoffs(here, ends),
        meetings=ends_of,
        further={"faults": faults} if faults is not None else {},
    )


def _held(
    here: Setting, protocol: str, asked: Mapping[str, str | Strategy | Own], runs: int, seed: int,
    opener: int | None, heat: float, agenda: Sequence[str],
) -> tuple[Choices, Ends, list[dict[str, Any]] | None]:  # fmt: skip
    """The strategies of each seat, where the runs end, and faults of own strategies (None: there are none of these)."""
    if protocol == "demand":
        return (), demands(here, [_share(text) for text in asked.values()], runs, seed), None
    if protocol == "text":
        if not 0 <= heat <= 100:
            raise NeedsError(f"heat is a number from 0 to 100; got {heat}")
        return (), single_text(here, heat, runs, seed), None
    if protocol == "rubinstein":
        return (), foreseen(here, runs, seed, opener), None
    choices: Choices = tuple(tuple(strategy(text)) for text in asked.values())
    if protocol == "simultaneous":
        return choices, simultaneous(here, choices, runs, seed), None
    if protocol not in ("alternating", "issue-by-issue"):
        raise NeedsError(f"unknown protocol '{protocol}'; there are {among(PROTOCOLS)}")
    if protocol == "alternating":
        ends = hold(here, choices, runs, seed, opener)
    else:
        ends = issue_by_issue(here, choices, agenda, runs, seed, opener)
    guests = [s for offered in choices for s in offered if isinstance(s, Own)]
    faults = [vars(fault) for guest in guests for fault in guest.faults]
    for guest in guests:
        guest.close()
    return choices, ends, faults if guests else None


def _share(text: str | Strategy | Own) -> float | None:
    """The share that a party asks for in the demand game; None for drawn."""
    if text == VARIED:
        return None
    try:
        share = float(text) if isinstance(text, str) else -1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise NeedsError(f"in the demand game a party asks for a share from 0 to 1, or varied; got '{text}'")
    return share


def _meetings(risk: Any, meetings: int, returns: float) -> tuple[Any, tuple[int, ...]]:
    """The chance of breakdown after each round with adjournments, and the last round of each meeting."""
    rounds = len(risk)
    if not 1 <= meetings <= rounds:
        raise NeedsError(f"meetings is a count from 1 to the number of rounds, {rounds}; got {meetings}")
    if not 0 <= returns <= 1:
        raise NeedsError(f"returns is a chance from 0 to 1; got {returns}")
    last = tuple(rounds * (k + 1) // meetings - 1 for k in range(meetings))
    risk = np.array(risk, dtype=float)
    for r in last[:-1]:
        risk[r] = 1.0 - (1.0 - risk[r]) * returns
    return risk, last


def _check(space: Space, rounds: int, runs: int, draws: int, no_deal: str) -> None:
    if space.draws is not None:
        raise NeedsError("a table is one case at a time; `draws` draws its uncertain numbers")
    if not 1 <= rounds <= MOST_ROUNDS:
        raise NeedsError(f"rounds is a count from 1 to {MOST_ROUNDS:,}; got {rounds}")
    if not 1 <= runs <= MOST_RUNS:
        raise NeedsError(f"runs is a count from 1 to {MOST_RUNS:,}; got {runs}")
    if draws < 0:
        raise NeedsError(f"draws is a count from 0; got {draws}")
    if no_deal == "breakdown":
        raise NeedsError("no deal as breakdown is computed by the roadmap; use now or deadline here")
    if no_deal not in ("now", "deadline"):
        raise NeedsError(f"unknown no deal '{no_deal}'; there are now and deadline")


def _risk(breakdown: float | Sequence[float], rounds: int) -> Any:
    risk = np.broadcast_to(np.asarray(breakdown, dtype=float), (rounds,)) if np.ndim(breakdown) == 0 else np.asarray(breakdown, dtype=float)  # fmt: skip
    if risk.shape != (rounds,):
        raise NeedsError(f"breakdown is one chance, or one for each of the {rounds} rounds; got {len(risk)}")
    if not ((risk >= 0) & (risk <= 1)).all():
        raise NeedsError("breakdown is a chance from 0 to 1")
    return risk


def _seat(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise NeedsError(f"'{name}' has no seat at the table; there are {among(names)}")
    return names.index(name)


def chosen(
    names: Sequence[str], asked: Mapping[str, str | Strategy | Own] | str | Strategy | Own
) -> dict[str, str | Strategy | Own]:
    """The strategy of each seat, as asked for."""
    if not isinstance(asked, Mapping):
        return dict.fromkeys(names, asked)
    for name in asked:
        _seat(names, name)
    return {name: asked.get(name, VARIED) for name in names}
