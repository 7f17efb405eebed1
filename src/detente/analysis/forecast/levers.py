"""Whose change of position would move the result most: the model run anew for each change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from detente.analysis.forecast import eum, smp
from detente.analysis.forecast.baselines import weighted_mean
from detente.analysis.forecast.inputs import Inputs
from detente.errors import CostError, NeedsError
from detente.space.tables import Array

if TYPE_CHECKING:
    from detente.analysis.forecast.result import ForecastResult

MOST_WORK = 1e10
"""Steps of the innermost loop up to which all actors are tried: some minutes."""
QUICK_WORK = 2e8
"""And up to which it takes seconds, so that the report need not ask."""
AT_ONCE = 20_000_000
"""Positions over turns that changes tried at once may keep."""
UNMOVED = 1e-12


@dataclass(frozen=True)
class Lever:
    """An actor that starts elsewhere on one issue: from, to (on the scale), and how that shifts the result.

    ``effect`` {issue: [low, high]} on the scales, over readings and draws; ``size`` its mean length as a share of
    the scales.
    """

    actor: str
    issue: str
    start: float
    changed: float
    effect: dict[str, tuple[float, float]]
    size: float

    def to_data(self) -> dict[str, Any]:
        """As the JSON contract has it."""
        return {
            "actor": self.actor, "issue": self.issue, "from": self.start, "to": self.changed,
            "effect": {k: list(v) if v[0] < v[1] else v[0] for k, v in self.effect.items()}, "size": self.size,
        }  # fmt: skip


def work(result: ForecastResult, actors: int | None = None) -> float:
    """Steps of the innermost loop that all levers of so many actors take, about."""
    n, k = len(result.actors), len(result.inputs.issues)
    runs = 2 * (n if actors is None else actors) * k * result.paths.positions.shape[1]
    return float(runs * max(result.turns, 1) * n**3 * (k if result.model == "eum" else 1))


def levers(result: ForecastResult, shift: float, actors: Sequence[str] | None) -> list[Lever]:
    """See `ForecastResult.levers`."""
    if not 0 < shift <= 1:
        raise NeedsError(f"shift: a share of the scale above 0, up to 1; got {shift:g}")
    named = result.actors if actors is None else tuple(actors)
    for name in named:
        if name not in result.actors:
            raise NeedsError(f"unknown actor '{name}'; there are {', '.join(result.actors)}")
    if work(result, len(named)) > MOST_WORK:
        raise CostError(
            "trying the position of every actor", f"{work(result, len(named)):.1g} steps", "name a few actors"
        )
    changes = [
        (result.actors.index(name), k, side * shift)
        for name in named
        for k in range(len(result.inputs.issues))
        for side in (-1, 1)
    ]
    at_once = max(1, AT_ONCE // (result.paths.positions.size or 1))
    found = [
        lever
        for first in range(0, len(changes), at_once)
        for lever in _levers(result, changes[first : first + at_once])
    ]
    return sorted(found, key=lambda lever: -lever.size)


def _levers(result: ForecastResult, changes: list[tuple[int, int, float]]) -> list[Lever]:
    """One actor moved on one issue, as far as the scale goes; nothing where it is at the end already."""
    inputs = result.inputs
    position = np.repeat(inputs.position[None], len(changes), axis=0)
    for m, (actor, issue, shift) in enumerate(changes):
        position[m, :, actor, issue] = np.clip(position[m, :, actor, issue] + shift, 0, 1)
    ends = _ends(result, position)
    today = weighted_mean(result.paths.positions[-1], result.weight)
    moved = weighted_mean(ends, result.weight) - today
    return [
        _lever(inputs, actor, issue, position[m], moved[m])
        for m, (actor, issue, _) in enumerate(changes)
        if np.abs(position[m] - inputs.position).max() > UNMOVED
    ]


def _lever(inputs: Inputs, actor: int, issue: int, position: Array, change: Array) -> Lever:
    """``change`` (V, K) of the result, as shares of the scales."""
    scaled = np.nan_to_num(change * (inputs.high - inputs.low))
    start, moved = (inputs.on_scale(p.mean(axis=0))[actor, issue] for p in (inputs.position, position))
    return Lever(
        actor=inputs.actors[actor],
        issue=inputs.issues[issue],
        start=float(start),
        changed=float(moved),
        effect={
            name: (float(scaled[:, k].min()), float(scaled[:, k].max()))
            for k, name in enumerate(inputs.issues)
        },
        size=float(np.sqrt(np.nansum(change**2, axis=1)).mean()),
    )


def _ends(result: ForecastResult, position: Array) -> Array:
    """Where everybody ends from other positions (M, D, n, K) in as many turns, (M, V, n, K)."""
    many, draws, n, k = position.shape
    inputs = replace(
        result.inputs,
        capability=np.tile(result.inputs.capability, (many, 1)),
        position=position.reshape(-1, n, k),
        salience=np.tile(result.inputs.salience, (many, 1, 1)),
    )
    if result.model == "smp":
        streams = np.tile(np.arange(draws), many)
        return smp.run(inputs, result.rules, result.turns, seed=result.seed, streams=streams).ends.reshape(
            position.shape
        )
    if result.model == "eum":
        rounds = eum.run(inputs, result.paths.readings, result.turns)
        return np.concatenate([r.ends.reshape(position.shape) for r in rounds], axis=1)
    return position
