"""Value functions of one numeric issue, as points between which a case is linear.

A piecewise linear function is held exactly, by its vertices. A curved one is sampled: at every level where there are
few, else at `SAMPLES` points, and the reader says how fine and how far off it is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from detente.adapters._names import number
from detente.adapters._scenario import Range

SAMPLES = 1_000
ALL_LEVELS = 10_000
"""Levels up to which a curved function is given at each."""


@dataclass(frozen=True)
class Function:
    """``value`` of a number; ``corners`` where it is not linear, None where it is curved."""

    value: Callable[[float], float]
    corners: tuple[float, ...] | None = ()


def linear(slope: float, bias: float) -> Function:
    """``slope x + bias``."""
    return Function(lambda x: slope * x + bias)


def constant(value: float) -> Function:
    """The same everywhere."""
    return Function(lambda x: value)


def polynomial(coefficients: tuple[float, ...], bias: float) -> Function:
    """``bias + c1 x + c2 x^2 + ...``."""
    curved = None if len(coefficients) > 1 and any(coefficients[1:]) else ()
    return Function(lambda x: bias + sum(c * x ** (i + 1) for i, c in enumerate(coefficients)), curved)


def clamped(function: Function, low: float = 0.0, high: float = 1.0, slope: float = 0.0, bias: float = 0.0) -> Function:  # fmt: skip
    """A linear function cut off below and above; ``slope`` and ``bias`` say where that happens."""
    corners = tuple((cut - bias) / slope for cut in (low, high)) if slope else ()
    return Function(lambda x: min(high, max(low, function.value(x))), corners)


def triangular(start: float, end: float, top: float, bias: float = 0.0, scale: float = 1.0) -> Function:
    """Up from ``start`` to ``top`` and down to ``end``."""

    def value(x: float) -> float:
        if x == top:
            return bias + scale
        if not start < x < end:
            return bias
        share = (x - start) / (top - start) if x < top else (end - x) / (end - top)
        return bias + scale * share

    return Function(value, (start, top, end))


def trapezoidal(corners: tuple[float, float, float, float], bias: float = 0.0, scale: float = 1.0) -> Function:  # fmt: skip
    """Up from the first corner to the second, flat to the third, down to the fourth."""
    a, b, c, d = corners

    def value(x: float) -> float:
        if b <= x <= c:
            return bias + scale
        if not a < x < d:
            return bias
        return bias + scale * ((x - a) / (b - a) if x < b else (d - x) / (d - c))

    return Function(value, corners)


def points(function: Function, issue: Range, weight: float = 1.0) -> tuple[dict[str, float], str]:
    """The points that hold a function on a range, and what should be said of it (nothing where it is exact)."""
    at, said = _places(function, issue)
    found = {number(x): weight * function.value(float(x)) for x in at}
    if said and len(at) > 1:
        middles = [(a + b) / 2 for a, b in itertools.pairwise(at)]
        off = max(
            abs(weight * function.value(float(m)) - (found[number(a)] + found[number(b)]) / 2)
            for m, a, b in zip(middles, at, at[1:], strict=False)
        )
        step = float(at[1] - at[0])
        said = f"it is curved, and read as linear between {len(at):,} points, {step:.3g} apart: off by up to {off:.2g}"
    return found, said


def _places(function: Function, issue: Range) -> tuple[list[Decimal], str]:
    if function.corners is None:
        if 0 < issue.count <= ALL_LEVELS:
            return [issue.low + i * (issue.step or 1) for i in range(issue.count)], ""
        return _even(issue), "curved"
    places = {issue.low, issue.high}
    for corner in function.corners:
        if math.isfinite(corner) and float(issue.low) < corner < float(issue.high):
            places.update(_around(Decimal(repr(corner)), issue))
    return sorted(places), ""


def _even(issue: Range) -> list[Decimal]:
    if issue.step is None:
        return sorted({issue.low + (issue.high - issue.low) * i / SAMPLES for i in range(SAMPLES + 1)})
    stride = max(1, (issue.count - 1) // SAMPLES)
    return sorted({issue.low + i * issue.step for i in range(0, issue.count, stride)} | {issue.high})


def _around(corner: Decimal, issue: Range) -> Iterable[Decimal]:
    """The corner itself, or the levels on both sides of it."""
    if issue.step is None:
        return (corner,)
    place = (corner - issue.low) / issue.step
    sides = {place.to_integral_value(ROUND_FLOOR), place.to_integral_value(ROUND_CEILING)}
    return [issue.low + side * issue.step for side in sides]
