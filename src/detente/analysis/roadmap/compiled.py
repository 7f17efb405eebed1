"""The compiled sweep: the same labels as in `labels`, for graphs that are too large for NumPy."""

from __future__ import annotations

import numpy as np

from detente.analysis.roadmap import labels as small
from detente.analysis.roadmap.bounds import Reach
from detente.analysis.roadmap.steps import Priced
from detente.errors import CostError
from detente.kernels.roadmap import Graph, labels

MOST_LABELS = 40_000_000
MOST_WORK = 1_000_000_000
"""Candidate labels looked at before a sweep gives up: a minute or two on one core."""


def sweep_large(priced: Priced, task: small.Task) -> small.Labels:
    """All Pareto-best labels of the start node; `CostError` where there are too many of them."""
    if task.best > 1:
        raise CostError("the best roadmaps beyond the first", "too many labels", "ask for one roadmap")
    steps, n = priced.steps, len(priced.keep)
    rows, good = small.endings(priced, task)
    place = np.full(steps.nodes, -1, dtype=np.int64)
    place[list(steps.ends)] = np.arange(len(steps.ends))
    graph = Graph(
        steps.first.astype(np.int64), steps.dst.astype(np.int64), np.ascontiguousarray(priced.gain.T),
        np.ascontiguousarray(priced.leave.T), small.increments(priced, task.extra), priced.keep.copy(), priced.resume.copy(),
        priced.exit.copy(), place, np.ascontiguousarray(rows), good,
    )  # fmt: skip
    merge = np.zeros(n + bool(task.extra))
    if task.merge is not None:
        merge[:n] = task.merge
    reach = task.reach or _all(priced)
    found = labels(
        graph,
        task.allowed.astype(float),
        task.scale.astype(float),
        task.extra,
        np.ascontiguousarray(small.most_at(priced, task)),
        merge,
        (reach.need, reach.way, reach.least),
        MOST_WORK,
        MOST_LABELS,
    )
    if found is None:
        raise CostError(
            "exact labels of every roadmap", f"over {MOST_LABELS:,} labels or {MOST_WORK:,} candidates",
            "ask for the order single, a slower pace, or a nearer target",
        )  # fmt: skip
    low = int(found.begin[steps.start])
    return small.Labels(found.value, found.edge, found.link, (low, low + int(found.count[steps.start])))


def _all(priced: Priced) -> Reach:
    """Every label matters."""
    n, nodes = len(priced.keep), priced.steps.nodes
    return Reach(np.full((nodes, n), -np.inf), np.zeros((0, 1, n)), np.zeros((nodes, 0, 1)))
