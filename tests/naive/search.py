"""Slow twin of `detente.kernels.search`: every outcome is written out and the definitions are read off one by one."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Outcome = tuple[int, ...]
Gains = dict[Outcome, list[float]]  # in ascending order of outcomes


def outcomes(values: Sequence[Floats]) -> Iterator[tuple[Outcome, list[float]]]:
    """Each outcome with its utilities, lowest first."""
    for options in itertools.product(*(range(len(stage)) for stage in values)):
        utilities = [0.0] * values[0].shape[1]
        for stage, option in zip(values, options, strict=True):
            utilities = [u + float(v) for u, v in zip(utilities, stage[option], strict=True)]
        yield options, utilities


def meeting(values: Sequence[Floats], reservation: Floats, floors: Floats) -> Gains:
    """Gains over the reservation of the outcomes whose utilities reach the floors."""
    return {
        options: [u - float(d) for u, d in zip(utilities, reservation, strict=True)]
        for options, utilities in outcomes(values)
        if all(u >= f - 1e-9 for u, f in zip(utilities, floors, strict=True))
    }


def best(gains: Gains, measure: Callable[[list[float]], float], tie: float) -> Gains:
    """The outcomes that tie for the largest measure."""
    if not gains:
        return gains
    largest = max(measure(g) for g in gains.values())
    return {options: g for options, g in gains.items() if measure(g) >= largest - tie}


def leximin(gains: Gains, scale: Sequence[float]) -> Gains:
    """The largest smallest scaled gain, of these the largest second smallest, and so on; scale 0 leaves a party out."""

    def scaled(g: list[float], order: int) -> float:
        return sorted(x / r for x, r in zip(g, scale, strict=True) if r > 0.0)[order]

    for order in range(sum(r > 0.0 for r in scale)):
        gains = best(gains, lambda g, order=order: scaled(g, order), 1e-9)
    return gains


def lowest(gains: Gains) -> Outcome | None:
    return min(gains, default=None)


def nash(values: Sequence[Floats], reservation: Floats, weights: Floats) -> tuple[Outcome | None, float]:
    """The Nash solution and the logarithm of its weighted product over the parties that gain."""

    def gainers(g: list[float]) -> int:
        return sum(x > 1e-9 for x in g)

    def product(g: list[float]) -> float:
        return math.prod(x ** float(w) for x, w in zip(g, weights, strict=True) if x > 1e-9)

    gains = best(meeting(values, reservation, reservation), gainers, 0)
    if not gains:
        return None, -math.inf
    largest = max(product(g) for g in gains.values())
    gains = {options: g for options, g in gains.items() if product(g) >= largest * (1.0 - 1e-12)}
    choice = lowest(leximin(gains, [1.0] * len(reservation)))
    return choice, math.log(product(gains[choice])) if choice else -math.inf


def maxmin(values: Sequence[Floats], reservation: Floats, scale: Floats) -> tuple[Outcome | None, float]:
    """The largest smallest scaled gain, leximin, then leximin of the gains."""
    rational = meeting(values, reservation, reservation)
    gains = leximin(leximin(rational, list(scale)), [1.0] * len(reservation))
    choice = lowest(gains)
    if choice is None:
        return None, -math.inf
    ratios = [x / r for x, r in zip(gains[choice], scale, strict=True) if r > 0.0]
    return choice, min(ratios, default=0.0)


def weighted_sum(
    values: Sequence[Floats], reservation: Floats, weights: Floats, floors: Floats
) -> tuple[Outcome | None, float]:
    """The largest weighted sum of gains above the floors, then leximin of the gains."""

    def total(g: list[float]) -> float:
        return sum(float(w) * x for w, x in zip(weights, g, strict=True))

    gains = leximin(best(meeting(values, reservation, floors), total, 1e-9), [1.0] * len(reservation))
    choice = lowest(gains)
    return choice, total(gains[choice]) if choice else -math.inf


def feasible(values: Sequence[Floats], floors: Floats) -> bool:
    """Whether some outcome reaches the floors."""
    return bool(meeting(values, np.zeros(len(floors)), floors))
