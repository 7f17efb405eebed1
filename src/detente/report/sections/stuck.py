"""Why it is stuck: distance of the stated positions, concessions, and who cares more about what."""

from __future__ import annotations

from collections.abc import Mapping

from detente.analysis.agreement import AgreementResult
from detente.analysis.agreement.words import changes
from detente.case import Case
from detente.report.document import Block, Figure, Listing, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.page import label


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
