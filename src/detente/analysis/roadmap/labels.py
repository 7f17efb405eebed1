"""Exact labels: the Pareto-best values with which a roadmap can go on from each node (section 2.7).

Threats depend on the state only, so a suffix that is worth at least as much to everybody relaxes every earlier
constraint. A label is (W_1 .. W_n) and, where asked, one more coordinate that is to be small: the largest gap
so far, or the number of steps. Labels are computed backward over the layers, edge by edge, with back-pointers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from detente.analysis.roadmap.bounds import Reach
from detente.analysis.roadmap.evaluate import EXISTS
from detente.analysis.roadmap.steps import Priced
from detente.space.tables import Array

Extra = Literal["", "gap", "steps", "periods"]
SMALL_WORK = 400_000
"""A sweep of NumPy gives up after this many candidate labels, and the compiled kernel takes over."""
SMALL_NODES = 6_000


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels at the start node, best first for nothing in particular, and how to walk from them.

    ``value`` (L, D) of all nodes, ``edge`` and ``link`` (L,) the step taken and the label it leads to (-1 at
    an end), ``top`` range of the start's labels. ``bound`` limits the loss by merging, as a share of the party's own span.
    """

    value: Array = field(repr=False)
    edge: Array = field(repr=False)
    link: Array = field(repr=False)
    top: tuple[int, int]
    bound: float | None = None

    @property
    def here(self) -> Array:
        """The labels of the start node: (m, D)."""
        return self.value[self.top[0] : self.top[1]]

    def walk(self, priced: Priced, label: int) -> list[int]:
        """The nodes of the roadmap behind a label of the start node (counted from 0)."""
        at, graph = self.top[0] + label, priced.steps
        nodes = [graph.start]
        while self.edge[at] >= 0:
            nodes.append(int(graph.dst[self.edge[at]]))
            at = int(self.link[at])
        return nodes


@dataclass(frozen=True)
class Task:
    """What a sweep keeps. ``allowed`` (n,) raw trust; ``scale`` (n,) units of the gap coordinate; ``most`` bound of the
    extra coordinate, for all nodes or (nodes,); ``best`` labels are kept unless that many others are at least as good; ``merge`` (n,)
    differences that are dropped; ``reach`` what a label must be worth to matter, used where labels are many.
    """

    allowed: Array
    scale: Array
    extra: Extra = ""
    most: float | Array = np.inf
    best: int = 1
    merge: Array | None = None
    reach: Reach | None = None


def sweep(priced: Priced, task: Task) -> Labels:
    """All Pareto-best labels of the start node."""
    graph = priced.steps
    if graph.start < 0:
        return Labels(*_none(priced, task), (0, 0))
    if graph.nodes <= SMALL_NODES and task.merge is None:
        found = _sweep_small(priced, task)
        if found is not None:
            return found
    from detente.analysis.roadmap.compiled import sweep_large

    return sweep_large(priced, task)


def _none(priced: Priced, task: Task) -> tuple[Array, Array, Array]:
    width = len(priced.keep) + bool(task.extra)
    return np.zeros((0, width)), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


def endings(priced: Priced, task: Task) -> tuple[Array, Array]:
    """Labels of the ends and whether each is allowed: (ends, D) and (ends,)."""
    leave = np.maximum(priced.rest_leave + priced.resume[:, None] * priced.rest, priced.exit[:, None])
    gaps = np.maximum(0.0, leave - priced.rest)
    good = (gaps <= task.allowed[:, None] + EXISTS).all(axis=0)
    rows = priced.rest.T
    if task.extra:
        last = (gaps / task.scale[:, None]).max(axis=0) if task.extra == "gap" else np.zeros(gaps.shape[1])
        rows = np.column_stack([rows, -last])
        good &= last <= most_at(priced, task)[list(priced.steps.ends)]
    return rows, good


def most_at(priced: Priced, task: Task) -> Array:
    """The bound of the extra coordinate at every node: float64 (nodes,)."""
    return np.broadcast_to(np.asarray(task.most, dtype=float), (priced.steps.nodes,))


def increments(priced: Priced, extra: Extra) -> Array:
    """What each step adds to the extra coordinate, if it counts something: (m,)."""
    graph = priced.steps
    if extra == "steps":
        return graph.lands.astype(float)
    return np.ones(len(graph.src)) if extra == "periods" else np.zeros(len(graph.src))


def _sweep_small(priced: Priced, task: Task) -> Labels | None:
    graph, n = priced.steps, len(priced.keep)
    begin, count = np.zeros(graph.nodes, dtype=np.int64), np.zeros(graph.nodes, dtype=np.int64)
    work = 0
    rows, good = endings(priced, task)
    ends = {e: (rows[p], bool(good[p])) for p, e in enumerate(graph.ends)}
    adds = increments(priced, task.extra)
    flat = _Store(n + bool(task.extra))
    for node in reversed(range(graph.nodes)):
        begin[node] = flat.used
        if node in ends:
            row, fine = ends[node]
            if fine:
                flat.add(row[None], np.array([-1]), np.array([-1]))
                count[node] = 1
            continue
        low, high = graph.first[node], graph.first[node + 1]
        children = graph.dst[low:high]
        sizes = count[children]
        amount = int(sizes.sum())
        work += amount
        if work > SMALL_WORK:
            return None
        if not amount:
            continue
        edge = np.repeat(np.arange(low, high), sizes)
        link = np.arange(amount) + np.repeat(begin[children] - (np.cumsum(sizes) - sizes), sizes)
        fresh, kept = _extend(priced, task, flat.value[link], edge, adds)
        edge, link = edge[kept], link[kept]
        chosen = maximal(fresh, task.best)
        flat.add(fresh[chosen], edge[chosen], link[chosen])
        count[node] = len(chosen)
    top = (int(begin[graph.start]), int(begin[graph.start] + count[graph.start]))
    return Labels(flat.value[: flat.used], flat.edge[: flat.used], flat.link[: flat.used], top)


def _extend(priced: Priced, task: Task, old: Array, edge: Array, adds: Array) -> tuple[Array, Array]:
    """Labels one step earlier, and which of them are allowed."""
    n = len(priced.keep)
    value = priced.gain[:, edge] + priced.keep[:, None] * old[:, :n].T
    gaps = priced.gaps(value, edge)
    kept = (gaps <= task.allowed[:, None] + EXISTS).all(axis=0)
    if not task.extra:
        return value.T[kept], np.flatnonzero(kept)
    if task.extra == "gap":
        last = np.minimum(old[:, n], -(gaps / task.scale[:, None]).max(axis=0))
    else:
        last = old[:, n] - adds[edge]
    kept &= -last <= most_at(priced, task)[priced.steps.src[edge]]
    return np.column_stack([value.T, last])[kept], np.flatnonzero(kept)


class _Store:
    """Growing arrays of labels."""

    def __init__(self, width: int) -> None:
        self.value = np.empty((1024, width))
        self.edge, self.link = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
        self.used = 0

    def add(self, value: Array, edge: Array, link: Array) -> None:
        need = self.used + len(value)
        while need > len(self.edge):
            self.value = np.concatenate([self.value, np.empty_like(self.value)])
            self.edge = np.concatenate([self.edge, np.empty_like(self.edge)])
            self.link = np.concatenate([self.link, np.empty_like(self.link)])
        self.value[self.used : need], self.edge[self.used : need], self.link[self.used : need] = (
            value,
            edge,
            link,
        )
        self.used = need


def maximal(rows: Array, best: int = 1) -> Array:
    """Rows of which fewer than ``best`` others are at least as good everywhere (earlier ones, where equal)."""
    if len(rows) <= best:
        return np.arange(len(rows))
    if best > 1:
        above = np.zeros(len(rows), dtype=np.int64)
        for r in range(len(rows)):
            at_least = (rows >= rows[r]).all(axis=1)
            same = at_least & (rows == rows[r]).all(axis=1)
            above[r] = int((at_least & ~same).sum()) + int(same[:r].sum())
        return np.flatnonzero(above < best)
    if rows.shape[1] == 1:
        return np.array([int(np.argmax(rows[:, 0]))])
    if len(rows) <= 8:
        at_least = (rows[None] >= rows[:, None]).all(axis=2)
        order = np.tri(len(rows), k=-1, dtype=bool)
        same = at_least & at_least.T
        return np.flatnonzero(~(at_least & (~same | order)).any(axis=1))
    import moocore

    return np.flatnonzero(
        moocore.is_nondominated(np.ascontiguousarray(rows), maximise=True, keep_weakly=False)
    )
