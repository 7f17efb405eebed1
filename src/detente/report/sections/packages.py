"""Packages that the rules pick, who gains what, and the front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from detente.analysis.agreement import AgreementResult
from detente.analysis.agreement.figures import PLAIN, shown
from detente.analysis.agreement.words import join
from detente.analysis.agreement.zone import rational
from detente.case import Case
from detente.report.document import Block, Figure, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.page import label
from detente.space.order import best_first

MOST_ROWS = 30


def packages(findings: Findings) -> Section | None:
    """Packages that the rules pick, who gains what, and the front."""
    deal = findings.deal
    if deal is None:
        return None
    blocks: list[Block] = []
    solved = {PLAIN[name]: found.levels for name, found in deal.solutions.items() if found is not None}
    if solved:
        blocks.append(Paragraph(
            "Acceptable does not mean stable: these packages are what different rules for sharing gains pick among the "
            "acceptable outcomes; whether one holds once signed is another question."
        ))  # fmt: skip
        blocks.append(_package_table(deal, solved))
    elif deal.nearest is not None:
        miss = deal.nearest[1]
        blocks.append(Paragraph(_miss(findings.case, deal, miss.levels, miss.shortfall), "Nearest miss."))
    elif not deal.space.cardinal:
        blocks.append(
            Paragraph(
                "Preferences are rankings: sharing gains needs preferences in numbers, so no package is proposed."
            )
        )
    charts = deal.charts()
    if "scatter" in charts:
        caption = "What each possible outcome is worth to each side, from its worst (0) to its best (100) outcome. Each side has its own scale: they cannot be compared."
        blocks.append(Figure("scatter", caption, charts["scatter"], _front_table(deal)))
    if findings.ranges is not None and deal.zone.exists:
        blocks.append(_zone_table(findings))
    return Section("packages", "Packages, and who gains what", tuple(blocks))


def _miss(case: Case, deal: AgreementResult, levels: Sequence[int], short: Any) -> str:
    names = [label(case, party) for party, s in zip(deal.space.parties, short, strict=True) if s > 0]
    return f"{_words(case, deal, levels)}; there {join(names)} would still fall short of no deal."


def _words(case: Case, deal: AgreementResult, levels: Sequence[int]) -> str:
    outcome = deal.space.outcome(levels)
    if isinstance(outcome, str):
        return outcome
    return ", ".join(f"{label(case, issue)}: {level}" for issue, level in outcome.items())


def _package_table(deal: AgreementResult, solved: Mapping[str, Sequence[int]]) -> Table:
    case = deal.space.case
    merged: dict[tuple[int, ...], list[str]] = {}
    for name, levels in solved.items():
        merged.setdefault(tuple(levels), []).append(name)
    rows = []
    for levels, names in merged.items():
        outcome = deal.space.outcome(levels)
        terms = (
            {"outcome": outcome}
            if isinstance(outcome, str)
            else {label(case, k): v for k, v in outcome.items()}
        )
        rows.append({"package": " / ".join(names), **terms, **_worth(deal, deal.space.utility(levels))})
    base = dict.fromkeys(rows[0], "") | {"package": "no deal"} | _worth(deal, deal.reservation)
    note = "Numbers run from 0, a party's worst possible outcome, to 100, its best, on its own scale; they cannot be compared across parties."
    return Table("Packages", (*rows, base), note)


def _worth(deal: AgreementResult, utilities: Any) -> dict[str, str]:
    numbers = shown(deal, np.asarray(utilities))
    return {
        f"{label(deal.space.case, party)} (0-100)": f"{number:.0f}"
        for party, number in zip(deal.space.parties, numbers, strict=True)
    }


def _front_table(deal: AgreementResult) -> Table:
    front, case = deal.front, deal.space.case
    good = rational(front.utilities, deal.reservation)
    place = best_first(front.utilities)  # the same with every NumPy, whose last digits differ
    shown_rows = {*[i for i in place if good[i]][:MOST_ROWS]}
    shown_rows |= {*[i for i in place if not good[i]][: MOST_ROWS - len(shown_rows)]}
    rows = tuple(
        {
            "outcome": _words(case, deal, front.levels[i]),
            **_worth(deal, front.utilities[i]),
            "acceptable to all": "yes" if good[i] else "no",
        }
        for i in place
        if i in shown_rows
    )
    left = len(front) - len(rows)
    note = f"{left:,} further efficient outcomes are in the data of the report." if left > 0 else ""
    return Table("Outcomes that cannot be improved for one without loss to another", rows, note)


def _zone_table(findings: Findings) -> Table:
    assert findings.deal is not None
    assert findings.ranges is not None
    levels, over = findings.deal.zone_levels(), findings.ranges
    rows = tuple(
        {
            "issue": label(findings.case, issue),
            "in outcomes acceptable to all": _few(levels[issue]),
            "surely, over all ranges": _few(over.sure[issue]) or "none",
            "possibly, for some values": _few(over.possible[issue]),
        }
        for issue in levels
    )
    note = (
        ""
        if over.tight
        else "Bounds are safe, not tight: some levels shown as possible may not be, and some sure ones may be missing."
    )
    return Table("Levels within reach, issue by issue", rows, note)


def _few(levels: Sequence[str], most: int = 8) -> str:
    return (
        ", ".join(levels) if len(levels) <= most else f"{levels[0]} ... {levels[-1]} ({len(levels)} levels)"
    )
