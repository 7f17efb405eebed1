"""Draws of a case's uncertain numbers, as spaces, with what no deal is worth in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from detente.analysis.confidence.draws import Copula, uniform
from detente.analysis.confidence.inputs import Named, named, numbers
from detente.case.uncertain import Number, mode
from detente.space import Space, compile_case

Read = Callable[[Number], float]


def drawn_spaces(space: Space, draws: int, seed: int) -> list[tuple[Space, Read]]:
    """So many spaces, each with every uncertain number drawn, and how each reads numbers; none for 0 draws.

    Numbers are spread evenly over their distributions (a Latin hypercube), with the correlations that the case states.
    """
    if not draws:
        return []
    inputs = numbers(space.case)
    names = list(inputs)
    u = Copula(space.case, names)(uniform(names, draws, seed, 0, "latin"))
    values = {name: inputs[name].values(u[:, column]) for column, name in enumerate(names)}
    case, types = named(space.case), dict(space.types)
    found: list[tuple[Space, Read]] = []
    for d in range(draws):
        read = partial(_value, {name: float(column[d]) for name, column in values.items()})
        found.append((compile_case(case, types, read), read))
    return found


def _value(drawn: Mapping[str, float], number: Number) -> float:
    return drawn[number.path] if isinstance(number, Named) else mode(number)
