"""The zone of possible agreement: which outcomes every party would rather have than no deal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detente.analysis.agreement.stages import Stage, Stages
from detente.space import SNAP, Space
from detente.space.tables import Array

LARGEST_LISTED = 100_000_000
"""Spaces up to this many outcomes are counted one by one where nothing cheaper serves."""
LARGEST_HALF = 2_000_000
"""Partial outcomes in each half of a space that is counted by halves, with two parties."""
LARGEST_PAIRS = 400_000_000
"""Pairs of partial outcomes compared when counting by halves, with three parties and more."""
_PAIRS_AT_ONCE = 1 << 22
_PLAIN_PAIRS = 1 << 22


@dataclass(frozen=True)
class Zone:
    """``exists``: some outcome is rational for all and better for one. ``count`` of rational outcomes, exact,
    or None where counting is out of reach; ``levels`` [issue][level] whether the level occurs among them."""

    exists: bool
    count: int | None
    levels: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class NearestMiss:
    """The outcome closest to acceptable where none is, and by how much each party falls short there."""

    levels: tuple[int, ...]
    shortfall: Array


def rational(utilities: Array, reservation: Array) -> Array:
    """Which outcomes no party would refuse: utilities (..., n_parties) at least the reservation."""
    return np.asarray((utilities >= reservation - SNAP).all(axis=-1))


def by_halves(stages: Stages, reservation: Array) -> tuple[int, tuple[tuple[bool, ...], ...]] | None:
    """Count and occurring levels of the rational outcomes of a sum of stages.

    Two halves of the stages are listed, and their pairs counted; None where even the halves are too many. Cost for two parties: the halves, times a logarithm.
    """
    first, second = _split(stages.parts)
    sizes = [math.prod(len(part.levels) for part in half) for half in (first, second)]
    two = stages.space.n_parties <= 2
    if max(sizes) > LARGEST_HALF or (not two and sizes[0] * sizes[1] > LARGEST_PAIRS):
        return None
    a, b = _sums(first, reservation), _sums(second, reservation)
    partners = _partners(a, b, reservation)
    seen = [np.zeros(size, dtype=bool) for size in stages.space.sizes]
    _note(first, partners > 0, seen)
    _note(second, _has_partner(b, a, reservation) if two else _partners(b, a, reservation) > 0, seen)
    return int(partners.sum()), tuple(tuple(map(bool, levels)) for levels in seen)


def _split(parts: Sequence[Stage]) -> tuple[list[Stage], list[Stage]]:
    """Two halves with about as many joint options each."""
    halves: tuple[list[Stage], list[Stage]] = ([], [])
    weights = [0.0, 0.0]
    for part in sorted(parts, key=lambda part: -len(part.levels)):
        side = weights.index(min(weights))
        halves[side].append(part)
        weights[side] += math.log(max(len(part.levels), 1))
    return halves


def _sums(parts: Sequence[Stage], reservation: Array) -> Array:
    """Utilities of all joint options of some stages, (options, n_parties), the last stage fastest."""
    total = np.zeros((1, len(reservation)))
    for part in parts:
        total = (total[:, None, :] + part.values[None, :, :]).reshape(-1, len(reservation))
    return total


def _partners(a: Array, b: Array, reservation: Array) -> Array:
    """For each row of ``a``, how many rows of ``b`` bring every party to its reservation: int64."""
    need = reservation - SNAP - a
    if need.shape[1] == 2 and len(a) * len(b) > _PLAIN_PAIRS:
        from detente.kernels.counting import count_above

        return count_above(need, b)
    counts = np.zeros(len(a), dtype=np.int64)
    step = max(1, _PAIRS_AT_ONCE // max(len(b), 1))
    for start in range(0, len(a), step):
        rows = need[start : start + step]
        good = np.ones((len(rows), len(b)), dtype=bool)
        for party in range(need.shape[1]):
            good &= b[None, :, party] >= rows[:, None, party]
        counts[start : start + step] = good.sum(axis=1)
    return counts


def _has_partner(a: Array, b: Array, reservation: Array) -> Array:
    """For each row of ``a`` whether some row of ``b`` brings both parties (or the one) to their reservation."""
    need = reservation - SNAP - a
    if need.shape[1] == 1:
        return np.asarray(need[:, 0] <= b[:, 0].max())
    order, turn = np.argsort(-b[:, 0]), np.argsort(-need[:, 0])
    best = np.maximum.accumulate(b[order, 1])
    enough = np.empty(len(a), dtype=np.int64)
    enough[turn] = np.searchsorted(-b[order, 0], -need[turn, 0], side="right")
    return np.asarray((enough > 0) & (best[np.maximum(enough, 1) - 1] >= need[:, 1]))


def _note(parts: Sequence[Stage], good: Array, seen: Sequence[Array]) -> None:
    """Marks the levels that occur in the joint options that are ``good``."""
    after = [math.prod(len(part.levels) for part in parts[i + 1 :]) for i in range(len(parts))]
    rows = np.flatnonzero(good)
    for part, stride in zip(parts, after, strict=True):
        there = np.zeros(len(part.levels), dtype=bool)
        there[rows // stride % max(len(part.levels), 1)] = True
        for issue, levels in zip(part.issues, part.levels[there].T, strict=True):
            seen[issue][levels] = True


def by_search(
    space: Space, known: Array, witness: Callable[[int, int], Sequence[int] | None]
) -> tuple[tuple[bool, ...], ...]:
    """Which levels occur among the rational outcomes of a huge space, by asking for each level.

    ``known`` (F, issues): some rational outcomes. ``witness(issue, level)`` gives the levels of a rational
    outcome with that level of that issue, or None where there is none.
    """
    seen = [np.zeros(size, dtype=bool) for size in space.sizes]
    for column, levels in enumerate(seen):
        levels[np.unique(known[:, column])] = True
    for issue, levels in enumerate(seen):
        for level in np.flatnonzero(~levels):
            found = None if levels[level] else witness(issue, int(level))
            for column, there in enumerate(found if found is not None else ()):
                seen[column][there] = True
    return tuple(tuple(map(bool, levels)) for levels in seen)


def nearest_misses(
    levels: Array, utilities: Array, reservation: Array
) -> tuple[NearestMiss, NearestMiss] | None:
    """The outcomes of least total and of least largest shortfall, from the points of a front.

    ``levels`` (F, issues), ``utilities`` (F, n_parties). Both shrink when utilities grow, so the front holds
    them; total shortfall compares the parties' scales. None where the front is empty.
    """
    if not len(levels):
        return None
    short = np.maximum(reservation - utilities, 0.0)
    rows = (int(short.sum(axis=1).argmin()), int(short.max(axis=1).argmin()))
    first, second = (NearestMiss(tuple(map(int, levels[row])), short[row]) for row in rows)
    return first, second
