"""How patient the parties must be: intervals of discount factors, never by blind bisection.

Whether a self-enforcing roadmap exists is not monotone in patience (section 2.7.4): a grid is looked at first, and
each change on it is narrowed down. What falls between two points of the grid is not seen, and the answer
says how fine the grid is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detente.analysis.roadmap.model import MOST_PATIENT
from detente.analysis.roadmap.problem import Order, Problem
from detente.space.tables import Array

SMALL_STATES = 400
"""Up to this many states boundaries are found to ten digits."""
FINE, COARSE = 85, 21
"""Points of the grid up to `SMALL_STATES`, and beyond."""


@dataclass(frozen=True)
class Patience:
    """``least`` the infimum of the factors that work, 0 if all small ones do, None if none; ``intervals`` of them.

    ``points`` on the grid, ``digits`` to which boundaries are known; ``undecided`` counts points without verdict.
    ``answer_time`` the longest time, in periods, that an answer may take at the case's own patience; None if no
    time works or any does (``unbounded``).
    """

    least: float | None
    intervals: tuple[tuple[float, float], ...]
    points: int
    digits: int
    undecided: int = 0
    answer_time: float | None = None
    unbounded: bool = False


def grid(points: int, stated: list[float]) -> list[float]:
    """Factors evenly spaced between 0.02 and 0.98, by their odds towards 0 and 1, and those that the case states."""
    middle = np.linspace(0.02, 0.98, max(11, points * 3 // 5))
    tails = np.concatenate([np.linspace(-6.5, -4.2, points // 10), np.linspace(4.2, 9.0, points // 4)])
    found = [*middle.tolist(), *(1 / (1 + np.exp(-tails))).tolist()]
    return sorted({*found, *(d for d in stated if 0 < d < MOST_PATIENT)})


Works = Callable[[float], bool | None]
Slack = Callable[[float, tuple[int, ...]], float]


@dataclass(eq=False)
class Line:
    """Existence along a line of discount factors. ``slack`` (d, walk) is how far a roadmap is from failing at d."""

    works: Works
    slack: Slack
    hints: list[tuple[int, ...]]
    tolerance: float

    def intervals(self, points: list[float]) -> tuple[list[tuple[float, float]], int]:
        """The intervals on which a roadmap exists, as seen by a grid; and at how many points it was not decided."""
        seen = [self.works(d) for d in points]
        found: list[tuple[float, float]] = []
        begin: float | None = 0.0 if seen[0] else None
        for k in range(1, len(points)):
            if seen[k] and seen[k - 1] and (hole := self._hole(points[k - 1], points[k])) is not None:
                found.append((begin if begin is not None else points[k - 1], hole[0]))
                begin = hole[1]
            if bool(seen[k]) == bool(seen[k - 1]):
                continue
            edge = self._edge(points[k], points[k - 1]) if seen[k] else self._edge(points[k - 1], points[k])
            if seen[k]:
                begin = edge
            else:
                found.append((begin if begin is not None else points[k], edge))
                begin = None
        if begin is not None:
            found.append((begin, 1.0))
        return found, sum(verdict is None for verdict in seen)

    def _hole(self, low: float, high: float) -> tuple[float, float] | None:
        """Where existence stops between two factors that work, if no one roadmap known holds at both."""
        if any(self.slack(low, w) >= 0 and self.slack(high, w) >= 0 for w in self.hints):
            return None
        for walk in [w for w in self.hints if self.slack(low, w) >= 0]:
            fails = self._root(low, high, walk)[1]
            if self.works(fails) is False:
                return self._edge(low, fails), self._edge(high, fails)
        return None

    def _edge(self, good: float, bad: float) -> float:
        """Where existence ends between a factor at which a roadmap exists and one at which none does.

        The roadmap that holds is followed to where it stops; if another holds beyond, that one is.
        """
        while abs(good - bad) > self.tolerance:
            walk = next((w for w in self.hints if self.slack(good, w) >= 0), None)
            if walk is None or self.slack(bad, walk) >= 0:
                middle = (good + bad) / 2
                good, bad = (middle, bad) if self.works(middle) else (good, middle)
                continue
            good, fails = self._root(good, bad, walk)
            beyond = fails + (bad - good) / max(abs(bad - good), 1e-300) * min(
                self.tolerance, abs(bad - fails)
            )
            if not self.works(beyond):
                return (good + fails) / 2
            good = beyond
        return (good + bad) / 2

    def _root(self, good: float, bad: float, walk: tuple[int, ...]) -> tuple[float, float]:
        """A bracket, within the tolerance, of where a roadmap stops holding (Illinois rule, halving every third time)."""
        at_good, at_bad = self.slack(good, walk), self.slack(bad, walk)
        turn, side = 0, 0
        while abs(good - bad) > self.tolerance:
            turn += 1
            share = at_good / (at_good - at_bad) if turn % 3 else 0.5
            x = good + min(max(share, 1e-3), 1 - 1e-3) * (bad - good)
            if x in (good, bad):
                break
            value = self.slack(x, walk)
            if value >= 0:
                good, at_good = x, value
                at_bad, side = (at_bad / 2 if side == 1 else at_bad), 1
            else:
                bad, at_bad = x, value
                at_good, side = (at_good / 2 if side == -1 else at_good), -1
        return good, bad


def patience(problem: Problem, order: Order, hints: list[tuple[int, ...]]) -> Patience:
    """Least common patience, its intervals, and the longest answer time at the case's own patience."""
    model, own = problem.model, problem.terms.delta
    small = model.size <= SMALL_STATES
    tolerance, digits = (1e-11, 10) if small else (1e-6, 6)
    points = grid(FINE if small else COARSE, own.tolist())
    if not problem.any_way(order):
        return Patience(None, (), len(points), digits)

    def line(factors: Callable[[float], Array]) -> tuple[list[tuple[float, float]], int]:
        return Line(
            lambda d: problem.exists(order, factors(d), hints),
            lambda d, walk: problem.course(walk, factors(d), False).slack,
            hints,
            tolerance,
        ).intervals(points)

    spans, undecided = line(lambda d: np.full(model.n, d))
    least = spans[0][0] if spans else None
    same = bool(np.ptp(own) < 1e-15)
    rate = float(np.log(own).mean())
    times = spans if same else line(lambda d: np.minimum(own ** (math.log(d) / rate), MOST_PATIENT))[0]
    unbounded = bool(times) and times[0][0] == 0.0
    longest = math.log(times[0][0]) / rate if times and not unbounded else None
    return Patience(least, tuple(spans), len(points), digits, undecided, longest, unbounded)
