"""Which question is asked: names and options to a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from detente.analysis.confidence.answers import Question
from detente.analysis.confidence.ask_agreement import AskAgreement
from detente.analysis.confidence.ask_other import AskFunction, forecast_answers
from detente.analysis.confidence.ask_roadmap import AskRoadmap
from detente.analysis.confidence.ask_standoff import AskStandoff
from detente.case import Case
from detente.errors import NeedsError
from detente.space import NoDealName

ANALYSES = ("agreement", "standoff", "roadmap", "forecast")
DRAWS, FEW_DRAWS = 10_000, 500


class QuestionOptions(TypedDict, total=False):
    """Options of the analyses: ``no_deal`` (agreement), ``concept`` (standoff), ``to``, ``order``, ``threat`` (roadmap)."""

    no_deal: NoDealName
    concept: str
    to: Mapping[str, str] | str | None
    order: str | None
    threat: str


_TAKES = {
    "agreement": {"no_deal"},
    "standoff": {"concept"},
    "roadmap": {"to", "order", "threat"},
    "forecast": set[str](),
}


@dataclass(frozen=True)
class Asked:
    """A way to make a question anew, and how many draws it gets unless the caller says otherwise."""

    make: Callable[[], Question]
    draws: int


def asked(of: str | Callable[[Case], Mapping[str, Any]], options: QuestionOptions) -> Asked:
    """The question that is named. Raises `NeedsError` for an unknown one, or an option that is not its own."""
    if callable(of):
        _check("a function", set(), options)
        return Asked(lambda: AskFunction(of), FEW_DRAWS)
    if of not in ANALYSES:
        raise NeedsError(f"unknown analysis '{of}'; there are {', '.join(ANALYSES)}")
    _check(of, _TAKES[of], options)
    given: dict[str, Any] = dict(options)
    if of == "agreement":
        return Asked(lambda: AskAgreement(**given), DRAWS)
    if of == "standoff":
        return Asked(lambda: AskStandoff(**given), DRAWS)
    if of == "roadmap":
        return Asked(lambda: AskRoadmap(**given), FEW_DRAWS)
    return Asked(lambda: AskFunction(forecast_answers, "forecast", ("forecast",)), FEW_DRAWS)


def _check(of: str, takes: set[str], options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in takes:
            has = f"it has {', '.join(sorted(takes))}" if takes else "it has none"
            raise NeedsError(f"{of} has no option '{name}' here; {has}")
