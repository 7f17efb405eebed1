"""Random games and strategies for the tests of the table."""

from __future__ import annotations

import numpy as np

from detente.analysis.table.game import Terms, arrays, snapped
from detente.analysis.table.parts import Acceptance, Offering, Strategy
from detente.analysis.table.strategies import strategies


def random_game(random, parties=None, most=40, rounds=None):
    """A small game with ties, impossible outcomes and reservation values that may rule everything out."""
    n = parties or int(random.integers(1, 5))
    sizes = random.integers(1, 5, size=int(random.integers(1, 5)))
    levels = np.stack(np.unravel_index(np.arange(sizes.prod()), sizes), axis=1).astype(np.int32)
    keep = random.random(len(levels)) < random.choice([0.5, 1.0])
    keep[random.integers(len(levels))] = True
    levels = levels[keep][:most]
    u = random.random((1, n, len(levels))) * 10
    if random.random() < 0.5:
        u = np.round(u / 2.5)
    if random.random() < 0.3:
        u -= 5
    reservation = np.quantile(u, random.choice([0, 0.2, 0.5]), axis=2) - random.choice([0, 1, -0.3, -20])
    reservation = np.where(random.random(reservation.shape) < 0.1, u.max(axis=2), reservation)
    rounds = rounds or int(random.integers(1, 25))
    risk = np.full(rounds, random.choice([0.0, 0.05, 0.3]))
    terms = Terms(rounds, risk, open_clock=bool(random.random() < 0.3))
    return arrays(snapped(u), reservation, levels, sizes, terms)


def random_strategy(random):
    """One of the named strategies, or a new mixture of parts."""
    named = list(strategies().values())
    if random.random() < 0.5:
        return named[random.integers(len(named))]
    kind = str(random.choice(["time", "relative", "absolute", "averaged", "naive", "nice", "hybrid", "random", "top", "steps"]))  # fmt: skip
    model = str(random.choice(["frequency", "hardheaded", "bayes"]))
    offering = Offering(
        kind,
        exponent=float(random.choice([0.2, 1, 3])),
        initial=float(random.choice([0, 0.3])),
        amount=float(random.choice([1, 2, 3])) if kind != "top" else 0.2,
        noise=float(random.choice([0, 0.1])),
        pick=str(random.choice(["last", "model", "alike", "any"])),
        width=float(random.choice([0, 0.05, 0.4])),
        anchor=str(random.choice(["last", "first", "best"])),
    )
    accept = str(random.choice(["next", "constant", "time", "combined", "any", "never", "previous", "best", "better"]))  # fmt: skip
    acceptance = Acceptance(
        accept,
        alpha=float(random.choice([1, 1.1])),
        beta=float(random.choice([0, 0.05])),
        level=float(random.choice([0.3, 0.8])),
        when=float(random.choice([0.5, 0.9])),
    )
    return Strategy("mixed", offering, acceptance, model, leave=random.choice([None, 0.6]))
