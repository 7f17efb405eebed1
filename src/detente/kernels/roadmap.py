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
    most_work: int,
    most_labels: int,
) -> Store | None:
    """Pareto-best labels of every node; None beyond ``most_work`` candidates or ``most_labels`` labels.

    A label is (W_1 .. W_n) and, under ``mode`` "gap", "steps" or "periods", one coordinate more, written negative so
    that more is better everywhere; ``most`` (nodes,) bounds it. ``allowed`` and ``scale`` (n,), ``merge`` (D,) differences
    that are dropped.
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
            value, edge, link, begin, count, used, np.empty((room, width)), *space,
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


def _grown(array: Array, length: int) -> Array:
    out = np.empty((length, *array.shape[1:]), dtype=array.dtype)
    out[: len(array)] = array
    return out
