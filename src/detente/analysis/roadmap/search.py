"""Which roadmaps enforce themselves, and which is best: searches over priced steps.

Three bounds do most of the work before any label is made. *Optimistic values*: the best each party could get
from a node on, taken alone, over steps that could be within the trust allowed; steps that are not even then are
dropped, and if the start is cut off no roadmap exists. *Candidates*: a few walks priced exactly; one that
holds proves existence. Labels decide the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from detente.analysis.roadmap import bounds
from detente.analysis.roadmap.compiled import sweep_large
from detente.analysis.roadmap.evaluate import EXISTS
from detente.analysis.roadmap.labels import SMALL_NODES, Extra, Labels, Task, increments, sweep
from detente.analysis.roadmap.steps import Priced
from detente.errors import CostError
from detente.space.tables import Array

MERGE = 0.01
"""Labels closer than this share of a party's span, over the whole way, are merged when exact ones are too many."""
SHARES = (30, 10, 3, 1)
"""Merging on the way to the best product, as multiples of `MERGE`; it ends at once below `FEW` labels."""
FEW = 20_000
Held = tuple[Array, tuple[int, ...]]
"""The gains (n,) and the states of a roadmap."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found. ``exists`` is None where it could not decide. ``method`` says which one answered."""

    exists: bool | None
    walks: tuple[tuple[int, ...], ...] = ()
    gap: float | None = None
    labels: int = 0
    bound: float | None = None
    method: str = "exact labels"
    count: float | None = field(default=None)


def optimistic(priced: Priced, allowed: Array) -> tuple[Array, Array]:
    """Upper bounds on every party's value from each node, (n, nodes), and steps that may be within ``allowed``."""
    graph, n = priced.steps, len(priced.keep)
    value = np.full((n, graph.nodes), -np.inf)
    leave = np.maximum(priced.rest_leave + priced.resume[:, None] * priced.rest, priced.exit[:, None])
    good_end = (leave - priced.rest <= allowed[:, None] + EXISTS).all(axis=0)
    for place, end in enumerate(graph.ends):
        if good_end[place]:
            value[:, end] = priced.rest[:, place]
    usable = np.zeros(len(graph.src), dtype=bool)
    limit, out = allowed[:, None] + EXISTS, priced.exit[:, None]
    for low, high, cuts, owners in reversed(graph.bundles):
        onward = priced.gain[:, low:high] + priced.keep[:, None] * value[:, graph.dst[low:high]]
        enough = onward + limit  # minus infinity where no way leads on, so that such steps fail below
        away = priced.leave[:, low:high]
        if priced.resume.any():
            away = away + priced.resume[:, None] * np.where(np.isfinite(onward), onward, 0.0)
        fine = ((away <= enough) & (out <= enough) & np.isfinite(onward)).all(axis=0)
        usable[low:high] = fine
        onward[:, ~fine] = -np.inf
        value[:, owners] = np.maximum.reduceat(onward, cuts, axis=1)
    return value, usable


def pruned(priced: Priced, allowed: Array) -> Priced:
    """Only steps that could be within the trust allowed, until no more can be dropped."""
    while True:
        if priced.steps.start < 0:
            return priced
        value, usable = optimistic(priced, allowed)
        start = priced.steps.start
        if (
            not np.isfinite(value[:, start]).all()
            or not (value[:, start] >= priced.entry - allowed - EXISTS).all()
        ):
            return (
                priced.keep_steps(np.zeros(len(priced.steps.src), dtype=bool))
                if len(priced.steps.src)
                else _nothing(priced)
            )
        if usable.all():
            return priced
        smaller = priced.keep_steps(usable)
        if len(smaller.steps.src) == len(priced.steps.src):
            return smaller
        priced = smaller


def _nothing(priced: Priced) -> Priced:
    empty = replace(priced.steps, start=-1, ends=())
    return replace(priced, steps=empty)


def states_of(priced: Priced, nodes: list[int]) -> tuple[int, ...]:
    """The states of a walk given as nodes."""
    return tuple(int(priced.steps.state[n]) for n in nodes)


def none(priced: Priced) -> Array:
    """No trust allowed: (n,)."""
    return np.zeros(len(priced.keep))


def gaps_of(priced: Priced, edges: list[int], end: int) -> Array:
    """The largest raw gap of each party along a walk of steps, entry and rest included: (n,)."""
    now = priced.rest[:, priced.steps.ends.index(end)]
    away = np.maximum(priced.rest_leave[:, priced.steps.ends.index(end)] + priced.resume * now, priced.exit)
    worst = np.maximum(0.0, away - now)
    for e in reversed(edges):
        now = priced.gain[:, e] + priced.keep * now
        worst = np.maximum(worst, priced.gaps(now[:, None], np.array([e]))[:, 0])
    return np.asarray(np.maximum(worst, priced.entry - now))


def candidates(priced: Priced, allowed: Array) -> list[tuple[list[int], int]]:
    """A few promising walks (steps, end): best for each party alone, and for all with equal weight."""
    n = len(priced.keep)
    if priced.steps.start < 0:
        return []
    span = np.maximum(np.ptp(priced.rest, axis=1) + np.abs(priced.rest[:, 0] - priced.entry), 1e-9)
    ways = np.vstack([np.eye(n), np.ones(n)]) / span if n > 1 else np.ones((1, 1))
    return _guided(priced, ways, allowed)


def _guided(priced: Priced, weights: Array, allowed: Array) -> list[tuple[list[int], int]]:
    """The walks that are best for weighted sums of values, (ways, n); each party counted at its own discount factor."""
    graph, (ways, n) = priced.steps, weights.shape
    value = np.full((ways, n, graph.nodes), -np.inf)
    choice = np.full((ways, graph.nodes), -1, dtype=np.int64)
    for place, end in enumerate(graph.ends):
        value[:, :, end] = priced.rest[:, place]
    for low, high, cuts, owners in reversed(graph.bundles):
        onward = priced.gain[:, low:high] + priced.keep[:, None] * value[:, :, graph.dst[low:high]]
        alive = np.isfinite(onward).all(axis=1)
        real = np.where(alive[:, None], onward, 0.0)
        over = (priced.gaps(real, slice(low, high)) - allowed[:, None]).max(axis=1)
        sums = np.einsum("wn,wnm->wm", weights, real)
        score = np.where(alive, np.where(over <= EXISTS, sums, sums - 1e6 * over), -np.inf)
        top = np.maximum.reduceat(score, cuts, axis=1)
        hit = score == np.repeat(top, np.diff(np.append(cuts, high - low)), axis=1)
        first = np.minimum.reduceat(np.where(hit, np.arange(high - low), high - low), cuts, axis=1)
        value[:, :, owners] = np.take_along_axis(onward, first[:, None], axis=2)
        choice[:, owners] = np.where(np.isfinite(top), low + first, -1)
    found = []
    for way in range(ways):
        edges, node = [], graph.start
        while choice[way, node] >= 0:
            edges.append(int(choice[way, node]))
            node = int(graph.dst[edges[-1]])
        if node in graph.ends:
            found.append((edges, node))
    return found


def decide(priced: Priced) -> tuple[bool | None, tuple[int, ...] | None]:
    """Whether a self-enforcing roadmap exists (None: not decided), and one if so."""
    left = pruned(priced, none(priced))
    if left.steps.start < 0:
        return False, None
    for edges, end in candidates(left, none(left)):
        if gaps_of(left, edges, end).max() <= EXISTS:
            return True, states_of(left, [left.steps.start, *(int(left.steps.dst[e]) for e in edges)])
    found = nash(left)
    return found.exists, found.walks[0] if found.walks else None


def exists(priced: Priced) -> bool | None:
    """Whether a self-enforcing roadmap exists; None where it could not be decided."""
    return decide(priced)[0]


def least_drawdown(priced: Priced, u: Array, start: int) -> tuple[int, ...] | None:
    """The self-enforcing roadmap on which the largest drawdown is least, ``u`` (n, N) in comparable units.

    Bisection over the drawdowns that occur: how far a state lies below the start is a property of the state.
    """
    falls = np.maximum(0.0, (u[:, [start]] - u[:, priced.steps.state]).max(axis=0))
    levels = np.unique(falls)
    low, high, best = 0, len(levels) - 1, None
    while low <= high:
        middle = (low + high) // 2
        safe = falls <= levels[middle] + 1e-12
        mask = safe[priced.steps.src] & safe[priced.steps.dst]
        part = priced.keep_steps(mask) if len(mask) else priced
        verdict, walk = decide(part)
        if verdict:
            best, high = walk, middle - 1
        else:
            low = middle + 1
    return best


def _labels(priced: Priced, task: Task) -> Labels:
    """Exact labels, merged ones where the exact are too many; `CostError` where even those are."""
    try:
        return sweep(priced, task)
    except CostError:
        if task.merge is not None or task.best > 1:
            raise
    return replace(sweep(priced, replace(task, merge=merging(priced))), bound=MERGE)


def merging(priced: Priced) -> Array:
    """How close labels are merged, so that the whole way loses at most `MERGE` of a party's span: (n,)."""
    span = np.maximum(np.ptp(priced.gain / (1 - priced.keep)[:, None], axis=1), 1e-12)
    return np.asarray(MERGE * span / np.minimum(1 / (1 - priced.keep), _longest(priced)))


def _longest(priced: Priced) -> float:
    graph = priced.steps
    return float(len(graph.groups)) if len(graph.src) else 1.0


def nash(priced: Priced, best: int = 1) -> Found:
    """The self-enforcing roadmaps with the best products of gains over not starting, ``best`` of them."""
    left = pruned(priced, none(priced))
    if left.steps.start < 0:
        return Found(False)
    if best == 1 and left.steps.nodes > SMALL_NODES:
        return _bounded(left)
    found = _labels(left, Task(none(left), none(left) + 1, best=best))
    gains = found.here[:, : len(left.keep)] - left.entry
    fine = np.flatnonzero((gains >= -EXISTS).all(axis=1))
    merged = found.bound is not None
    if not len(fine):
        return Found(
            None if merged else False, labels=len(found.value), bound=found.bound, method=_name(merged)
        )
    products = np.prod(np.maximum(gains[fine], 0.0), axis=1)
    order = fine[np.lexsort((fine, -products))][:best]
    walks = tuple(states_of(left, found.walk(left, int(label))) for label in order)
    return Found(True, walks, 0.0, len(found.value), found.bound, _name(merged))


def _bounded(priced: Priced) -> Found:
    """`nash` on large graphs: with a roadmap in hand, only labels that could lead to a better one are made.

    Ever finer merging finds better roadmaps cheaply; the last pass is exact, unless it is too long.
    """
    held, close, left = _held(priced), merging(priced), priced
    for share in SHARES:
        left = _narrowed(left, held)
        coarse = _attempt(left, held, close * share)
        held = _better_held(held, coarse)
        if coarse[1] < FEW:
            break
    try:
        exact = _attempt(_narrowed(left, held), held, None)
    except CostError:
        if held is None:
            return Found(None, bound=MERGE, method=_name(True))
        return Found(True, (held[1],), 0.0, coarse[1], MERGE, _name(True))
    held = _better_held(held, exact)
    return Found(held is not None, (held[1],) if held else (), 0.0 if held else None, exact[1])


def _held(priced: Priced) -> Held | None:
    """The gains and states of the candidate that holds and has the best product, if any."""
    held: Held | None = None
    for edges, end in candidates(priced, none(priced)):
        if gaps_of(priced, edges, end).max() > EXISTS:
            continue
        now = priced.rest[:, priced.steps.ends.index(end)]
        for e in reversed(edges):
            now = priced.gain[:, e] + priced.keep * now
        nodes = [priced.steps.start, *(int(priced.steps.dst[e]) for e in edges)]
        held = _better_held(held, ((now - priced.entry, states_of(priced, nodes)), 0))
    return held


def _better_held(held: Held | None, other: tuple[Held | None, int]) -> Held | None:
    new = other[0]
    if held is None or new is None:
        return held or new
    return new if _product(new[0]) > _product(held[0]) else held


def _product(gains: Array) -> float:
    return float(np.prod(np.maximum(gains, 0.0)))


def _narrowed(priced: Priced, held: Held | None) -> Priced:
    if held is None or held[0].min() <= 0 or priced.steps.start < 0:
        return priced
    return pruned(bounds.narrowed(priced, held[0]), none(priced))


def _attempt(priced: Priced, held: Held | None, merge: Array | None) -> tuple[Held | None, int]:
    """The best roadmap of one sweep, and the number of its labels."""
    if priced.steps.start < 0:
        return None, 0
    if held is None or held[0].min() <= 0:
        reach = bounds.plain(priced, none(priced))
    else:
        reach = bounds.reach(priced, none(priced), held[0])
    found = sweep_large(priced, Task(none(priced), none(priced) + 1, merge=merge, reach=reach))
    gains = found.here - priced.entry
    fine = np.flatnonzero((gains >= -EXISTS).all(axis=1))
    if not len(fine):
        return None, len(found.value)
    label = int(fine[np.argmax(np.prod(np.maximum(gains[fine], 0.0), axis=1))])
    return (gains[label], states_of(priced, found.walk(priced, label))), len(found.value)


def _name(merged: bool) -> str:
    return "merged labels" if merged else "exact labels"


def least_gap(priced: Priced, scale: Array, quick: bool = False) -> Found:
    """The roadmap whose largest gap, in units of ``scale`` (n,), is least; entry and rest included.

    ``quick`` stops at the best candidate: its gap is then an upper bound, ``bound`` how far above the least it may be.
    """
    if priced.steps.start < 0:
        return Found(False)
    upper, walk = _upper(priced, scale)
    if quick:
        return Found(False, (states_of(priced, walk),), upper, bound=upper, method="bounds")
    left = pruned(priced, upper * scale + 1e-12)
    if left.steps.start < 0:
        return Found(upper <= 0, (states_of(priced, walk),), upper)
    lower = _lower(left, scale, upper, 40)
    for trust in (lower * (1 + 1e-9) + 1e-12, lower * 1.02, lower * 1.2):
        if trust < upper:
            upper, walk, left = _better(priced, left, scale, trust, upper, walk)
    if lower >= upper - 2e-9 * max(1.0, upper):
        return Found(False, (states_of(priced, walk),), upper, method="bounds that meet")
    found = _labels(left, Task(upper * scale, scale, "gap", most=upper + 1e-12))
    n = len(left.keep)
    entry = np.maximum(0.0, (left.entry - found.here[:, :n]) / scale).max(axis=1, initial=0.0)
    gap = np.maximum(-found.here[:, n], entry)
    merged = found.bound is not None
    if not len(gap) or gap.min() > upper:
        return Found(False, (states_of(priced, walk),), upper, len(found.value), found.bound, _name(merged))
    label = int(np.argmin(gap))
    nodes = found.walk(left, label)
    return Found(
        False, (states_of(left, nodes),), float(gap[label]), len(found.value), found.bound, _name(merged)
    )


def _better(
    whole: Priced, left: Priced, scale: Array, trust: float, upper: float, walk: list[int]
) -> tuple[float, list[int], Priced]:
    """A walk with a lesser gap, if the candidates under less trust have one, and the steps that can still beat it."""
    fewer = pruned(left, trust * scale)
    if fewer.steps.start < 0:
        return upper, walk, left
    states = walk
    for edges, end in [*candidates(fewer, trust * scale), patient(fewer, scale)[1]]:
        gap = float((gaps_of(fewer, edges, end) / scale).max())
        if gap < upper:
            upper, states = (
                gap,
                _same(whole, fewer, [fewer.steps.start, *(int(fewer.steps.dst[e]) for e in edges)]),
            )
    return upper, states, pruned(left, upper * scale + 1e-12)


def _same(whole: Priced, part: Priced, nodes: list[int]) -> list[int]:
    """Nodes of a part as nodes of the whole."""
    keys = {
        (int(s), int(d)): n for n, (s, d) in enumerate(zip(whole.steps.state, whole.steps.date, strict=True))
    }
    return [keys[(int(part.steps.state[n]), int(part.steps.date[n]))] for n in nodes]


def _upper(priced: Priced, scale: Array) -> tuple[float, list[int]]:
    """The least gap among the candidates and the patient-limit walk, and that walk's nodes."""
    graph = priced.steps
    best, walk = np.inf, [graph.start]
    for edges, end in [*candidates(priced, none(priced)), patient(priced, scale)[1]]:
        gap = float((gaps_of(priced, edges, end) / scale).max())
        if gap < best:
            best, walk = gap, [graph.start, *(int(graph.dst[e]) for e in edges)]
    return max(best, 0.0), walk


def _lower(priced: Priced, scale: Array, upper: float, rounds: int) -> float:
    """A gap that no roadmap can beat, by bisection on the trust allowed under optimistic values."""
    low, high = 0.0, upper
    for _ in range(rounds):
        middle = (low + high) / 2
        value, _ = optimistic(priced, middle * scale)
        top = value[:, priced.steps.start]
        if np.isfinite(top).all() and (top >= priced.entry - middle * scale - EXISTS).all():
            high = middle
        else:
            low = middle
    return low


def patient(priced: Priced, scale: Array) -> tuple[float, tuple[list[int], int]]:
    """The bottleneck walk in the patient limit, where W = u(x*) on the whole way: least largest gap, and the walk.

    Gaps are then weights of steps, and one pass over the steps suffices (section 2.7.2). Exact for delta -> 1,
    a first answer and a bound elsewhere.
    """
    graph = priced.steps
    rest = priced.rest[:, 0]
    weight = (priced.gaps(np.repeat(rest[:, None], len(graph.src), axis=1)) / scale[:, None]).max(axis=0)
    value, choice = np.full(graph.nodes, np.inf), np.full(graph.nodes, -1, dtype=np.int64)
    for place, end in enumerate(graph.ends):
        away = np.maximum(priced.rest_leave[:, place] + priced.resume * priced.rest[:, place], priced.exit)
        value[end] = max(0.0, float(((away - priced.rest[:, place]) / scale).max()))
    for low, high, cuts, _ in reversed(graph.bundles):
        cost = np.maximum(weight[low:high], value[graph.dst[low:high]])
        top = np.minimum.reduceat(cost, cuts)
        hit = np.flatnonzero(cost == np.repeat(top, np.diff(np.append(cuts, high - low))))
        owners, first = np.unique(graph.src[low:high][hit], return_index=True)
        value[owners], choice[owners] = cost[hit[first]], low + hit[first]
    edges, node = [], graph.start
    while choice[node] >= 0:
        edges.append(int(choice[node]))
        node = int(graph.dst[choice[node]])
    entry = float(np.maximum(0.0, (priced.entry - rest) / scale).max())
    return max(float(value[graph.start]), entry), (edges, node)


def _so_far(priced: Priced, counted: Extra) -> Array:
    """The fewest steps (or periods) from the start to every node: (nodes,)."""
    graph, adds = priced.steps, increments(priced, counted)
    near = np.full(graph.nodes, np.inf)
    near[graph.start] = 0
    for low, high in graph.groups:
        np.minimum.at(near, graph.dst[low:high], near[graph.src[low:high]] + adds[low:high])
    return near


def fewest(priced: Priced, counted: Extra = "steps") -> Found:
    """The self-enforcing roadmap with fewest steps (or periods)."""
    left = pruned(priced, none(priced))
    if left.steps.start < 0:
        return Found(False)
    near, n = _so_far(left, counted), len(left.keep)
    allowance, more, longest = float(near[list(left.steps.ends)].min()), 1.0, float(len(left.steps.src))
    while True:  # few labels are within a tight allowance, so it is raised from the least that any way takes
        found = _labels(left, Task(none(left), none(left) + 1, counted, most=allowance - near))
        fine = np.flatnonzero((found.here[:, :n] >= left.entry - EXISTS).all(axis=1))
        if len(fine):
            break
        if allowance >= longest:
            return Found(None if found.bound is not None else False, bound=found.bound)
        allowance, more = allowance + more, 2 * more
    label = int(fine[np.argmax(found.here[fine, n])])
    return Found(
        True, (states_of(left, found.walk(left, label)),), 0.0, len(found.value), found.bound,
        _name(found.bound is not None), float(-found.here[label, n]),
    )  # fmt: skip
