"""The Pareto front of a space: exact where it fits, an epsilon-front with its guarantee where it does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detente.analysis.agreement.stages import Stages, stages
from detente.errors import CostError
from detente.kernels import front as kernel
from detente.kernels.constant_sum import constant_sum, count_distinct_sums
from detente.space import Space
from detente.space.tables import Array

LARGEST_LISTED = 1_000_000_000
"""Spaces up to this many outcomes are listed in chunks where they are no sum of small stages."""
COARSEST = 0.05
"""The largest error of an epsilon-front, as a share of the widest range of utilities."""


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """The points that nothing dominates, by the first party's utility, descending.

    ``levels`` int64 (F, issues) of the lowest outcome at each point; ``utilities`` float64 (F, n_parties);
    ``multiplicity`` (F,) how many outcomes share the point (Python ints where they are large); ``count`` of
    points, or None where it is not known (``constant_sum``: every possible outcome is on the front, and there
    are ``outcomes`` of them); ``bound``: how far above its nearest point here a true one may lie.
    """

    levels: Array
    utilities: Array
    multiplicity: Any
    count: int | None
    outcomes: int | None
    exact: bool
    bound: float
    method: str

    def __len__(self) -> int:
        return len(self.levels)


def state_limit(n_parties: int) -> int:
    """How many partial points an exact front may take, by number of parties: seconds, not minutes."""
    return {1: 10_000_000, 2: 5_000_000, 3: 400_000, 4: 150_000}.get(n_parties, 60_000)


def pareto_front(space: Space, *, limit: int | None = None) -> tuple[ParetoFront, Stages | None]:
    """The front over all possible outcomes, and the stages it was built from (None where it was listed).

    ``limit`` bounds the points in memory (default: `state_limit`). Raises `CostError` where the space is
    neither a sum of small stages nor small enough to list.
    """
    limit = limit or state_limit(space.n_parties)
    try:
        if space.cardinal:
            parts = stages(space)
            return _folded(parts, limit), parts
    except CostError:
        if space.size > LARGEST_LISTED:
            raise
    if space.size > LARGEST_LISTED:
        raise CostError(
            "rankings tie the issues together, so every outcome has to be listed",
            f"{space.size:,} outcomes",
            "give preferences as values",
        )
    return _listed(space, limit), None


def _folded(parts: Stages, limit: int) -> ParetoFront:
    """The front of a sum of stages."""
    k = parts.space.n_parties
    if not parts.possible or k == 0:
        return _empty(parts.space, "no outcome is possible" if k else "no party has preferences")
    if parts.whole and (parts.count or 0) > limit and constant_sum(parts.values):
        return _constant_sum(parts)
    found = kernel.front(parts.values, _counts(parts), parts.digits, parts.positions, limit=limit)
    if found.status == kernel.Status.DONE:
        return _front(parts, found, found.points.shape[0], "sum of stages")
    return _thinned(parts, limit)


def _counts(parts: Stages) -> list[Array] | None:
    return None if parts.whole else parts.counts


def _front(parts: Stages, found: kernel.Front, count: int | None, method: str) -> ParetoFront:
    order = np.lexsort(-found.points.T[::-1])
    levels = parts.levels(found.choices[order])
    exact = found.bound == 0.0
    return ParetoFront(
        levels, found.points[order], found.counts[order], count, None, exact, found.bound, method
    )


def _constant_sum(parts: Stages) -> ParetoFront:
    """Every outcome is on the front: counted, not listed; the ends stand for it."""
    distinct = count_distinct_sums(parts.values)
    ends = [np.array([[int(np.argmax(sign * v[:, 0])) for v in parts.values]]) for sign in (1.0, -1.0)]
    choices = np.concatenate(ends)
    points = np.array([sum(v[c] for v, c in zip(parts.values, row, strict=True)) for row in choices])
    return ParetoFront(
        parts.levels(choices), points, [1, 1], distinct, parts.count, True, 0.0, "constant sum: every outcome is on the front",
    )  # fmt: skip


def _thinned(parts: Stages, limit: int) -> ParetoFront:
    """An epsilon-front, as fine as the limit allows."""
    widths = np.sum([np.ptp(values, axis=0) for values in parts.values], axis=0)
    error = float(widths.max()) * 1e-3
    while error <= COARSEST * float(widths.max()):
        found = kernel.front(
            parts.values,
            _counts(parts),
            parts.digits,
            parts.positions,
            limit=limit,
            grid=error / len(parts.parts),
        )
        if found.status == kernel.Status.DONE:
            return _front(parts, found, None, "epsilon-front: partial sums on a grid")
        error *= 3
    nothing = _empty(
        parts.space, f"the front is not listed: more than {limit:,} points even when thinned out"
    )
    return replace(nothing, count=None, exact=False, bound=float("inf"))


def _listed(space: Space, limit: int) -> ParetoFront:
    """The front by going through all outcomes in chunks: each is thinned together with what was kept before."""
    numbers = np.zeros(0, dtype=np.int64)
    points, counts = np.zeros((0, space.n_parties)), np.zeros(0, dtype=np.int64)
    for start, stop in space.chunks():
        possible = np.flatnonzero(space.feasible(start, stop))
        points = np.concatenate([points, space.utilities(start, stop)[:, possible].T])
        counts = np.concatenate([counts, np.ones(len(possible), dtype=np.int64)])
        numbers = np.concatenate([numbers, possible + start])
        if len(points):
            found = kernel.front([points], [counts])
            rows = found.choices[:, 0]
            numbers, points, counts = numbers[rows], points[rows], found.counts
        if len(points) > limit:
            raise CostError(
                "the Pareto front is too large to keep", f"more than {limit:,} points", "raise `--limit`"
            )
    order = np.lexsort(-points.T[::-1])
    levels = np.stack(np.unravel_index(numbers[order], space.sizes), axis=1)
    return ParetoFront(
        levels, points[order], counts[order], len(points), None, True, 0.0, "listing every outcome"
    )


def _empty(space: Space, why: str) -> ParetoFront:
    nothing = np.zeros((0, len(space.sizes)), dtype=np.int64)
    return ParetoFront(nothing, np.zeros((0, space.n_parties)), [], 0, None, True, 0.0, why)
