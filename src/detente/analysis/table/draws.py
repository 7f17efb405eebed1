"""Draws of a case's uncertain numbers, as spaces."""

from __future__ import annotations

from functools import partial

import numpy as np

from detente.case.uncertain import Number, Uncertain
from detente.space import Space, compile_case


def drawn_spaces(space: Space, draws: int, seed: int) -> list[Space]:
    """So many spaces, each with every uncertain number drawn from its distribution; none for 0 draws.

    Numbers are drawn one at a time, in the order of the file; stated correlations are not applied here.
    """
    return [
        compile_case(space.case, dict(space.types), partial(_draw, np.random.default_rng(stream)))
        for stream in np.random.SeedSequence(seed).spawn(draws)
    ]


def _draw(random: np.random.Generator, number: Number) -> float:
    if not isinstance(number, Uncertain):
        return float(number)
    args = number.args
    if number.kind == "range":
        return float(random.uniform(args[0], args[1]))
    if number.kind == "triangle":
        return float(random.triangular(args[0], args[1], args[2])) if args[0] < args[2] else float(args[1])
    if number.kind == "normal":
        return float(random.normal(args[0], args[1]))
    shares = np.cumsum(args[1::2])
    return float(
        args[0::2][
            min(int(np.searchsorted(shares, random.random() * shares[-1], side="right")), len(shares) - 1)
        ]
    )
