"""The certificate: whether the punishments behind a roadmap would be carried out.

A gap-free roadmap is subgame-perfect if, in every state that breaches can lead to, no punisher gains from one
departure that is valued with its own B (simple strategy profiles, Abreu 1988). Play after a breach by i is phase
i; a departure by j from it starts phase j.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detente.analysis.roadmap.evaluate import EXISTS, other_ways
from detente.analysis.roadmap.model import Model, Terms
from detente.analysis.roadmap.replies import best, columns
from detente.analysis.roadmap.threats import Phase, Threat
from detente.space.tables import Array


@dataclass(frozen=True)
class Certificate:
    """``holds`` None where it was not computed; else the largest gain of a punisher, whose, against whom, where."""

    holds: bool | None
    gain: float = 0.0
    punisher: int = -1
    breaker: int = -1
    state: int = -1


def certify(model: Model, terms: Terms, threat: Threat, path: Sequence[int]) -> Certificate:
    """Certifies the punishments of a roadmap given as states; not computed for a pause or without phases."""
    reach = _breaches(model, path)
    if threat.dated:
        return _dated(model, threat, reach, int(path[-1]))
    if threat.rule.name == "pause" or not threat.phases:
        return Certificate(None)
    return _lasting(model, threat.phases[0], threat.landing[0], _marked(model, reach))


def _breaches(model: Model, path: Sequence[int]) -> list[list[Array]]:
    """The states that each party's departures lead to, date by date."""
    x, y = np.array(path), np.array([*path[1:], path[-1]])
    rows = [np.stack(list(other_ways(model, i, x, y))) for i in range(model.n)]
    return [[np.unique(row[row[:, t] >= 0, t]) for row in rows] for t in range(len(path))]


def _temptation(model: Model, phase: Phase, landing: Array, i: int) -> tuple[Array, Array, list[Array]]:
    """What the most tempted punisher gains in each state of phase i, who it is, and all tables of moves."""
    planned = phase.profile.landing(model)
    gain, who, tables = np.full(model.size, -np.inf), np.full(model.size, -1), []
    for j in range(model.n):
        table = columns(model, j, *phase.profile.around(model, j))
        tables.append(table)
        if j == i:
            continue
        away = best(landing[j], np.where(table == planned[None, :], -1, table)) - phase.values[j]
        who[away > gain] = j
        gain = np.maximum(gain, away)
    return gain, who, tables


def _marked(model: Model, reach: Sequence[list[Array]]) -> list[Array]:
    """By party, which states its breaches lead to at any of some dates: bool (N,) each."""
    seen = [np.zeros(model.size, dtype=bool) for _ in range(model.n)]
    for breaches in reach:
        for i, states in enumerate(breaches):
            seen[i][states] = True
    return seen


def _lasting(model: Model, phases: Sequence[Phase], landing: Array, seen: list[Array]) -> Certificate:
    """Everything that follows from the states that are ``seen``, where no date matters."""
    tempted = [_temptation(model, phase, landing, i) for i, phase in enumerate(phases)]
    if all((gain <= EXISTS).all() for gain, _, _ in tempted):
        return Certificate(True)
    _close(model, phases, tempted, seen)
    return _worst([(gain, who, seen[i], i) for i, (gain, who, _) in enumerate(tempted)])


def _close(
    model: Model, phases: Sequence[Phase], tempted: list[tuple[Array, Array, list[Array]]], seen: list[Array]
) -> None:
    """Everything that play and further single departures lead to, phase by phase."""
    planned = [phase.profile.landing(model) for phase in phases]
    done = [np.zeros(model.size, dtype=bool) for _ in phases]
    while any((s & ~d).any() for s, d in zip(seen, done, strict=True)):
        for i in range(len(phases)):
            fresh = np.flatnonzero(seen[i] & ~done[i])
            done[i][fresh] = True
            seen[i][planned[i][fresh]] = True
            for j, table in enumerate(tempted[i][2]):
                ends = table[:, fresh]
                seen[j][ends[(ends >= 0) & (ends != planned[i][fresh])]] = True


def _dated(model: Model, threat: Threat, reach: list[list[Array]], target: int) -> Certificate:
    """Date by date up to the deadline; after it the game goes on only where the target was reached."""
    now = [np.zeros(model.size, dtype=bool) for _ in range(model.n)]
    checks = []
    rest = len(reach) - 1
    for date, phases in enumerate(threat.phases):
        then = [np.zeros(model.size, dtype=bool) for _ in range(model.n)]
        for i, states in enumerate(reach[min(date, rest)]):
            then[i][states] = True
        for i, phase in enumerate(phases):
            here = np.flatnonzero(now[i])
            if not len(here):
                continue
            gain, who, tables = _temptation(model, phase, threat.landing[date], i)
            checks.append((gain, who, now[i], i))
            planned = phase.profile.landing(model)
            then[i][planned[here]] = True
            for j, table in enumerate(tables):
                ends = table[:, here]
                then[j][ends[(ends >= 0) & (ends != planned[here])]] = True
        now = then
    found = _worst(checks)
    if threat.later and threat.after is not None:
        there = model.same_outcome(target)
        seen = [on | (came & there) for on, came in zip(_marked(model, reach[rest:]), now, strict=True)]
        after = _lasting(model, threat.later, threat.after, seen)
        found = after if after.gain > found.gain else found
    return found


def _worst(checks: Sequence[tuple[Array, Array, Array, int]]) -> Certificate:
    worst = Certificate(True)
    for gain, who, seen, i in checks:
        here = np.where(seen, gain, -np.inf)
        x = int(np.argmax(here)) if len(here) else 0
        if here[x] > EXISTS and here[x] > worst.gain:
            worst = Certificate(False, float(here[x]), int(who[x]), i, x)
    return worst
