"""What the table answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from detente.analysis.agreement import AgreementResult, agreement
from detente.analysis.result import Result, Row
from detente.analysis.table import figures, words
from detente.analysis.table.game import LARGEST_LISTED, Setting
from detente.analysis.table.own import Own
from detente.analysis.table.parts import Strategy
from detente.analysis.table.plain import Talks
from detente.analysis.table.runs import ENDS, Ends
from detente.errors import CostError, NeedsError
from detente.kernels import table as kernel
from detente.space import snap
from detente.space.tables import Array

MEASURED = 200_000
"""Spaces of more outcomes than this are not measured against their front."""
_Z = 1.959964


@dataclass(frozen=True, eq=False)
class Agreed:
    """An outcome that runs agreed on: its number, the share of all runs, and the mean round (from 1)."""

    number: int
    share: float
    mean_round: float


@dataclass(frozen=True, kw_only=True)
class TableResult(Result):
    """What happens at the table? Where simulated negotiations end.

    ``ends`` says where each run ended, ``payoffs`` (parties with preferences, runs) what each party has then, in its
    own utility, discounted where the case says so.
    """

    analysis: ClassVar[str] = "table"

    setting: Setting = field(repr=False)
    choices: tuple[tuple[Strategy | Own, ...], ...] = field(repr=False)
    asked: Mapping[str, str]
    protocol: str
    runs: int
    seed: int
    ends: Ends = field(repr=False)
    payoffs: Array = field(repr=False)
    meetings: tuple[int, ...] = ()
    further: Mapping[str, Any] = field(default_factory=dict, repr=False)

    # numbers ------------------------------------------------------------------------------------

    @cached_property
    def deals(self) -> Array:
        """Which runs ended in a deal."""
        return np.asarray(self.ends.end == kernel.DEAL)

    @property
    def deal_rate(self) -> float:
        """Share of the runs that ended in a deal."""
        return float(self.deals.mean()) if self.runs else 0.0

    @cached_property
    def deal_interval(self) -> tuple[float, float]:
        """95 % interval (Wilson) of the share of deals, for the number of runs alone."""
        return wilson(int(self.deals.sum()), self.runs)

    @property
    def mean_round(self) -> float | None:
        """Mean round of the deals, counted from 1; None without deals."""
        return float(self.ends.round[self.deals].mean()) + 1.0 if self.deals.any() else None

    @cached_property
    def agreements(self) -> tuple[Agreed, ...]:
        """The outcomes agreed on, the most frequent first, equal ones by number."""
        outcome, rounds = self.ends.outcome[self.deals], self.ends.round[self.deals]
        found, back = np.unique(outcome, return_inverse=True)
        counts = np.bincount(back, minlength=len(found))
        total = np.bincount(back, weights=rounds, minlength=len(found))
        rows = [
            Agreed(int(self.setting.numbers[o]), float(c) / self.runs, float(t / c) + 1.0)
            for o, c, t in zip(found, counts, total, strict=True)
        ]
        return tuple(sorted(rows, key=lambda a: (-a.share, a.number)))

    def ended(self) -> dict[str, float]:
        """Share of the runs by how they ended."""
        return {name: float((self.ends.end == code).mean()) for code, name in enumerate(ENDS)}

    @cached_property
    def deal(self) -> AgreementResult | None:
        """What agreement says of the same case, at its single values; None where that is out of reach."""
        if self.setting.space.size > MEASURED:
            return None
        try:
            return agreement(self.setting.space, no_deal=self.setting.terms.no_deal)
        except CostError:
            return None

    @cached_property
    def efficient(self) -> float | None:
        """Share of the deals that are on the Pareto front (at the single values of the case)."""
        deal = self.deal
        if deal is None or not self.agreements:
            return None
        front = {tuple(row) for row in snap(deal.front.utilities).tolist()}
        share = sum(a.share for a in self.agreements if tuple(snap(self._values(a.number)).tolist()) in front)
        return share / sum(a.share for a in self.agreements)

    def distances(self) -> dict[str, float | None]:
        """Mean distance of the deals to each fair solution, utilities scaled to 0..1: compares the parties' scales."""
        deal = self.deal
        if deal is None or not self.agreements:
            return {}
        low, high = deal.ranges
        span = np.where(high > low, high - low, 1.0)
        found: dict[str, float | None] = {}
        for name, solution in deal.solutions.items():
            if solution is None:
                found[name] = None
                continue
            apart = [
                a.share * float(np.linalg.norm((self._values(a.number) - solution.utilities) / span))
                for a in self.agreements
            ]
            found[name] = sum(apart) / sum(a.share for a in self.agreements)
        return found

    def _values(self, number: int) -> Array:
        space = self.setting.space
        return np.asarray(space.utility(space.levels(number)))

    def party(self, name: str) -> dict[str, float]:
        """Mean and percentiles of what a party has in the end, over all runs, with no deal counted as such."""
        row = self.payoffs[self.setting.space.parties.index(name)]
        low, middle, high = np.percentile(row, (5, 50, 95))
        return {"mean": float(row.mean()), "p5": float(low), "p50": float(middle), "p95": float(high)}

    def trace(self, run: int = 0) -> Talks:
        """One run again, offer by offer; outcomes are positions in ``setting.numbers``."""
        from detente.analysis.table.held import one

        if self.protocol != "alternating":
            raise NeedsError(f"runs of the protocol '{self.protocol}' have no offers to trace")
        if self.setting.space.size > LARGEST_LISTED:
            raise NeedsError("runs over outcomes that are not listed are not traced")
        if not 0 <= run < self.runs:
            raise NeedsError(f"there is no run {run}: there are {self.runs:,}, numbered from 0")
        chosen = [offered[s] for offered, s in zip(self.choices, self.ends.strategies[run], strict=True)]
        state = int(kernel.streams(self.seed, np.array([run]))[0])
        return one(self.setting, chosen, int(self.ends.opener[run]), state, int(self.ends.draw[run]))

    def by_meeting(self) -> list[dict[str, Any]]:
        """Share of the runs that end in a deal, or without one, in each meeting, with its date where the case has dates.

        Meetings lie evenly between start and deadline, the last at the deadline.
        """
        time, found, before = self.setting.space.case.time, [], -1
        for k, last in enumerate(self.meetings):
            here = (self.ends.round > before) & (self.ends.round <= last)
            date = None
            if time.start is not None and time.deadline is not None:
                date = (time.start + (time.deadline - time.start) * (k + 1) / len(self.meetings)).isoformat()
            found.append(
                {
                    "meeting": k + 1,
                    "date": date,
                    "rounds": last - before,
                    "deals": float((here & self.deals).mean()),
                    "ended": float((here & ~self.deals).mean()),
                }
            )
            before = last
        return found

    def typical(self) -> int:
        """The run that figures show: the middle one by round among the deals, or among all where there is none."""
        here = np.flatnonzero(self.deals) if self.deals.any() else np.arange(self.runs)
        return int(here[np.argsort(self.ends.round[here], kind="stable")[len(here) // 2]])

    # telling ------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        space, terms = self.setting.space, self.setting.terms
        low, high = self.deal_interval
        return {
            "protocol": self.protocol,
            "rounds": terms.rounds,
            "strategies": dict(self.asked),
            "runs": self.runs,
            "seed": self.seed,
            "deal_rate": self.deal_rate,
            "deal_interval": [low, high],
            "mean_round": self.mean_round,
            "ends": self.ended(),
            "agreements": [
                {
                    "outcome": space.outcome(space.levels(a.number)),
                    "share": a.share,
                    "number": a.number,
                    "mean_round": a.mean_round,
                    "utilities": dict(zip(space.parties, self._values(a.number), strict=True)),
                }
                for a in self.agreements
            ],
            "utilities": {party: self.party(party) for party in space.parties},
            "reservation": dict(zip(space.parties, self.setting.reservation[0], strict=True)),
            "scale": space.scale,
            "efficient": self.efficient,
            "distances": {"interpersonal": True, **self.distances()},
            "meetings": self.by_meeting(),
            **self.further,
        }

    def explain(self) -> str:
        return words.explain(self)

    def tables(self) -> dict[str, list[Row]]:
        space = self.setting.space
        agreements: list[Row] = [
            {
                **self.named(a.number),
                "share": a.share,
                "mean round": a.mean_round,
                **dict(zip(space.parties, self._values(a.number).tolist(), strict=True)),
            }
            for a in self.agreements
        ]
        parties: list[Row] = [
            {"party": party, **self.party(party), "no deal": float(d)}
            for party, d in zip(space.parties, self.setting.reservation[0], strict=True)
        ]
        ends: list[Row] = [{"ended": name, "share": share} for name, share in self.ended().items() if share]
        meetings: list[Row] = self.by_meeting() if len(self.meetings) > 1 else []  # type: ignore[assignment]
        return {"agreements": agreements, "utilities": parties, "ends": ends, "meetings": meetings}

    def named(self, number: int) -> dict[str, Any]:
        """An outcome as columns of a table."""
        space = self.setting.space
        found = space.outcome(space.levels(number))
        return {"outcome": found} if isinstance(found, str) else dict(found)

    def charts(self) -> dict[str, dict[str, Any]]:
        return figures.charts(self)


def wilson(count: int, runs: int) -> tuple[float, float]:
    """95 % interval of a share by Wilson's (1927) score."""
    if not runs:
        return 0.0, 1.0
    share, extra = count / runs, _Z**2 / runs
    middle = (share + extra / 2) / (1 + extra)
    half = _Z * np.sqrt(share * (1 - share) / runs + extra / (4 * runs)) / (1 + extra)
    return min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half)))
