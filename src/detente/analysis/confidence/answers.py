"""What a question answers over some draws of one world: yes or no, numbers, and sets of outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.tables import Values
from detente.analysis.confidence.worlds import World

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Dense:
    """Which of some outcomes are members in which draws: ``levels`` (m, issues), ``mask`` bool (m, n)."""

    levels: Array
    mask: Array

    def counts(self) -> tuple[Array, Array]:
        """The outcomes that occur, and in how many draws."""
        found = self.mask.sum(axis=1)
        rows = np.flatnonzero(found)
        return self.levels[rows], found[rows]

    def member(self, levels: Sequence[int]) -> Array:
        """In which draws an outcome is a member: bool (n,)."""
        rows = np.flatnonzero((self.levels == np.asarray(levels)).all(axis=1))
        return np.asarray(self.mask[rows].any(axis=0))


@dataclass(frozen=True, eq=False)
class Listed:
    """Members draw by draw: ``levels`` (m, issues) and the draw of each, (m,); ``count`` draws."""

    levels: Array
    draw: Array
    count: int

    def counts(self) -> tuple[Array, Array]:
        """The outcomes that occur, and in how many draws."""
        if not len(self.levels):
            return self.levels, np.zeros(0, dtype=np.int64)
        return np.unique(self.levels, axis=0, return_counts=True)

    def member(self, levels: Sequence[int]) -> Array:
        """In which draws an outcome is a member: bool (n,)."""
        out = np.zeros(self.count, dtype=bool)
        out[self.draw[(self.levels == np.asarray(levels)).all(axis=1)]] = True
        return out


Sets = Dense | Listed


@dataclass(frozen=True, eq=False)
class Answers:
    """``yes`` bool (n, answers), ``numbers`` (n, numbers), NaN where there is none; ``sets`` by family."""

    yes: Array
    numbers: Array
    sets: Mapping[str, Sets] = field(default_factory=dict)


class Question(Protocol):
    """An analysis asked over draws. Its parts are pickled to worker processes."""

    name: str
    spaced: bool
    """Whether it is asked of outcomes (a forecast is not)."""
    piece: int
    """Draws of a chunk: what is lost with a kill, and shown as progress."""
    usual: int
    """Draws where the caller does not say how many."""

    def relevant(self, path: str) -> bool:
        """Whether an input of the case matters to it."""

    def prepare(self, worlds: Sequence[World]) -> None:
        """Looks at the worlds once, before draws are made."""

    @property
    def main(self) -> str:
        """The yes/no answer that drivers and levers are about unless another is named."""

    @property
    def margin(self) -> str | None:
        """A number above 0 where the main answer holds and below where it does not, if there is one."""

    @property
    def yes(self) -> tuple[str, ...]:
        """Names of the yes/no answers."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the numbers."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What was asked, as plain data."""

    def __call__(self, world: World, values: Values, count: int) -> Answers:
        """The answers over ``count`` draws of a world."""

    def decide(self, world: World, values: Values, count: int) -> Array:
        """The yes/no answers alone, bool (count, answers): what turning points and maps ask over and over."""


class Whole:
    """A question whose yes/no answers come with all the others."""

    def decide(self: Question, world: World, values: Values, count: int) -> Array:
        """The yes/no answers alone."""
        return self(world, values, count).yes


def joined(parts: Sequence[tuple[Array, Answers]], count: int, yes: int, numbers: int) -> tuple[Array, Array]:
    """Answers of several worlds in the order of the draws: rows of each part, and its answers."""
    truth, found = np.zeros((count, yes), dtype=bool), np.full((count, numbers), np.nan)
    for rows, answers in parts:
        truth[rows], found[rows] = answers.yes, answers.numbers
    return truth, found
