"""Tables over one or few issues: how a space keeps utilities and constraints without listing outcomes."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.case.conditions import Condition
from detente.case.model import Issue
from detente.errors import CostError

Array = NDArray[Any]
MAX_CELLS = 20_000_000
"""A condition whose issues span more combinations than this is refused."""
MAX_AXES = 60
"""Issues that one table may span: NumPy arrays have up to 64 axes."""


@dataclass(frozen=True, eq=False)
class Factor:
    """A table over some issues: ``table[l_1, ..., l_m]`` belongs to levels l of ``issues``, ascending.

    A further last axis, where there is one, runs over draws. The table cannot be written to.
    """

    issues: tuple[int, ...]
    table: Array

    def __post_init__(self) -> None:
        table = np.asarray(self.table).view()
        table.flags.writeable = False
        object.__setattr__(self, "table", table)

    @property
    def drawn(self) -> bool:
        """Whether the table has an axis of draws."""
        return self.table.ndim > len(self.issues)

    def take(self, levels: Sequence[int]) -> Any:
        """The entry at an outcome given as one level for every issue of the space."""
        return self.table[tuple(levels[i] for i in self.issues)]


def truth(condition: Condition, issues: dict[str, Issue]) -> Factor:
    """A condition as a boolean table over the issues that it speaks of.

    Raises `CostError` where these have more than `MAX_CELLS` combinations, or are more than `MAX_AXES`.
    """
    order = {name: i for i, name in enumerate(issues)}
    scope = tuple(sorted(order[name] for name in condition.issues()))
    names = list(issues)
    sizes = [len(issues[names[i]].names) for i in scope]
    if math.prod(sizes) > MAX_CELLS or len(scope) > MAX_AXES:
        raise CostError(
            f"the condition '{str(condition)[:80]}' ties {len(scope)} issues together",
            f"{math.prod(sizes):,} combinations",
            "split the condition into several that tie fewer issues each",
        )
    grid = np.ix_(*(np.arange(size) for size in sizes))
    levels = {names[i]: axis for i, axis in zip(scope, grid, strict=True)}
    holds = condition.holds(levels, lambda issue, level: issues[issue].position(level))
    return Factor(scope, np.broadcast_to(np.asarray(holds, dtype=bool), sizes).copy())


def combine(factors: Iterable[Factor], add: bool = True) -> list[Factor]:
    """The same sum (or disjunction) with one factor for each scope, scopes ascending."""
    merged: dict[tuple[int, ...], Array] = {}
    for factor in factors:
        have = merged.get(factor.issues)
        if have is None:
            merged[factor.issues] = factor.table
        else:
            merged[factor.issues] = have + factor.table if add else have | factor.table
    return [Factor(scope, merged[scope]) for scope in sorted(merged)]


def spread(factor: Factor, onto: Sequence[int]) -> Array:
    """The factor's table shaped for broadcasting over the issues ``onto`` (ascending, a superset)."""
    shape = [1] * len(onto)
    for axis, issue in enumerate(factor.issues):
        shape[onto.index(issue)] = factor.table.shape[axis]
    return factor.table.reshape((*shape, *factor.table.shape[len(factor.issues) :]))


def elimination_order(scopes: Iterable[Sequence[int]], sizes: Sequence[int]) -> list[int]:
    """An order of the issues in which eliminating them makes small tables (least new table first)."""
    return _eliminated(scopes, sizes)[0]


def widest_table(scopes: Iterable[Sequence[int]], sizes: Sequence[int]) -> int:
    """Entries of the largest table met when the issues are eliminated in `elimination_order`; exact."""
    return _eliminated(scopes, sizes)[1]


def _eliminated(scopes: Iterable[Sequence[int]], sizes: Sequence[int]) -> tuple[list[int], int]:
    neighbours: dict[int, set[int]] = {i: set() for i in range(len(sizes))}
    for scope in scopes:
        for issue in scope:
            neighbours[issue] |= set(scope) - {issue}
    cost = {i: math.prod(sizes[j] for j in around) for i, around in neighbours.items()}
    queue = [(cost[i], i) for i in neighbours]
    heapq.heapify(queue)
    order: list[int] = []
    widest = 1
    while queue:
        cells, cheapest = heapq.heappop(queue)
        if cheapest not in neighbours or cells != cost[cheapest]:
            continue
        around = neighbours.pop(cheapest)
        widest = max(widest, cells * sizes[cheapest])
        order.append(cheapest)
        for issue in around:
            neighbours[issue] |= around - {issue}
            neighbours[issue].discard(cheapest)
            cost[issue] = math.prod(sizes[j] for j in neighbours[issue])
            heapq.heappush(queue, (cost[issue], issue))
    return order, widest


def greatest(factors: Sequence[Factor], forbidden: Sequence[Factor], sizes: Sequence[int]) -> Array:
    """The largest sum of the factors over outcomes that are not forbidden; -inf where there are none.

    Issues are eliminated one by one (max-plus), so nothing is enumerated; time and memory go with the largest
    table met (`widest_table`, times the draws). The result has the shape of the draws.
    """
    pool = [*factors, *(Factor(f.issues, np.where(f.table, -np.inf, 0.0)) for f in forbidden)]
    if any(factor.drawn for factor in pool):
        pool = [f if f.drawn else Factor(f.issues, f.table[..., None]) for f in pool]
    for issue in elimination_order([factor.issues for factor in pool], sizes):
        touching = [factor for factor in pool if issue in factor.issues]
        if not touching:
            continue
        pool = [factor for factor in pool if issue not in factor.issues]
        scope = tuple(sorted({i for factor in touching for i in factor.issues}))
        table: Array = sum((spread(factor, scope) for factor in touching), start=np.zeros(()))
        pool.append(Factor(tuple(i for i in scope if i != issue), table.max(axis=scope.index(issue))))
    return np.asarray(sum((factor.table for factor in pool), start=np.zeros(())))
