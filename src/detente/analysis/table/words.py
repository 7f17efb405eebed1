"""The table in words. Shares are of simulated runs under assumed strategies, and said to be so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from detente.case import Case

if TYPE_CHECKING:
    from detente.analysis.table.result import TableResult

PROTOCOLS = {
    "alternating": "alternating offers",
    "issue-by-issue": "alternating offers on one issue after the other",
    "simultaneous": "simultaneous offers",
    "demand": "demands made once and together",
    "text": "a mediator's single text",
    "rubinstein": "alternating offers with foresight",
}
"""What people call each protocol."""
MOST = 3


def join(names: Iterable[str]) -> str:
    """Names as a phrase: ``a, b and c``."""
    listed = list(names)
    return " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])) if listed else ""


def explain(result: TableResult) -> str:
    """How many runs end in a deal, which deals, and what this rests on."""
    lines = [_rate(result), _deals(result), _quality(result), _basis(result)]
    lines += [f"Note: {warning}." for warning in result.source.warnings]
    return "\n".join(line for line in lines if line)


def _rate(result: TableResult) -> str:
    case, rounds = result.setting.space.case, result.setting.terms.rounds
    who = join(case.label(name) for name in result.setting.names)
    runs = f"{result.runs:,} simulated run{'s' * (result.runs != 1)}"
    text = f"Of {runs} of {PROTOCOLS[result.protocol]} between {who}, {share(result.deal_rate)} end in a deal"
    if result.mean_round is not None:
        text += f", on average in round {result.mean_round:.1f} of {rounds:,}"
    others = [f"{share(part)} {name}" for name, part in result.ended().items() if part and name != "deal"]
    return text + (f"; the rest: {join(others)}." if others else ".")


def _deals(result: TableResult) -> str:
    case = result.setting.space.case
    told = [
        f"{outcome(case, result.named(a.number))} ({share(a.share)} of the runs)"
        for a in result.agreements[:MOST]
    ]
    if not told:
        return ""
    more = len(result.agreements) - len(told)
    return f"Most often: {'; '.join(told)}" + (f"; and {more:,} other outcomes." if more else ".")


def outcome(case: Case, named: dict[str, object]) -> str:
    """An outcome in the labels of its case."""
    if list(named) == ["outcome"]:
        return str(named["outcome"])
    return ", ".join(f"{case.label(issue)}: {level}" for issue, level in named.items())


def _quality(result: TableResult) -> str:
    if result.efficient is None:
        return ""
    return f"{share(result.efficient)} of the deals leave nothing on the table: no other outcome is better for one party and no worse for the rest."


def _basis(result: TableResult) -> str:
    if not result.asked:
        return f"Shares are of the simulated runs under {PROTOCOLS[result.protocol]}, and say nothing of how likely a deal is."
    asked = join(f"{name}: {text}" for name, text in result.asked.items())
    return (
        f"Shares are of the simulated runs under the strategies assumed ({asked}), and say nothing of how likely a deal "
        "is."
    )


def share(part: float) -> str:
    """A share as people read it."""
    if 0 < part < 0.005:
        return "under 1 %"
    if 0.995 < part < 1:
        return "over 99 %"
    return f"{part:.0%}".replace("%", " %")
