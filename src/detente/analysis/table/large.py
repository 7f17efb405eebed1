"""Negotiations over more outcomes than can be listed, by alternating offers in plain Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detente.analysis.agreement.stages import MAX_OPTIONS, stages, widest
from detente.analysis.table.books import Sums
from detente.analysis.table.game import Setting, Terms, arrays, discounts, no_deal_notes, seats_of
from detente.analysis.table.own import Own
from detente.analysis.table.parts import Strategy, curve
from detente.analysis.table.plain import Plain, Talks, alternating
from detente.analysis.table.runs import Ends, plan_runs, ratified
from detente.errors import CostError, NeedsError
from detente.kernels.table import Stream
from detente.space import Space

MOST_TURNS = 5_000_000
"""Turns that are held in plain Python (about 20 microseconds each)."""


def hold_large(
    space: Space, terms: Terms, choices: Sequence[Sequence[Strategy | Own]], runs: int, seed: int, opener: int | None
) -> tuple[Setting, Ends, float]:  # fmt: skip
    """Holds negotiations without listing outcomes: a setting of the outcomes agreed on, the ends, and the bound.

    The bound says how far above its aim an offer lay at most. Runs between strategies that only look at the clock are
    held once for each pairing. Raises `CostError` where conditions tie too many issues together, or runs are too many.
    """
    books, notes = _books(space, terms)
    seats, _, _ = seats_of(space)
    plan, states, chosen = plan_runs(1, choices, runs, seed, opener)
    everyone = [strategy for offered in choices for strategy in offered]
    if any(isinstance(strategy, Own) for strategy in everyone):
        raise NeedsError(f"a strategy of your own is told every outcome, and here are {space.size:,}")
    known = [strategy for strategy in everyone if isinstance(strategy, Strategy)]
    once = all(s.timed for s in known) and not (np.asarray(terms.risk) > 0).any()
    held: dict[tuple[int, ...], Talks] = {}
    turns = runs * terms.rounds * len(seats)
    if not once and turns > MOST_TURNS:
        raise CostError("many negotiations over outcomes that cannot be listed", f"{turns:,} turns", "fewer runs or rounds")  # fmt: skip
    found = []
    for m, row in enumerate(plan.tolist()):
        key = tuple(row) if once else (m,)
        if key not in held:
            held[key] = _one(books, terms, [known[s] for s in row[2:]], row[1], int(states[m]), space.sizes)
        found.append(held[key])
    here, place = _agreed(space, terms, found, notes, books)
    ends = Ends(
        np.array([t.end for t in found]),
        np.array([-1 if t.outcome is None else place[t.outcome] for t in found]),
        np.array([t.round for t in found]),
        np.array([t.by for t in found]),
        plan[:, 0],
        plan[:, 1],
        chosen,
    )
    return here, ratified(here, ends), max(book.bound for book in books)


def _books(space: Space, terms: Terms) -> tuple[list[Sums], list[str]]:
    seats, _, notes = seats_of(space)
    if not space.cardinal:
        raise CostError(
            "ranking outcomes for the table", f"{space.size:,} outcomes", "give preferences as values"
        )
    if widest(space) > MAX_OPTIONS:
        raise CostError("the table, where conditions tie issues together", f"{widest(space):,} joint levels", "split the conditions")  # fmt: skip
    parts = stages(space)
    if not parts.possible:
        raise NeedsError("no outcome is possible, so there is nothing to negotiate about")
    reservation, more = space.reservation(terms.no_deal)
    notes += [*more, *no_deal_notes(space.case, terms)]
    notes.append(f"{space.size:,} outcomes are not listed: offers are found from sorted sums over issues")
    return [Sums(parts, p, float(reservation[p])) for p in seats], notes


def _one(
    books: Sequence[Sums], terms: Terms, strategies: Sequence[Strategy], opener: int, state: int, sizes: Sequence[int]
) -> Talks:  # fmt: skip
    uniform, times = Stream(state), terms.times
    seats = [
        Plain(
            strategy,
            book,
            times.tolist(),
            curve(strategy.offering, times, min(book.size, 10**9)).tolist(),
            sizes,
            len(books),
            uniform,
        )
        for strategy, book in zip(strategies, books, strict=True)
    ]
    return alternating(seats, np.asarray(terms.risk).tolist(), opener, uniform)


def _agreed(
    space: Space, terms: Terms, talks: Sequence[Talks], notes: Sequence[str], books: Sequence[Sums]
) -> tuple[Setting, dict[tuple[int, ...], int]]:
    """A setting that holds the outcomes agreed on (or the best of the first seat, where there are none)."""
    agreed = sorted({t.outcome for t in talks if t.outcome is not None}) or [books[0].above(books[0].high)]
    levels = np.array([books[0].levels(outcome) for outcome in agreed], dtype=np.int64)
    numbers = np.empty(len(agreed), dtype=object)
    numbers[:] = [space.number(row) for row in levels.tolist()]
    utilities = np.array([[space.utility(row) for row in levels.tolist()]]).transpose(0, 2, 1)
    reservation = space.reservation(terms.no_deal)[0][None, :]
    seats, others, _ = seats_of(space)
    weights, _ = discounts(space, terms.rounds)
    game = arrays(
        utilities[:, seats], reservation[:, seats], levels.astype(np.int32), np.array(space.sizes), terms
    )
    here = Setting(space, seats, others, numbers, utilities, reservation, weights, game, terms, tuple(notes))
    return here, {outcome: place for place, outcome in enumerate(agreed)}
