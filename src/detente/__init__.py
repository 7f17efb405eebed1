"""detente: a negotiation as a case file, and six questions about it.

>>> import detente
>>> case = detente.load("prisoners-dilemma")
>>> case.title
"The prisoner's dilemma"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.analysis.agreement import agreement
    from detente.analysis.confidence import compare, confidence, elicit
    from detente.analysis.forecast import forecast
    from detente.analysis.roadmap import roadmap
    from detente.analysis.standoff import standoff
    from detente.analysis.table import table
    from detente.analysis.table.tournament import tournament
    from detente.case import Case, CaseFile
    from detente.loading import convert, load
    from detente.space import Space, compile_case

__version__ = "0.1.0"
__all__ = [
    "Case",
    "CaseFile",
    "Space",
    "__version__",
    "agreement",
    "compare",
    "compile_case",
    "confidence",
    "convert",
    "elicit",
    "forecast",
    "load",
    "roadmap",
    "standoff",
    "table",
    "tournament",
]

_HOMES = {
    "Case": "detente.case",
    "CaseFile": "detente.case",
    "Space": "detente.space",
    "agreement": "detente.analysis.agreement",
    "compare": "detente.analysis.confidence",
    "compile_case": "detente.space",
    "confidence": "detente.analysis.confidence",
    "convert": "detente.loading",
    "elicit": "detente.analysis.confidence",
    "forecast": "detente.analysis.forecast",
    "load": "detente.loading",
    "roadmap": "detente.analysis.roadmap",
    "standoff": "detente.analysis.standoff",
    "table": "detente.analysis.table",
    "tournament": "detente.analysis.table",
}
"""Where each public name lives: it is imported when first used, so that importing detente costs nothing."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'detente' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
