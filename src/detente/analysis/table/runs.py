"""Many negotiations: who opens, with which strategy and under which draw, and where they end.

Whatever is random in a run comes from its own stream, told by the seed and the number of the run: the answer does not
depend on how runs are divided, and the same run under two settings is a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detente.analysis.table.game import Setting
from detente.analysis.table.own import Own
from detente.analysis.table.parts import Strategy, minds
from detente.analysis.table.plain import Listed
from detente.kernels import table as kernel
from detente.space.tables import Array

REFUSED = 4
"""A deal that is worse than no deal for a party without a seat."""
ENDS = ("deal", "deadline", "breakdown", "walked out", "refused afterwards")
CHUNK = 100_000
_SETUP = 0x5E7
"""Sets the streams that choose openers, strategies and draws apart from those of the negotiations."""


@dataclass(frozen=True, eq=False)
class Ends:
    """Where each run ended: arrays of the length of the runs.

    ``end`` as in `ENDS`, ``outcome`` a position among the setting's outcomes (-1: none), ``round`` from 0, ``by`` the
    seat that proposed (or left), ``draw``, ``opener``, and ``strategies`` (m, n) among those offered for each seat.
    """

    end: Array
    outcome: Array
    round: Array
    by: Array
    draw: Array
    opener: Array
    strategies: Array


def hold(
    setting: Setting,
    choices: Sequence[Sequence[Strategy | Own]],
    runs: int,
    seed: int,
    opener: int | None = None,
) -> Ends:
    """Holds negotiations by alternating offers, each seat's strategy drawn from its choices."""
    plan, states, chosen = plan_runs(len(setting.game.u), choices, runs, seed, opener)
    everyone = [strategy for offered in choices for strategy in offered]
    out = play(setting, everyone, plan, states)
    return ratified(setting, Ends(out[:, 0], out[:, 1], out[:, 2], out[:, 3], plan[:, 0], plan[:, 1], chosen))


def _scanned(everyone: Sequence[Strategy], game: kernel.Game) -> float:
    """What looking through outcomes adds to a turn in plain Python, in turns."""
    wide = any(s.offering.pick != "last" or s.offering.kind == "nice" for s in everyone)
    return float(game.u.shape[2] / (20 if wide else 1_000))


def plan_runs(
    draws: int, choices: Sequence[Sequence[Strategy | Own]], runs: int, seed: int, opener: int | None
) -> tuple[Array, Array, Array]:
    """What is drawn before the runs: (m, 2 + n) for the kernel, their streams, and (m, n) which choice each seat has."""
    numbers = np.arange(runs)
    plan = _plan(draws, choices, kernel.streams(seed ^ _SETUP, numbers), opener)
    offsets = np.cumsum([0, *(len(offered) for offered in choices)])[:-1]
    return plan, kernel.streams(seed, numbers), plan[:, 2:] - offsets


def play(setting: Setting, everyone: Sequence[Strategy | Own], plan: Array, states: Array) -> Array:
    """Holds negotiations in the cheapest way that there is: by tables, in plain Python, or compiled; as `kernel.play`."""
    game, turns = setting.game, len(plan) * len(setting.game.times)
    known = [strategy for strategy in everyone if isinstance(strategy, Strategy)]
    if len(known) < len(everyone):
        return _plainly(setting, everyone, plan, states)
    mind = minds(known, game.times, game.u.shape[2])
    if kernel.by_tables(mind) and (len(game.u) == 1 or turns < 100 * kernel.PLAIN_TURNS):
        return kernel.play_tables(game, mind, plan, states)
    first, back = _different(known, game, plan)
    plan, states, turns = plan[first], states[first], len(first) * len(game.times)
    if turns * (1 + _scanned(known, game)) <= kernel.PLAIN_TURNS:
        return _plainly(setting, everyone, plan, states)[back]
    return kernel.play(game, mind, plan, states)[0][back]


def _different(everyone: Sequence[Strategy], game: kernel.Game, plan: Array) -> tuple[Array, Array]:
    """Which negotiations are held, and which of these each run is: those without chance once for each pairing."""
    chance = np.array([s.chance for s in everyone])
    alone = chance[plan[:, 2:]].any(axis=1) | bool((game.risk > 0).any())
    labels = np.concatenate([np.where(alone, 1 + np.arange(len(plan)), 0)[:, None], plan], axis=1)
    labels = np.ascontiguousarray(labels).view(f"V{8 * labels.shape[1]}").reshape(-1)
    _, first, back = np.unique(labels, return_index=True, return_inverse=True)
    return first, back.reshape(-1)


def _plan(
    draws: int, choices: Sequence[Sequence[Strategy | Own]], states: Array, opener: int | None
) -> Array:
    """Draw, opener and strategies of each run, (m, 2 + n)."""
    n, m = len(choices), len(states)
    plan = np.empty((m, 2 + n), np.int64)
    plan[:, 0] = kernel.draw(states) * draws
    drawn = (kernel.draw(states) * n).astype(np.int64)
    plan[:, 1] = drawn if opener is None else opener
    offset = 0
    for i, offered in enumerate(choices):
        plan[:, 2 + i] = offset + (kernel.draw(states) * len(offered)).astype(np.int64)
        offset += len(offered)
    return plan


def _plainly(setting: Setting, everyone: Sequence[Strategy | Own], plan: Array, states: Array) -> Array:
    from detente.analysis.table.held import one

    out = np.empty((len(plan), 4), np.int64)
    books: dict[tuple[int, int], Listed] = {}
    for m, (row, state) in enumerate(zip(plan, states, strict=True)):
        talks = one(setting, [everyone[s] for s in row[2:]], int(row[1]), int(state), int(row[0]), books)
        out[m] = talks.end, -1 if talks.outcome is None else talks.outcome, talks.round, talks.by
    return out


def ratified(setting: Setting, ends: Ends) -> Ends:
    """The same, with deals that are worse than no deal for a party without a seat counted as refused."""
    for p in setting.ratifiers:
        deals = np.flatnonzero(ends.end == kernel.DEAL)
        draw, outcome = ends.draw[deals], ends.outcome[deals]
        worse = setting.utilities[draw, p, outcome] < setting.reservation[draw, p] - 1e-9
        ends.end[deals[worse]] = REFUSED
        ends.outcome[deals[worse]] = -1
    return ends


def payoffs(setting: Setting, ends: Ends) -> Array:
    """What each party has in the end, in its own utility, discounted where the case says so: (P, m)."""
    deal = ends.end == kernel.DEAL
    late = np.where(np.isin(ends.end, (kernel.DEADLINE, REFUSED)), setting.terms.rounds, ends.round)
    when = np.where(deal, ends.round, late)
    found = np.where(
        deal[None, :],
        setting.utilities[ends.draw, :, np.maximum(ends.outcome, 0)].T,
        setting.reservation[ends.draw].T,
    )
    return np.asarray(found * setting.weights[:, when])
