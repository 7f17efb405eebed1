"""What the agreement analysis answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from detente.analysis.agreement import figures, words
from detente.analysis.agreement.front import ParetoFront
from detente.analysis.agreement.positions import Concession, Distance, Trade, concessions, distances, trades
from detente.analysis.agreement.solutions import SOLUTIONS, Solution
from detente.analysis.agreement.zone import NearestMiss, Zone, rational
from detente.analysis.result import MAX_LIST, MAX_SAFE, Result, Row
from detente.space import Space
from detente.space.tables import Array


@dataclass(frozen=True, kw_only=True)
class AgreementResult(Result):
    """Is there a deal? Reservation values, zone, front, solutions, and how far apart the parties are.

    Arrays run over ``space.parties``. What needs no choice of a rule is computed when it is asked for.
    """

    analysis: ClassVar[str] = "agreement"

    space: Space = field(repr=False)
    reservation: Array = field(repr=False)
    listed_ranges: Array | None = field(repr=False, default=None)
    zone: Zone = field(repr=False)
    front: ParetoFront = field(repr=False)
    solutions: Mapping[str, Solution | None] = field(repr=False)
    nearest: tuple[NearestMiss, NearestMiss] | None = field(repr=False, default=None)

    @cached_property
    def ranges(self) -> Array:
        """Least and greatest utility of each party over the possible outcomes, (2, n_parties)."""
        return least_and_greatest(self.space) if self.listed_ranges is None else self.listed_ranges

    @cached_property
    def distances(self) -> tuple[Distance, ...]:
        """How far apart the latest stated positions are."""
        return tuple(distances(self.space, self.ranges))

    @cached_property
    def concessions(self) -> tuple[Concession, ...]:
        """Who moved on the record, and by how much."""
        return tuple(concessions(self.space, self.ranges))

    @cached_property
    def trades(self) -> tuple[Trade, ...]:
        """Which issues are contested, traded or shared."""
        return tuple(trades(self.space))

    @cached_property
    def opposition(self) -> float | None:
        """Distance of the best compromise from everyone's best, on scaled utilities (Baarslag et al. 2013)."""
        full = self.front.exact and self.front.outcomes is None
        if not (full and self.space.cardinal and len(self.front)):
            return None
        apart = 1.0 - scaled(self.front.utilities, self.ranges)
        return float(np.sqrt((apart**2).sum(axis=1)).min())

    def by_party(self, row: Any) -> dict[str, float]:
        """A row of utilities as ``{party: number}``."""
        return {party: float(u) for party, u in zip(self.space.parties, row, strict=True)}

    def document(self) -> dict[str, Any]:
        return {
            "outcomes": self.space.size,
            "scale": self.space.scale,
            "no_deal": self.source.options.get("no_deal"),
            "reservation": self.by_party(self.reservation),
            "ideal": self.by_party(self.ranges[1]),
            "zopa": {
                "exists": self.zone.exists,
                "count": self.zone.count,
                "ranges": self.zone_levels(),
            },
            "pareto": self._pareto(),
            "solutions": {name: self._solution(name) for name in SOLUTIONS} | self._further(),
            "nearest_miss": self._nearest(),
            "opposition": self.opposition,
            "positions": [self._distance(d) for d in self.distances],
            "concessions": [c.__dict__ for c in self.concessions],
            "trades": [
                {
                    "issue": t.issue,
                    "kind": t.kind,
                    "best": t.best,
                    "importance": t.importance,
                    "cares_most": t.cares_most,
                }
                for t in self.trades
            ],
        }

    @property
    def issue_names(self) -> tuple[str, ...]:
        """Names of the columns of an outcome; one, ``outcome``, in graph form."""
        return self.space.issues or ("outcome",)

    def zone_levels(self) -> dict[str, list[str]]:
        """The levels that occur among the outcomes that every party would accept, by issue."""
        return {
            name: [level for level, there in zip(names, seen, strict=True) if there]
            for name, names, seen in zip(
                self.issue_names, self.space.level_names, self.zone.levels, strict=True
            )
        }

    def _pareto(self) -> dict[str, Any]:
        front = self.front
        listed = front.count is not None and len(front) == front.count and len(front) <= MAX_LIST
        return {
            "exact": front.exact,
            "bound": front.bound,
            "count": front.count if front.exact else (len(front) or None),
            "count_at_most": front.count if front.count is not None else front.most,
            "outcomes": front.outcomes,
            "points": self.points() if listed or (not front.exact and len(front)) else None,
        }

    def points(self) -> list[dict[str, Any]]:
        """The points of the front as data, in the contract's form."""
        acceptable = rational(self.front.utilities, self.reservation)
        return [
            {
                "utilities": self.by_party(u),
                "outcome": self.space.outcome(levels),
                "multiplicity": int(count),
                "rational": bool(good),
            }
            for u, levels, count, good in zip(
                self.front.utilities, self.front.levels, self.front.multiplicity, acceptable, strict=True
            )
        ]

    def _solution(self, name: str) -> dict[str, Any] | None:
        found = self.solutions.get(name)
        if found is None:
            return None
        return {
            "outcome": self.space.outcome(found.levels),
            "utilities": self.by_party(found.utilities),
            "gains": self.by_party(found.utilities - self.reservation),
            "definition": found.definition,
            "interpersonal": found.interpersonal,
            "exact": found.exact,
            "gap": found.gap,
        }

    def _further(self) -> dict[str, Any]:
        return {name: self._solution(name) for name in self.solutions if name not in SOLUTIONS}

    def _nearest(self) -> dict[str, Any] | None:
        if self.nearest is None:
            return None
        total, largest = self.nearest
        return {
            name: {"outcome": self.space.outcome(miss.levels), "shortfall": self.by_party(miss.shortfall)}
            for name, miss in (("least_total", total), ("least_largest", largest))
        } | {"interpersonal": True}

    def _distance(self, distance: Distance) -> dict[str, Any]:
        return {
            "parties": distance.parties,
            "issues": {
                issue: {"levels": [mine, theirs], "apart": steps}
                for issue, (mine, theirs, steps) in distance.levels.items()
            },
            "loss_share": distance.loss,
            "possible": distance.possible,
        }

    def explain(self) -> str:
        return words.explain(self)

    def charts(self) -> dict[str, dict[str, Any]]:
        return figures.charts(self)

    def tables(self) -> dict[str, list[Row]]:
        return {
            "solutions": self._solution_rows(),
            "pareto": self._pareto_rows(),
            "trades": [self._trade_row(trade) for trade in self.trades],
            "positions": self._position_rows(),
            "concessions": [
                {
                    "date": c.date,
                    "party": c.party,
                    "kind": c.kind,
                    "changed": words.changes(c.changed),
                    "given up": c.given,
                }
                for c in self.concessions
            ],
        }

    def _outcome_row(self, levels: Any) -> dict[str, str]:
        outcome = self.space.outcome(levels)
        return {"outcome": outcome} if isinstance(outcome, str) else outcome

    def _solution_rows(self) -> list[Row]:
        rows: list[Row] = [
            {"solution": "no deal", **dict.fromkeys(self.issue_names), **self.by_party(self.reservation)}
        ]
        for name, found in self.solutions.items():
            if found is not None:
                row = {"solution": name.replace("_", "-"), **self._outcome_row(found.levels)}
                rows.append({**row, **self.by_party(found.utilities)})
        return rows

    def _pareto_rows(self) -> list[Row]:
        acceptable = rational(self.front.utilities, self.reservation)
        kind = int if all(int(count) <= MAX_SAFE for count in self.front.multiplicity) else str
        return [
            {
                **self._outcome_row(levels),
                **self.by_party(u),
                "multiplicity": kind(count),
                "rational": bool(good),
            }
            for u, levels, count, good in zip(
                self.front.utilities, self.front.levels, self.front.multiplicity, acceptable, strict=True
            )
        ]

    def _trade_row(self, trade: Trade) -> Row:
        wants = {f"{party} wants": trade.best.get(party) for party in self.space.parties}
        weight = {f"{party} weight": trade.importance.get(party) for party in self.space.parties}
        return {"issue": trade.issue, "kind": trade.kind, **wants, **weight, "cares most": trade.cares_most}

    def _position_rows(self) -> list[Row]:
        return [
            {
                "parties": " and ".join(d.parties),
                "issue": issue,
                "first": mine,
                "second": theirs,
                "levels apart": steps,
            }
            for d in self.distances
            for issue, (mine, theirs, steps) in d.levels.items()
        ]


def least_and_greatest(space: Space) -> Array:
    """Least and greatest utility of each party over the possible outcomes, (2, n_parties)."""
    low = [space.extreme(p, best=False) for p in range(space.n_parties)]
    high = [space.extreme(p) for p in range(space.n_parties)]
    return np.array([low, high], dtype=float)


def scaled(utilities: Array, ranges: Array) -> Array:
    """Utilities on each party's own range, 0 to 1: (..., n_parties)."""
    span = np.where(ranges[1] > ranges[0], ranges[1] - ranges[0], 1.0)
    return (utilities - ranges[0]) / span  # type: ignore[no-any-return]
