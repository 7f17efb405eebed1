"""What a change does at the table: the same runs with and without it, pair by pair."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.analysis.result import Row
from detente.analysis.table.result import TableResult
from detente.errors import NeedsError
from detente.space.tables import Array

_Z = 1.959964


@dataclass(frozen=True)
class Change:
    """A difference with its 95 % interval over paired runs: mean, low, high."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """A change of the table, run by run: ``deal_rate`` after minus before, ``round`` of runs that end in a deal both
    ways (None: there are none), and what each party has (in its own utility)."""

    name: str
    before: float
    after: float
    deal_rate: Change
    round: Change | None
    utilities: Mapping[str, Change]

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "change": self.name,
            "before": self.before,
            "after": self.after,
            "deal_rate": vars(self.deal_rate),
            "round": None if self.round is None else vars(self.round),
            "utilities": {party: vars(change) for party, change in self.utilities.items()},
        }


def compare(before: TableResult, after: TableResult, name: str = "change") -> Comparison:
    """What differs between two tables whose runs are pairs: same seed, same number of runs.

    Raises `NeedsError` where they are not pairs. Intervals are normal ones for the mean of the paired differences.
    """
    if before.seed != after.seed or before.runs != after.runs:
        raise NeedsError("tables are compared run by run: use the same seed and the same number of runs")
    both = before.deals & after.deals
    rounds = (after.ends.round - before.ends.round)[both].astype(float)
    utilities = {}
    for p, party in enumerate(before.setting.space.parties):
        if party in after.setting.space.parties:
            other = after.payoffs[after.setting.space.parties.index(party)]
            utilities[party] = _change(other - before.payoffs[p])
    return Comparison(
        name,
        before.deal_rate,
        after.deal_rate,
        _change(after.deals.astype(float) - before.deals),
        _change(rounds) if len(rounds) else None,
        utilities,
    )


def _change(differences: Array) -> Change:
    mean = float(differences.mean())
    if len(differences) < 2:
        return Change(mean, mean, mean)
    half = _Z * float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return Change(mean, mean - half, mean + half)


def rows(comparisons: Sequence[Comparison]) -> list[Row]:
    """Comparisons as a table."""
    return [
        {
            "change": c.name, "before": c.before, "after": c.after, "difference": c.deal_rate.mean,
            "low": c.deal_rate.low, "high": c.deal_rate.high,
            **{f"{party} gains": change.mean for party, change in c.utilities.items()},
        }
        for c in comparisons
    ]  # fmt: skip
