"""From the status quo: which outcomes can come about, by whose moves, in how many steps.

Breadth first over pairs of state and last mover, so that no mover moves twice in a row; by all moves, or by
improvements only (each better for its mover than the state it leaves). A state is expanded for every mover once
some sequence that this mover did not end has reached it.

Source: Li, Kilgour and Hipel (2005), Journal of the Operational Research Society 56, 699.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from detente.analysis.standoff.model import Conflict
from detente.space.tables import Array

NEVER = -1
BATCH = 1 << 16
"""States expanded together."""


@dataclass(frozen=True)
class Step:
    """One move: by whom, from which state to which."""

    mover: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Reach:
    """What can be reached from ``start`` by legal sequences.

    ``steps`` (S,): least number of moves, 0 at the start, -1 where never. ``last[k]`` (S,): whether mover k can
    make the last move. ``parents[k]`` (S, 2): state before, and the mover before that (-1: none), on a shortest
    sequence that k ends; -1 where k ends none.
    """

    conflict: Conflict = field(repr=False)
    start: int
    improving: bool
    steps: Array = field(repr=False)
    last: Array = field(repr=False)
    parents: Array = field(repr=False)

    def path(self, state: int) -> list[Step] | None:
        """A shortest sequence of moves to a state; empty for the start itself, None where there is none."""
        if state == self.start:
            return []
        if self.steps[state] == NEVER:
            return None
        options = [self._trace(state, int(k)) for k in np.flatnonzero(self.last[:, state])]
        return min(options, key=len)

    def _trace(self, state: int, mover: int) -> list[Step]:
        path: list[Step] = []
        while mover != NEVER:
            before, previous = (int(x) for x in self.parents[mover, state])
            path.append(Step(self.conflict.movers[mover], before, state))
            state, mover = before, previous
        return path[::-1]

    def movers_into(self, state: int) -> list[tuple[str, ...]]:
        """Who can make the last move into a state."""
        return [self.conflict.movers[k] for k in np.flatnonzero(self.last[:, state])]


def reach_from(
    conflict: Conflict,
    start: int,
    movers: Sequence[int],
    *,
    improving: bool = False,
    until: Array | None = None,
) -> Reach:
    """What legal sequences of some movers reach. ``until``: stop once one of these states is reached (bool, (S,)).

    Memory: 18 bytes a state and mover. Cost: each move is followed at most twice.
    """
    size, count = conflict.size, len(conflict.movers)
    steps = np.full(size, NEVER, dtype=np.int32)
    steps[start] = 0
    last = np.zeros((count, size), dtype=bool)
    parents = np.full((count, size, 2), NEVER, dtype=np.int64)
    expanded = np.zeros((count, size), dtype=bool)
    front: dict[int, Array] = {NEVER: np.array([start], dtype=np.int64)}
    level = 0
    while front:
        level += 1
        new: dict[int, Array] = {}
        for k in movers:
            found = [
                _expand(conflict, k, came, states[~expanded[k, states]], improving, last, parents, expanded)
                for came, states in front.items()
                if came != k
            ]
            states = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
            if len(states):
                new[k] = states
                fresh = states[steps[states] == NEVER]
                steps[fresh] = level
        front = new
        if until is not None and any(until[states].any() for states in new.values()):
            break
    return Reach(conflict, start, improving, steps, last, parents)


def _expand(
    conflict: Conflict,
    k: int,
    came: int,
    states: Array,
    improving: bool,
    last: Array,
    parents: Array,
    expanded: Array,
) -> Array:
    """Moves of k from states that mover ``came`` has reached; new pairs of state and last mover, ascending."""
    found = []
    for first in range(0, len(states), BATCH):
        part = states[first : first + BATCH]
        expanded[k, part] = True
        starts, ends = conflict.spread(k, part, improving)
        fresh = ~last[k, ends]
        ends, index = np.unique(ends[fresh], return_index=True)
        last[k, ends] = True
        parents[k, ends, 0] = starts[fresh][index]
        parents[k, ends, 1] = came
        found.append(ends)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Evolution:
    """What can come about from the status quo: by any moves, and by improvements only."""

    start: int
    any_moves: Reach
    improvements: Reach

    def rows(self, states: Iterable[int]) -> list[dict[str, object]]:
        """For each state: fewest moves and fewest improvements to it (None: never), with a shortest path each."""
        return [
            {
                "outcome": int(s),
                "moves": _steps(self.any_moves, s),
                "path": self.any_moves.path(s),
                "improvements": _steps(self.improvements, s),
                "improving_path": self.improvements.path(s),
            }
            for s in states
        ]


def _steps(reach: Reach, state: int) -> int | None:
    count = int(reach.steps[state])
    return None if count == NEVER else count


def evolution(conflict: Conflict, start: int) -> Evolution:
    """Both kinds of reach from a start, by every mover."""
    movers = range(len(conflict.movers))
    return Evolution(
        start, reach_from(conflict, start, movers), reach_from(conflict, start, movers, improving=True)
    )
