"""The Pareto front of a space: exact where it fits, an epsilon-front with its guarantee where it does not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detente.analysis.agreement.listing import COARSEST, Listing, go_through, positions, utilities_at
from detente.analysis.agreement.stages import MAX_OPTIONS, Stages, stages
from detente.errors import CostError
from detente.kernels import front as kernel
from detente.kernels.front import bound_distinct_sums, constant_sum, count_distinct_sums
from detente.space import Space
from detente.space.tables import Array

LARGEST_LISTED = 1_000_000_000
"""Spaces up to this many outcomes are listed in chunks where they are no sum of small stages."""
LARGEST_LINE = 1_000_000
"""Constant-sum outcomes beyond this many are counted, not listed."""


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """The points that nothing dominates, by the first party's utility, descending.

    ``levels`` int64 (F, issues) of the lowest outcome at each point; ``utilities`` float64 (F, n_parties);
    ``multiplicity`` (F,) how many outcomes share the point (Python ints where they are large); ``count`` of
    points, or None where it is not known (constant sum: every possible outcome is on the front, there are
    ``outcomes`` of them, at ``most`` so many points, and the points here are each party's best, shared by
    at least ``multiplicity``); ``bound``: how
    far above its nearest point here a true one may lie; ``alone``: surely no outcome lies within 1e-9 of a point
    without being equal to it.
    """

    levels: Array
    utilities: Array
    multiplicity: Any
    count: int | None
    outcomes: int | None
    exact: bool
    bound: float
    method: str
    most: int | None = None
    alone: bool = False

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
    parts = stages_of(space)
    if parts is not None:
        return folded(parts, limit), parts
    return listed(space, go_through(space, np.zeros(space.n_parties), limit)), None


def stages_of(space: Space) -> Stages | None:
    """The stages of a space, or None where its outcomes have to be listed; `CostError` where they cannot be."""
    try:
        if space.cardinal and not whole_tables(space):
            return stages(space)
    except CostError:
        if space.size > LARGEST_LISTED:
            raise
    if space.size > LARGEST_LISTED:
        raise CostError(
            "rankings tie the issues together, so every outcome has to be listed",
            f"{space.size:,} outcomes",
            "give preferences as values",
        )
    return None


def whole_tables(space: Space) -> bool:
    """Whether some table spans all issues, so that the outcomes are listed anyway."""
    wide = sum(size > 1 for size in space.sizes)
    spans = (sum(space.sizes[i] > 1 for i in f.issues) for factors in space.factors for f in factors or ())
    return wide > 1 and any(span == wide for span in spans) and space.size > MAX_OPTIONS


def folded(parts: Stages, limit: int) -> ParetoFront:
    """The front of a sum of stages."""
    k = parts.space.n_parties
    if not parts.possible or k == 0:
        return _empty(parts.space, "no outcome is possible" if k else "no party has preferences")
    if parts.whole and (parts.count or 0) > min(limit, LARGEST_LINE) and _opposed(parts):
        return _constant_sum(parts)
    found = kernel.front(parts.values, *_labels(parts), limit=limit)
    if found.status == kernel.Status.DONE:
        return _front(parts, found, found.points.shape[0], "sum of stages")
    return _thinned(parts, limit)


def _labels(parts: Stages) -> tuple[Any, Any, Any]:
    """Counts, levels and file positions of the options, where they say more than the kernel assumes."""
    if parts.plain:
        return None, None, None
    return None if parts.whole else parts.counts, parts.digits, parts.positions


def _front(parts: Stages, found: kernel.Front, count: int | None, method: str) -> ParetoFront:
    order = np.lexsort(-found.points.T[::-1])
    levels = parts.levels(found.choices[order])
    exact = found.bound == 0.0
    return ParetoFront(
        levels, found.points[order], found.counts[order], count, None, exact, found.bound, method,
        alone=found.alone,
    )  # fmt: skip


def _opposed(parts: Stages) -> bool:
    """Whether whatever one gains others lose at fixed rates, and somebody gains by something."""
    return any(np.ptp(v, axis=0).any() for v in parts.values) and constant_sum(parts.values) is not None


def _constant_sum(parts: Stages) -> ParetoFront:
    """Every outcome is on the front: counted, not listed; each party's best outcome stands for it."""
    best = {tuple(int(np.argmax(v[:, p])) for v in parts.values) for p in range(parts.space.n_parties)}
    choices = np.array(sorted(best))
    points = np.array([sum(v[c] for v, c in zip(parts.values, row, strict=True)) for row in choices])
    order = np.lexsort(-points.T[::-1])
    alike = [[int(np.isclose(v, v[c], atol=1e-12).all(axis=1).sum()) for v, c in zip(parts.values, row, strict=True)]
             for row in choices[order]]  # fmt: skip
    return ParetoFront(
        parts.levels(choices[order]), points[order], [math.prod(row) for row in alike], count_distinct_sums(parts.values),
        parts.count, True, 0.0, "constant sum: every outcome is on the front",
        most=bound_distinct_sums(parts.values),
    )  # fmt: skip


def _thinned(parts: Stages, limit: int) -> ParetoFront:
    """An epsilon-front, as fine as the limit allows."""
    widths = np.sum([np.ptp(values, axis=0) for values in parts.values], axis=0)
    error = float(widths.max()) * 1e-3
    while error <= COARSEST * float(widths.max()):
        found = kernel.front(
            parts.values,
            *_labels(parts),
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


def listed(space: Space, found: Listing) -> ParetoFront:
    """The front that going through all outcomes found."""
    numbers, exact = found.front.numbers, found.bound == 0.0
    points = found.front.points if exact else utilities_at(space, numbers)
    order = np.lexsort(-points.T[::-1])
    return ParetoFront(
        positions(space, numbers[order]),
        points[order],
        found.front.counts[order],
        len(points) if exact else None,
        None,
        exact,
        found.bound,
        "listing every outcome" if exact else "epsilon-front: every outcome listed, on a grid",
    )


def _empty(space: Space, why: str) -> ParetoFront:
    nothing = np.zeros((0, len(space.sizes)), dtype=np.int64)
    return ParetoFront(nothing, np.zeros((0, space.n_parties)), [], 0, None, True, 0.0, why)
