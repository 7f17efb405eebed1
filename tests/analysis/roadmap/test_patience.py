"""Least patience as intervals: against existence at single factors, and where it is not monotone."""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.roadmap import roadmap
from detente.analysis.roadmap.patience import Line, patience
from tests.analysis.roadmap.cases import DILEMMA, DONE, matrix
from tests.analysis.roadmap.test_naive import pose


@pytest.mark.parametrize("seed", range(0, 36, 3))
def test_intervals_agree_with_existence_at_single_factors(seed):
    problem, _, _, _, order = pose(seed)
    known = patience(problem, order, [])
    for d in np.random.default_rng(seed).uniform(0.02, 0.98, 6):
        inside = any(low - 1e-9 <= d <= high + 1e-9 for low, high in known.intervals)
        assert inside is bool(problem.exists(order, np.full(problem.model.n, d))), d
    assert known.least == (known.intervals[0][0] if known.intervals else None)


def test_a_roadmap_that_holds_only_below_some_patience_is_seen():
    """Theory, 2.7.4: whoever is patient waits for the better breakdown, so here only the impatient keep to it."""
    case = matrix({"T": 4, "R": 3, "P": 3.5, "S": 2}, 0.2, status_quo={"a": "yes", "b": "yes"})
    data = roadmap(case, "a=yes", threat="revert", remedies=False).main.patience
    assert data.least is None or data.intervals[0][1] < 1


def test_holes_and_islands_are_found():
    spans = {(1,): (0.1, 0.3), (2,): (0.345, 0.5), (3,): (0.8, 0.9)}

    def slack(d, walk):
        low, high = spans[walk]
        return min(d - low, high - d)

    line = Line(lambda d: any(slack(d, w) >= 0 for w in spans), slack, list(spans), 1e-11)
    found, undecided = line.intervals([0.05, 0.2, 0.4, 0.6, 0.85, 0.95])
    assert undecided == 0
    assert np.array(found) == pytest.approx(np.array(list(spans.values())), abs=1e-9)


def test_the_longest_answer_time_is_the_period_at_which_patience_runs_out():
    """delta* = .5 at .9 a year: an answer may take ln .5 / ln .9 years."""
    case = matrix(DILEMMA, 0.9, time={"period": "month"})
    known = roadmap(case, DONE, order="at-once", threat="revert", remedies=False).main.patience
    assert known.answer_time == pytest.approx(12 * np.log(0.5) / np.log(0.9), rel=1e-6)


def test_patience_can_be_left_out():
    data = roadmap(matrix(DILEMMA, 0.9), DONE, patience=False).to_dict()
    assert data["patience"] == {
        "least": None,
        "intervals": [],
        "grid": None,
        "undecided": None,
        "computed": False,
    }
