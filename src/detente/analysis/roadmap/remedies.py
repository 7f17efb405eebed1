"""What would make a roadmap hold that does not: each remedy is computed, none is only listed.

Keep a hostage (stop one level short), lock something in, store instead of destroy, cut steps in two, pay, watch
better, take more time. Where the deadline alone leaves no way to the target, the other remedies are
computed without it, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detente.analysis.roadmap import money
from detente.analysis.roadmap.model import Model, build
from detente.analysis.roadmap.problem import Answer, Order, Problem, answer
from detente.analysis.roadmap.split import split_case
from detente.errors import CostError
from detente.space import Space, compile_case

MOST_SPLIT = 20_000
"""States up to which steps are cut in two."""


@dataclass(frozen=True)
class Remedy:
    """One remedy: whether it ``works`` (None: not decided), what it is in words, the gap it leaves (at most) and its figures."""

    kind: str
    what: str
    works: bool | None
    least_gap: float | None
    detail: dict[str, Any]
    interpersonal: bool = False


def remedies(problem: Problem, space: Space, order: Order, found: Answer, gap: str) -> list[Remedy]:
    """All remedies that apply, the working ones first."""
    if found.exists:
        return []
    out = []
    base = problem
    if problem.terms.horizon is not None:
        free = problem.changed(horizon=None, collapse=None)
        more = _more_time(problem, free, order, gap)
        out += [more]
        if found.shown is None:
            if more.works:
                return out
            base = free
    names = _Names(space, base.model)
    for make in (_hostages, _locks, _stores, _splits, _payments, _watching):
        out += list(make(base, names, order, gap))
    if base is not problem:
        out = [
            r if r.kind == "more_time" else replace(r, detail=r.detail | {"without_deadline": True})
            for r in out
        ]
    return sorted(out, key=lambda r: (not r.works, r.works is None))


@dataclass(frozen=True)
class _Names:
    space: Space
    model: Model

    def level(self, k: int, level: int) -> str:
        return self.space.level_names[self.model.commitments[k].issue][level]

    def label(self, k: int) -> str:
        return self.space.case.label(self.model.commitments[k].name)


def _asked(problem: Problem, order: Order, gap: str) -> Answer:
    return answer(problem, order, gap, quick=True)


def _targets(model: Model, target: int) -> list[tuple[int, int, int]]:
    """Commitments that the target raises: (k, level now, level at the target)."""
    return [
        (k, int(model.levels[k][model.start]), int(model.levels[k][target]))
        for k in range(len(model.commitments))
        if model.levels[k][target] > model.levels[k][model.start]
    ]


def _hostages(problem: Problem, names: _Names, order: Order, gap: str) -> Iterator[Remedy]:
    """Stop one level short on one commitment: what is not yet done can still be withheld, what is left can be undone."""
    model = problem.model
    for k, _, top in _targets(model, problem.target):
        levels = list(model.outcome(problem.target))
        levels[model.commitments[k].issue] = top - 1
        short = Problem(model, problem.terms, model.state(levels), problem.rule)
        if not model.possible[short.target]:
            continue
        made = _asked(short, order, gap)
        yield Remedy(
            "hostage", f"stop at {names.level(k, top - 1)} on {names.label(k)}",
            made.exists, made.least_gap, {"issue": model.commitments[k].name, "level": names.level(k, top - 1)},
        )  # fmt: skip


def _refloored(problem: Problem, names: _Names, k: int, level: int, floor: int) -> Problem:
    issue = problem.model.commitments[k].name
    floors = {issue: {names.level(k, level): names.level(k, floor)}}
    model = build(names.space, floors)
    return Problem(model, problem.terms, problem.target, problem.rule)


def _locks(problem: Problem, names: _Names, order: Order, gap: str) -> Iterator[Remedy]:
    model = problem.model
    for k, _, top in _targets(model, problem.target):
        if _floor(model, k, top) < top:
            made = _asked(_refloored(problem, names, k, top, top), order, gap)
            yield Remedy(
                "lock", f"make {names.level(k, top)} on {names.label(k)} final",
                made.exists, made.least_gap, {"issue": model.commitments[k].name, "level": names.level(k, top)},
            )  # fmt: skip


def _stores(problem: Problem, names: _Names, order: Order, gap: str) -> Iterator[Remedy]:
    model = problem.model
    for k, start, top in _targets(model, problem.target):
        if _floor(model, k, top) == top:
            made = _asked(_refloored(problem, names, k, top, max(start, top - 1)), order, gap)
            yield Remedy(
                "store", f"store instead of destroy: {names.label(k)} at {names.level(k, top)} can be undone by one level",
                made.exists, made.least_gap, {"issue": model.commitments[k].name, "level": names.level(k, top)},
            )  # fmt: skip


def _floor(model: Model, k: int, level: int) -> int:
    c = model.commitments[k]
    return int(c.level[c.low[c.position(level)]])


def _splits(problem: Problem, names: _Names, order: Order, gap: str) -> Iterator[Remedy]:
    """Cut every level on the way into two equal halves; irreversible halves cannot be undone either."""
    model, space = problem.model, names.space
    raised = [model.commitments[k].name for k, _, _ in _targets(model, problem.target)]
    if order == "at-once" or not raised or model.size * 2 ** len(raised) > MOST_SPLIT:
        return
    case = split_case(space, raised)
    if case is None:
        return
    finer = compile_case(case, types=dict(space.types))
    target = [
        2 * level if name in raised else level
        for name, level in zip(space.issues, model.outcome(problem.target), strict=True)
    ]
    new = build(finer)
    try:
        made = _asked(Problem(new, problem.terms, new.state(target), problem.rule), order, gap)
    except CostError:
        return
    yield Remedy(
        "split",
        "cut every step into two of half the size",
        made.exists,
        made.least_gap,
        {"issues": raised, "parts": 2},
    )


def _payments(problem: Problem, names: _Names, order: Order, gap: str) -> Iterator[Remedy]:
    model = problem.model
    shown = _asked(problem, order, gap).shown
    if shown is None:
        return
    held = money.guarantee(shown, problem.terms)
    parties = model.parties
    covers = {p: float(v) for p, v in zip(parties, held.peak, strict=True)}
    yield Remedy(
        "collateral", "a collateral from each tempted party, forfeited on a breach", True, None,
        {"peak": covers, "for_ever": {p: float(v) for p, v in zip(parties, held.bond, strict=True)}},
    )  # fmt: skip
    way_only = bool((held.bond <= 1e-9).all() and held.deposit_pays.all() and (shown.entry_gap <= 1e-9).all())
    yield Remedy(
        "deposit", "a deposit lodged at the start and refunded at the end", way_only, None,
        {"deposit": {p: float(v) for p, v in zip(parties, held.deposit, strict=True)},
         "entry_still_pays": {p: bool(v) for p, v in zip(parties, held.deposit_pays, strict=True)}},
    )  # fmt: skip
    yield Remedy(
        "guarantee", "payments by a guarantor for each step kept, from a fund it cannot withdraw", True, None,
        {"budget": {p: float(v) for p, v in zip(parties, held.budget, strict=True)}, "guarantors": guarantors(problem, names.space, shown.stay[:, 0] - shown.entry)},
    )  # fmt: skip
    if order != "at-once" and problem.graph(order).start >= 0:
        paid = money.transfers(problem, problem.priced(order))
        if paid.works is not None:
            yield Remedy(
                "transfers", "payments between the parties before each step", paid.works, None,
                {"outside_money": paid.shortfall}, interpersonal=True,
            )  # fmt: skip


def guarantors(problem: Problem, space: Space, gain: Any) -> dict[str, dict[str, Any]]:
    """For each guarantor of the case: what the roadmap is worth to it, and whether a fund it could withdraw would hold.

    At the end a guarantor saves what is still to be paid by withdrawing it: a fund that is not locked holds
    only as far as its own loss from breakdown exceeds the unpaid rest. Without preferences nothing is known of it.
    """
    out: dict[str, dict[str, Any]] = {}
    for party, about in space.case.parties.items():
        if "guarantor" in about.roles:
            known = party in problem.model.parties
            worth = float(gain[problem.model.parties.index(party)]) if known else None
            out[party] = {
                "gain": worth,
                "credible_unlocked": None if worth is None else False if worth <= 0 else None,
                "most_it_would_pay": None if worth is None else max(worth, 0.0),
            }
    return out


def _watching(problem: Problem, names: _Names, order: Order, gap: str) -> Iterator[Remedy]:
    terms = problem.terms
    better: list[tuple[str, dict[str, Any]]] = []
    if terms.lag:
        better.append(("see a breach in the period it happens", {"lag": 0}))
    if terms.detection < 1:
        better.append(("see every breach", {"detection": 1.0}))
    if terms.false_alarm > 0:
        better.append(("rule out false alarms", {"false_alarm": 0.0}))
    if len(better) > 1:
        better.append(("watch perfectly", {"lag": 0, "detection": 1.0, "false_alarm": 0.0}))
    for what, changes in better:
        made = _asked(problem.changed(**changes), order, gap)
        yield Remedy("verification", what, made.exists, made.least_gap, changes)


def _more_time(problem: Problem, free: Problem, order: Order, gap: str) -> Remedy:
    """No deadline at all, and the least number of periods in which any way to the target fits."""
    made = _asked(free, order, gap)
    needed = None
    if made.shown is not None:
        needed = _shortest(free, order) * (1 + problem.terms.lag)
    return Remedy(
        "more_time", "no deadline" if needed is None else f"more time: at least {needed} periods in all",
        made.exists, made.least_gap, {"periods_needed": needed, "periods_allowed": problem.terms.horizon},
    )  # fmt: skip


def _shortest(problem: Problem, order: Order) -> int:
    """Periods of the shortest way to the target."""
    if order == "at-once":
        return min(len(states) - 1 for states in problem.together())
    graph = problem.graph(order)
    far = np.full(graph.nodes, np.iinfo(np.int64).max // 2)
    far[graph.start] = 0
    for low, high in graph.groups:
        np.minimum.at(far, graph.dst[low:high], far[graph.src[low:high]] + 1)
    return int(min(far[e] for e in graph.ends))
