"""How actors vote between two options, and which option of many comes out: the elections of KTAB.

Arrays have any leading axes. Options stand in an order, the last two axes; ``prefer[..., x, y]`` is the strength
behind option x against option y. The names of the rules and their sources are in `detente.analysis.forecast.rules`.
"""

from __future__ import annotations

import numpy as np

from detente.analysis.forecast.rules import Election, Victory, Vote
from detente.space.tables import Array

LEAST_STRENGTH = 1e-8
"""What every option has behind it, so that two options that nobody minds tie."""
LEAST_INCENTIVE = 1e-10
"""What keeps an option that nothing challenges in place, in the Markov election with incentives."""
SURE = 1e-8
"""A difference in utility from which a binary vote is cast whole."""
NOTHING = 1e-13
"""A difference in utility below this is none."""
LANDSLIDE = 1.10
"""From this ratio of strengths on, the stronger side wins for sure under the binary rule of victory."""
LEAST_CHANCE = 1e-6
"""The weight of the side that loses for sure."""
TIE = 1e-12
"""Chances, and gains, closer than this are one."""
SMALLEST = 1e-300


def force(rule: Vote, gain: Array) -> Array:
    """The vote for each unit of weight, given what the option gains over the other; odd but for ``prospect``."""
    if rule == "proportional":
        return gain
    if rule == "binary":
        return _whole(gain)
    if rule == "proportional-binary":
        return 0.8 * gain + 0.2 * _whole(gain)
    if rule == "cubic":
        return gain**3
    if rule == "proportional-cubic":
        return 0.5 * gain + 0.5 * gain**3
    return np.where(gain > 0, 2 * gain / 3, gain)


def _whole(gain: Array) -> Array:
    """A vote cast whole either way; what arithmetic adds to no difference is not blown up."""
    return np.asarray(np.clip(np.where(np.abs(gain) < NOTHING, 0, gain) / SURE, -1, 1))


def strengths(rule: Vote, weight: Array, utility: Array) -> Array:
    """The strength behind each option against each other, (..., X, X), before the least that each has.

    ``weight`` (..., n) of the voters, ``utility`` (..., n, X) of the options to them. Under ``prospect`` these are
    the strengths of those who would lose, which count in full; `pairwise` lessens what the later option gains.
    """
    odd: Vote = "proportional" if rule == "prospect" else rule
    total = np.zeros((*utility.shape[:-2], utility.shape[-1], utility.shape[-1]))
    for voter in range(utility.shape[-2]):
        of = utility[..., voter, :]
        gain = of[..., :, None] - of[..., None, :]
        cast = force(odd, np.maximum(gain, 0, out=gain))
        cast *= weight[..., voter, None, None]
        total += cast
    return total


def pairwise(rule: Vote, strength: Array) -> Array:
    """Strengths with the least that every option has; under ``prospect`` the later of two options is the change."""
    if rule == "prospect":
        strength = np.where(np.tri(strength.shape[-1], k=-1, dtype=bool), strength * 2 / 3, strength)
    return np.asarray(strength + LEAST_STRENGTH)


def victory(rule: Victory, prefer: Array) -> Array:
    """The chance that option x beats option y, (..., X, X); one half against itself."""
    other = np.swapaxes(prefer, -1, -2)
    if rule == "binary":
        share = prefer / (prefer + other)
        between = np.clip((share * (LANDSLIDE + 1) - 1) / (LANDSLIDE - 1), 0, 1)
        sure = 1 / (1 + LEAST_CHANCE)
        chance = np.where(prefer >= LANDSLIDE * other, sure, between)
        return np.where(other >= LANDSLIDE * prefer, 1 - sure, chance)
    power = {"linear": 1, "square": 2, "quartic": 4, "octic": 8}[rule]
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + (other / prefer) ** power))


def elect(rule: Election, prefer: Array, chance: Array, there: Array | None = None) -> Array:
    """The share of each option in the outcome, (..., X), summing to 1.

    ``there`` (..., X) says which options stand; the others get 0. It is filled from the front.
    """
    standing = np.ones(prefer.shape[:-1], bool) if there is None else there
    both = standing[..., :, None] & standing[..., None, :]
    if rule == "conditional":
        logs = np.where(both, np.log(np.maximum(chance, SMALLEST)), 0).sum(axis=-1)
        logs = np.where(standing, logs, -np.inf)
        share = np.exp(logs - logs.max(axis=-1, keepdims=True))
    else:
        share = _stationary(_steps(rule, prefer, np.where(both, chance, 0), both), standing)
    return np.asarray(share / share.sum(axis=-1, keepdims=True))


def _steps(rule: Election, prefer: Array, chance: Array, both: Array) -> Array:
    """Chances (..., to, from) that the favourite passes from one option to another in one challenge.

    Challengers come at random, or (``markov-incentive``) as often as the strength behind them is likely to win.
    """
    if rule == "markov-uniform":
        often = both / np.maximum(both.sum(axis=-2, keepdims=True), 1)
    else:
        urge = np.where(both, prefer * chance, 0)
        urge += np.where(both, LEAST_INCENTIVE * np.eye(prefer.shape[-1]), 0)
        often = urge / np.maximum(urge.sum(axis=-2, keepdims=True), SMALLEST)
    come = chance * often
    stay = (np.swapaxes(chance, -1, -2) * often).sum(axis=-2)
    return np.asarray(come + stay[..., None, :] * np.eye(prefer.shape[-1]))


def _stationary(steps: Array, standing: Array) -> Array:
    """The distribution that a chain comes to rest in; options that do not stand get 0."""
    size = steps.shape[-1]
    rows = np.where(standing[..., :, None], steps - np.eye(size), np.eye(size))
    rows[..., 0, :] = 1
    right = np.zeros((*steps.shape[:-1], 1))
    right[..., 0, 0] = 1
    return np.maximum(np.linalg.solve(rows, right)[..., 0], 0)


def first_best(values: Array) -> Array:
    """The first of the options whose value is the largest, up to `TIE`, along the last axis."""
    return np.asarray(np.argmax(values >= values.max(axis=-1, keepdims=True) - TIE, axis=-1))
