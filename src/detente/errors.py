"""The whole exception tree of detente.

Every error carries fields, not only text, so that the command line, the browser and a notebook can show
the same facts in their own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class DetenteError(Exception):
    """The root: everything that detente raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input, and where.

    ``path`` is dotted (``parties.US.patience``); ``line`` and ``column`` count from 1, and are 0 where the
    input has no text (a case built in Python). ``file`` names the file where an input has several.
    """

    path: str
    what: str
    allowed: str = ""
    got: str = ""
    hint: str = ""
    line: int = 0
    column: int = 0
    file: str = ""

    def __str__(self) -> str:
        text = f"{self.path}: {self.what}" if self.path else self.what
        if self.allowed:
            text += f"; expected {self.allowed}"
        if self.got:
            text += f"; got {self.got}"
        if self.hint:
            text += f". {self.hint}"
        return text


class CaseError(DetenteError):
    """A case that cannot be read: ``problems`` holds every one of them, in file order."""

    def __init__(self, problems: Sequence[Problem], source: str = "case") -> None:
        self.problems = tuple(problems)
        self.source = source
        super().__init__("\n".join(self.lines()))

    def __reduce__(self) -> Any:
        return CaseError, (self.problems, self.source)

    def lines(self) -> list[str]:
        """One line for each problem: ``file:line:col path: what; expected ...; got .... hint``."""
        return [
            f"{p.file or self.source}:{p.line}:{p.column} {p}" if p.line else f"{p.file or self.source}: {p}"
            for p in self.problems
        ]


class NeedsError(DetenteError):
    """A question that this case cannot answer as it stands: it lacks an input, or an option does not fit."""


class CostError(DetenteError):
    """A question refused for its cost: ``size`` says how large, ``cheaper`` what to ask instead."""

    def __init__(self, what: str, size: str, cheaper: str) -> None:
        self.what, self.size, self.cheaper = what, size, cheaper
        super().__init__(f"{what}: {size}. Instead: {cheaper}")

    def __reduce__(self) -> Any:
        return CostError, (self.what, self.size, self.cheaper)


class MissingExtraError(DetenteError):
    """An optional library is not installed; the message names the line that installs it."""

    def __init__(self, library: str, extra: str) -> None:
        self.library, self.extra = library, extra
        super().__init__(f"{library} is not installed; run: pip install 'detente[{extra}]'")

    def __reduce__(self) -> Any:
        return MissingExtraError, (self.library, self.extra)


class WorkerError(DetenteError):
    """A worker process died before its work was done."""
