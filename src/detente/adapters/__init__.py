"""Other tools' files, in and out: one module for each format, told apart by content.

A module offers ``recognises(text)``, cheap and never raising, and ``loads(text, name)``, which makes a `Case` or
raises a `CaseError` with every problem. Files come from strangers: sizes are bounded, nothing is evaluated.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

from detente.case import Case
from detente.case.tree import read_text
from detente.errors import CaseError, Problem

FORMATS = ("gmcr",)
"""Names of the modules, in the order in which they are asked."""


def recognise(text: str) -> ModuleType | None:
    """The adapter of the format that a text is in, or None."""
    for name in FORMATS:
        module = import_module(f"{__name__}.{name}")
        if module.recognises(text):
            return module
    return None


def read(path: str | Path) -> Case:
    """The case in another tool's file; a `CaseError` where no adapter knows it, or it does not fit its format."""
    path = Path(path)
    text = read_text(path)
    module = recognise(text)
    if module is None:
        raise CaseError([Problem("", "not a format that detente reads", ", ".join(FORMATS))], str(path))
    case: Case = module.loads(text, str(path))
    return case
