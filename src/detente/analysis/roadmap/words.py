"""The roadmap in words: the verdict, each step with its off-ramp, and what would change it. Words before numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from detente.analysis.roadmap.evaluate import EXISTS
from detente.analysis.roadmap.model import YEAR

if TYPE_CHECKING:
    from detente.analysis.roadmap.reasons import Reason
    from detente.analysis.roadmap.result import RoadmapResult, Side, Step

MOST_STEPS = 12


def acts(result: RoadmapResult, step: Step) -> str:
    """Who takes what to where in a step."""
    case = result.space.case
    return join(
        f"{join(label(result, p) for p in case.issues[i].by or ())} takes {label(result, i)} to {level}"
        for i, level in step.moves.items()
    )


def explain(result: RoadmapResult) -> str:
    """Whether steps to the target hold, which they are, what each rests on, and what would change the answer."""
    lines = [
        verdict(result),
        *_steps(result),
        patience_words(result),
        reasons_text(result),
        *_trust(result),
        *_remedies(result),
    ]
    lines += [
        _ratifiers(result),
        _losers(result),
        *_types(result),
        one_more_words(result),
        *_formulas(result),
        _ends(result),
    ]
    lines += [f"Note: {warning}." for warning in result.source.warnings]
    return "\n".join(line for line in lines if line)


def label(result: RoadmapResult, name: str) -> str:
    """What people call a party or an issue."""
    return result.source.labels.get(name, name)


def join(names: Iterable[str]) -> str:
    """Names as a phrase: ``a, b and c``."""
    listed = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])) if listed else ""


def _people(result: RoadmapResult, parties: Iterable[str]) -> str:
    return join(label(result, p) for p in parties)


def target_words(result: RoadmapResult) -> str:
    """The end state by what changes in it."""
    outcome = result.space.outcome(result.target)
    start = result.space.outcome(result.space.start)
    assert isinstance(outcome, dict)
    assert isinstance(start, dict)
    changed = [f"{label(result, i)}: {level}" for i, level in outcome.items() if level != start[i]]
    return ", ".join(changed) or "the status quo"


def verdict(result: RoadmapResult) -> str:
    """Whether steps to the target hold, and why not, in a sentence or two."""
    where = target_words(result)
    if result.main.answer.shown is None:
        return f"No way leads to {where}: {_blocked(result)}." + _later(result)
    if result.verdict == "yes":
        sure = ", and each answer to a breach would be carried out" if result.main.credible else ""
        once = "A single step" if result.order == "at-once" else "Steps"
        return f"{once} to {where} can hold in this model: nobody would have reason to break off at any point{sure}."
    gap = result.main.answer.least_gap
    trust = _amount(result, gap)
    if result.verdict == "undecided":
        return f"Undecided whether steps to {where} hold: it depends on how parties play after a breach. Trust of {trust} would do."
    if any(r.kind == "ladder" for r in result.reasons):
        return (
            f"Steps to {where} need trust of {trust}. With finitely many steps that cannot be undone and each cost their author "
            "something, some trust is needed whatever the order: whoever acts last has nothing left to wait for."
        )
    return f"Steps to {where} need trust of {trust}: without it somebody would have reason to break off on the way, or at the end."


def _amount(result: RoadmapResult, gap: float | None, side: Side | None = None) -> str:
    if gap is None:
        return "an amount that cannot be given"
    if (side or result.main).answer.scale is None or result.gap == "raw":
        return f"{gap:.3g} in a party's own points"
    return (
        f"{max(gap, 0.001):.1%} of what a party gains from the deal"
        if gap < 0.1
        else f"{gap:.0%} of what a party gains from the deal"
    )


def _later(result: RoadmapResult) -> str:
    free = result.without_deadline
    if free is None or free.answer.shown is None:
        return ""
    weeks = span(result, len(free.answer.shown.states) - 1)
    if free.answer.exists:
        return f" Without the deadline steps that hold exist; those shown take {weeks}."
    return f" Without the deadline the way takes {weeks} and needs trust of {_amount(result, free.answer.least_gap, free)}."


def _blocked(result: RoadmapResult) -> str:
    texts = {
        "lowered": "it takes back what stands today, and roadmaps do not turn back ({issues})",
        "impossible": "the case says that this outcome cannot be",
        "never": "the case never lets it rise ({issues})",
        "deadline": "none fits before the deadline",
        "one step": "no single step does it",
        "prerequisites": "the conditions that must come first stand in each other's way ({issues})",
        "cut off": "every way runs through outcomes that cannot be",
    }
    return (
        join(texts[r.kind].format(issues=join(label(result, i) for i in r.issues)) for r in result.blocked)
        or "no step is open"
    )


def span(result: RoadmapResult, periods: float) -> str:
    """A number of periods as people count time."""
    days = periods * result.period_days
    for unit, size in (("year", YEAR), ("month", YEAR / 12), ("week", 7.0)):
        if days >= 2 * size or (unit == "week" and days >= size):
            count = round(days / size)
            return f"{count} {unit}{'s' * (count != 1)}"
    count = max(1, round(days))
    return f"{count} day{'s' * (count != 1)}"


def threat_words(result: RoadmapResult) -> str:
    """What follows a breach or an answer that does not come, under the threat named."""
    name = result.threat.partition(":")[0]
    if name == "pause":
        return f"the others take back what they can for {span(result, result.problem.rule.length)}, then the roadmap goes on"
    return {
        "stop": "the others stop where they are",
        "revert": "the others take back what they can",
        "minmax": "the others do whatever costs the one who broke off most",
        "markov": "each side does what is then best for itself and the exchange ends",
    }[name]


def _steps(result: RoadmapResult) -> list[str]:
    side, shown = result.main, result.main.answer.shown
    if shown is None and result.without_deadline is not None:
        side, shown = result.without_deadline, result.without_deadline.answer.shown
    steps = result.steps(shown, side.answer.scale)
    lines = []
    for number, step in enumerate(steps[:MOST_STEPS], start=1):
        lines.append(f"{number}. {_step(result, step, dated=side is result.main)}")
    if len(steps) > MOST_STEPS:
        lines.append(f"   and {len(steps) - MOST_STEPS} more steps.")
    return lines


def _step(result: RoadmapResult, step: Step, dated: bool) -> str:
    due = result.date(step.last)
    when = f"by {due}" if dated and due is not None else f"within {span(result, step.last + 1)}"
    proof = f" Proof: {'; '.join(step.proof.values())}." if step.proof else ""
    seen = f" Checked by {_people(result, result.verifiers)}." if result.verifiers else ""
    tempted = [p for p, gap in step.gap_raw.items() if gap is not None and gap > EXISTS]
    trust = f" Here {_people(result, tempted)} would have reason to break off." if tempted else ""
    return f"{acts(result, step)}, {when}.{proof}{seen}{trust} If this step is not answered {when}, {threat_words(result)}."


def patience_words(result: RoadmapResult) -> str:
    """How long an answer may take."""
    side = (
        result.main
        if result.main.answer.shown is not None or result.without_deadline is None
        else result.without_deadline
    )
    known = side.patience
    if known is None or side.answer.shown is None:
        return ""
    if known.unbounded:
        return "How long an answer takes does not matter: the steps hold at any patience that was looked at."
    if known.answer_time is None:
        return "No patience would do: the steps do not hold however quickly each is answered."
    if (
        side is result.main
        and result.problem.terms.horizon is not None
        and known.answer_time > result.problem.terms.horizon
    ):
        return "Patience leaves more time for each answer than the deadline does."
    time = span(
        result, known.answer_time / (1 + result.problem.terms.lag) if known.answer_time >= 0.01 else 0.01
    )
    if side.answer.exists:
        return f"The steps hold as long as each is answered within about {time}, given the patience assumed."
    return f"They would hold if each step were answered within about {time}, given the patience assumed."


REASONS = {
    "rest": "The end state itself is not at rest: {parties} would have reason to leave it, and no order of steps repairs that.",
    "no hostage": "Nobody could then still take back anything that {parties} values.",
    "ladder": "",
    "no single step": "One step alone does not lead there, so the order of steps is not a choice here.",
    "steps repair": "Everything at once would not hold, because {parties} would have reason to keep back its part; going step by step does.",
    "both hold": "Both everything at once and step by step hold: the order is not what divides the sides here.",
    "only at once": "Everything at once holds while the order asked for does not.",
}


def reason_words(result: RoadmapResult, reason: Reason) -> str:
    """One reason as a sentence."""
    return REASONS[reason.kind].format(parties=_people(result, reason.parties))


def reasons_text(result: RoadmapResult) -> str:
    """Why going step by step and doing all at once differ, or fail alike."""
    return " ".join(filter(None, (reason_words(result, r) for r in result.reasons)))


def _trust(result: RoadmapResult) -> list[str]:
    shown = result.main.answer.shown
    if shown is None or result.verdict == "yes":
        return []
    n = range(len(result.parties))
    at_rest = [result.parties[i] for i in n if shown.gap[i, -1] > EXISTS]
    entry = [result.parties[i] for i in n if shown.entry_gap[i] > EXISTS]
    out = []
    if at_rest:
        out.append(f"Once all is done, {_people(result, at_rest)} would have reason to take something back.")
    if entry:
        out.append(f"{_people(result, entry)} would rather not begin.")
    return out


KINDS = {
    "hostage": "stopping one level short",
    "store": "storing instead of destroying",
    "lock": "making a level final",
    "split": "cutting steps in two",
    "verification": "watching better",
    "more_time": "more time alone",
    "transfers": "payments between the parties",
    "guarantee": "a guarantor",
    "collateral": "a collateral",
    "deposit": "a deposit",
}
"""What each kind of remedy is called, in the order in which they are told: what changes the deal before what pays for it."""


def remedy_words(result: RoadmapResult) -> list[str]:
    """What would make the steps hold, and which kinds of remedy would not: a few short sentences."""
    order = list(KINDS)
    told = sorted(result.remedies, key=lambda r: order.index(r.kind))
    good = [r for r in told if r.works]
    kinds = {r.kind for r in good}
    bad = [
        KINDS[kind]
        for kind in order
        if kind not in kinds and any(r.kind == kind and r.works is False for r in told)
    ]
    lead = (
        "Given the time, what would do"
        if any(r.detail.get("without_deadline") for r in told)
        else "What would do"
    )
    lines = (
        [f"{lead}: {'; or '.join(r.what for r in good)}."]
        if good
        else ["Nothing that was tried would do by itself."]
    )
    return [*lines, f"Not enough by itself: {join(bad)}."] if bad else lines


def _remedies(result: RoadmapResult) -> list[str]:
    return remedy_words(result) if result.remedies else []


def _ratifiers(result: RoadmapResult) -> str:
    parts = []
    for party, row in result.ratifiers.items():
        if row["entry"] is None:
            parts.append(f"whether {label(result, party)} would ratify is not known")
        else:
            fine = row["entry"] and row["rest"]
            parts.append(f"{label(result, party)} would {'' if fine else 'not '}have reason to ratify")
    return f"Ratification: {join(parts)}." if parts else ""


def _losers(result: RoadmapResult) -> str:
    by: dict[str, list[int]] = {}
    for loser in result.losers:
        if not loser.stops:
            by.setdefault(loser.party, []).append(loser.date)
    movers = [
        p
        for p in by
        if any(i in c.owners for c in result.problem.model.commitments for i in [result.parties.index(p)])
    ]
    out = [
        f"{label(result, p)} loses by what others do on the way and owns moves with which it could answer"
        for p in movers
    ]
    return f"Who might stop it: {join(out)}." if out else ""


def _types(result: RoadmapResult) -> list[str]:
    out = []
    for step in result.types:
        if step.kind == "separating":
            out.append(
                f"The act of {label(result, step.party)} in period {step.date + 1} tells its types apart: "
                f"{join(step.takes)} would take it, {join(step.refuses)} would not."
            )
        if step.pockets:
            out.append(
                f"After the act of {label(result, step.party)} in period {step.date + 1}, {join(step.pockets)} would have reason to keep what it has and stop."
            )
    return out


def one_more_words(result: RoadmapResult) -> str:
    """What one more round is worth, and to whom."""
    if result.one_more is None:
        return ""
    gains = [p for p, row in result.one_more.items() if row["gain"] > EXISTS]
    loses = [p for p, row in result.one_more.items() if row["gain"] < -EXISTS]
    parts = [f"is worth something to {_people(result, gains)}"] if gains else []
    parts += [f"costs {_people(result, loses)} something"] if loses else []
    told = (
        f"One more round {join(parts)}." if parts else "One more round would change nothing for anyone here."
    )
    better = [p for p, row in result.one_more.items() if row["over_no_deal"] > EXISTS]
    whom = "everybody" if len(better) == len(result.one_more) else _people(result, better) or "nobody"
    return f"{told} Going on with one more round is worth more than no deal as of today to {whom}."


def _formulas(result: RoadmapResult) -> list[str]:
    out = []
    for name, other in result.formulas.items():
        out.append(f"Under {name}: {verdict(other)}")
    return out


def _ends(result: RoadmapResult) -> str:
    ends = result.ends
    if ends is None:
        return ""
    return (
        f"Of {ends.possible:,} possible outcomes, {ends.acceptable:,} are acceptable to all, {ends.stable:,} of these hold at rest, "
        f"{ends.reachable:,} can be reached by steps that hold, {ends.ratifiable:,} would be ratified."
    )


def side_words(result: RoadmapResult, side: Side) -> str:
    """One order in a few words, for tables."""
    if side.answer.shown is None:
        return "no way"
    return (
        "holds"
        if side.answer.exists
        else "undecided"
        if side.answer.exists is None
        else f"needs trust of {_amount(result, side.answer.least_gap, side)}"
    )
