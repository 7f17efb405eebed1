"""The contract, the words, the tables and the figures of a result; certificates; types."""

from __future__ import annotations

import json

import numpy as np
import pytest

import detente
from detente.analysis.roadmap import roadmap
from detente.case import from_data
from tests.analysis.roadmap.cases import DILEMMA, DONE, ladder, matrix

SIDE = {
    "exists", "least_gap", "nash_product", "fewest_steps", "roadmap", "patience", "longest_answer_time", "credible", "guarantee",
}  # fmt: skip


@pytest.fixture(scope="module")
def holds():
    return roadmap(matrix(DILEMMA, 0.9), DONE)


@pytest.fixture(scope="module")
def fails():
    return roadmap(ladder([0.5, 1.0], 0.9), "top")


@pytest.mark.parametrize("name", ["holds", "fails"])
def test_the_contract(name, request):
    result = request.getfixturevalue(name)
    data = json.loads(result.to_json())
    assert {"target", "order", "threat", "at_once"} | SIDE <= set(data)
    assert {"target", "order", "threat"} | SIDE <= set(data["at_once"])
    assert data["analysis"] == "roadmap"
    for side in (data, data["at_once"]):
        assert set(side["patience"]) >= {"least", "intervals"}
        assert set(side["guarantee"]) >= {"budget", "schedule"}
        for step in side["roadmap"]["steps"]:
            assert {"moves", "by", "trust_gap", "values"} <= set(step)
        assert set(side["roadmap"]["rest_gap"]) == set(result.parties)
        if side["exists"]:
            assert side["least_gap"] == 0
            assert side["nash_product"] is not None
        else:
            assert side["least_gap"] > 0
            assert side["nash_product"] is None
            assert side["fewest_steps"] is None


def test_where_no_way_leads_the_fields_are_null():
    data = json.loads(roadmap(matrix(DILEMMA), DONE, order="at-once").to_json())
    assert data["roadmap"] is not None
    case = from_data({**matrix(DILEMMA).to_data(), "impossible": [{"when": "a == yes and b == yes"}]})
    data = json.loads(roadmap(case, DONE).to_json())
    assert data["exists"] is False
    for key in ("least_gap", "nash_product", "fewest_steps", "roadmap", "longest_answer_time", "credible"):
        assert data[key] is None
    assert data["patience"]["least"] is None
    assert data["patience"]["intervals"] == []
    assert data["guarantee"] == {"budget": {"A": None, "B": None}, "schedule": {"A": None, "B": None}}


def test_shares_are_of_the_own_gain_over_breakdown():
    raw = roadmap(matrix(DILEMMA, 0.4), DONE, gap="raw", patience=False, remedies=False)
    share = roadmap(matrix(DILEMMA, 0.4), DONE, patience=False, remedies=False)
    assert share.main.answer.least_gap == pytest.approx(raw.main.answer.least_gap / (3 - 1))


def test_without_a_gain_shares_become_raw_and_it_is_said():
    result = roadmap(matrix({"T": 5, "R": 1, "P": 1, "S": 0}, 0.4), DONE, patience=False, remedies=False)
    assert result.to_dict()["gap"] == "raw"
    assert any("gains nothing" in w for w in result.source.warnings)


def test_the_answer_comes_first_in_words(holds, fails):
    first = holds.explain().splitlines()[0]
    assert "can hold in this model" in first
    assert "If this step is not answered" in holds.explain()
    assert "need trust" in fails.explain().splitlines()[0]
    assert "whoever acts last" in fails.explain()
    assert "What would do" in fails.explain()
    assert "None" not in fails.explain()


def test_tables_and_figures(holds, fails):
    for result in (holds, fails):
        assert result.table()[-1]["step"] == "rest"
        assert set(result.charts()) == {"timeline", "values", "trust"}
        for spec in result.charts().values():
            assert spec["description"]
    assert fails.table("remedies")


def test_reverting_against_ones_own_interest_is_not_certified():
    """A would not take back what pays it: theory, warning 2."""
    data = matrix(DILEMMA, 0.9).to_data()
    data["preferences"]["B"] = {"table": [1.0, 2.0, 3.0, 4.0]}
    case = from_data(data)
    result = roadmap(case, DONE, threat="revert", patience=False, remedies=False)
    assert result.exists
    assert result.main.credible is False
    assert any("would have reason not to carry it out" in w for w in result.source.warnings)
    assert result.to_dict()["certificate"]["punisher"] == "B"


def test_under_a_pause_nothing_is_certified():
    assert roadmap(matrix(DILEMMA, 0.9), DONE, threat="pause:9", patience=False).main.credible is None


def test_a_step_that_tells_types_apart():
    data = matrix(DILEMMA, 0.6).to_data()
    data["preferences"]["A"] = {
        "types": {"sincere": {"table": [1.0, 5.0, 0.0, 3.0]}, "opportunist": {"table": [1.0, 9.0, 0.0, 3.0]}}
    }
    result = roadmap(from_data(data), DONE, patience=False)
    assert [s.kind for s in result.types if s.party == "A"] == ["separating"]
    assert "tells its types apart" in result.explain()


def test_the_best_end_state_is_taken(holds):
    best = roadmap(matrix(DILEMMA, 0.9))
    assert best.target == holds.target
    assert best.to_dict()["end_states"]["funnel"]["reachable"] == 2
    assert best.table("end_states")[0]["holds"]


def test_the_k_best_are_distinct():
    case = ladder([0.25, 0.5, 0.75, 1.0], 0.95, final=False)
    result = roadmap(case, "top", best=4, patience=False)
    courses = [
        result.main.answer.shown,
        *(c for n, c in result.main.answer.others.items() if n.startswith("rank")),
    ]
    assert len({c.states for c in courses}) == len(courses) == 4
    products = [c.product for c in courses]
    assert products == sorted(products, reverse=True)
    assert all(c.holds for c in courses)


def test_each_sides_own_formula():
    data = matrix(DILEMMA, 0.9).to_data()
    data["variants"] = {"a-last": [{"set": "issues.a.requires", "to": {"yes": "b == yes"}}]}
    result = roadmap(from_data(data), DONE, formulas=["a-last"], patience=False, remedies=False)
    other = result.formulas["a-last"]
    assert [tuple(s.moves) for s in other.steps(other.main.answer.shown)] == [("b",), ("a",)]
    assert "Under a-last" in result.explain()
    assert "verdict" in result.to_dict()["formulas"]["a-last"]


def test_stockholm_as_encoded():
    """The structure of the text: each formula alone is feasible, both to the letter are not (theory, section 4)."""
    case = detente.load("stockholm-2019")
    result = detente.roadmap(case, "freeze", patience=False, remedies=False)
    assert result.exists
    assert np.isfinite(result.main.answer.shown.stay).all()
    literal = detente.roadmap(
        case,
        "partial",
        formulas=["us-formula", "north-formula", "both-formulas-literal"],
        patience=False,
        remedies=False,
    )
    both = literal.formulas["both-formulas-literal"]
    assert both.main.answer.shown is None
    assert both.blocked[0].kind == "prerequisites"
