"""Sure, possible or excluded, over all values that the inputs may take, and how that is known.

*Examples*: draws, or extreme values, at which the answer is yes and others at which it is no, prove ``possible``.
*Bounds*: where utilities are linear in the inputs, what each party can gain at best and at worst at an outcome is
exact, and the inputs of different parties are independent, so that ``sure`` and ``excluded`` are proved outcome by
outcome; whether a deal exists at all is decided by `detente.analysis.agreement.ranges`. An outcome can be a Nash
equilibrium for some values exactly where a linear program for each party has a solution. *Search*: everywhere else a
counterexample is looked for among all draws and extreme points; where none is found the verdict is not proved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from detente.analysis.agreement.ranges import over_ranges
from detente.analysis.confidence.ask_agreement import AskAgreement, listed_utilities, no_deal_values
from detente.analysis.confidence.ask_standoff import AskStandoff
from detente.analysis.confidence.run import Counts
from detente.analysis.confidence.tables import drawn_space, preference_of
from detente.analysis.confidence.worlds import World, outcome_text
from detente.analysis.standoff.model import Conflict
from detente.errors import CostError

Array = NDArray[Any]
Verdict = Literal["sure", "possible", "excluded"]
How = Literal["bounds", "examples", "search"]
TOLERANCE = 1e-9
CORNERS = 400
"""Extreme points looked at in each world, where a draw is cheap."""
CHEAP = 1_000
"""Draws in a chunk of a question that is cheap."""
FEW_CORNERS = 60
MOST_CELLS = 20_000_000


@dataclass(frozen=True)
class Ruling:
    """A verdict, and how it is known. ``proved`` is false where a search found no counterexample."""

    verdict: Verdict
    proved: bool
    how: How


@dataclass(frozen=True, eq=False)
class Extremes:
    """Answers at extreme points: which occurred, yes/no answers by name and members by family."""

    points: int
    yes: Mapping[str, int]
    members: Mapping[str, Mapping[str, int]]


def corner_values(world: World, random: np.random.Generator, many: int) -> tuple[dict[str, Array], int]:
    """Extreme points of a world: all low, all high, each input alone at an end, and random corners."""
    items = world.inputs
    k = len(items)
    low = np.array([item.bounds[0] for item in items])
    high = np.array([item.bounds[1] for item in items])
    modes = np.array([item.mode for item in items])
    single = np.repeat(modes[None], 2 * k, axis=0)
    for i in range(k):
        single[2 * i, i], single[2 * i + 1, i] = low[i], high[i]
    if not k:
        return {}, 1
    picks = random.random((many, k)) < 0.5
    rows = np.concatenate([modes[None], low[None], high[None], single, np.where(picks, low, high)])
    return {item.name: rows[:, i] for i, item in enumerate(items)}, len(rows)


def extremes(counts: Counts) -> Extremes:
    """The answers at extreme points of every world."""
    question = counts.question
    many = CORNERS if question.piece >= CHEAP else FEW_CORNERS
    random = np.random.default_rng(np.random.SeedSequence([counts.sample.seed, 7]))
    yes = np.zeros(len(question.yes), dtype=np.int64)
    members: dict[str, dict[str, int]] = {}
    points = 0
    for world in counts.plan.worlds:
        values, rows = corner_values(world, random, many)
        for start in range(0, rows, question.piece):
            part = {name: array[start : start + question.piece] for name, array in values.items()}
            size = min(question.piece, rows - start)
            answers = question(world, part, size)
            yes += answers.yes.sum(axis=0)
            for family, sets in answers.sets.items():
                mine = members.setdefault(family, {})
                for levels, count in zip(*sets.counts(), strict=True):
                    assert world.space is not None
                    text = outcome_text(world.space, levels)
                    mine[text] = mine.get(text, 0) + int(count)
        points += rows
    return Extremes(points, dict(zip(question.yes, yes.tolist(), strict=True)), members)


def rulings(counts: Counts, ends: Extremes, outcomes: Mapping[str, Sequence[str]]) -> dict[str, Ruling]:
    """The verdict of every yes/no answer and of every named member of a family (``family:outcome``)."""
    found: dict[str, Ruling] = {}
    bounded = _bounded(counts, outcomes)
    total = counts.draws + ends.points
    certain: How = "search" if counts.plan.inputs else "bounds"
    for name in counts.question.yes:
        seen = int(counts.truth(name).sum()) + ends.yes[name]
        found[name] = _rule(seen, total, bounded.get(name), certain)
    for family, texts in outcomes.items():
        for text in texts:
            drawn = counts.members[family].get(text)
            seen = (0 if drawn is None else int(drawn.sum())) + ends.members.get(family, {}).get(text, 0)
            found[f"{family}:{text}"] = _rule(seen, total, bounded.get(f"{family}:{text}"), certain)
    return found


def _rule(seen: int, total: int, bounded: Verdict | None, certain: How) -> Ruling:
    if 0 < seen < total:
        return Ruling("possible", True, "examples")
    if bounded is not None:
        return Ruling(bounded, True, "bounds")
    return Ruling("sure" if seen else "excluded", certain == "bounds", certain)


def _bounded(counts: Counts, outcomes: Mapping[str, Sequence[str]]) -> dict[str, Verdict]:
    """What bounds prove, over all worlds."""
    question = counts.question
    each: list[dict[str, Verdict]] = []
    for world in counts.plan.worlds:
        if isinstance(question, AskAgreement):
            each.append(_agreement(world, question))
        elif isinstance(question, AskStandoff):
            each.append(_standoff(world, question, outcomes.get("equilibrium_nash", ())))
        else:
            return {}
    names = set(each[0]).intersection(*each[1:])
    return {name: _over_worlds([found[name] for found in each]) for name in names}


def _over_worlds(verdicts: Sequence[Verdict]) -> Verdict:
    if all(v == "sure" for v in verdicts):
        return "sure"
    return "excluded" if all(v == "excluded" for v in verdicts) else "possible"


# linear worlds ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Linear:
    """Utilities as base plus slopes times how far each input is from low (0) to high (1): ``base`` (P, S),
    ``slope`` (P, S, k); no deal likewise, ``floor`` (P,) and ``rise`` (P, k).
    """

    base: Array
    slope: Array
    floor: Array
    rise: Array


def linear(world: World, no_deal: Any = None) -> Linear | None:
    """The utilities of a world whose preferences are linear in its inputs; None where they are not, or too large."""
    space = world.space
    assert space is not None
    if world.groups or any(_weighted(world, party) for party in space.parties):
        return None
    if not space.cardinal and any(item.kind != "number" for item in world.inputs):
        return None
    k = len(world.inputs)
    if space.size * space.n_parties * (k + 1) > MOST_CELLS:
        return None
    ends = np.array([item.bounds for item in world.inputs]).reshape(k, 2)
    rows = np.concatenate([ends[None, :, 0], np.where(np.eye(k, dtype=bool), ends[:, 1], ends[:, 0])])
    values = {item.name: rows[:, i] for i, item in enumerate(world.inputs)}
    drawn = drawn_space(world, values, k + 1)
    utilities = listed_utilities(world, drawn, values, k + 1)
    floor = np.zeros((space.n_parties, k + 1))
    if no_deal is not None:
        floor = no_deal_values(world, drawn, no_deal, values, k + 1)
    base, start = utilities[..., 0], floor[:, 0]
    return Linear(base, utilities[..., 1:] - base[..., None], start, floor[:, 1:] - start[:, None])


def _weighted(world: World, party: str) -> bool:
    """Whether a party's utilities are no linear function of its uncertain numbers: they are weighted and scaled."""
    preference = preference_of(world, party)
    if preference.weights is None:
        return False
    prefix = f"preferences.{party}."
    return any(item.name.startswith(prefix) and ".bonuses" not in item.name for item in world.inputs)


def _agreement(world: World, question: AskAgreement) -> dict[str, Verdict]:
    space = world.space
    assert space is not None
    found: dict[str, Verdict] = {}
    floats = _least_floor(world, question)
    try:
        over = None if floats or world.groups else over_ranges(space, question.no_deal)
    except CostError:
        over = None
    if over is not None and (over.verdict in ("sure", "excluded")):
        found["deal_exists"] = over.verdict
    shape = None if floats else linear(world, question.no_deal)
    if shape is None:
        return found
    gain, slope = shape.base - shape.floor[:, None], shape.slope - shape.rise[:, None, :]
    worst = gain + np.minimum(slope, 0).sum(axis=2)
    best = gain + np.maximum(slope, 0).sum(axis=2)
    sure, possible = (worst >= -TOLERANCE).all(axis=0), (best >= -TOLERANCE).all(axis=0)
    for number in np.flatnonzero(space.feasible()):
        name = f"acceptable:{outcome_text(space, space.levels(int(number)))}"
        found[name] = "sure" if sure[number] else "possible" if possible[number] else "excluded"
    return found


def _least_floor(world: World, question: AskAgreement) -> bool:
    """Whether no deal is each party's least feasible utility, which is no linear function of the inputs."""
    from detente.analysis.confidence.tables import base_outcome, entry_of

    assert world.space is not None
    if base_outcome(world.space, question.no_deal) is not None:
        return False
    entry = entry_of(world.space, question.no_deal)
    stated = set() if entry is None else set(entry.utilities or {})
    return not set(world.space.parties) <= stated


def _standoff(world: World, question: AskStandoff, outcomes: Sequence[str]) -> dict[str, Verdict]:
    """Which outcomes are Nash equilibria for all, some or no values of the inputs."""
    shape = linear(world)
    space = world.space
    assert space is not None
    if shape is None:
        return {}
    conflict = question.conflicts[(world.label, world.case.id)]
    discrete = any(item.discrete for item in world.inputs)
    start = space.number(space.start)
    wanted = {start} if conflict.possible[start] else set()
    texts = {start: ["status_quo_nash"]}
    for text in outcomes:
        from detente.analysis.confidence.run import _levels

        if (levels := _levels(space, text)) is not None:
            number = space.number(levels)
            wanted.add(number)
            texts.setdefault(number, []).append(f"equilibrium_nash:{text}")
    found: dict[str, Verdict] = {}
    for number in sorted(wanted):
        verdict = _nash(conflict, shape, number, discrete)
        if verdict is not None:
            found.update(dict.fromkeys(texts[number], verdict))
    return found


def _nash(conflict: Conflict, shape: Linear, state: int, discrete: bool) -> Verdict | None:
    sure = True
    for i, mover in enumerate(conflict.own):
        targets = conflict.targets(mover, state) if mover >= 0 else np.zeros(0, dtype=np.int64)
        if not len(targets):
            continue
        gain = shape.base[i, targets] - shape.base[i, state]
        slope = shape.slope[i, targets] - shape.slope[i, state]
        if (gain + np.minimum(slope, 0).sum(axis=1) > TOLERANCE).any():
            return "excluded"
        if (gain + np.maximum(slope, 0).sum(axis=1) > TOLERANCE).any():
            sure = False
            if _least_gain(gain, slope) > TOLERANCE:
                return "excluded"
    if sure:
        return "sure"
    return None if discrete else "possible"


def _least_gain(gain: Array, slope: Array) -> float:
    """The least over the inputs of the largest gain of leaving: a linear program."""
    from scipy.optimize import linprog

    used = np.flatnonzero(np.abs(slope).max(axis=0) > 0)
    a = np.column_stack([slope[:, used], -np.ones(len(gain))])
    cost = np.zeros(len(used) + 1)
    cost[-1] = 1.0
    limits = [(0.0, 1.0)] * len(used) + [(None, None)]
    solved = linprog(cost, A_ub=a, b_ub=-gain, bounds=limits, method="highs")
    return float(solved.fun) if solved.success else float("inf")
