"""Sums of stages whose outcomes all lie on the Pareto front: recognised, and counted without listing them."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from detente.kernels._beaten import SNAP, Floats, Ints, snap

SAME = 1e-12  # values closer than this share of the largest are equal
FLAT = 1e-11  # a direction in which values vary by less than this share of the widest counts as constant
LEAST_WEIGHT = 1e-6  # of the largest, once every coordinate is scaled to the range 1
LISTED = 100_000  # sums up to which all are listed
BITS = 1 << 30  # grid points that a count may hold
WORK = 1 << 36  # and bits it may go through
FINEST = 1e-8  # the finest grid on which different sums surely are different points
DECIMALS = 8
PARTS = 10  # of the smallest difference: a grid that is not decimal


def constant_sum(values: Sequence[ArrayLike]) -> tuple[float, ...] | None:
    """Positive weights that give all outcomes one weighted sum, so that none dominates another; or None.

    ``values[i]`` (m_i, k) as in `front`. For two parties there are such weights if the options of every stage lie
    on lines of one common negative slope; for more, if they lie in planes with one common positive normal. Weights
    add up to 1. Outcomes nearer than a few 1e-9 to each other may still be one point. O(options * k^2).
    """
    steps = _steps(values)
    widest = np.abs(steps).max(axis=0)
    moving = widest > 0
    if not moving.any():
        return (1 / len(widest),) * len(widest)
    weights = np.ones(len(widest))
    positive = _positive_normal(steps[:, moving] / widest[moving])
    if positive is None:
        return None
    weights[moving] = positive / widest[moving]
    return tuple((weights / weights.sum()).tolist())


def count_distinct_sums(values: Sequence[ArrayLike]) -> int | None:
    """How many different utility vectors the outcomes have; None where that is not known.

    ``values[i]`` (m_i, k) as in `front`; constant sum or not. Known where there are up to 100,000 combinations of
    different options, by listing them, and where the values of each coordinate lie on a grid (decimal, or parts of
    their smallest difference) with up to 10^9 sums, by marking those reached in one long integer: at most about
    10^11 bit operations and 128 MB, whatever the number of outcomes. See `bound_distinct_sums` for the other case.
    """
    tables = [np.unique(table, axis=0) for table in _tables(values)]
    if math.prod(map(len, tables)) <= LISTED:
        sums = functools.reduce(lambda a, b: (a[:, None] + b).reshape(-1, a.shape[1]), tables)
        return len(np.unique(snap(sums), axis=0))
    offsets = _on_grid(tables)
    return None if offsets is None else _count_reached(offsets)


def bound_distinct_sums(values: Sequence[ArrayLike]) -> int:
    """No more different utility vectors than this: by combinations, and by bins of 1e-9 in reach.

    On a line each new point crosses the edge of a bin in one coordinate, so bins add up; else they multiply.
    """
    tables = _tables(values)
    combinations = math.prod(len(np.unique(table, axis=0)) for table in tables)
    bins = [math.floor(width / SNAP) + 2 for width in sum(np.ptp(table, axis=0) for table in tables).tolist()]
    on_a_line = len(_independent(_steps(values))) <= 1
    return min(combinations, 1 + sum(bins) if on_a_line else math.prod(bins))


def _tables(values: Sequence[ArrayLike]) -> list[Floats]:
    return [np.asarray(v, dtype=np.float64) for v in values]


def _steps(values: Sequence[ArrayLike]) -> Floats:
    """Each option less the first of its stage, (options, k); what is float noise is 0."""
    tables = _tables(values)
    steps = np.concatenate([table - table[0] for table in tables])
    steps[np.abs(steps) <= SAME * max(np.abs(table).max() for table in tables)] = 0.0
    return steps


def _positive_normal(steps: Floats) -> Floats | None:
    """Positive weights under which every row of ``steps`` adds up to 0."""
    _, sizes, axes = np.linalg.svd(np.linalg.qr(steps, mode="r"))
    rank = int((sizes > FLAT * sizes[0]).sum())
    k = len(axes)
    if rank == k:
        return None
    if rank == k - 1:
        weights = axes[-1] * np.sign(axes[-1].sum())
    else:
        from scipy.optimize import nnls

        span = sizes[:rank, None] * axes[:rank]
        more, miss = nnls(span, -span.sum(axis=1))
        weights = 1 + more
        if miss > FLAT * sizes[0] * weights.max():
            return None
    return weights if weights.min() > LEAST_WEIGHT * weights.max() else None


def _independent(steps: Floats) -> list[int]:
    """Coordinates that determine the others, narrow ones first."""
    chosen: list[int] = []
    for c in np.argsort(np.abs(steps).max(axis=0), kind="stable").tolist():
        if np.linalg.matrix_rank(steps[:, [*chosen, c]]) > len(chosen):
            chosen.append(c)
    return chosen


def _on_grid(tables: list[Floats]) -> list[Ints] | None:
    """Options as whole steps above their stage's lowest value, by coordinate; None if some are on no grid."""
    starts = np.cumsum([len(table) for table in tables])[:-1]
    above = np.concatenate([table - table.min(axis=0) for table in tables])
    noise = SAME * max(np.abs(table).max() for table in tables)
    columns = [_whole_steps(column, noise) for column in above.T]
    if any(column is None for column in columns):
        return None
    return np.split(np.stack([c for c in columns if c is not None], axis=1), starts)


def _whole_steps(heights: Floats, noise: float) -> Ints | None:
    """Heights in units of the coarsest grid found that holds them."""
    if (heights <= noise).all():
        return np.zeros(len(heights), dtype=np.int64)
    least = float(heights[heights > noise].min())
    for unit in itertools.chain(
        (10.0**-d for d in range(DECIMALS + 1)), (least / q for q in range(1, PARTS + 1))
    ):
        steps = np.rint(heights / unit)
        if unit >= FINEST and (np.abs(heights - steps * unit) <= noise).all():
            whole = steps.astype(np.int64)
            return whole // np.gcd.reduce(whole)
    return None


def _count_reached(offsets: list[Ints]) -> int | None:
    """How many different sums of one row from each table there are; None beyond what is affordable."""
    keep = _independent(np.concatenate([table - table[0] for table in offsets]).astype(np.float64))
    ranges = [sum(int(table[:, c].max()) for table in offsets) + 1 for c in keep]
    bits = math.prod(ranges)
    if bits > BITS or bits * sum(map(len, offsets)) > WORK:
        return None
    strides = [math.prod(ranges[i + 1 :]) for i in range(len(ranges))]
    shifts = [{int(x) for x in table[:, keep] @ np.array(strides, dtype=np.int64)} for table in offsets]
    reached = 1
    for stage in sorted(shifts, key=max):
        reached = functools.reduce(operator.or_, (reached << x for x in stage))
    return reached.bit_count()
