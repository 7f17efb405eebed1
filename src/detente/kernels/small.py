"""The whole of a small sum of stages in one pass, compiled: front, rational outcomes, four solutions.

An outcome chooses one option in each of n stages; its utility vector is the sum of its options' vectors. Outcomes are
numbered with the last stage fastest. Definitions are those of `front` (snapped utilities) and of `search.choose`.

Everything is listed, so this is for spaces of up to about 10^5 outcomes; then it takes microseconds, where array
expressions spend most of their time on being called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detente.kernels import _beaten, search
from detente.kernels._beaten import OFFSET, SNAP
from detente.kernels._noticing import noticing
from detente.kernels.search import PRODUCT_TIE, RATIONAL, STRICT, TIE

AWARE = noticing(_beaten, search)
NASH, KALAI_SMORODINSKY, EGALITARIAN, UTILITARIAN = range(4)


@dataclass(frozen=True, slots=True)
class Small:
    """``points`` (F, k) of the front, by snapped utility descending; ``numbers`` (F,) the lowest outcome at each,
    ``counts`` (F,) how many share it; ``chosen`` (4,) rows of the front that Nash, Kalai-Smorodinsky, egalitarian and
    utilitarian rules pick, -1 where nothing is rational; ``rational`` outcomes; ``gains`` whether one of them is
    better for someone; ``occurs`` (options,) whether an option is part of one.
    """

    points: NDArray[np.float64]
    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]
    chosen: NDArray[np.int64]
    rational: int
    gains: bool
    occurs: NDArray[np.bool_]


def assess(values: NDArray[np.float64], starts: NDArray[np.int64], reservation: NDArray[np.float64]) -> Small:
    """Everything about a small space.

    ``values`` (options, k): the utilities of all stages' options, one stage after the other; ``starts`` (n + 1,):
    where each stage begins, and the end; ``reservation`` (k,). Cost: a few nanoseconds an outcome and party, and for
    three and more parties the points that few others beat, squared.
    """
    return Small(*_assess(values, starts, reservation))


@njit("float64[:,::1](float64[:,::1], int64[::1])", cache=True, nogil=True)
@AWARE
def _list(values: Any, starts: Any) -> Any:
    """Utilities of all outcomes (k, N), summed in the order of the stages."""
    k, n = values.shape[1], len(starts) - 1
    size = 1
    for i in range(n):
        size *= starts[i + 1] - starts[i]
    out = np.zeros((k, size))
    for p in range(k):
        row, filled = out[p], 1
        for i in range(n):
            m = starts[i + 1] - starts[i]
            for at in range(filled - 1, -1, -1):
                base = row[at]
                for j in range(m):
                    row[at * m + j] = base + values[starts[i] + j, p] if i else values[starts[i] + j, p]
            filled *= m
    return out


@njit("boolean(int64[:,::1], int64, int64)", cache=True, nogil=True)
@AWARE
def _beats(keys: Any, a: int, b: int) -> bool:
    """Whether outcome a is at least as good as b for everyone and better for someone."""
    better = False
    for p in range(len(keys)):
        if keys[p, a] < keys[p, b]:
            return False
        if keys[p, a] > keys[p, b]:
            better = True
    return better


@njit("int64[::1](float64[:,::1], int64[:,::1])", cache=True, nogil=True)
@AWARE
def _promising(u: Any, keys: Any) -> Any:
    """Outcomes that a few very good ones do not beat: the best for equal weights, and for twice one party's."""
    k, size = u.shape
    pivots = np.zeros(k + 1, dtype=np.int64)
    best = np.full(k + 1, -np.inf)
    for o in range(size):
        total = 0.0
        for p in range(k):
            total += u[p, o]
        if total > best[k]:
            best[k], pivots[k] = total, o
        for p in range(k):
            if total + 2.0 * u[p, o] > best[p]:
                best[p], pivots[p] = total + 2.0 * u[p, o], o
    kept = np.empty(size, dtype=np.int64)
    count = 0
    for o in range(size):
        beaten = False
        for pivot in pivots:
            if _beats(keys, pivot, o):
                beaten = True
                break
        if not beaten:
            kept[count] = o
            count += 1
    return kept[:count].copy()


@njit("boolean(int64[:,::1], int64, int64)", cache=True, nogil=True)
@AWARE
def _before(keys: Any, a: int, b: int) -> bool:
    """Whether a comes before b: by keys descending, then by number."""
    for p in range(len(keys)):
        if keys[p, a] != keys[p, b]:
            return keys[p, a] > keys[p, b]
    return a < b


@njit("void(int64[:,::1], int64[::1], int64, int64)", cache=True, nogil=True)
@AWARE
def _sift(keys: Any, rows: Any, at: int, end: int) -> None:
    while True:
        child = 2 * at + 1
        if child >= end:
            return
        if child + 1 < end and _before(keys, rows[child], rows[child + 1]):
            child += 1
        if not _before(keys, rows[at], rows[child]):
            return
        rows[at], rows[child] = rows[child], rows[at]
        at = child


@njit("void(int64[:,::1], int64[::1])", cache=True, nogil=True)
@AWARE
def _sort(keys: Any, rows: Any) -> None:
    """Heap sort of outcomes by `_before`, in place."""
    n = len(rows)
    for begin in range(n // 2 - 1, -1, -1):
        _sift(keys, rows, begin, n)
    for end in range(n - 1, 0, -1):
        rows[0], rows[end] = rows[end], rows[0]
        _sift(keys, rows, 0, end)


@njit("float64(float64[:,::1], int64, float64[::1], int64)", cache=True, nogil=True)
@AWARE
def _ranked(gains: Any, row: int, scale: Any, order: int) -> float:
    """The gain of a place in ascending order, each divided by its scale; parties of scale 0 are left out."""
    k = gains.shape[1]
    found = np.empty(k)
    count = 0
    for p in range(k):
        if scale[p] > 0.0:
            found[count] = gains[row, p] / scale[p]
            count += 1
    if count == 0:
        return 0.0
    return np.sort(found[:count])[order]


@njit("float64(float64[:,::1], int64, int64, float64[::1], int64)", cache=True, nogil=True)
@AWARE
def _measure(gains: Any, row: int, kind: int, scale: Any, order: int) -> float:
    """What a rule of one kind measures: 0 a product (its logarithm), 1 a sum, 2 a place in order."""
    if kind == 2:
        return _ranked(gains, row, scale, order)
    total = 0.0
    for p in range(gains.shape[1]):
        g = gains[row, p]
        if kind == 1:
            total += g
        elif g > STRICT:
            total += np.log(g)
    return total


@njit("int64(float64[:,::1], boolean[::1], int64, float64[::1], int64)", cache=True, nogil=True)
@AWARE
def _narrow(gains: Any, on: Any, kind: int, scale: Any, order: int) -> int:
    """Leaves ``on``, in place, only the rows that measure best but for a tie; returns how many."""
    tie = PRODUCT_TIE if kind == 0 else TIE
    measured = np.empty(len(gains))
    best = -np.inf
    for row in range(len(gains)):
        if on[row]:
            measured[row] = _measure(gains, row, kind, scale, order)
            best = max(best, measured[row])
    left = 0
    for row in range(len(gains)):
        if on[row]:
            on[row] = measured[row] >= best - tie
            left += on[row]
    return left


@njit("int64(float64[:,::1], int64, float64[::1])", cache=True, nogil=True)
@AWARE
def _pick(gains: Any, rule: int, scale: Any) -> int:
    """The row that a rule picks among rational outcomes in ascending order of their numbers."""
    n, k = gains.shape
    on = np.ones(n, dtype=np.bool_)
    ones = np.ones(k)
    if rule == NASH:
        gainers = np.zeros(n, dtype=np.int64)
        for row in range(n):
            for p in range(k):
                gainers[row] += gains[row, p] > STRICT
        most = gainers.max()
        for row in range(n):
            on[row] = gainers[row] == most
        _narrow(gains, on, 0, ones, 0)
    elif rule == UTILITARIAN:
        _narrow(gains, on, 1, ones, 0)
    elif rule == KALAI_SMORODINSKY:
        for order in range(max(1, (scale > 0.0).sum())):
            _narrow(gains, on, 2, scale, order)
    for order in range(k):
        _narrow(gains, on, 2, ones, order)
    for row in range(n):
        if on[row]:
            return row
    return -1


@njit(cache=True, nogil=True)
@AWARE
def _rational(u: Any, starts: Any, reservation: Any, occurs: Any) -> Any:
    """How many outcomes are rational, whether one is a gain; ``occurs`` is marked in place."""
    k, size = u.shape
    n = len(starts) - 1
    count, gain = 0, False
    for o in range(size):
        good, gains = True, False
        for p in range(k):
            if u[p, o] < reservation[p] - RATIONAL:
                good = False
                break
            if u[p, o] > reservation[p] + STRICT:
                gains = True
        if not good:
            continue
        count += 1
        gain = gain or gains
        rest = o
        for i in range(n - 1, -1, -1):
            m = starts[i + 1] - starts[i]
            occurs[starts[i] + rest % m] = True
            rest //= m
    return count, gain


@njit("int64[::1](int64[:,::1], int64[::1], int64[::1])", cache=True, nogil=True)
@AWARE
def _undominated(keys: Any, rows: Any, counts: Any) -> Any:
    """Of sorted outcomes those that none beats, the lowest of equal ones; ``counts`` is filled in place."""
    k = len(keys)
    kept = np.empty(len(rows), dtype=np.int64)
    n = 0
    for o in rows:
        if n and not _before(keys, kept[n - 1], o):
            continue
        same = n > 0
        for p in range(k):
            if same and keys[p, kept[n - 1]] != keys[p, o]:
                same = False
        if same:
            counts[n - 1] += 1
            continue
        beaten = False
        for at in range(n - 1, -1, -1):
            if _beats(keys, kept[at], o):
                beaten = True
                break
            if k == 2:
                break
        if not beaten:
            kept[n], counts[n] = o, 1
            n += 1
    return kept[:n].copy()


@njit(cache=True, nogil=True)
@AWARE
def _assess(values: Any, starts: Any, reservation: Any) -> Any:
    """As `assess`."""
    u = _list(values, starts)
    k = len(u)
    keys = np.floor(u / SNAP + (0.5 + OFFSET)).astype(np.int64)
    occurs = np.zeros(len(values), dtype=np.bool_)
    count, gain = _rational(u, starts, reservation, occurs)
    rows = _promising(u, keys)
    _sort(keys, rows)
    counts = np.zeros(len(rows), dtype=np.int64)
    front = _undominated(keys, rows, counts)
    points = np.empty((len(front), k))
    for row in range(len(front)):
        for p in range(k):
            points[row, p] = u[p, front[row]]
    chosen = np.full(4, -1, dtype=np.int64)
    good = [row for row in np.argsort(front) if (points[row] >= reservation - RATIONAL).all()]
    if len(good) > 0:
        gains = np.empty((len(good), k))
        for at in range(len(good)):
            gains[at] = points[good[at]] - reservation
        scale = np.zeros(k)
        for p in range(k):
            ideal = gains[:, p].max()
            scale[p] = ideal if ideal > SNAP else 0.0
        for rule in range(4):
            chosen[rule] = good[_pick(gains, rule, scale)]
    return points, front, counts[: len(front)].copy(), chosen, count, gain, occurs
