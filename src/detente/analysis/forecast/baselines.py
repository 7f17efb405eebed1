"""The baselines that stand before every model: weighted mean, weighted median, and a bargaining solution.

They say where talks would settle if weight alone counted, issue by issue for the mean and the median. NaN stands
where nobody with weight cares about an issue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.analysis.forecast.inputs import Inputs
from detente.space.tables import Array

HALF = 1e-12
"""A share of the weight this near to one half is one half."""
STEPS = 100
"""Newton steps of the bargaining solution at most; a handful suffice."""
SETTLED = 1e-13
"""A step that gains less ends them."""


@dataclass(frozen=True)
class Baselines:
    """Positions in [0, 1] for D draws and K issues, (D, K)."""

    mean: Array
    median: Array
    bargaining: Array


def baselines(inputs: Inputs) -> Baselines:
    """All baselines of every draw."""
    bargains = [
        bargaining(*part) for part in zip(inputs.capability, inputs.position, inputs.salience, strict=True)
    ]
    return Baselines(
        weighted_mean(inputs.position, inputs.weight),
        weighted_median(inputs.position, inputs.weight),
        np.array(bargains),
    )


def weighted_mean(position: Array, weight: Array) -> Array:
    """The mean of positions (..., n, K) weighted with capability times salience, (..., K)."""
    total = weight.sum(axis=-2)
    return np.asarray(
        np.where(total > 0, (position * weight).sum(axis=-2) / np.where(total > 0, total, 1), np.nan)
    )


def weighted_median(position: Array, weight: Array) -> Array:
    """The position with no more than half of the weight on either side, (..., K).

    It is the one that beats every other in pairs, when votes count the difference in distance. Where just half of
    the weight lies on one side, the middle of the two positions that do.
    """
    order = np.argsort(position, axis=-2, kind="stable")
    sorted_, share = np.take_along_axis(position, order, -2), np.take_along_axis(weight, order, -2)
    total = share.sum(axis=-2, keepdims=True)
    below = np.cumsum(share, axis=-2) / np.where(total > 0, total, 1)
    first = (below < 0.5 - HALF).sum(axis=-2, keepdims=True)
    last = (below <= 0.5 + HALF).sum(axis=-2, keepdims=True)
    ends = [np.take_along_axis(sorted_, np.minimum(at, position.shape[-2] - 1), -2) for at in (first, last)]
    return np.asarray(np.where(total > 0, (ends[0] + ends[1]) / 2, np.nan)[..., 0, :])


def bargaining(capability: Array, position: Array, salience: Array) -> Array:
    """The asymmetric Nash bargaining solution over all issues together, (K,).

    It maximises the sum of capability times the log of gain. An actor (n of them) loses the squared distance on each
    issue weighted with salience, and no deal costs it as much as the point of the scales that it likes least. So the
    solution is a mean of positions with weights capability x salience / gain, and nears the weighted mean as no
    deal gets worse (Achen 2006).
    """
    cared = (capability[:, None] * salience).sum(axis=0) > 0
    found = np.full(position.shape[1], np.nan)
    z, t = salience[:, cared], position[:, cared]
    votes = (capability > 0) & (z.sum(axis=1) > 0)
    if not votes.any():
        return found
    c, z, t = capability[votes] / capability[votes].sum(), z[votes], t[votes]
    worst = (z * np.maximum(t, 1 - t) ** 2).sum(axis=1)

    def gains(x: Array) -> Array:
        return np.asarray(worst - (z * (x - t) ** 2).sum(axis=1))

    x = (c[:, None] * z * t).sum(axis=0) / (c[:, None] * z).sum(axis=0)
    x = 0.999 * x + 0.001 * (z * t).sum(axis=0) / z.sum(axis=0) if (gains(x) <= 0).any() else x
    value = _worth(c, gains(x))
    for _ in range(STEPS):
        gain = gains(x)
        pull = 2 * z * (t - x) / gain[:, None]
        slope = (c[:, None] * pull).sum(axis=0)
        bend = np.diag((c[:, None] * 2 * z / gain[:, None]).sum(axis=0)) + (c[:, None] * pull).T @ pull
        step = np.linalg.solve(bend, slope)
        while (gains(x + step) <= 0).any() or _worth(c, gains(x + step)) < value:
            step = step / 2
            if np.abs(step).max() < SETTLED:
                break
        if np.abs(step).max() < SETTLED:
            break
        x = x + step
        value = _worth(c, gains(x))
    found[cared] = x
    return found


def _worth(capability: Array, gain: Array) -> float:
    return float((capability * np.log(gain)).sum())
