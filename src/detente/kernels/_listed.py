"""The exact Pareto front of an explicit list of points, a chunk at a time.

Points are snapped and compared as in `front`. Nearly all points of a large list are beaten by a point already
kept; a cheap test finds them without sorting, and only what passes it is sorted together with the kept ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente.kernels._beaten import SNAP, Floats, Ints, States, Status, group, joined, shortlist, snap

STEP = 1 << 15  # points tested at a time
BUCKETS = 1 << 12  # of the test, at least; two for each point kept, up to
MOST_BUCKETS = 1 << 20
FEW = 20_000  # points up to which nothing compiled is imported
FINEST = 1e-6  # the narrowest range worth cutting
CLEAR = 2 * SNAP  # higher by this is another bin, whatever the rounding
Test = Callable[[Floats], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Listed:
    """The front of a list of points, by snapped utility descending, first coordinate first.

    ``points`` (F, k); ``numbers`` (F,) the lowest number of those that share a point; ``counts`` (F,) how many
    share it; ``status``; ``largest`` the most points kept at any time.
    """

    points: Floats
    numbers: Ints
    counts: Ints
    status: Status
    largest: int


def pareto(points: ArrayLike, *, limit: int = 10_000_000) -> Listed:
    """The rows of ``points`` (N, k) that no other dominates, higher is better; ``numbers`` are row numbers.

    ``limit`` bounds the points kept; beyond it the status is LIMIT and the front empty. Cost: a few nanoseconds a
    point and O(F log F) for a front of F points, more above two parties. Numpy only up to 20,000 points or two
    parties.
    """
    points = np.asarray(points, dtype=np.float64)
    stream = Stream(points.shape[1], limit=limit)
    stream.add(points, 0)
    return stream.finish()


class Stream:
    """The front of points that come in chunks, in any order: ``add`` each chunk, then ``finish``."""

    def __init__(self, k: int, *, limit: int = 10_000_000) -> None:
        self._limit = limit
        self._kept = States(np.empty((k, 0)), np.empty((1, 0), dtype=np.int64), np.empty(0, dtype=np.int64))
        self._waiting: list[States] = []
        self._n_waiting = self._seen = self._largest = 0
        self._status = Status.DONE
        self._may_pass: Test | None = None

    def add(self, points: Floats, numbers: int | Ints) -> None:
        """Takes in ``points`` (N, k): numbered from ``numbers`` on, or by ``numbers`` (N,), each number once."""
        u = points.T
        for at in range(0, u.shape[1], STEP):
            if self._status == Status.LIMIT:
                return
            block = u[:, at : at + STEP]
            rows = np.arange(block.shape[1]) if self._may_pass is None else self._may_pass(block)
            names = rows + (at + numbers) if isinstance(numbers, int) else numbers[at + rows]
            self._waiting.append(States(block.take(rows, axis=1), names[None, :], np.ones_like(names)))
            self._n_waiting += len(rows)
            self._seen += block.shape[1]
            if self._n_waiting >= max(STEP, len(self._kept)):
                self._settle()

    def finish(self) -> Listed:
        """The front of all points added."""
        self._settle()
        done = self._status == Status.DONE
        kept = self._kept if done else self._kept.take(np.arange(0))
        points = np.ascontiguousarray(kept.u.T)
        return Listed(points, kept.words[0], kept.counts, self._status, self._largest)

    def _settle(self) -> None:
        """Merges the waiting points into those kept, and makes the test for the points to come."""
        if not self._n_waiting:
            return
        states = joined([self._kept, *self._waiting])
        self._waiting, self._n_waiting = [], 0
        compiled = self._seen > FEW
        rows, _ = shortlist(snap(states.u), 1.0, compiled)
        states = states.take(rows)
        rows, counts = group(snap(states.u), states, 1.0, compiled)
        self._kept = States(states.u.take(rows, axis=1), states.words.take(rows, axis=1), counts)
        self._largest = max(self._largest, len(rows))
        self._status = Status.LIMIT if len(rows) > self._limit else Status.DONE
        self._may_pass = _staircase(self._kept.u) if len(states.u) == 2 else _pivots(self._kept.u)


def _staircase(front: Floats) -> Test:
    """A test of points (2, n) against a front (2, F): the columns it does not surely beat."""
    first, second = _table(front), _table(front[::-1])

    def may_pass(block: Floats) -> NDArray[np.intp]:
        rows = np.flatnonzero(first(block[0]) < block[1])
        return rows[second(block[1, rows]) < block[0, rows]]

    return may_pass


def _table(front: Floats) -> Callable[[Floats], Floats]:
    """For values of the first coordinate: the best second coordinate of the points surely higher in the first.

    The first coordinate is cut into buckets; a point counts for the buckets below its own.
    """
    buckets = min(max(BUCKETS, 2 * front.shape[1]), MOST_BUCKETS)
    width = max(float(np.ptp(front[0])), FINEST) / buckets
    low = front[0].min() - CLEAR - 2 * width

    def bucket(x: Floats) -> NDArray[np.intp]:
        return ((x - low) / width).astype(np.intp)

    best = np.full(buckets + 4, -np.inf)
    np.maximum.at(best, np.minimum(bucket(front[0] - CLEAR), buckets + 2), front[1])
    above = np.maximum.accumulate(best[::-1])[-2::-1]  # above[b]: the best of buckets b + 1 and up
    return lambda x: above.take(bucket(x), mode="clip")


def _pivots(front: Floats) -> Test:
    """A test of points (k, n) against a front (k, F): the columns that a few of its points do not surely beat.

    These are the best for equal weights and for three times the weight on one coordinate, or a third.
    """
    k = len(front)
    weights = np.concatenate([np.ones((1, k)), 1 + 2 * np.eye(k), 1 - 2 / 3 * np.eye(k)])
    scaled = front / np.maximum(np.ptp(front, axis=1, keepdims=True), SNAP)
    pivots = front.take(np.unique((weights @ scaled).argmax(axis=1)), axis=1) - CLEAR

    def may_pass(block: Floats) -> NDArray[np.intp]:
        rows = np.arange(block.shape[1])
        for pivot in pivots.T:
            left = block.take(rows, axis=1)
            beaten = left[0] <= pivot[0]
            for x, top in zip(left[1:], pivot[1:], strict=True):
                beaten &= x <= top
            rows = rows[~beaten]
        return rows

    return may_pass
