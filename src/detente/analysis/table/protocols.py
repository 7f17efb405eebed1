"""Other ways to talk than alternating offers: at once, by demands, over one text, and with foresight.

Each takes a setting and gives where every run ended, from the same streams as alternating offers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detente.analysis.table.game import Setting
from detente.analysis.table.held import plain
from detente.analysis.table.own import Own
from detente.analysis.table.parts import Strategy, minds
from detente.analysis.table.plain import Listed
from detente.analysis.table.runs import Ends, plan_runs, ratified
from detente.case.uncertain import mode
from detente.errors import CostError, NeedsError
from detente.kernels import table as kernel
from detente.space import SNAP
from detente.space.tables import Array

CELLS = 20_000_000
"""Comparisons of demands with outcomes that are made together."""
MOST_PLAIN = 2_000_000
"""Turns of simultaneous offers between strategies that answer each other, which are held in plain Python."""
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}


def _none(setting: Setting, draws: Array, openers: Array, strategies: Array) -> Ends:
    """Runs that have all ended at the deadline, to be filled in."""
    m = len(draws)
    last = setting.terms.rounds - 1
    return Ends(
        np.full(m, kernel.DEADLINE), np.full(m, -1), np.full(m, last), np.full(m, -1), draws, openers, strategies
    )  # fmt: skip


# at once --------------------------------------------------------------------------------------------


def simultaneous(setting: Setting, choices: Sequence[Sequence[Strategy | Own]], runs: int, seed: int) -> Ends:
    """All offer at once in each round; an offer that all others would take is the deal, one of several by lot.

    (For two parties the rule of Rosenschein and Zlotkin 1994, with each strategy's own acceptance.)
    """
    everyone: list[Strategy] = []
    for strategy in (one for offered in choices for one in offered):
        if isinstance(strategy, Own):
            raise NeedsError("strategies of your own play alternating offers")
        everyone.append(strategy)
    plan, states, chosen = plan_runs(len(setting.game.u), choices, runs, seed, None)
    ends = _none(setting, plan[:, 0], plan[:, 1], chosen)
    mind = minds(everyone, setting.game.times, setting.game.u.shape[2])
    if kernel.by_tables(mind):
        for d in np.unique(plan[:, 0]):
            here = np.flatnonzero(plan[:, 0] == d)
            drawn = states[here]
            tables = kernel.Tabulated(setting.game, mind, int(d), plan[here])
            _at_once(setting, tables, here, drawn, ends)
            states[here] = drawn
        return ratified(setting, ends)
    turns = runs * setting.terms.rounds * len(setting.seats)
    if turns > MOST_PLAIN:
        raise CostError("simultaneous offers between strategies that answer each other", f"{turns:,} turns", "fewer runs or rounds, or strategies that depend on time alone")  # fmt: skip
    books: dict[tuple[int, int], Listed] = {}
    for m in range(runs):
        _one_at_once(setting, everyone, plan[m], int(states[m]), (m, ends, books))
    return ratified(setting, ends)


def _at_once(setting: Setting, tables: kernel.Tabulated, runs: Array, states: Array, ends: Ends) -> None:
    n = len(setting.seats)
    going = np.arange(len(runs))
    if not tables.limit.all():
        ends.end[runs], ends.round[runs], ends.by[runs] = kernel.WALKED, 0, int(np.argmin(tables.limit > 0))
        return
    rows = [tables.row[i, tables.runs[:, 2 + i]] for i in range(n)]
    for r in range(setting.terms.rounds):
        offers = np.stack([tables.offers[i][rows[i][going], r] for i in range(n)])
        good = offers >= 0
        for j in range(n):
            ask = tables.asks[j][rows[j][going], r]
            for i in range(n):
                if i != j:
                    good[i] &= tables.u[j][np.maximum(offers[i], 0)] >= ask
        count = good.sum(axis=0)
        drawn = states[going]
        lot = (kernel.draw(drawn) * np.maximum(count, 1)).astype(np.int64)
        risk = setting.game.risk[r]
        fell = (kernel.draw(drawn) < risk) & (count == 0) if risk > 0 else np.zeros(len(going), dtype=bool)
        states[going] = drawn
        who = np.argmax(np.cumsum(good, axis=0) > lot, axis=0)
        won = np.flatnonzero(count > 0)
        _deal(ends, runs[going[won]], offers[who[won], won], r, who[won])
        broken = runs[going[fell]]
        ends.end[broken], ends.round[broken] = kernel.BROKEN, r
        going = going[(count == 0) & ~fell]
        if not len(going):
            return


def _deal(ends: Ends, runs: Array, outcomes: Array, round: int, who: Array) -> None:
    ends.end[runs], ends.outcome[runs], ends.round[runs], ends.by[runs] = kernel.DEAL, outcomes, round, who


def _one_at_once(setting: Setting, everyone: Sequence[Strategy], plan: Array, state: int, kept: tuple[int, Ends, dict[tuple[int, int], Listed]]) -> None:  # fmt: skip
    uniform, n = kernel.Stream(state), len(setting.seats)
    run, ends, books = kept
    seats = [plain(setting, everyone[plan[2 + i]], i, uniform, int(plan[0]), books) for i in range(n)]
    for r in range(setting.terms.rounds):
        offers = [seat.plan(r) for seat in seats]
        left = [i for i, offer in enumerate(offers) if offer is None]
        if left:
            ends.end[run], ends.round[run], ends.by[run] = kernel.WALKED, r, left[0]
            return
        for i, offer in enumerate(offers):
            seats[i].proposed(offer)
            for j, other in enumerate(seats):
                if j != i:
                    other.hears(r, offer, i)
        good = [i for i in range(n) if all(seats[j].accepts(r, offers[i]) for j in range(n) if j != i)]
        lot = int(uniform() * max(len(good), 1))
        if good:
            _deal(ends, np.array([run]), np.array([offers[good[lot]]]), r, np.array([good[lot]]))
            return
        if setting.game.risk[r] > 0 and uniform() < setting.game.risk[r]:
            ends.end[run], ends.round[run] = kernel.BROKEN, r
            return


# demands --------------------------------------------------------------------------------------------


def demands(setting: Setting, shares: Sequence[float | None], runs: int, seed: int) -> Ends:
    """The demand game (Nash 1953): all name a utility once and together; if some outcome gives all theirs, it is held.

    ``shares`` of what each seat could gain over no deal; None: drawn evenly between 0 and 1 in each run. Of several
    outcomes that meet all demands, the one with the largest product of gains, then the lowest-numbered.
    """
    n = len(setting.seats)
    plan, states, chosen = plan_runs(len(setting.game.u), [[Strategy("demand")]] * n, runs, seed, None)
    ends = _none(setting, plan[:, 0], plan[:, 1], chosen)
    asked = np.stack([kernel.draw(states) if share is None else np.full(runs, share) for share in shares])
    game = setting.game
    for d in np.unique(plan[:, 0]):
        here = np.flatnonzero(plan[:, 0] == d)
        u, low = game.u[d], setting.reservation[d, list(setting.seats)]
        gain = u - low[:, None]
        order = np.argsort(-np.prod(np.maximum(gain, 0.0), axis=0), kind="stable")
        want = low[:, None] + asked[:, here] * np.maximum(game.high[d] - low, 0.0)[:, None]
        reachable = game.high[d] >= low - SNAP
        for part in np.array_split(here, max(1, len(here) * u.shape[1] // CELLS + 1)):
            at = np.searchsorted(here, part)
            fits = np.ones((len(part), u.shape[1]), dtype=bool)
            for i in range(n):
                fits &= u[i][None, order] >= want[i, at][:, None] - SNAP
            won = fits.any(axis=1) & bool(reachable.all())
            _deal(ends, part[won], order[fits[won].argmax(axis=1)], 0, np.full(int(won.sum()), -1))
    return ratified(setting, ends)


# one text -------------------------------------------------------------------------------------------


def single_text(setting: Setting, heat: float, runs: int, seed: int) -> Ends:
    """A mediator's single negotiating text (Fisher 1978; Klein et al. 2003): a change that all vote for is made.

    The text begins as the status quo (where that is impossible, as the first possible outcome). In each round the
    mediator proposes another text, drawn near it (`_drawn_change`); a party votes for what is no worse for it and, while time
    is left, for what is worse with a chance of exp(-loss / (heat x its span x (1 - t))). In the end the text is a deal
    if it is no worse than no deal for everyone and better for someone; its round is that of its last change.
    """
    n = len(setting.seats)
    plan, states, chosen = plan_runs(len(setting.game.u), [[Strategy("votes")]] * n, runs, seed, None)
    ends = _none(setting, plan[:, 0], plan[:, 1], chosen)
    game, space = setting.game, setting.space
    place = np.full(space.size, -1, dtype=np.int64)
    place[setting.numbers] = np.arange(len(setting.numbers))
    strides, sizes = np.array(space.strides, dtype=np.int64), game.sizes.astype(np.int64)
    start = max(int(place[space.number(space.start)]), 0)
    text, changed = np.full(runs, start), np.zeros(runs, np.int64)
    draws, last = plan[:, 0], setting.terms.rounds
    going = np.ones(runs, dtype=bool)
    for r in range(last):
        new = place[setting.numbers[text] + _drawn_change(states, game.levels[text], sizes, strides)]
        votes = (new >= 0) & going
        for i in range(n):
            gain = game.u[draws, i, np.maximum(new, 0)] - game.u[draws, i, text]
            span = (game.high - game.least)[draws, i]
            cool = heat * span * (1.0 - game.times[r])
            chance = np.where(cool > 0, np.exp(np.minimum(gain, 0.0) / np.where(cool > 0, cool, 1.0)), 0.0)
            lot = kernel.draw(states)
            votes &= (gain >= 0) | (lot < chance)
        changed[votes & (new != text)] = r
        text = np.where(votes, new, text)
        if game.risk[r] > 0:
            fell = going & (kernel.draw(states) < game.risk[r])
            ends.end[fell], ends.round[fell] = kernel.BROKEN, r
            going &= ~fell
    gains = game.u[draws, :, text] - setting.reservation[draws][:, list(setting.seats)]
    won = going & (gains >= -SNAP).all(axis=1) & (gains > SNAP).any(axis=1)
    runs_won = np.flatnonzero(won)
    ends.end[won], ends.outcome[won], ends.round[runs_won] = kernel.DEAL, text[won], changed[won]
    return ratified(setting, ends)


def _drawn_change(states: Array, levels: Array, sizes: Array, strides: Array) -> Array:
    """What a mediator's next proposal adds to the text's outcome number: (m,).

    One issue is drawn, and changed to another of its levels; each of the others is too, with a chance of one over their
    number: two issues on average, so that losses on one can be made good on another.
    """
    count, rows = len(sizes), np.arange(len(levels))
    issue = (kernel.draw(states) * count).astype(np.int64)
    total = np.zeros(len(levels), np.int64)
    for q in range(count):
        also = kernel.draw(states) * max(count - 1, 1) < 1.0
        step = 1 + (kernel.draw(states) * max(sizes[q] - 1, 1)).astype(np.int64)
        level = (levels[rows, q] + step) % sizes[q]
        total += np.where(also | (issue == q), (level - levels[:, q]) * strides[q], 0)
    return total


# with foresight -------------------------------------------------------------------------------------


def rubinstein(first: float, second: float, rounds: int | None = None) -> float:
    """The first proposer's share of a pie, offers alternating, when both look ahead (Rubinstein 1982).

    ``first`` and ``second`` are what 1 a round later is worth to each now. Without ``rounds`` for ever:
    (1 - second) / (1 - first second); else with a last proposer whose offer is final.
    """
    if not (0 <= first <= 1 and 0 <= second <= 1) or (rounds is None and first * second >= 1):
        raise NeedsError("discount factors lie between 0 and 1, and not both at 1 for talks without an end")
    if rounds is None:
        return (1.0 - second) / (1.0 - first * second)
    if rounds < 1:
        raise NeedsError("rounds is a count from 1")
    share, factors = 1.0, (first, second)
    for r in range(rounds - 2, -1, -1):
        share = 1.0 - factors[1 - r % 2] * share
    return share


@dataclass(frozen=True)
class Foreseen:
    """What follows from foresight for one opener: outcome (-1: none), round, proposer; gains of the two seats."""

    outcome: int
    round: int
    by: int


def factors(setting: Setting) -> tuple[float, float]:
    """What a gain a round later is worth now to each seat: its discount per round, else its patience over a period."""
    case, found = setting.space.case, []
    period = case.time.period
    days = DAYS[period] if isinstance(period, str) else float(period)
    for name in setting.names:
        stated = case.discount.get(name)
        if stated is None:
            found.append(mode(case.patience_of(name)) ** (days / DAYS["year"]))
        else:
            rounds = setting.terms.rounds if stated.per == "negotiation" else 1
            found.append(mode(stated.factor) ** (1 / rounds))
    return found[0], found[1]


def foresight(setting: Setting, draw: int, opener: int, delta: tuple[float, float]) -> Foreseen:
    """Alternating offers, one a round, between two parties that know each other and look ahead to the last round.

    By backward induction on gains over no deal: the other takes what is worth to it at least what waiting is; whoever
    proposes chooses its best such outcome (then the other's best, then the lowest number), or waits if that is better.
    """
    u, low = setting.game.u[draw], setting.reservation[draw, list(setting.seats)]
    gain = u - low[:, None]
    wait, found = np.zeros(2), Foreseen(-1, setting.terms.rounds - 1, -1)
    for r in range(setting.terms.rounds - 1, -1, -1):
        me = (opener + r) % 2
        other = 1 - me
        later = np.array(delta) * wait
        good = np.flatnonzero((gain[other] >= later[other] - SNAP) & (gain[me] >= later[me] - SNAP))
        if not len(good):
            wait = later
            continue
        best = good[np.lexsort((good, -gain[other, good], -gain[me, good]))[0]]
        wait, found = gain[:, best].copy(), Foreseen(int(best), r, me)
    return found


def foreseen(setting: Setting, runs: int, seed: int, opener: int | None) -> Ends:
    """`foresight` for each run's opener and draw."""
    if len(setting.seats) != 2:
        raise NeedsError(
            f"alternating offers with foresight are between two parties; here are {len(setting.seats)}"
        )
    plan, _, chosen = plan_runs(len(setting.game.u), [[Strategy("foresight")]] * 2, runs, seed, opener)
    ends = _none(setting, plan[:, 0], plan[:, 1], chosen)
    delta = factors(setting)
    for d, first in {(int(d), int(o)) for d, o in plan[:, :2]}:
        here = np.flatnonzero((plan[:, 0] == d) & (plan[:, 1] == first))
        found = foresight(setting, d, first, delta)
        if found.outcome >= 0:
            _deal(ends, here, np.full(len(here), found.outcome), found.round, np.full(len(here), found.by))
    return ratified(setting, ends)


__all__ = ["demands", "foreseen", "rubinstein", "simultaneous", "single_text"]
