"""The moves of a mover as lists of targets, for every state at once."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from detente.errors import CostError
from detente.kernels._targets import Classes, Table
from detente.kernels.stability import PLAIN_CELLS
from detente.space import Moves, Prerequisite, Space
from detente.space.tables import Array

LARGEST_LISTING = 400_000_000
"""Pairs of state and setting that are looked at; a mover with more is refused."""
PAIRS = 1 << 22
"""Pairs looked at together."""
TABLED = 1 << 23
"""Pairs of state and setting up to which tables beat lists."""
CLASSED = 1 << 24
"""Pairs of state and class up to which classes do."""
PAIR_BYTES = 8
"""Bytes of a table for each such pair: what is allowed, what improves, and their masks."""
CLASS, MANY = 1, 100
"""What a class costs, in settings of a table; and from how many settings classes are looked for."""


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


def tabled(space: Space, moves: Moves, possible: Array, members: int) -> Table | Classes | None:
    """The same over the mover's own settings: by classes where they are few and at most one member has preferences,
    else as a table; None where that is large, the moves are listed in the case, or compiled loops are faster."""
    if moves.arcs is not None or space.size > PLAIN_CELLS:
        return None
    found = _Settings(space, moves)
    settings = len(found.shift)
    if members <= 1 and settings >= MANY:
        kinds, kind = found.kinds(possible)
        few = len(kinds) * CLASS < settings or settings * space.size > TABLED
        if few and len(kinds) * space.size <= CLASSED:
            return found.classes(possible, kinds, kind)
    return found.table(possible) if settings * space.size <= TABLED else None


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

    ``levels`` (g, own issues); ``shift`` (g,) what a setting adds to an outcome's number.
    """

    def __init__(self, space: Space, moves: Moves) -> None:
        self.space, self.moves = space, moves
        sizes = [space.sizes[i] for i in moves.issues]
        self.levels = np.stack([axis.reshape(-1) for axis in np.indices(sizes)], axis=1)
        self.shift = self.levels @ np.array([space.strides[i] for i in moves.issues], dtype=np.int64)

    @cached_property
    def allowed(self) -> Array:
        """Which changes of setting (g, g) the relations allow."""
        found = ~np.eye(len(self.shift), dtype=bool)
        for axis, relation in enumerate(self.moves.relations):
            found &= relation[self.levels[:, axis][:, None], self.levels[:, axis][None, :]]
        return found

    def rises(self, need: Prerequisite) -> Array:
        """Which changes of setting (g, g) go up past the level of a prerequisite."""
        low = self._low(need)
        return np.asarray(low[:, None] & ~low)

    @cached_property
    def cells(self) -> Array:
        """The states (lines, g): by everything else, and by setting."""
        bases = np.zeros(1, dtype=np.int64)
        for issue in range(len(self.space.sizes)):
            if issue not in self.moves.issues:
                steps = np.arange(self.space.sizes[issue]) * self.space.strides[issue]
                bases = (bases[:, None] + steps).reshape(-1)
        return np.asarray(bases[:, None] + self.shift)

    def table(self, possible: Array) -> Table:
        wide = self.cells.shape[0] < self.cells.shape[1]
        cells = self.cells if wide else np.ascontiguousarray(self.cells.T)
        whole = Table(cells, np.ones(0), wide)
        found = np.empty((len(self.shift), *cells.shape), dtype=bool)
        found[:] = self.allowed.T[:, None, :] if wide else self.allowed.T[:, :, None]
        found &= possible[cells]
        found &= whole.to(possible[cells])
        for need in self.moves.prerequisites:
            met, low = self._met(need, cells), self._low(need)
            rises = (~low)[:, None, None] & (low[None, :] if wide else low[:, None])
            found &= ~rises | (whole.to(met) if need.together else met)
        return Table(cells, found, wide)

    def kinds(self, possible: Array) -> tuple[Array, Array]:
        """Classes of states that may go to the same settings of their line.

        The cell that stands for each class (flat), and the class of each cell (lines, g), -1 where impossible.
        """
        key = np.zeros(len(self.shift), dtype=np.int64)
        for axis, relation in enumerate(self.moves.relations):
            rows, which = np.unique(relation, axis=0, return_inverse=True)
            key = key * len(rows) + which.reshape(-1)[self.levels[:, axis]]
        keys = np.broadcast_to(key, self.cells.shape)
        for need in self.moves.prerequisites:
            low = self._low(need)
            keys = keys * 2 + (low if need.together else low & ~self._met(need, self.cells))
            keys = np.unique(keys, return_inverse=True)[1].reshape(self.cells.shape)
        open_ = possible[self.cells]
        _, first, which = np.unique(keys[open_], return_index=True, return_inverse=True)
        kind = np.full(self.cells.shape, -1)
        kind[open_] = which
        return np.flatnonzero(open_)[first], kind

    def classes(self, possible: Array, kinds: Array, kind: Array) -> Classes:
        """What each class may move to, in bits: all settings of a line of eight at once."""
        line, own = np.unravel_index(kinds, self.cells.shape)
        found = np.repeat(np.packbits(possible[self.cells], axis=1)[None], len(kinds), axis=0)
        for axis, relation in enumerate(self.moves.relations):
            targets = np.packbits(relation[:, self.levels[:, axis]], axis=1)
            found &= targets[self.levels[own, axis]][:, None, :]
        for need in self.moves.prerequisites:
            met, low = self._met(need, self.cells), self._low(need)
            held = low[own] if need.together else low[own] & ~met[line, own]
            found[held] &= np.packbits((low | met) if need.together else low[None], axis=1)
        return Classes(self.cells, np.unpackbits(found, axis=2, count=len(self.shift)).view(bool), kind)

    def _met(self, need: Prerequisite, states: Array) -> Array:
        return np.asarray(need.when.table[_where(need, states, self.space)])

    def _low(self, need: Prerequisite) -> Array:
        """The settings (g,) below the level of a prerequisite."""
        return np.asarray(self.levels[:, self.moves.issues.index(need.issue)] < need.level)

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
