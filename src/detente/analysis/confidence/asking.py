"""Which question is asked: names and options to a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from detente.analysis.confidence.answers import Question
from detente.analysis.confidence.ask_agreement import AskAgreement
from detente.analysis.confidence.ask_forecast import AskForecast
from detente.analysis.confidence.ask_other import AskFunction
from detente.analysis.confidence.ask_roadmap import AskRoadmap
from detente.analysis.confidence.ask_standoff import AskStandoff
from detente.analysis.forecast import Model
from detente.case import Case
from detente.errors import NeedsError
from detente.space import NoDealName

ANALYSES = ("agreement", "standoff", "roadmap", "forecast")


class QuestionOptions(TypedDict, total=False):
    """Options of the analyses: ``no_deal`` (agreement), ``concept`` (standoff), ``to``, ``order``, ``threat`` (roadmap),
    ``model``, ``turns``, ``rules`` (forecast).
    """

    no_deal: NoDealName
    concept: str
    to: Mapping[str, str] | str | None
    order: str | None
    threat: str
    model: Model
    turns: int | None
    rules: Mapping[str, Any]


_TAKES = {
    "agreement": {"no_deal"},
    "standoff": {"concept"},
    "roadmap": {"to", "order", "threat"},
    "forecast": {"model", "turns", "rules"},
}


def asked(of: str | Callable[[Case], Mapping[str, Any]], options: QuestionOptions) -> Callable[[], Question]:
    """What makes the question that is named, anew each time. Raises `NeedsError` for an unknown one, or an option that is not its own."""
    if callable(of):
        _check("a function", set(), options)
        return lambda: AskFunction(of)
    if of not in ANALYSES:
        raise NeedsError(f"unknown analysis '{of}'; there are {', '.join(ANALYSES)}")
    _check(of, _TAKES[of], options)
    given: dict[str, Any] = dict(options)
    if of == "agreement":
        return lambda: AskAgreement(**given)
    if of == "standoff":
        return lambda: AskStandoff(**given)
    if of == "roadmap":
        return lambda: AskRoadmap(**given)
    return lambda: AskForecast(**given)


def _check(of: str, takes: set[str], options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in takes:
            has = f"it has {', '.join(sorted(takes))}" if takes else "it has none"
            raise NeedsError(f"{of} has no option '{name}' here; {has}")
