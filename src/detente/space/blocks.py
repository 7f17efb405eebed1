"""Sums of tables over ranges of outcome numbers: how a space lists what it keeps factored.

Outcomes are numbered in mixed radix, the last issue fastest. The *inner* issues are the last ones, as many as
together have few enough combinations to stay in the cache; one *row* is all of these. The issue before them, the
*turning* one, says how many rows are done at once. What depends on inner issues alone is summed in advance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from detente.space.tables import Array, Factor

CELLS = 1 << 15
"""Outcomes (times draws) that are summed together: 256 kB of float64, which second-level caches hold."""


class Blocks:
    """The sum of some factors (the disjunction, where they are boolean), range by range.

    Parameters
    ----------
    factors
        Tables over the issues of a space.
    sizes
        Levels of each issue.
    kind
        Type of the sums: float64, int64 or bool.
    draws
        Length of the last axis that tables may have and sums then do, or None.
    cells
        Outcomes, times draws, that are summed together.

    An outcome's sum does not depend on the range it is asked for in. Keeps ``cells`` entries; a range costs
    about one pass over its outcomes, and one for each set of inner issues that a table ties to outer ones.
    """

    def __init__(
        self,
        factors: Sequence[Factor],
        sizes: Sequence[int],
        kind: type[np.generic],
        draws: int | None = None,
        cells: int = CELLS,
    ) -> None:
        self.kind = kind
        self._join = np.logical_or if kind is np.bool_ else np.add
        wide = [i for i, size in enumerate(sizes) if size > 1]
        place = {issue: k for k, issue in enumerate(wide)}
        self._sizes = tuple(sizes[i] for i in wide)
        self._tail = () if draws is None else (draws,)
        most = max(1, cells // (draws or 1))
        self._inner = len(wide)
        while self._inner > 0 and math.prod(self._sizes[self._inner - 1 :]) <= most:
            self._inner -= 1
        self.row = math.prod(self._sizes[self._inner :])
        self._rows = max(1, most // self.row)
        parts = [self._narrow(factor, place) for factor in factors]
        self._outer: list[Factor] = []
        inner: list[Factor] = []
        tied: list[Factor] = []
        for part in parts:
            if not part.issues or part.issues[0] >= self._inner:
                inner.append(part)
            else:
                (self._outer if part.issues[-1] < self._inner - 1 else tied).append(part)
        self._groups = self._grouped(tied)
        self._base = self._total(self._grouped(inner), [0] * len(wide), slice(0, 1))
        shape = (1, *self._sizes[self._inner :], *self._tail)
        if inner:
            self._base = np.ascontiguousarray(np.broadcast_to(self._base, shape))

    def _narrow(self, factor: Factor, place: dict[int, int]) -> Factor:
        """The factor over the issues that have a choice, by their place among these."""
        issues = tuple(place[i] for i in factor.issues if i in place)
        shape = [size for size, i in zip(factor.table.shape, factor.issues, strict=False) if i in place]
        return Factor(issues, factor.table.reshape((*shape, *factor.table.shape[len(factor.issues) :])))

    def _grouped(self, factors: Sequence[Factor]) -> list[tuple[tuple[int, ...], list[Factor]]]:
        """Factors by what they span of a block, so that small sums come first and grow towards the whole."""
        groups: dict[tuple[int, ...], list[Factor]] = {}
        for factor in factors:
            scope = tuple(i for i in factor.issues if i >= self._inner - 1)
            groups.setdefault(scope, []).append(factor)
        order = sorted(groups, key=lambda scope: (-scope[0] if scope else -math.inf, len(scope), scope))
        return [(scope, groups[scope]) for scope in order]

    def _total(self, groups: Any, outer: Sequence[int], rows: slice) -> Array:
        """The sum of grouped factors at given levels of the outer issues, shaped for broadcasting."""
        total: Array | None = None
        for scope, factors in groups:
            shape = [1] * (len(self._sizes) - self._inner + 1)
            part: Array | None = None
            for factor in factors:
                piece = self._slice(factor, outer, rows)
                part = piece if part is None else self._join(part, piece)
            assert part is not None
            for axis, issue in enumerate(scope):
                shape[issue - self._inner + 1] = part.shape[axis]
            part = part.reshape(*shape, *part.shape[len(scope) :])
            total = part if total is None else self._join(total, part)
        return np.zeros((), dtype=self.kind) if total is None else total

    def _slice(self, factor: Factor, outer: Sequence[int], rows: slice) -> Array:
        turning = self._inner - 1
        index = tuple(
            outer[i] if i < turning else rows if i == turning else slice(None) for i in factor.issues
        )
        piece = np.asarray(factor.table[index], dtype=self.kind)
        return piece[..., None] if self._tail and not factor.drawn else piece

    def _constant(self, outer: Sequence[int]) -> Array:
        """What depends on outer issues alone, at their levels."""
        total = np.zeros((), dtype=self.kind)
        for factor in self._outer:
            total = self._join(total, factor.take(outer).astype(self.kind))
        return total

    def into(self, out: Array, start: int, stop: int) -> None:
        """Writes the sums of the outcomes from ``start`` to before ``stop`` into ``out``, modified in place:
        contiguous, (stop - start,) and the draws.
        """
        if not self._inner:
            out[...] = self._base.reshape(-1, *self._tail)[start:stop] if self._base.ndim else self._base
            return
        for row, rows, low, high in self._steps(start, stop):
            outer = self._levels(row)
            turn = slice(outer[-1], outer[-1] + rows)
            part = self._join(self._total(self._groups, outer, turn), self._constant(outer))
            at = row * self.row + low - start
            if high - low == self.row:
                block = out[at : at + rows * self.row]
                shape = (rows, *self._sizes[self._inner :], *self._tail)
                self._join(self._base, part, out=block.reshape(shape))
            else:
                shape = (1, *self._sizes[self._inner :], *self._tail)
                whole = np.broadcast_to(self._join(self._base, part), shape)
                out[at : at + high - low] = whole.reshape(self.row, *self._tail)[low:high]

    def _steps(self, start: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
        """A range as blocks: first row, rows, and the part of a row (all of it, where there are several)."""
        turns = self._sizes[self._inner - 1]
        at = start
        while at < stop:
            row, low = divmod(at, self.row)
            rows = min(self._rows, turns - row % turns, (stop - at) // self.row)
            if low or not rows:
                high = min(self.row, low + stop - at)
                yield row, 1, low, high
                at += high - low
            else:
                yield row, rows, 0, self.row
                at += rows * self.row

    def _levels(self, row: int) -> list[int]:
        """The levels of the outer issues, the turning one last."""
        levels = []
        for size in reversed(self._sizes[: self._inner]):
            row, level = divmod(row, size)
            levels.append(level)
        return levels[::-1]
