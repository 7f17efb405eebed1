"""Simultaneous stability: an improvement that fails when others take theirs at the same time.

An outcome s is stable for party i in this sense when each of i's improvements, taken together with some improvements
that others have *from s* (at least one mover, each at most one), gives a possible outcome no better than s for i.
Changes of different movers are on different issues, so together they make one outcome; in graph form there is no
such thing. An equilibrium in the manual practice is one where each party is Nash, sequentially or simultaneously
stable.

Source: Fraser and Hipel (1984), Conflict Analysis. Whether a combined change keeps prerequisites is not asked: each
part was open to its mover at s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.words import Speaker, outcomes
from detente.errors import CostError, NeedsError
from detente.space.tables import Array

LARGEST = 20_000
MOST_COMBINED = 5_000_000
"""Combinations of one state's improvements that are looked at."""


@dataclass(frozen=True, eq=False)
class Simultaneous:
    """``stable`` (n, S): simultaneous stability; ``manual`` (S,): every party Nash, sequentially or so stable."""

    conflict: Conflict = field(repr=False)
    stable: Array = field(repr=False)
    manual: Array = field(repr=False)

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        rows = zip(self.conflict.parties, self.stable, strict=True)
        return {
            "stability": {p: np.flatnonzero(row) for p, row in rows},
            "equilibria": np.flatnonzero(self.stable.all(axis=0)),
            "with_sequential": np.flatnonzero(self.manual),
        }

    def explain(self) -> str:
        """In words."""
        speaker = Speaker(self.conflict)
        found = np.flatnonzero(self.manual)
        names = "; ".join(speaker.outcome(int(s)) for s in found[:6])
        more = "; and more" if len(found) > 6 else ""
        return f"With answers at the same time counted beside later ones, {outcomes(len(found))} hold{'s' if len(found) == 1 else ''}{': ' + names + more if len(found) else ''}."


def simultaneous(conflict: Conflict, sequential: Array) -> Simultaneous:
    """Simultaneous stability of every outcome. ``sequential`` (n, S): Nash or sequentially stable."""
    if conflict.space.case.graph_form:
        raise NeedsError(
            "simultaneous answers need issues: in a bare graph two moves from one outcome do not combine"
        )
    if conflict.size > LARGEST:
        raise CostError("simultaneous stability", f"{conflict.size:,} outcomes", "settle some issues first")
    stable = np.zeros((len(conflict.parties), conflict.size), dtype=bool)
    for s in np.flatnonzero(conflict.possible).tolist():
        gains = [_gains(conflict, k, s) for k in range(len(conflict.movers))]
        for i in range(len(conflict.parties)):
            stable[i, s] = _stable(conflict, i, s, gains)
    return Simultaneous(conflict, stable, (stable | sequential).all(axis=0) & conflict.possible)


def _gains(conflict: Conflict, k: int, s: int) -> Array:
    """What each improvement of a mover adds to an outcome's number."""
    targets = conflict.targets(k, s)
    return np.asarray(targets[conflict.improves(k, s, targets)] - s)


def _stable(conflict: Conflict, i: int, s: int, gains: list[Array]) -> bool:
    own = conflict.own[i]
    if own < 0 or not len(gains[own]):
        return True
    combined = np.zeros(1, dtype=np.int64)
    for k in conflict.opponents(i):
        combined = (combined[:, None] + np.concatenate([[0], gains[k]])[None, :]).reshape(-1)
        if len(combined) * len(gains[own]) > MOST_COMBINED:
            raise CostError(
                "simultaneous stability",
                f"over {MOST_COMBINED:,} combinations at one outcome",
                "settle some issues first",
            )
    ends = s + gains[own][:, None] + combined[None, 1:]
    met = conflict.possible[ends] & (conflict.scores[i][ends] <= conflict.scores[i, s])
    return bool(met.any(axis=1).all())
