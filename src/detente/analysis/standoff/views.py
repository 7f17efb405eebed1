"""Misperception: each party judges by its own view of the case (a hypergame of level 1).

A view is the case with a party's beliefs set in it (``views`` of the case file). An outcome is a hypergame
equilibrium under a concept if it is stable for every party in its own view. Compared with the case as it is:
*expected* where every viewer believes it to be an equilibrium, *true* where it is one without misperception.

Source: Wang, Hipel and Fraser (1988); Aljefri, Hipel, Fang and Bashar (2014). Views change preferences, moves and
what is possible; outcomes have to stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detente.analysis.standoff.model import Conflict, conflict_of
from detente.analysis.standoff.words import Speaker
from detente.case import with_changes
from detente.errors import NeedsError
from detente.kernels.stability import CONCEPTS
from detente.space import Space, compile_case
from detente.space.tables import Array


@dataclass(frozen=True, eq=False)
class Views:
    """``flags`` (n, S): verdicts of each party in its own view; ``expected`` and ``true`` (S,): bits of the
    concepts under which an outcome is an equilibrium in every view, and in the case without misperception.
    """

    conflict: Conflict = field(repr=False)
    viewers: tuple[str, ...]
    flags: Array = field(repr=False)
    expected: Array = field(repr=False)
    true: Array = field(repr=False)

    def rows(self, concept: str) -> list[dict[str, Any]]:
        """The hypergame equilibria under a concept, and how each compares."""
        bit = CONCEPTS.index(concept)
        both = np.bitwise_and.reduce(self.flags, axis=0)
        return [
            {
                "outcome": int(s),
                "expected": bool(self.expected[s] >> bit & 1),
                "true": bool(self.true[s] >> bit & 1),
            }
            for s in np.flatnonzero(both >> bit & 1)
        ]

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        stability = {
            c: {
                p: np.flatnonzero(row >> k & 1)
                for p, row in zip(self.conflict.parties, self.flags, strict=True)
            }
            for k, c in enumerate(CONCEPTS)
        }
        return {
            "viewers": self.viewers,
            "stability": stability,
            "equilibria": {c: self.rows(c) for c in CONCEPTS},
        }

    def explain(self) -> str:
        """In words: what holds only because somebody misperceives."""
        speaker, rows = Speaker(self.conflict), self.rows("seq")
        label = self.conflict.space.case.label
        lines = [
            f"With the views of {', '.join(map(label, self.viewers))}: {len(rows):,} outcomes hold (sequential)."
        ]
        odd = [row for row in rows if not row["true"]]
        lines += [
            f"- {speaker.outcome(row['outcome'])} holds only because of misperception." for row in odd[:5]
        ]
        return "\n".join(lines)


def views(conflict: Conflict, true: Array) -> Views | None:
    """Verdicts in everybody's own view; None where the case states no views. ``true`` (n, S): those of the case."""
    space = conflict.space
    stated = space.case.views
    if not stated:
        return None
    seen: Mapping[str, Array] = {viewer: _verdicts(space, viewer) for viewer in stated}
    own = np.array([seen[p][i] if p in seen else true[i] for i, p in enumerate(conflict.parties)])
    everywhere = [np.bitwise_and.reduce(flags, axis=0) for flags in (*seen.values(), true)]
    others = [p for p in conflict.parties if p not in seen]
    expected = np.bitwise_and.reduce(everywhere if others else everywhere[:-1], axis=0)
    return Views(conflict, tuple(stated), own, expected, everywhere[-1])


def _verdicts(space: Space, viewer: str) -> Array:
    case = with_changes(space.case, space.case.views[viewer], f"{space.case.id}, view of {viewer}")
    other = compile_case(case, dict(space.types) or None)
    if other.level_names != space.level_names or other.parties != space.parties:
        raise NeedsError(
            f"the view of {viewer} changes the outcomes or the parties, not only what is thought of them"
        )
    return conflict_of(other).verdicts()
