"""The sections behind the page, each built from what the analyses found; without findings it is absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from detente.analysis.agreement import AgreementResult
from detente.analysis.agreement.figures import PLAIN, shown
from detente.analysis.agreement.words import changes, join
from detente.analysis.agreement.zone import rational
from detente.case import Case, assumptions
from detente.report.document import Block, Figure, Listing, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.page import label

MOST_ROWS = 30

FUNNEL = {
    "possible": "can be at all",
    "acceptable": "every party would rather have than no deal",
    "stable_at_rest": "would hold once reached",
    "reachable": "can be reached by steps that enforce themselves, before the deadline",
    "ratifiable": "would also be accepted by those who must ratify",
}


def sections(findings: Findings) -> list[Section]:
    """All sections that this case has something to say in, in the order of the report."""
    built = [
        funnel(findings), packages(findings), stuck(findings), change(findings), inputs(findings), methods(findings),
    ]  # fmt: skip
    return [section for section in built if section is not None and section.blocks]


def funnel(findings: Findings) -> Section | None:
    """From what is possible to what could be ratified."""
    known = {key: count for key, count in findings.funnel.items() if count is not None}
    if len(known) < 2:
        return None
    rows = tuple({"outcomes that": FUNNEL[key], "number": f"{count:,}"} for key, count in known.items())
    missing = [FUNNEL[key] for key, count in findings.funnel.items() if count is None]
    note = f"Not counted here: outcomes that {join(missing)}." if missing else ""
    return Section("funnel", "From what is possible to what could hold", (Table("The funnel", rows, note),))


# packages ----------------------------------------------------------------------------------------


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
    order = [*np.flatnonzero(good), *np.flatnonzero(~good)][:MOST_ROWS]
    rows = tuple(
        {
            "outcome": _words(case, deal, front.levels[i]),
            **_worth(deal, front.utilities[i]),
            "acceptable to all": "yes" if good[i] else "no",
        }
        for i in sorted(order)
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


# why it is stuck ---------------------------------------------------------------------------------


def stuck(findings: Findings) -> Section | None:
    """Distance of the stated positions, the trace of concessions, and who cares more about what."""
    deal, case = findings.deal, findings.case
    if deal is None:
        return None
    blocks: list[Block] = []
    charts = deal.charts()
    if "positions" in charts:
        blocks.append(
            Figure(
                "positions",
                "Where the parties stand on each issue, on the record.",
                charts["positions"],
                _distance_table(deal),
            )
        )
    blocks += [
        _loss(case, d.parties, d.loss) for d in deal.distances if any(v is not None for v in d.loss.values())
    ]
    blocks += _moves(deal)
    if "trades" in charts:
        blocks.append(
            Figure(
                "trades",
                "How much of each party's stake lies in each issue.",
                charts["trades"],
                _trade_table(deal),
            )
        )
    return Section("stuck", "Why it is stuck", tuple(blocks))


def _loss(case: Case, parties: tuple[str, str], loss: Mapping[str, float | None]) -> Paragraph:
    told = [
        f"{label(case, party)} would lose {share:.0%} of the span between its worst and best outcome at the position of {label(case, other)}"
        if share >= 0
        else f"{label(case, party)} would gain at the position of {label(case, other)}, in this model"
        for party, other in (parties, parties[::-1])
        if (share := loss.get(party)) is not None
    ]
    return Paragraph(
        f"{'; '.join(told)}. Issues that a side has not spoken of are taken as they stand today.",
        "The distance.",
    )


def _distance_table(deal: AgreementResult) -> Table:
    case = deal.space.case
    rows = tuple(
        {
            "issue": label(case, issue),
            **{label(case, party): level for party, level in zip(d.parties, (mine, theirs), strict=True)},
            "levels apart": str(steps),
        }
        for d in deal.distances[:1]
        for issue, (mine, theirs, steps) in d.levels.items()
    )
    return Table("Stated positions", rows)


def _moves(deal: AgreementResult) -> list[Block]:
    if not deal.concessions:
        return []
    case = deal.space.case
    items = []
    for c in deal.concessions:
        when = f"{c.date}: " if c.date else ""
        if not c.changed:
            items.append(f"{when}{label(case, c.party)} did not move.")
            continue
        worth = (
            ""
            if c.given is None
            else f" ({'giving up' if c.given >= 0 else 'asking for'} {abs(c.given):.0%} of its span)"
        )
        items.append(f"{when}{label(case, c.party)} went {changes(c.changed)}{worth}.")
    return [Paragraph("", "Who has moved, on the record."), Listing(tuple(items))]


def _trade_table(deal: AgreementResult) -> Table:
    case = deal.space.case
    meaning = {
        "shared": "wanted alike", "contested": "contested", "traded": "open to trade", "idle": "indifferent to all",
    }  # fmt: skip
    rows = tuple(
        {
            "issue": label(case, trade.issue),
            **{f"{label(case, p)} wants": trade.best.get(p, "indifferent") for p in trade.importance},
            **{f"{label(case, p)} stake": f"{share:.0%}" for p, share in trade.importance.items()},
            "so it is": meaning[trade.kind],
        }
        for trade in deal.trades
    )
    return Table(
        "Who cares more about what",
        rows,
        "Stakes are shares of a party's own swings, summing to 100 % for each party.",
    )


# what would change the answer --------------------------------------------------------------------


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
                "package with equal shares of possible gains": _terms(findings.case, v.package),
            }
            for v in findings.variants
        )
        blocks.append(Table("Variants", rows))
    return Section("change", "What would change the answer", tuple(blocks)) if blocks else None


_NO_DEAL = {"now": "today", "deadline": "the deadline"}


def _terms(case: Case, package: Mapping[str, str] | str | None) -> str:
    if package is None:
        return ""
    return (
        package
        if isinstance(package, str)
        else ", ".join(f"{label(case, k)}: {v}" for k, v in package.items())
    )


# inputs ------------------------------------------------------------------------------------------


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
        parts.append(_terms(case, entry.outcome))
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


# methods -----------------------------------------------------------------------------------------


def methods(findings: Findings) -> Section:
    """How it was computed, and what it cannot say."""
    deal = findings.deal
    items = [
        "An outcome is acceptable if every party with preferences values it at least as much as no deal; there is room if one "
        "of these outcomes is better than no deal for somebody. Efficient outcomes are those that nobody can gain from without "
        "another losing (the Pareto front over all possible outcomes).",
        "Packages, in the order of the table: the rules of Nash (1950), Kalai and Smorodinsky (1975), Kalai (1977) and "
        "Harsanyi (1955), on the acceptable outcomes; the last two compare the parties' scales.",
        "Sure means for all values in the ranges of the case, possible for some; neither is a likelihood.",
        "A single run uses the middle value of each range.",
        "Acceptable is not the same as stable: nothing here says that a package would be kept.",
    ]
    if deal is not None:
        exact = (
            "exactly"
            if deal.exact
            else f"with an error of at most {deal.bound:.3g} in utility"
            if deal.bound
            else "within a stated gap"
        )
        items.append(f"The front was computed {exact} ({deal.method}).")
        items += [f"{warning[0].upper()}{warning[1:]}." for warning in deal.source.warnings]
    items += [f"{reason}" for reason in findings.missing]
    return Section("methods", "Methods and limits", (Listing(tuple(items)),))


def reproduce(case: Case, version: str, name: str, variant: str | None, audience: str) -> Section:
    """Command, hash and version."""
    shown_name = name if "/" not in name and "\\" not in name else name.replace("\\", "/").rsplit("/", 1)[-1]
    command = f"detente report {shown_name}" + (f" --variant {variant}" if variant else "")
    command += f" --audience {audience}" if audience != "analyst" else ""
    rows = ({"what": "command", "value": command}, {"what": "case", "value": case.id}, {"what": "hash of the case (SHA-256)", "value": case.hash}, {"what": "detente", "value": version})  # fmt: skip
    return Section("reproduce", "Reproduce", (Table("To get this report again", rows),))
