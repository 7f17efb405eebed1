"""Why are we stuck, over draws: one graph, many profiles of preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.answers import Answers, Dense, Whole
from detente.analysis.confidence.ask_agreement import all_levels, listed_utilities
from detente.analysis.confidence.tables import Values, drawn_space
from detente.analysis.confidence.worlds import World
from detente.analysis.standoff.model import Conflict, conflict_of
from detente.errors import NeedsError
from detente.kernels.stability import CONCEPTS
from detente.space.order import snap

Array = NDArray[Any]
CELLS = 1_500_000
"""Outcomes, times draws, that are judged at once."""


class AskStandoff(Whole):
    """Whether the status quo is an equilibrium, whether there is any, and how often each outcome is, by concept."""

    name = "standoff"
    margin = None
    spaced = True
    piece = 1_000
    usual = 10_000

    def __init__(self, concept: str = "seq") -> None:
        if concept not in CONCEPTS:
            raise NeedsError(f"unknown concept '{concept}'; there are {', '.join(CONCEPTS)}")
        self.concept = concept
        self.conflicts: dict[tuple[str, ...], Conflict] = {}

    @property
    def main(self) -> str:
        return f"status_quo_{self.concept}"

    @property
    def yes(self) -> tuple[str, ...]:
        return (*(f"status_quo_{c}" for c in CONCEPTS), *(f"equilibrium_exists_{c}" for c in CONCEPTS))

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(f"equilibria_{c}" for c in CONCEPTS)

    @property
    def options(self) -> Mapping[str, Any]:
        return {"concept": self.concept}

    def relevant(self, path: str) -> bool:
        return path.split(".")[0] in ("preferences", "unknown") and ".numeraire" not in path

    def prepare(self, worlds: Sequence[World]) -> None:
        for world in worlds:
            assert world.space is not None
            self.conflicts[_key(world)] = conflict_of(world.space)

    def __call__(self, world: World, values: Values, count: int) -> Answers:
        conflict = self.conflicts[_key(world)]
        step = max(1, CELLS // max(1, conflict.size))
        flags = []
        for start in range(0, count, step):
            at = slice(start, min(start + step, count))
            some = {name: array[at] for name, array in values.items()}
            flags.append(_flags(conflict, world, some, at.stop - at.start))
        return _answers(conflict, np.concatenate(flags))


def _key(world: World) -> tuple[str, ...]:
    return (world.label, world.case.id)


def _flags(conflict: Conflict, world: World, values: Values, count: int) -> Array:
    """Concepts under which every party stays, as bits: uint8 (count, S)."""
    space = drawn_space(world, values, count)
    utilities = listed_utilities(world, space, values, count)
    scores = dense_scores(utilities, conflict.possible)
    verdicts = conflict.verdicts_of(np.ascontiguousarray(scores.transpose(0, 2, 1)))
    return np.asarray(np.bitwise_and.reduce(verdicts, axis=0))


def dense_scores(utilities: Array, possible: Array) -> Array:
    """Scores by draw, 1 for the worst possible outcome, ties shared, 0 where impossible: int32 (n_parties, S, n)."""
    keys = snap(utilities)
    keys[:, ~possible] = -np.inf
    order = np.argsort(keys, axis=1, kind="stable")
    ordered = np.take_along_axis(keys, order, axis=1)
    rises = np.zeros(keys.shape, dtype=np.int32)
    rises[:, 1:] = ordered[:, 1:] > ordered[:, :-1]
    ranks = np.cumsum(rises, axis=1, dtype=np.int32)
    if possible.all():
        ranks += 1
    out = np.empty_like(ranks)
    np.put_along_axis(out, order, ranks, axis=1)
    return out


def _answers(conflict: Conflict, flags: Array) -> Answers:
    start = conflict.space.number(conflict.space.start)
    masks = [(flags >> k & 1).astype(bool) & conflict.possible for k in range(len(CONCEPTS))]
    yes = np.stack([*(m[:, start] for m in masks), *(m.any(axis=1) for m in masks)], axis=1)
    numbers = np.stack([m.sum(axis=1) for m in masks], axis=1).astype(float)
    levels = all_levels(conflict.space)
    sets = {f"equilibrium_{c}": _trimmed(levels, m.T) for c, m in zip(CONCEPTS, masks, strict=True)}
    return Answers(yes, numbers, sets)


def _trimmed(levels: Array, mask: Array) -> Dense:
    rows = np.flatnonzero(mask.any(axis=1))
    return replace(Dense(levels, mask), levels=levels[rows], mask=mask[rows])
