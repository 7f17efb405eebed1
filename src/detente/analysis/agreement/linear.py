"""A party's gain over no deal as a linear function of the numbers that a case gives as ranges.

Each uncertain number is a variable between its bounds (or among its values, where it is discrete); numbers of
one party and of different parties vary on their own. Values, bonuses and tables enter linearly. Weights do as far as the sign of the gain goes, which is then told times the sum of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detente.case.model import Entry, Preference
from detente.case.uncertain import Number, Uncertain
from detente.space import NoDealName, Space
from detente.space.tables import Array, Factor, combine, spread, truth
from detente.space.utility import factors_of, value_table

MAX_CELLS = 4_000_000
"""Entries of all coefficients of one party together."""


@dataclass(frozen=True, eq=False)
class Linear:
    """``sum(consts) + sum(x_v * coefficients[v])`` at an outcome, x_v one of ``numbers[v]``'s values."""

    consts: tuple[Factor, ...]
    numbers: tuple[Uncertain, ...] = ()
    coefficients: tuple[Factor, ...] = ()

    def at(self, values: Iterable[float]) -> tuple[Factor, ...]:
        """The gain as tables, at given values of the variables."""
        parts = (Factor(c.issues, c.table * x) for x, c in zip(values, self.coefficients, strict=True))
        return tuple(combine([*self.consts, *parts]))

    def bound(self, best: bool) -> tuple[Factor, ...]:
        """The largest (or least) gain at each outcome, attained there."""
        pick = np.maximum if best else np.minimum
        ends = [
            Factor(c.issues, pick(c.table * n.bounds[0], c.table * n.bounds[1]))
            for n, c in zip(self.numbers, self.coefficients, strict=True)
        ]
        return tuple(combine([*self.consts, *ends]))

    def row(self, levels: Sequence[int]) -> tuple[float, Array]:
        """The gain at one outcome: constant and coefficients."""
        const = sum(float(c.take(levels)) for c in self.consts)
        return const, np.array([float(c.take(levels)) for c in self.coefficients])


def preference_of(space: Space, party: str) -> Preference:
    """The preference of a party, or of the type that it is taken to be."""
    preference = space.case.preferences[party]
    return preference if preference.types is None else preference.types[space.types[party]]


def stated(space: Space, party: str, no_deal: NoDealName) -> Number | None:
    """The no-deal utility that the case gives a party, if it gives one."""
    entry = _entry(space, no_deal)
    return None if entry is None or entry.utilities is None else entry.utilities.get(party)


def _entry(space: Space, no_deal: NoDealName) -> Entry | None:
    block = space.case.no_deal
    if block is None:
        return None
    return block.now if no_deal == "now" else block.at_deadline


def base_of(space: Space, no_deal: NoDealName) -> tuple[int, ...] | None:
    """The outcome that no deal means; None where it is no outcome."""
    entry = _entry(space, no_deal)
    if entry is None and no_deal == "now" and space.case.status_quo is None:
        return None
    return space.start if entry is None or entry.outcome is None else space.positions(entry.outcome)


def linear_gain(space: Space, p: int, no_deal: NoDealName, best: bool) -> Linear | None:
    """Party p's gain over no deal; None where it is not linear, or no deal is the party's least utility.

    A no-deal utility that is uncertain is taken at its least (``best``) or its greatest: whatever the rest, that
    is where most, or fewest, outcomes are acceptable.
    """
    party, factors = space.parties[p], space.factors[p]
    number = stated(space, party, no_deal)
    if isinstance(number, Uncertain):
        number = number.bounds[0 if best else 1]
    if factors is None:
        reservation = float(space.reservation(no_deal)[0][p])
        ranks = -(space.ranks(p) + reservation).reshape(space.sizes).astype(float)
        return Linear((Factor(tuple(range(len(space.sizes))), ranks),))
    base = None if number is not None else base_of(space, no_deal)
    preference = preference_of(space, party)
    if number is None and base is None:
        if uncertain(preference):
            return None
        number = float(space.reservation(no_deal)[0][p])
    if _some_uncertain((preference.weights or {}).values()):
        return _by_weights(space, preference, number, base)
    worth = _worth(space, preference, factors)
    return None if worth is None else _over(worth, number, base)


def uncertain(preference: Preference) -> bool:
    """Whether any number of a preference is a range or a distribution."""
    numbers = [n for values in (preference.values or {}).values() for n in values.values()]
    numbers += [*(preference.weights or {}).values(), *(bonus.add for bonus in preference.bonuses)]
    return _some_uncertain([*numbers, *_entries(preference)])


def _entries(preference: Preference) -> tuple[Number, ...]:
    return preference.table if isinstance(preference.table, tuple) else ()


def _some_uncertain(numbers: Iterable[Number]) -> bool:
    return any(isinstance(number, Uncertain) for number in numbers)


def _over(worth: Linear, number: float | None, base: tuple[int, ...] | None) -> Linear:
    """A utility less that of no deal, a number or an outcome."""
    if number is not None:
        return replace(worth, consts=(*worth.consts, Factor((), np.array(-float(number)))))
    assert base is not None
    return Linear(
        tuple(Factor(c.issues, c.table - c.take(base)) for c in worth.consts),
        worth.numbers,
        tuple(Factor(c.issues, c.table - c.take(base)) for c in worth.coefficients),
    )


def _worth(space: Space, preference: Preference, factors: Sequence[Factor]) -> Linear | None:
    """The utility, with certain weights or none; None where scaling makes it nonlinear, or it is too large."""
    if not uncertain(preference):
        return Linear(tuple(factors))
    zero = preference.model_copy(update={"weights": None})
    consts = factors_of(
        space.case, zero, space.compiled_issues, lambda n: 0.0 if isinstance(n, Uncertain) else n
    )
    found = [
        *_value_terms(space, preference),
        *_bonus_terms(space, preference),
        *_table_terms(space, preference),
    ]
    if sum(c.table.size for _, c in found) > MAX_CELLS:
        return None
    if preference.weights is not None:
        scales = _scales(space, preference)
        if scales is None:
            return None
        return _scaled(space, preference, scales)
    return Linear(tuple(consts), tuple(n for n, _ in found), tuple(c for _, c in found))


_Term = tuple[Uncertain, Factor]


def _value_terms(space: Space, preference: Preference, of: str | None = None) -> list[_Term]:
    terms = []
    for name, values in (preference.values or {}).items():
        for level, number in values.items():
            if isinstance(number, Uncertain) and of in (None, name):
                only = {other: 1.0 if other == level else 0.0 for other in values}
                table = value_table(space.compiled_issues[name], only, float)  # type: ignore[arg-type]
                terms.append((number, Factor((space.issues.index(name),), table)))
    return terms


def _bonus_terms(space: Space, preference: Preference) -> list[_Term]:
    terms = []
    for bonus in preference.bonuses:
        if isinstance(bonus.add, Uncertain):
            where = truth(bonus.when, space.compiled_issues)
            terms.append((bonus.add, Factor(where.issues, where.table.astype(float))))
    return terms


def _table_terms(space: Space, preference: Preference) -> list[_Term]:
    """One term for each uncertain entry; the size of all is checked before they are made."""
    entries = [(i, n) for i, n in enumerate(_entries(preference)) if isinstance(n, Uncertain)]
    if len(entries) * space.size > MAX_CELLS:
        whole = Factor((), np.broadcast_to(0.0, (MAX_CELLS + 1,)))
        return [(entries[0][1], whole)]
    scope = tuple(range(len(space.sizes)))
    terms = []
    for i, number in entries:
        table = np.zeros(space.size)
        table[i] = 1.0
        terms.append((number, Factor(scope, table.reshape(space.sizes))))
    return terms


def _scales(space: Space, preference: Preference) -> Mapping[str, tuple[float, float]] | None:
    """Least and greatest value of each issue, where no draw changes them; else None."""
    scales = {}
    for name, values in (preference.values or {}).items():
        low, high = (
            value_table(space.compiled_issues[name], values, lambda n, s=side: _end(n, s))  # type: ignore[misc]
            for side in (0, 1)
        )
        fixed = low == high
        if not fixed.any() or low[fixed].min() > low.min() or high[fixed].max() < high.max():
            return None
        scales[name] = (float(low.min()), float(high.max()))
    return scales


def _end(number: Number, side: int) -> float:
    return number.bounds[side] if isinstance(number, Uncertain) else float(number)


def _scaled(space: Space, preference: Preference, scales: Mapping[str, tuple[float, float]]) -> Linear:
    """The utility where certain weights apply to values on scales that do not change."""
    weights = {name: float(w) for name, w in (preference.weights or {}).items()}  # type: ignore[arg-type]
    total = sum(weights.values())
    plain = preference.model_copy(update={"values": {}, "weights": None})
    read = lambda n: 0.0 if isinstance(n, Uncertain) else float(n)  # noqa: E731
    consts = list(factors_of(space.case, plain, space.compiled_issues, read))
    terms = _bonus_terms(space, preference)
    for name, values in (preference.values or {}).items():
        low, high = scales[name]
        share = weights.get(name, 0.0) / total / (high - low) if high > low else 0.0
        table = value_table(space.compiled_issues[name], values, read)
        consts.append(Factor((space.issues.index(name),), share * (table - low)))
        terms += [(n, Factor(c.issues, share * c.table)) for n, c in _value_terms(space, preference, name)]
    return Linear(tuple(consts), tuple(n for n, _ in terms), tuple(c for _, c in terms))


def _by_weights(
    space: Space, preference: Preference, number: float | None, base: tuple[int, ...] | None
) -> Linear | None:
    """The gain times the sum of the weights, where only these are uncertain."""
    if uncertain(preference.model_copy(update={"weights": None})):
        return None
    plain = preference.model_copy(update={"values": {}, "weights": None})
    bonuses = factors_of(space.case, plain, space.compiled_issues, float)  # type: ignore[arg-type]
    consts: list[Factor] = []
    terms: list[_Term] = []
    for name, weight in (preference.weights or {}).items():
        coefficient = _share_gain(space, preference, name, bonuses, number, base)
        if coefficient is None:
            return None
        if isinstance(weight, Uncertain):
            terms.append((weight, coefficient))
        else:
            consts.append(Factor(coefficient.issues, float(weight) * coefficient.table))
    return Linear(tuple(combine(consts)), tuple(n for n, _ in terms), tuple(c for _, c in terms))


def _share_gain(
    space: Space,
    preference: Preference,
    name: str,
    bonuses: Sequence[Factor],
    number: float | None,
    base: tuple[int, ...] | None,
) -> Factor | None:
    """What one unit of an issue's weight adds to the gain times the sum of the weights."""
    index = space.issues.index(name)
    values = (preference.values or {}).get(name)
    share = np.zeros(space.sizes[index])
    if values is not None:
        table = value_table(space.compiled_issues[name], values, float)  # type: ignore[arg-type]
        share = (table - table.min()) / np.ptp(table) if np.ptp(table) > 0 else share
    parts = [Factor((index,), share), *bonuses]
    scope = tuple(sorted({i for part in parts for i in part.issues}))
    if math.prod(space.sizes[i] for i in scope) > MAX_CELLS:
        return None
    total: Array = sum((spread(part, scope) for part in parts), start=np.zeros(()))
    joint = Factor(scope, np.broadcast_to(total, tuple(space.sizes[i] for i in scope)))
    return Factor(scope, joint.table - (number if base is None else joint.take(base)))
