"""Searches over graphs of steps, for graphs too large for NumPy: arrays in, arrays and a status out.

The loops are in `detente.kernels._roadmap_loops`, imported when first needed. The slow twin is
`tests.naive.roadmap`; the same labels in NumPy are in `detente.analysis.roadmap.labels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MODES = {"": 0, "gap": 1, "steps": 2, "periods": 2}


@dataclass(frozen=True, eq=False)
class Graph:
    """Steps sorted by source, each to a node of a higher number.

    ``first`` int64 (nodes + 1,), ``dst`` int64 (m,), ``gain`` and ``leave`` float64 (m, n), ``adds`` float64 (m,);
    ``keep``, ``resume``, ``out`` (n,); ``end_of`` int64 (nodes,) place of a node among the ends or -1,
    ``end_rows`` (ends, D), ``end_good`` bool (ends,).
    """

    first: Array
    dst: Array
    gain: Array
    leave: Array
    adds: Array
    keep: Array
    resume: Array
    out: Array
    end_of: Array
    end_rows: Array
    end_good: Array


@dataclass(frozen=True, eq=False)
class Store:
    """Labels: ``value`` (L, D), ``edge`` and ``link`` (L,); ``begin`` and ``count`` (nodes,)."""

    value: Array
    edge: Array
    link: Array
    begin: Array
    count: Array


def labels(
    graph: Graph,
    allowed: Array,
    scale: Array,
    mode: str,
    most: Array,
    merge: Array,
    matters: tuple[Array, Array, Array],
    most_work: int,
    most_labels: int,
) -> Store | None:
    """Pareto-best labels of every node; None beyond ``most_work`` candidates or ``most_labels`` labels.

    A label is (W_1 .. W_n) and, under ``mode`` "gap", "steps" or "periods", one coordinate more, written negative so
    that more is better everywhere; ``most`` (nodes,) bounds it. ``allowed`` and ``scale`` (n,), ``merge`` (D,) differences
    that are dropped. ``matters``: (nodes, n), (M, H, n) and (nodes, M, H), what a label must be worth to be kept:
    at least the first, and for each m, the second times the label at least the third for some h.
    """
    from detente.kernels import _roadmap_loops as loops

    nodes, width = len(graph.first) - 1, graph.end_rows.shape[1]
    value = np.empty((max(4 * nodes, 4096), width))
    edge, link = (np.empty(len(value), dtype=np.int64) for _ in range(2))
    begin, count = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    room = 4096
    node, used, work = nodes - 1, 0, 0
    while True:
        space = [np.empty(room, dtype=np.int64) for _ in range(4)]
        node, used, work, status = loops.labels(
            node, graph.first, graph.dst, graph.gain, graph.leave, graph.keep, graph.resume, graph.out, allowed, scale,
            MODES[mode], graph.adds, most, merge, work, most_work, graph.end_of, graph.end_rows, graph.end_good,
            *matters, value, edge, link, begin, count, used, np.empty((room, width)), *space,
        )  # fmt: skip
        if status == loops.DONE:
            return Store(value[:used], edge[:used], link[:used], begin, count)
        if status == loops.TOO_MUCH or (status == loops.STORE_FULL and len(value) >= most_labels):
            return None
        if status == loops.STORE_FULL:
            grown = min(2 * len(value), most_labels)
            value, edge, link = (_grown(a, grown) for a in (value, edge, link))
        else:
            room *= 2


@dataclass(frozen=True, eq=False)
class Lengths:
    """Ways from a start by number of steps: node v has the numbers from ``fewest[v]`` on, at ``place[v]:place[v + 1]``."""

    fewest: Array
    place: Array

    @property
    def number(self) -> Array:
        """The number of steps of each entry: (P,)."""
        sizes = np.diff(self.place)
        return np.arange(self.place[-1]) + np.repeat(self.fewest - self.place[:-1], sizes)


def lengths(src: Array, dst: Array, nodes: int, start: int) -> Lengths:
    """How many steps ways from ``start`` to each node can take; steps in order of their source."""
    from detente.kernels import _roadmap_loops as loops

    fewest, most = np.full(nodes, -1, dtype=np.int64), np.full(nodes, -1, dtype=np.int64)
    loops.lengths(src, dst, start, fewest, most)
    sizes = np.where(fewest < 0, 0, most - fewest + 1)
    return Lengths(fewest, np.concatenate([[0], np.cumsum(sizes)]))


def forward(src: Array, dst: Array, gain: Array, weight: Array, start: int, ways: Lengths) -> Array:
    """The best weighted sum of gains from ``start`` to each node by number of steps: (P,), as in `Lengths`.

    ``gain`` (n, m) of steps in order of their source, ``weight`` (n, H) of the gain of a step after h others.
    """
    from detente.kernels import _roadmap_loops as loops

    so_far = np.full(int(ways.place[-1]), -np.inf)
    loops.forward(
        src,
        dst,
        np.ascontiguousarray(gain),
        np.ascontiguousarray(weight),
        start,
        ways.fewest,
        ways.place,
        so_far,
    )
    return so_far


def _grown(array: Array, length: int) -> Array:
    out = np.empty((length, *array.shape[1:]), dtype=array.dtype)
    out[: len(array)] = array
    return out
