"""The uncertain inputs of a case: where they stand, and how a draw between 0 and 1 becomes a value.

An input is a *number* (``parties.US.patience``), a *switch* between structures (which type a party is, which variants
apply), or an *order*: places of a ranking that the case calls unknown. Every input takes one uniform draw.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.special import ndtri

from detente.case import Case
from detente.case.fields import FrozenDict
from detente.case.model import Change
from detente.case.paths import format_path, parse_path
from detente.case.uncertain import Uncertain

Array = NDArray[Any]
Kind = Literal["number", "switch", "order"]
LEAST = 1e-12
"""The least patience, and the least weight that is drawn: weights that are all 0 would mean nothing."""
LARGEST_GROUP = 7
"""Outcomes whose unknown places are drawn together: 7! = 5,040 orders are listed."""


@dataclass(frozen=True)
class Named(Uncertain):
    """An uncertain number that knows its path."""

    path: str = ""


@dataclass(frozen=True)
class Input:
    """One uncertain input. ``domain`` are the values that the case format allows, ``choices`` the labels of a switch
    or an order, with their ``shares``.
    """

    name: str
    kind: Kind = "number"
    number: Uncertain | None = None
    choices: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()

    @cached_property
    def domain(self) -> tuple[float, float]:
        """Least and greatest value that the case format allows here."""
        keys = parse_path(self.name)
        if keys[0] == "preferences" and len(keys) > 3:
            inner = keys[4:] if keys[2] == "types" else keys[2:]
            return (LEAST, np.inf) if inner[0] == "weights" else (-np.inf, np.inf)
        if keys[-1] in ("patience", "factor") and keys[0] in ("parties", "discount"):
            return LEAST, 1.0
        if keys[0] == "verification":
            return 0.0, 1.0
        positive = keys[-1] == "breach_cost" or (
            keys[0] == "forecast" and {"capability", "salience"} & set(keys[3:4])
        )
        return (0.0, np.inf) if positive else (-np.inf, np.inf)

    @property
    def discrete(self) -> bool:
        """Whether it takes one of a few values."""
        return self.number is None or self.number.kind == "discrete"

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value; positions of choices for a switch or an order."""
        if self.number is None:
            return 0.0, float(len(self.choices) - 1)
        low, high = self.number.bounds
        return max(low, self.domain[0]), min(high, self.domain[1])

    @property
    def mode(self) -> float:
        """The value of a single run: for a switch or an order its first choice."""
        return 0.0 if self.number is None else min(max(self.number.mode, self.domain[0]), self.domain[1])

    @property
    def support(self) -> list[float] | None:
        """The values that occur, ascending, where these are few."""
        if self.number is None:
            return [float(i) for i, share in enumerate(self.shares) if share > 0]
        if self.number.kind != "discrete":
            return None
        pairs = zip(self.number.args[0::2], self.number.args[1::2], strict=True)
        return sorted({min(max(v, self.domain[0]), self.domain[1]) for v, share in pairs if share > 0})

    def values(self, u: Array) -> Array:
        """Values of uniform draws, of the same shape: the inverse of the distribution function."""
        if self.number is None:
            return _steps(u, np.arange(len(self.choices), dtype=float), np.array(self.shares))
        found = _inverse(self.number, u)
        return np.clip(found, *self.domain)

    def show(self, value: float) -> str:
        """A value in words."""
        return self.choices[int(value)] if self.number is None else f"{value:.4g}"


def _steps(u: Array, values: Array, shares: Array) -> Array:
    ends = np.cumsum(shares)
    at = np.searchsorted(ends / ends[-1], u, side="right")
    last = int(np.flatnonzero(shares > 0)[-1])
    return np.asarray(values[np.minimum(at, last)])


def _inverse(number: Uncertain, u: Array) -> Array:
    if number.kind == "range":
        low, high = number.args
        return np.asarray(low + u * (high - low))
    if number.kind == "triangle":
        low, mode, high = number.args
        return _triangle(low, mode, high, u)
    if number.kind == "normal":
        mean, sd = number.args
        return (
            np.asarray(mean + sd * ndtri(np.clip(u, 1e-16, 1 - 1e-16))) if sd > 0 else np.full(u.shape, mean)
        )
    values, shares = np.array(number.args[0::2], dtype=float), np.array(number.args[1::2], dtype=float)
    order = np.argsort(values, kind="stable")
    return _steps(u, values[order], shares[order])


def _triangle(low: float, mode: float, high: float, u: Array) -> Array:
    if not high > low:
        return np.full(u.shape, float(low))
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.asarray(np.where(u < turn, rising, falling))


# where they stand ---------------------------------------------------------------------------------


def named(case: Case) -> Case:
    """The case with uncertain numbers that know their paths, and numbers that cannot vary as plain ones."""
    found = _mapped(case, (), lambda path, number: _named(path, number))
    assert isinstance(found, Case)
    return found


def _named(path: str, number: Uncertain) -> float | Named:
    low, high = number.bounds
    return Named(number.kind, number.args, path) if high > low else float(number.mode)


def _mapped(part: Any, route: tuple[str | int, ...], change: Callable[[str, Uncertain], Any]) -> Any:
    """A part of a case with its uncertain numbers changed; the same object where it has none."""
    if isinstance(part, Uncertain):
        return change(format_path(route), part)
    if isinstance(part, Change):
        return part
    if isinstance(part, BaseModel):
        fields = type(part).model_fields
        old = {name: getattr(part, name) for name in fields}
        new = {
            name: _mapped(value, (*route, fields[name].alias or name), change) for name, value in old.items()
        }
        if all(new[name] is old[name] for name in old):
            return part
        return type(part).model_construct(_fields_set=part.model_fields_set, **new)
    if isinstance(part, Mapping):
        items = {key: _mapped(value, (*route, key), change) for key, value in part.items()}
        return part if all(items[key] is part[key] for key in part) else FrozenDict(items)
    if isinstance(part, tuple):
        entries = tuple(_mapped(value, (*route, place), change) for place, value in enumerate(part))
        return part if all(a is b for a, b in zip(entries, part, strict=True)) else entries
    return part


def numbers(case: Case) -> dict[str, Input]:
    """The uncertain numbers of a case by path, in file order."""
    return {number.path: Input(number.path, "number", number) for number in _walk(named(case))}


def _walk(part: Any) -> Iterator[Named]:
    if isinstance(part, Named):
        yield part
    elif isinstance(part, Change):
        return
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _walk(getattr(part, name))
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _walk(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _walk(value)


# unknown places of a ranking ----------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Outcomes of an ordinal party whose places are unknown: ``numbers`` of the outcomes, and in ``orders``, for each
    possible order, which of the group each place goes to (positions in ``numbers``, best place first).
    """

    party: int
    numbers: tuple[int, ...]
    orders: tuple[tuple[int, ...], ...]


def groups(ranks: Array, pairs: Sequence[tuple[int, int]], party: int) -> list[Group]:
    """The groups that unknown pairs tie together, each with its possible orders, as the ranking has them first.

    The members of a group share out the places that they hold in the ranking, in every way that keeps each pair whose
    order is known. ``ranks`` (S,) of the ranking; ``pairs`` of outcome numbers. A group of more than 7 is cut to none:
    the caller refuses it.
    """
    unknown = {frozenset(pair) for pair in pairs}
    found = []
    for members in _tied(pairs):
        held = tuple(sorted(members, key=lambda s: (int(ranks[s]), s)))
        places = [int(ranks[s]) for s in held]
        if len(held) > LARGEST_GROUP:
            found.append(Group(party, held, ()))
            continue
        good: dict[tuple[int, ...], None] = {}
        for order in itertools.permutations(range(len(held))):
            given = dict(zip(order, places, strict=True))
            if all(
                _sign(given[a] - given[b]) == _sign(places[a] - places[b])
                for a, b in itertools.combinations(range(len(held)), 2)
                if frozenset((held[a], held[b])) not in unknown
            ):
                good.setdefault(order)
        found.append(Group(party, held, tuple(good)))
    return found


def _sign(x: int) -> int:
    return (x > 0) - (x < 0)


def _tied(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    group: dict[int, int] = {}

    def root(x: int) -> int:
        while group.setdefault(x, x) != x:
            x = group[x]
        return x

    for a, b in pairs:
        group[root(b)] = root(a)
    members: dict[int, list[int]] = {}
    for x in sorted(group):
        members.setdefault(root(x), []).append(x)
    return list(members.values())
