"""Which steps get there, and hold? Sequences of reciprocal steps that enforce themselves.

The model, its conventions and what was settled where the theory is silent are in `detente.analysis.roadmap.model`,
`threats` and `evaluate`; the page `docs/explanation/roadmap.md` tells the same to readers. `roadmap` is the entry.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detente.analysis.result import provenance, space_of
from detente.analysis.roadmap import extras, reasons
from detente.analysis.roadmap.certificate import Certificate, certify
from detente.analysis.roadmap.ends import Ends, end_states
from detente.analysis.roadmap.evaluate import Course
from detente.analysis.roadmap.model import Model, Terms, build
from detente.analysis.roadmap.model import terms as terms_of
from detente.analysis.roadmap.money import guarantee
from detente.analysis.roadmap.patience import patience as patience_of
from detente.analysis.roadmap.problem import ORDERS, Answer, Order, Problem, answer
from detente.analysis.roadmap.remedies import remedies as remedies_of
from detente.analysis.roadmap.result import RoadmapResult, Side, Step
from detente.analysis.roadmap.threats import Rule
from detente.analysis.roadmap.threats import rule as rule_of
from detente.analysis.roadmap.threats import threat as threat_of
from detente.case import Case, with_variant
from detente.case.uncertain import Number, mode
from detente.errors import CostError, NeedsError
from detente.space import NoDealName, Space

__all__ = [
    "Course", "Ends", "RoadmapResult", "Side", "Step", "breakdown", "evaluate", "funnel", "holds", "roadmap", "with_patience",
]  # fmt: skip

LONGEST_PAUSE = 60
"""Pauses up to this many periods are tried for the least that still deters."""


@dataclass(frozen=True)
class _Ask:
    """The options of one run."""

    order: Order
    rule: Rule
    gap: str
    best: int
    patience: bool
    remedies: bool
    read: Callable[[Number], float]


def roadmap(
    case: Case | Space,
    to: Mapping[str, str] | str = "best",
    *,
    order: str | None = None,
    threat: str = "markov",
    gap: str = "share",
    best: int = 1,
    no_deal: NoDealName = "now",
    patience: bool = True,
    remedies: bool = True,
    formulas: Sequence[str] = (),
    read: Callable[[Number], float] = mode,
) -> RoadmapResult:
    """Which steps lead from the status quo to a target, and hold because nobody gains by breaking off?

    Parties with preferences count, whatever their role. A party without preferences that owns issues is assumed to
    do what the plan says and never to depart; after a breach it retreats with the others, or stays under
    ``stop``; the result warns of it.

    Parameters
    ----------
    case
        A case, or a space compiled from one. Preferences must be in numbers; commitments are issues with owners.
    to
        The end state: ``{issue: level}`` or "issue=level,..." (issues left out are as in the status quo), the name of
        one of the case's targets, or ``best``: all end states that are acceptable to everyone and stable at rest
        are tried, and the best of them is taken.
    order
        ``any``, ``single`` (one party, or group that acts together, per step) or ``at-once`` (one step; where
        something takes longer, all begin, or all land, at the same time). By default that of the named target, else any.
    threat
        What follows a breach: ``markov``, ``minmax``, ``stop``, ``revert`` or ``pause:K``.
    gap
        ``share``: trust gaps as shares of a party's own gain from the deal over breakdown; ``raw``: in its utility.
        Where a party gains nothing, shares have no meaning: raw gaps are given, with a warning.
    best
        How many roadmaps, distinct, by the product of gains.
    no_deal
        Which no deal an end state must be worth at least under ``best``: ``now``, ``deadline`` or ``breakdown``. Steps
        are always held against breakdown, which is computed.
    patience, remedies
        Whether to compute the least patience, and what would help where no roadmap holds.
    formulas
        Variants of the case to be answered beside it: each side's own formula.
    read
        Turns uncertain numbers of the clock into values; their mode by default.

    Raises
    ------
    NeedsError
        Where the case or an option does not fit the question.
    CostError
        Beyond 6 million states, or where moves combine into too many steps.

    Cost: threats grow with states times moves, labels with the Pareto-best values of each state. Beyond the budget
    labels are merged (with a bound), and then the patient limit answers; ``method`` says which one did.

    References
    ----------
    Sections 2.1 to 2.14 of the theory page, where each result has its source: Abreu (1988); Lockwood and Thomas
    (2002); Marx and Matthews (2000); Sandholm and Lesser (1995); Green and Porter (1984).
    """
    space = space_of(case, read)
    kind = rule_of(threat)
    if gap not in ("share", "raw"):
        raise NeedsError(f"unknown gap '{gap}'; expected share or raw")
    if best < 1:
        raise NeedsError(f"the number of roadmaps is 1 or more; got {best}")
    model = build(space)
    clock, notes = terms_of(space, read)
    ask = _Ask(_order(space, to, order), kind, gap, best, patience, remedies, read)
    ends = (
        end_states(space, model, clock, kind, ask.order, gap, with_patience=patience, no_deal=no_deal)
        if to == "best" and "best" not in space.case.targets
        else None
    )
    levels = _levels(space, to, ends)
    _check_terms(space, levels)
    asked = {name: _variant(space.case, name, to, ask) for name in formulas}
    result = _run(space, Problem(model, clock, model.state(levels), kind), levels, ask, ends)
    warnings = [*notes, *_warnings(space, result, to, ends)]
    options = {
        "to": to if isinstance(to, str) else dict(to),
        "order": ask.order,
        "threat": threat,
        "gap": gap,
        "best": best,
        "no_deal": no_deal if ends is not None else "breakdown",
    }
    return replace(result, source=provenance(space, options, warnings), formulas=asked)


def _order(space: Space, to: Mapping[str, str] | str, order: str | None) -> Order:
    if order is None:
        named = space.case.targets.get(to) if isinstance(to, str) else None
        order = named.order if named is not None else "any"
    for known in ORDERS:
        if order == known:
            return known
    raise NeedsError(f"unknown order '{order}'; expected {', '.join(ORDERS)}")


def _levels(space: Space, to: Mapping[str, str] | str, ends: Ends | None) -> tuple[int, ...]:
    """The level positions of a target given in any of its forms."""
    if ends is not None:
        return ends.listed[0].levels if ends.listed else space.start
    if not isinstance(to, str):
        return space.positions(dict(to))
    if to in space.case.targets:
        return space.positions(space.case.targets[to].outcome)
    if "=" not in to:
        known = ", ".join(space.case.targets) or "none"
        raise NeedsError(f"'{to}' is no target of the case ({known}); write issue=level,... or best")
    pairs = [part.partition("=") for part in to.split(",") if part.strip()]
    if any(not issue.strip() or not level.strip() for issue, _, level in pairs):
        raise NeedsError(f"'{to}' is not of the form issue=level,...")
    named = {issue.strip(): level.strip() for issue, _, level in pairs}
    if len(named) < len(pairs):
        raise NeedsError(f"'{to}' names an issue twice")
    return space.positions(named)


def _check_terms(space: Space, levels: Sequence[int]) -> None:
    moved = [
        name for name, here, there in zip(space.issues, space.start, levels, strict=True)
        if here != there and not space.case.issues[name].by
    ]  # fmt: skip
    if moved:
        raise NeedsError(
            f"{', '.join(moved)}: a term without owner must be the same in status quo and target; "
            "give it an owner (`by:`) or set it in the status quo"
        )


def _variant(case: Case, name: str, to: Mapping[str, str] | str, ask: _Ask) -> RoadmapResult:
    return roadmap(
        with_variant(case, name), to, order=ask.order, threat=str(ask.rule), gap=ask.gap, patience=ask.patience,
        remedies=ask.remedies, read=ask.read,
    )  # fmt: skip


def _run(
    space: Space, problem: Problem, levels: tuple[int, ...], ask: _Ask, ends: Ends | None
) -> RoadmapResult:
    main = _side(problem, ask.order, ask)
    once = main if ask.order == "at-once" else _side(problem, "at-once", ask)
    found = main.answer
    freed = problem.changed(horizon=None, collapse=None)
    free = None
    if problem.terms.horizon is not None and not found.exists:
        free = _side(freed, ask.order, ask)
    shown = found.shown
    once_free = answer(freed, "at-once", ask.gap) if free is not None else None
    if shown is None and free is not None and once_free is not None:
        compared = reasons.compare(freed, free.answer, once_free)
    else:
        compared = reasons.compare(problem, found, once.answer)
    spoken = shown or (free.answer.shown if free is not None else None)
    here = problem if shown is not None else freed
    typed = extras.types(here, space, spoken) if spoken is not None else []
    return RoadmapResult(
        source=provenance(space, {}),
        exact=found.exact and found.exists is not None,
        bound=found.bound,
        method=found.method,
        space=space,
        problem=problem,
        target=levels,
        order=ask.order,
        threat=str(ask.rule),
        gap=ask.gap,
        main=main,
        once=once,
        bracket=_bracket(problem, ask.order, found),
        without_deadline=free,
        blocked=tuple(reasons.no_way(problem, ask.order)) if shown is None else (),
        once_without=once_free,
        reasons=tuple(compared),
        remedies=tuple(remedies_of(problem, space, ask.order, found, ask.gap)) if ask.remedies else (),
        losers=tuple(extras.losers(here, spoken)) if spoken is not None else (),
        ratifiers=extras.ratification(here, space, spoken),
        types=tuple(typed),
        separating=_separating(here, space, found) if typed else None,
        one_more=extras.one_more_round(problem, ask.order, space.reservation("now")[0])
        if ask.remedies
        else None,
        ends=ends,
        least_pause=_least_pause(problem, ask.order) if ask.remedies and _pauses(problem) else None,
    )


def _side(problem: Problem, order: Order, ask: _Ask) -> Side:
    found = answer(problem, order, ask.gap, ask.best)
    if found.shown is None:
        return Side(found, patience_of(problem, order, []) if ask.patience else None)
    shown = found.shown
    proof = certify(problem.model, problem.terms, problem.threat(), shown.states)
    if problem.threat().cycled:
        found = _uncertified(problem, found, proof)
    hints = [shown.states, *(course.states for course in found.others.values())]
    known = patience_of(problem, order, list(dict.fromkeys(hints))) if ask.patience else None
    return Side(found, known, proof, guarantee(shown, problem.terms))


def _uncertified(problem: Problem, found: Answer, proof: Certificate) -> Answer:
    """The answer where best replies cycle: yes only with a certificate, no only where even minmax allows none."""
    if found.exists and proof.holds:
        return found
    verdict = False if _minmax(problem, found.order) is False else None
    return replace(found, exists=verdict, nash_product=None, fewest_steps=None)


def _bracket(problem: Problem, order: Order, found: Answer) -> bool | None:
    """Whether a roadmap exists under the lowest threat values; None where it was not or could not be computed."""
    if problem.rule.name != "markov" or found.exists or found.shown is None:
        return None
    return _minmax(problem, order)


def _minmax(problem: Problem, order: Order) -> bool | None:
    try:
        return problem.under(Rule("minmax")).exists(order)
    except CostError:
        return None


def _separating(problem: Problem, space: Space, found: Answer) -> str | None:
    if found.shown is None:
        return None
    names = ["shown", *found.others]
    place = extras.separating(problem, space, [found.shown, *found.others.values()])
    return None if place is None else names[place]


def _pauses(problem: Problem) -> bool:
    return problem.terms.false_alarm > 0 or problem.rule.name == "pause"


def _least_pause(problem: Problem, order: Order) -> tuple[int, Mapping[str, float]] | None:
    """The shortest pause that still deters, and what false alarms then cost each party at rest; None beyond 60 periods."""
    for length in range(1, LONGEST_PAUSE + 1):
        asked = problem.under(Rule("pause", length))
        if asked.exists(order):
            found = answer(asked, order, criteria=False)
            if found.shown is None:
                return None
            cost = asked.model.u[:, asked.target] - found.shown.stay[:, -1]
            return length, {p: float(c) for p, c in zip(asked.model.parties, cost, strict=True)}
    return None


def _warnings(space: Space, result: RoadmapResult, to: Any, ends: Ends | None) -> list[str]:
    problem, found, out = result.problem, result.main.answer, []
    model = problem.model
    silent = [a for a in model.actors[model.n :]]
    if silent:
        out.append(
            f"{', '.join(silent)} has no preferences: it is assumed to do what the plan says and never to break off"
        )
    roles = {p: space.case.parties[p].roles for p in model.parties}
    if third := [p for p, r in roles.items() if not {"negotiator", "ratifier"} & set(r)]:
        out.append(f"{', '.join(third)} has preferences, so it has a say here like a negotiator")
    if problem.terms.horizon is not None and (found.shown is not None) and problem.threat().cycled:
        out.append("best replies after a breach cycle at some date: values of revert stand in for them")
    elif found.shown is not None and problem.threat().cycled:
        out.append(
            "best replies after a breach cycle: values of revert stand in, and a roadmap counts only where it is certified"
        )
    if found.shown is not None and result.gap == "share" and found.scale is None:
        out.append("a party gains nothing from the target over breakdown, so gaps are raw, not shares")
    if problem.rule.name == "pause":
        out.append("under a pause no certificate is computed, and the pause stops the clock of the deadline")
    if found.exists and result.main.credible is False:
        out.append(
            "the roadmap holds under this threat, but a punisher would have reason not to carry it out"
        )
    if result.bracket:
        out.append(
            "undecided: none exists with the play expected after a breach, but one does under the harshest; other play in between may support one"
        )
    if ends is not None and not ends.listed:
        out.append("no end state is both acceptable to everyone and stable at rest: the status quo is shown")
    if result.main.patience is not None:
        out.append(
            f"patience is looked at on a grid of {result.main.patience.points} factors; what happens between two of them is not seen"
        )
    if not found.exact:
        out.append(f"the answer is not exact: {found.method}")
    return out


def with_patience(result: RoadmapResult) -> RoadmapResult:
    """The same result with the least patience of the order asked for, where that was left out."""
    hints = [result.main.answer.shown.states] if result.main.answer.shown is not None else []
    known = patience_of(result.problem, result.main.answer.order, hints)
    return replace(result, main=replace(result.main, patience=known))


def holds(
    case: Case | Space,
    to: Mapping[str, str] | str,
    *,
    order: str | None = None,
    threat: str = "markov",
    read: Callable[[Number], float] = mode,
) -> bool | None:
    """Whether a self-enforcing roadmap to a target exists, and nothing else; None where that was not decided."""
    space = space_of(case, read)
    levels = _levels(space, to, None)
    _check_terms(space, levels)
    model = build(space)
    return Problem(model, terms_of(space, read)[0], model.state(levels), rule_of(threat)).exists(
        _order(space, to, order)
    )


def breakdown(
    case: Case | Space, *, threat: str = "markov", read: Callable[[Number], float] = mode
) -> dict[str, float]:
    """What each party has when cooperation ends today: no deal as ``breakdown``, by party, in its own utility."""
    space = space_of(case, read)
    model = build(space)
    clock, _ = terms_of(space, read)
    found = threat_of(model, clock, rule_of(threat), model.start)
    return {p: float(v) for p, v in zip(model.parties, found.entry[:, model.start], strict=True)}


def funnel(
    case: Case | Space,
    *,
    order: str = "any",
    threat: str = "markov",
    no_deal: NoDealName = "now",
    read: Callable[[Number], float] = mode,
) -> Ends:
    """How many outcomes are possible, acceptable to all, stable at rest, reachable before the deadline, ratifiable.

    Terms are as in the status quo. Raises `CostError` where too many end states hold to search each.
    """
    space = space_of(case, read)
    model = build(space)
    clock, _ = terms_of(space, read)
    kind = rule_of(threat)
    return end_states(
        space, model, clock, kind, _order(space, {}, order), "share", with_patience=False, no_deal=no_deal
    )


def evaluate(
    case: Case | Space,
    outcomes: Sequence[Mapping[str, str]],
    *,
    threat: str = "markov",
    read: Callable[[Number], float] = mode,
) -> Course:
    """The figures of a roadmap given as outcomes, the status quo first (one period from each to the next).

    Works where nothing takes longer than a period. Raises `NeedsError` for a step that no one can take.
    """
    space = space_of(case, read)
    model: Model = build(space)
    clock: Terms = terms_of(space, read)[0]
    states = [model.state(space.positions(dict(outcome))) for outcome in outcomes]
    for x, y in itertools.pairwise(states):
        reach = all(
            int(model.position[k][y]) in c.nexts[int(model.position[k][x])]
            for k, c in enumerate(model.commitments)
        )
        if not reach or not model.legal_step(np.array([x]), np.array([y]))[0]:
            raise NeedsError(
                f"no step leads from {space.outcome(model.outcome(x))} to {space.outcome(model.outcome(y))}"
            )
    return Problem(model, clock, states[-1], rule_of(threat)).course(tuple(states))
