"""The actors of a forecast as arrays, once or for many draws of what is not certain.

A leading axis counts draws. Positions are shares of an issue's scale, saliences shares of full attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from detente.case import Case
from detente.case.model import Forecast
from detente.case.paths import format_path
from detente.case.uncertain import Number, Uncertain, bounds, mode
from detente.errors import NeedsError
from detente.space.tables import Array


@dataclass(frozen=True)
class Inputs:
    """What influence models are computed on, for D draws of n actors on K issues.

    ``capability`` (D, n) is at least 0 in any unit; ``position`` (D, n, K) in [0, 1] along each scale;
    ``salience`` (D, n, K) in [0, 1]. ``low`` and ``high`` (K,) are the ends of the scales as the file has them.
    """

    actors: tuple[str, ...]
    issues: tuple[str, ...]
    low: Array
    high: Array
    capability: Array
    position: Array
    salience: Array

    @property
    def draws(self) -> int:
        """How many draws there are; 1 for a single run."""
        return int(self.capability.shape[0])

    @property
    def weight(self) -> Array:
        """Capability times salience, (D, n, K)."""
        return np.asarray(self.capability[:, :, None] * self.salience)

    def on_scale(self, positions: Array) -> Array:
        """Positions (..., K) on the scales of the file; the last digits that arithmetic adds are taken off."""
        return np.asarray(np.round(self.low + positions * (self.high - self.low), 10))

    def take(self, draws: slice | Array) -> Inputs:
        """The same for some of the draws."""
        return replace(
            self,
            capability=self.capability[draws],
            position=self.position[draws],
            salience=self.salience[draws],
        )

    def repeat(self, times: int) -> Inputs:
        """The single run, so many times over, as arrays that may be written to."""
        return replace(
            self,
            capability=np.repeat(self.capability[:1], times, axis=0),
            position=np.repeat(self.position[:1], times, axis=0),
            salience=np.repeat(self.salience[:1], times, axis=0),
        )


def forecast_of(case: Case) -> Forecast:
    """The forecast section of a case that is fit to be computed on; `NeedsError` says what it lacks."""
    section = case.forecast
    if section is None:
        raise NeedsError(
            f"case '{case.id}' has no forecast section: actors with capability, position and salience"
        )
    if not section.issues or not section.actors:
        raise NeedsError("forecast: at least one issue and one actor are needed")
    return section


def full_salience(section: Forecast) -> float:
    """What the file calls full salience: 1 where no number is above 1, else 100."""
    highest = max(_highest(z) for actor in section.actors.values() for z in actor.salience.values())
    return 1.0 if highest <= 1 else 100.0


def _highest(number: Number) -> float:
    """The highest value that is stated: a normal distribution states its mean."""
    open_ended = isinstance(number, Uncertain) and number.kind == "normal"
    return mode(number) if open_ended else bounds(number)[1]


def inputs_of(case: Case, draws: Mapping[str, Array] | None = None) -> Inputs:
    """The actors as arrays: the single run, or many draws.

    ``draws`` maps paths as `uncertain_inputs` names them to arrays (D,) of values on the scale of the file; an
    input that is not among them keeps its mode. Drawn positions beyond the ends of a scale are put at the end,
    drawn capabilities and saliences below 0 at 0, saliences above full at full.
    """
    section = forecast_of(case)
    drawn = dict(draws or {})
    sizes = {np.asarray(values).shape for values in drawn.values()}
    if len(sizes) > 1 or any(len(size) != 1 for size in sizes):
        raise NeedsError("draws are arrays of one axis, all of one length")
    numbers = _numbers(section)
    unknown = [path for path in drawn if path not in numbers]
    if unknown:
        raise NeedsError(f"no input of the forecast is called {unknown[0]}")
    count = next(iter(sizes))[0] if sizes else 1
    scale = full_salience(section)
    issues, actors = tuple(section.issues), tuple(section.actors)
    low = np.array([section.issues[k].start for k in issues], float)
    high = np.array([section.issues[k].stop for k in issues], float)

    def column(path: str, number: Number) -> Array:
        return np.broadcast_to(np.asarray(drawn.get(path, mode(number)), float), (count,))

    by_path = {path: column(path, number) for path, number in numbers.items()}
    shape = (len(actors), len(issues), count)
    position = np.array([by_path[_path(a, "position", k)] for a in actors for k in issues]).reshape(shape)
    salience = np.array([by_path[_path(a, "salience", k)] for a in actors for k in issues]).reshape(shape)
    capability = np.array([by_path[_path(a, "capability")] for a in actors])
    return Inputs(
        actors=actors,
        issues=issues,
        low=low,
        high=high,
        capability=np.maximum(capability.T, 0),
        position=np.clip((np.moveaxis(position, 2, 0) - low) / (high - low), 0, 1),
        salience=np.clip(np.moveaxis(salience, 2, 0) / scale, 0, 1),
    )


def uncertain_inputs(case: Case) -> dict[str, Uncertain]:
    """The inputs of a forecast that are not certain, by path (``forecast.actors.XJ.position.policy``)."""
    return {
        path: number
        for path, number in _numbers(forecast_of(case)).items()
        if isinstance(number, Uncertain) and number.bounds[0] < number.bounds[1]
    }


def _numbers(section: Forecast) -> dict[str, Number]:
    found: dict[str, Number] = {}
    for name, actor in section.actors.items():
        found[_path(name, "capability")] = actor.capability
        for issue in section.issues:
            found[_path(name, "position", issue)] = actor.position[issue]
            found[_path(name, "salience", issue)] = actor.salience[issue]
    return found


def _path(*steps: str) -> str:
    return format_path(("forecast", "actors", *steps))
