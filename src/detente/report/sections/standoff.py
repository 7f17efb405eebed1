"""Why nobody moves alone: what holds today, what deters whom, what steps that pay lead to, what would unlock it."""

from __future__ import annotations

from collections.abc import Sequence

from detente.analysis.standoff import StandoffResult, figures, words
from detente.report.document import Block, Figure, Listing, Paragraph, Section, Table
from detente.report.gather import Findings

LARGEST_UNLOCK = 2_000
"""Outcomes up to which the report asks what would make a target hold."""
MOST_TARGETS = 3
MOST_STATES = 24
"""Outcomes that the figure and its table show."""
MOST_FOLLOWED = 50
MOST_WAYS = 5


def standoff(findings: Findings) -> Section | None:
    """What holds at rest, and why nobody leaves it alone."""
    result = findings.standoff
    if result is None:
        return None
    speaker = words.Speaker(result.conflict, labelled=True)
    blocks: list[Block] = [Paragraph(f"In this model: {_lower(words.answer(result, speaker))}", "Today.")]
    blocks += _listing(words.reasons(result, speaker))
    blocks.append(_figure(result, speaker))
    blocks += _ways(result, speaker)
    blocks += _listing(
        words.targets(result, speaker)[:MOST_TARGETS], "Targets.", "Once reached, and with no word given:"
    )
    blocks += _listing(
        _unlock(result, speaker), "What would unlock them.", "In this model, for the target to hold:"
    )
    blocks.append(
        Paragraph(
            "Holding is not being acceptable, and says nothing about promises or steps taken together.",
            "Limits.",
        )
    )
    return Section("standoff", "Why nobody moves alone", tuple(blocks))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _listing(lines: Sequence[str], lead: str = "", text: str = "") -> list[Block]:
    items = tuple(line.removeprefix("- ") for line in lines)
    if not items:
        return []
    return [Paragraph(text, lead), Listing(items)] if lead else [Listing(items)]


def _figure(result: StandoffResult, speaker: words.Speaker) -> Figure:
    shown = figures.states_shown(result, MOST_STATES)
    rows = tuple(
        {"number": str(s), "outcome": speaker.outcome(s), "in this model": figures.holding(result, s)}
        for s in shown
    )
    count = words.outcomes(result.n_feasible, "possible ")
    note = "" if len(shown) == result.n_feasible else f"{len(shown)} of {count} are shown."
    table = Table("Outcomes and what holds", rows, note)
    return Figure(
        "moves", "Who can move what to where, and what would hold.", figures.graph(result, shown), table
    )


def _ways(result: StandoffResult, speaker: words.Speaker) -> list[Block]:
    """Which of the outcomes that would hold can come about by steps that each pay for who takes them."""
    if result.evolution is None:
        return []
    others = [s for s in result.main_equilibria(MOST_FOLLOWED) if s != result.status_quo]
    paths = {s: result.evolution.improvements.path(s) for s in others}
    ways = [f"{speaker.outcome(s)}: {speaker.steps(path)}." for s, path in paths.items() if path]
    lead, looked = "From today, alone.", f"Of {words.outcomes(len(others), 'other ')} that would hold"
    if not ways:
        none = "none can come about by steps each of which pays at once for who takes it"
        return [Paragraph(f"{looked}, {none}.", lead)] if others else []
    text = f"{looked}, {len(ways):,} can come about by steps each of which pays at once for who takes it:"
    return [Paragraph(text, lead), Listing(tuple(ways[:MOST_WAYS]))]


def _unlock(result: StandoffResult, speaker: words.Speaker) -> list[str]:
    """For the first targets that nothing holds: what would have to change."""
    conflict = result.conflict
    if conflict.size > LARGEST_UNLOCK:
        return []
    space, lines = conflict.space, []
    for name, target in list(space.case.targets.items())[:MOST_TARGETS]:
        state = space.number(space.positions(target.outcome))
        if conflict.possible[state] and words.strongest(result, state) is None:
            lines += [f"{name}: {line}" for line in result.unlock(state, "seq").reasons(speaker)]
    return lines
