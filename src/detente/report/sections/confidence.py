"""How sure the answer is over the ranges of the case, and what it depends on most."""

from __future__ import annotations

from detente.analysis.confidence import ConfidenceResult
from detente.analysis.confidence.figures import short
from detente.analysis.confidence.words import VERDICTS, percent
from detente.report.document import Block, Figure, Paragraph, Section, Table
from detente.report.gather import Findings

MOST_ROWS = 10


def confidence(findings: Findings) -> Section | None:
    """Whether there is room for a deal, over draws from the ranges of the case."""
    sure = findings.sure
    if sure is None:
        return None
    blocks: list[Block] = [Paragraph(_verdict(sure), "Over the ranges.")]
    blocks += _drivers(sure)
    charts = sure.charts()
    if "map" in charts:
        caption = "Each cell: the share of the assumed cases with room for a deal, the other inputs drawn as the case says."
        blocks.append(Figure("map", caption, charts["map"], _flips(sure)))
    elif (flips := _flips(sure)) is not None:
        blocks.append(flips)
    return Section("confidence", "How sure this is, and what it depends on", tuple(blocks))


def _verdict(sure: ConfidenceResult) -> str:
    share, ruling = sure.shares["deal_exists"], sure.rulings["deal_exists"]
    told = "all" if share.share == 1 else "none" if share.share == 0 else percent(share.share)
    ends = (
        ""
        if share.share in (0.0, 1.0)
        else f" (between {percent(share.low)} and {percent(share.high)}, by the number drawn)"
    )
    proof = "" if ruling.proved else " as far as a search shows, which is no proof"
    return (
        f"There is room for a deal in {told} of the {share.draws:,} assumed cases drawn{ends}. Over everything the ranges allow, there is room {VERDICTS[ruling.verdict]}{proof}. "
        "These are shares of cases that we assumed; they say how far the answer rests on our numbers, nothing about what will happen."
    )


def _drivers(sure: ConfidenceResult) -> list[Block]:
    strong = [d for d in sure.drivers if d.effect > 0][:MOST_ROWS]
    if not strong or "tornado" not in sure.charts():
        return []
    yes = sure.about == sure.answer
    rows = tuple(
        {
            "input": short(d.input),
            "explains": percent(d.effect),
            "in its lowest fifth": percent(d.low) if yes else f"{d.low:.2g}",
            "in its highest fifth": percent(d.high) if yes else f"{d.high:.2g}",
        }
        for d in strong
    )
    what = (
        "the share of the assumed cases with room for a deal"
        if yes
        else "how much room there is: what the side that gains least gains at the best outcome, as a share of its own range. It sets sides' scales side by side"
    )
    caption = f"What the answer depends on: {what}, when an input is in the lowest and in the highest fifth of its values."
    return [Figure("tornado", caption, sure.charts()["tornado"], Table("What the answer depends on", rows))]


def _flips(sure: ConfidenceResult) -> Table | None:
    inside = [f for f in sure.flips if f.inside][:MOST_ROWS]
    if not inside:
        return None
    rows = tuple(
        {
            "input": short(f.input),
            "middle value": f"{f.value:.3g}",
            "the answer turns at": ", ".join(f"{x:.3g}" for x in f.at),
        }
        for f in inside
    )
    return Table(
        "Where the answer turns, one input at a time", rows, "The other inputs stay at their middle values."
    )
