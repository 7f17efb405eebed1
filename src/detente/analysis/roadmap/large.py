"""Threat values on large spaces whose moves nothing ties together: one commitment after another.

Where no prerequisite and no joint owner links moves, a party's best move is a maximum along the axes of its
own commitments, one axis at a time; nothing is tabled by state and move.
"""

from __future__ import annotations

import numpy as np

from detente.analysis.roadmap.model import Commitment, Model
from detente.space.tables import Array

CLOSE = 1e-12
"""Value iteration ends when what is left to gain is below this share of the range of utilities."""


def value(model: Model, i: int, delta: float, retreat: bool) -> Array:
    """What a breach leaves party i while the others stay, or retreat: (N,), for ever after.

    Value iteration from "i stays put": it ends after finitely many rounds, when the longest climb that pays is
    covered; otherwise the error is below `CLOSE` of the range.
    """
    x = np.arange(model.size)
    others = [j for j in range(len(model.actors)) if j != i]
    base = x + model.retreat_of(others) if retreat else None
    reward = (1 - delta) * model.u[i]
    now = _resting(model, base, reward, delta) if retreat else model.u[i]
    blocked = _blocked(model, i, base)
    small = CLOSE * (1 + float(np.ptp(model.u[i]))) * (1 - delta)
    while True:
        landing = reward + delta * now
        top = _axes(model, i, np.where(model.possible, landing, -np.inf), np.maximum)
        top = top if base is None else top[base]
        new = np.where(blocked, np.maximum(top, landing), top)
        if float(np.abs(new - now).max()) <= small:
            return np.maximum(new, now)
        now = new


def _resting(model: Model, base: Array | None, reward: Array, delta: float) -> Array:
    from detente.analysis.roadmap.replies import follow

    x = np.arange(model.size)
    nxt = x if base is None else np.where(model.possible[base], base, x)
    return follow(reward, nxt, delta)


def _blocked(model: Model, i: int, base: Array | None) -> Array:
    """Where some move of i makes the joint move impossible, so that nothing moves: bool (N,)."""
    if bool(model.possible.all()):
        return np.zeros(model.size, dtype=bool)
    hit = _axes(model, i, ~model.possible, np.logical_or)
    return hit if base is None else hit[base]


def _axes(model: Model, i: int, values: Array, join: np.ufunc) -> Array:
    """For each state, the join of values over what party i's own moves can make of it: (N,)."""
    grid = values.reshape(model.shape)
    for k in model.solo[i]:
        grid = _axis(grid, k, model.commitments[k], join)
    return grid.reshape(-1)


def _axis(grid: Array, axis: int, c: Commitment, join: np.ufunc) -> Array:
    moved = np.ascontiguousarray(np.moveaxis(grid, axis, 0))
    out = np.empty_like(moved)
    for p, nexts in enumerate(c.nexts):
        if p and len(nexts) == c.size and len(c.nexts[p - 1]) == c.size:
            out[p] = out[p - 1]
            continue
        np.copyto(out[p], moved[nexts[0]])
        for q in nexts[1:]:
            join(out[p], moved[q], out=out[p])
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))
