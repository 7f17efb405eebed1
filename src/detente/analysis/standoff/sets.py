"""Small conflicts as sets: every set of states is a Python integer, bit s for state s.

What needs whole sets of sequences (coalitions, strength, unknown preferences, attitudes) is computed on these,
for all states at once; memory and time grow with the square of the number of states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np

from detente.analysis.standoff.model import Conflict
from detente.errors import CostError
from detente.space.tables import Array

LARGEST = 5_000
"""Outcomes up to which the questions that need sets are answered."""
Sets = list[int]
"""For each state a set of states."""


def bits(mask: int) -> Iterator[int]:
    """The states in a set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def check_size(conflict: Conflict, question: str, most: int = LARGEST) -> None:
    """Refuses a question that lists sets of states where there are too many."""
    if conflict.size > most:
        raise CostError(
            question, f"{conflict.size:,} outcomes; up to {most:,} are done", "settle some issues first"
        )


def closure(steps: Sequence[Sets]) -> Sets:
    """States at the end of legal sequences: ``steps[k][s]`` are mover k's targets; nobody moves twice in a row.

    ``starting[k][s]`` is over sequences that mover k begins: its targets, and from there all that others begin.
    Source: the inductive definition of Fang, Hipel and Kilgour (1993), as a fixed point.
    """
    if not steps:
        return []
    size = len(steps[0])
    starting = [list(step) for step in steps]
    changed = True
    while changed:
        changed = False
        for k, step in enumerate(steps):
            onward = [_union(starting, s, k) for s in range(size)] if len(steps) > 1 else None
            for s in range(size):
                if onward is None or not step[s]:
                    continue
                found = starting[k][s]
                for q in bits(step[s]):
                    found |= onward[q]
                if found != starting[k][s]:
                    starting[k][s] = found
                    changed = True
    return [_union(starting, s, -1) for s in range(size)]


def _union(starting: Sequence[Sets], s: int, leave_out: int) -> int:
    found = 0
    for k, mine in enumerate(starting):
        if k != leave_out:
            found |= mine[s]
    return found


class SetConflict:
    """A small conflict as sets. Lists are over all states; impossible ones have no moves."""

    def __init__(self, conflict: Conflict, question: str = "listing sets of outcomes") -> None:
        check_size(conflict, question)
        self.conflict = conflict
        self.size = conflict.size
        self.possible = _mask(conflict.possible)

    @cached_property
    def moves(self) -> list[Sets]:
        """Targets of every state, by mover."""
        found = []
        for k in range(len(self.conflict.movers)):
            mine = [0] * self.size
            for s in bits(self.possible):
                for t in self.conflict.targets(k, s).tolist():
                    mine[s] |= 1 << t
            found.append(mine)
        return found

    @cached_property
    def better(self) -> list[Sets]:
        """States that each party strictly prefers to each state."""
        return [self._above(-score.astype(np.int64)) for score in self.conflict.scores]

    @cached_property
    def worse(self) -> list[Sets]:
        """States to which each party strictly prefers each state; impossible ones not among them."""
        return [
            [row & self.possible for row in self._above(score.astype(np.int64))]
            for score in self.conflict.scores
        ]

    def _above(self, keys: Array) -> Sets:
        """For each state those with a smaller key."""
        above, row, level, last = 0, [0] * self.size, 0, None
        for s in np.argsort(keys, kind="stable").tolist():
            if keys[s] != last:
                above, level, last = above | level, 0, keys[s]
            row[s] = above
            level |= 1 << s
        return row

    def own(self, i: int) -> Sets:
        """Targets of a party moving alone."""
        k = self.conflict.own[i]
        return self.moves[k] if k >= 0 else [0] * self.size

    def improvements(self, k: int, better: Sequence[Sets] | None = None) -> Sets:
        """Targets of a mover that are better for every member with preferences; none where there is no such member."""
        better = self.better if better is None else better
        members = self.conflict.members[k]
        if not members:
            return [0] * self.size
        return [self._all(members, s, better) & self.moves[k][s] for s in range(self.size)]

    @staticmethod
    def _all(members: Sequence[int], s: int, better: Sequence[Sets]) -> int:
        found = better[members[0]][s]
        for i in members[1:]:
            found &= better[i][s]
        return found

    def all_better(self, members: Sequence[int], s: int) -> int:
        """States that every one of some parties prefers to a state."""
        return self._all(members, s, self.better)

    def answers(self, i: int, steps: Callable[[int], Sets]) -> Sets:
        """Ends of legal sequences of a party's opponents, each with the given targets."""
        return closure([steps(k) for k in self.conflict.opponents(i)]) or [0] * self.size


def _mask(flags: Array) -> int:
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")
