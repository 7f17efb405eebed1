"""Small spaces in one pass, against the front, and `choose`, of the same space by array expressions."""

from __future__ import annotations

import numpy as np
import pytest

from detente.kernels import search, small
from detente.kernels.front import front


def stages(random: np.random.Generator, decimals: int | None) -> tuple[list[np.ndarray], np.ndarray]:
    k = int(random.integers(1, 5))
    values = [random.random((int(random.integers(1, 5)), k)) for _ in range(int(random.integers(1, 6)))]
    if decimals is not None:
        values = [np.round(v, decimals) for v in values]
    if random.random() < 0.2:
        values[0] = np.zeros_like(values[0])
    total = sum(v.mean(axis=0) for v in values)
    return values, np.round(
        total * random.choice([0.0, 0.7, 1.0, 1.3, 9.0]), 2 if decimals is None else decimals
    )


def assess(values: list[np.ndarray], reservation: np.ndarray) -> small.Small:
    starts = np.cumsum([0, *(len(v) for v in values)])
    return small.assess(np.concatenate(values), starts, np.asarray(reservation, dtype=float))


@pytest.mark.parametrize("decimals", [None, 0, 1, 2])
def test_agrees_with_the_array_expressions(decimals: int | None) -> None:
    random = np.random.default_rng(7)
    for _ in range(150):
        values, reservation = stages(random, decimals)
        found = assess(values, reservation)
        wanted = front(values, method="enumerate")
        sizes = [len(v) for v in values]
        assert (found.points == wanted.points).all()
        assert (found.counts == wanted.counts).all()
        assert (np.stack(np.unravel_index(found.numbers, sizes), axis=1) == wanted.choices).all()
        good = [row for row in np.argsort(found.numbers) if (found.points[row] >= reservation - 1e-9).all()]
        if not good:
            assert (found.chosen == -1).all()
            continue
        gains = found.points[good] - reservation
        ideal = gains.max(axis=0)
        for place, (objective, scale) in enumerate(
            [("nash", None), ("maxmin", np.where(ideal > 1e-9, ideal, 0.0)), ("maxmin", None), ("sum", None)]
        ):
            assert found.chosen[place] == good[search.choose(gains, objective, scale=scale)]


def test_counts_and_levels_of_the_zone_by_listing() -> None:
    random = np.random.default_rng(8)
    for _ in range(150):
        values, reservation = stages(random, 1)
        found = assess(values, reservation)
        starts = np.cumsum([0, *(len(v) for v in values)])
        seen, count, gain = set(), 0, False
        for choice in np.ndindex(*(len(v) for v in values)):
            u = sum(v[c] for v, c in zip(values, choice, strict=True))
            if (u >= reservation - 1e-9).all():
                count += 1
                gain |= bool((u > reservation + 1e-9).any())
                seen |= {int(starts[i] + c) for i, c in enumerate(choice)}
        assert found.rational == count
        assert found.gains == gain
        assert set(np.flatnonzero(found.occurs).tolist()) == seen
