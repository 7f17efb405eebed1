"""Where a mover can go from each state, for NumPy: as lists of targets, as a table over its own settings, or as
classes of states that see the same targets.

All answer the same questions: `least` and `most` of a row over the targets of each state, and which moves are
`improving`. Rows x have shape (B, S) and whole numbers from 0 up; the largest number of their type is plus infinity.
A state is no target of its own; `most` counts staying. NumPy is fast where the last axis is long and arrays are in C-order, so they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


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
    shape of the cells: the class, -1 for a state that has no moves.
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
        begin = np.arange(0, lines.size, lines.shape[2]).reshape(lines.shape[:2])
        for bits, (rows, settings) in zip(self._masks.barred(x.dtype), self._members, strict=True):
            seen = lines | bits
            at = seen.argmin(axis=2)
            flat, where = seen.reshape(-1), begin + at
            first = flat[where]
            flat[where] = far
            second = seen.min(axis=2)
            out[:, rows, settings] = np.where(at[:, rows] == settings, second[:, rows], first[:, rows])
        return self._numbered(out)

    def most(self, x: Array) -> Array:
        """Largest of x over each state and its targets."""
        lines = x.take(self.cells, axis=1)
        out = lines.copy()
        for bits, (rows, settings) in zip(self._masks.open(x.dtype), self._members, strict=True):
            out[:, rows, settings] = (lines & bits).max(axis=2)[:, rows]
        return self._numbered(out)

    @cached_property
    def _members(self) -> list[tuple[Array, ...]]:
        """The cells of each class."""
        return [np.nonzero(self.kind == c) for c in range(len(self.allowed))]


@dataclass(frozen=True, eq=False)
class Uphill:
    """Improvements among the moves of classes: each line by score, descending.

    ``first``: where the states of the same score begin; what stands before is better.
    """

    lines: Classes
    first: Array

    @classmethod
    def of(cls, classes: Classes, score: Array) -> Uphill:
        """``score`` (lines, settings)."""
        order = np.argsort(-score, axis=1, kind="stable")
        ordered = np.take_along_axis(score, order, axis=1)
        new = np.ones(order.shape, dtype=bool)
        new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        first = np.maximum.accumulate(np.where(new, np.arange(order.shape[1]), 0), axis=1)
        allowed = np.take_along_axis(classes.allowed, order[None], axis=2)
        kind = np.take_along_axis(classes.kind, order, axis=1)
        return cls(Classes(np.take_along_axis(classes.cells, order, axis=1), allowed, kind), first)

    def least(self, x: Array) -> Array:
        """Least of x over the improvements from each state; plus infinity where it has none."""
        sorted_ = self.lines
        line = x.take(sorted_.cells, axis=1)
        far = np.iinfo(x.dtype).max
        out = np.full_like(line, far)
        before = np.full((*line.shape[:2], line.shape[2] + 1), far, dtype=x.dtype)
        for bits, (rows, places) in zip(sorted_._masks.barred(x.dtype), sorted_._members, strict=True):
            np.minimum.accumulate(line | bits, axis=2, out=before[:, :, 1:])
            out[:, rows, places] = before[:, rows, self.first[rows, places]]
        return sorted_._numbered(out)
