"""Whether a deal is sure, possible or excluded over the ranges, against every way of refusing every outcome."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.optimize import linprog
from tests.sweep import every, sweep

from detente.analysis.agreement.ranges import over_ranges
from detente.case import from_data
from detente.case.uncertain import bounds, mode, read_number
from detente.space import compile_case

NUMBERS = st.one_of(
    st.integers(-3, 4),
    st.tuples(st.integers(-3, 4), st.integers(0, 5)).map(lambda r: [r[0], r[0] + r[1]]),
    st.lists(st.integers(-2, 5), min_size=3, max_size=3).map(sorted),
)


def case(values, no_deal, **more):
    """Two issues' worth of outcomes as the levels of one issue, values by party."""
    names = list(range(len(next(iter(values.values())))))
    return from_data({
        "detente": 1, "id": "x", "title": "t", "parties": dict.fromkeys(values),
        "issues": {"i": {"levels": names}},
        "preferences": {p: {"values": {"i": dict(zip(names, row, strict=True))}} for p, row in values.items()},
        "no_deal": no_deal, **more,
    })  # fmt: skip


def surely(values, no_deal):
    """Whether a deal exists for all values: no way of refusing every outcome (or gaining nowhere) is open.

    For each outcome either one party values it below no deal, or none values it above; each such choice is a
    linear program over the numbers, which are independent.
    """
    parties, n = list(values), len(next(iter(values.values())))
    numbers = [
        read_number(x) for p in parties for x in (*values[p], no_deal[p] if isinstance(no_deal, dict) else 0)
    ]
    k, width = len(parties), n + 1
    for how in itertools.product(range(k + 1), repeat=n):
        rows = []
        for outcome, who in enumerate(how):
            for p in range(k) if who == k else [who]:
                row = np.zeros(len(numbers) + 1)
                row[p * width + outcome] += 1
                row[p * width + (n if isinstance(no_deal, dict) else 0)] -= 1
                row[-1] = 0 if who == k else 1
                rows.append(row)
        goal = np.zeros(len(numbers) + 1)
        goal[-1] = -1
        found = linprog(goal, np.array(rows), np.zeros(len(rows)), bounds=[*map(bounds, numbers), (0, 1)])
        if found.status == 0 and (found.x[-1] > 1e-5 or (k in how and set(how) == {k})):
            return False
    return True


@st.composite
def problems(draw):
    parties, n = ["A", "B", "C"][: draw(st.integers(1, 3))], draw(st.integers(1, 3))
    values = {p: [draw(NUMBERS) for _ in range(n)] for p in parties}
    return values, draw(
        st.one_of(st.just("status_quo"), st.fixed_dictionaries(dict.fromkeys(parties, NUMBERS)))
    )


def deal(values, no_deal):
    gains = np.array([
        [v - (no_deal[p] if isinstance(no_deal, dict) else row[0]) for v in row] for p, row in values.items()
    ])  # fmt: skip
    good = (gains >= -1e-9).all(axis=0)
    return bool((gains[:, good] > 1e-9).any())


@sweep(60, 1500)
def test_the_verdict_is_that_of_the_definition(examples):
    @every(examples, problems(), st.randoms(use_true_random=False))
    def check(problem, random):
        values, no_deal = problem
        found = over_ranges(compile_case(case(values, no_deal)))
        assert found.tight
        assert (found.verdict == "sure") == surely(values, no_deal)
        for _ in range(20):
            draw = lambda x: random.uniform(*bounds(read_number(x)))  # noqa: E731
            drawn = {p: list(map(draw, row)) for p, row in values.items()}
            there = deal(
                drawn, {p: draw(x) for p, x in no_deal.items()} if isinstance(no_deal, dict) else no_deal
            )
            assert there or found.verdict != "sure"
            assert not there or found.verdict != "excluded"
        middle = {p: [mode(read_number(x)) for x in row] for p, row in values.items()}
        assert (
            deal(
                middle,
                no_deal
                if isinstance(no_deal, str)
                else {p: mode(read_number(x)) for p, x in no_deal.items()},
            )
            or found.verdict != "sure"
        )


def test_different_outcomes_may_make_a_deal_sure():
    """Of two outcomes A refuses at most one: its no deal is worth less than the better of them, whatever it is."""
    values = {"A": [[0, 4], 2], "B": [3, 3]}
    found = over_ranges(compile_case(case(values, {"A": 2, "B": 1})))
    assert found.verdict == "sure"
    both = over_ranges(compile_case(case({"A": [[0, 4], [0, 4]], "B": [3, 3]}, {"A": 2, "B": 1})))
    assert (both.verdict, both.tight) == ("possible", True)
    crossed = {"A": [1, [0, 2]], "B": [[0, 2], 1]}
    assert over_ranges(compile_case(case(crossed, {"A": 1, "B": 1}))).verdict == "possible"


def test_one_and_the_same_number_may_help_either_way():
    """No deal is uncertain for A: an outcome at its upper end and one that only suits a low no deal."""
    found = over_ranges(compile_case(case({"A": [1, 3], "B": [3, 1]}, {"A": [0, 3], "B": 0})))
    assert found.verdict == "sure"
    assert found.sure == {"i": ["1"]}
    assert found.possible == {"i": ["0", "1"]}


def test_discrete_values_are_not_mixed():
    """In between the two values there would be no deal."""
    either = {"discrete": [[0, 0.5], [4, 0.5]]}
    low_or_high = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None},
        "issues": {"i": {"levels": [0, 1]}, "j": {"levels": [0, 1]}},
        "preferences": {"A": {
            "values": {"i": {0: 0, 1: either}, "j": {0: 0, 1: 0}},
            "bonuses": [{"when": "i == 0 and j == 1", "add": 3}, {"when": "i == 1", "add": -1}],
        }},
        "no_deal": {"A": 2},
        "impossible": ["i == 0 and j == 1"],
    }  # fmt: skip
    assert over_ranges(compile_case(from_data(low_or_high))).verdict == "possible"


def test_uncertain_weights_decide_by_the_sign():
    weighted = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None, "B": None},
        "issues": {"i": {"levels": [0, 1]}, "j": {"levels": [0, 1]}},
        "preferences": {
            "A": {"values": {"i": {0: 0, 1: 1}, "j": {0: 1, 1: 0}}, "weights": {"i": [1, 3], "j": 2}},
            "B": {"values": {"i": {0: 0, 1: 1}, "j": {0: 0, 1: 1}}, "weights": {"i": 1, "j": 1}},
        },
        "no_deal": "status_quo",
    }  # fmt: skip
    found = over_ranges(compile_case(from_data(weighted)))
    assert (found.verdict, found.tight) == ("sure", True)
    assert found.sure == {"i": ["0", "1"], "j": ["0"]}
    assert found.possible == {"i": ["0", "1"], "j": ["0", "1"]}


def test_ranges_of_weights_and_values_together_are_bounded_safely():
    data = case({"A": [0, [1, 2]], "B": [[1, 3], 2]}, "status_quo").to_data()
    data["preferences"]["B"]["weights"] = {"i": [1, 2]}
    found = over_ranges(compile_case(from_data(data)))
    assert found.verdict in ("possible", "sure")
    assert found.tight is (found.verdict != "possible")


@pytest.mark.parametrize("values", [{"A": [[0, 2], 1], "B": [1, [0, 2]]}])
def test_without_no_deal_every_outcome_is_acceptable(values):
    data = case(values, "status_quo").to_data()
    del data["no_deal"]
    found = over_ranges(compile_case(from_data(data)))
    assert found.possible_count == 2
    assert found.verdict in ("possible", "sure")
