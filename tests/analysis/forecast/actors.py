"""Random actors, with the ties and zeros that trip models."""

from __future__ import annotations

import numpy as np

from detente.analysis.forecast.inputs import Inputs
from detente.analysis.forecast.rules import Rules, choices


def random_inputs(random, draws=1, most=7):
    """Actors on one to three issues; often some share a position, care about nothing, or have no capability."""
    n, k = int(random.integers(1, most)), int(random.integers(1, 4))
    capability = random.uniform(1, 200, (draws, n))
    position = random.random((draws, n, k))
    salience = random.uniform(0.02, 1, (draws, n, k))
    salience *= random.uniform(0.3, 1, (draws, n, 1)) / salience.sum(axis=2, keepdims=True)
    kind = random.integers(6)
    if kind == 0:
        position = np.round(position * 4) / 4
    if kind == 1:
        position[:, :, 0] = position[:, :1, 0]
        salience[:, 0] = 0
    if kind == 2:
        capability[:, random.integers(n)] = 0
        salience[random.random(salience.shape) < 0.2] = 0
    if kind == 3:
        position = np.repeat(position[:, :1], n, axis=1)
    return Inputs(
        tuple(f"A{i}" for i in range(n)), tuple(f"k{i}" for i in range(k)), np.zeros(k), np.full(k, 100.0),
        capability, position, salience,
    )  # fmt: skip


def random_rules(random):
    return Rules(**{name: str(random.choice(allowed)) for name, allowed in choices().items()})
