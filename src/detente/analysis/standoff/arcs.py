"""The moves of a mover as lists of targets, for every state at once."""

from __future__ import annotations

import math

import numpy as np

from detente.errors import CostError
from detente.space import Moves, Prerequisite, Space
from detente.space.tables import Array

LARGEST_LISTING = 400_000_000
"""Pairs of state and setting that are looked at; a mover with more is refused."""
PAIRS = 1 << 22
"""Pairs looked at together."""


def listed(space: Space, moves: Moves, possible: Array) -> tuple[Array, Array]:
    """Targets of every state, ascending: offsets (S + 1,) int64 and states int32."""
    if moves.arcs is not None:
        starts, ends = moves.arcs
        keep = np.ones(len(starts), dtype=bool)
        keep[1:] = (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])
        return _offsets(starts[keep], space.size), ends[keep].astype(np.int32)
    if len(moves.issues) > 1 and math.prod(space.sizes[i] for i in moves.issues) > 1 << 14:
        raise _refusal(space.size * math.prod(space.sizes[i] for i in moves.issues))
    found = _Settings(space, moves)
    if space.size * len(found.shift) > LARGEST_LISTING:
        raise _refusal(space.size * len(found.shift))
    step = max(1, PAIRS // len(found.shift))
    parts = [
        found.arcs(start, min(start + step, space.size), possible) for start in range(0, space.size, step)
    ]
    starts = np.concatenate([a for a, _ in parts])
    return _offsets(starts, space.size), np.concatenate([b for _, b in parts])


def _refusal(pairs: int) -> CostError:
    return CostError(
        "listing the moves, which prerequisites or retreat floors tie together",
        f"{pairs:,} pairs of outcomes to look at",
        "leave out `requires` and floors that lead round about, or settle some issues",
    )


def _offsets(starts: Array, size: int) -> Array:
    offsets = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(starts, minlength=size), out=offsets[1:])
    return offsets


class _Settings:
    """A mover's settings: every combination of levels of its own issues, in ascending order of number.

    ``levels`` (g, own issues); ``shift`` (g,) what a setting adds to an outcome's number; ``allowed`` (g, g).
    """

    def __init__(self, space: Space, moves: Moves) -> None:
        self.space, self.moves = space, moves
        sizes = [space.sizes[i] for i in moves.issues]
        self.levels = np.stack([axis.reshape(-1) for axis in np.indices(sizes)], axis=1)
        self.shift = self.levels @ np.array([space.strides[i] for i in moves.issues], dtype=np.int64)
        self.allowed = ~np.eye(len(self.shift), dtype=bool)
        for axis, relation in enumerate(moves.relations):
            self.allowed &= relation[self.levels[:, axis][:, None], self.levels[:, axis][None, :]]

    def rises(self, need: Prerequisite) -> Array:
        """Which changes of setting (g, g) go up past the level of a prerequisite."""
        level = self.levels[:, self.moves.issues.index(need.issue)]
        passed: Array = (level < need.level)[:, None] & (level >= need.level)[None, :]
        return passed

    def arcs(self, start: int, stop: int, possible: Array) -> tuple[Array, Array]:
        """The moves from the states of a range: starts int64 and ends int32, ascending."""
        states = np.arange(start, stop, dtype=np.int64)[possible[start:stop]]
        place = np.unravel_index(states, self.space.sizes)
        mine = np.zeros(len(states), dtype=np.int64)
        for issue in self.moves.issues:
            mine = mine * self.space.sizes[issue] + place[issue]
        target = (states - self.shift[mine])[:, None] + self.shift[None, :]
        good = self.allowed[mine] & possible[target]
        for need in self.moves.prerequisites:
            rises = self.rises(need)[mine] & good
            if need.together:
                a, b = np.nonzero(rises)
                met = need.when.table[_where(need, target[a, b], self.space)]
                good[a[~met], b[~met]] = False
            else:
                good &= ~(rises & ~need.when.table[_where(need, states, self.space)][:, None])
        starts = np.repeat(states, np.count_nonzero(good, axis=1))
        return starts, target.reshape(-1)[np.flatnonzero(good)].astype(np.int32)


def _where(need: Prerequisite, states: Array, space: Space) -> tuple[Array, ...]:
    place = np.unravel_index(states, space.sizes)
    return tuple(place[issue] for issue in need.when.issues)
