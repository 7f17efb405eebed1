"""Two parties whose interests are exactly opposed: every outcome is efficient, and is counted, not listed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRAIGHT = 1e-12  # distance from the common line, as a share of the widest step
GRID = 10**9  # utilities that are whole multiples of 1 / GRID are decimals
WIDEST = 200_000_000  # reachable grid sums that are kept as bits


def constant_sum(values: Sequence[Floats]) -> bool:
    """Whether all options of all stages (m_i, 2) lie on lines of one common negative slope.

    Then what one party gains by any change the other loses at a fixed rate, and no outcome dominates another.
    """
    if values[0].shape[1] != 2:
        return False
    steps = np.concatenate([stage - stage[0] for stage in values])
    longest = steps[np.abs(steps).sum(axis=1).argmax()]
    if not longest[0] * longest[1] < 0:
        return False
    area = np.abs(steps[:, 0] * longest[1] - steps[:, 1] * longest[0])
    return bool((area <= STRAIGHT * (longest**2).sum()).all())


def count_distinct_sums(values: Sequence[Floats]) -> int | None:
    """How many different sums the first coordinates of the stages make; None where that is out of reach.

    Values on a common decimal grid are added as sets of bits, exactly: O(options x reachable width / 64).
    """
    columns = [np.rint((stage[:, 0] - stage[:, 0].min()) * GRID) for stage in values]
    exact = all(
        np.abs(column / GRID - (stage[:, 0] - stage[:, 0].min())).max() < 1e-12
        for column, stage in zip(columns, values, strict=True)
    )
    whole = [[int(x) for x in column] for column in columns]
    unit = math.gcd(*(x for column in whole for x in column)) or 1
    if not exact or sum(max(column) for column in whole) // unit > WIDEST:
        return None
    reached = 1
    for column in whole:
        grown = 0
        for shift in {x // unit for x in column}:
            grown |= reached << shift
        reached = grown
    return reached.bit_count()
