"""Questions beside the main one: sincerity, one more round, who loses at which step, ratifiers, what follows breakdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detente.analysis.roadmap import model as models
from detente.analysis.roadmap.evaluate import EXISTS, Course
from detente.analysis.roadmap.problem import Order, Problem, answer
from detente.space import Space, compile_case
from detente.space.tables import Array


@dataclass(frozen=True)
class Loser:
    """A party whose flow falls in a period of a roadmap; ``stops`` whether it moves in that period itself."""

    date: int
    party: str
    loss: float
    stops: bool


def losers(problem: Problem, course: Course) -> list[Loser]:
    """Who loses at which date, and who of them could stop it by not moving."""
    model, out = problem.model, []
    for t, (x, y) in enumerate(zip(course.states, course.states[1:], strict=False)):
        moving = {
            i
            for k, c in enumerate(model.commitments)
            if model.position[k][x] != model.position[k][y]
            for i in c.owners
        }
        for j, party in enumerate(model.parties):
            loss = float(model.u[j, x] - model.u[j, y])
            if loss > EXISTS:
                out.append(Loser(t, party, loss, j in moving))
    return out


def ratification(
    problem: Problem, space: Space, course: Course | None
) -> dict[str, dict[str, bool | str | None]]:
    """For each ratifier: whether the roadmap is rational for it at entry, and the target at rest.

    A ratifier without preferences of its own is judged by those of the party it ratifies for.
    """
    out: dict[str, dict[str, bool | str | None]] = {}
    model = problem.model
    for party, about in space.case.parties.items():
        if "ratifier" not in about.roles:
            continue
        judge = party if party in model.parties else about.represents
        if judge not in model.parties or course is None:
            out[party] = {"entry": None, "rest": None, "by": judge or ""}
            continue
        i = model.parties.index(judge)
        out[party] = {
            "entry": bool(course.entry_gap[i] <= EXISTS),
            "rest": bool(model.u[i, problem.target] >= course.entry[i] - EXISTS),
            "by": judge,
        }
    return out


@dataclass(frozen=True)
class TypeStep:
    """One step of a roadmap as the types of a party see it: which would take it, which would rest right after."""

    date: int
    party: str
    takes: tuple[str, ...]
    refuses: tuple[str, ...]
    pockets: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``separating`` where some types take the step and others do not; ``pooling`` where all do."""
        return "separating" if self.takes and self.refuses else "pooling" if self.takes else "nobody"


def types(problem: Problem, space: Space, course: Course) -> list[TypeStep]:
    """Which type of a party would take each of its steps (section 2.13).

    A type takes a step if, at its own utilities, going on is worth at least what departing would bring; it would
    pocket what it has and stop if it takes the step and would rather break off at the next date. Threats are computed
    for each type as if it were known.
    """
    case, out = space.case, []
    for party in space.parties:
        kinds = case.preferences[party].types
        if kinds is None or len(kinds) < 2:
            continue
        gaps = {name: _as_type(problem, space, course, party, name) for name in kinds}
        i = problem.model.parties.index(party)
        for t, (x, y) in enumerate(zip(course.states, course.states[1:], strict=False)):
            if not any(
                i in c.owners and problem.model.position[k][x] != problem.model.position[k][y]
                for k, c in enumerate(problem.model.commitments)
            ):
                continue
            takes = tuple(n for n, g in gaps.items() if g[t] <= EXISTS)
            out.append(
                TypeStep(
                    t,
                    party,
                    takes,
                    tuple(n for n in gaps if n not in takes),
                    tuple(n for n in takes if gaps[n][t + 1] > EXISTS),
                )
            )
    return out


def _as_type(problem: Problem, space: Space, course: Course, party: str, name: str) -> list[float]:
    other = compile_case(space.case, types={**space.types, party: name})
    model = models.build(other)
    asked = Problem(model, problem.terms, problem.target, problem.rule)
    i = model.parties.index(party)
    seen = asked.course(course.states)
    gaps = seen.gap[i].tolist()
    gaps[0] = max(gaps[0], float(seen.entry_gap[i]))
    return [float(g) for g in gaps]


def separating(problem: Problem, space: Space, courses: list[Course]) -> int | None:
    """Among roadmaps, the place of the one whose steps separate types soonest; ties to the higher value of the first type's
    party; None where none separates.
    """
    best: tuple[int, float, int] | None = None
    for place, course in enumerate(courses):
        found = [step for step in types(problem, space, course) if step.kind == "separating"]
        if found:
            i = problem.model.parties.index(found[0].party)
            key = (found[0].date, -float(course.stay[i, 0]), place)
            best = key if best is None or key < best else best
    return None if best is None else best[2]


def one_more_round(
    problem: Problem, order: Order, no_deal: Array
) -> Mapping[str, Mapping[str, float]] | None:
    """What one more move date is worth to each party (section 2.14); None without a deadline.

    Per party: the best self-enforcing roadmap with one more date and without it (what breakdown leaves, where
    there is none), and the difference; zero or less is a finding, delay can serve a party. ``over_no_deal``: what going on
    with one more round is worth above no deal now, ``no_deal`` (n,).
    """
    if problem.terms.horizon is None:
        return None
    rows = []
    for more in (0, 1 + problem.terms.lag):
        asked = problem.changed(horizon=problem.terms.horizon + more)
        made = answer(asked, order, criteria=False)
        start = asked.threat().entry[:, asked.model.start]
        rows.append(
            made.shown.stay[:, 0]
            if made.exists and made.shown is not None
            else np.maximum(start, asked.terms.exit)
        )
    return {
        p: {
            "now": float(a),
            "with_one_more": float(b),
            "gain": float(b - a),
            "over_no_deal": float(b - least),
        }
        for p, a, b, least in zip(problem.model.parties, rows[0], rows[1], no_deal, strict=True)
    }
