"""The fronts of many small sets of points at once: which points nothing dominates.

``keys`` (k, F, n): k utilities, as whole numbers in float64, of F outcomes in each of n sets. Higher is better; points
that are equal do not dominate each other. Small problems compare all pairs in NumPy, larger ones go through the points
in descending lexicographic order, in which whoever dominates comes first, compiled. Two utilities take one sweep.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PLAIN = 6_000_000
"""Pairs of points in all sets up to which comparing them in NumPy beats importing numba."""
AT_ONCE = 1_000_000


def fronts(keys: Array, compiled: bool | None = None) -> Array:
    """Which points of each set are on its front: bool (F, n). ``compiled`` None chooses by size."""
    k, size, count = keys.shape
    if size == 0 or k == 0:
        return np.ones((size, count), dtype=bool)
    if k == 1:
        return np.asarray(keys[0] == keys[0].max(axis=0))
    if k == 2:
        return _swept(keys)
    if size**2 * count > PLAIN if compiled is None else compiled:
        rows = np.ascontiguousarray(keys.transpose(2, 1, 0))
        order = np.lexsort(-keys[::-1], axis=0).T
        out = np.zeros((count, size), dtype=np.bool_)
        _loop()(rows, np.ascontiguousarray(order), out)
        return np.ascontiguousarray(out.T)
    step = max(1, AT_ONCE // size**2)
    parts = [_paired(keys[:, :, start : start + step]) for start in range(0, count, step)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((size, 0), dtype=bool)


def _swept(keys: Array) -> Array:
    """Of two utilities: in descending order of the first, whoever is above all before is on the front."""
    order = np.lexsort((-keys[1], -keys[0]), axis=0)
    first, second = (np.take_along_axis(row, order, axis=0) for row in keys)
    new = np.ones(first.shape, dtype=bool)
    new[1:] = first[1:] != first[:-1]
    head = np.maximum.accumulate(np.where(new, np.arange(len(first))[:, None], 0), axis=0)
    above = np.maximum.accumulate(second, axis=0)
    before = np.where(head > 0, np.take_along_axis(above, np.maximum(head - 1, 0), axis=0), -np.inf)
    kept = (second > before) & (second == np.take_along_axis(second, head, axis=0))
    out = np.empty_like(kept)
    np.put_along_axis(out, order, kept, axis=0)
    return out


def _paired(keys: Array) -> Array:
    above = np.ones((keys.shape[1], keys.shape[1], keys.shape[2]), dtype=bool)
    equal = np.ones_like(above)
    for row in keys:
        above &= row[:, None, :] >= row[None, :, :]
        equal &= row[:, None, :] == row[None, :, :]
    return np.asarray(~(above & ~equal).any(axis=0))


@functools.cache
def _loop() -> Callable[..., None]:
    from numba import bool_, float64, int64, njit, void

    @njit(void(float64[:, :, ::1], int64[:, ::1], bool_[:, ::1]), cache=True)
    def loop(rows: Any, order: Any, out: Any) -> None:
        """Marks the front of each set in ``out``; ``rows`` (n, F, k), ``order`` (n, F) descending."""
        count, size, k = rows.shape
        kept = np.empty(size, dtype=np.int64)
        for d in range(count):
            many = 0
            for place in range(size):
                j = order[d, place]
                free = True
                for m in range(many):
                    i = kept[m]
                    above, equal = True, True
                    for p in range(k):
                        if rows[d, i, p] < rows[d, j, p]:
                            above = False
                            break
                        if rows[d, i, p] != rows[d, j, p]:
                            equal = False
                    if above and not equal:
                        free = False
                        break
                if free:
                    kept[many] = j
                    many += 1
                    out[d, j] = True

    return loop  # type: ignore[no-any-return]
