"""The standoff in words: who could gain by moving, what others would answer, and what nobody can leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from detente.analysis.standoff.evolution import Step
from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.witness import ANSWERED, CREDIBLE, Reply, Why

if TYPE_CHECKING:
    from detente.analysis.standoff.result import StandoffResult

MEANING = {
    "nash": "nobody could gain by one move, whatever follows",
    "gmr": "every gain could be undone by some answer, likely or not",
    "smr": "every gain could be undone, with no way out for the one who moved",
    "seq": "every gain would be undone by answers that pay for those who give them",
    "sseq": "every gain would be undone by answers that pay, with no way out for the one who moved",
}
"""What each concept says of an equilibrium, in words for people."""
NAMES = {
    "nash": "Nash", "gmr": "general metarational", "smr": "symmetric metarational",
    "seq": "sequential", "sseq": "symmetric sequential",
}  # fmt: skip
MOST = 6


def join(names: Iterable[str]) -> str:
    """Names as a phrase: ``a, b and c``."""
    listed = list(names)
    return " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])) if listed else ""


class Speaker:
    """Says outcomes, movers and moves of a conflict in the labels of its case."""

    def __init__(self, conflict: Conflict) -> None:
        self.conflict = conflict
        self.space = conflict.space
        self.label = conflict.space.case.label

    def outcome(self, state: int) -> str:
        """An outcome as its levels, or its name."""
        found = self.space.outcome(self.space.levels(state))
        return (
            found
            if isinstance(found, str)
            else ", ".join(f"{issue} {level}" for issue, level in found.items())
        )

    def who(self, mover: Sequence[str]) -> str:
        """A mover: its label, or those of a group acting together."""
        return join(self.label(party) for party in mover) + (" together" if len(mover) > 1 else "")

    def act(self, step: Step) -> str:
        """What a move changes: ``relief from none to partial``; in graph form where it leads."""
        old, new = self.space.levels(step.start), self.space.levels(step.end)
        if self.space.case.graph_form:
            return f"going to {self.outcome(step.end)}"
        changed = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        names = self.space.level_names
        return join(f"{self.space.issues[i]} from {names[i][old[i]]} to {names[i][new[i]]}" for i in changed)

    def steps(self, path: Sequence[Step]) -> str:
        """A sequence of moves."""
        return ", then ".join(f"{self.who(step.mover)} with {self.act(step)}" for step in path)

    def why(self, found: Why) -> str:
        """A verdict as one sentence."""
        party = self.label(found.party)
        if not found.improvements:
            return f"{party} has no move from here that is better for it."
        reply = found.replies[0]
        move = self.act(Step((found.party,), found.outcome, reply.improvement))
        gain = f"{party} could gain by {move}"
        if found.stable:
            more = (
                f" The other {found.improvements - 1} gains open to it are deterred too."
                if found.improvements > 1
                else ""
            )
            return f"{gain}, but {self._sanction(found, reply)}.{more}"
        return f"{gain}, and {self._nothing(found, reply)}."

    def _sanction(self, found: Why, reply: Reply) -> str:
        would = "would have reason to answer" if found.concept in CREDIBLE else "could answer"
        first, *rest = reply.sanction or ()
        answer = f"{self.who(first.mover)} {would} with {self.act(first)}"
        if rest:
            answer += f", then {self.steps(rest)}"
        after = ", and it would have no way out" if found.concept in ANSWERED else ""
        return f"{answer}, which leaves it no better off than now{after}"

    def _nothing(self, found: Why, reply: Reply) -> str:
        if found.concept == "nash":
            return "nothing that others may do counts under this concept"
        if reply.escape is not None:
            return f"could escape the answer ({self.steps(reply.blow)}) by {self.act(reply.escape)}"
        kind = (
            "no answer that pays for those who give it"
            if found.concept in CREDIBLE
            else "no answer of others"
        )
        return f"{kind} would leave it worse off"


def explain(result: StandoffResult) -> str:
    """What holds, what the status quo is, what can be reached, and what this rests on."""
    speaker = Speaker(result.conflict)
    lines = [
        _verdict(result),
        *_equilibria(result, speaker),
        *_status_quo(result, speaker),
        *_reached(result, speaker),
    ]
    lines.append(
        "Holding at rest is not the same as being acceptable, and says nothing about how to get there by steps."
    )
    lines += [f"Note: {warning.rstrip('.')}." for warning in result.source.warnings]
    return "\n".join(line for line in lines if line)


def _verdict(result: StandoffResult) -> str:
    counts, total = result.counts, f"{result.n_feasible:,} possible outcomes"
    if not counts["gmr"]:
        return f"Nothing holds: from each of the {total} some party would gain by moving, whatever others may answer."
    shown, before = [], None
    for concept in ("nash", "sseq", "seq", "gmr"):
        if counts[concept] and counts[concept] != before:
            shown.append(f"{counts[concept]:,} where {MEANING[concept]}")
            before = counts[concept]
    return f"Of {total}, these are such that no party has reason to leave: {'; '.join(shown)}."


def _equilibria(result: StandoffResult, speaker: Speaker) -> list[str]:
    listed = result.main_equilibria(MOST + 1)
    lines = [f"- {speaker.outcome(s)}{_quo(result, s)}: {held(result, s)}." for s in listed[:MOST]]
    if len(listed) > MOST:
        lines.append(f"- and more: the table of equilibria has all {max(result.counts.values()):,}.")
    return lines


def held(result: StandoffResult, state: int) -> str:
    """The concepts under which an outcome is an equilibrium, as a phrase."""
    found = result.concepts_of(state)
    if "nash" in found:
        return "Nash, and so every other concept"
    return join(NAMES[c] for c in found) if found else "none"


def _quo(result: StandoffResult, state: int) -> str:
    return " (the status quo)" if state == result.status_quo else ""


def _status_quo(result: StandoffResult, speaker: Speaker) -> list[str]:
    if not result.status_quo_possible:
        return ["The status quo is not among the possible outcomes."]
    if result.concepts_of(result.status_quo):
        lines = [f"The status quo holds ({held(result, result.status_quo)}):"]
    else:
        lines = ["The status quo does not hold:"]
    return lines + [
        f"- {speaker.why(result.why(party))}{_margin(result, party)}" for party in result.conflict.parties
    ]


def _margin(result: StandoffResult, party: str) -> str:
    margin = result.why(party).margin
    if margin is None or margin == 0:
        return ""
    if margin > 0:
        return f" It could fall by {margin} of that party's ranks and still hold."
    return f" It would have to rise by {-margin} of that party's ranks to hold."


def _reached(result: StandoffResult, speaker: Speaker) -> list[str]:
    if result.evolution is None:
        return []
    goals = [s for s in result.main_equilibria(MOST) if s != result.status_quo]
    lines = []
    for row in result.evolution.rows(goals):
        path, text = row["improving_path"], speaker.outcome(int(str(row["outcome"])))
        if isinstance(path, list):
            lines.append(f"- {text}: by steps each of which pays for who takes it: {speaker.steps(path)}.")
        elif isinstance(row["path"], list):
            lines.append(
                f"- {text}: only with a step that does not pay for who takes it: {speaker.steps(row['path'])}."
            )
        else:
            lines.append(f"- {text}: not by anyone's own moves.")
    return ["From the status quo to the others:", *lines] if lines else []
