"""`load`: a case from a path or a catalogue name; `convert`: one format to another."""

from __future__ import annotations

from pathlib import Path

from detente import adapters, catalog
from detente.adapters import Reading
from detente.case import Case, load_file, with_variant
from detente.case.structure import among, did_you_mean
from detente.errors import CaseError, NeedsError, Problem


def load(source: str | Path, variant: str | None = None, *, reading: Reading | None = None) -> Case:
    """The case that ``source`` names, as one of its variants where ``variant`` says so.

    ``source`` is a path to a case file or to another tool's file or folder, told apart by content, or the name of a
    case in the catalogue (`detente examples` lists them). ``reading`` says how the evaluations of Genius and NegMAS
    scenarios are meant, where not as their format has it. A `CaseError` lists everything that is wrong with the file.
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
    case = _read(path, reading)
    return case if variant is None else with_variant(case, variant)


def _read(path: Path, reading: Reading | None) -> Case:
    if reading not in (None, "genius", "negmas"):
        raise NeedsError(f"unknown reading '{reading}'; there are genius and negmas")
    foreign = adapters.Source(path)
    if foreign.folder or adapters.recognise(foreign) is not None:
        return adapters.read(path, reading)
    return load_file(path)


def convert(
    source: str | Path,
    target: str | Path,
    form: str | None = None,
    *,
    variant: str | None = None,
    reading: Reading | None = None,
) -> list[str]:
    """Writes the case that ``source`` names into ``target``; returns what the format cannot hold, item by item.

    ``form`` names the format (`adapters.WRITERS`); without it, it is told from the ending of ``target``. Raises
    `NeedsError` where it cannot be told, or the format holds nothing of the case.
    """
    from detente.space import compile_case

    case = load(source, variant, reading=reading)
    path = Path(target)
    if form == "case" or (form is None and path.suffix.lower() in adapters.WRITERS["case"]):
        from detente.case import save

        try:
            save(case, path)
        except OSError as error:
            raise NeedsError(f"cannot write '{path}': {error.strerror or error}") from error
        return []
    space = compile_case(case) if case.issues or case.outcomes else None
    return adapters.write(case, space, path, form)
