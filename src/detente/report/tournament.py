"""A tournament as a page: the league, who does well against whom, and what it rests on."""

from __future__ import annotations

import detente
from detente.analysis.result import to_plain
from detente.analysis.table.tournament import TournamentResult
from detente.report import html
from detente.report.document import Block, Figure, Listing, Paragraph, Report, Section, Table


def page(result: TournamentResult) -> str:
    """The tournament as one self-contained HTML file; a pure function of the result."""
    return html.render(build(result))


def build(result: TournamentResult) -> Report:
    """The tournament as data of a report."""
    charts = result.charts()
    front: list[Block] = [
        Paragraph(result.explain()),
        Figure("league", "League by the share of what each strategy could gain.", charts["league"], _league(result)),
    ]  # fmt: skip
    against = Figure(
        "pairs", "Row against column, in % of what the row could gain.", charts["pairs"], _pairs(result)
    )
    sections = [Section("pairs", "Who does well against whom", (against,))]
    if result.faults:
        rows = tuple({key: str(value) for key, value in fault.items()} for fault in result.faults)
        sections.append(Section("faults", "Calls that failed", (Table("Faults of own strategies", rows),)))
    sections += [_methods(), _reproduce(result)]
    return Report(
        "Tournament", Section("page", "Tournament", tuple(front)), tuple(sections), to_plain(result.to_dict())
    )


def _league(result: TournamentResult) -> Table:
    rows = tuple(
        {
            "rank": str(row["rank"]),
            "strategy": str(row["strategy"]),
            "share of what it could gain": f"{row['advantage']:.0%}",
            "interval": f"{row['advantage_low']:.0%} to {row['advantage_high']:.0%}",
            "ranks over resampled cases": f"{row['rank_low']} to {row['rank_high']}",
            "own utility": f"{row['utility']:.0%}",
            "product of gains": f"{row['nash']:.0%}",
            "total of gains": f"{row['welfare']:.0%}",
            "deals": f"{row['deals']:.0%}",
        }
        for row in result.league
    )
    note = "Product and total of gains as shares of the largest that an outcome has; totals compare the parties' scales."
    return Table("League", rows, note)


def _pairs(result: TournamentResult) -> Table:
    rows = tuple(
        {"strategy": name, **{other: f"{x:.0%}" for other, x in zip(result.names, row, strict=True)}}
        for name, row in zip(result.names, result.pairs, strict=True)
    )
    return Table("Row against column", rows)


def _methods() -> Section:
    items = (
        "Stacked alternating offers; the first seat opens; every pair of strategies meets in both roles in every case.",
        "A party's share of what it could gain is its gain over no deal, divided by the gain of its best outcome; no deal counts 0.",
        "Intervals hold 95 % of the means over cases drawn again with replacement.",
        "Scores hold for these cases and these opponents.",
    )
    return Section("methods", "Methods and limits", (Listing(items),))


def _reproduce(result: TournamentResult) -> Section:
    rows = tuple(
        {"what": what, "value": value}
        for what, value in (
            ("cases", ", ".join(result.cases)),
            ("strategies", ", ".join(result.names)),
            ("rounds", str(result.rounds)),
            ("repeats", str(result.repeats)),
            ("seed", str(result.seed)),
            ("hash of the cases (SHA-256)", result.source.case_hash),
            ("detente", detente.__version__),
        )
    )
    return Section("reproduce", "Reproduce", (Table("To hold this tournament again", rows),))
