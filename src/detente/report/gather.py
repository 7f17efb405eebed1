"""Runs the analyses that a report joins, on the case and on its variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detente.analysis.agreement import AgreementResult, agreement, count_acceptable
from detente.analysis.agreement.ranges import OverRanges, over_ranges
from detente.analysis.agreement.zone import rational
from detente.analysis.confidence import ConfidenceResult, Means, Sample, confidence
from detente.analysis.forecast import ForecastResult, forecast
from detente.analysis.standoff import StandoffResult, standoff
from detente.analysis.table import Comparison, TableResult, effects, table
from detente.case import Case, with_variant
from detente.errors import CaseError, CostError, NeedsError
from detente.report.steps import Steps, look
from detente.space import NoDealName, Space, compile_case

LARGEST_AT_TABLE = 20_000
"""Outcomes up to which a report simulates negotiations."""
TALKS: dict[str, Any] = {"rounds": 20, "runs": 500, "seed": 0}
"""The negotiations that a report simulates."""
LARGEST_AT_REST = 200_000
"""Outcomes up to which a report asks which of them hold."""

LARGEST_DRAWN = 200
"""Outcomes up to which a report asks how sure it is."""
DRAWS = 500

MOST_ACTORS = 100
"""Actors up to which a report asks where they would drift."""


@dataclass(frozen=True)
class Variation:
    """What one variant does to the answer: ``exists`` None where the variant could not be analysed."""

    name: str
    why: str
    exists: bool | None
    verdict: str | None
    package: Mapping[str, str] | str | None
    problem: str = ""


@dataclass(frozen=True)
class Findings:
    """Everything that the analyses say about a case. What a case cannot answer is None, with the reason."""

    case: Case
    space: Space | None
    deal: AgreementResult | None
    ranges: OverRanges | None
    funnel: Mapping[str, int | None]
    by_no_deal: Mapping[str, bool]
    variants: tuple[Variation, ...]
    missing: tuple[str, ...] = ()
    standoff: StandoffResult | None = None
    drift: ForecastResult | None = None
    readings: ForecastResult | None = None
    table: TableResult | None = None
    effects: tuple[Comparison, ...] = ()
    sure: ConfidenceResult | None = None
    steps: Steps | None = None


def gather(
    case: Case, early: Callable[[Findings], None] | None = None, means: Means | None = None
) -> Findings:
    """Runs what the case allows; what it does not allow is listed in ``missing``. ``early`` is told everything but the
    steps, which take longest; ``means`` says how draws for them are made and kept.
    """
    findings = _with_forecast(_of_parties(case))
    if early is not None:
        early(findings)
    return _with_steps(findings, means)


def _with_forecast(findings: Findings) -> Findings:
    case = findings.case
    if case.forecast is None:
        return findings
    if len(case.forecast.actors) > MOST_ACTORS:
        told = f"Where it would drift was not asked: more than {MOST_ACTORS} actors; `detente forecast` takes more."
        return replace(findings, missing=(*findings.missing, told))
    return replace(findings, drift=forecast(case), readings=forecast(case, model="eum"))


def _with_steps(findings: Findings, means: Means | None) -> Findings:
    if findings.space is None:
        return findings
    steps, unasked = look(findings.space, means)
    return replace(
        findings,
        steps=steps,
        funnel={**findings.funnel, **_funnel_of(steps)},
        missing=(*findings.missing, *unasked),
    )


def _of_parties(case: Case) -> Findings:
    """Everything but the steps and the forecast."""
    try:
        space = compile_case(case)
        deal = agreement(space)
    except (NeedsError, CostError) as error:
        return Findings(case, None, None, None, _funnel(None), {}, (), (str(error),))
    rest, missing = _at_rest(space)
    held, changes = _at_table(space)
    return Findings(
        case,
        space,
        deal,
        over_ranges(space),
        _funnel(deal),
        _by_no_deal(space),
        tuple(_variation(case, name) for name in case.variants),
        missing,
        rest,
        table=held,
        effects=changes,
        sure=_sure(case, space),
    )


def _at_table(space: Space) -> tuple[TableResult | None, tuple[Comparison, ...]]:
    """Simulated negotiations, and what changes them; nothing for one party alone or very many outcomes."""
    if space.size > LARGEST_AT_TABLE:
        return None, ()
    held = table(space, **TALKS)
    if len(held.setting.seats) < 2:
        return None, ()
    return held, tuple(effects(space, **TALKS))


def _sure(case: Case, space: Space) -> ConfidenceResult | None:
    """How sure it is that there is room, where the case has ranges and is small enough to draw from in passing."""
    if space.size > LARGEST_DRAWN:
        return None
    found = confidence(case, sample=Sample(DRAWS, 0), levers=False)
    return found if found.counts.plan.inputs else None


def _funnel_of(steps: Steps | None) -> dict[str, int | None]:
    """What the roadmap adds to the funnel, where it goes through all outcomes: every issue has an owner."""
    if steps is None or steps.ends is None or not steps.whole:
        return {}
    ends = steps.ends
    return {"stable_at_rest": ends.stable, "reachable": ends.reachable, "ratifiable": ends.ratifiable}


def _at_rest(space: Space) -> tuple[StandoffResult | None, tuple[str, ...]]:
    """Which outcomes hold, or why that was not asked."""
    if space.size > LARGEST_AT_REST:
        size = f"{space.size:,} outcomes are more than a report goes through ({LARGEST_AT_REST:,})"
        return None, (f"What holds at rest was not asked: {size}; `detente standoff` takes more.",)
    try:
        return standoff(space, workers=1), ()
    except (NeedsError, CostError) as error:
        return None, (f"What holds at rest was not asked: {error}.",)


def _funnel(deal: AgreementResult | None) -> dict[str, int | None]:
    """Counts from possible to ratifiable; None where an analysis is missing or counting is out of reach.

    Acceptable is what everybody at the table would rather have than no deal, ratifiable what those who only
    ratify would too: the zone of agreement.
    """
    funnel: dict[str, int | None] = dict.fromkeys(
        ("possible", "acceptable", "stable_at_rest", "reachable", "ratifiable")
    )
    if deal is None:
        return funnel
    space = deal.space
    funnel["possible"] = possible_outcomes(space)
    funnel["ratifiable"] = deal.zone.count
    at_table = [p for p in space.parties if set(space.case.parties[p].roles) != {"ratifier"}]
    if len(at_table) == space.n_parties:
        funnel["acceptable"] = deal.zone.count
    elif at_table:
        funnel["acceptable"] = count_acceptable(space, at_table)
    else:
        funnel["acceptable"] = funnel["possible"]
    return funnel


def possible_outcomes(space: Space) -> int | None:
    """Number of possible outcomes; None where it cannot be counted by stages or by listing."""
    from detente.analysis.agreement.stages import stages

    if not space.forbidden:
        return space.size
    if space.cardinal and (parts := stages(space)).whole:
        return parts.count
    return (
        sum(int(space.feasible(a, b).sum()) for a, b in space.chunks()) if space.size <= 100_000_000 else None
    )


def _by_no_deal(space: Space) -> dict[str, bool]:
    """Whether a deal exists under each reading of no deal that the case has."""
    names: list[NoDealName] = ["now"]
    if space.case.no_deal is not None and space.case.no_deal.at_deadline is not None:
        names.append("deadline")
    return {name: agreement(space, no_deal=name).zone.exists for name in names}


def _variation(case: Case, name: str) -> Variation:
    why = "; ".join(change.why for change in case.variants[name] if change.why)
    try:
        space = compile_case(with_variant(case, name))
        deal, bounds = agreement(space), over_ranges(space)
    except (CaseError, NeedsError, CostError) as error:
        return Variation(name, why, None, None, None, str(error))
    found = deal.solutions.get("kalai_smorodinsky")
    package = None if found is None else space.outcome(found.levels)
    verdict = None if bounds is None else bounds.verdict
    return Variation(name, why, deal.zone.exists, verdict, package)


def acceptable(deal: AgreementResult, levels: Any) -> bool:
    """Whether every party would rather have an outcome than no deal."""
    return bool(rational(np.asarray(deal.space.utility(levels)), deal.reservation))
