"""What a label must be worth to matter: bounds that spare the exact search most of its labels.

Both are exact. *Need*: a label below what every step into its node asks of some party is never used. *Reach*:
with g the gains over not starting, a product of gains of at least P means w g >= n (P prod w)^(1/n) for all weights
w > 0, and the best w-sum of what can precede a node is one pass forward, kept apart by the number of steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detente.analysis.roadmap.evaluate import EXISTS
from detente.analysis.roadmap.steps import Priced
from detente.kernels.roadmap import Lengths, forward, lengths
from detente.space.tables import Array

TILTS = (1.3, 2.0, 4.0)
"""How far the weights are turned away from the tangent at the best product known."""
ROUNDING = 1e-9
"""Bounds give way by this share, so that rounding drops no label."""
MOST_ENTRIES = 20_000_000
"""Fewer weights are looked at where their bounds would have more entries than this."""


@dataclass(frozen=True, eq=False)
class Reach:
    """A label W of node v matters only if W >= ``need[v]`` and, for each m, ``way[m, h] W >= least[v, m, h]`` for some h.

    ``need`` (nodes, n), ``way`` (M, H, n), ``least`` (nodes, M, H).
    """

    need: Array = field(repr=False)
    way: Array = field(repr=False)
    least: Array = field(repr=False)


def need(priced: Priced, allowed: Array) -> Array:
    """The least value of each party with which a label of a node can be used at all: (nodes, n)."""
    graph, n = priced.steps, len(priced.keep)
    least = np.full((n, graph.nodes), np.inf)
    least[:, graph.start] = priced.entry - allowed - EXISTS
    shrink = 1 - priced.resume[:, None]
    for low, high in graph.groups:
        asked = np.maximum(priced.leave[:, low:high] - (allowed + EXISTS)[:, None], -1e300) / shrink
        asked = np.maximum(asked, (priced.exit - allowed - EXISTS)[:, None])
        asked = np.maximum(asked, least[:, graph.src[low:high]])
        before = (asked - priced.gain[:, low:high]) / priced.keep[:, None]
        for i in range(n):
            np.minimum.at(least[i], graph.dst[low:high], before[i])
    return np.asarray(least.T - ROUNDING * (1 + np.abs(least.T)))


def plain(priced: Priced, allowed: Array) -> Reach:
    """Need alone."""
    n = len(priced.keep)
    return Reach(need(priced, allowed), np.zeros((0, 1, n)), np.zeros((priced.steps.nodes, 0, 1)))


def reach(priced: Priced, allowed: Array, gains: Array) -> Reach:
    """Need, and what a product of gains like that of ``gains`` (n,) > 0 asks of each label."""
    ways = lengths(priced.steps.src, priced.steps.dst, priced.steps.nodes, priced.steps.start)
    weights = _weights(gains)
    if _same(priced):
        least = np.stack([_least(priced, gains, w, ways) for w in weights], axis=1)[:, :, None]
        return Reach(need(priced, allowed), weights[:, None, :], least)
    nodes, deep = priced.steps.nodes, len(priced.steps.groups) + 1
    weights = weights[: max(0, MOST_ENTRIES // (nodes * deep))]
    least = np.full((nodes, len(weights), deep), np.inf)
    turned = np.empty((len(weights), deep, len(priced.keep)))
    owner = np.repeat(np.arange(nodes), np.diff(ways.place))
    for m, w in enumerate(weights):
        asked, so_far, turned[m] = _asked(priced, gains, w, ways)
        least[owner, m, ways.number] = asked - so_far
    return Reach(need(priced, allowed), turned, least)


def narrowed(priced: Priced, gains: Array) -> Priced:
    """Only the steps on ways whose product of gains could be that of ``gains`` (n,) > 0, by the tangent alone."""
    if not _same(priced):
        return priced
    graph = priced.steps
    w = 1 / gains
    least = _least(priced, gains, w, lengths(graph.src, graph.dst, graph.nodes, graph.start))
    value, usable = np.full(graph.nodes, -np.inf), np.empty(len(graph.src), dtype=bool)
    value[list(graph.ends)] = w @ priced.rest
    for low, high, cuts, owners in reversed(graph.bundles):
        onward = w @ priced.gain[:, low:high] + priced.keep[0] * value[graph.dst[low:high]]
        usable[low:high] = onward >= least[graph.src[low:high]]
        value[owners] = np.maximum.reduceat(onward, cuts)
    return priced if usable.all() else priced.keep_steps(usable)


def _same(priced: Priced) -> bool:
    return bool((priced.keep == priced.keep[0]).all())


def _asked(priced: Priced, gains: Array, w: Array, ways: Lengths) -> tuple[float, Array, Array]:
    """The w-sum asked at the start, the best that can precede each node (P,), and the weights after h steps (H, n)."""
    graph, n = priced.steps, len(gains)
    turned = w[:, None] * priced.keep[:, None] ** np.arange(len(graph.groups) + 1)
    asked = float(w @ priced.entry) + n * float(np.prod(gains * w)) ** (1 / n)
    so_far = forward(graph.src, graph.dst, priced.gain, turned, graph.start, ways)
    return asked - ROUNDING * (1 + abs(asked)), so_far, turned.T


def _least(priced: Priced, gains: Array, w: Array, ways: Lengths) -> Array:
    """The w-sum a label must have at each node, where all discount alike: (nodes,)."""
    asked, so_far, _ = _asked(priced, gains, w, ways)
    left = (asked - so_far) / priced.keep[0] ** ways.number
    return np.asarray(np.minimum.reduceat(left, ways.place[:-1]))


def _weights(gains: Array) -> Array:
    """The tangent at ``gains``, then some turned towards each party: (M, n)."""
    turns = [1.0] + [t for tilt in TILTS for t in (tilt, 1 / tilt)]
    out = [np.ones(len(gains))]
    out += [np.where(np.arange(len(gains)) == i, t, 1.0) for t in turns[1:] for i in range(len(gains))]
    return np.array(out) / gains
