"""Other tools' files, in and out: one module for each format, told apart by content.

A module of `READERS` has ``read(source, reading)``, which makes a `Case` or raises a `CaseError` with every problem; a
module of `WRITERS` has ``write(case, space, path)``, which returns what the format could not hold, item by item. Files come
from strangers: sizes and depth are bounded, nothing is evaluated, no entity expands, and no path leads out of a folder.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from detente.adapters._source import Source
from detente.adapters.recognise import FOLDERS, is_case, recognise
from detente.case import Case
from detente.errors import CaseError, NeedsError, Problem

if TYPE_CHECKING:
    from detente.space import Space

__all__ = ["FOLDERS", "READERS", "WRITERS", "Reading", "Source", "is_case", "read", "recognise", "write"]

Reading = Literal["genius", "negmas"]
"""How evaluations are read: divided by the issue's largest one, or as written; None: as the format means them."""

READERS = ("genius", "negmas", "geniusweb", "negolog", "gmcr", "sheet", "ktab", "nfg")
WRITERS = {
    "case": (".yaml", ".yml"),
    "genius": (),
    "negmas": (),
    "geniusweb": (),
    "negolog": (),
    "gmcr": (".gmcr",),
    "sheet": (".csv", ".xlsx"),
    "ktab": (),
    "nfg": (".nfg",),
    "efg": (".efg",),
}
"""Formats that are written, with the endings that name them. Those without an ending are asked for by name."""


def read(path: str | Path, reading: Reading | None = None) -> Case:
    """The case in another tool's file or folder; a `CaseError` where no adapter knows it or it does not fit.

    A file that is only part of a scenario, such as its domain, stands for the folder it lies in.
    """
    source = Source(Path(path))
    kind = recognise(source)
    if kind is None or kind not in READERS:
        unknown = "this is a folder, and not of a" if source.folder else "not a"
        what = f"the format {kind} is written, not read" if kind else f"{unknown} format that detente reads"
        raise CaseError([Problem("", what, ", ".join(READERS))], str(path))
    if kind == "negmas" and not source.folder:
        source = Source(source.path.parent)
    case: Case = import_module(f"{__name__}.{kind}").read(source, reading)
    return case


def write(case: Case, space: Space | None, path: str | Path, form: str | None = None) -> list[str]:
    """Writes a case, and the space compiled from it (None without outcomes), in a format.

    ``form`` names the format; without it, it is told from the path's ending.

    Returns what the format cannot hold, one item each. Raises `NeedsError` where the format is not known, the case
    has nothing that it holds, or the path cannot be written.
    """
    path = Path(path)
    form = form or next((kind for kind, ends in WRITERS.items() if path.suffix.lower() in ends), None)
    if form is None and path.suffix == "":
        form = "negmas"
    if form not in WRITERS or form == "case":
        endings = ", ".join(end for ends in WRITERS.values() for end in ends)
        raise NeedsError(
            f"cannot tell the format of '{path.name}'; name it ({', '.join(WRITERS)}) or use an ending: {endings}"
        )
    try:
        losses: list[str] = import_module(f"{__name__}.{form}").write(case, space, path)
    except OSError as error:
        raise NeedsError(f"cannot write '{path}': {error.strerror or error}") from error
    return losses
