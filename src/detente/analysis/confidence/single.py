"""The answer of a single run: uncertain numbers at their modes, first types, no switch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from detente.analysis.confidence.answers import Question
from detente.analysis.confidence.run import _levels
from detente.analysis.confidence.worlds import World, plan_of
from detente.case import Case

Ask = Callable[[], Question]
"""Makes a question anew: a question keeps what it has seen of a case."""


def single_truths(question: Question, world: World, names: Sequence[str]) -> dict[str, bool]:
    """Yes/no answers of a prepared question, members of families included, in a single run."""
    answers = question(world, {name: np.array([mode]) for name, mode in world.modes.items()}, 1)
    found = {}
    for name in names:
        if name in question.yes:
            found[name] = bool(answers.yes[0, question.yes.index(name)])
            continue
        family, _, text = name.partition(":")
        levels = None if world.space is None else _levels(world.space, text)
        sets = answers.sets.get(family)
        found[name] = bool(sets.member(levels)[0]) if sets is not None and levels is not None else False
    return found


def single(case: Case, ask: Ask, name: str) -> bool:
    """One yes/no answer of a case in a single run."""
    question = ask()
    world = plan_of(case, question.relevant, spaced=question.spaced).worlds[0]
    question.prepare([world])
    return single_truths(question, world, [name])[name]
