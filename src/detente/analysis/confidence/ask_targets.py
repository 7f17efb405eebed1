"""What a report says of the targets of a case, over draws: all of them at once, since they share models and threats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.answers import Answers, Whole
from detente.analysis.confidence.ask_roadmap import about_roadmaps, reader, space_at, with_utilities
from detente.analysis.confidence.tables import Values, drawn_space, reservation
from detente.analysis.confidence.worlds import World
from detente.analysis.roadmap.ends import rests, settled_states
from detente.analysis.roadmap.evaluate import EXISTS
from detente.analysis.roadmap.extras import one_more_round
from detente.analysis.roadmap.model import Model, build, terms
from detente.analysis.roadmap.money import guarantee
from detente.analysis.roadmap.problem import Order, Problem
from detente.analysis.roadmap.threats import rule
from detente.errors import NeedsError

Array = NDArray[Any]
Walk = tuple[int, ...]
FINDINGS = ("acceptable", "at_rest", "steps", "at_once", "shown", "later", "later_at_once")
"""What is asked of each target: no worse than no deal for all; nobody would leave it; steps that hold lead there, all at
once, and those shown; the same two without the deadline.
"""
ROUND = ("gains", "loses", "goes_on")
"""What is asked of one more round, by party: whether it gains or loses by it, and whether going on beats no deal today."""
DOUBTS = ("steps", "at_once", "later", "later_at_once")
"""Findings that a search may leave undecided."""


@dataclass(frozen=True)
class Known:
    """What is known of a target at the middle of the ranges: its order, and the roadmaps shown (None: none) before the deadline
    and without it.
    """

    order: Order
    shown: Walk | None
    later: Walk | None


class AskTargets(Whole):
    """Whether each target is acceptable, at rest, and reached by steps that hold, before the deadline and without it.

    Numbers: how many outcomes are acceptable to all and at rest, by target what was left undecided, and by target and
    party what a guarantor of the roadmap shown would put up, as a share of the party's own gain (NaN where it has none).
    """

    name = "targets"
    margin = None
    spaced = True
    piece = 10
    usual = 200

    def __init__(
        self, known: Mapping[str, Known], leading: str, parties: Sequence[str], threat: str = "markov"
    ) -> None:
        if leading not in known:
            raise NeedsError(f"'{leading}' is none of the targets asked about: {', '.join(known)}")
        self.known, self.leading, self.parties, self.threat = dict(known), leading, tuple(parties), threat
        self.main = f"{leading}:steps"
        self.models: dict[str, Model] = {}
        self.hints: dict[tuple[str, str, bool], list[Walk]] = {}

    @property
    def options(self) -> Mapping[str, Any]:
        """What was asked, as plain data."""
        asked = {name: [k.order, k.shown, k.later] for name, k in self.known.items()}
        return {"targets": asked, "leading": self.leading, "threat": self.threat}

    @property
    def yes(self) -> tuple[str, ...]:
        """The findings by target, and by party what one more round on the way to the leading target would be worth to it."""
        return (
            *(f"{name}:{what}" for name in self.known for what in FINDINGS),
            *(f"{what}:{party}" for party in self.parties for what in ROUND),
        )

    @property
    def numbers(self) -> tuple[str, ...]:
        """Counts of outcomes, then undecided searches and guarantees by target."""
        by_target = [
            f"{name}:{what}"
            for name in self.known
            for what in (*(f"undecided:{d}" for d in DOUBTS), *(f"guarantee:{p}" for p in self.parties))
        ]
        return ("acceptable", "at_rest", *by_target)

    def relevant(self, path: str) -> bool:
        """Whether an input of the case matters to it."""
        return about_roadmaps(path)

    def prepare(self, worlds: Sequence[World]) -> None:
        """Builds the model of each world, and the roadmaps to try first."""
        for world in worlds:
            assert world.space is not None
            self.models[world.label] = build(world.space)
            for name, known in self.known.items():
                self.hints[world.label, name, False] = [] if known.shown is None else [known.shown]
                self.hints[world.label, name, True] = [] if known.later is None else [known.later]

    def __call__(self, world: World, values: Values, count: int) -> Answers:
        """The answers over ``count`` draws of a world."""
        space = drawn_space(world, values, count)
        least = reservation(space, "now", values, count)
        yes = np.zeros((count, len(self.yes)), dtype=bool)
        numbers = np.zeros((count, len(self.numbers)))
        for d in range(count):
            clock, _ = terms(space_at(space, d), reader(values, d))
            model = with_utilities(self.models[world.label], space, d)
            yes[d], numbers[d] = self._draw(world.label, model, clock, least[:, d])
        return Answers(yes, numbers)

    def _draw(self, label: str, model: Model, clock: Any, least: Array) -> tuple[list[bool], list[float]]:
        floor = np.maximum(least, clock.exit)[:, None] - EXISTS
        kind = rule(self.threat)
        open_ends = settled_states(model)
        good = open_ends[(model.u[:, open_ends] >= floor).all(axis=0)]
        yes: list[bool] = []
        numbers: list[float] = [len(good), int(rests(model, clock, kind, good).sum())]
        for name, known in self.known.items():
            target = self._target(model, name)
            dated = Problem(model, clock, target, kind)
            free = dated if clock.horizon is None else dated.changed(horizon=None, collapse=None)
            steps = dated.exists(known.order, hints=self.hints[label, name, False])
            later = steps if free is dated else free.exists(known.order, hints=self.hints[label, name, True])
            at_once = dated.exists("at-once")
            later_at_once = at_once if free is dated else free.exists("at-once")
            walk, problem = (known.shown, dated) if known.shown is not None else (known.later, free)
            course = None if walk is None else problem.course(walk, exposed=False)
            yes += [
                bool((model.u[:, target] >= floor[:, 0]).all()),
                bool(rests(model, clock, kind, np.array([target]))[0]),
                steps is True,
                at_once is True,
                course is not None and problem.holds(course),
                later is True,
                later_at_once is True,
            ]
            numbers += [found is None for found in (steps, at_once, later, later_at_once)]
            scale = problem.scale("share")
            numbers += (
                [np.nan] * model.n
                if course is None or scale is None
                else (guarantee(course, problem.terms).budget / scale).tolist()
            )
        lead = Problem(model, clock, self._target(model, self.leading), kind)
        more = one_more_round(lead, self.known[self.leading].order, least)
        for party in self.parties:
            row = {} if more is None else more[party]
            gain = row.get("gain", 0.0)
            yes += [gain > EXISTS, gain < -EXISTS, row.get("over_no_deal", 0.0) > EXISTS]
        return yes, numbers

    def _target(self, model: Model, name: str) -> int:
        return model.state(model.space.positions(model.space.case.targets[name].outcome))
