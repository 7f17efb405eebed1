"""`load`: a case from a path or a catalogue name."""

from __future__ import annotations

import re
from pathlib import Path

from detente import adapters, catalog
from detente.case import Case, loads, with_variant
from detente.case.structure import among, did_you_mean
from detente.case.tree import read_text
from detente.errors import CaseError, Problem

_OWN = re.compile(r"""^[\s{]*["']?detente["']?\s*:""", re.MULTILINE)
"""The key that every case file of our own has: no other format need be asked."""


def load(source: str | Path, variant: str | None = None) -> Case:
    """The case that ``source`` names, as one of its variants where ``variant`` says so.

    ``source`` is a path to a case file or to another tool's file, told apart by content, or the name of a case
    in the catalogue (`detente examples` lists them). A `CaseError` lists everything that is wrong with the file.
    """
    name, path = str(source), Path(source)
    if not path.exists() and (found := catalog.find(name)) is not None:
        path = found
    elif not path.exists() and path.suffix == "" and path.name == name:
        known = list(catalog.names())
        what = f"no file and no catalogue case is called '{name}'"
        raise CaseError(
            [Problem("", what, hint=did_you_mean(name, known) or f"There are {among(known, 20)}.")], name
        )
    case = _read(path)
    return case if variant is None else with_variant(case, variant)


def _read(path: Path) -> Case:
    text = read_text(path)
    foreign = None if _OWN.search(text) else adapters.recognise(text)
    if foreign is not None:
        case: Case = foreign.loads(text, str(path))
        return case
    return loads(text, str(path), path.parent)
