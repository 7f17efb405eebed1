"""Where a mover can go from each state, for NumPy: as lists of targets, as a table over its own settings, or as
classes of states that see the same targets.

All answer the same questions: `least` and `most` of a row over the targets of each state, and which moves are
`improving`. Rows x have shape (B, S) and whole numbers from 0 up; the largest number of their type is plus infinity.
A state is no target of its own; `most` counts staying. NumPy is fast where the last axis is long and arrays are in C-order, so they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
CACHED = 1 << 24
"""Numbers that a sweep over classes holds at once."""


@dataclass(frozen=True, eq=False)
class Arcs:
    """Arcs in order of their starts, states without arcs left out: ``at`` (states), ``first`` (offsets), ``ends``."""

    at: Array
    first: Array
    starts: Array
    ends: Array

    @classmethod
    def listed(cls, starts: Array, ends: Array) -> Arcs:
        """From offsets (S + 1,) and targets."""
        counts = np.diff(starts)
        at = np.flatnonzero(counts)
        return cls(
            at, np.asarray(starts)[at], np.repeat(np.arange(len(counts)), counts), ends.astype(np.intp)
        )

    @classmethod
    def none(cls) -> Arcs:
        nothing = np.zeros(0, dtype=np.intp)
        return cls(nothing, nothing, nothing, nothing)

    def improving(self, scores: Array) -> Arcs:
        """The arcs that are better in every row of scores (members, S); none without rows."""
        keep = np.full(len(self.ends), bool(len(scores)))
        for row in scores:
            keep &= row[self.ends] > row[self.starts]
        starts, ends = self.starts[keep], self.ends[keep]
        first = np.flatnonzero(np.diff(starts, prepend=-1))
        return Arcs(starts[first], first, starts, ends)

    def least(self, x: Array) -> Array:
        """Least of x over the targets of each state; plus infinity where it has none."""
        return self._fold(x, np.minimum, np.iinfo(x.dtype).max)

    def most(self, x: Array) -> Array:
        """Largest of x over each state and its targets."""
        return np.maximum(x, self._fold(x, np.maximum, 0))

    def _fold(self, x: Array, by: np.ufunc, empty: int) -> Array:
        out = np.full_like(x, empty)
        if len(self.ends):
            out[:, self.at] = by.reduceat(x.take(self.ends, axis=1), self.first, axis=1)
        return out


class _Masks:
    """What is allowed as masks of bits, made once for each type of numbers."""

    def __init__(self, allowed: Array) -> None:
        self.allowed = allowed
        self._made: dict[tuple[str, np.dtype[Any]], Array] = {}

    def barred(self, kind: np.dtype[Any]) -> Array:
        """All bits but the sign where there is no move: what makes any number plus infinity."""
        if ("barred", kind) not in self._made:
            self._made["barred", kind] = (self.allowed.astype(kind) - 1) & np.iinfo(kind).max
        return self._made["barred", kind]

    def open(self, kind: np.dtype[Any]) -> Array:
        """All bits where there is a move."""
        if ("open", kind) not in self._made:
            self._made["open", kind] = -self.allowed.astype(kind)
        return self._made["open", kind]


@dataclass(frozen=True, eq=False)
class _Cells:
    """States arranged in lines: ``cells`` holds each state once; ``allowed`` (any number of masks, ...cells), bool."""

    cells: Array
    allowed: Array

    @cached_property
    def _places(self) -> Array:
        """Where each state stands in the cells."""
        return np.argsort(self.cells, axis=None)

    @cached_property
    def _masks(self) -> _Masks:
        return _Masks(self.allowed)

    def _numbered(self, lines: Array) -> Array:
        """Values over cells (B, ...cells) in the order of the states, (B, S)."""
        return lines.reshape(len(lines), -1).take(self._places, axis=1)


@dataclass(frozen=True, eq=False)
class Table(_Cells):
    """Moves of a mover between its own settings.

    ``cells``: the states, each once, (settings, lines), or (lines, settings) where ``wide``; a line holds all
    settings with everything else unchanged. ``allowed`` (settings, ...cells), bool: which moves there are to a
    setting from a cell.
    """

    wide: bool

    def improving(self, scores: Array) -> Table:
        """The moves that are better in every row of scores (members, S); none without rows."""
        keep = self.allowed.copy() if len(scores) else np.zeros_like(self.allowed)
        for row in scores:
            lines = row.take(self.cells)
            keep &= self.to(lines) > lines
        return Table(self.cells, keep, self.wide)

    def to(self, lines: Array) -> Array:
        """Rows over cells by setting, to be held against cells: (..., settings, 1, lines) or (..., lines, 1)."""
        return lines.swapaxes(-1, -2)[..., None] if self.wide else lines[..., None, :]

    def least(self, x: Array) -> Array:
        """Least of x over the targets of each state; plus infinity where it has none."""
        return self._fold(x, np.bitwise_or, self._masks.barred(x.dtype), np.minimum, np.iinfo(x.dtype).max)

    def most(self, x: Array) -> Array:
        """Largest of x over each state and its targets."""
        return np.maximum(x, self._fold(x, np.bitwise_and, self._masks.open(x.dtype), np.maximum, 0))

    def _fold(self, x: Array, mask: np.ufunc, by_target: Array, fold: np.ufunc, empty: int) -> Array:
        lines = x.take(self.cells, axis=1)
        out, work = np.full_like(lines, empty), np.empty_like(lines)
        tos = self.to(lines)
        for to, bits in enumerate(by_target):
            mask(tos[:, to], bits, out=work)
            fold(out, work, out=out)
        return self._numbered(out)


@dataclass(frozen=True, eq=False)
class Classes(_Cells):
    """Moves of a mover between its own settings, where few classes of states see the same targets in their line.

    ``cells`` (lines, settings); ``allowed`` (classes, lines, settings): what a class may move to. ``kind``, of the
    shape of the cells: the class, -1 for a state that has no moves. A sweep takes some classes together.
    """

    kind: Array

    def improving(self, scores: Array) -> Arcs | Uphill:
        """The moves that are better for one member, scores (1, S); none without members."""
        if not len(scores):
            return Arcs.none()
        return Uphill.of(self, scores[0].take(self.cells))

    def least(self, x: Array) -> Array:
        """Least of x over the targets of each state; plus infinity where it has none.

        The least of the line, or the second where the state itself is the first.
        """
        far = np.iinfo(x.dtype).max
        lines = x.take(self.cells, axis=1)
        out = np.full_like(lines, far)
        for some, (of, rows, settings) in self._together(len(x)):
            seen = lines[:, None] | self._masks.barred(x.dtype)[some]
            at = seen.argmin(axis=3)[..., None]
            first = np.take_along_axis(seen, at, axis=3)
            np.put_along_axis(seen, at, far, axis=3)
            second = seen.min(axis=3)[:, of, rows]
            own = at[:, of, rows, 0] == settings
            out[:, rows, settings] = np.where(own, second, first[:, of, rows, 0])
        return self._numbered(out)

    def most(self, x: Array) -> Array:
        """Largest of x over each state and its targets."""
        lines = x.take(self.cells, axis=1)
        out = lines.copy()
        for some, (of, rows, settings) in self._together(len(x)):
            best = (lines[:, None] & self._masks.open(x.dtype)[some]).max(axis=3)
            out[:, rows, settings] = best[:, of, rows]
        return self._numbered(out)

    def _together(self, count: int) -> Iterator[tuple[slice, tuple[Array, Array, Array]]]:
        """Classes that are looked at together, and their cells: which of these classes, line, setting."""
        step = max(1, CACHED // (count * self.cells.size))
        order, ends = self._by_class
        for start in range(0, len(self.allowed), step):
            stop = min(start + step, len(self.allowed))
            cells = order[ends[start] : ends[stop]]
            rows, settings = np.unravel_index(cells, self.cells.shape)
            yield slice(start, stop), (self.kind.reshape(-1)[cells] - start, rows, settings)

    @cached_property
    def _by_class(self) -> tuple[Array, Array]:
        """The cells (flat) in order of their classes, and where each class begins."""
        order = np.argsort(self.kind, axis=None, kind="stable")
        return order, np.searchsorted(self.kind.reshape(-1)[order], np.arange(len(self.allowed) + 1))


@dataclass(frozen=True, eq=False)
class Uphill:
    """Improvements among the moves of classes: each line by score, descending.

    ``first``: where the states of the same score begin; what stands before is better. ``targets``: the masks of the
    classes with the settings in front, (settings, classes, lines), so that a sweep runs down all lines at once.
    """

    lines: Classes
    first: Array
    targets: _Masks

    @classmethod
    def of(cls, classes: Classes, score: Array) -> Uphill:
        """``score`` (lines, settings)."""
        order = np.argsort(-score, axis=1, kind="stable")
        place = order + np.arange(0, score.size, score.shape[1])[:, None]  # in the flat lines
        ordered = score.take(place)
        new = np.ones(order.shape, dtype=bool)
        new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        first = np.maximum.accumulate(np.where(new, np.arange(order.shape[1]), 0), axis=1)
        allowed = classes.allowed.reshape(len(classes.allowed), -1).take(place.T, axis=1)
        lines = Classes(classes.cells.take(place), allowed.swapaxes(1, 2), classes.kind.take(place))
        return cls(lines, first, _Masks(np.ascontiguousarray(allowed.swapaxes(0, 1))))

    def least(self, x: Array) -> Array:
        """Least of x over the improvements from each state; plus infinity where it has none."""
        sorted_ = self.lines
        line = x.take(sorted_.cells, axis=1)
        far = np.iinfo(x.dtype).max
        out = np.full_like(line, far)
        down = np.ascontiguousarray(line.transpose(2, 0, 1))[:, :, None]  # (settings, B, 1, lines)
        for some, (of, rows, places) in sorted_._together(len(x)):
            bits = self.targets.barred(x.dtype)[:, some]
            before = np.empty((len(down) + 1, len(x), *bits.shape[1:]), dtype=x.dtype)
            before[0] = far
            np.bitwise_or(down, bits[:, None], out=before[1:])
            for above, here in itertools.pairwise(before):
                np.minimum(above, here, out=here)
            out[:, rows, places] = before[self.first[rows, places], :, of, rows].T
        return sorted_._numbered(out)
