"""Parties, who is absent, the record, sources and assumptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from detente.analysis.agreement.words import join
from detente.case import Case, assumptions
from detente.report.document import Block, Listing, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.page import label
from detente.report.sections.change import terms


def inputs(findings: Findings) -> Section:
    """Parties, who is absent, the record, evidence, assumptions."""
    case = findings.case
    blocks: list[Block] = []
    if case.parties:
        rows = tuple(
            {
                "party": label(case, name),
                "role": ", ".join(party.roles),
                "preferences": _preference(case, name),
            }
            for name, party in case.parties.items()
        )
        blocks.append(Table("Parties", rows))
    if case.absent:
        blocks.append(Paragraph("", "Not at the table."))
        blocks.append(Listing(tuple(f"{a.label}{': ' + a.why if a.why else ''}" for a in case.absent)))
    notes = _Footnotes(case)
    if case.record:
        rows = tuple(
            {
                "date": entry.date or "",
                "who": ", ".join(label(case, p) for p in entry.party or ()),
                "what": entry.kind,
                "content": _content(case, entry),
                "source": notes.cite(entry.source, entry.locator),
            }
            for entry in case.record
        )
        blocks.append(Table("What was said and done", rows))
    if case.evidence:
        rows = tuple(
            {
                "input": ", ".join(e.supports),
                "what the source says, in our words": e.paraphrase or e.note or "",
                "source": notes.cite(e.source, e.locator),
                "reliability": e.reliability or "",
            }
            for e in case.evidence
        )
        blocks.append(Table("What inputs rest on", rows))
    if notes.items:
        blocks += [Paragraph("", "Sources."), Listing(tuple(notes.items))]
    if open_inputs := assumptions(case):
        blocks += [
            Paragraph(
                "No evidence is given for these inputs; they are judgements of whoever wrote the case.",
                "Assumptions.",
            ),
            Listing(tuple(open_inputs)),
        ]
    return Section("inputs", "Parties, record, sources and assumptions", tuple(blocks))


class _Footnotes:
    """Sources numbered in order of their first citation."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.items: list[str] = []
        self._numbers: dict[str, int] = {}

    def cite(self, source: str | None, locator: str | None) -> str:
        if source is None:
            return ""
        if source not in self._numbers:
            self._numbers[source] = len(self._numbers) + 1
            s = self.case.sources[source]
            parts = [
                s.author,
                s.title,
                s.publisher,
                s.date,
                s.pages and f"pp. {s.pages}",
                s.doi and f"doi {s.doi}",
                s.url,
                s.note,
            ]
            self.items.append(f"[{self._numbers[source]}] " + ", ".join(str(part) for part in parts if part))
        return f"[{self._numbers[source]}]{', ' + locator if locator else ''}"


def _preference(case: Case, name: str) -> str:
    preference = case.preferences.get(name)
    if preference is None:
        return "none given"
    kinds = {"values": "values by issue", "priorities": "priorities in order", "ranking": "a ranking of outcomes",
             "table": "a table of utilities", "types": "several types"}  # fmt: skip
    return kinds[preference.kind]


def _content(case: Case, entry: Any) -> str:
    parts = []
    if entry.outcome:
        parts.append(terms(case, entry.outcome))
    if entry.note:
        parts.append(entry.note)
    if entry.conditional_on:
        parts.append(f"on condition: {entry.conditional_on}")
    if entry.asserted_by:
        parts.append(f"asserted by {_who(case, entry.asserted_by)}")
    if entry.disputed_by:
        parts.append(f"disputed by {_who(case, entry.disputed_by)}")
    return "; ".join(parts)


def _who(case: Case, names: Iterable[str]) -> str:
    return join(label(case, name) for name in names)
