"""All outcomes of a space gone through once, in chunks, for what cannot be built issue by issue.

One pass gives the front, the ends of every party's scale, and the zone of agreement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from detente.errors import CostError
from detente.kernels.front import Listed, Status, Stream
from detente.space import SNAP, Space
from detente.space.blocks import CELLS
from detente.space.tables import Array

Levels = tuple[tuple[bool, ...], ...]
"""[issue][level]: whether a level occurs."""
COARSEST = 0.05
"""The largest error of a thinned front, as a share of the widest range of utilities."""


@dataclass(frozen=True, eq=False)
class Listing:
    """What one pass over the outcomes finds.

    ``front``: its points, with outcome numbers; ``bound``: how far above its nearest point here a true one may
    lie (0: exact); ``ranges`` (2, n_parties): least and greatest utilities of possible outcomes; ``count`` of
    rational outcomes, the ``levels`` in them, and whether anyone strictly ``gains`` in one.
    """

    front: Listed
    bound: float
    ranges: Array
    count: int
    levels: Levels
    gains: bool


def go_through(space: Space, reservation: Array, limit: int) -> Listing:
    """Goes through all outcomes; the front keeps up to ``limit`` points and is thinned out beyond.

    ``reservation`` (n_parties,). About 20 ns an outcome for two parties. Raises `CostError` where even the
    thinned front is too large.
    """
    stream, seen = Stream(space.n_parties, limit=limit), Seen(space)
    low, high = np.full(space.n_parties, np.inf), np.full(space.n_parties, -np.inf)
    floor, gains = reservation - SNAP, False
    for start, numbers, utilities in _chunks(space):
        low, high = np.minimum(low, utilities.min(axis=1)), np.maximum(high, utilities.max(axis=1))
        good = _at_least(utilities, floor)
        gains = gains or bool((utilities[:, good] > (reservation + SNAP)[:, None]).any())
        seen.note(start, good, numbers)
        stream.add(utilities.T, start if numbers is None else numbers)
    found, bound = stream.finish(), 0.0
    if found.status == Status.LIMIT:
        found, bound = _thinned(space, limit, float(np.max(high - low)))
    return Listing(found, bound, np.array([low, high]), seen.count, seen.levels(), gains)


def zone(space: Space, reservation: Array) -> tuple[int, Levels]:
    """The number of rational outcomes, and the levels in them."""
    seen, floor = Seen(space), reservation - SNAP
    for start, numbers, utilities in _chunks(space):
        seen.note(start, _at_least(utilities, floor), numbers)
    return seen.count, seen.levels()


def _chunks(space: Space) -> Iterator[tuple[int, Array | None, Array]]:
    """First outcome, numbers of the possible ones (None: all), their utilities (n_parties, possible)."""
    for start, stop in space.chunks():
        utilities = space.utilities(start, stop)
        numbers = None
        if space.forbidden:
            possible = np.flatnonzero(space.feasible(start, stop))
            numbers, utilities = possible + start, utilities[:, possible]
        if utilities.shape[1]:
            yield start, numbers, utilities


def _at_least(utilities: Array, floor: Array) -> Array:
    good: Array = utilities[0] >= floor[0]
    for row, least in zip(utilities[1:], floor[1:], strict=True):
        good &= row >= least
    return good


class Seen:
    """Which levels occur in the outcomes noted, and how many these are.

    The last issues, as many as have few combinations together, are noted by their combination, those before
    by theirs: so nothing is divided outcome by outcome.
    """

    def __init__(self, space: Space) -> None:
        self._sizes, self.count = space.sizes, 0
        self._split, self._inner = len(space.sizes), 1
        while self._split and self._inner * space.sizes[self._split - 1] <= CELLS:
            self._split -= 1
            self._inner *= space.sizes[self._split]
        self._inside = np.zeros(self._inner, dtype=bool)
        self._outside = np.zeros(space.size // self._inner, dtype=bool)

    def note(self, start: int, good: Array, numbers: Array | None) -> None:
        """Notes the ``good`` outcomes of a chunk from ``start`` on; ``numbers`` where it does not hold them all."""
        count = int(np.count_nonzero(good))
        self.count += count
        if not count:
            return
        if numbers is None and start % self._inner == 0 and len(good) % self._inner == 0:
            rows = good.reshape(-1, self._inner)
            first = start // self._inner
            self._inside |= rows.any(axis=0)
            self._outside[first : first + len(rows)] |= rows.any(axis=1)
            return
        chosen = np.flatnonzero(good) + start if numbers is None else numbers[good]
        outside, inside = np.divmod(chosen, self._inner)
        self._inside[inside] = True
        self._outside[outside] = True

    def levels(self) -> Levels:
        """The levels that occur."""
        outside = _levels_in(self._outside, self._sizes[: self._split])
        return (*outside, *_levels_in(self._inside, self._sizes[self._split :]))


def _levels_in(marks: Array, sizes: Sequence[int]) -> list[tuple[bool, ...]]:
    """Which levels occur in the joint levels that are marked (prod(sizes),), the last issue fastest."""
    rows = np.flatnonzero(marks)
    found = []
    for size in reversed(sizes):
        there = np.zeros(size, dtype=bool)
        there[rows % size] = True
        rows = rows // size
        found.append(tuple(map(bool, there)))
    return found[::-1]


def _thinned(space: Space, limit: int, width: float) -> tuple[Listed, float]:
    """The front with one point in each cell of a grid, as fine as the limit allows, and the width of a cell."""
    grid = width * 1e-3
    while grid <= COARSEST * width:
        stream = Stream(space.n_parties, limit=limit)
        for start, numbers, utilities in _chunks(space):
            stream.add(np.floor(utilities / grid).T, start if numbers is None else numbers)
        found = stream.finish()
        if found.status == Status.DONE:
            return found, grid
        grid *= 3.0
    raise CostError(
        "the Pareto front is too large to keep, even when thinned out",
        f"more than {limit:,} points of {space.size:,} outcomes",
        "raise `--limit`",
    )


def positions(space: Space, numbers: Array) -> Array:
    """Level positions of outcomes by number: (F,) to (F, issues)."""
    out = np.empty((len(numbers), len(space.sizes)), dtype=np.int64)
    for column, (stride, size) in enumerate(zip(space.strides, space.sizes, strict=True)):
        out[:, column] = numbers // stride % size
    return out


def utilities_at(space: Space, numbers: Array) -> Array:
    """Utilities of outcomes by number: (F,) to (F, n_parties)."""
    levels = positions(space, numbers)
    out = np.zeros((len(numbers), space.n_parties))
    for p, factors in enumerate(space.factors):
        if factors is None:
            out[:, p] = -space.ranks(p)[numbers]
        for factor in factors or ():
            out[:, p] += factor.table[tuple(levels[:, i] for i in factor.issues)]
    return out


def possible(space: Space) -> tuple[Array, Array]:
    """Numbers (N,) and utilities (N, n_parties) of all possible outcomes of a small space."""
    utilities = space.utilities()
    if not space.forbidden:
        return np.arange(space.size), utilities.T
    numbers = np.flatnonzero(space.feasible())
    return numbers, utilities[:, numbers].T
