"""Preferences to tables: what each kind of preference says about the outcomes of a space."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detente.case.fields import shape
from detente.case.model import Case, Issue, Preference
from detente.case.uncertain import Number, mode
from detente.errors import NeedsError
from detente.space.tables import Array, Factor, combine, truth

Read = Callable[[Number], float]


def levels_of(issue: Issue, grid: Sequence[float]) -> tuple[str, ...]:
    """The level names a space uses: those of the issue, or the grid of a continuous one."""
    from detente.case.model import number_name

    return issue.names or tuple(number_name(repr(x)) for x in grid)


def factors_of(case: Case, preference: Preference, issues: dict[str, Issue], read: Read = mode) -> list[Factor]:
    """A cardinal preference as a sum of tables. ``read`` turns an uncertain number into one value."""
    if preference.table is not None:
        sizes = [len(issue.names) for issue in issues.values()] or [len(case.outcomes)]
        return [Factor(tuple(range(len(sizes))), _table(preference.table, sizes, read))]
    order = {name: i for i, name in enumerate(issues)}
    weights = _weights(preference, read)
    found: list[Factor] = []
    for name, values in (preference.values or {}).items():
        table = value_table(issues[name], values, read)
        if weights is not None:
            span = table.max() - table.min()
            table = weights.get(name, 0.0) * (table - table.min()) / span if span > 0 else 0.0 * table
        found.append(Factor((order[name],), table))
    for bonus in preference.bonuses:
        where = truth(bonus.when, issues)
        found.append(Factor(where.issues, where.table * float(read(bonus.add))))
    return combine(found)


def _weights(preference: Preference, read: Read) -> Mapping[str, float] | None:
    if preference.weights is None:
        return None
    numbers = {name: float(read(weight)) for name, weight in preference.weights.items()}
    total = sum(numbers.values())
    return {name: weight / total for name, weight in numbers.items()}


def value_table(issue: Issue, values: Mapping[str, Number], read: Read) -> Array:
    """The values of an issue's levels; on a numeric scale, linear between the levels that are given."""
    if issue.scale is None:
        return np.array([float(read(values[level])) for level in issue.names])
    given = sorted((float(level), float(read(number))) for level, number in values.items())
    at = np.array([float(level) for level in issue.names])
    return np.interp(at, [x for x, _ in given], [y for _, y in given])


def _table(table: Any, sizes: Sequence[int], read: Read) -> Array:
    if isinstance(table, tuple):
        return np.array([read(number) for number in table], dtype=float).reshape(sizes)
    return _load(table.path, sizes)


def _load(path: Path, sizes: Sequence[int]) -> Array:
    """A table file, mapped into memory; it must hold one finite number for each outcome."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise NeedsError(f"the table file '{path.name}' cannot be read: {error}") from error
    count = int(np.prod(sizes, dtype=object))
    if array.size != count or array.dtype.kind not in "iuf":
        raise NeedsError(
            f"the table file '{path.name}' holds {array.size} entries of type {array.dtype}; "
            f"expected {count} numbers, one for each outcome"
        )
    return np.asarray(array).reshape(sizes)


def ranking_ranks(case: Case, preference: Preference, issues: dict[str, Issue]) -> Array:
    """Ranks of all outcomes under a ranking, 1 is best; 0 where an outcome is not ranked. Int32."""
    sizes = [len(issue.names) for issue in issues.values()] or [len(case.outcomes)]
    ranks = np.zeros(sizes, dtype=np.int32)
    names = {name: i for i, name in enumerate(case.outcomes)}
    for rank, group in enumerate(preference.ranking or (), start=1):
        for outcome in group:
            form = shape(outcome)
            if form == "<text>":
                where: tuple[int, ...] = (names[outcome],)  # type: ignore[index]
            else:
                levels = outcome if form == "<list>" else [outcome[name] for name in issues]  # type: ignore[index,call-overload]
                where = tuple(i.position(x) for i, x in zip(issues.values(), levels, strict=True))
            ranks[where] = rank
    return ranks.reshape(-1)


def statements(preference: Preference, issues: dict[str, Issue]) -> list[Factor]:
    """The truth tables of a party's priorities, most important first."""
    return [truth(condition, issues) for condition in preference.priorities or ()]


def breakpoints(case: Case, name: str) -> list[float]:
    """The points of a continuous issue that the case mentions: ends, and levels given a value."""
    scale = case.issues[name].scale
    assert scale is not None
    points = {float(scale.start), float(scale.stop)}
    kinds = itertools.chain.from_iterable(
        (p, *(p.types or {}).values()) for p in case.preferences.values()
    )
    for preference in kinds:
        points |= {float(level) for level in (preference.values or {}).get(name, {})}
    return sorted(points)
