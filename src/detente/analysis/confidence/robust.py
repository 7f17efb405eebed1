"""A choice that does well whatever turns out: shares, max-min, minimax regret; and what to find out first.

An outcome holds in a draw where it is a deal: acceptable to all and better for one. Outcomes that are no deal in any draw
(the status quo as no deal, above all) are no choice. The worth of an outcome in a draw is the smallest gain over no deal of any party, as a share of the party's own range
of utilities in that draw: it compares parties' scales, and results say so. Regret is how much less than the best
outcome of that draw it is worth. The value of finding out an input: by how much the share of draws in which the chosen
outcome (or roadmap) holds could rise if it were chosen knowing the input (EVPPI, in shares of the assumed cases).

Sources: Savage (1951), Journal of the American Statistical Association 46; Kouvelis and Yu (1997); Raiffa and
Schlaifer (1961).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.ask_agreement import LISTED, AskAgreement, listed_utilities, no_deal_values
from detente.analysis.confidence.drivers import classes
from detente.analysis.confidence.inputs import Input
from detente.analysis.confidence.run import Counts
from detente.analysis.confidence.tables import drawn_space
from detente.analysis.confidence.worlds import outcome_text

Array = NDArray[Any]
MOST_CELLS = 100_000_000
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Choice:
    """One rule's choice: ``value`` is a share, or a worth or regret as a share of the worst-off party's range."""

    rule: str
    choice: str
    value: float
    interpersonal: bool


@dataclass(frozen=True)
class Worth:
    """What finding out an input is worth: by how much the share in which the best choice holds could rise."""

    input: str
    gain: float


@dataclass(frozen=True)
class Robust:
    """Choices by rule, and inputs in the order in which to ask about them."""

    choices: tuple[Choice, ...]
    ask: tuple[Worth, ...]
    best_share: float | None


def robust(counts: Counts, u: Array) -> Robust | None:
    """The robust choices of an agreement or a roadmap; None where there is nothing to choose from."""
    if isinstance(counts.question, AskAgreement):
        return _outcomes(counts, u, counts.question)
    holds = [name for name in counts.question.yes if name.startswith("holds:")]
    if not holds:
        return None
    table = np.stack([counts.truth(name) for name in holds], axis=1)
    share = table.mean(axis=0)
    best = int(share.argmax())
    choices = (Choice("highest share", holds[best].removeprefix("holds:"), float(share[best]), False),)
    return Robust(choices, _ask(counts.plan.inputs, u, table), float(share[best]))


def _outcomes(counts: Counts, u: Array, question: AskAgreement) -> Robust | None:
    """Over all outcomes of a space that is the same in every world, and small enough to list."""
    spaces = [world.space for world in counts.plan.worlds]
    first = spaces[0]
    assert first is not None
    same = all(
        s is not None and s.level_names == first.level_names and s.parties == first.parties for s in spaces
    )
    if not same or first.size > LISTED or first.size * counts.draws > MOST_CELLS:
        return None
    accepted = np.zeros((counts.draws, first.size), dtype=bool)
    least, regret = np.full(first.size, np.inf), np.full(first.size, -np.inf)
    raw, start = counts.uniform(), 0
    for size in counts.sizes:
        here = np.arange(start, start + int(size))
        start += int(size)
        for w in np.unique(counts.world[here]):
            rows = here[counts.world[here] == w]
            worth, good = _worths(counts, question, int(w), raw[rows])
            accepted[rows] = good.T
            least = np.minimum(least, worth.min(axis=1))
            with np.errstate(invalid="ignore"):
                gap = worth.max(axis=0) - worth
            regret = np.maximum(regret, np.where(np.isnan(gap), np.inf, gap).max(axis=1))
    share = accepted.mean(axis=0)
    possible = np.isfinite(least) & (share > 0)
    if not possible.any():
        return None
    picks = [
        ("highest share", int(share.argmax()), share, False),
        ("max-min", int(np.where(possible, least, -np.inf).argmax()), least, first.n_parties > 1),
        ("minimax regret", int(np.where(possible, regret, np.inf).argmin()), regret, first.n_parties > 1),
    ]
    choices = tuple(
        Choice(rule, outcome_text(first, first.levels(s)), float(v[s]), cross) for rule, s, v, cross in picks
    )
    return Robust(choices, _ask(counts.plan.inputs, u, accepted), float(share.max()))


def _worths(counts: Counts, question: AskAgreement, w: int, u: Array) -> tuple[Array, Array]:
    """Worth of every outcome in some draws of one world, (S, n), and which are acceptable."""
    world = counts.plan.worlds[w]
    values, count = world.values(u), len(u)
    space = drawn_space(world, values, count)
    utilities = listed_utilities(world, space, values, count)
    floor = no_deal_values(world, space, question.no_deal, values, count)
    possible = space.feasible()
    some = utilities[:, possible]
    span = np.ptp(some, axis=1) if possible.any() else np.ones(floor.shape)
    gains = utilities - floor[:, None, :]
    worth = (gains / np.where(span > 0, span, 1.0)[:, None, :]).min(axis=0)
    worth[~possible] = -np.inf
    good = (gains >= -TOLERANCE).all(axis=0) & (gains > TOLERANCE).any(axis=0) & possible[:, None]
    return worth, good


def _ask(inputs: Sequence[Input], u: Array, accepted: Array) -> tuple[Worth, ...]:
    """The value of finding out each input, the largest first; ``accepted`` bool (n, choices).

    The choices are made on one half of the draws and valued on the other, so that chance is not taken for knowledge.
    """
    n = len(accepted)
    half = np.arange(n) % 2 == 0
    best = int(accepted[half].mean(axis=0).argmax())
    found = []
    for column, item in enumerate(inputs):
        place, count = classes(item, u[:, column])
        gain = 0.0
        for b in range(count):
            here = place == b
            learn, test = here & half, here & ~half
            if learn.any() and test.any():
                chosen = int(accepted[learn].mean(axis=0).argmax())
                gain += float((accepted[test, chosen].astype(float) - accepted[test, best]).sum())
        found.append(Worth(item.name, max(0.0, gain / max(int((~half).sum()), 1))))
    return tuple(sorted(found, key=lambda worth: -worth.gain))
