"""A space as a sum of independent stages: what fronts and solutions are built from.

Issues that a bonus or an impossible combination ties together form one stage; every other issue is a stage
of its own. An outcome chooses one option of each stage, and its utilities are the sums of theirs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detente.analysis.agreement.eliminate import efficient_options
from detente.space import Space
from detente.space.tables import Array, spread

MAX_OPTIONS = 2_000_000
"""A stage of more joint options than this is not listed, but reduced to its efficient options."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Issues that belong together, and their possible joint levels.

    ``issues`` ascending; ``levels`` int64 (m, issues), rows ascending; ``values`` float64 (m, n_parties). Where
    there are too many, only the efficient ones are kept (``whole`` is false), each standing for ``counts``.
    """

    issues: tuple[int, ...]
    levels: Array
    values: Array
    counts: Array | None = None

    @property
    def whole(self) -> bool:
        """Whether every possible joint level is there."""
        return self.counts is None


@dataclass(frozen=True, eq=False)
class Stages:
    """The stages of a space, in order of their first issue."""

    space: Space
    parts: tuple[Stage, ...]

    @cached_property
    def values(self) -> list[Array]:
        """Utility vectors of each stage's options, (m, n_parties) each."""
        return [part.values for part in self.parts]

    @cached_property
    def digits(self) -> list[Array]:
        """Levels that each stage's options stand for, (m, issues) each."""
        return [part.levels for part in self.parts]

    @cached_property
    def counts(self) -> list[Array]:
        """How many joint levels each option stands for, (m,) each."""
        return [np.ones(len(p.levels), dtype=np.int64) if p.counts is None else p.counts for p in self.parts]

    @property
    def whole(self) -> bool:
        """Whether every possible outcome is a sum of options."""
        return all(part.whole for part in self.parts)

    @cached_property
    def positions(self) -> list[tuple[int, ...]]:
        """File positions of each stage's issues."""
        return [part.issues for part in self.parts]

    @cached_property
    def plain(self) -> bool:
        """Whether option j of stage i is level j of issue i."""
        pairs = zip(self.parts, self.space.sizes, strict=False)
        return all(len(p.issues) == 1 and p.whole and len(p.levels) == size for p, size in pairs)

    @property
    def possible(self) -> bool:
        """Whether any outcome is possible."""
        return all(len(part.levels) for part in self.parts)

    @property
    def count(self) -> int | None:
        """Number of possible outcomes; exact, or None where only efficient options are kept."""
        return math.prod(len(part.levels) for part in self.parts) if self.whole else None

    def levels(self, choices: Array) -> Array:
        """Level positions of outcomes given by the option of each stage: (F, stages) to (F, issues)."""
        out = np.zeros((len(choices), len(self.space.sizes)), dtype=np.int64)
        for column, part in enumerate(self.parts):
            out[:, part.issues] = part.levels[choices[:, column]]
        return out


def components(space: Space) -> list[tuple[int, ...]]:
    """Groups of issues that conditions tie together, each ascending, in order of their first issue."""
    group = list(range(len(space.sizes)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    scopes = [f.issues for factors in space.factors for f in factors or ()] + [
        f.issues for f in space.forbidden
    ]
    for scope in scopes:
        for issue in scope[1:]:
            a, b = sorted((root(scope[0]), root(issue)))
            group[b] = a
    members: dict[int, list[int]] = {}
    for issue in range(len(group)):
        members.setdefault(root(issue), []).append(issue)
    return [tuple(issues) for _, issues in sorted(members.items())]


def widest(space: Space) -> int:
    """Joint options of the largest stage; exact."""
    return max((math.prod(space.sizes[i] for i in issues) for issues in components(space)), default=1)


def stages(space: Space) -> Stages:
    """The stages of a space whose parties all have numbers.

    Groups of issues with up to 2,000,000 joint levels are listed; larger ones are reduced to their efficient
    options by elimination, which raises `CostError` where that is out of reach too.
    """
    return Stages(space, tuple(_stage(space, issues) for issues in components(space)))


def _stage(space: Space, issues: tuple[int, ...]) -> Stage:
    if math.prod(space.sizes[i] for i in issues) <= MAX_OPTIONS:
        return _listed(space, issues)
    found = efficient_options(space, issues)[0]
    order = np.lexsort(found.levels.T[::-1])
    return Stage(issues, found.levels[order], found.values[order], found.counts[order])


def _listed(space: Space, issues: tuple[int, ...]) -> Stage:
    sizes = tuple(space.sizes[i] for i in issues)
    values = np.zeros((*sizes, space.n_parties))
    inside = set(issues)
    for p, factors in enumerate(space.factors):
        for factor in factors or ():
            if inside.issuperset(factor.issues) and (factor.issues or issues[0] == 0):
                values[..., p] += spread(factor, issues)
    values = values.reshape(-1, space.n_parties)
    if len(issues) == 1 and not space.forbidden:
        return Stage(issues, np.arange(sizes[0])[:, None], values)
    possible = np.ones(sizes, dtype=bool)
    for factor in space.forbidden:
        if inside.issuperset(factor.issues):
            possible &= ~spread(factor, issues)
    rows = np.flatnonzero(possible)
    levels = (
        np.stack(np.unravel_index(rows, sizes), axis=1) if len(rows) else np.zeros((0, len(sizes)), np.int64)
    )
    return Stage(issues, levels, values[rows])
