"""The Pareto front written from its definition: list, add up, snap, group, compare every pair."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence


def snap(utilities: Sequence[float]) -> tuple[int, ...]:
    """The bin of width 1e-9 that each utility falls in."""
    return tuple(math.floor(u / 1e-9 + 0.5 + 0.137) for u in utilities)


def dominates(a: Sequence[int], b: Sequence[int]) -> bool:
    return a != b and all(x >= y for x, y in zip(a, b, strict=True))


def undominated(points: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The snapped points that no other dominates, in descending order."""
    points = sorted(set(points), reverse=True)
    return [p for p in points if not any(dominates(q, p) for q in points)]


def outcomes(values):
    """Every choice of one option in each stage, with its utilities added in the order of the stages."""
    for choice in itertools.product(*(range(len(stage)) for stage in values)):
        total = [float(u) for u in values[0][choice[0]]]
        for stage, j in zip(values[1:], choice[1:], strict=True):
            total = [a + float(b) for a, b in zip(total, stage[j], strict=True)]
        yield choice, total


def levels(choice, digits, positions):
    """The levels of an outcome in file order."""
    by_position = {}
    for j, table, at in zip(choice, digits, positions, strict=True):
        by_position.update(zip((int(p) for p in at), (int(d) for d in table[j]), strict=True))
    return [by_position[p] for p in sorted(by_position)]


def front(values, counts=None, digits=None, positions=None):
    """(utilities, choice, count) of each point of the front, by snapped utility descending."""
    if digits is None:
        digits = [[[j] for j in range(len(stage))] for stage in values]
    if positions is None:
        positions = [[i] for i in range(len(values))]
    shared = {}
    for choice, total in outcomes(values):
        count = math.prod(int(c[j]) for c, j in zip(counts, choice, strict=True)) if counts else 1
        shared.setdefault(snap(total), []).append((levels(choice, digits, positions), choice, total, count))
    found = []
    for point in undominated(shared):
        _, choice, total, _ = min(shared[point])
        found.append((total, list(choice), sum(entry[3] for entry in shared[point])))
    return found


def pareto(points):
    """(utilities, lowest row, how many rows) of each point of the front of a list."""
    rows = {}
    for row, point in enumerate(points):
        rows.setdefault(snap(point), []).append(row)
    return [(list(points[rows[p][0]]), rows[p][0], len(rows[p])) for p in undominated(rows)]


def distinct_sums(values) -> int:
    return len({snap(total) for _, total in outcomes(values)})
