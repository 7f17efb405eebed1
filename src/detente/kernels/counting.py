"""How many points lie above others in two coordinates."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def count_above(floors: Floats, points: Floats) -> Ints:
    """For each row of ``floors`` (n, 2), how many rows of ``points`` (m, 2) are at least as high in both.

    Points enter a Fenwick tree by their second coordinate, in descending order of the first: O((n + m) log m).
    Source: Fenwick (1994), Software: Practice and Experience 24(3).
    """
    order = np.argsort(-points[:, 0], kind="stable")
    levels = np.sort(points[:, 1])
    ranks = len(levels) - 1 - _at(levels, points[order, 1])
    wanted = len(levels) - _at(levels, floors[:, 1])
    turn = np.argsort(-floors[:, 0], kind="stable")
    entered = np.empty(len(floors), dtype=np.int64)
    entered[turn] = np.searchsorted(-points[order, 0], -floors[turn, 0], side="right")
    counts = np.zeros(len(floors), dtype=np.int64)
    _loop()(ranks, wanted, entered, turn, counts)
    return counts


def _at(levels: Floats, values: Floats) -> Ints:
    """Where values belong in ascending levels, before equal ones; looked up in order, which caches like better."""
    order = np.argsort(values)
    places = np.empty(len(values), dtype=np.int64)
    places[order] = np.searchsorted(levels, values[order])
    return places


@functools.cache
def _loop() -> Callable[..., Any]:
    from numba import int64, njit, void

    @njit(void(int64[::1], int64[::1], int64[::1], int64[::1], int64[::1]), cache=True)
    def loop(ranks: Any, wanted: Any, entered: Any, turn: Any, counts: Any) -> None:
        """Fills ``counts``; ``ranks`` number the points from the highest second coordinate down."""
        tree = np.zeros(len(ranks) + 1, dtype=np.int64)
        done = 0
        for row in turn:
            while done < entered[row]:
                at = ranks[done] + 1
                while at <= len(ranks):
                    tree[at] += 1
                    at += at & -at
                done += 1
            at = wanted[row]
            while at > 0:
                counts[row] += tree[at]
                at -= at & -at

    return loop  # type: ignore[no-any-return]
