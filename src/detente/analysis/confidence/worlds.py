"""Worlds: the structures that a case may have, each with the inputs that matter in it.

Variants and types are drawn like numbers. Every combination of them is a *world*: a case of its own, compiled once;
a draw picks a world and values for that world's inputs. An input of the same name takes the same uniform draw in every
world, so that worlds are compared on equal terms.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.draws import Copula, Sampling, uniform
from detente.analysis.confidence.inputs import LARGEST_GROUP, Group, Input, groups, named, numbers
from detente.case import Case, with_changes
from detente.case.structure import among, did_you_mean
from detente.errors import CostError, NeedsError
from detente.space import Space, compile_case

Array = NDArray[Any]
AS_IT_IS = "as it is"
"""The choice of a switch that changes nothing."""
MOST_WORLDS = 256

Switch = Mapping[str, float]
"""Variants of one switch with their shares; `AS_IT_IS` stands for none of them."""


@dataclass(frozen=True, eq=False)
class World:
    """One structure. ``case`` has numbers that know their paths; ``columns`` are the places of ``inputs`` in a plan."""

    label: str
    case: Case
    types: Mapping[str, str]
    space: Space | None
    inputs: tuple[Input, ...]
    columns: tuple[int, ...]
    copula: Copula = field(repr=False)
    groups: Mapping[str, Group] = field(repr=False, default_factory=dict)

    def values(self, u: Array) -> dict[str, Array]:
        """Values by input of uniform draws (n, all inputs of the plan)."""
        mine = self.copula(u[:, list(self.columns)])
        return {item.name: item.values(mine[:, i]) for i, item in enumerate(self.inputs)}

    @property
    def modes(self) -> dict[str, float]:
        """The values of a single run."""
        return {item.name: item.mode for item in self.inputs}


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that is drawn. ``inputs`` are the columns of a draw: switches, types, then numbers and orders."""

    case: Case
    switches: tuple[Input, ...]
    inputs: tuple[Input, ...]
    worlds: tuple[World, ...]
    keys: Mapping[tuple[Any, ...], int]
    typed: Mapping[tuple[int, ...], tuple[str, ...]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.inputs)

    @cached_property
    def place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def draw(self, count: int, seed: int, block: int, sampling: Sampling) -> Array:
        """One block of uniform draws: (count, inputs)."""
        return uniform(self.names, count, seed, block, sampling)

    def assign(self, u: Array) -> Array:
        """The world of each draw: int64 (n,)."""
        choice = {
            item.name: item.values(u[:, self.place[item.name]]).astype(int)
            for item in self.inputs
            if item.kind == "switch"
        }
        combo = np.stack([choice[s.name] for s in self.switches], axis=1) if self.switches else None
        out = np.empty(len(u), dtype=np.int64)
        for row in range(len(u)):
            here = tuple(int(x) for x in combo[row]) if combo is not None else ()
            kinds = tuple(int(choice[f"types.{party}"][row]) for party in self.typed[here])
            out[row] = self.keys[here, kinds]
        return out

    @cached_property
    def single(self) -> bool:
        """Whether there is one world only."""
        return len(self.worlds) == 1


def plan_of(
    case: Case,
    relevant: Callable[[str], bool],
    switches: Sequence[Switch] = (),
    types: Mapping[str, Mapping[str, float]] | None = None,
    spaced: bool = True,
) -> Plan:
    """The plan of a case. ``relevant`` says which paths matter to the question; ``spaced``: it needs outcomes.

    Raises `NeedsError` for unknown variants or types, `CostError` for more than 256 worlds.
    """
    chosen = [_switch(case, number, switch) for number, switch in enumerate(switches)]
    combos = list(itertools.product(*(range(len(s.choices)) for s in chosen)))
    if len(combos) > MOST_WORLDS:
        raise _too_many(len(combos))
    cases = {combo: _varied(case, chosen, combo) for combo in combos}
    typed = {
        combo: tuple(p for p, preference in changed.preferences.items() if preference.types)
        for combo, changed in cases.items()
    }
    kinds = _type_inputs(cases.values(), types or {})
    count = sum(len(list(itertools.product(*(kinds[p].choices for p in typed[c])))) for c in combos)
    if count > MOST_WORLDS:
        raise _too_many(count)
    drafts = []
    for combo in combos:
        for pick in itertools.product(*(range(len(kinds[p].choices)) for p in typed[combo])):
            of = {p: kinds[p].choices[k] for p, k in zip(typed[combo], pick, strict=True)}
            drafts.append(_draft((combo, pick), cases[combo], of, chosen, relevant, spaced))
    own: dict[str, Input] = {}
    for draft in drafts:
        for item in draft.inputs:
            own.setdefault(item.name, item)
    inputs = (*chosen, *kinds.values(), *own.values())
    place = {item.name: i for i, item in enumerate(inputs)}
    worlds = tuple(draft.world(place) for draft in drafts)
    return Plan(case, tuple(chosen), inputs, worlds, {d.key: i for i, d in enumerate(drafts)}, typed)


def _too_many(count: int) -> CostError:
    return CostError(
        "switches and types combine", f"{count:,} structures", f"switch fewer things: up to {MOST_WORLDS}"
    )


def _switch(case: Case, number: int, switch: Switch) -> Input:
    known = [name for name in switch if name != AS_IT_IS]
    for name in known:
        if name not in case.variants:
            hint = did_you_mean(name, case.variants) or f"There are {among(case.variants) or 'none'}."
            raise NeedsError(f"unknown variant '{name}'. {hint}")
    shares = tuple(float(share) for share in switch.values())
    if not switch or min(shares) < 0 or not 0 < sum(shares) < np.inf:
        raise NeedsError("a switch needs variants with shares of 0 or more, and a sum above 0")
    total = sum(shares)
    return Input(
        f"switch.{number + 1}", "switch", None, tuple(switch), tuple(share / total for share in shares)
    )


def _varied(case: Case, switches: Sequence[Input], combo: Sequence[int]) -> Case:
    """The case with the chosen variants applied, one after the other."""
    picks = [s.choices[k] for s, k in zip(switches, combo, strict=True)]
    changes = [change for pick in picks if pick != AS_IT_IS for change in case.variants[pick]]
    return with_changes(case, changes, f"{case.id} with {' and '.join(picks)}") if changes else case


def _type_inputs(cases: Any, stated: Mapping[str, Mapping[str, float]]) -> dict[str, Input]:
    found: dict[str, Input] = {}
    for case in cases:
        for party, preference in case.preferences.items():
            if not preference.types:
                continue
            names = tuple(preference.types)
            given = stated.get(party)
            if given is not None and set(given) - set(names):
                raise NeedsError(
                    f"{party} has no type '{min(set(given) - set(names))}'; it has {', '.join(names)}"
                )
            shares = np.array([1.0 if given is None else float(given.get(name, 0.0)) for name in names])
            if (shares < 0).any() or not 0 < shares.sum() < np.inf:
                raise NeedsError(f"types of {party}: shares are 0 or more and sum to more than 0")
            item = Input(f"types.{party}", "switch", None, names, tuple(shares / shares.sum()))
            if found.setdefault(party, item) != item:
                raise NeedsError(
                    f"{party} has different types in different variants: switch one of them only"
                )
    if unknown := set(stated) - set(found):
        raise NeedsError(f"{min(unknown)} has no types to choose from")
    return found


@dataclass(frozen=True, eq=False)
class _Draft:
    """A world before its inputs have places."""

    key: tuple[Any, ...]
    label: str
    case: Case
    types: Mapping[str, str]
    space: Space | None
    inputs: tuple[Input, ...]
    groups: Mapping[str, Group]

    def world(self, place: Mapping[str, int]) -> World:
        names = [item.name for item in self.inputs]
        copula = Copula(self.case, names)
        columns = tuple(place[name] for name in names)
        return World(self.label, self.case, self.types, self.space, self.inputs, columns, copula, self.groups)


def _draft(
    key: tuple[Any, ...],
    case: Case,
    types: Mapping[str, str],
    switches: Sequence[Input],
    relevant: Callable[[str], bool],
    spaced: bool,
) -> _Draft:
    picks = [s.choices[k] for s, k in zip(switches, key[0], strict=True)]
    label = ", ".join([*picks, *(f"{party} {name}" for party, name in types.items())])
    mine = {
        path: item
        for path, item in numbers(case).items()
        if relevant(path) and not _other_type(case, path, types)
    }
    tagged = named(case)
    space = compile_case(tagged, types) if spaced else None
    orders = _orders(tagged, space) if space is not None and relevant("unknown") else {}
    for name, group in orders.items():
        labels = tuple(_order_label(space, group, order) for order in group.orders)  # type: ignore[arg-type]
        mine[name] = Input(name, "order", None, labels, tuple(1 / len(labels) for _ in labels))
    return _Draft(key, label, tagged, dict(types), space, tuple(mine.values()), orders)


def _other_type(case: Case, path: str, types: Mapping[str, str]) -> bool:
    """Whether a path lies inside a type that the party does not have in this world."""
    from detente.case.paths import parse_path

    keys = parse_path(path)
    return len(keys) > 3 and keys[0] == "preferences" and keys[2] == "types" and types.get(keys[1]) != keys[3]


def _orders(case: Case, space: Space) -> dict[str, Group]:
    """The groups of unknown places of the ordinal parties, by name of input."""
    found: dict[str, Group] = {}
    for party, pairs in case.unknown.items():
        if party not in space.parties or space.ordinal[space.parties.index(party)] is None:
            continue
        row = space.parties.index(party)
        numbered = [tuple(space.number(space.positions(outcome)) for outcome in pair) for pair in pairs]
        for number, group in enumerate(groups(space.ranks(row), numbered, row)):  # type: ignore[arg-type]
            if not group.orders:
                raise CostError(
                    f"unknown places in the ranking of {party} tie {len(group.numbers)} outcomes together",
                    f"{len(group.numbers)}! orders",
                    f"state what is known of some of them: up to {LARGEST_GROUP} are drawn together",
                )
            if len(group.orders) > 1:
                found[f"unknown.{party}.{number}"] = group
    return found


def _order_label(space: Space, group: Group, order: Sequence[int]) -> str:
    return " > ".join(outcome_text(space, space.levels(group.numbers[k])) for k in order)


def outcome_text(space: Space, levels: Sequence[int]) -> str:
    """An outcome as one line: ``issue=level,...``, or its name in graph form."""
    outcome = space.outcome(levels)
    return outcome if isinstance(outcome, str) else ",".join(f"{k}={v}" for k, v in outcome.items())
