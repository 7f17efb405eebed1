"""The table in plain Python: alternating offers between any bargainers, and the strategies of detente as one of them.

This engine runs what the compiled loops cannot: a user's own strategies, negotiators of other tools, and spaces that
are too large to list. For the strategies of detente both make the same moves, offer by offer, for the same stream.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from detente.analysis.table.parts import Strategy
from detente.kernels import table as kernel

Outcome = Hashable
"""An outcome as the engine handles it: a number, or a tuple where outcomes are too many to number."""


class Bargainer(Protocol):
    """Someone at the table. All calls of a turn come in this order: `plan`, `accepts` if there is an offer, `proposed`."""

    def plan(self, round: int) -> Outcome | None:
        """What it would offer now; None for walking out."""

    def accepts(self, round: int, offer: Any) -> bool:
        """Whether it takes the standing offer."""

    def proposed(self, outcome: Any) -> None:
        """Its offer is on the table."""

    def hears(self, round: int, offer: Any, by: int) -> None:
        """Another's offer is on the table."""


@dataclass(frozen=True)
class Turn:
    """What happened in a turn: an offer, the acceptance of the standing one, or (outcome None) a walk-out."""

    round: int
    party: int
    taken: bool
    outcome: Any


@dataclass(frozen=True)
class Talks:
    """How one negotiation went: how it ended (codes of the kernel), the outcome, the round, who proposed (or left)."""

    end: int
    outcome: Any
    round: int
    by: int
    turns: tuple[Turn, ...] = field(repr=False)


def alternating(
    bargainers: Sequence[Bargainer], risk: Sequence[float], opener: int, uniform: Callable[[], float]
) -> Talks:
    """Stacked alternating offers (Aydogan et al. 2017): in turn, each takes the standing offer or makes its own.

    An offer that all others take in a row is the deal. ``risk`` has a chance of breakdown for the end of each round;
    its length is the number of rounds.
    """
    n, turns = len(bargainers), list[Turn]()
    offer: Any = None
    by, agreed = -1, 0
    for r, chance in enumerate(risk):
        for k in range(n):
            i = (opener + k) % n
            planned = bargainers[i].plan(r)
            taken = offer is not None and bargainers[i].accepts(r, offer)
            if taken:
                agreed += 1
            elif planned is not None:
                offer, by, agreed = planned, i, 0
                bargainers[i].proposed(offer)
                for j, other in enumerate(bargainers):
                    if j != i:
                        other.hears(r, offer, i)
            turns.append(Turn(r, i, taken, offer if taken else planned))
            if not taken and planned is None:
                return Talks(kernel.WALKED, None, r, i, tuple(turns))
            if agreed == n - 1:
                return Talks(kernel.DEAL, offer, r, by, tuple(turns))
        if chance > 0 and uniform() < chance:
            return Talks(kernel.BROKEN, None, r, -1, tuple(turns))
    return Talks(kernel.DEADLINE, None, len(risk) - 1, -1, tuple(turns))


class Book(Protocol):
    """A party's list of outcomes, from the best to the worst; those no worse than no deal come first."""

    low: float
    high: float
    least: float

    @property
    def size(self) -> int:
        """How many outcomes there are."""

    @property
    def worst(self) -> float | None:
        """Utility of the last outcome that is no worse than no deal; None if there is none."""

    def utility(self, outcome: Any) -> float:
        """Utility of an outcome."""

    def at(self, position: int) -> Any:
        """The outcome at a position."""

    def rational(self, most: int) -> int:
        """How many outcomes are no worse than no deal, counted up to ``most``."""

    def above(self, aim: float) -> Any:
        """The last outcome, of those no worse than no deal, that is worth at least an aim; the best if none is."""

    def band(self, aim: float, width: float) -> list[Any]:
        """The outcomes from `above` up the list that are worth at most ``width`` more than it."""

    def levels(self, outcome: Any) -> Sequence[int]:
        """The level of each issue in an outcome."""


class Listed:
    """A book whose outcomes are all listed: those of one party in one draw of a game."""

    def __init__(self, game: kernel.Game, draw: int, party: int) -> None:
        self._u = game.u[draw, party].tolist()
        self._us = game.us[draw, party].tolist()
        self._order = game.order[draw, party].tolist()
        self._limit = int(game.limit[draw, party])
        self._down = [-u for u in self._us[: self._limit]]
        self._levels = game.levels
        self.low = float(game.low[draw, party])
        self.high = float(game.high[draw, party])
        self.least = float(game.least[draw, party])

    @property
    def size(self) -> int:
        return len(self._u)

    @property
    def worst(self) -> float | None:
        return self._us[self._limit - 1] if self._limit else None

    def utility(self, outcome: int) -> float:
        return float(self._u[outcome])

    def at(self, position: int) -> int:
        return int(self._order[position])

    def rational(self, most: int) -> int:
        return min(most, self._limit)

    def _position(self, aim: float) -> int:
        return max(bisect_right(self._down, -aim) - 1, 0)

    def above(self, aim: float) -> int:
        return self.at(self._position(aim))

    def band(self, aim: float, width: float) -> list[int]:
        at = self._position(aim)
        start = at
        while start > 0 and self._us[start - 1] <= self._us[at] + width:
            start -= 1
        found: list[int] = self._order[start : at + 1]
        return found[::-1]

    def levels(self, outcome: int) -> Sequence[int]:
        found: list[int] = self._levels[outcome].tolist()
        return found


class Plain:
    """A strategy of detente at the table, written from the definitions of its parts.

    ``times`` of the rounds and ``conceded``, the strategy's curve; ``sizes`` of the issues; ``uniform`` the stream that
    all parties of a negotiation share.
    """

    def __init__(
        self, strategy: Strategy, book: Book, times: Sequence[float], conceded: Sequence[float],
        sizes: Sequence[int], parties: int, uniform: Callable[[], float],
    ) -> None:  # fmt: skip
        self.strategy, self.book, self.times, self.conceded = strategy, book, times, conceded
        self.parties, self.uniform = parties, uniform
        self.span = book.high - book.low
        self.aim = self.next_aim = book.high
        self.heard: list[float] = []
        self.offers: list[Any] = []
        self.distinct: set[Any] = set()
        self.mine: list[float] = []
        self.sent = 0
        self.best: Any = None
        self.best_before = self.best_heard = -math.inf
        self.planned: Any = None
        self.model = models(strategy.model, sizes, book)

    # offering -----------------------------------------------------------------------------------

    def plan(self, round: int) -> Any:
        """What it would offer now."""
        self.planned = self._plan(round)
        return self.planned

    def _plan(self, r: int) -> Any:
        book, offering, turns = self.book, self.strategy.offering, len(self.mine)
        if offering.kind == "waste":
            wasted = book.size - book.rational(book.size)
            if turns < wasted:
                return book.at(book.size - 1 - turns)
            turns -= wasted
        if book.worst is None:
            return None
        leave = self.strategy.leave
        if leave is not None and self.times[r] >= leave and (not self.heard or max(self.heard) < book.worst):
            return None
        if offering.kind == "micro":
            if self._concedes():
                return book.at(self.sent)
            return book.at(int(self.uniform() * self.sent))
        if offering.kind == "random":
            return book.at(int(self.uniform() * book.rational(book.size)))
        if offering.kind == "top":
            count = max(1, math.ceil(offering.amount * book.size))
            return book.at(int(self.uniform() * book.rational(count)))
        if offering.kind in ("steps", "waste"):
            return book.at(book.rational(turns + 1) - 1)
        self.next_aim = self._aim(r)
        return self._pick(self.next_aim)

    def _concedes(self) -> bool:
        return self.sent <= len(self.distinct) and self.sent < self.book.rational(self.sent + 1)

    def _aim(self, r: int) -> float:
        kind, high = self.strategy.offering.kind, self.book.high
        timed = high - self.conceded[r] * self.span
        if kind == "time":
            return timed
        if kind == "nice":
            aim = self._nice()
        elif kind == "hybrid":
            aim = self._hybrid(timed, self.times[r])
        else:
            aim = self._reciprocal(kind)
        return min(max(aim, self.book.low), high)

    def _nice(self) -> float:
        if not self.heard:
            return self.book.high
        best, nash = -1.0, self.book.utility(self.book.at(0))
        for k in range(self.book.rational(self.book.size)):
            outcome = self.book.at(k)
            u = self.book.utility(outcome)
            product = (u - self.book.low) * self.model.value(self.book.levels(outcome))
            if product > best:
                best, nash = product, u
        first, top = self.heard[0], max(self.heard)
        share = (top - first) / (nash - first) if nash > first else 1.0
        return self.book.high - min(share, 1.0) * (self.book.high - nash)

    def _hybrid(self, timed: float, t: float) -> float:
        if len(self.heard) <= 2:
            return timed
        window = min(len(self.heard) - 1, 4)
        recent = self.heard[-window - 1 :]
        delta = 0.0
        for k in range(window):
            delta += float(kernel.WINDOW[window - 1, k]) * (recent[k + 1] - recent[k])
        behaviour = self.mine[-1] - (0.5 + 0.5 * t) * delta if self.mine else -(0.5 + 0.5 * t) * delta
        return (1.0 - t * t) * behaviour + t * t * timed

    def _reciprocal(self, kind: str) -> float:
        offering, heard = self.strategy.offering, self.heard
        if kind == "naive":
            if not heard:
                return self.book.high
            given = max(heard) - heard[0]
            return self.book.high - given - offering.amount * self.span * len(self.mine)
        back, last = int(offering.amount), len(heard) - 1
        if kind == "averaged":
            back = min(back, last)
            before, after = last - back, last
        else:
            before, after = last - back, last + 1 - back
        if before < 0 or back < 1:
            return self.aim
        change = heard[after] - heard[before]
        if kind == "absolute":
            aim = self.aim - change
            if offering.noise > 0:
                aim += (2.0 * self.uniform() - 1.0) * offering.noise * self.span
            return aim
        earlier, later = self._scaled(heard[before]), self._scaled(heard[after])
        if earlier <= 0 or later <= 0:
            return self.aim - change
        return self.book.least + (self.book.high - self.book.least) * self._scaled(self.aim) * earlier / later

    def _scaled(self, x: float) -> float:
        span = self.book.high - self.book.least
        return (x - self.book.least) / span if span > 0 else 1.0

    def _pick(self, aim: float) -> Any:
        offering = self.strategy.offering
        if offering.pick == "last" or (offering.pick != "any" and not self.heard):
            return self.book.above(aim)
        band = self.book.band(aim, offering.width * self.span)
        if offering.pick == "any":
            return band[len(band) - 1 - int(self.uniform() * len(band))]
        anchor = {"last": -1, "first": 0}.get(offering.anchor)
        near = self.best if anchor is None else self.offers[anchor]
        best, found = -1.0, band[0]
        for outcome in band:
            levels = self.book.levels(outcome)
            if offering.pick == "model":
                here = self.model.value(levels)
            else:
                here = alikeness(levels, self.book.levels(near), self.model.sizes)
            if here > best + 1e-12:
                best, found = here, outcome
        return found

    def proposed(self, outcome: Any) -> None:
        """Its offer is on the table."""
        self.aim = self.next_aim
        self.mine.append(self.book.utility(outcome))
        if self.strategy.offering.kind == "micro" and outcome == self._next():
            self.sent += 1

    def _next(self) -> Any:
        return self.book.at(self.sent) if self.sent < self.book.rational(self.sent + 1) else None

    # accepting ----------------------------------------------------------------------------------

    def accepts(self, round: int, offer: Any) -> bool:
        """Whether it takes the standing offer: never below its reservation value."""
        book, rule, x = self.book, self.strategy.acceptance, self.book.utility(offer)
        if rule.kind == "never" or book.worst is None or x < book.worst:
            return False
        if rule.kind == "constant":
            return x >= book.low + rule.level * self.span - kernel.EPSILON
        if rule.kind == "time":
            return self.times[round] >= rule.when
        if rule.kind == "best":
            return x >= max(self.heard)
        if rule.kind == "better":
            return x > self.best_before
        if rule.kind == "micro":
            return x >= book.utility(book.at(self.sent if self._concedes() else self.sent - 1))
        if rule.kind == "previous":
            return bool(self.mine) and x >= self.mine[-1]
        if rule.kind == "target":
            return x >= self.next_aim - kernel.EPSILON
        if rule.kind in ("next", "combined"):
            mine = book.utility(self.planned) if self.planned is not None else book.high
            if rule.alpha * (x - book.low) + rule.beta * self.span >= mine - book.low:
                return True
            return rule.kind == "combined" and self._late(round, x)
        return True

    def _late(self, round: int, x: float) -> bool:
        if self.times[round] < self.strategy.acceptance.when:
            return False
        window = (len(self.times) - round) * (self.parties - 1)
        return x >= max(self.heard[-window:])

    def hears(self, round: int, offer: Any, by: int) -> None:
        """Another's offer is on the table."""
        x = self.book.utility(offer)
        self.best_before = self.best_heard
        if x > self.best_heard:
            self.best, self.best_heard = offer, x
        self.heard.append(x)
        self.offers.append(offer)
        self.distinct.add(offer)
        if self.strategy.model != "none":
            self.model.hears(self.book.levels(offer), by, self.times[round])


def alikeness(one: Sequence[int], other: Sequence[int], sizes: Sequence[int]) -> float:
    """How alike two outcomes are: the sum over issues of 1 minus the share of levels between them."""
    total = 0.0
    for a, b, size in zip(one, other, sizes, strict=True):
        total += 1.0 - abs(a - b) / (size - 1.0) if size > 1 else 1.0
    return total


class NoModel:
    """No idea of the others."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = sizes

    def hears(self, levels: Sequence[int], by: int, t: float) -> None:
        """An offer of another."""

    def value(self, levels: Sequence[int]) -> float:
        """What an outcome is worth to the others, on a scale of the model."""
        return 0.0


class Frequency(NoModel):
    """Levels that the others ask for often are worth more to them; so are issues on which they insist.

    ``learns``: weights grow by a tenth whenever a party repeats a level (the HardHeaded agent's); without, an issue
    weighs as its most frequent level (the Smith agent's).
    """

    def __init__(self, sizes: Sequence[int], learns: bool) -> None:
        super().__init__(sizes)
        self.learns = learns
        self.counts: list[dict[int, float]] = [defaultdict(float) for _ in sizes]
        self.weights = [1.0] * len(sizes)
        self.before: dict[int, Sequence[int]] = {}

    def hears(self, levels: Sequence[int], by: int, t: float) -> None:
        for q, level in enumerate(levels):
            self.counts[q][level] += 1.0
            if by in self.before and self.before[by][q] == level:
                self.weights[q] += 0.1
        self.before[by] = levels

    def value(self, levels: Sequence[int]) -> float:
        total = 0.0
        for q, level in enumerate(levels):
            count = self.counts[q].get(level, 0.0)
            if not self.learns:
                total += count
            elif self.counts[q]:
                total += self.weights[q] * count / max(self.counts[q].values())
        return total


class Bayes(NoModel):
    """Hypotheses on each issue's peak and weight, weighed by how well they explain the offers.

    The others are expected to ask for less as time passes (`kernel.CAP`, give or take `kernel.SIGMA`); issues are
    judged one at a time, the others at their expectation (the scalable form of Hindriks and Tykhonov 2008).
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__(sizes)
        self.peaks = [_peaks(size) for size in sizes]
        self.chance = [
            [[1.0 / (len(peaks) * kernel.WEIGHTS)] * kernel.WEIGHTS for _ in peaks] for peaks in self.peaks
        ]
        self._expect()

    def _expect(self) -> None:
        self.heavy, self.worth = [], []
        for chance, peaks, size in zip(self.chance, self.peaks, self.sizes, strict=True):
            heavy, worth = 0.0, [0.0] * size
            for row, peak in zip(chance, peaks, strict=True):
                weight = 0.0
                for w, p in enumerate(row):
                    weight += p * (w + 1.0) / kernel.WEIGHTS
                heavy += weight
                for level in range(size):
                    worth[level] += weight * _triangle(level, peak, size)
            self.heavy.append(heavy)
            self.worth.append(worth)

    def hears(self, levels: Sequence[int], by: int, t: float) -> None:
        total = 0.0
        for q, level in enumerate(levels):
            total += self.worth[q][level]
        heavy = 0.0
        for weight in self.heavy:
            heavy += weight
        for q, level in enumerate(levels):
            rest, others = total - self.worth[q][level], heavy - self.heavy[q]
            norm = 0.0
            for row, peak in zip(self.chance[q], self.peaks[q], strict=True):
                v = _triangle(level, peak, self.sizes[q])
                for w in range(kernel.WEIGHTS):
                    weight = (w + 1.0) / kernel.WEIGHTS
                    miss = (weight * v + rest) / (weight + others) - (1.0 - kernel.CAP * t)
                    row[w] *= math.exp(-miss * miss / (2.0 * kernel.SIGMA * kernel.SIGMA))
                    norm += row[w]
            for row in self.chance[q]:
                for w in range(kernel.WEIGHTS):
                    row[w] /= norm
        self._expect()

    def value(self, levels: Sequence[int]) -> float:
        total = 0.0
        for q, level in enumerate(levels):
            total += self.worth[q][level]
        return total


def _peaks(size: int) -> list[int]:
    count = min(size, kernel.PEAKS)
    return [h * (size - 1) // max(count - 1, 1) for h in range(count)]


def _triangle(level: int, peak: int, size: int) -> float:
    return 1.0 - abs(level - peak) / max(peak, size - 1 - peak, 1)


def models(name: str, sizes: Sequence[int], book: Book) -> NoModel:
    """A model of the others by name."""
    if name == "none":
        return NoModel(sizes)
    return Bayes(sizes) if name == "bayes" else Frequency(sizes, name == "hardheaded")
