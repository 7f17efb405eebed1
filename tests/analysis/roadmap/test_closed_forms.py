"""Answers known in closed form: theory page, "What is known in closed form", each with its source there.

The dilemma's threshold is that of grim triggers (Friedman 1971); irreversible ladders follow Lockwood and Thomas (2002)
and Marx and Matthews (2000); chunks Sandholm and Lesser (1995); linked issues Bernheim and Whinston (1990); inspection
lags and detection as for repeated games with imperfect monitoring (Green and Porter 1984).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from detente.analysis.roadmap import evaluate, roadmap
from detente.case import from_data
from tests.analysis.roadmap.cases import (
    CHICKEN,
    DILEMMA,
    DONE,
    STAG,
    best_shares,
    ladder,
    matrix,
    trade,
)


def ask(case, to="top", **more):
    return roadmap(case, to, **{"gap": "raw", "remedies": False, "patience": False, **more})


def least(case, **more):
    return roadmap(case, DONE, remedies=False, **more).main.patience


@pytest.mark.parametrize("threat", ["markov", "revert", "minmax"])
@pytest.mark.parametrize("order", ["any", "at-once"])
def test_the_dilemma_holds_from_one_half_on(threat, order):
    known = least(matrix(DILEMMA), threat=threat, order=order)
    assert known.least == pytest.approx(0.5, abs=1e-9)
    assert known.intervals == ((pytest.approx(0.5, abs=1e-9), 1.0),)


def test_the_gap_of_an_impatient_dilemma():
    result = ask(matrix(DILEMMA, 0.4), DONE)
    assert result.exists is False
    assert result.main.answer.least_gap == pytest.approx(0.6 * 5 + 0.4 * 1 - 3)


@pytest.mark.parametrize(
    ("watch", "expected"),
    [
        ({"lag": 2}, 0.5 ** (1 / 3)),
        ({"detection": 0.5}, 2 / (2 + 0.5 * 2)),
        ({"detection": 0.1}, 2 / (2 + 0.1 * 2)),
    ],
)
def test_lag_and_detection_raise_the_patience_needed(watch, expected):
    known = least(matrix(DILEMMA, verification=watch), order="at-once", threat="revert")
    assert known.least == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("threat", ["revert", "minmax"])
def test_chicken_holds_from_one_half_on(threat):
    assert least(matrix(CHICKEN), order="at-once", threat=threat).least == pytest.approx(0.5, abs=1e-9)


def test_reverting_is_credible_in_chicken():
    assert ask(matrix(CHICKEN, 0.8), DONE, threat="revert").main.credible


def test_a_stag_hunt_without_return_holds_at_any_patience():
    known = least(matrix(STAG, final=True))
    assert known.least == 0
    assert known.intervals == ((0.0, 1.0),)
    assert known.unbounded


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("delta", [0.4, 0.9])
def test_equal_irreversible_steps_need_a_trust_of_cost_over_steps(n, delta):
    result = ask(ladder([(j + 1) / n for j in range(n)], delta))
    assert result.exists is False
    assert result.main.answer.least_gap == pytest.approx(1 / n, abs=1e-9)
    assert [r.kind for r in result.reasons] == ["ladder"]


def test_a_finite_irreversible_ladder_never_holds():
    known = roadmap(ladder([0.5, 1.0]), "top", remedies=False).main.patience
    assert known.least is None
    assert known.intervals == ()


@pytest.mark.parametrize(
    ("n", "delta", "expected"),
    [(1, 0.9, 1), (2, 0.9, 0.344828), (4, 0.9, 0.077785), (8, 0.9, 0.006555), (4, 1, 1 / 15)],
)
def test_the_best_steps_of_an_irreversible_ladder(n, delta, expected):
    done, trust = best_shares(n, delta)
    assert trust == pytest.approx(expected, abs=1e-6)
    result = ask(ladder(done, delta), threat="stop")
    assert result.main.answer.least_gap == pytest.approx(expected, abs=1e-6)


def test_alternating_single_steps_need_a_little_more():
    """n own moves each, patient: (b - a) / ((b / a)^(2n - 1) - 1); the first and last moves are the halves of one."""
    n, trust = 2, 1 / (2**3 - 1)
    remaining = [
        trust * (2**k - 1) for k in range(2 * n)
    ]  # after the last, second last, ... move of either side
    x, y = [1 - remaining[2], 1.0], [1 - remaining[1], 1.0]
    result = ask(ladder(x, 1, other=y), order="single", threat="stop")
    assert result.main.answer.least_gap == pytest.approx(trust, abs=1e-6)


def test_an_endless_ladder_shrinks_by_a_constant_ratio():
    """delta .8: each step .625 of the one before, .375 first; .904633 after five. Cut off, only its last step tempts."""
    r, n = 1 / (0.8 * 2), 9
    done = [1 - r ** (j + 1) for j in range(n)]
    assert done[0] == pytest.approx(0.375)
    assert done[4] == pytest.approx(0.904633, abs=1e-6)
    path = [{"x": f"s{j}", "y": f"s{j}"} for j in range(n + 1)]
    gap = evaluate(ladder(done, 0.8), path, threat="stop").gap
    last = done[-1] - done[-2]
    for side in gap:
        assert side[:n] == pytest.approx([last * 0.8 ** (n - 1 - t) for t in range(n)])
    impatient = evaluate(ladder(done, 0.45), path, threat="stop").gap
    assert (impatient[:, 0] > 0.2).all()


@pytest.mark.parametrize(("goods", "trust"), [([0, 1 / 3, 2 / 3, 1], 1 / 6), ([0, 4 / 7, 6 / 7, 1], 1 / 14)])
def test_goods_for_money_in_three_chunks(goods, trust):
    case = trade(goods, [trust * j for j in range(round(1.5 / trust) + 1)])
    result = ask(case, "all", order="single", threat="stop")
    assert result.main.answer.least_gap == pytest.approx(trust, abs=1e-6)


def test_a_centipede_unravels():
    """Six single moves in turn, each costing its author 1: none holds, at any patience; the patient gap is 1."""
    turn = {
        "x": {f"s{j}": {"when": f"y >= s{j - 1}", "timing": "before"} for j in (2, 3)},
        "y": {f"s{j}": {"when": f"x >= s{j}", "timing": "before"} for j in (1, 2, 3)},
    }
    data = ladder([1.0, 2.0, 3.0], 1).to_data()
    for issue, needs in turn.items():
        data["issues"][issue]["requires"] = needs
    result = roadmap(from_data(data), "top", order="single", gap="raw", remedies=False)
    assert result.main.answer.least_gap == pytest.approx(1, abs=1e-6)
    assert result.main.answer.fewest_steps is None
    assert len(result.main.answer.shown.states) == 7
    assert result.main.patience.least is None


def test_linked_issues_pool_their_slack():
    """Two dilemmas, (T-R)/(T-P) = .5 and .75 apart, (2 + 3) / (4 + 4) together."""
    cells = [DILEMMA, {"T": 6, "R": 3, "P": 2, "S": 0}]
    tables = {p: np.zeros((2, 2, 2, 2)) for p in "AB"}
    for a1, b1, a2, b2 in itertools.product(range(2), repeat=4):
        for (a, b), c in zip(((a1, b1), (a2, b2)), cells, strict=True):
            key = ("P", "T", "S", "R")
            tables["A"][a1, b1, a2, b2] += c[key[2 * a + b]]
            tables["B"][a1, b1, a2, b2] += c[key[2 * b + a]]
    owners = dict(zip(("a1", "b1", "a2", "b2"), "ABAB", strict=True))
    case = from_data({
        "detente": 1, "id": "linked", "title": "Two dilemmas",
        "parties": {"A": {"patience": 0.9}, "B": {"patience": 0.9}},
        "issues": {k: {"by": p, "levels": ["no", "yes"]} for k, p in owners.items()},
        "status_quo": dict.fromkeys(owners, "no"),
        "preferences": {p: {"table": t.ravel().tolist()} for p, t in tables.items()},
    })  # fmt: skip
    to = ",".join(f"{k}=yes" for k in owners)
    known = roadmap(case, to, order="at-once", threat="revert", remedies=False).main.patience
    assert known.least == pytest.approx(5 / 8, abs=1e-9)


@pytest.mark.parametrize(("months", "steps", "expected"), [(3, 4, 0.0763), (4, 3, 0.158)])
def test_a_year_of_longer_steps_needs_more_trust(months, steps, expected):
    done, _ = best_shares(steps, 0.97**months)
    case = ladder(done, 0.97**12, time={"period": 365.25 * months / 12, "periods": steps})
    asked = ladder(done, 0.97**months)
    assert ask(asked, threat="stop").main.answer.least_gap == pytest.approx(expected, abs=3e-4)
    assert ask(case, threat="stop").main.answer.shown is not None


def test_false_alarms_eat_most_of_the_gain():
    """f = .05, delta = .97 under grim threats: the deal loses delta f / (1 - delta (1 - f)) of its gain, 62 %."""
    case = matrix(DILEMMA, 0.97, verification={"false_alarm": 0.05})
    shown = ask(case, DONE, threat="revert", order="at-once").main.answer.shown
    share = 0.97 * 0.05 / (1 - 0.97 * 0.95)
    assert share == pytest.approx(0.62, abs=0.005)
    assert shown.stay[:, -1] == pytest.approx(3 - share * (3 - 1))


def test_a_pause_loses_less_to_false_alarms():
    case = matrix(DILEMMA, 0.97, verification={"false_alarm": 0.05})
    grim = ask(case, DONE, threat="revert").main.answer.shown.stay[:, -1]
    pause = roadmap(case, DONE, threat="pause:3", patience=False)
    assert pause.exists
    assert (pause.main.answer.shown.stay[:, -1] > grim).all()
    length, cost = pause.least_pause
    assert length <= 3
    assert min(cost.values()) > 0


def test_irreversible_against_revocable_is_never_at_rest():
    """Theory, 2.5: the side that cannot take back has nothing left to answer with, at any patience."""
    data = ladder([1.0], 0.99).to_data()
    data["issues"]["y"]["retreat"] = {}
    result = roadmap(from_data(data), "top", gap="raw", remedies=False)
    assert result.exists is False
    assert result.main.patience.least is None
    assert result.main.answer.shown.gap[1, -1] > 0
    assert {"rest", "no hostage"} <= {r.kind for r in result.reasons}


@pytest.mark.parametrize("delta", [0.45, 0.55])
def test_the_hostage_rule(delta):
    """Revocable and additive: at rest c = a saved, h = b lost; it holds from a / b on, and the gap is c - delta h."""
    result = ask(ladder([1.0], delta, final=False), order="at-once", threat="revert")
    assert result.main.answer.shown.gap[:, -1] == pytest.approx(max(0.0, 1 - delta * 2))
    assert result.exists is (delta > 0.5)


@pytest.mark.parametrize(
    ("other", "inside"), [(0.6, True), (1.0, True), (1.6, True), (0.4, False), (2.4, False)]
)
def test_the_window_of_unequal_agreements(other, inside):
    """Final levels (1, c2) are near trust-free iff r <= c2 / 1 <= 1 / r, r = a / (delta b): finer ladders tell."""
    r = 1 / (0.9 * 2)

    def trust(n: int) -> float:
        done = [1 - r ** (0.8 * (j + 1)) for j in range(n - 1)]
        case = ladder([*done, 1.0], 0.9, other=[*(other * d for d in done), other])
        return ask(case, threat="stop").main.answer.least_gap

    assert (r <= other <= 1 / r) is inside
    assert (trust(12) < 0.05) is inside
