"""Where it drifts, over draws: all draws of a chunk are run at once.

The *result* of an issue is the weighted mean of all positions at the end. Where the model has several readings, an
answer holds in a draw if it holds in each of them, the result lies in a part of the scale if that of some reading
does, and numbers are given as the least and the greatest over the readings.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.answers import Answers, Whole
from detente.analysis.confidence.draws import block_sizes
from detente.analysis.confidence.tables import Values
from detente.analysis.confidence.worlds import World, plan_of
from detente.analysis.forecast import READINGS, Model, inputs_of, result_of, simulate
from detente.analysis.forecast.inputs import forecast_of
from detente.case import Case
from detente.errors import NeedsError

Array = NDArray[Any]
PARTS = 10
"""Equal parts of each scale, for which it is said how often the result lies there."""
STILL = 1e-9
"""A change of the result below this share of a scale is none."""
LARGEST_PIECE = 500
PIECE_STEPS = 1e9
"""Steps of the innermost loop in a chunk, about: half a minute."""
USUAL_TURNS = 30
"""Turns that a run takes, about, where the caller does not say how many."""
ENDS = {False: ("",), True: (" (least of the readings)", " (greatest of the readings)")}


class AskForecast(Whole):
    """Whether the result of each issue rises or falls, in which part of the scale it ends, and where everybody does.

    ``model``, ``turns`` and ``rules`` are those of a forecast.
    """

    name = "forecast"
    spaced = False
    usual = 1_000

    def __init__(
        self, model: Model = "smp", turns: int | None = None, rules: Mapping[str, Any] | None = None
    ) -> None:
        self.model, self.turns, self.rules = model, turns, dict(rules or {})
        if self.rules.get("transition") == "random":
            raise NeedsError("draws are of inputs: with the transition 'random' ask a forecast, seed by seed")
        self.spread = model == "eum"
        self.issues: tuple[str, ...] = ()
        self.actors: tuple[str, ...] = ()
        self.edges: dict[str, Array] = {}
        self.piece = LARGEST_PIECE

    @property
    def options(self) -> Mapping[str, Any]:
        return {"model": self.model, "turns": self.turns, "rules": self.rules}

    def relevant(self, path: str) -> bool:
        return _of_forecast(path)

    def prepare(self, worlds: Sequence[World]) -> None:
        actors: dict[str, None] = {}
        for world in worlds:
            inputs = inputs_of(world.case)
            actors.update(dict.fromkeys(inputs.actors))
            for issue, low, high in zip(inputs.issues, inputs.low, inputs.high, strict=True):
                self.edges.setdefault(issue, np.linspace(low, high, PARTS + 1))
        self.issues, self.actors = tuple(self.edges), tuple(actors)
        runs = len(READINGS) * len(self.issues) if self.spread else 1
        steps = (self.turns or USUAL_TURNS) * runs * len(self.actors) ** 3
        self.piece = int(
            np.clip(PIECE_STEPS // max(steps, 1), 1, LARGEST_PIECE)
        )  # fewer draws of many actors
        simulate(inputs_of(worlds[0].case), model=self.model, turns=self.turns, **self.rules)

    @property
    def main(self) -> str:
        return f"{self.issues[0]} rises" if self.issues else ""

    @property
    def margin(self) -> str | None:
        return self.numbers[1] if self.issues else None

    @property
    def yes(self) -> tuple[str, ...]:
        ways = [f"{issue} {way}" for issue in self.issues for way in ("rises", "falls")]
        return (*ways, *self.in_parts)

    @property
    def in_parts(self) -> tuple[str, ...]:
        """Names of the answers that say where the results lie, of all issues."""
        return tuple(name for issue in self.issues for name in self.parts(issue))

    @property
    def ends(self) -> tuple[str, ...]:
        """What is added to the name of a number: least and greatest where there are several readings."""
        return ENDS[self.spread]

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(f"{name}{end}" for name in self._named() for end in self.ends)

    def _named(self) -> list[str]:
        results = [name for issue in self.issues for name in (f"change of {issue}", f"result on {issue}")]
        return [*results, *(f"{actor} on {issue}" for actor in self.actors for issue in self.issues)]

    def parts(self, issue: str) -> tuple[str, ...]:
        """Names of the answers that say in which part of an issue's scale the result lies, in the scale's order."""
        edges = [f"{x:.10g}" for x in self.edges[issue]]
        return tuple(f"{issue} at {a} to {b}" for a, b in itertools.pairwise(edges))

    def __call__(self, world: World, values: Values, count: int) -> Answers:
        inputs = inputs_of(world.case, dict(values))
        if inputs.draws != count:  # nothing is uncertain in this world: every draw is the single run
            inputs = inputs.repeat(count)
        ends = simulate(inputs, model=self.model, turns=self.turns, **self.rules)
        before = result_of(inputs, inputs.on_scale(inputs.position), self.model)
        after = result_of(inputs, ends, self.model).reshape(-1, count, len(inputs.issues))
        yes = np.zeros((count, len(self.yes)), dtype=bool)
        numbers = np.full((count, len(self.numbers)), np.nan)
        place, where = _places(self.yes), _places(self.numbers)
        for k, issue in enumerate(inputs.issues):
            change, width = after[:, :, k] - before[:, k], float(inputs.high[k] - inputs.low[k])
            yes[:, place[f"{issue} rises"]] = (change > STILL * width).all(axis=0)
            yes[:, place[f"{issue} falls"]] = (change < -STILL * width).all(axis=0)
            first = place[self.parts(issue)[0]]
            yes[:, first : first + PARTS] = _within(after[:, :, k], self.edges[issue])
            self._write(numbers, where, f"change of {issue}", change)
            self._write(numbers, where, f"result on {issue}", after[:, :, k])
        at = ends.reshape(-1, count, *ends.shape[1:])
        for a, actor in enumerate(inputs.actors):
            for k, issue in enumerate(inputs.issues):
                self._write(numbers, where, f"{actor} on {issue}", at[:, :, a, k])
        return Answers(yes, numbers)

    def _write(self, numbers: Array, where: Mapping[str, int], name: str, found: Array) -> None:
        """Writes a number (readings, draws) in its columns."""
        kept = (found.min(axis=0), found.max(axis=0)) if self.spread else (found[0],)
        for end, column in zip(self.ends, kept, strict=True):
            numbers[:, where[f"{name}{end}"]] = column


def drawn_inputs(case: Case, draws: int, seed: int = 0) -> dict[str, Array]:
    """Values (draws,) of the uncertain inputs of a case's forecast by path: those of `confidence` with that seed.

    Empty where nothing is uncertain. Raises `NeedsError` without a forecast section.
    """
    forecast_of(case)
    plan = plan_of(case, _of_forecast, spaced=False)
    u = [plan.draw(size, seed, block, "latin") for block, size in enumerate(block_sizes(draws))]
    return plan.worlds[0].values(np.concatenate(u))


def _of_forecast(path: str) -> bool:
    return path.split(".")[0] == "forecast"


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _within(result: Array, edges: Array) -> Array:
    """In which parts of a scale the results (readings, draws) lie: bool (draws, parts); in none where there is none."""
    part = np.clip(np.searchsorted(edges, result, side="right") - 1, 0, len(edges) - 2)
    there = (result >= edges[0]) & (result <= edges[-1])  # false for NaN
    here = (part[..., None] == np.arange(len(edges) - 1)) & there[..., None]
    return np.asarray(here.any(axis=0))
