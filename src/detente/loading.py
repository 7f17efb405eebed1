"""`load`: a case from a path or a catalogue name."""

from __future__ import annotations

from pathlib import Path

from detente import catalog
from detente.case import Case, load_file, with_variant
from detente.case.structure import among, did_you_mean
from detente.errors import CaseError, Problem


def load(source: str | Path, variant: str | None = None) -> Case:
    """The case that ``source`` names, as one of its variants where ``variant`` says so.

    ``source`` is a path to a case file, or the name of a case in the catalogue (`detente examples` lists
    them). A `CaseError` lists everything that is wrong with the file.
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
    case = load_file(path)
    return case if variant is None else with_variant(case, variant)
