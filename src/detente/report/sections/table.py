"""What happens at the table: where simulated negotiations end, and what changes that."""

from __future__ import annotations

from detente.analysis.table import TableResult
from detente.analysis.table.words import join, outcome, share
from detente.case import Case
from detente.report.document import Block, Figure, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.page import label

MOST = 5


def table(findings: Findings) -> Section | None:
    """Simulated negotiations: how many end in a deal, which, one of them in full, and what changes the shares."""
    held, case = findings.table, findings.case
    if held is None:
        return None
    blocks: list[Block] = [
        Paragraph(_told(case, held), "Simulated."),
        Paragraph(
            "Each party asks for its best at first and comes down to what no deal is worth to it, late or early: how fast "
            "is drawn in each run. Without a deal each has what it has today. Nobody here doubts that a deal would be kept: "
            "whether it would is another question. Shares are of these runs and say nothing of how likely a deal is.",
            "How to read this.",
        ),
    ]
    if held.agreements:
        blocks.append(_deals(case, held))
    charts = held.charts()
    if "concessions" in charts:
        caption = "One of the runs: what each party asks for, on its own scale."
        blocks.append(Figure("concessions", caption, charts["concessions"], _turns(case, held)))
    if findings.effects:
        rows = tuple(
            {
                "change": c.name,
                "runs with a deal, before": share(c.before),
                "runs with a deal, after": share(c.after),
                "rounds later (earlier: -)": "" if c.round is None else f"{c.round.mean:+.1f}",
            }
            for c in findings.effects
        )
        blocks.append(Table("What changes at the table", rows, "The same runs with and without each change."))
    return Section("table", "What happens at the table", tuple(blocks))


def _told(case: Case, held: TableResult) -> str:
    who = join(label(case, name) for name in held.setting.names)
    text = f"Of {held.runs:,} simulated runs of alternating offers between {who} in this model, {share(held.deal_rate)} end in a deal"
    if held.mean_round is not None:
        text += f", on average in round {held.mean_round:.0f} of {held.setting.terms.rounds}"
    others = [
        f"{share(part)} {name}"
        for name, part in held.ended().items()
        if part and name not in ("deal", "deadline")
    ]
    text += f"; {join(others)}" if others else ""
    away = [label(case, held.setting.space.parties[p]) for p in held.setting.ratifiers]
    if away:
        text += f". {join(away)} has no seat, and must agree afterwards" if len(away) == 1 else f". {join(away)} have no seat, and must agree afterwards"  # fmt: skip
    return f"{text}."


def _deals(case: Case, held: TableResult) -> Table:
    rows = tuple(
        {
            "outcome": outcome(case, held.named(a.number)),
            "share of the runs": share(a.share),
            "round, on average": f"{a.mean_round:.0f}",
        }
        for a in held.agreements[:MOST]
    )
    more = len(held.agreements) - MOST
    return Table("What is agreed on most often", rows, f"And {more:,} other outcomes." if more > 0 else "")


def _turns(case: Case, held: TableResult) -> Table:
    """The turns of the run that the figure shows, shortened to where an offer changes."""
    rows, last = [], dict[int, object]()
    for turn in held.trace(held.typical()).turns:
        if turn.outcome is None or (not turn.taken and last.get(turn.party) == turn.outcome):
            continue
        last[turn.party] = turn.outcome
        rows.append(
            {
                "round": str(turn.round + 1),
                "party": label(case, held.setting.names[turn.party]),
                "does": "takes" if turn.taken else "offers",
                "outcome": outcome(case, held.named(int(held.setting.numbers[turn.outcome]))),
            }
        )
    return Table("Offers of this run, where they change", tuple(rows))
