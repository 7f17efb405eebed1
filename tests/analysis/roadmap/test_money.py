"""Guarantees, deposits and payments between the parties, against linear programs and their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from detente.analysis.roadmap import money, roadmap
from detente.case import from_data
from tests.analysis.roadmap.cases import DILEMMA, DONE, ladder, matrix
from tests.analysis.roadmap.test_naive import pose


def least_budget(gap, entry_gap, d):
    """Conditional payments p_t >= 0 of least present value that cover every gap: a linear program."""
    m = len(gap)
    weights = d ** np.arange(m)
    rows = [-np.concatenate([np.zeros(t), weights[t:]]) for t in range(m)]
    limits = [-(d**t) * g for t, g in enumerate(gap)]
    limits[0] = min(limits[0], -entry_gap)
    found = linprog(
        weights, A_ub=np.array(rows), b_ub=np.array(limits), bounds=[(0, None)] * m, method="highs"
    )
    return float(found.fun)


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_a_guarantor_needs_no_more_than_the_linear_program_says(seed):
    problem, game, target, _, order = pose(seed)
    for states in game.roadmaps(target, order)[:3]:
        numbers = tuple(int(sum(_place(game, k, p) * s for k, (p, s) in enumerate(zip(x, problem.model.strides, strict=True)))) for x in states)  # fmt: skip
        course = problem.course(numbers)
        held = money.guarantee(course, problem.terms)
        for i, d in enumerate(problem.terms.step_delta):
            want = least_budget(course.gap[i], course.entry_gap[i], d)
            assert held.budget[i] == pytest.approx(want, abs=1e-9)
            assert (np.diff(held.schedule[i]) <= 1e-12).all()
            assert (held.schedule[i] >= d ** np.arange(len(course.gap[i])) * course.gap[i] - 1e-12).all()


def _place(game, k, position):
    return game.positions(k).index(position)


def test_a_collateral_covers_the_largest_gap_and_more_where_breaches_are_seen_seldom():
    data = ladder([0.5, 1.0], 0.9)
    sure = roadmap(data, "top", gap="raw", patience=False, remedies=False)
    assert sure.main.guarantee.peak == pytest.approx(sure.main.answer.shown.gap.max(axis=1))
    case = matrix(DILEMMA, 0.3, verification={"detection": 0.5})
    half = roadmap(case, DONE, gap="raw", patience=False, remedies=False)
    assert half.main.guarantee.peak == pytest.approx(half.main.answer.shown.gap.max(axis=1) / 0.5)


def test_a_deposit_does_not_guard_the_end_state():
    result = roadmap(matrix(DILEMMA, 0.4), DONE, order="at-once", gap="raw", patience=False)
    remedy = {r.kind: r for r in result.remedies}["deposit"]
    assert remedy.works is False
    assert result.main.guarantee.bond.min() > 0


@pytest.mark.parametrize("seed", range(120))
def test_totals_decide_on_payments_between_the_parties(seed):
    """Theory, 2.8: with one discount factor payments can be found iff the sums satisfy the conditions."""
    problem, _, _, _, order = pose(seed)
    problem = problem.changed(delta=np.full(problem.model.n, 0.7))
    if problem.graph(order).start < 0:
        return
    paid = money.transfers(problem, problem.priced(order))
    if paid.works is None or paid.states is None:
        return
    found = money.payments(problem, problem.course(paid.states))
    assert (found is not None) == paid.works
    if found is not None:
        assert found.sum(axis=0).max() <= 1e-9


def test_payments_are_given_by_date():
    """One side gives all: the other pays, and both gain."""
    data = ladder([1.0], 0.9, final=False, other=[0.0]).to_data()
    result = roadmap(from_data(data), "top", gap="raw", patience=False, remedies=False)
    assert result.exists is False
    receipts = result.payments()
    assert receipts[-1]["X"] > 0
    assert all(sum(row.values()) <= 1e-9 for row in receipts)
