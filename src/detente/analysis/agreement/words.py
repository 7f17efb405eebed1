"""The agreement analysis in words. No analysis recommends alone: this says what is acceptable, not what holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from detente.analysis.agreement.positions import Distance, Trade
    from detente.analysis.agreement.result import AgreementResult

MOST = 3


def explain(result: AgreementResult) -> str:
    """Whether a deal exists, who gives what, how far apart the parties are, and what this rests on."""
    lines = [_verdict(result), _package(result), _apart(result), _movement(result), _stuck(result)]
    lines += [_front(result)]
    lines += [f"Note: {warning}." for warning in result.source.warnings]
    return "\n".join(line for line in lines if line)


def label(result: AgreementResult, name: str) -> str:
    """What people call a party or an issue."""
    return result.source.labels.get(name, name)


def join(names: Iterable[str]) -> str:
    """Names as a phrase: ``a, b and c``."""
    listed = list(names)
    return " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])) if listed else ""


def changes(changed: Mapping[str, tuple[str, str]]) -> str:
    """Changed levels as a phrase."""
    return join(f"{issue} from {old} to {new}" for issue, (old, new) in changed.items()) or "nothing"


def _verdict(result: AgreementResult) -> str:
    zone, space = result.zone, result.space
    if not space.parties:
        return "No party has preferences, so nothing can be said about a deal."
    everyone = join(label(result, party) for party in space.parties)
    if zone.exists:
        count = "" if zone.count is None else f": {zone.count:,} of {space.size:,} outcomes"
        return f"Yes: there are outcomes no worse than no deal for each of {everyone}, and better for some{count}."
    if zone.count or zone.count is None:
        return f"No: nothing is better for anyone than no deal without being worse for another of {everyone}."
    return f"No: no possible outcome is at least as good as no deal for each of {everyone}. " + _nearest(
        result
    )


def _nearest(result: AgreementResult) -> str:
    if result.nearest is None:
        return ""
    miss = result.nearest[1]
    short = [
        f"{label(result, party)} by {s:.3g}"
        for party, s in zip(result.space.parties, miss.shortfall, strict=True)
        if s > 0
    ]
    return f"The nearest miss is {_outcome(result, miss.levels)}, where {join(short)} would fall short (each on its own scale)."


def _outcome(result: AgreementResult, levels: Sequence[int]) -> str:
    outcome = result.space.outcome(levels)
    if isinstance(outcome, str):
        return outcome
    return ", ".join(f"{label(result, issue)}: {level}" for issue, level in outcome.items())


def _package(result: AgreementResult) -> str:
    """Who gives what in the package that shares gains in proportion to what each could gain."""
    found = result.solutions.get("kalai_smorodinsky")
    if found is None:
        if result.zone.exists and not result.space.cardinal:
            return (
                "Preferences are rankings: which outcomes are acceptable and efficient is known, "
                "but sharing gains needs preferences in numbers."
            )
        return ""
    start = result.space.start
    if result.space.case.graph_form or start == tuple(found.levels):
        return f"A package that shares gains in proportion: {_outcome(result, found.levels)}."
    moved = [
        f"{_owner(result, issue)}{label(result, issue)} to {names[new]}"
        for issue, names, old, new in zip(
            result.space.issues, result.space.level_names, start, found.levels, strict=True
        )
        if old != new
    ]
    shown = "; ".join(moved[:8]) + (f"; and {len(moved) - 8} more" if len(moved) > 8 else "")
    return f"A package that shares gains in proportion to what each could gain: {shown}."


def _owner(result: AgreementResult, issue: str) -> str:
    by = result.space.case.issues[issue].by
    return f"{join(label(result, party) for party in by)} takes " if by else ""


def _apart(result: AgreementResult) -> str:
    return " ".join(_distance(result, distance) for distance in result.distances[:MOST])


def _distance(result: AgreementResult, distance: Distance) -> str:
    a, b = (label(result, party) for party in distance.parties)
    apart = {issue: row for issue, row in distance.levels.items() if row[2]}
    if not distance.levels:
        what = "have not spoken of the same issues"
    elif not apart:
        what = f"agree on {join(label(result, issue) for issue in distance.levels)}"
    else:
        what = "are apart on " + join(
            f"{label(result, issue)} ({mine} against {theirs}, {steps} level{'s' * (steps != 1)})"
            for issue, (mine, theirs, steps) in apart.items()
        )
    losses = [
        f"{label(result, party)} would lose {share:.0%} of its range at the other's position"
        for party, share in distance.loss.items()
        if share is not None
    ]
    return f"As stated, {a} and {b} {what}" + (f"; {join(losses)}." if losses else ".")


def _movement(result: AgreementResult) -> str:
    moved = [c for c in result.concessions if c.changed]
    if not result.concessions:
        return ""
    if not moved:
        return "On the record, nobody has moved from a stated position."
    last = moved[-1]
    return f"The last move on the record: {label(result, last.party)} changed {changes(last.changed)}."


def _stuck(result: AgreementResult) -> str:
    groups: dict[str, list[Trade]] = {}
    for trade in result.trades:
        groups.setdefault(trade.kind, []).append(trade)
    parts = []
    if "contested" in groups:
        parts.append("contested: " + join(label(result, t.issue) for t in groups["contested"]))
    if "traded" in groups:
        parts.append(
            "open to trade: "
            + join(
                f"{label(result, t.issue)} (matters most to {label(result, t.cares_most or '')})"
                for t in groups["traded"]
            )
        )
    if "shared" in groups:
        parts.append("wanted alike: " + join(label(result, t.issue) for t in groups["shared"]))
    return f"Issues {'; '.join(parts)}." if parts else ""


def _front(result: AgreementResult) -> str:
    front = result.front
    if front.outcomes is not None:
        return f"Every one of the {front.outcomes:,} possible outcomes is efficient: what one gains another loses."
    if not len(front):
        return "" if front.exact else "The efficient outcomes are too many to list."
    number = f"{len(front):,} efficient point{'s' * (len(front) != 1)}"
    if not front.exact:
        return f"About {number} found; a true one lies at most {front.bound:.3g} above the nearest of them."
    good = int(np.sum([p["rational"] for p in result.points()])) if len(front) <= 100_000 else None
    return f"{number}" + (f", {good:,} of them acceptable to all." if good is not None else ".")
