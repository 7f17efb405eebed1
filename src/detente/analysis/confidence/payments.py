"""The least payments that make a deal: a mixed-integer program over the options of each group of issues.

For the outcome chosen by binaries x (one option of each stage), party p's gain is g_p(x). *Compensation* from outside
adds s_p >= 0 to each gain so that none is negative; the sum of s_p / range_p is least. A *side payment* moves money m_p
between parties (their sum is 0), worth m_p / per_point_p to each; the sum of what is received is least. Solved exactly by
HiGHS; further outcomes follow by excluding those found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.agreement.stages import Stages, stages
from detente.errors import CostError
from detente.space import Space

Array = NDArray[Any]
MOST_OPTIONS = 20_000
"""Options of all stages together that the program takes."""
EXTRA = 1e-6
"""What receivers get on top of what they need, as a share of their range, so that they gain."""
TIME_LIMIT = 10.0


@dataclass(frozen=True)
class Payment:
    """Payments at one outcome: ``amounts`` of utility by party (negative: pays), their ``cost`` in ``unit``."""

    kind: str
    levels: tuple[int, ...]
    amounts: Mapping[str, float]
    cost: float
    unit: str
    text: str
    interpersonal: bool


def payments(space: Space, floor: Array, scales: Mapping[str, float], most: int) -> list[Payment]:
    """The cheapest compensations, and side payments where all parties state a numeraire in one unit; each outcome once.

    Raises `CostError` where the outcomes are tied together too much for the program.
    """
    parts = stages(space)
    if not parts.possible:
        return []
    if sum(len(v) for v in parts.values) > MOST_OPTIONS:
        raise CostError(
            "the least payments", f"{sum(len(v) for v in parts.values):,} options", "fewer levels"
        )
    scale = np.array([scales[party] for party in space.parties])
    found = [_compensation(space, x, need, scale) for x, need in _solved(parts, floor, 1 / scale, None, most)]
    prices = _prices(space)
    if prices is not None:
        per_point, unit = prices
        for x, money in _solved(parts, floor, per_point, per_point, most):
            found.append(_side_payment(space, x, money, per_point, unit, scale))
    return [payment for payment in found if payment.amounts]


def _prices(space: Space) -> tuple[Array, str] | None:
    stated = []
    for party in space.parties:
        preference = space.case.preferences[party]
        kind = preference if preference.types is None else preference.types[space.types[party]]
        stated.append(kind.numeraire)
    if any(n is None for n in stated) or len({n.unit for n in stated if n is not None}) != 1:
        return None
    from detente.case.uncertain import mode

    prices = np.array([float(mode(n.per_point)) for n in stated if n is not None])
    return (prices, next(n.unit for n in stated if n is not None)) if (prices > 0).all() else None


def _solved(
    parts: Stages, floor: Array, price: Array, per_point: Array | None, most: int
) -> list[tuple[tuple[int, ...], Array]]:
    """The cheapest outcomes with what each party receives: utility, or money where ``per_point`` is given."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    sizes = [len(v) for v in parts.values]
    n, total = len(floor), sum(sizes)
    utilities = np.concatenate(parts.values).T
    columns = total + 2 * n  # binaries, received, paid
    cost = np.zeros(columns)
    cost[total : total + n] = price if per_point is None else 1.0
    one = np.zeros((len(sizes), columns))
    start = 0
    for row, size in enumerate(sizes):
        one[row, start : start + size] = 1.0
        start += size
    worth = np.ones(n) if per_point is None else 1 / per_point
    gain = np.hstack([utilities, np.diag(worth), -np.diag(worth)])
    rules = [LinearConstraint(one, 1, 1), LinearConstraint(gain, floor, np.inf)]
    upper = np.ones(columns)
    upper[total : total + n] = np.inf
    upper[total + n :] = 0.0 if per_point is None else np.inf
    if per_point is not None:
        balance = np.concatenate([np.zeros(total), np.ones(n), -np.ones(n)])
        rules.append(LinearConstraint(balance, 0, 0))
    kinds = np.concatenate([np.ones(total), np.zeros(2 * n)])
    found: list[tuple[tuple[int, ...], Array]] = []
    for _ in range(most):
        solved = milp(
            cost,
            integrality=kinds,
            bounds=Bounds(0, upper),
            constraints=rules,
            options={"time_limit": TIME_LIMIT},
        )
        if solved.x is None:
            break
        chosen = np.flatnonzero(solved.x[:total] > 0.5)
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        levels = tuple(map(int, parts.levels((chosen - offsets)[None, :])[0]))
        found.append((levels, solved.x[total : total + n] - solved.x[total + n :]))
        cut = np.zeros(columns)
        cut[chosen] = 1.0
        rules.append(LinearConstraint(cut, -np.inf, len(chosen) - 1))
    return found


def _compensation(space: Space, levels: tuple[int, ...], need: Array, scale: Array) -> Payment:
    short = np.flatnonzero(need > 1e-9)
    amounts = {space.parties[p]: float(need[p] + EXTRA * scale[p]) for p in short}
    cost = float(sum(amounts[space.parties[p]] / scale[p] for p in short))
    who = " and ".join(f"{party} {amount:.3g}" for party, amount in amounts.items())
    return Payment(
        "compensation", levels, amounts, cost, "share of the party's own range",
        f"compensate {who} (in points of its own utility) at {_where(space, levels)}", len(amounts) > 1,
    )  # fmt: skip


def _side_payment(
    space: Space, levels: tuple[int, ...], money: Array, per_point: Array, unit: str, scale: Array
) -> Payment:
    moved = {p: float(m) for p, m in enumerate(money) if abs(m) > 1e-9 * per_point[p]}
    amounts = {space.parties[p]: m / float(per_point[p]) for p, m in moved.items()}
    total = sum(m for m in moved.values() if m > 0)
    who = ", ".join(
        f"{space.parties[p]} {'receives' if m > 0 else 'pays'} {abs(m):.4g}" for p, m in moved.items()
    )
    return Payment(
        "side payment", levels, amounts, total, unit, f"{who} {unit} at {_where(space, levels)}", False
    )


def _where(space: Space, levels: tuple[int, ...]) -> str:
    from detente.analysis.confidence.worlds import outcome_text

    return outcome_text(space, levels)
