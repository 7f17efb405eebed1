"""How findings about the targets stand: over the ranges of a case, and under each of its variants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import detente
from detente.analysis.confidence import Means, Sample
from detente.analysis.confidence.ask_targets import DOUBTS, FINDINGS, ROUND, AskTargets, Known
from detente.analysis.confidence.run import Counts, run
from detente.analysis.confidence.worlds import plan_of
from detente.analysis.roadmap import RoadmapResult
from detente.analysis.roadmap.ends import rests
from detente.analysis.roadmap.evaluate import EXISTS
from detente.analysis.roadmap.model import build, terms
from detente.analysis.roadmap.problem import Problem, answer
from detente.analysis.roadmap.threats import Rule
from detente.case import Case, with_variant
from detente.errors import CaseError, CostError, NeedsError
from detente.space import compile_case
from detente.workers import Chunk, Job, chunks

LARGEST_DRAWN = 3_000
"""States up to which a report asks how its findings about steps stand."""
SAMPLE = Sample(200, 0)
T = TypeVar("T")
ASKED = tuple(what for what in FINDINGS if what != "shown")
"""What is asked of draws and of variants alike: a variant's own roadmaps may be others than those shown."""
MIDDLE = (5, 95)
"""Percentiles between which nine of ten of the assumed cases lie."""


@dataclass(frozen=True)
class Drawn:
    """A target over the draws: in how many each finding is true, in how many it was not decided, and by party what a
    guarantor would put up (share of the party's own gain: between the 5th and the 95th percentile; None where nothing).
    """

    true: Mapping[str, int]
    undecided: Mapping[str, int]
    guarantee: Mapping[str, tuple[float, float] | None]


@dataclass(frozen=True)
class Under:
    """A target under a variant, at middle values. None: not decided, or not asked. ``trust``: the least that steps need
    without the deadline, as a share of a party's own gain, where none hold but some lead there.
    """

    true: Mapping[str, bool | None]
    trust: float | None


@dataclass(frozen=True)
class Standing:
    """How the findings about the targets stand. ``drawn`` is None where nothing is uncertain, or draws take too long.

    ``outcomes`` gives how many are acceptable to all and at rest, from the 5th to the 95th percentile of the draws;
    ``one_more`` by party in how many draws it ``gains`` or ``loses`` by one more round, or ``goes_on`` rather than take no deal today.
    """

    draws: int
    drawn: Mapping[str, Drawn] | None
    outcomes: Mapping[str, tuple[int, int]]
    one_more: Mapping[str, Mapping[str, int]]
    variants: Mapping[str, Mapping[str, Under]]

    def variants_with(self, target: str, finding: str) -> tuple[int, int]:
        """Under how many variants a finding is true, and of how many it was decided."""
        known = [under[target].true[finding] for under in self.variants.values()]
        return sum(v is True for v in known), sum(v is not None for v in known)

    def verdict(self, target: str, finding: str) -> str | None:
        """Sure where true in all draws and under all variants, excluded where in none, else possible; None if not asked."""
        held, whole = self.variants_with(target, finding)
        undecided = len(self.variants) - whole
        if self.drawn is not None:
            drawn = self.drawn[target]
            held, whole = held + drawn.true[finding], whole + self.draws
            undecided += drawn.undecided.get(finding, 0)
        if not whole:
            return None
        if not held:
            return "possible" if undecided else "excluded"
        return "sure" if held == whole and not undecided else "possible"


def standing(found: Mapping[str, RoadmapResult], leading: str, means: Means) -> Standing:
    """Draws 200 assumed cases, and asks each variant, about all targets. ``means.folder`` keeps both."""
    result = found[leading]
    space, case = result.space, result.space.case
    known = {name: _known(result) for name, result in found.items()}
    question = AskTargets(known, leading, space.parties, str(result.problem.rule))
    plan = plan_of(case, question.relevant)
    counts = None
    if result.problem.model.size <= LARGEST_DRAWN and plan.inputs:
        question.prepare(plan.worlds)
        counts = _if_it_can(
            lambda how: run(plan, question, SAMPLE, how), _kept(means, case, question, "draws")
        )
    under = {}
    if case.variants:
        under = _if_it_can(lambda how: _variants(case, known, how), _kept(means, case, question, "variants"))
    if counts is None:
        return Standing(0, None, {}, {}, under)
    outcomes = {what: _middle(_number(counts, what)) for what in ("acceptable", "at_rest")}
    return Standing(
        counts.draws,
        {name: _drawn(counts, name) for name in known},
        {what: (round(low), round(high)) for what, (low, high) in outcomes.items()},
        {p: {what: int(counts.truth(f"{what}:{p}").sum()) for what in ROUND} for p in space.parties},
        under,
    )


def _known(result: RoadmapResult) -> Known:
    free, shown = result.without_deadline, result.main.answer.shown
    later = shown if free is None else free.answer.shown
    return Known(
        result.main.answer.order,
        None if shown is None else shown.states,
        None if later is None else later.states,
    )


def _kept(means: Means, case: Case, question: AskTargets, what: str) -> Means:
    """The means with a folder of its own for this question."""
    if means.folder is None:
        return means
    key = repr((detente.__version__, case.hash, dict(question.options), what))
    return replace(means, folder=Path(means.folder) / hashlib.sha256(key.encode()).hexdigest()[:24])


def _if_it_can(compute: Callable[[Means], T], means: Means) -> T:
    """What is computed, kept if there is room for it: a full disk costs time later, not the report."""
    try:
        return compute(means)
    except NeedsError:
        if means.folder is None:
            raise
        return compute(replace(means, folder=None))


def _number(counts: Counts, name: str) -> Any:
    return counts.numbers[:, counts.question.numbers.index(name)]


def _middle(numbers: Any) -> tuple[float, float]:
    low, high = np.percentile(numbers, MIDDLE, method="nearest")
    return float(low), float(high)


def _drawn(counts: Counts, target: str) -> Drawn:
    guarantee, asked = {}, counts.question
    assert isinstance(asked, AskTargets)
    for party in asked.parties:
        shares = _number(counts, f"{target}:guarantee:{party}")
        shares = shares[~np.isnan(shares)]
        guarantee[party] = _middle(shares) if len(shares) else None
    return Drawn(
        {what: int(counts.truth(f"{target}:{what}").sum()) for what in FINDINGS},
        {what: int(_number(counts, f"{target}:undecided:{what}").sum()) for what in DOUBTS},
        guarantee,
    )


# variants -----------------------------------------------------------------------------------------

UNDER = (*ASKED, "way")
"""What is looked at under variants: also whether any way leads there."""


def _variants(case: Case, known: Mapping[str, Known], means: Means) -> dict[str, dict[str, Under]]:
    names = list(case.variants)
    key = f"{detente.__version__} variants of {case.hash}: {[(n, k.order) for n, k in known.items()]}"
    job = Job(_under, (case, {name: k.order for name, k in known.items()}), names, key)
    stream = chunks(job, workers=means.workers, engine=means.engine, folder=means.folder, report=means.report)
    return {name: _read(chunk, list(known)) for name, chunk in zip(names, stream, strict=True)}


def _read(chunk: Chunk, targets: list[str]) -> dict[str, Under]:
    said = {1: True, 0: False, -1: None}
    return {
        target: Under(
            dict(zip(UNDER, (said[int(v)] for v in chunk["true"][row]), strict=True)),
            None if np.isnan(chunk["trust"][row]) else float(chunk["trust"][row]),
        )
        for row, target in enumerate(targets)
    }


def _under(shared: tuple[Case, Mapping[str, Any]], variant: str) -> dict[str, Any]:
    """What is true of each target under a variant (-1: not decided or not asked), and the trust that is missing."""
    case, orders = shared
    true, trust = np.full((len(orders), len(UNDER)), -1, dtype=np.int8), np.full(len(orders), np.nan)
    try:
        space = compile_case(with_variant(case, variant))
        model = build(space)
        clock, _ = terms(space)
    except (CaseError, NeedsError, CostError):
        return {"true": true, "trust": trust}
    floor = np.maximum(space.reservation("now")[0], clock.exit) - EXISTS
    for row, (name, order) in enumerate(orders.items()):
        if name not in space.case.targets:
            continue
        try:
            target = model.state(space.positions(space.case.targets[name].outcome))
            dated = Problem(model, clock, target, Rule("markov"))
            free = dated.changed(horizon=None, collapse=None)
            found = {
                "acceptable": bool((model.u[:, target] >= floor).all()),
                "at_rest": bool(rests(model, clock, dated.rule, np.array([target]))[0]),
                "steps": dated.exists(order),
                "at_once": dated.exists("at-once"),
                "later": free.exists(order),
                "later_at_once": free.exists("at-once"),
                "way": free.any_way(order),
            }
            true[row] = [-1 if (v := found[what]) is None else int(v) for what in UNDER]
            if not found["later"] and model.size <= LARGEST_DRAWN:
                made = answer(free, order, criteria=False)
                if made.least_gap is not None and made.scale is not None:
                    trust[row] = made.least_gap
        except (NeedsError, CostError):
            continue
    return {"true": true, "trust": trust}
