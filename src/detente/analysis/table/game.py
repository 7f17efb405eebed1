"""A case at the table: who sits there, on what terms, and every party's list of outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detente.case import Case
from detente.case.uncertain import Number, mode
from detente.errors import CostError, NeedsError
from detente.kernels import table as kernel
from detente.space import SNAP, NoDealName, Space, snap
from detente.space.tables import Array

LARGEST_LISTED = 2_000_000
"""Outcomes (times draws) that are listed for the compiled loops."""


@dataclass(frozen=True, eq=False)
class Terms:
    """How talks go: rounds, and the chance that they break down at the end of each; what no deal means.

    ``risk`` (rounds,). ``open_clock``: time t of round r is (r + 1)/(rounds + 1), as NegMAS counts, and not
    r/(rounds - 1), which is 0 in the first round and 1 in the last (a lone round is the last).
    """

    rounds: int
    risk: Array
    no_deal: NoDealName = "now"
    open_clock: bool = False

    @property
    def times(self) -> Array:
        """The time of each round."""
        return clock(self.rounds, self.open_clock)


def clock(rounds: int, open_clock: bool = False) -> Array:
    """The time of each round, 0..1."""
    r = np.arange(rounds)
    if open_clock:
        return np.asarray((r + 1) / (rounds + 1))
    return np.asarray(r / (rounds - 1)) if rounds > 1 else np.ones(1)


@dataclass(frozen=True, eq=False)
class Setting:
    """A case laid out for the table.

    ``seats``: rows of the parties that sit there among ``space.parties``; ``ratifiers``: rows of the others,
    who must agree to a deal afterwards. ``numbers`` (N,): the outcome number of each outcome of the game. ``utilities`` (D, P, N) and
    ``reservation`` (D, P) of all parties with preferences. ``weights`` (P, rounds + 1): what a unit of utility in
    each round is worth today, the last for no deal at the deadline.
    """

    space: Space
    seats: tuple[int, ...]
    ratifiers: tuple[int, ...]
    numbers: Array
    utilities: Array
    reservation: Array
    weights: Array
    game: kernel.Game
    terms: Terms
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parties at the table."""
        return tuple(self.space.parties[p] for p in self.seats)


def seats_of(space: Space) -> tuple[tuple[int, ...], tuple[int, ...], list[str]]:
    """Who sits at the table, who must ratify, and what should be said about it."""
    case, notes = space.case, []
    if not space.parties:
        raise NeedsError(f"the table needs preferences, and no party of '{case.id}' has any")
    roles = [set(case.parties[party].roles) for party in space.parties]
    seats = tuple(p for p, held in enumerate(roles) if "negotiator" in held)
    if not seats:
        notes.append("no party is a negotiator: all that have preferences sit at the table")
        seats = tuple(range(space.n_parties))
    silent = [
        case.label(name)
        for name, party in case.parties.items()
        if "negotiator" in party.roles and name not in space.parties
    ]
    if silent:
        notes.append(f"{', '.join(silent)} has no preferences and does not sit at the table")
    ratifiers = tuple(p for p in range(space.n_parties) if p not in seats)
    if len(seats) > kernel.MOST_PARTIES:
        raise CostError(
            "a table of very many parties", f"{len(seats)} parties", f"up to {kernel.MOST_PARTIES}"
        )
    if ratifiers:
        away = ", ".join(case.label(space.parties[p]) for p in ratifiers)
        notes.append(
            f"{away} has preferences but no seat: it does not bargain, and must agree to a deal afterwards"
        )
    if len(seats) == 1:
        notes.append(
            f"{case.label(space.parties[seats[0]])} sits at the table alone, and takes its best outcome"
        )
    ordinal = [space.parties[p] for p in seats if space.ordinal[p] is not None]
    if ordinal:
        notes.append(f"{', '.join(ordinal)} only ranks outcomes: concessions are counted in ranks")
    return seats, ratifiers, notes


def setting(
    space: Space, terms: Terms, draws: Sequence[tuple[Space, Callable[[Number], float]]] = ()
) -> Setting:
    """Lays out a case, or draws of its numbers, for the table.

    Raises `NeedsError` where nobody has preferences or nothing is possible, `CostError` where the outcomes are too
    many to list (`LARGEST_LISTED`, times the draws).
    """
    seats, ratifiers, notes = seats_of(space)
    spaces = list(draws) or [(space, mode)]
    if space.size * len(spaces) > LARGEST_LISTED:
        raise CostError(
            "listing the outcomes for many negotiations",
            f"{space.size:,} outcomes" + (f" in {len(spaces):,} draws" if draws else ""),
            "alternating offers without draws, which need not list them",
        )
    possible = np.flatnonzero(space.feasible())
    if not len(possible):
        raise NeedsError("no outcome is possible, so there is nothing to negotiate about")
    utilities = np.array([snapped(s.utilities()[:, possible]) for s, _ in spaces])
    found = [s.reservation(terms.no_deal, read) for s, read in spaces]
    reservation = np.array([values for values, _ in found])
    notes += found[0][1] + no_deal_notes(space.case, terms)
    weights, discounted = discounts(space, terms.rounds)
    if discounted and utilities.min() < 0:
        notes.append("utilities below 0 are discounted as well: a loss shrinks with delay")
    levels = np.stack(np.unravel_index(possible, space.sizes), axis=1).astype(np.int32)
    game = arrays(utilities[:, seats], reservation[:, seats], levels, np.array(space.sizes), terms)
    return Setting(space, seats, ratifiers, possible, utilities, reservation, weights, game, terms, tuple(notes))  # fmt: skip


def snapped(utilities: Array) -> Array:
    """Utilities as multiples of `SNAP`, so that equal ones are equal."""
    return np.asarray(snap(utilities) * SNAP)


def arrays(utilities: Array, reservation: Array, levels: Array, sizes: Array, terms: Terms) -> kernel.Game:
    """The kernel's game: utilities (D, n, N), reservation values (D, n), levels (N, I)."""
    rational = utilities >= reservation[:, :, None] - SNAP
    numbers = np.broadcast_to(np.arange(utilities.shape[2]), utilities.shape)
    order = np.lexsort((numbers, -utilities, ~rational), axis=2).astype(np.int32)
    us = np.take_along_axis(utilities, order.astype(np.int64), axis=2)
    limit = rational.sum(axis=2)
    least = utilities.min(axis=2)
    low = np.maximum(snapped(reservation), least)
    high = np.maximum(us[:, :, 0], low)
    times, risk = terms.times, np.asarray(terms.risk, dtype=float)
    return kernel.Game(utilities, order, us, limit, low, high, least, levels, sizes, times, risk)


def discounts(space: Space, rounds: int) -> tuple[Array, bool]:
    """What a unit in each round, and after the last, is worth today to each party; and whether any discounts."""
    weights = np.ones((space.n_parties, rounds + 1))
    steps = np.arange(rounds + 1)
    for name, discount in space.case.discount.items():
        if name in space.parties:
            factor = mode(discount.factor)
            power = steps if discount.per == "round" else steps / rounds
            weights[space.parties.index(name)] = factor**power
    return weights, bool((weights != 1).any())


def no_deal_notes(case: Case, terms: Terms) -> list[str]:
    """What should be said about which no deal these talks end in."""
    if case.no_deal is None or case.no_deal.at_deadline is None or terms.no_deal == "deadline":
        return []
    return [
        "the case says what follows its deadline; these talks end in no deal as of now (no_deal='deadline')"
    ]
