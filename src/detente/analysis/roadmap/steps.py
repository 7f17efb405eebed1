"""The graph of possible steps towards a target: what a search walks on.

Nodes are states that lie on some way from the start to the target; with a deadline, pairs of state and date.
No commitment is lowered, at least one is raised (or worked on) in each step. Under the order ``single`` the
commitments of one step have the same owner or owners.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from detente.analysis.roadmap.evaluate import departure_values
from detente.analysis.roadmap.model import Model, Terms
from detente.analysis.roadmap.threats import Threat
from detente.errors import CostError
from detente.space.tables import Array

MAX_STEPS = 40_000_000
"""More steps than this are refused."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps between nodes, sorted by layer of the source, then source, then target in row-major order.

    ``state`` and ``date`` (nodes,), ``layer`` (nodes,) ascending; ``src`` and ``dst`` (m,) are nodes;
    ``first`` (nodes + 1,) where each node's steps begin. ``start`` is a node or -1; ``ends`` are nodes at the target.
    ``lands`` (m,) whether a level changes in the step (not only work in progress).
    """

    state: Array = field(repr=False)
    date: Array = field(repr=False)
    layer: Array = field(repr=False)
    src: Array = field(repr=False)
    dst: Array = field(repr=False)
    lands: Array = field(repr=False)
    start: int
    ends: tuple[int, ...]

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.state)

    @cached_property
    def first(self) -> Array:
        """Where the steps of each node begin: (nodes + 1,)."""
        return np.searchsorted(self.src, np.arange(self.nodes + 1))

    @cached_property
    def groups(self) -> list[tuple[int, int]]:
        """Ranges of steps whose sources share a layer, in ascending order of layers."""
        if not len(self.src):
            return []
        layers = self.layer[self.src]
        cuts = np.flatnonzero(np.diff(layers)) + 1
        return list(zip([0, *cuts.tolist()], [*cuts.tolist(), len(layers)], strict=True))

    @cached_property
    def bundles(self) -> list[tuple[int, int, Array, Array]]:
        """The groups, with where in each the steps of another source begin, and these sources."""
        out = []
        for low, high in self.groups:
            src = self.src[low:high]
            cuts = np.flatnonzero(np.concatenate([[True], src[1:] != src[:-1]]))
            out.append((low, high, cuts, src[cuts]))
        return out

    def keep(self, mask: Array) -> Steps:
        """Only the steps under a mask, and of these only what lies on a way from start to an end."""
        return _trim(
            self.state,
            self.date,
            self.layer,
            self.src[mask],
            self.dst[mask],
            self.lands[mask],
            self.start,
            self.ends,
        )[0]


def _trim(
    state: Array,
    date: Array,
    layer: Array,
    src: Array,
    dst: Array,
    lands: Array,
    start: int,
    ends: Sequence[int],
) -> tuple[Steps, Array]:
    """Steps between the nodes that lie on a way from the start to an end, and which steps those are."""
    empty = np.zeros(0, dtype=np.int64)
    fore, back = np.zeros(len(state), dtype=bool), np.zeros(len(state), dtype=bool)
    if start >= 0:
        fore[start] = True
    back[list(ends)] = True
    whole = Steps(state, date, layer, src, dst, lands, start, tuple(ends))
    for low, high in whole.groups:
        fore[dst[low:high][fore[src[low:high]]]] = True
    for low, high in reversed(whole.groups):
        back[src[low:high][back[dst[low:high]]]] = True
    used = fore & back
    if start < 0 or not used[start]:
        return Steps(empty, empty, empty, empty, empty, np.zeros(0, bool), -1, ()), empty
    new = np.cumsum(used) - 1
    kept = np.flatnonzero(used[src] & used[dst])
    return Steps(
        state[used], date[used], layer[used], new[src[kept]], new[dst[kept]], lands[kept], int(new[start]),
        tuple(int(new[e]) for e in ends if used[e]),
    ), kept  # fmt: skip


def steps(model: Model, target: int, order: str, limit: int | None) -> Steps:
    """All steps that lie on roadmaps from the status quo to a target, at most ``limit`` steps long."""
    src, dst = _rises(model, target, order)
    good = (src != dst) & model.possible[src] & model.legal_step(src, dst)
    src, dst = src[good], dst[good]
    states, inverse = np.unique(np.concatenate([src, dst, [model.start, target]]), return_inverse=True)
    rank = (
        model.position[:, states].sum(axis=0) if len(model.shape) else np.zeros(len(states), dtype=np.int64)
    )
    by_rank = np.lexsort((states, rank))
    place = np.empty(len(states), dtype=np.int64)
    place[by_rank] = np.arange(len(states))
    inverse = place[inverse]
    states, rank = states[by_rank], rank[by_rank]
    a, b = inverse[: len(src)], inverse[len(src) : 2 * len(src)]
    sort = np.lexsort((b, a))
    a, b = a[sort], b[sort]
    lands = (
        (model.levels[:, states[a]] != model.levels[:, states[b]]).any(axis=0)
        if len(a)
        else np.zeros(0, bool)
    )
    ends = (int(inverse[-1]),) if model.possible[target] else ()
    undated, _ = _trim(states, np.zeros_like(states), rank, a, b, lands, int(inverse[-2]), ends)
    return undated if limit is None or undated.start < 0 else _dated(undated, limit)


def _rises(model: Model, target: int, order: str) -> tuple[Array, Array]:
    """Every combination of rises within the box from start to target: sources and targets as states."""
    low = [int(model.position[k][model.start]) for k in range(len(model.shape))]
    high = [int(model.position[k][target]) for k in range(len(model.shape))]
    if any(a > b for a, b in zip(low, high, strict=True)):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    everyone = list(range(len(model.shape)))
    movers = sorted({c.owners for c in model.commitments}) if order == "single" else [()]
    groups = (
        [[k for k in everyone if model.commitments[k].owners == m] for m in movers]
        if order == "single"
        else [everyone]
    )
    found = []
    for group in groups:
        count = math.prod(
            _pairs(model, k, low[k], high[k])[0].size if k in group else high[k] - low[k] + 1
            for k in everyone
        )
        if count > MAX_STEPS:
            raise CostError(
                "every way to combine moves in one step", f"{count:,} steps",
                "ask for the order single, set a pace, or take a nearer target",
            )  # fmt: skip
        a, b = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        for k in everyone:
            if k in group:
                p, q = _pairs(model, k, low[k], high[k])
            else:
                p = q = np.arange(low[k], high[k] + 1)
            a = (a[:, None] + p * model.strides[k]).ravel()
            b = (b[:, None] + q * model.strides[k]).ravel()
        found.append((a, b))
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def _pairs(model: Model, k: int, low: int, high: int) -> tuple[Array, Array]:
    pairs = [
        (p, q) for p in range(low, high + 1) for q in model.commitments[k].nexts[p].tolist() if p <= q <= high
    ]
    return np.array([p for p, _ in pairs], dtype=np.int64), np.array([q for _, q in pairs], dtype=np.int64)


def _dated(flat: Steps, limit: int) -> Steps:
    """The same steps with dates: node (x, t) is reached after t steps."""
    now = {flat.start} if limit >= 0 else set()
    layers = [np.array(sorted(now), dtype=np.int64)]
    chosen = []
    for _ in range(limit):
        reached = np.zeros(flat.nodes, dtype=bool)
        reached[layers[-1]] = True
        out = np.flatnonzero(reached[flat.src])
        if not len(out):
            break
        chosen.append(out)
        nodes = np.zeros(flat.nodes, dtype=bool)
        nodes[flat.dst[out]] = True
        layers.append(np.flatnonzero(nodes))
        if sum(map(len, chosen)) > MAX_STEPS:
            raise CostError("steps at every date", f"over {MAX_STEPS:,}", "choose a longer period")
    begin = np.cumsum([0, *map(len, layers)])
    state, date = np.concatenate(layers), np.repeat(np.arange(len(layers)), [len(n) for n in layers])
    src, dst, lands = [], [], []
    for t, out in enumerate(chosen):
        src.append(begin[t] + np.searchsorted(layers[t], flat.src[out]))
        dst.append(begin[t + 1] + np.searchsorted(layers[t + 1], flat.dst[out]))
        lands.append(flat.lands[out])
    ends = [int(n) for n in np.flatnonzero(np.isin(state, flat.ends))]
    empty = [np.zeros(0, dtype=np.int64)]
    return _trim(
        flat.state[state], date, date, np.concatenate(src or empty), np.concatenate(dst or empty),
        np.concatenate(lands or [np.zeros(0, bool)]), 0, ends,
    )[0]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Priced:
    """Steps with their prices. ``leave`` (n, m) best departure less the price of a breach, the exit included
    apart in ``exit``; ``gain`` (n, m) flow of arriving, ``keep`` (n,), so V = gain + keep * W;
    ``rest`` (n, ends) and ``rest_leave`` (n, ends) at the ends; ``resume`` (n,).
    """

    steps: Steps
    leave: Array = field(repr=False)
    gain: Array = field(repr=False)
    keep: Array
    resume: Array
    exit: Array
    rest: Array
    rest_leave: Array
    entry: Array

    def gaps(self, values: Array, which: Array | slice = slice(None)) -> Array:
        """Raw gaps (n, m) of steps whose continuation values are ``values`` (n, m)."""
        leave = np.maximum(self.leave[:, which] + self.resume[:, None] * values, self.exit[:, None])
        return np.asarray(np.maximum(0.0, leave - values))

    def keep_steps(self, mask: Array) -> Priced:
        """Only the steps under a mask that still lie on a roadmap."""
        s = self.steps
        trimmed, kept = _trim(
            s.state, s.date, s.layer, s.src[mask], s.dst[mask], s.lands[mask], s.start, s.ends
        )
        chosen = np.flatnonzero(mask)[kept]
        old = dict(
            zip(
                zip(s.state[list(s.ends)].tolist(), s.date[list(s.ends)].tolist(), strict=True),
                range(len(s.ends)),
                strict=True,
            )
        )
        ends = [old[(int(trimmed.state[e]), int(trimmed.date[e]))] for e in trimmed.ends]
        return Priced(
            trimmed, self.leave[:, chosen], self.gain[:, chosen], self.keep, self.resume, self.exit,
            self.rest[:, ends], self.rest_leave[:, ends], self.entry,
        )  # fmt: skip


def price(model: Model, terms: Terms, threat: Threat, graph: Steps, target: int) -> Priced:
    """The steps of a graph with what each party could gain by departing from them (detection taken as sure)."""
    from detente.analysis.roadmap.evaluate import rest_value, resting, worth

    value = worth(model, terms, threat, target)
    src, dst = graph.state[graph.src], graph.state[graph.dst]
    leave, gain = np.empty((model.n, len(src))), np.empty((model.n, len(src)))
    dates = graph.date[graph.src] if threat.dated else np.zeros(len(src), dtype=np.int64)
    for date in np.unique(dates):
        at = np.flatnonzero(dates == date) if threat.dated else slice(None)
        for i in range(model.n):
            leave[i, at] = (
                departure_values(model, i, threat.at(int(date))[i], src[at], dst[at]) - terms.cost[i]
            )
            gain[i, at] = value.at(int(date))[i, dst[at]]
    ends = [int(graph.date[e]) for e in graph.ends]
    rest = np.array([rest_value(model, terms, threat, value, target, date) for date in ends])
    away = np.full((model.n, len(ends)), -np.inf)
    for i in range(model.n):
        top, _ = resting(model, terms, threat, i, target)
        away[i] = top[np.minimum(ends, len(top) - 1).astype(np.int64)] - terms.cost[i]
    start = model.start
    return Priced(
        graph, leave, gain, value.keep, threat.resume, terms.exit, rest.T.reshape(model.n, -1), away,
        np.maximum(threat.entry[:, start], terms.exit),
    )  # fmt: skip
