"""What the forecast answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from detente.analysis.forecast import figures, levers, words
from detente.analysis.forecast.baselines import Baselines, weighted_mean, weighted_median
from detente.analysis.forecast.eum import Reading, Rounds
from detente.analysis.forecast.inputs import Inputs
from detente.analysis.forecast.levers import Lever
from detente.analysis.forecast.rules import Rules
from detente.analysis.forecast.smp import Run
from detente.analysis.result import Result, Row
from detente.case import Case
from detente.errors import NeedsError
from detente.space.tables import Array


@dataclass(frozen=True)
class Paths:
    """Positions over turns, (T + 1, V, n, K) in [0, 1]: V is one run, or a run for each draw, or for each reading and draw.

    ``partners`` (T, V, n): to or with whom each actor moved, -1 where it stood still. ``run`` is what the spatial
    model says of each turn. ``readings`` are blocks along V, each of all draws.
    """

    positions: Array
    partners: Array
    readings: tuple[Reading, ...] = ()
    run: Run | None = None

    @classmethod
    def of_run(cls, run: Run) -> Paths:
        """The paths of the spatial model."""
        return cls(run.positions, run.partners, run=run)

    @classmethod
    def of_rounds(cls, rounds: Sequence[Rounds], readings: tuple[Reading, ...]) -> Paths:
        """The paths of readings, one after the other."""
        return cls(
            np.concatenate([r.positions for r in rounds], axis=1),
            np.concatenate([r.partners for r in rounds], axis=1),
            readings,
        )

    @classmethod
    def of_start(cls, inputs: Inputs) -> Paths:
        """Nobody moves."""
        return cls(inputs.position[None], np.zeros((0, *inputs.capability.shape), int))

    @property
    def turns(self) -> int:
        """Turns made."""
        return len(self.positions) - 1

    @property
    def many(self) -> bool:
        """Whether there is more than one path for each actor."""
        return bool(self.positions.shape[1] > 1)


@dataclass(frozen=True, kw_only=True)
class ForecastResult(Result):
    """Where will it drift? Baselines, then positions over turns by one model, or their spread.

    Positions inside are shares of a scale; every method that says "on the scale" gives those of the file.
    """

    analysis: ClassVar[str] = "forecast"

    case: Case = field(repr=False)
    model: str
    inputs: Inputs = field(repr=False)
    base: Baselines = field(repr=False)
    paths: Paths = field(repr=False)
    rules: Rules
    seed: int = 0

    # numbers ------------------------------------------------------------------------------------

    @property
    def actors(self) -> tuple[str, ...]:
        """Ids of the actors, in file order."""
        return self.inputs.actors

    @property
    def turns(self) -> int:
        """Turns made."""
        return self.paths.turns

    @cached_property
    def positions(self) -> Array:
        """Positions on the scale, (T + 1, V, n, K)."""
        return self.inputs.on_scale(self.paths.positions)

    @cached_property
    def weight(self) -> Array:
        """Capability times salience, (V, n, K)."""
        blocks = self.paths.positions.shape[1] // self.inputs.draws
        return np.tile(self.inputs.weight, (blocks, 1, 1))

    @cached_property
    def result(self) -> Array:
        """The weighted mean of all positions after each turn, on the scale, (T + 1, V, K): what "the result" means."""
        return self.inputs.on_scale(weighted_mean(self.paths.positions, self.weight[None]))

    def range_of_result(self, issue: str) -> tuple[float, float]:
        """Least and greatest result at the end over readings and draws, on the scale."""
        if issue not in self.inputs.issues:
            raise NeedsError(f"unknown issue '{issue}'; there are {', '.join(self.inputs.issues)}")
        found = self.result[-1, :, self.inputs.issues.index(issue)]
        return float(found.min()), float(found.max())

    @cached_property
    def influence(self) -> Array:
        """Who moved whom, (n, n): how far ``[a, b]`` b moved in bargains with a, as a share of the scales.

        Distances over all issues (the root of the sum of squares), summed over turns; the mean over readings and draws.
        """
        n = len(self.actors)
        moved = np.sqrt((np.diff(self.paths.positions, axis=0) ** 2).sum(axis=3))
        found = np.zeros((n, n))
        who = self.paths.partners
        mover = np.broadcast_to(np.arange(n), who.shape)
        np.add.at(found, (who[who >= 0], mover[who >= 0]), moved[who >= 0])
        return np.asarray(found / self.paths.positions.shape[1])

    def levers(self, shift: float = 0.1, actors: Sequence[str] | None = None) -> list[Lever]:
        """Whose change of position would move the result most: each actor, each issue, ``shift`` of the scale each way.

        The model is run anew for each change, with as many turns; the largest effect comes first. `NeedsError` where
        ``shift`` is not in (0, 1]; `CostError` beyond what takes minutes, unless few actors are named.
        """
        return levers.levers(self, shift, actors)

    def label(self, name: str) -> str:
        """What people call an actor or an issue of the forecast."""
        section = self.case.forecast
        assert section is not None
        part = section.actors.get(name) or section.issues.get(name)
        return (part.label if part is not None else None) or self.case.label(name)

    # contract -----------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "baselines": self._baselines(),
            "model": self.model,
            "actors": self.actors,
            "scales": {
                name: {"from": low, "to": high, "label": self.label(name)}
                for name, low, high in zip(self.inputs.issues, self.inputs.low, self.inputs.high, strict=True)
            },
            "turns": [self._turn(t) for t in range(self.turns + 1)],
            "made": self.turns,
            "result": self._result(),
            "influence": {
                "unit": "share of the scale",
                "by": {
                    a: {
                        b: self.influence[i, j] for j, b in enumerate(self.actors) if self.influence[i, j] > 0
                    }
                    for i, a in enumerate(self.actors)
                },
            },
        }
        if self.paths.run is not None and not self.paths.many and self.turns:
            found["first"] = self._first(self.paths.run)
        if self.paths.readings:
            found["readings"] = self._readings()
        return found

    def _baselines(self) -> dict[str, Any]:
        """The mean over draws; null where nobody with weight cares about an issue."""
        named = {
            "weighted_mean": self.base.mean,
            "weighted_median": self.base.median,
            "nash_bargaining": self.base.bargaining,
        }
        return {
            name: self._by_issue(self.inputs.on_scale(values).mean(axis=0)) for name, values in named.items()
        }

    def _by_issue(self, values: Array) -> dict[str, float]:
        return dict(zip(self.inputs.issues, values.tolist(), strict=True))

    def _turn(self, turn: int) -> dict[str, Any]:
        """Each actor's position per issue; ``[low, high]`` in place of a number where there are several paths."""
        at = self.positions[turn]
        if not self.paths.many:
            return dict(zip(self.actors, at[0].tolist(), strict=True))
        ends = np.stack([at.min(axis=0), at.max(axis=0)], axis=2)
        return dict(zip(self.actors, ends.tolist(), strict=True))

    def _result(self) -> dict[str, Any]:
        """The weighted mean of positions at the start and at the end, by issue; as a range where there are several paths."""

        def of(values: Array) -> dict[str, Any]:
            if self.paths.many:
                return {
                    k: [float(values[:, i].min()), float(values[:, i].max())]
                    for i, k in enumerate(self.inputs.issues)
                }
            return self._by_issue(values[0])

        return {"what": "mean of positions weighted with capability x salience",
                "start": of(self.result[0]), "end": of(self.result[-1])}  # fmt: skip

    def _first(self, run: Run) -> dict[str, Any]:
        """The first turn of the spatial model: the election, attitudes to risk, targets with gains."""
        return {
            "election": dict(zip(self.actors, run.odds[0, 0].tolist(), strict=True)),
            "risk": dict(zip(self.actors, run.risks[0, 0].tolist(), strict=True)),
            "targets": {
                name: {"target": self.actors[target] if target >= 0 else None, "gain": gain}
                for name, target, gain in zip(
                    self.actors, run.targets[0, 0].tolist(), run.gains[0, 0].tolist(), strict=True
                )
            },
        }

    def _readings(self) -> list[dict[str, Any]]:
        """Each reading by itself, the mean over draws: result, median and ends."""
        draws = self.inputs.draws
        found = []
        for r, reading in enumerate(self.paths.readings):
            block = slice(r * draws, (r + 1) * draws)
            ends = self.paths.positions[-1, block]
            median = self.inputs.on_scale(weighted_median(ends, self.weight[block]))
            found.append({
                "name": reading.name, "denominator": reading.denominator, "offers": reading.offers,
                "stays": reading.stays, "eyes": reading.eyes,
                "median": self._by_issue(median.mean(axis=0)),
                "mean": self._by_issue(self.result[-1, block].mean(axis=0)),
                "ends": dict(zip(self.actors, self.positions[-1, block].mean(axis=0).tolist(), strict=True)),
            })  # fmt: skip
        return found

    # for people ---------------------------------------------------------------------------------

    def explain(self) -> str:
        return words.explain(self)

    def tables(self) -> dict[str, list[Row]]:
        tables: dict[str, list[Row]] = {
            "baselines": words.baseline_rows(self),
            "positions": words.position_rows(self),
        }
        if self.turns:
            tables["who moved whom"] = words.influence_rows(self)
        if self.paths.many:
            tables["end positions"] = words.standing_rows(self)
        if self.paths.readings:
            tables["readings"] = words.reading_rows(self)
        return tables

    def charts(self) -> dict[str, dict[str, Any]]:
        return figures.charts(self)
