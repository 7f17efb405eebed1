"""What would change the answer: readings of no deal, and variants."""

from __future__ import annotations

from collections.abc import Mapping

from detente.analysis.agreement.words import join
from detente.case import Case
from detente.report.document import Block, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.page import label


def change(findings: Findings) -> Section | None:
    """Readings of no deal, and variants."""
    blocks: list[Block] = []
    if len(findings.by_no_deal) > 1:
        told = [
            f"with no deal as of {_NO_DEAL[name]}, {'there is' if exists else 'there is no'} room"
            for name, exists in findings.by_no_deal.items()
        ]
        blocks.append(Paragraph(f"In this model, {join(told)}.", "What no deal means."))
    if findings.variants:
        rows = tuple(
            {
                "variant": v.name,
                "what changes": v.why or "see the case file",
                "room": "not analysed: " + v.problem.splitlines()[0]
                if v.exists is None
                else "yes"
                if v.exists
                else "no",
                "over the ranges": v.verdict or "",
                "package with equal shares of possible gains": terms(findings.case, v.package),
            }
            for v in findings.variants
        )
        blocks.append(Table("Variants", rows))
    return Section("change", "What would change the answer", tuple(blocks)) if blocks else None


_NO_DEAL = {"now": "today", "deadline": "the deadline"}


def terms(case: Case, package: Mapping[str, str] | str | None) -> str:
    if package is None:
        return ""
    return (
        package
        if isinstance(package, str)
        else ", ".join(f"{label(case, k)}: {v}" for k, v in package.items())
    )
