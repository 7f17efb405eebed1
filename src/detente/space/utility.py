"""Preferences to tables: what each kind of preference says about the outcomes of a space."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np

from detente.case.fields import shape
from detente.case.model import Case, Issue, Preference, TableFile
from detente.case.uncertain import LARGEST, Number, mode
from detente.errors import CostError, NeedsError
from detente.space.tables import MAX_AXES, Array, Factor, combine, truth

Read = Callable[[Number], float]
LARGEST_RANKED = 200_000_000
"""Spaces of more outcomes than this are not ranked outcome by outcome."""
_PART = 1 << 20


def factors_of(
    case: Case, preference: Preference, issues: dict[str, Issue], read: Read = mode
) -> list[Factor]:
    """A cardinal preference as a sum of tables. ``read`` turns an uncertain number into one value.

    Raises `NeedsError` where a table does not fit the outcomes, or weights sum to nothing.
    """
    if preference.table is not None:
        found = [_table(preference.table, _sizes(case, issues), read)]
    else:
        weights = _weights(preference, read)
        order = {name: i for i, name in enumerate(issues)}
        found = [
            Factor((order[name],), _scaled(value_table(issues[name], values, read), name, weights))
            for name, values in (preference.values or {}).items()
        ]
    for bonus in preference.bonuses:
        where = truth(bonus.when, issues)
        found.append(Factor(where.issues, where.table * float(read(bonus.add))))
    return combine(found)


def _sizes(case: Case, issues: Mapping[str, Issue]) -> tuple[int, ...]:
    return tuple(len(issue.names) for issue in issues.values()) or (len(case.outcomes),)


def _weights(preference: Preference, read: Read) -> Mapping[str, float] | None:
    """Weights to a sum of 1; None where there are none."""
    if preference.weights is None:
        return None
    numbers = {name: float(read(weight)) for name, weight in preference.weights.items()}
    total = sum(numbers.values())
    if not total > 0:
        raise NeedsError(f"weights sum to more than 0; these ({', '.join(numbers)}) sum to {total:g}")
    return {name: weight / total for name, weight in numbers.items()}


def _scaled(table: Array, name: str, weights: Mapping[str, float] | None) -> Array:
    """Values scaled to 0..1 times their issue's weight, which is 0 where it is not stated."""
    if weights is None:
        return table
    low, high = table.min(), table.max()
    if not high > low:
        return np.zeros_like(table)
    return np.asarray(weights.get(name, 0.0) * ((table - low) / (high - low)))


def value_table(issue: Issue, values: Mapping[str, Number], read: Read) -> Array:
    """The values of an issue's levels; on a numeric scale, linear between the levels that are given."""
    if issue.scale is None:
        return np.array([float(read(values[level])) for level in issue.names])
    given = sorted((float(level), float(read(number))) for level, number in values.items())
    at = np.array([float(level) for level in issue.names])
    return np.asarray(np.interp(at, [x for x, _ in given], [y for _, y in given]))


def _table(table: tuple[Number, ...] | TableFile, sizes: tuple[int, ...], read: Read) -> Factor:
    """One table over all issues (those with a choice, where issues are very many)."""
    if isinstance(table, TableFile):
        array = _load(table, sizes)
    elif len(table) == math.prod(sizes):
        array = np.array([float(read(number)) for number in table])
    else:
        raise NeedsError(
            f"a table lists {math.prod(sizes):,} utilities, one for each outcome; got {len(table):,}"
        )
    scope = tuple(i for i, size in enumerate(sizes) if size > 1 or len(sizes) <= MAX_AXES)
    return Factor(scope, array.reshape([sizes[i] for i in scope]))


def _load(table: TableFile, sizes: tuple[int, ...]) -> Array:
    """A table file, mapped into memory and read through once: (outcomes,).

    Nothing in it is executed, and nothing copied unless it is in Fortran order.
    """
    path, count = table.path, math.prod(sizes)
    if not path.is_file():
        raise NeedsError(f"the table file '{table.file}' is not there")
    folder = path.parents[len(Path(table.file).parts) - 1]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise NeedsError(f"the table file '{table.file}' leads outside the folder of the case")
    try:
        array = np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError, TypeError, OverflowError, MemoryError, TokenError) as error:
        raise NeedsError(f"the table file '{table.file}' cannot be read as an array: {error}") from error
    if array.dtype.kind not in "iuf" or array.shape not in ((count,), sizes):
        shape_ = " x ".join(map(str, array.shape)) or "single"
        raise NeedsError(
            f"the table file '{table.file}' holds {shape_} entries of type {array.dtype}; "
            f"expected {count} numbers, one for each outcome"
        )
    flat = np.ascontiguousarray(array).reshape(-1)
    for start in range(0, count, _PART):
        part = flat[start : start + _PART]
        if not (float(part.min()) >= -LARGEST and float(part.max()) <= LARGEST):
            wrong = int(np.flatnonzero(~(np.abs(part.astype(np.float64)) <= LARGEST))[0])
            raise NeedsError(
                f"the table file '{table.file}' holds {part[wrong]} for outcome {start + wrong}; "
                "expected a finite number of a reasonable size"
            )
    return flat


def ranking_ranks(case: Case, preference: Preference, issues: dict[str, Issue]) -> Array:
    """Ranks of all outcomes under a ranking as listed: int32, (size,); 1 is best, 0 is not ranked."""
    sizes = _sizes(case, issues)
    if math.prod(sizes) > LARGEST_RANKED:
        raise CostError(
            "a ranking of outcomes one by one",
            f"{math.prod(sizes):,} outcomes",
            "give preferences as values or priorities",
        )
    ranks = np.zeros(math.prod(sizes), dtype=np.int32)
    names = {name: i for i, name in enumerate(case.outcomes)}
    for rank, group in enumerate(preference.ranking or (), start=1):
        for outcome in group:
            ranks[names[outcome] if isinstance(outcome, str) else _number(outcome, issues, sizes)] = rank
    return ranks


def _number(
    outcome: Sequence[str] | Mapping[str, str], issues: Mapping[str, Issue], sizes: Sequence[int]
) -> int:
    """The number of an outcome written as a list or a mapping."""
    levels = outcome if shape(outcome) == "<list>" else [outcome[name] for name in issues]  # type: ignore[call-overload]
    number = 0
    for issue, level, size in zip(issues.values(), levels, sizes, strict=True):
        number = number * size + issue.position(level)
    return number


def statements(preference: Preference, issues: dict[str, Issue]) -> list[Factor]:
    """The truth tables of a party's priorities, most important first."""
    return [truth(condition, issues) for condition in preference.priorities or ()]
