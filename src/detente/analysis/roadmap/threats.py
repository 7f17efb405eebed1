"""What follows a breach, and what it leaves to its author: the values B of section 2.3.

``stop``: the others stay where they are for ever (Lockwood and Thomas 2002; Sandholm and Lesser 1995).
``revert``: they retreat as fast as floors and pace allow. ``minmax``: they do whatever hurts most, moving
first. ``markov``: a stationary equilibrium of the game after the breach, found by best replies that start
from "all retreat", the author first, then the others in case order; a reply changes only for a gain above
1e-10, to the first best move in row-major order. ``pause:K``: they retreat for K periods, then the roadmap goes on
where it stood (Green and Porter 1984). With a deadline all but the pause are dated, by backward induction.

Chosen where the theory is silent: actors without preferences retreat with the others under ``revert``, ``markov``
and ``pause``, and stay under ``stop``; a pause stops the clock of the deadline; a party that weighs whether to enter
a roadmap under ``pause`` compares it with what ``revert`` would leave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from detente.analysis.roadmap import large
from detente.analysis.roadmap.model import Model, Terms
from detente.analysis.roadmap.replies import (
    TIE,
    Outlook,
    Profile,
    best,
    columns,
    follow,
    group_moves,
    joint_moves,
    pick,
    shared,
    solve,
)
from detente.errors import CostError, NeedsError
from detente.space.tables import Array

ROUNDS = 200
"""Best replies that have not settled after this many rounds are taken to cycle."""
LARGE = 100_000
"""From this many states on, stop and revert are computed axis by axis where nothing ties moves together."""
MAX_DATED = 150_000_000


@dataclass(frozen=True)
class Rule:
    """A threat by name; ``length`` is the K of a pause."""

    name: str
    length: int = 0

    def __str__(self) -> str:
        return f"pause:{self.length}" if self.name == "pause" else self.name


def rule(text: str) -> Rule:
    """A threat from its name: stop, revert, minmax, markov, pause:K."""
    name, _, length = text.partition(":")
    if name == "pause" and length.isdigit() and int(length) >= 1:
        return Rule("pause", int(length))
    if name in ("stop", "revert", "minmax", "markov") and not length:
        return Rule(name)
    raise NeedsError(
        f"unknown threat '{text}'; expected markov, minmax, stop, revert or pause:K with K of 1 or more"
    )


@dataclass(eq=False)
class Phase:
    """Play after a breach by one party: what everyone does, and what it is worth to each, (n, N)."""

    profile: Profile
    values: Array


@dataclass(frozen=True, eq=False)
class Threat:
    """The values of a breach. Shapes: D dates (one where nothing is dated), n parties, N states.

    ``landing`` (D, n, N): to i, of arriving in a state by a breach at date d. ``mistaken`` (D, n, N): to
    i, of a false alarm on arrival at date d + 1. ``after`` (n, N): as landing, once the
    deadline has passed; None where nobody can move then. ``entry`` (n, N): to i, of breakdown from a state on,
    at the start. ``resume`` (n,): share of a party's staying value that a breach leaves it (pause only).
    ``phases[d][i]`` is the play behind it, kept where it is needed to certify it. ``dated``: whether a deadline is met.
    """

    rule: Rule
    landing: Array = field(repr=False)
    mistaken: Array = field(repr=False)
    after: Array | None = field(repr=False)
    entry: Array = field(repr=False)
    resume: Array = field(repr=False)
    phases: tuple[tuple[Phase, ...], ...] = field(repr=False, default=())
    later: tuple[Phase, ...] = field(repr=False, default=())
    cycled: bool = False
    dated: bool = False

    def at(self, date: int) -> Array:
        """Landing values at a date: (n, N)."""
        return self.landing[min(date, self.landing.shape[0] - 1)]  # type: ignore[no-any-return]


def threat(model: Model, terms: Terms, kind: Rule, target: int) -> Threat:
    """The threat of a rule, computed once for a model. ``target`` matters where the talks collapse at a deadline
    unless it is reached.
    """
    key: tuple[Any, ...] = (kind, terms.step_delta.tobytes(), terms.steps)
    if terms.steps is not None and terms.collapse is not None:
        key = (*key, terms.collapse.tobytes(), target)
    found: Threat = model.threats.get(
        key, lambda: _threat(model, terms, kind, target), lambda made: int(made.landing.size)
    )
    return found


def _threat(model: Model, terms: Terms, kind: Rule, target: int) -> Threat:
    if kind.name == "pause":
        return _pause(model, terms, kind)
    steps = terms.steps
    if steps is None:
        return _lasting(model, terms, kind)
    return _dated(model, terms, kind, target, steps)


def _lasting(model: Model, terms: Terms, kind: Rule) -> Threat:
    phases, cycled = _stationary(model, terms, kind)
    d = terms.step_delta[:, None]
    values = np.stack([phase.values[i] for i, phase in enumerate(phases)])
    landing = ((1 - d) * model.u + d * values)[None]
    kept = (tuple(phases),) if phases[0].profile.moves else ()
    return Threat(kind, landing, values[None], None, values, np.zeros(model.n), kept, cycled=cycled)


def _stationary(model: Model, terms: Terms, kind: Rule) -> tuple[list[Phase], bool]:
    delta = terms.step_delta
    if kind.name in ("stop", "revert") and model.plain and model.size >= LARGE and not any(model.joint):
        out = []
        for i in range(model.n):
            values = np.zeros((model.n, model.size))
            values[i] = large.value(model, i, float(delta[i]), kind.name == "revert")
            out.append(Phase(Profile([], []), values))
        return out, False
    if kind.name == "markov":
        found = [_equilibrium(model, delta, i) for i in range(model.n)]
        if all(phase is not None for phase in found):
            return [phase for phase in found if phase is not None], False
        return [_reverting(model, delta, i, Profile.retreat(model)) for i in range(model.n)], True
    if kind.name == "minmax":
        return [_minmax(model, delta, i) for i in range(model.n)], False
    profile = Profile.stay(model) if kind.name == "stop" else Profile.retreat(model)
    return [_reverting(model, delta, i, profile) for i in range(model.n)], False


def _reverting(model: Model, delta: Array, i: int, profile: Profile) -> Phase:
    """The others play a fixed profile for ever, i replies best."""
    table = columns(model, i, *profile.around(model, i))
    reward = (1 - delta[i]) * model.u[i]
    value = solve(reward, table, float(delta[i]))
    landing = reward + delta[i] * value
    choice = Outlook(landing, table).first
    return _settled(model, delta, _with(model, profile, i, choice), {i: value})


def _with(model: Model, profile: Profile, i: int, choice: Array) -> Profile:
    move, agree = pick(model, i, choice)
    moves, agreed = list(profile.moves), list(profile.agree)
    moves[i], agreed[i] = move, agree
    return Profile(moves, agreed, profile.acts)


def _settled(model: Model, delta: Array, profile: Profile, known: dict[int, Array]) -> Phase:
    """A profile for ever, with what it is worth to everyone."""
    nxt = profile.landing(model)
    rows = [
        known[j] if j in known else follow((1 - delta[j]) * model.u[j], nxt, float(delta[j]))
        for j in range(model.n)
    ]
    return Phase(profile, np.stack(rows))


def _equilibrium(model: Model, delta: Array, breaker: int) -> Phase | None:
    """Best replies from "all retreat" to a stationary equilibrium; None where they cycle."""
    order = [breaker, *(j for j in range(model.n) if j != breaker)]
    profile, values = Profile.retreat(model), {}
    choices = {j: np.zeros(model.size, dtype=np.int64) for j in order}
    seen = {profile.key()}
    for _ in range(ROUNDS):
        changed = False
        for j in order:
            table = columns(model, j, *profile.around(model, j))
            reward = (1 - delta[j]) * model.u[j]
            values[j] = solve(reward, table, float(delta[j]), choices[j])
            moved = _reply(reward + delta[j] * values[j], table, choices[j])
            if moved is not None:
                choices[j], changed = moved, True
                profile = _with(model, profile, j, moved)
        if not changed:
            return Phase(profile, np.stack([values[j] for j in range(model.n)]))
        key = profile.key()
        if key in seen:
            return None
        seen.add(key)
    return None


def _reply(landing: Array, table: Array, choice: Array) -> Array | None:
    """The choice after one best reply, or None where nothing changes."""
    outlook = Outlook(landing, table)
    better = outlook.best > outlook.of(choice) + TIE
    return np.where(better, outlook.first, choice) if better.any() else None


def _minmax(model: Model, delta: Array, i: int) -> Phase:
    """The others hurt i most, moving first; policy iteration on what they do (Hoffman and Karp 1966)."""
    others = [j for j in range(len(model.actors)) if j != i]
    offsets, valid = joint_moves(model, others)
    none = {k: np.zeros(model.size, dtype=np.int64) for k in model.joint[i]}
    tables = [columns(model, i, offset, none) for offset in np.where(valid, offsets, 0)]
    reward, d = (1 - delta[i]) * model.u[i], float(delta[i])
    policy, cells = np.argmax(valid, axis=0), np.arange(model.size)
    stacked = np.stack(tables)
    small = 1e-12 * (1 + float(np.abs(model.u[i]).max()))
    while True:
        value = solve(reward, stacked[policy, :, cells].T, d)
        landing = reward + d * value
        replies = np.stack(
            [np.where(ok, best(landing, t), np.inf) for t, ok in zip(tables, valid, strict=True)]
        )
        worse = replies.min(axis=0) < replies[policy, cells] - small
        if not worse.any():
            break
        policy = np.where(worse, replies.argmin(axis=0), policy)
    table = stacked[policy, :, cells].T
    profile = _punish(model, others, policy)
    return _settled(model, delta, _with(model, profile, i, Outlook(landing, table).first), {i: value})


def _punish(model: Model, others: list[int], policy: Array) -> Profile:
    profile, yes = Profile.stay(model), np.ones(model.size, dtype=bool)
    rest, cells = policy.copy(), np.arange(model.size)
    for k in reversed(shared(model, others)):
        ways = group_moves(model, k)[0]
        for j in model.commitments[k].owners:
            profile.agree[j] = {**profile.agree[j], k: yes}
        profile.acts[k] = ways[rest % len(ways), cells]
        rest //= len(ways)
    for j in reversed(others):
        menu = model.menus[j]
        profile.moves[j] = menu.offset[menu.own, rest % menu.width]
        rest //= menu.width
    return profile


# dated ------------------------------------------------------------------------------------------


def _dated(model: Model, terms: Terms, kind: Rule, target: int, steps: int) -> Threat:
    """Backward induction over the dates before the deadline."""
    if steps * model.n * model.size > MAX_DATED:
        raise CostError(
            "values that depend on the date",
            f"{steps:,} dates, {model.size:,} states",
            "choose a longer period",
        )
    delta, d = terms.step_delta, terms.step_delta[:, None]
    last = [model.u.copy() for _ in range(model.n)]
    after, later = None, tuple[Phase, ...]()
    if terms.collapse is not None:
        lasting = threat(model, replace(terms, horizon=None, collapse=None), kind, target)
        after, later = lasting.landing[0], lasting.phases[0] if lasting.phases else ()
        if lasting.cycled:
            return _fallen(model, terms, kind, target, steps)
        there = model.same_outcome(target)
        for i in range(model.n):
            kept = later[i].values if later else np.repeat(lasting.entry[i][None], model.n, axis=0)
            last[i] = np.where(there, kept, terms.collapse[:, None])
    landing = np.zeros((steps, model.n, model.size))
    mistaken = np.zeros_like(landing)
    phases: list[tuple[Phase, ...]] = []
    for date in reversed(range(steps)):
        for i in range(model.n):
            landing[date, i] = (1 - delta[i]) * model.u[i] + delta[i] * last[i][i]
            mistaken[date, i] = last[i][i]
        now = [_dated_phase(model, kind, i, (1 - d) * model.u + d * last[i]) for i in range(model.n)]
        if any(phase is None for phase in now):
            return _fallen(model, terms, kind, target, steps)
        phases.append(tuple(phase for phase in now if phase is not None))
        last = [phase.values for phase in phases[-1]]
    entry = np.stack([last[i][i] for i in range(model.n)])
    if not steps:
        landing = mistaken = entry[None]
    return Threat(
        kind, landing, mistaken, after, entry, np.zeros(model.n), tuple(reversed(phases)), later, dated=True
    )  # fmt: skip


def _fallen(model: Model, terms: Terms, kind: Rule, target: int, steps: int) -> Threat:
    """What stands in where best replies cycle: the values of ``revert``, marked as such."""
    return replace(_dated(model, terms, Rule("revert"), target, steps), rule=kind, cycled=True)


def _dated_phase(model: Model, kind: Rule, breaker: int, landing: Array) -> Phase | None:
    """One date after a breach. ``landing`` (n, N) is the value of arriving in a state; None on a cycle."""
    if kind.name == "markov":
        return _one_shot(model, breaker, landing)
    if kind.name == "minmax":
        return _one_minmax(model, breaker, landing)
    profile = Profile.stay(model) if kind.name == "stop" else Profile.retreat(model)
    table = columns(model, breaker, *profile.around(model, breaker))
    choice = Outlook(landing[breaker], table).first
    return _arrived(model, _with(model, profile, breaker, choice), landing)


def _arrived(model: Model, profile: Profile, landing: Array) -> Phase:
    return Phase(profile, landing[:, profile.landing(model)])


def _one_shot(model: Model, breaker: int, landing: Array) -> Phase | None:
    order = [breaker, *(j for j in range(model.n) if j != breaker)]
    profile = Profile.retreat(model)
    choices = {j: np.zeros(model.size, dtype=np.int64) for j in order}
    seen = {profile.key()}
    for _ in range(ROUNDS):
        changed = False
        for j in order:
            moved = _reply(landing[j], columns(model, j, *profile.around(model, j)), choices[j])
            if moved is not None:
                choices[j], changed = moved, True
                profile = _with(model, profile, j, moved)
        if not changed:
            return _arrived(model, profile, landing)
        if (key := profile.key()) in seen:
            return None
        seen.add(key)
    return None


def _one_minmax(model: Model, i: int, landing: Array) -> Phase:
    others = [j for j in range(len(model.actors)) if j != i]
    offsets, valid = joint_moves(model, others)
    none = {k: np.zeros(model.size, dtype=np.int64) for k in model.joint[i]}
    least, policy = np.full(model.size, np.inf), np.zeros(model.size, dtype=np.int64)
    for m, (offset, ok) in enumerate(zip(np.where(valid, offsets, 0), valid, strict=True)):
        value = np.where(ok, best(landing[i], columns(model, i, offset, none)), np.inf)
        policy[value < least] = m
        np.minimum(least, value, out=least)
    profile = _punish(model, others, policy)
    table = columns(model, i, *profile.around(model, i))
    return _arrived(model, _with(model, profile, i, Outlook(landing[i], table).first), landing)


# pause ------------------------------------------------------------------------------------------


def _pause(model: Model, terms: Terms, kind: Rule) -> Threat:
    delta, profile = terms.step_delta, Profile.retreat(model)
    landing, mistaken, entry = [], [], []
    for i in range(model.n):
        table = columns(model, i, *profile.around(model, i))
        flow, value = (1 - delta[i]) * model.u[i], np.zeros(model.size)
        for _ in range(kind.length):
            value = best(flow + delta[i] * value, table)
        landing.append(flow + delta[i] * value)
        mistaken.append(value)
        entry.append(solve(flow, table, float(delta[i])))
    return Threat(
        kind,
        np.stack(landing)[None],
        np.stack(mistaken)[None],
        None,
        np.stack(entry),
        delta ** (kind.length + 1),
    )
