"""Case files in and out: load, dump, variants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from detente.case import checks, tree
from detente.case.migrate import VERSION, migrated, newer
from detente.case.model import Case, Change
from detente.case.paths import PathError, apply_changes, format_path
from detente.case.structure import Finding, among, did_you_mean, validate
from detente.errors import CaseError, Problem

MAX_PROBLEMS = 1000
"""Problems that are listed one by one; of more, the number is given."""


def load_file(path: str | Path) -> Case:
    """The case in a file; a `CaseError` lists everything that is wrong with it, in file order."""
    path = Path(path)
    return loads(tree.read_text(path), str(path), path.parent)


def loads(text: str, name: str = "case", folder: Path | None = None) -> Case:
    """The case in a YAML text; ``folder`` is where its table files lie."""
    return _build(tree.parse(text, name), name, text, folder)


def from_data(data: dict[str, Any], name: str = "case", folder: Path | None = None) -> Case:
    """A case from plain data of the form of a case file."""
    return _build(data, name, None, folder)


def _build(data: Any, name: str, text: str | None, folder: Path | None) -> Case:
    if not isinstance(data, dict):
        what = "a case file is a mapping of keys such as `detente`, `id`, `title`"
        raise CaseError([Problem("", what, line=1, column=1)], name)
    if newer(data):
        what = f"version {data['detente']} of the format is newer than this detente, which knows {VERSION}"
        hint = "Update detente: `pip install --upgrade detente`."
        raise CaseError(_located([Finding(("detente",), what, hint=hint)], text), name)
    structure = validate(migrated(data), folder)
    findings = list(structure.findings)
    if structure.case is not None:
        for found in checks.check(structure.case, structure.holes):
            route = structure.original(found.route)
            findings.append(Finding(route, found.what, found.allowed, found.got, found.hint))
    if findings or structure.case is None:
        raise CaseError(_located(findings, text), name)
    return structure.case


def _located(findings: Iterable[Finding], text: str | None) -> list[Problem]:
    """Findings with their lines and columns, in file order."""
    findings = list(findings)
    spans = tree.spans(text, (found.route for found in findings)) if text is not None else {}
    problems = []
    for found in findings:
        route = found.route
        while route and route not in spans:
            route = route[:-1]
        span = spans.get(route)
        line, column = (span.line, span.column) if span else (0, 0)
        path = format_path(found.route)
        problems.append(Problem(path, found.what, found.allowed, found.got, found.hint, line, column))
    problems.sort(key=lambda p: (p.line, p.column))
    if len(problems) > MAX_PROBLEMS:
        more = Problem("", f"and {len(problems) - MAX_PROBLEMS:,} more problems")
        problems = [*problems[:MAX_PROBLEMS], more]
    return problems


def with_changes(case: Case, changes: Iterable[Change | dict[str, Any]], name: str = "") -> Case:
    """A new case with the changes made; a `CaseError` says what does not fit."""
    made = [c if isinstance(c, Change) else Change.model_validate(c) for c in changes]
    try:
        data = apply_changes(case.to_data(), made)
    except PathError as error:
        raise CaseError([Problem("", str(error))], name or case.id) from error
    return from_data(data, name or case.id, _folder(case))


def with_variant(case: Case, variant: str) -> Case:
    """The case as one of its variants has it: a case of its own, which no longer holds the variants."""
    if variant not in case.variants:
        known = among(case.variants) or "none: the case has no variants"
        hint = did_you_mean(variant, case.variants)
        raise CaseError([Problem("variants", f"unknown variant '{variant}'", known, hint=hint)], case.id)
    alone = Change.model_validate({"remove": "variants"})
    return with_changes(case, [*case.variants[variant], alone], f"{case.id}, variant {variant}")


def check_variants(case: Case) -> None:
    """Makes every variant of a case; a `CaseError` lists what is wrong with any of them."""
    problems: list[Problem] = []
    for name in case.variants:
        try:
            with_variant(case, name)
        except CaseError as error:
            where = format_path(("variants", name))
            problems += [replace(p, what=f"in {where}: {p.what}") for p in error.problems]
    if problems:
        raise CaseError(problems, case.id)


def _folder(case: Case) -> Path | None:
    for preference in case.preferences.values():
        for kind in (preference, *(preference.types or {}).values()):
            if kind.table is not None and not isinstance(kind.table, tuple):
                return kind.table.folder
    return None
