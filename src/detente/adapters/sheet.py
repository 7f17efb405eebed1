"""Score sheets, as CSV or the first sheet of an XLSX workbook: issues down, parties across.

The first row with two or more words names the columns. Two forms are read:

- ``issue, option, A, B``: the issue in the first column (left empty where it is the one above), an option in the
  second, then each party's points;
- ``option, A, B``: a row with nothing but a first cell starts an issue, and the rows below it are its options.

Rows called reservation, walk-away, BATNA or no deal give each party's points without agreement, rows called total are
left out, as are empty rows and columns without a name. A cell without points makes its option impossible.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from detente.adapters import _xlsx
from detente.adapters._names import level_name
from detente.adapters._outgoing import Outgoing
from detente.adapters._scenario import IssueIn, ProfileIn, Scenario
from detente.adapters._source import Findings, Source, as_number
from detente.case import Case

if TYPE_CHECKING:
    from detente.space import Space

_OPTION = re.compile(r"options?|levels?|alternatives?|values?|settings?|choices?", re.I)
_RESERVATION = re.compile(r"reservation.*|walk[- ]?away.*|batna.*|no[- ]?deal.*|reserve.*", re.I)
_TOTAL = re.compile(r"totals?|sum|maximum|max|minimum|min", re.I)
MAX_CELL = 10_000


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a sheet; a `CaseError` lists every cell that is wrong."""
    findings = Findings()
    table = _xlsx.rows(source) if source.raw[:4] == b"PK\x03\x04" else _csv(source, findings)
    table = [[" ".join(cell.split())[:MAX_CELL] for cell in row] for row in table]
    head = next((n for n, row in enumerate(table) if sum(bool(cell) for cell in row) > 1), None)
    if head is None:
        raise source.error("no row names the parties", "issue, option, and a column for each party")
    reader = _Reader(source, findings, table[head])
    for n, row in enumerate(table[head + 1 :], head + 2):
        reader.row(n, row)
    return reader.scenario().case()


def _csv(source: Source, findings: Findings) -> list[list[str]]:
    text = source.loose_text
    try:
        text.encode("utf-8")
        source.raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        findings.remark("the sheet is not UTF-8 text: it was read in an older encoding, so look at accents")
    sample = "\n".join(text.splitlines()[:50])
    delimiter = max(",;\t", key=sample.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False))
    except csv.Error as error:
        raise source.error(f"not a table: {error}") from None


class _Reader:
    """Reads a sheet row by row."""

    def __init__(self, source: Source, findings: Findings, head: Sequence[str]) -> None:
        self.source, self.findings = source, findings
        self.two = len(head) > 1 and _OPTION.fullmatch(head[1]) is not None
        first = 2 if self.two else 1
        self.columns = {n: name for n, name in enumerate(head) if n >= first and name}
        self.reserved: dict[int, float] = {}
        self.issues: dict[str, dict[str, dict[int, float]]] = {}
        self.issue: str | None = None
        if not self.columns:
            findings.wrong(source, "row 1", "no column names a party", "issue, option, and the parties")

    def row(self, n: int, row: Sequence[str]) -> None:
        cells = [*row, *[""] * (max(self.columns, default=0) + 2 - len(row))]
        numbers = {k: cells[k] for k in self.columns if cells[k]}
        first, second = cells[0], cells[1] if self.two else ""
        if not any(cells):
            return
        if not second and _RESERVATION.fullmatch(first):
            self.reserved.update(self._points(n, numbers))
        elif not second and _TOTAL.fullmatch(first):
            self.findings.remark(f"row {n}, '{first}', is a total: it is not used")
        elif not self.two and not numbers:
            self.issue = self._new(n, first)
        else:
            if self.two and first and level_name(first) != self.issue:
                self.issue = self._new(n, first)
            self._option(n, second if self.two else first, numbers)

    def _new(self, n: int, name: str) -> str:
        issue = level_name(name)
        if issue in self.issues:
            self.findings.wrong(self.source, f"row {n}", f"the issue '{issue}' stands in two places")
        self.issues.setdefault(issue, {})
        return issue

    def _option(self, n: int, name: str, numbers: dict[int, str]) -> None:
        if self.issue is None:
            self.findings.wrong(self.source, f"row {n}", "an option before the first issue", got=name)
            return
        if not name:
            if numbers:
                self.findings.wrong(self.source, f"row {n}", "points without an option")
            return
        level = level_name(name)
        if level in self.issues[self.issue]:
            self.findings.wrong(self.source, f"row {n}", f"'{level}' stands twice in '{self.issue}'")
        self.issues[self.issue][level] = self._points(n, numbers)

    def _points(self, n: int, numbers: dict[int, str]) -> dict[int, float]:
        found = {}
        for k, text in numbers.items():
            value = _number(text)
            if value is None:
                path = f"row {n}, {self.columns[k]}"
                self.findings.wrong(self.source, path, "not a number", got=text)
            else:
                found[k] = value
        return found

    def scenario(self) -> Scenario:
        issues = [IssueIn(name, tuple(levels)) for name, levels in self.issues.items()]
        for issue in issues:
            if not issue.listed:
                self.findings.wrong(self.source, issue.name, "the issue has no option")
        if not issues:
            self.findings.wrong(self.source, "", "the sheet holds no issue with options")
        profiles = [
            ProfileIn(
                name,
                [
                    {level: points[k] for level, points in levels.items() if k in points}
                    for levels in self.issues.values()
                ],
                reservation=self.reserved.get(k),
            )
            for k, name in self.columns.items()
        ]
        return Scenario(self.source, "sheet", self.source.stem, issues, profiles, self.findings)


def _number(text: str) -> float | None:
    """A number as sheets show it: with a comma, a percent sign, thousands apart, or in brackets where negative."""
    plain = text.replace("\u00a0", "").replace(" ", "").replace("\u2212", "-")
    if re.fullmatch(r"\([0-9.,]+\)", plain):
        plain = "-" + plain[1:-1]
    if plain.endswith("%"):
        value = _number(plain[:-1])
        return None if value is None else value / 100
    if re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", plain):
        plain = plain.replace(",", "")
    elif plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    value = as_number(plain)
    return value if value is not None and math.isfinite(value) else None


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes the preferences as a sheet; returns what it cannot hold."""
    out = Outgoing(case, space, "a score sheet")
    table: list[list[str | float]] = [["issue", "option", *(p.name for p in out.parties)]]
    for n, (name, levels) in enumerate(out.issues):
        for k, level in enumerate(levels):
            points: list[str | float] = [
                "" if k in out.gone[n] else float(p.tables[n][k]) for p in out.parties
            ]
            table.append([name, level, *points])
    table.append(["reservation value", "", *(p.reservation for p in out.parties)])
    if path.suffix.lower() == ".xlsx":
        _xlsx.save(path, table)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(table)
    return out.losses(discount=False, scales=False)
