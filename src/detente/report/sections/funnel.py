"""From what is possible to what could be ratified."""

from __future__ import annotations

from detente.analysis.agreement.words import join
from detente.report.document import Section, Table
from detente.report.gather import Findings

FUNNEL = {
    "possible": "can be at all",
    "acceptable": "nobody at the table finds worse than no deal",
    "stable_at_rest": "would hold once reached",
    "reachable": "can be reached by steps that enforce themselves, before the deadline",
    "ratifiable": "those who must ratify would accept as well",
}


def funnel(findings: Findings) -> Section | None:
    """From what is possible to what could be ratified."""
    known = {key: count for key, count in findings.funnel.items() if count is not None}
    if len(known) < 2:
        return None
    over = _over(findings)
    rows = tuple(
        {
            "outcomes that": FUNNEL[key],
            "number": f"{count:,}",
            **({"in nine of ten assumed cases": over.get(key, "")} if over else {}),
        }
        for key, count in known.items()
    )
    missing = [FUNNEL[key] for key, count in findings.funnel.items() if count is None]
    note = f"Not counted here: outcomes that {join(missing)}." if missing else ""
    return Section("funnel", "From what is possible to what could hold", (Table("The funnel", rows, note),))


def _over(findings: Findings) -> dict[str, str]:
    """Between what the counts lie over the draws, where these count the same outcomes: all issues owned, nobody who only ratifies."""
    steps, space = findings.steps, findings.space
    if steps is None or space is None or steps.standing is None or not steps.whole:
        return {}
    if any(set(space.case.parties[p].roles) == {"ratifier"} for p in space.parties):
        return {}
    keys = {"acceptable": "acceptable", "at_rest": "stable_at_rest"}
    return {keys[what]: f"{low:,} to {high:,}" for what, (low, high) in steps.standing.outcomes.items()}
