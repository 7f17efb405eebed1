"""KTAB actor files (CSV): a line with the scenario's name, a head, and an actor a line with power, and position and
salience on each dimension, from 0 to 100. They become the ``forecast`` section; salience as a share of 1.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.adapters._names import distinct, slug
from detente.adapters._source import Findings, Source, as_number
from detente.case import Case, from_data
from detente.case.uncertain import mode
from detente.errors import NeedsError

if TYPE_CHECKING:
    from detente.space import Space


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a file; a `CaseError` lists every cell that is wrong."""
    findings = Findings()
    lines = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(source.loose_text)) if any(row)]
    head = next((n for n, row in enumerate(lines) if row and row[0].strip().lower() == "actor"), None)
    if head is None:
        raise source.error("no row starts with Actor")
    columns = lines[head][3:]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) < 2 or len(columns) % 2:
        findings.wrong(
            source, "head", "after actor, description and power, a position and a salience each", got=columns
        )
    findings.check(source)
    names = distinct([_dimension(columns[n], n // 2 + 1) for n in range(0, len(columns), 2)])
    actors = {}
    rows = lines[head + 1 :]
    ids = distinct([row[0] for row in rows])
    for n, (name, row) in enumerate(zip(ids, rows, strict=True), head + 2):
        actors[name] = _actor(source, findings, f"row {n}", row, names)
    if not actors:
        findings.wrong(source, "", "the file lists no actor")
    findings.check(source)
    title = lines[0][0] if head > 0 and lines[0][0] else source.stem
    data = {
        "detente": 1,
        "id": slug(source.stem),
        "title": title,
        "imported": {"format": "ktab", "remarks": findings.remarks},
        "forecast": {"issues": {name: {"from": 0, "to": 100} for name in names}, "actors": actors},
    }
    return from_data(data, source.name)


def _dimension(text: str, number: int) -> str:
    """What a position's column is about."""
    words = [word for word in text.split() if word.lower() not in ("position", "pstn", "pos")]
    name = " ".join(words)
    return f"dimension {number}" if not name or name.lower().startswith("pstn") else name


def _actor(
    source: Source, findings: Findings, path: str, row: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    cells = [*row, *[""] * (3 + 2 * len(names) - len(row))]
    numbers = []
    for n in range(2, 3 + 2 * len(names)):
        value = as_number(cells[n])
        if value is None or not math.isfinite(value) or value < 0:
            findings.wrong(source, f"{path}, column {n + 1}", "not a number of 0 or more", got=cells[n])
            value = 0.0
        numbers.append(value)
    total = sum(numbers[2::2])
    if total > 100 + 1e-6:
        findings.remark(f"{row[0]}: its saliences sum to {total:g}, above 100; they are taken as written")
    return {
        **({"label": cells[1]} if cells[1] else {}),
        "capability": numbers[0],
        "position": {name: numbers[1 + 2 * n] for n, name in enumerate(names)},
        "salience": {name: numbers[2 + 2 * n] / 100 for n, name in enumerate(names)},
    }


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes the forecast section; returns what the format cannot hold."""
    if case.forecast is None:
        raise NeedsError(f"'{case.id}' has no forecast section, which is what a KTAB file holds")
    losses = [
        f"{key}: not part of a KTAB file"
        for key in case.to_data()
        if key not in ("detente", "id", "title", "forecast", "imported")
    ]
    issues, actors = case.forecast.issues, case.forecast.actors
    head = ["Actor", "Description", "Power"]
    for name in issues:
        head += [f"{name} Position", f"{name} Salience"]
    rows: list[list[Any]] = [[case.title, "", len(actors), len(issues)], head]
    for actor, given in actors.items():
        row: list[Any] = [actor, given.label or "", float(mode(given.capability))]
        for name, scale in issues.items():
            share = (mode(given.position[name]) - scale.start) / (scale.stop - scale.start)
            row += [float(f"{100 * x:.12g}") for x in (share, mode(given.salience[name]))]
        rows.append(row)
    losses += [
        f"forecast.issues.{name}: its scale of {i.start:g} to {i.stop:g} is written as 0 to 100"
        for name, i in issues.items()
        if (i.start, i.stop) != (0, 100)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return losses
