"""Without a target: which end states are acceptable to everyone and stable at rest, and what each needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detente.analysis.roadmap.evaluate import EXISTS, departures
from detente.analysis.roadmap.extras import ratification
from detente.analysis.roadmap.model import Model, Terms
from detente.analysis.roadmap.patience import patience
from detente.analysis.roadmap.problem import Order, Problem, answer
from detente.analysis.roadmap.threats import Rule, threat
from detente.errors import CostError
from detente.space import NoDealName, Space
from detente.space.tables import Array

MOST_ENDS = 400
"""More end states than this are not each searched for a roadmap."""
PATIENCE_WORK = 30_000
"""Least patience is computed for as many end states as this many states allow; for the others it is left out."""


@dataclass(frozen=True)
class End:
    """An end state: its outcome, and what a roadmap to it needs. ``product`` is of gains over not starting."""

    levels: tuple[int, ...]
    exists: bool | None
    least_gap: float | None
    product: float | None
    fewest_steps: int | None
    least_patience: float | None
    ratifiable: bool


@dataclass(frozen=True)
class Ends:
    """All end states: counts along the funnel, and those acceptable and stable at rest, best first."""

    possible: int
    acceptable: int
    stable: int
    reachable: int
    ratifiable: int
    listed: tuple[End, ...]


def end_states(
    space: Space,
    model: Model,
    terms: Terms,
    rule: Rule,
    order: Order,
    gap: str,
    *,
    with_patience: bool = True,
    no_deal: NoDealName = "now",
) -> Ends:
    """The funnel: possible, acceptable to all, stable at rest, reachable before the deadline, ratifiable.

    Acceptable: worth at least no deal and a walk-away to every party. Stable at rest: without a
    deadline, nobody gains by breaking off. Terms stay as in the status quo. Raises `CostError` where more end states
    are left than `MOST_ENDS`.
    """
    possible = settled_states(model)
    if no_deal == "breakdown":
        least = threat(model, terms, rule, model.start).entry[:, model.start]
    else:
        least = space.reservation(no_deal)[0]
    floor = np.maximum(least, terms.exit)
    acceptable = possible[(model.u[:, possible] >= floor[:, None] - EXISTS).all(axis=0)]
    stable = acceptable[rests(model, terms, rule, acceptable)]
    if len(stable) > MOST_ENDS:
        raise CostError(
            "a roadmap to every end state that holds", f"{len(stable):,} of them", "name a target"
        )
    found = [_end(space, Problem(model, terms, int(x), rule), order, gap) for x in stable]
    found.sort(
        key=lambda e: (
            not e.exists,
            -(e.product or 0.0),
            np.inf if e.least_gap is None else e.least_gap,
            e.levels,
        )
    )
    if with_patience:
        found = [
            _patient(model, terms, rule, order, e) if r * model.size <= PATIENCE_WORK else e
            for r, e in enumerate(found)
        ]
    reach = [e for e in found if e.exists]
    return Ends(
        len(possible),
        len(acceptable),
        len(stable),
        len(reach),
        sum(e.ratifiable for e in reach),
        tuple(found),
    )


def settled_states(model: Model) -> Array:
    """The possible states with no work under way: one for each possible outcome."""
    settled = np.ones(model.size, dtype=bool)
    for k, c in enumerate(model.commitments):
        stands = np.array([c.position(int(level)) for level in c.level])
        settled &= model.position[k] == stands[model.position[k]]
    return np.flatnonzero(settled & model.possible)


def rests(model: Model, terms: Terms, rule: Rule, states: Array) -> Array:
    """Whether nobody gains by breaking off in each of some states, without a deadline: bool (m,)."""
    free = replace(terms, horizon=None, collapse=None)
    held = threat(model, free, rule, int(model.start))
    stay = model.u[:, states]
    good = np.ones(len(states), dtype=bool)
    for i in range(model.n):
        away = (
            departures(model, i, held.landing[0][i], states, states)[0]
            + held.resume[i] * stay[i]
            - terms.cost[i]
        )
        good &= np.maximum(away, terms.exit[i]) <= stay[i] + EXISTS
    return good


def _end(space: Space, problem: Problem, order: Order, gap: str) -> End:
    made = answer(problem, order, gap, criteria=False)
    said = ratification(problem, space, made.shown)
    fine = bool(made.exists) and all(
        row["entry"] is not False and row["rest"] is not False for row in said.values()
    )
    levels = problem.model.outcome(problem.target)
    return End(levels, made.exists, made.least_gap, made.nash_product, made.fewest_steps, None, fine)


def _patient(model: Model, terms: Terms, rule: Rule, order: Order, end: End) -> End:
    problem = Problem(model, terms, model.state(end.levels), rule)
    return replace(end, least_patience=patience(problem, order, []).least)
