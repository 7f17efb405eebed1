"""A party's list of outcomes where these are too many to list: sums over independent stages.

The stages (single issues, or issues that conditions tie together) are divided into two *halves*, whose sums are sorted,
and a *rest*, where the halves would become too large. An outcome worth at least an aim is found by trying some sums of
the first half and looking up what is missing in the second; stages of the rest stand as far up their own range as the
aim is up the whole. How far the outcome found lies above the aim is known, and bounds the distance to the nearest one.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import numpy as np

from detente.analysis.agreement.stages import Stages
from detente.errors import NeedsError
from detente.space import SNAP
from detente.space.tables import Array

HALF = 1 << 20
"""Sums that a half may have."""
PROBES = 64
"""Sums of the first half that are tried for each aim."""
MOST_LISTED = 100_000
"""Outcomes that are listed one by one, for strategies that go down their list."""
Choice = tuple[int, ...]


class Half:
    """Some stages whose sums are all known: sorted, with the option of each stage for each sum."""

    def __init__(self, values: Sequence[Array], stages: Sequence[int]) -> None:
        self.stages = tuple(stages)
        self.sizes = tuple(len(values[s]) for s in self.stages)
        sums = np.zeros(1)
        for s in self.stages:
            sums = (sums[:, None] + values[s][None, :]).reshape(-1)
        self.order = np.argsort(sums, kind="stable")
        self.sums = sums[self.order]

    def options(self, position: int) -> dict[int, int]:
        """The option of each stage at a position of the sorted sums."""
        found = np.unravel_index(int(self.order[position]), self.sizes) if self.sizes else ()
        return {stage: int(option) for stage, option in zip(self.stages, found, strict=True)}


class Sums:
    """The list of one party over stages; outcomes are tuples of the option of each stage.

    ``bound``: the furthest that an outcome found by `above` has lain above its aim.
    """

    def __init__(self, stages: Stages, party: int, reservation: float) -> None:
        self.stages, self.party = stages, party
        self.values = [np.asarray(part[:, party], dtype=float) for part in stages.values]
        self.high = sum(float(v.max()) for v in self.values)
        self.least = sum(float(v.min()) for v in self.values)
        self.low = max(reservation, self.least)
        self._rational = self.high >= reservation - SNAP
        self.bound = 0.0
        first, second, self.rest = _divide(
            [len(v) for v in self.values], [float(np.ptp(v)) for v in self.values]
        )
        self.first, self.second = Half(self.values, first), Half(self.values, second)
        self._ranked = [np.sort(self.values[s]) for s in self.rest]
        self._found: dict[float, Choice] = {}
        self._worth: dict[Choice, float] = {}
        self._listed: list[Choice] = []
        self._queue: list[tuple[float, tuple[int, ...]]] = []
        self._seen: set[tuple[int, ...]] = set()

    @property
    def size(self) -> int:
        return math.prod(len(v) for v in self.values)

    @property
    def worst(self) -> float | None:
        return self.low - SNAP if self._rational else None

    def utility(self, outcome: Choice) -> float:
        if outcome not in self._worth:
            self._worth[outcome] = sum(float(v[o]) for v, o in zip(self.values, outcome, strict=True))
        return self._worth[outcome]

    def levels(self, outcome: Choice) -> Sequence[int]:
        found: list[int] = self.stages.levels(np.array([outcome]))[0].tolist()
        return found

    # nearest to an aim --------------------------------------------------------------------------

    def above(self, aim: float) -> Choice:
        """An outcome worth at least an aim and little more (the best one, where none is): see `bound`."""
        if aim not in self._found:
            outcome = self.nearest(aim)[0]
            self.bound = max(self.bound, self.utility(outcome) - aim)
            self._found[aim] = outcome
        return self._found[aim]

    def nearest(self, aim: float, exact: bool = False) -> tuple[Choice, float]:
        """An outcome worth at least an aim, and by how much at most one may be nearer to it.

        ``exact`` tries every sum of the first half: the bound is then 0 where the halves hold all stages. Cost:
        logarithmic in the number of outcomes; exact, of the order of the root of their number.
        """
        fixed = self._rest(aim)
        missing = aim - sum(float(self.values[s][o]) for s, o in fixed.items())
        a, b = self.first.sums, self.second.sums
        lowest = int(np.searchsorted(a, missing - b[-1] - SNAP))
        if lowest >= len(a):
            lowest = len(a) - 1
        tries = np.arange(lowest, len(a))
        if not exact and len(tries) > PROBES:
            tries = np.unique(np.linspace(lowest, len(a) - 1, PROBES).astype(np.int64))
        at = np.minimum(np.searchsorted(b, missing - a[tries] - SNAP), len(b) - 1)
        over = a[tries] + b[at] - missing
        over = np.where(over < -SNAP, np.inf, over)
        best = int(over.argmin())
        options = {**fixed, **self.first.options(int(tries[best])), **self.second.options(int(at[best]))}
        outcome = tuple(options[s] for s in range(len(self.values)))
        everything = exact and not self.rest
        return outcome, 0.0 if everything else max(0.0, self.utility(outcome) - aim)

    def _rest(self, aim: float) -> dict[int, int]:
        """The options of the stages outside the halves: as far up their range as the aim is up the whole."""
        if not self.rest:
            return {}
        share = (aim - self.least) / (self.high - self.least) if self.high > self.least else 1.0
        room = aim - float(self.first.sums[-1] + self.second.sums[-1])
        fixed, total = {}, 0.0
        for s, ranked in zip(self.rest, self._ranked, strict=True):
            wanted = float(ranked[0] + share * (ranked[-1] - ranked[0]))
            value = float(ranked[min(int(np.searchsorted(ranked, wanted)), len(ranked) - 1)])
            fixed[s], total = int(np.flatnonzero(self.values[s] == value)[0]), total + value
        for s in self.rest:
            if total >= room:
                break
            total += float(self.values[s].max() - self.values[s][fixed[s]])
            fixed[s] = int(self.values[s].argmax())
        return fixed

    def band(self, aim: float, width: float) -> list[Choice]:
        """Up to `PROBES` outcomes worth at least an aim and at most ``width`` more than the first of them."""
        start = self.above(aim)
        least = self.utility(start)
        found = {start: None}
        for step in np.linspace(least, min(least + width, self.high), PROBES)[1:]:
            outcome = self.above(float(step))
            if self.utility(outcome) <= least + width:
                found[outcome] = None
        return list(found)

    # one by one ---------------------------------------------------------------------------------

    def at(self, position: int) -> Choice:
        """The outcome at a position, listing the ones before it."""
        while len(self._listed) <= position:
            self._list()
        return self._listed[position]

    def rational(self, most: int) -> int:
        """How many outcomes are no worse than no deal, up to ``most``."""
        if most > MOST_LISTED:
            raise NeedsError(
                f"a strategy that counts or draws from all outcomes needs them listed; there are {self.size:,}"
            )
        if self.worst is None:
            return 0
        count = min(most, self.size)
        while count and self.utility(self.at(count - 1)) < self.worst:
            count -= 1
        return count

    def _list(self) -> None:
        """Lists the next outcome, best first: a heap over how far down each stage's options it goes."""
        if not self._seen:
            self._down = [np.argsort(-v, kind="stable") for v in self.values]
            start = (0,) * len(self.values)
            self._queue, self._seen = [(-self.high, start)], {start}
        worth, ranks = heapq.heappop(self._queue)
        self._listed.append(tuple(int(down[r]) for down, r in zip(self._down, ranks, strict=True)))
        for s, r in enumerate(ranks):
            new = (*ranks[:s], r + 1, *ranks[s + 1 :])
            if r + 1 < len(self.values[s]) and new not in self._seen:
                self._seen.add(new)
                loss = float(self.values[s][self._down[s][r]] - self.values[s][self._down[s][r + 1]])
                heapq.heappush(self._queue, (worth + loss, new))


def _divide(sizes: Sequence[int], spans: Sequence[float]) -> tuple[list[int], list[int], list[int]]:
    """Stages into two halves of up to `HALF` sums each, those of the largest span first, and the rest."""
    halves: tuple[list[int], list[int]] = ([], [])
    counts = [1, 1]
    rest = []
    for s in sorted(range(len(sizes)), key=lambda s: (-spans[s], s)):
        k = 0 if counts[0] <= counts[1] else 1
        if counts[k] * sizes[s] > HALF:
            k = 1 - k
        if counts[k] * sizes[s] > HALF:
            rest.append(s)
            continue
        halves[k].append(s)
        counts[k] *= sizes[s]
    return halves[0], halves[1], sorted(rest)
