"""Any other analysis, over draws: one run for each, on a case whose numbers are those of the draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from detente.analysis.confidence.answers import Answers, Whole
from detente.analysis.confidence.inputs import Named, _mapped
from detente.analysis.confidence.tables import Values
from detente.analysis.confidence.worlds import World
from detente.case import Case
from detente.errors import NeedsError

Answerer = Callable[[Case], Mapping[str, Any]]
"""Takes a case without uncertain numbers; returns answers by name: true or false, or a number."""


class AskFunction(Whole):
    """A function of a case: its true-or-false answers and its numbers. Worker processes need one of a module."""

    main = ""
    margin = None
    spaced = False
    piece = 100
    usual = 500

    def __init__(self, function: Answerer) -> None:
        self.function = function
        self.name = str(getattr(function, "__name__", "function"))
        self.yes: tuple[str, ...] = ()
        self.numbers: tuple[str, ...] = ()

    @property
    def options(self) -> Mapping[str, Any]:
        return {"function": self.name}

    def relevant(self, path: str) -> bool:
        return True

    def prepare(self, worlds: Sequence[World]) -> None:
        yes: dict[str, None] = {}
        numbers: dict[str, None] = {}
        for world in worlds:
            found = self.function(settled(world, {}, 0))
            for name, value in found.items():
                kind = yes if isinstance(value, bool | np.bool_) else numbers
                kind.setdefault(name)
        self.yes, self.numbers = tuple(yes), tuple(numbers)
        self.main = self.yes[0] if self.yes else ""
        if not yes and not numbers:
            raise NeedsError(
                f"'{self.name}' gives no answers: expected a mapping of names to true, false or numbers"
            )

    def __call__(self, world: World, values: Values, count: int) -> Answers:
        yes = np.zeros((count, len(self.yes)), dtype=bool)
        numbers = np.full((count, len(self.numbers)), np.nan)
        for d in range(count):
            found = self.function(settled(world, values, d))
            for i, name in enumerate(self.yes):
                yes[d, i] = bool(found.get(name, False))
            for i, name in enumerate(self.numbers):
                value = found.get(name)
                numbers[d, i] = np.nan if value is None else float(value)
        return Answers(yes, numbers)


def settled(world: World, values: Values, d: int) -> Case:
    """The case of one draw: plain numbers, and one type for each party."""

    def value(_: str, number: Any) -> float:
        if isinstance(number, Named) and number.path in values:
            return float(values[number.path][d])
        return float(number.mode)

    case = _mapped(world.case, (), value)
    assert isinstance(case, Case)
    if not world.types:
        return case
    fields = {name: getattr(case, name) for name in type(case).model_fields}
    chosen = {
        party: preference.types[world.types[party]] if preference.types else preference
        for party, preference in case.preferences.items()
    }
    return Case.model_construct(
        _fields_set=case.model_fields_set, **{**fields, "preferences": type(case.preferences)(chosen)}
    )
