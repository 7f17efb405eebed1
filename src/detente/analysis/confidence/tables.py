"""Preferences over many draws at once: the same tables as of a single run, with a last axis of draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.inputs import Named
from detente.analysis.confidence.worlds import World
from detente.case.model import Entry, Issue, Preference
from detente.case.uncertain import Number, Uncertain
from detente.errors import NeedsError
from detente.space import NoDealName, Space
from detente.space.tables import Factor, combine, truth

Array = NDArray[Any]
Values = Mapping[str, Array]


def read(number: Number, values: Values) -> Any:
    """A number's values in the draws: an array (n,), or a float that is the same in all."""
    if isinstance(number, Named):
        return values.get(number.path, number.mode)
    return number.mode if isinstance(number, Uncertain) else float(number)


def preference_of(world: World, party: str) -> Preference:
    """A party's preference in a world: of the type it has there."""
    preference = world.case.preferences[party]
    return preference if preference.types is None else preference.types[world.types[party]]


def drawn_space(world: World, values: Values, count: int) -> Space:
    """The world's space with the numbers of ``count`` draws; parties that only rank stay as they are."""
    space = world.space
    assert space is not None
    factors = {
        p: _factors(space, preference_of(world, party), values)
        for p, party in enumerate(space.parties)
        if space.factors[p] is not None and _uncertain(preference_of(world, party))
    }
    return space.with_factors(factors, draws=count)


def _uncertain(preference: Preference) -> bool:
    numbers = [
        *(number for levels in (preference.values or {}).values() for number in levels.values()),
        *(preference.weights or {}).values(),
        *(bonus.add for bonus in preference.bonuses),
        *(preference.table if isinstance(preference.table, tuple) else ()),
    ]
    return any(isinstance(number, Named) for number in numbers)


def _factors(space: Space, preference: Preference, values: Values) -> list[Factor]:
    """As `detente.space.utility.factors_of`, for all draws."""
    issues = space.compiled_issues
    order = {name: i for i, name in enumerate(issues)}
    found: list[Factor] = []
    if isinstance(preference.table, tuple):
        entries = [read(number, values) for number in preference.table]
        scope = tuple(range(len(space.sizes)))
        found.append(Factor(scope, _stack(entries).reshape(*space.sizes, -1)))
    elif preference.values is not None:
        weights = _weights(preference, values)
        for name, levels in preference.values.items():
            table = _value_table(issues[name], levels, values)
            found.append(Factor((order[name],), _scaled(table, name, weights)))
    for bonus in preference.bonuses:
        where = truth(bonus.when, issues)
        amount = np.atleast_1d(np.asarray(read(bonus.add, values), dtype=float))
        found.append(Factor(where.issues, where.table[..., None] * amount))
    width = max((f.table.shape[-1] for f in found), default=1)
    return combine(Factor(f.issues, np.broadcast_to(f.table, (*f.table.shape[:-1], width))) for f in found)


def _stack(entries: list[Any]) -> Array:
    """Entries as rows: (entries, draws), or one column where none is drawn."""
    width = max((np.size(entry) for entry in entries), default=1)
    return np.stack([np.broadcast_to(np.asarray(entry, dtype=float), (width,)) for entry in entries])


def _value_table(issue: Issue, levels: Mapping[str, Number], values: Values) -> Array:
    """Values of an issue's levels: (levels, draws); on a numeric scale linear between the levels that are given."""
    if issue.scale is None:
        return _stack([read(levels[level], values) for level in issue.names])
    at = sorted(levels, key=float)
    known = _stack([read(levels[level], values) for level in at])
    places = np.array([float(level) for level in issue.names])
    given = np.array([float(level) for level in at])
    share = np.stack([np.interp(places, given, row) for row in np.eye(len(at))], axis=1)
    return np.asarray(share @ known)


def _weights(preference: Preference, values: Values) -> dict[str, Array] | None:
    if preference.weights is None:
        return None
    numbers = {
        name: np.atleast_1d(np.asarray(read(w, values), float)) for name, w in preference.weights.items()
    }
    total = sum(numbers.values(), start=np.zeros(1))
    if not (total > 0).all():
        raise NeedsError(f"weights sum to more than 0; these ({', '.join(numbers)}) sum to 0 in some draws")
    return {name: weight / total for name, weight in numbers.items()}


def _scaled(table: Array, name: str, weights: Mapping[str, Array] | None) -> Array:
    """Values scaled to 0..1 in each draw, times their issue's weight there."""
    if weights is None:
        return table
    low, span = table.min(axis=0), np.ptp(table, axis=0)
    scaled = np.where(span > 0, (table - low) / np.where(span > 0, span, 1.0), 0.0)
    return np.asarray(scaled * weights.get(name, np.zeros(1)))


# no deal ------------------------------------------------------------------------------------------


def reservation(space: Space, no_deal: NoDealName, values: Values, count: int) -> Array:
    """Utilities of no deal in each draw: (n_parties, count). ``space`` has the draws."""
    found, _ = space.reservation(no_deal, lambda number: read(number, values))
    return np.asarray(np.broadcast_to(found.reshape(len(found), -1), (len(found), count)))


def base_outcome(space: Space, no_deal: NoDealName) -> tuple[int, ...] | None:
    """The outcome that no deal means; None where each party's least feasible utility is used."""
    entry = entry_of(space, no_deal)
    if entry is None and no_deal == "now" and space.case.status_quo is None:
        return None
    return space.start if entry is None or entry.outcome is None else space.positions(entry.outcome)


def entry_of(space: Space, no_deal: NoDealName) -> Entry | None:
    """The entry of the no-deal block, if the case has one."""
    block = space.case.no_deal
    if block is None:
        return None
    return block.now if no_deal == "now" else block.at_deadline
