"""Limited-move and non-myopic stability: parties that look h moves ahead and expect each other to do so.

Two parties, A_h(p, s) being where play ends when p is to move at s and h moves are left: A_0(p, s) = s; p compares,
over its moves to q, the ends A_(h-1)(other, q), and makes the best move if its end is strictly better than s, else
stays and play ends. An outcome is L_h-stable for p if A_h(p, s) = s, and non-myopically stable if that is so for
all h from some number on: the recursion runs until its arrays come back, and holds over the whole cycle.

With more parties anybody but the one who has just moved may be next: of the ends that those who would move bring
about, the one worst for the mover counts; if nobody would move, play ends (the variant of Fang, Hipel and Kilgour,
1993). Ties: a party stays unless it gains, and takes the lowest-numbered end among equals. Only parties with
preferences look ahead; groups and parties without preferences do not move here.

Sources: Zagare (1984); Kilgour (1984); Brams and Wittman (1981); Fang, Hipel and Kilgour (1993).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.words import Speaker, join, outcomes
from detente.errors import CostError
from detente.space.tables import Array

MOST_ROUNDS = 2_000
LARGEST_ARCS = 20_000_000


@dataclass(frozen=True, eq=False)
class Foresight:
    """``limited[h - 1]`` (n, S): L_h-stable; ``non_myopic`` (n, S) or None where no cycle was found in time.

    ``settled``: the h from which the arrays repeat, and the length of their cycle. ``ends`` (n, S): where play ends
    at the last h, for each party moving first.
    """

    conflict: Conflict = field(repr=False)
    horizon: int
    limited: Array = field(repr=False)
    ends: Array = field(repr=False)
    non_myopic: Array | None = field(repr=False)
    settled: tuple[int, int] | None
    variant: str

    def equilibria(self, h: int) -> list[int]:
        """Outcomes that are L_h-stable for every party."""
        return [int(s) for s in np.flatnonzero(self.limited[h - 1].all(axis=0) & self.conflict.possible)]

    def non_myopic_equilibria(self) -> list[int] | None:
        """Outcomes that are non-myopically stable for every party."""
        if self.non_myopic is None:
            return None
        return [int(s) for s in np.flatnonzero(self.non_myopic.all(axis=0) & self.conflict.possible)]

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "horizon": self.horizon,
            "variant": self.variant,
            "limited": [
                {"h": h + 1, "stability": self._by_party(rows), "equilibria": self.equilibria(h + 1)}
                for h, rows in enumerate(self.limited)
            ],
            "non_myopic": None
            if self.non_myopic is None
            else {"stability": self._by_party(self.non_myopic), "equilibria": self.non_myopic_equilibria()},
            "settled": self.settled,
        }

    def _by_party(self, rows: Array) -> dict[str, Array]:
        possible = self.conflict.possible
        return {p: np.flatnonzero(row & possible) for p, row in zip(self.conflict.parties, rows, strict=True)}

    def explain(self) -> str:
        """In words."""
        speaker = Speaker(self.conflict)
        lines = [f"Looking ahead ({self.variant}):"]
        for h in range(1, self.horizon + 1):
            found = self.equilibria(h)
            what = "; ".join(speaker.outcome(s) for s in found[:4]) + ("; and more" if len(found) > 4 else "")
            lines.append(
                f"- {h} move{'s' if h > 1 else ''}: {_hold(len(found))}{': ' + what if found else ''}."
            )
        found_all = self.non_myopic_equilibria()
        if found_all is None:
            lines.append("- however far: not decided within the moves that were followed.")
        else:
            what = join(speaker.outcome(s) for s in found_all[:4])
            lines.append(f"- however far: {_hold(len(found_all))}{': ' + what if found_all else ''}.")
        return "\n".join(lines)


def _hold(count: int) -> str:
    return f"{outcomes(count)} hold{'s' if count == 1 else ''}"


def foresight(conflict: Conflict, horizon: int) -> Foresight:
    """L_h for h = 1 to ``horizon``, and non-myopic stability. Cost: moves times horizons until they repeat."""
    arcs = _arcs(conflict)
    n = len(conflict.parties)
    here = np.tile(np.arange(conflict.size, dtype=np.int64), (n, 1))
    ends: Array = here
    history: list[Array] = []
    seen: dict[bytes, int] = {}
    settled = None
    rounds = 0
    while rounds < max(horizon, MOST_ROUNDS if settled is None else 0):
        key = ends.tobytes()
        if settled is None and key in seen:
            settled = (seen[key], rounds - seen[key])
            if rounds >= horizon:
                break
        seen.setdefault(key, rounds)
        ends = np.array([_move(conflict, p, ends, arcs[p], here[0]) for p in range(n)])
        rounds += 1
        history.append(ends == here)
        if len(history) > horizon and settled is None and len(history) * here.size > LARGEST_ARCS:
            break
    non_myopic = None
    if settled is not None:
        first, length = settled
        cycle = [history[(h - 1)] for h in range(max(first, 1), first + length + (first == 0))]
        non_myopic = np.logical_and.reduce(cycle)
    variant = (
        "two parties"
        if n == 2
        else "one party"
        if n == 1
        else "the reply worst for who moved (Fang, Hipel and Kilgour 1993)"
    )
    return Foresight(conflict, horizon, np.array(history[:horizon]), ends, non_myopic, settled, variant)


def _arcs(conflict: Conflict) -> list[tuple[Array, Array, Array]]:
    """For each party its moves: starts, ends, and where the moves of each start begin."""
    states = np.flatnonzero(conflict.possible)
    found, total = [], 0
    for k in conflict.own:
        starts, ends = conflict.spread(k, states) if k >= 0 else (states[:0], states[:0])
        total += len(ends)
        if total > LARGEST_ARCS:
            raise CostError("looking ahead", f"more than {LARGEST_ARCS:,} moves", "settle some issues first")
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
        found.append((starts, ends, np.flatnonzero(np.diff(starts, prepend=-1))))
    return found


def _move(conflict: Conflict, p: int, ends: Array, arcs: tuple[Array, Array, Array], here: Array) -> Array:
    """A_h(p, .) from A_(h-1) of all parties, (n, S)."""
    starts, targets, first = arcs
    out = here.copy()
    if not len(targets):
        return out
    score = conflict.scores[p].astype(np.int64)
    after = _continued(p, ends, score, here)[targets]
    key = score[after] * conflict.size + (conflict.size - 1 - after)
    best = np.maximum.reduceat(key, first)
    end = conflict.size - 1 - best % conflict.size
    at = starts[first]
    gains = score[end] > score[at]
    out[at[gains]] = end[gains]
    return out


def _continued(p: int, ends: Array, score: Array, here: Array) -> Array:
    """Where play ends after p has moved to each state: the end worst for p among those who would move on."""
    worst, bad = here, np.full(len(here), np.iinfo(np.int64).max)
    for other in range(len(ends)):
        if other == p:
            continue
        end = ends[other]
        value = score[end] * len(here) + end
        takes = (end != here) & (value < bad)
        worst, bad = np.where(takes, end, worst), np.where(takes, value, bad)
    return worst
