"""Stated positions, the trace of concessions, and which issues are contested, traded or shared."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detente.case.model import Statement
from detente.space import Space
from detente.space.tables import Array

SPOKEN = ("position", "demand", "offer", "counter")
"""Kinds of record entry that state what a party wants."""
SAID = (*SPOKEN, "limit")
"""With the kind that says only how far a party will go."""
ALIKE = 1.25
"""Importances whose ratio is below this are alike: an opposed issue is then contested, not traded."""


@dataclass(frozen=True)
class Distance:
    """Two parties' latest stated positions: how far apart, issue by issue, and in each one's own terms.

    ``levels`` {issue: (level of the first, level of the second, steps apart)}, only issues that both spoke
    of; ``loss`` {party: what it would lose at the other's position, as a share of its own range, or None for
    an ordinal party}. Issues left open are as in the status quo.
    """

    parties: tuple[str, str]
    levels: Mapping[str, tuple[str, str, int]]
    loss: Mapping[str, float | None]
    possible: Mapping[str, bool]


@dataclass(frozen=True)
class Concession:
    """One move in the record: by whom, which levels changed, and what it gave up of its own range."""

    party: str
    date: str | None
    kind: str
    changed: Mapping[str, tuple[str, str]]
    given: float | None


@dataclass(frozen=True)
class Trade:
    """One issue: who wants what, how much of each party's stake lies in it, and what follows.

    ``importance`` {party: share of its swings over all issues}, by averaging over the other issues where
    utilities are not additive; ``kind`` is shared, contested, traded or idle; ``cares_most`` names the party
    with the largest share.
    """

    issue: str
    best: Mapping[str, str]
    importance: Mapping[str, float]
    kind: str
    cares_most: str | None = None
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict, repr=False)


def latest(space: Space) -> dict[str, Statement]:
    """Each party's latest entry in the record that states an outcome, in file order of the parties."""
    found: dict[str, Statement] = {}
    for party in space.case.parties:
        for entry in space.case.record:
            if entry.kind in SPOKEN and entry.outcome is not None and party in (entry.party or ()):
                found[party] = entry
    return found


def distances(space: Space, ranges: Array) -> list[Distance]:
    """How far apart the latest stated positions are, for each pair of parties that stated one.

    ``ranges`` (2, n_parties): least and greatest utility of each party over the possible outcomes.
    """
    spoken = latest(space)
    return [_distance(space, a, b, spoken, ranges) for a, b in itertools.combinations(spoken, 2)]


def _distance(space: Space, a: str, b: str, spoken: Mapping[str, Statement], ranges: Array) -> Distance:
    stated = {party: _mapping(space, spoken[party].outcome) for party in (a, b)}
    whole = {party: space.positions(spoken[party].outcome) for party in (a, b)}  # type: ignore[arg-type]
    levels = {}
    for index, issue in enumerate(space.issues):
        if issue in stated[a] and issue in stated[b]:
            mine, theirs = whole[a][index], whole[b][index]
            names = space.level_names[index]
            levels[issue] = (names[mine], names[theirs], abs(mine - theirs))
    loss = {
        party: _share(space, party, space.utility(whole[party]) - space.utility(whole[other]), ranges)
        for party, other in ((a, b), (b, a))
    }
    return Distance((a, b), levels, loss, {party: space.possible(whole[party]) for party in (a, b)})


def _mapping(space: Space, outcome: Any) -> Mapping[str, str]:
    return {} if isinstance(outcome, str) else outcome


def _share(space: Space, party: str, difference: Array, ranges: Array) -> float | None:
    """A difference in a party's utility as a share of its range; None where it has no numbers."""
    if party not in space.parties:
        return None
    p = space.parties.index(party)
    span = float(ranges[1, p] - ranges[0, p])
    if space.ordinal[p] is not None or not span > 0:
        return None
    return float(difference[p]) / span


def concessions(space: Space, ranges: Array) -> list[Concession]:
    """What each party gave up from one stated position to its next, by date.

    Only dated entries are compared: without dates nobody can say what came after what.
    """
    before: dict[str, tuple[str, tuple[int, ...]]] = {}
    found = []
    dated = [
        entry
        for entry in space.case.record
        if entry.kind in SPOKEN and entry.outcome is not None and entry.date
    ]
    for entry in sorted(dated, key=lambda entry: entry.date or ""):
        for party in entry.party or ():
            date, old = before.get(party, ("", None))
            now = space.positions(entry.outcome, old)  # type: ignore[arg-type]
            if old is not None and entry.date != date:
                given = _share(space, party, space.utility(old) - space.utility(now), ranges)
                found.append(Concession(party, entry.date, entry.kind, _changed(space, old, now), given))
            before[party] = (entry.date or "", now)
    return found


def _changed(space: Space, old: Sequence[int], new: Sequence[int]) -> dict[str, tuple[str, str]]:
    names = space.issues or ("outcome",)
    return {
        names[i]: (space.level_names[i][a], space.level_names[i][b])
        for i, (a, b) in enumerate(zip(old, new, strict=True))
        if a != b
    }


def trades(space: Space) -> list[Trade]:
    """The logrolling table: for each issue, what the parties with numbers want and how much they care."""
    rows = [p for p in range(space.n_parties) if space.factors[p] is not None]
    if not rows or space.case.graph_form:
        return []
    effects = {p: _effects(space, p) for p in rows}
    swings = {p: np.array([np.ptp(effect) for effect in effects[p]]) for p in rows}
    return [_trade(space, i, rows, effects, swings) for i in range(len(space.issues))]


def _effects(space: Space, party: int) -> list[Array]:
    """The average utility of each level of each issue, over the levels of the others."""
    effects = [np.zeros(size) for size in space.sizes]
    for factor in space.factors[party] or ():
        for axis, issue in enumerate(factor.issues):
            others = tuple(k for k in range(len(factor.issues)) if k != axis)
            effects[issue] += factor.table.mean(axis=others)
    return effects


def _trade(
    space: Space,
    i: int,
    rows: Sequence[int],
    effects: Mapping[int, Sequence[Array]],
    swings: Mapping[int, Array],
) -> Trade:
    names, parties = space.level_names[i], space.parties
    importance = {
        parties[p]: float(swings[p][i] / swings[p].sum()) if swings[p].sum() > 0 else 0.0 for p in rows
    }
    cared = {p: effects[p][i] for p in rows if swings[p][i] > 0}
    best = {parties[p]: names[int(np.argmax(effect))] for p, effect in cared.items()}
    values = {parties[p]: dict(zip(names, map(float, effects[p][i]), strict=True)) for p in rows}
    most = max(importance, key=lambda name: importance[name]) if cared else None
    return Trade(space.issues[i], best, importance, _kind(list(cared.values()), importance), most, values)


def _kind(effects: Sequence[Array], importance: Mapping[str, float]) -> str:
    if not effects:
        return "idle"
    if any(
        all(effect[level] >= effect.max() - 1e-9 for effect in effects) for level in range(len(effects[0]))
    ):
        return "shared"
    shares = sorted(share for share in importance.values() if share > 0)
    return "contested" if shares[-1] < ALIKE * shares[0] else "traded"
