"""The standoff in words: who could gain by moving, what others would answer, and what nobody can leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
PLAIN = {
    "nash": "outright", "sseq": "since answers that pay would undo every gain",
    "seq": "since answers that pay would undo every gain",
    "smr": "only if others answer even at a cost to themselves",
    "gmr": "only if others answer even at a cost to themselves",
}  # fmt: skip
"""How an outcome holds, for readers who know none of the names."""
SHORT = {"nash": "Nash", "gmr": "GMR", "smr": "SMR", "seq": "SEQ", "sseq": "SSEQ"}
"""The same for the heads of tables."""
MOST = 6


def join(names: Iterable[str]) -> str:
    """Names as a phrase: ``a, b and c``."""
    listed = list(names)
    return " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])) if listed else ""


class Speaker:
    """Says outcomes, movers and moves of a conflict in the labels of its case; outcomes in short by ids, unless
    ``labelled``.
    """

    def __init__(self, conflict: Conflict, labelled: bool = False) -> None:
        self.conflict, self.labelled = conflict, labelled
        self.space = conflict.space
        self.label = conflict.space.case.label

    def outcome(self, state: int) -> str:
        """An outcome as its levels, or its name."""
        found = self.space.outcome(self.space.levels(state))
        if isinstance(found, str):
            return found
        if self.labelled:
            return ", ".join(f"{self.label(issue)}: {level}" for issue, level in found.items())
        return ", ".join(f"{issue} {level}" for issue, level in found.items())

    def who(self, mover: Sequence[str]) -> str:
        """A mover: its label, or those of a group acting together."""
        return join(self.label(party) for party in mover) + (" together" if len(mover) > 1 else "")

    def issue(self, index: int) -> str:
        """An issue by its label."""
        return self.label(self.space.issues[index])

    def act(self, step: Step, form: str = "taking") -> str:
        """What a move changes: ``taking relief from none to partial``; in graph form where it leads."""
        old, new = self.space.levels(step.start), self.space.levels(step.end)
        if self.space.case.graph_form:
            return f"{_GOING[form]} {self.outcome(step.end)}"
        changed = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        names = self.space.level_names
        what = join(f"{self.issue(i)} from {names[i][old[i]]} to {names[i][new[i]]}" for i in changed)
        return f"{form} {what}"

    def steps(self, path: Sequence[Step]) -> str:
        """A sequence of moves: ``A takes x from none to some, then B ...``."""
        return ", then ".join(f"{self.who(step.mover)} {self._does(step)}" for step in path)

    def _does(self, step: Step) -> str:
        return self.act(step, "takes" if len(step.mover) == 1 else "take")

    def why(self, found: Why) -> str:
        """A verdict as one sentence."""
        party = self.label(found.party)
        if found.margin is None:
            return f"{party} has no move of its own here."
        if not found.improvements:
            return f"{party} has no move of its own here that is better for it."
        reply = found.replies[0]
        gain = f"{party} could gain by {self.act(Step((found.party,), found.outcome, reply.improvement))}"
        if found.stable:
            others = found.improvements - 1
            more = (
                f" Its {others:,} other gain{'s' if others > 1 else ''} would be deterred too."
                if others
                else ""
            )
            return f"{gain}, but {self._sanction(found, reply)}.{more}"
        return f"{gain}, and {self._nothing(found, reply)}."

    def _sanction(self, found: Why, reply: Reply) -> str:
        would = "would have reason to answer by" if found.concept in CREDIBLE else "could answer by"
        first, *rest = reply.sanction or ()
        answer = f"{self.who(first.mover)} {would} {self.act(first)}"
        if rest:
            answer += f", then {self.steps(rest)}"
        score = self.conflict.scores[self.conflict.parties.index(found.party)]
        worse = "worse off" if score[reply.lands] < score[found.outcome] else "no better off"
        after = ", with no way out" if found.concept in ANSWERED else ""
        return f"{answer}, which leaves {self.label(found.party)} {worse} than now{after}"

    def _nothing(self, found: Why, reply: Reply) -> str:
        if found.concept == "nash":
            return "what others may answer does not count under this concept"
        if reply.escape is not None:
            return f"could escape the answer ({self.steps(reply.blow)}) by {self.act(reply.escape)}"
        kind = (
            "no answer that pays for those who give it"
            if found.concept in CREDIBLE
            else "no answer of others"
        )
        return f"{kind} would take the gain away"


_GOING = {"taking": "going to", "takes": "goes to", "take": "go to"}


def explain(result: StandoffResult) -> str:
    """The answer first; then who could move and what deters it, what holds, what can be reached, and the limits."""
    speaker = Speaker(result.conflict)
    lines = [
        answer(result, speaker),
        *reasons(result, speaker),
        *_counts(result),
        *_equilibria(result, speaker),
        *_headed("From the status quo to the others:", reached(result, speaker)),
        *_headed("Once reached, the targets of the case:", targets(result, speaker)),
    ]
    lines.append(
        "Holding at rest is not the same as being acceptable, and says nothing about how to get there by steps."
    )
    lines += [f"Note: {warning.rstrip('.')}." for warning in result.source.warnings]
    return "\n".join(lines)


def strongest(result: StandoffResult, state: int) -> str | None:
    """The most demanding concept under which an outcome is an equilibrium."""
    found = result.concepts_of(state)
    return next((c for c in ("nash", "sseq", "seq", "smr", "gmr") if c in found), None)


def answer(result: StandoffResult, speaker: Speaker) -> str:
    """Why are we stuck? In one sentence."""
    if not result.status_quo_possible:
        stated = result.conflict.space.case.status_quo is not None
        which = "" if stated else " (the case states none, so it is the first level of each issue)"
        return (
            f"The status quo{which} is not among the possible outcomes: nothing can hold the parties there."
        )
    concept = strongest(result, result.status_quo)
    name = f"the status quo ({speaker.outcome(result.status_quo)})"
    if concept == "nash":
        return f"Nobody can leave {name} with profit: no party has a move of its own that is better for it."
    if concept in CREDIBLE:
        return f"Nobody can leave {name} with profit: others would have reason to answer every gain."
    if concept:
        return f"Nobody can leave {name} with profit, if others answer even where that does not pay for them."
    leaving = [p for p in result.conflict.parties if not result.holds(p, result.status_quo, "gmr")]
    who = join(result.conflict.space.case.label(p) for p in leaving)
    return f"The status quo ({speaker.outcome(result.status_quo)}) does not hold: {who} could leave it with profit, whatever others may answer."


def reasons(result: StandoffResult, speaker: Speaker) -> list[str]:
    """For each party why it stays at the status quo, or does not, and by what margin."""
    if not result.status_quo_possible or not result.witnessed:
        return []
    concept = strongest(result, result.status_quo) or "gmr"
    found = [result.why(party, None, concept) for party in result.conflict.parties]
    return [f"- {speaker.why(why)}{_margin(why)}" for why in found]


def _margin(why: Why) -> str:
    if not why.margin:
        return ""
    ranks = f"{abs(why.margin)} rank{'s' if abs(why.margin) > 1 else ''}"
    if why.margin > 0:
        return f" (The status quo could fall {ranks} in its order and still hold.)"
    return f" (The status quo would have to rise {ranks} in its order to hold.)"


def _counts(result: StandoffResult) -> list[str]:
    counts, total = result.counts, outcomes(result.n_feasible, "possible ")
    if not counts["gmr"]:
        return [
            f"Nothing holds: from each of the {total} some party would gain by moving, whatever others answer."
        ]
    shown, before = [], None
    for concept in ("nash", "sseq", "seq", "smr", "gmr"):
        if counts[concept] and counts[concept] != before:
            shown.append(f"{counts[concept]:,} where {MEANING[concept]} ({NAMES[concept]})")
            before = counts[concept]
    return [f"Of {total}, these hold: {'; '.join(shown)}."]


def outcomes(count: int, kind: str = "") -> str:
    """A number of outcomes in words."""
    return f"{count:,} {kind}outcome{'' if count == 1 else 's'}"


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


def _headed(head: str, lines: Sequence[str]) -> list[str]:
    return [head, *lines] if lines else []


def reached(result: StandoffResult, speaker: Speaker) -> list[str]:
    """How the main equilibria can come about from the status quo, and whether each step would pay."""
    if result.evolution is None:
        return []
    goals = [s for s in result.main_equilibria(MOST + 1) if s != result.status_quo][:MOST]
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
    return lines


def targets(result: StandoffResult, speaker: Speaker) -> list[str]:
    """Whether the outcomes that the case names as targets would hold, and who would leave them."""
    space = result.conflict.space
    wanted = list(space.case.targets.items())[:MOST]
    return [f"- {name} ({target(result, speaker, t.outcome)}" for name, t in wanted]


def target(result: StandoffResult, speaker: Speaker, wanted: Mapping[str, str] | str) -> str:
    """An outcome in words, and whether it would hold; the text after an opening bracket."""
    space = result.conflict.space
    state = space.number(space.positions(wanted))
    name = f"{speaker.outcome(state)})"
    if not result.conflict.possible[state]:
        return f"{name} is impossible."
    if concept := strongest(result, state):
        return f"{name} would hold {PLAIN[concept]}."
    leaving = [p for p in result.conflict.parties if not result.holds(p, state, "gmr")]
    if result.witnessed:
        because = speaker.why(result.why(leaving[0], state, "gmr"))
    else:
        because = f"{speaker.label(leaving[0])} could gain by moving, whatever others may answer."
    return f"{name} would not hold: {because}"
