"""Confidence in words. A share is of the assumed cases; it is never called a probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detente.analysis.confidence.ask_forecast import AskForecast
from detente.analysis.confidence.estimates import Share

if TYPE_CHECKING:
    from detente.analysis.confidence.result import ConfidenceResult

ASKED = {
    "deal_exists": "a deal exists",
    "roadmap_exists": "a roadmap that enforces itself exists",
    "at_once_exists": "the target can be reached in a single step that holds",
}
FAMILIES = {
    "acceptable": "acceptable to all",
    "pareto": "efficient",
    "nash": "the Nash solution",
    "kalai_smorodinsky": "the Kalai-Smorodinsky solution",
    "egalitarian": "the egalitarian solution",
    "utilitarian": "the utilitarian solution",
}
NUMBERS = {
    "room": "the room for a deal (smallest gain at the best outcome, as a share of own ranges)",
    "slack": "the slack of the best known roadmap",
}
VERDICTS = {
    "sure": "for all values that the inputs may take",
    "possible": "for some values that the inputs may take, not for all",
    "excluded": "for no values that the inputs may take",
}


def said(name: str) -> str:
    """An answer as a clause."""
    if name in ASKED:
        return ASKED[name]
    if name.startswith("status_quo_"):
        return f"the status quo is an equilibrium ({name.removeprefix('status_quo_')})"
    if name.startswith("equilibrium_exists_"):
        return f"there is an equilibrium ({name.removeprefix('equilibrium_exists_')})"
    family, colon, outcome = name.partition(":")
    if family == "holds":
        return f"the roadmap {outcome} enforces itself"
    if family in FAMILIES:
        return f"{outcome} is {FAMILIES[family]}"
    if family.startswith("equilibrium_") and colon:
        return f"{outcome} is an equilibrium ({family.removeprefix('equilibrium_')})"
    return name


def percent(share: float) -> str:
    """A share as people read it: whole percents, and no rounding to none or all."""
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 < share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def in_cases(share: Share) -> str:
    """A share with its interval: of the assumed cases."""
    whole = share.share in (0.0, 1.0)
    text = "none" if share.share == 0 else "all" if share.share == 1 else percent(share.share)
    if whole:
        edge = share.high if share.share == 0 else 1 - share.low
        return f"in {text} of the {share.draws:,} assumed cases drawn (so in {'at most' if share.share == 0 else 'all but at most'} {100 * edge:.2g} %)"
    return f"in {text} of the assumed cases ({100 * share.low:.1f} to {100 * share.high:.1f} %, from {share.draws:,} draws)"


def explain(result: ConfidenceResult) -> str:
    """The answer, how sure, what drives it, what would flip it."""
    lines = [*(_verdict(result, name) for name in _told(result)), *_ends(result)]
    if result.answer:
        lines += [*_driven(result), *_flipped(result), *_levered(result)]
    lines += _robust(result)
    lines.append(
        "Shares are of the assumed cases: they say how the answer depends on the ranges put into the case, and are no "
        "probabilities of events. More draws narrow the Monte Carlo error, not what is unknown."
    )
    lines += [f"Note: {warning}." for warning in result.source.warnings]
    return "\n".join(lines)


def _told(result: ConfidenceResult) -> list[str]:
    names = [result.answer] if result.answer else []
    question = result.counts.question
    parts = set(question.in_parts) if isinstance(question, AskForecast) else set()
    for name in question.yes:
        if name not in names and name not in parts and not name.startswith("equilibrium_exists"):
            names.append(name)
    return names[:8]


def _verdict(result: ConfidenceResult, name: str) -> str:
    share, ruling = result.shares[name], result.rulings.get(name)
    text = said(name)
    line = f"{text[0].upper()}{text[1:]} {in_cases(share)}."
    if ruling is None:
        return line
    if ruling.proved:
        return f"{line} Over the ranges: {ruling.verdict}, {VERDICTS[ruling.verdict]} ({_HOW[ruling.how]})."
    return (
        f"{line} Over the ranges: {ruling.verdict}, as far as a search shows: no counterexample among "
        f"{result.counts.draws:,} draws and {result.points:,} extreme points; this is not proved."
    )


_HOW = {"bounds": "proved by bounds", "examples": "shown by examples of both", "search": "by search"}


def _ends(result: ConfidenceResult) -> list[str]:
    """Of a forecast: where the result ends, and in which part of the scale most often."""
    question = result.counts.question
    if not isinstance(question, AskForecast):
        return []
    lines = []
    for issue in question.issues:
        names = [f"result on {issue}{end}" for end in question.ends]
        found = [result.numbers[name] for name in names if name in result.numbers]
        if not found:
            continue
        top = max(question.parts(issue), key=lambda name: result.shares[name].share)
        lines.append(
            f"The result on {issue} (weighted mean of positions) ends between {found[0].p5:.4g} and {found[-1].p95:.4g} in "
            f"nine of ten assumed cases, most often {top.removeprefix(issue).strip()} ({percent(result.shares[top].share)})."
        )
    return lines


def _driven(result: ConfidenceResult) -> list[str]:
    strong = [d for d in result.drivers if d.effect >= 0.01][:5]
    if not strong:
        return []
    what = (
        f"whether {said(result.answer)}"
        if result.about == result.answer
        else NUMBERS.get(result.about, result.about)
    )
    listed = "; ".join(f"{d.input} explains {percent(d.effect)}" for d in strong)
    return [f"What this depends on most, as shares of the variance over the draws of {what}: {listed}."]


def _flipped(result: ConfidenceResult) -> list[str]:
    inside = [f for f in result.flips if f.inside][:4]
    if not inside:
        return (
            [
                "With all other inputs at their middle values, no single input flips the answer within its own range."
            ]
            if result.counts.plan.inputs
            else []
        )
    listed = "; ".join(f"{f.input} at {f.at[0]:.4g} (middle value {f.value:.4g})" for f in inside)
    return [f"With the others at their middle values, the answer flips with {listed}."]


def _levered(result: ConfidenceResult) -> list[str]:
    if not result.pushed:
        return []
    wanted = not result.single.get(result.answer, False)
    goal = said(result.answer) if wanted else f"it is no longer so that {said(result.answer)}"
    if not result.levers:
        return [f"No single change that was tried brings it about that {goal}."]
    lines = [f"The cheapest changes after which {goal} (each checked by running the changed case):"]
    for lever in result.levers[:5]:
        cost = "" if lever.cost is None else f", cost {lever.cost:.3g} ({lever.unit})"
        effect = "" if lever.effect is None else f"; share of the assumed cases {lever.effect:+.0%}"
        lines.append(f"- {lever.text}{cost}{effect}")
    return lines


def _robust(result: ConfidenceResult) -> list[str]:
    found = result.robust
    if found is None:
        return []
    lines = [
        f"Robust choice by {choice.rule}: {choice.choice} ({choice.value:.3g}"
        + (", comparing the parties' scales)." if choice.interpersonal else ").")
        for choice in found.choices
    ]
    asks = [w for w in found.ask if w.gain >= 0.005][:3]
    if asks:
        listed = ", ".join(f"{w.input} ({w.gain:+.1%} of the assumed cases)" for w in asks)
        lines.append(f"To find out first, because the choice would gain most from it: {listed}.")
    return lines
