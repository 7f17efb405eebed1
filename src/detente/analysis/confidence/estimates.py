"""Shares and means of draws with their Monte Carlo error, and when to stop.

Blocks of draws are independent, so their scatter shows the error of any design: the interval is Student's over blocks.
Where an answer is so rare (or so common) that blocks say little, or blocks are few, it is Clopper and Pearson's for
independent draws, which is safe: spreading draws evenly within a block cannot make a share worse than random draws
would by more than a factor n / (n - 1) in variance (Owen 1997, Annals of Statistics 25).

Sources: Clopper and Pearson (1934), Biometrika 26; McKay, Beckman and Conover (1979), Technometrics 21.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

Array = NDArray[Any]
LEVEL = 0.95
"""How often intervals cover what they estimate."""
FEWEST_BLOCKS = 10
FEWEST_CASES = 30
"""Draws on the rarer side from which the scatter between blocks is trusted."""


@dataclass(frozen=True)
class Share:
    """A share of draws, and the interval that its Monte Carlo error leaves. ``draws`` it rests on."""

    share: float
    low: float
    high: float
    draws: int

    @property
    def error(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def share_of(counts: Array, sizes: Array, spread: bool = True) -> Share:
    """A share from the draws that answer yes in each block. ``spread``: draws within a block are spread evenly."""
    total, yes = int(sizes.sum()), int(counts.sum())
    if total == 0:
        return Share(float("nan"), 0.0, 1.0, 0)
    share = yes / total
    low, high = exact_interval(yes, total)
    blocks = len(sizes)
    if spread and blocks >= FEWEST_BLOCKS and min(yes, total - yes) >= FEWEST_CASES:
        half = _half(counts / sizes, sizes)
        low, high = max(0.0, share - half), min(1.0, share + half)
    return Share(share, low, high, total)


def exact_interval(yes: int, total: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share."""
    tail = (1 - level) / 2
    low = 0.0 if yes == 0 else float(betaincinv(yes, total - yes + 1, tail))
    high = 1.0 if yes == total else float(betaincinv(yes + 1, total - yes, 1 - tail))
    return low, high


def _half(means: Array, sizes: Array) -> float:
    """Half of Student's interval for the weighted mean of block means."""
    weights = sizes / sizes.sum()
    centre = float(weights @ means)
    blocks = len(means)
    variance = float((weights**2 * (means - centre) ** 2).sum()) * blocks / (blocks - 1)
    return float(stdtrit(blocks - 1, (1 + LEVEL) / 2)) * float(np.sqrt(variance))


@dataclass(frozen=True)
class Spread:
    """A number over the draws that have it: mean with the interval of its Monte Carlo error, and quantiles."""

    mean: float
    low: float
    high: float
    p5: float
    p50: float
    p95: float
    draws: int


def spread_of(values: Array, block: Array) -> Spread | None:
    """A number over draws; ``block`` says which block each draw belongs to. None where no draw has it."""
    good = np.isfinite(values)
    if not good.any():
        return None
    values, block = values[good], block[good]
    names, place = np.unique(block, return_inverse=True)
    sizes = np.bincount(place)
    means = np.bincount(place, weights=values) / sizes
    mean = float(values.mean())
    half = _half(means, sizes) if len(names) > 1 else float("inf")
    p5, p50, p95 = (float(q) for q in np.quantile(values, [0.05, 0.5, 0.95]))
    return Spread(mean, mean - half, mean + half, p5, p50, p95, len(values))


def difference_of(first: Array, second: Array, sizes: Array) -> Share:
    """The difference of two shares over the same draws (second less first): counts in each block."""
    total = int(sizes.sum())
    change = float((second - first).sum() / total)
    if len(sizes) < 2:
        return Share(change, -1.0, 1.0, total)
    half = _half((second - first) / sizes, sizes)
    return Share(change, max(-1.0, change - half), min(1.0, change + half), total)
