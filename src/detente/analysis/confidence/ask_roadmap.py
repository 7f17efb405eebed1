"""Which steps hold, over draws: one model, many utilities and clocks.

The states, moves and steps of a world are found once. In each draw the value of breaking off is computed anew; the
roadmaps that are best at the middle of the ranges are tried first, and the search decides where none of them holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.answers import Answers, Whole
from detente.analysis.confidence.tables import Values, drawn_space
from detente.analysis.confidence.worlds import World, outcome_text
from detente.analysis.roadmap.model import Model, build, terms
from detente.analysis.roadmap.problem import ORDERS, Order, Problem, answer
from detente.analysis.roadmap.threats import rule
from detente.case.uncertain import Number, Uncertain, mode
from detente.errors import NeedsError
from detente.space import Space
from detente.space.tables import Factor

Array = NDArray[Any]
MOST_TRIED = 6
"""Roadmaps of a world whose share is counted."""
KEPT = (
    "shape",
    "strides",
    "size",
    "position",
    "levels",
    "solo",
    "joint",
    "menus",
    "retreats",
    "replies",
    "graphs",
    "ways",
)
"""What a model has computed that does not depend on utilities."""


def about_roadmaps(path: str) -> bool:
    """Whether an input of a case matters to its roadmaps."""
    head = path.split(".")[0]
    return head in ("preferences", "parties", "no_deal", "verification") and ".numeraire" not in path


class AskRoadmap(Whole):
    """Whether a roadmap to a target enforces itself, at once or in steps, and how often each known one does."""

    name = "roadmap"
    main = "roadmap_exists"
    margin = "slack"
    spaced = True
    piece = 50
    usual = 500
    numbers = ("slack", "undecided")

    def __init__(
        self, to: Mapping[str, str] | str | None = None, order: str | None = None, threat: str = "markov"
    ) -> None:
        self.to, self.asked, self.threat = to, order, threat
        rule(threat)
        self.models: dict[tuple[str, str], Model] = {}
        self.targets: dict[tuple[str, str], int] = {}
        self.tried: dict[tuple[str, str], list[tuple[int, ...]]] = {}
        self.names: dict[tuple[str, str], list[str]] = {}
        self.order: Order = "any"

    @property
    def options(self) -> Mapping[str, Any]:
        to = self.to if isinstance(self.to, str | None) else dict(self.to)
        return {"to": to, "order": self.order, "threat": self.threat}

    @property
    def yes(self) -> tuple[str, ...]:
        holds = dict.fromkeys(name for names in self.names.values() for name in names)
        return ("roadmap_exists", "at_once_exists", *holds)

    def relevant(self, path: str) -> bool:
        return about_roadmaps(path)

    def prepare(self, worlds: Sequence[World]) -> None:
        for world in worlds:
            space = world.space
            assert space is not None
            levels = self._target(space)
            model = build(space)
            key = _key(world)
            self.models[key], self.targets[key] = model, model.state(levels)
            clock, _ = terms(space, mode)
            problem = Problem(model, clock, model.state(levels), rule(self.threat))
            found = answer(problem, self.order)
            walks = [c.states for c in (found.shown, *found.others.values()) if c is not None]
            walks += problem.together()
            self.tried[key] = list(dict.fromkeys(walks))[:MOST_TRIED]
            self.names[key] = [f"holds:{steps_text(model, states)}" for states in self.tried[key]]

    def _target(self, space: Space) -> tuple[int, ...]:
        targets = space.case.targets
        to = self.to if self.to is not None else next(iter(targets), None)
        if to is None:
            raise NeedsError("name the target of the roadmap (`to`): the case has none under `targets`")
        self.to = to
        named = targets.get(to) if isinstance(to, str) else None
        order = self.asked or (named.order if named is not None else "any")
        if order not in ORDERS:
            raise NeedsError(f"unknown order '{order}'; expected {', '.join(ORDERS)}")
        self.order = order
        if named is not None:
            levels = space.positions(named.outcome)
        elif isinstance(to, str):
            pairs = [part.partition("=") for part in to.split(",") if part.strip()]
            if not pairs or any(not sign for _, sign, _ in pairs):
                known = ", ".join(targets) or "none"
                raise NeedsError(f"'{to}' is no target of the case ({known}); write issue=level,...")
            levels = space.positions({a.strip(): b.strip() for a, _, b in pairs})
        else:
            levels = space.positions(to)
        moved = [
            name
            for name, here, there in zip(space.issues, space.start, levels, strict=True)
            if here != there and not space.case.issues[name].by
        ]
        if moved:
            raise NeedsError(
                f"{', '.join(moved)}: a term without owner must be the same in status quo and target"
            )
        return levels

    def __call__(self, world: World, values: Values, count: int) -> Answers:
        key, names = _key(world), self.yes
        yes, numbers = np.zeros((count, len(names)), dtype=bool), np.zeros((count, 2))
        places = [names.index(name) for name in self.names[key]]
        space = drawn_space(world, values, count)
        for d in range(count):
            problem = self._problem(key, space, values, d)
            held, slack = self._held(key, problem)
            yes[d, places] = held
            exists = True if self._any_held(key, held, problem) else problem.exists(self.order)
            yes[d, 0] = exists is True
            yes[d, 1] = bool(problem.exists("at-once"))
            numbers[d] = slack, exists is None
        return Answers(yes, numbers)

    def _any_held(self, key: tuple[str, str], held: Sequence[bool], problem: Problem) -> bool:
        """Whether one of the known roadmaps of the order asked for holds."""
        if not any(held):
            return False
        if self.order == "any":
            return True
        allowed = set(problem.together()) if self.order == "at-once" else None
        return any(
            good
            and (allowed is None or states in allowed)
            and (allowed is not None or _single(problem.model, states))
            for good, states in zip(held, self.tried[key], strict=True)
        )

    def _held(self, key: tuple[str, str], problem: Problem) -> tuple[list[bool], float]:
        if not self.tried[key]:
            return [], -np.inf
        courses = [problem.course(states, exposed=False) for states in self.tried[key]]
        return [problem.holds(c) for c in courses], max(c.slack for c in courses)

    def _problem(self, key: tuple[str, str], space: Space, values: Values, d: int) -> Problem:
        model = self.models[key]
        clock, _ = terms(space_at(space, d), reader(values, d))
        return Problem(with_utilities(model, space, d), clock, self.targets[key], rule(self.threat))


def _key(world: World) -> tuple[str, str]:
    return (world.label, world.case.id)


def _single(model: Model, states: Sequence[int]) -> bool:
    """Whether one owner, or group that acts together, moves in each step."""
    for a, b in itertools.pairwise(states):
        movers = {
            c.owners for k, c in enumerate(model.commitments) if model.position[k][a] != model.position[k][b]
        }
        if len(movers) > 1:
            return False
    return True


def reader(values: Values, d: int) -> Callable[[Number], float]:
    """Turns the uncertain numbers of a world's case into their values in one draw."""

    def read(number: Number) -> float:
        path = getattr(number, "path", None)
        if path is not None and path in values:
            return float(values[path][d])
        return number.mode if isinstance(number, Uncertain) else float(number)

    return read


def space_at(space: Space, d: int) -> Space:
    """The space of one draw."""
    if space.draws is None:
        return space
    return space.with_factors(
        {
            p: [Factor(f.issues, f.table[..., d] if f.drawn else f.table) for f in factors]
            for p, factors in enumerate(space.factors)
            if factors is not None
        }
    )


def with_utilities(model: Model, space: Space, d: int) -> Model:
    """The model with the utilities of one draw, and everything that does not depend on them."""
    place = {c.issue: k for k, c in enumerate(model.commitments)}
    utilities = np.zeros((model.n, model.size))
    for p, factors in enumerate(space.factors):
        for factor in factors or ():
            table = factor.table[..., d] if factor.drawn else factor.table
            index = tuple(model.levels[place[i]] if i in place else model.terms[i] for i in factor.issues)
            utilities[p] += table[index]
    new = replace(model, u=utilities)
    for name in KEPT:
        new.__dict__[name] = getattr(model, name)
    return new


def steps_text(model: Model, states: Sequence[int]) -> str:
    """A roadmap as one line: what changes at each step."""
    space, parts = model.space, []
    before = model.outcome(states[0])
    for state in states[1:]:
        after = model.outcome(state)
        changed = [
            f"{space.issues[i]}={space.level_names[i][b]}"
            for i, (a, b) in enumerate(zip(before, after, strict=True))
            if a != b
        ]
        parts.append(" + ".join(changed) or "work")
        before = after
    return " > ".join(parts) if parts else outcome_text(space, before)
