"""The details that decide answers: prerequisites, joint owners, terms, impossible outcomes, time, ways out, prices."""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.roadmap import breakdown, evaluate, funnel, roadmap
from detente.case import from_data
from detente.errors import CostError, DetenteError, NeedsError
from tests.analysis.roadmap.cases import DILEMMA, DONE, ladder, matrix


def changed(case, **more):
    return from_data({**case.to_data(), **more})


def ask(case, to=DONE, **more):
    return roadmap(case, to, **{"gap": "raw", "patience": False, "remedies": False, **more})


def requiring(timing):
    """Each side's act needs the other's."""
    data = matrix(DILEMMA, 0.9).to_data()
    data["issues"]["a"]["requires"] = {"yes": {"when": "b == yes", "timing": timing}}
    data["issues"]["b"]["requires"] = {"yes": {"when": "a == yes", "timing": timing}}
    return from_data(data)


def test_conditions_that_must_come_first_can_leave_no_way():
    result = ask(requiring("before"))
    assert result.exists is False
    assert result.main.answer.shown is None
    assert [r.kind for r in result.blocked] == ["prerequisites"]
    assert "stand in each other's way" in result.explain()


def test_conditions_met_together_land_in_one_step():
    result = ask(requiring("together"))
    assert result.exists
    assert [dict(s.moves) for s in result.steps(result.main.answer.shown)] == [{"a": "yes", "b": "yes"}]
    assert ask(requiring("together"), order="single").main.answer.shown is None


def test_every_level_passed_must_be_allowed():
    data = ladder([0.5, 1.0], 0.9, final=False).to_data()
    data["issues"]["x"]["requires"] = {"s1": "y >= s2"}
    result = ask(from_data(data), "top")
    first = result.steps(result.main.answer.shown)[0]
    assert dict(first.moves) == {"y": "s2"}


def test_a_joint_commitment_needs_all_its_owners():
    data = matrix(DILEMMA, 0.9).to_data()
    data["issues"]["b"]["by"] = ["A", "B"]
    result = ask(from_data(data), order="single")
    assert {s.by for s in result.steps(result.main.answer.shown)} <= {("A",), ("A", "B")}
    # B cannot take b back alone, so only A is ever tempted
    leave = result.main.answer.shown.leave
    assert leave[1, -1] == -np.inf


def test_a_term_must_stay_as_it_is():
    data = matrix(DILEMMA, 0.9).to_data()
    data["issues"]["term"] = {"levels": ["x", "y"]}
    data["preferences"] = {p: {"values": {i: {"no": 0, "yes": v} for i, v in zip("ab", w, strict=True)} | {"term": {"x": 0, "y": 1}}}
                           for p, w in {"A": (-1, 2), "B": (2, -1)}.items()}  # fmt: skip
    case = from_data(data)
    assert ask(case).exists
    with pytest.raises(NeedsError, match="term: a term without owner must be the same"):
        ask(case, DONE + ",term=y")


def test_impossible_outcomes_are_neither_plan_nor_departure():
    case = changed(matrix(DILEMMA, 0.4), impossible=[{"when": "a == no and b == yes"}])
    result = ask(case)
    shown = result.main.answer.shown
    # A cannot be the one that keeps back its part: that outcome cannot be
    assert shown.leave[0].max() < 3.4
    assert (
        ask(changed(matrix(DILEMMA), impossible=[{"when": "a == yes and b == yes"}])).blocked[0].kind
        == "impossible"
    )


def test_a_target_that_takes_something_back_is_no_roadmap():
    case = changed(matrix(DILEMMA), status_quo={"a": "yes", "b": "no"})
    result = ask(case, "a=no,b=yes")
    assert result.exists is False
    assert [r.kind for r in result.blocked] == ["lowered"]


def test_staying_where_we_are_is_a_roadmap_of_no_steps():
    result = ask(matrix(DILEMMA), "a=no")
    assert result.exists
    assert result.main.answer.fewest_steps == 0
    assert result.to_dict()["roadmap"]["steps"] == []


def test_a_walk_away_is_open_at_every_date():
    case = changed(matrix(DILEMMA, 0.9), no_deal={"now": "status_quo", "walk_away": {"A": 3.5}})
    result = ask(case)
    assert result.exists is False
    assert result.main.answer.least_gap == pytest.approx(0.5)
    assert result.main.answer.shown.entry[0] == 3.5
    assert ask(changed(case, no_deal={"walk_away": {"A": 2.9}})).exists


def test_the_price_of_a_breach_is_taken_from_the_temptation():
    case = matrix(DILEMMA, 0.4)
    data = case.to_data()
    for party in "AB":
        data["parties"][party]["breach_cost"] = 0.4
    assert ask(case).exists is False
    assert ask(from_data(data)).exists


def test_a_freeze_destroys_hostages():
    """At the last date nobody can answer any more: the revocable dilemma unravels at rest."""
    free = matrix(DILEMMA, 0.9)
    assert ask(free).exists
    frozen = changed(free, time={"periods": 3})
    result = ask(frozen)
    assert result.exists is False
    assert result.main.answer.shown.gap[:, -1].max() == pytest.approx(0.1 * 5 + 0.9 * 5 - 3)


def test_after_a_collapse_the_deal_goes_on_at_its_target():
    case = changed(matrix(DILEMMA, 0.9), time={"periods": 3}, no_deal={"at_deadline": {"A": 0, "B": 0}})
    assert ask(case).exists


def test_too_near_a_deadline_leaves_no_way_and_says_what_would_do():
    data = ladder([0.5, 1.0], 0.9, final=False).to_data()
    data["issues"]["x"]["pace"] = data["issues"]["y"]["pace"] = {"up": 1}
    result = roadmap(from_data({**data, "time": {"periods": 1}}), "top", patience=False)
    assert [r.kind for r in result.blocked] == ["deadline"]
    assert result.without_deadline.answer.exists
    assert result.remedies[0].kind == "more_time"
    assert result.remedies[0].detail["periods_needed"] == 2


def test_durations_are_periods_of_work():
    data = ladder([1.0], 0.95, final=False).to_data()
    data["issues"]["x"]["takes"] = {"s1": 4}
    result = ask(from_data(data), "top")
    steps = result.steps(result.main.answer.shown)
    slow = next(s for s in steps if "x" in s.moves)
    assert slow.last >= 3
    assert len(result.main.answer.shown.states) == 5


def test_two_levels_at_pace_one_take_two_steps():
    data = ladder([0.5, 1.0], 0.95, final=False).to_data()
    data["issues"]["x"]["pace"] = {"up": 1}
    result = ask(from_data(data), "top")
    assert result.main.answer.fewest_steps == 2
    assert result.once.answer.shown is None


def test_a_pace_of_nought_means_never():
    data = ladder([1.0], final=False).to_data()
    data["issues"]["x"]["pace"] = {"up": 0}
    assert [r.kind for r in ask(from_data(data), "top").blocked] == ["never"]


def test_an_owner_without_preferences_does_as_planned():
    data = matrix(DILEMMA, 0.9).to_data()
    data["parties"]["Z"] = {"roles": ["mediator"]}
    data["issues"]["z"] = {"by": "Z", "levels": ["no", "yes"]}
    data["preferences"] = {
        p: {"values": {"a": {"no": 0, "yes": w}, "b": {"no": 0, "yes": 1 - w}}}
        for p, w in {"A": -1, "B": 2}.items()
    }
    result = ask(from_data(data), DONE + ",z=yes")
    assert result.exists
    assert any("Z has no preferences" in w for w in result.source.warnings)


def test_a_ratifier_is_asked_at_entry_and_at_rest():
    data = matrix(DILEMMA, 0.9).to_data()
    data["parties"]["R"] = {"roles": ["ratifier"], "for": "A"}
    result = ask(from_data(data))
    assert result.ratifiers == {"R": {"entry": True, "rest": True, "by": "A"}}
    data["preferences"]["R"] = {"table": [1.0, 1.0, 0.0, 0.0]}
    result = ask(from_data(data))
    assert result.exists is False
    assert result.ratifiers["R"] == {"entry": False, "rest": False, "by": "R"}


def test_what_follows_breakdown():
    assert breakdown(matrix(DILEMMA, 0.9)) == {"A": pytest.approx(1), "B": pytest.approx(1)}


def test_the_figures_of_a_roadmap_given_by_hand():
    steps = [{"a": "no", "b": "no"}, {"a": "yes", "b": "no"}, {"a": "yes", "b": "yes"}]
    course = evaluate(matrix(DILEMMA, 0.9), steps, threat="revert")
    assert course.stay[:, 1] == pytest.approx([3, 3])
    assert course.stay[:, 0] == pytest.approx([0.1 * 0 + 0.9 * 3, 0.1 * 5 + 0.9 * 3])
    assert course.fall[0, 1] == 1
    with pytest.raises(NeedsError, match="no step leads from"):
        evaluate(ladder([0.5, 1.0]), [{"x": "s1"}, {"x": "s0"}])


def test_the_funnel_narrows():
    ends = funnel(matrix(DILEMMA, 0.9))
    counts = [ends.possible, ends.acceptable, ends.stable, ends.reachable, ends.ratifiable]
    assert counts == [4, 2, 2, 2, 2]
    assert ends.listed[0].levels == (1, 1)


def test_the_funnel_counts_against_the_no_deal_asked_for():
    case = changed(matrix(DILEMMA, 0.9), no_deal={"now": {"A": 4, "B": 0}, "at_deadline": {"A": 0, "B": 0}})
    assert funnel(case).acceptable == 1
    assert funnel(case, no_deal="deadline").acceptable == 4
    assert funnel(case, no_deal="breakdown").acceptable == 2


@pytest.mark.parametrize(
    ("to", "options", "message"),
    [
        ("nowhere", {}, "'nowhere' is no target of the case"),
        ("a=perhaps", {}, "perhaps"),
        ("a=yes,a=no", {}, "names an issue twice"),
        ("a=", {}, "not of the form issue=level"),
        (DONE, {"threat": "pause:0"}, "unknown threat 'pause:0'"),
        (DONE, {"threat": "grim"}, "unknown threat 'grim'"),
        (DONE, {"order": "both"}, "unknown order 'both'"),
        (DONE, {"gap": "dollars"}, "unknown gap 'dollars'"),
        (DONE, {"best": 0}, "1 or more"),
    ],
)
def test_questions_that_do_not_fit(to, options, message):
    with pytest.raises(DetenteError, match=message):
        ask(matrix(DILEMMA), to, **options)


def test_a_ranking_is_not_enough():
    data = matrix(DILEMMA).to_data()
    data["preferences"]["A"] = {"priorities": ["b == yes"]}
    with pytest.raises(NeedsError, match="A has a ranking only"):
        ask(from_data(data))


def test_too_many_states_are_refused_before_any_work():
    names = [f"l{j}" for j in range(300)]
    data = matrix(DILEMMA).to_data()
    data["issues"] = {k: {"by": p, "levels": names} for k, p in zip("abc", "ABA", strict=True)}
    data["status_quo"] = dict.fromkeys("abc", "l0")
    data["preferences"] = {p: {"values": {"a": {n: float(j) for j, n in enumerate(names)}}} for p in "AB"}
    with pytest.raises(CostError, match="27,000,000 states"):
        ask(from_data(data), "a=l1")


def test_after_a_freeze_nobody_can_leave_the_end_state():
    """One move date, and a state that A could take back further than the step on the way to it."""
    case = from_data({
        "detente": 1, "id": "v", "title": "v", "parties": {"A": {"patience": 0.9}, "B": {"patience": 0.9}},
        "issues": {
            "i0": {"by": "A", "levels": ["l0", "l1", "l2"], "retreat": {"l1": "l1"}},
            "i1": {"by": "B", "levels": ["l0", "l1"]},
        },
        "status_quo": {"i0": "l1", "i1": "l0"}, "no_deal": {"at_deadline": "freeze"}, "time": {"periods": 1},
        "preferences": {"A": {"table": [5, 5, 0, 0, 1, 1]}, "B": {"table": [0, 0, 0, 0, 1, 1]}},
    })  # fmt: skip
    for threat in ("markov", "minmax", "stop", "revert"):
        result = ask(case, {"i0": "l2", "i1": "l0"}, threat=threat).to_dict()
        assert result["exists"] is True
        assert result["least_gap"] == 0
        assert result["roadmap"]["rest_gap"] == {"A": 0, "B": 0}


def test_the_others_may_raise_what_they_own_together_to_hurt():
    case = from_data({
        "detente": 1, "id": "v", "title": "v", "parties": {p: {"patience": 0.9} for p in "ABC"},
        "issues": {"c": {"by": "C", "levels": ["l0", "l1"]}, "ab": {"by": ["A", "B"], "levels": ["l0", "l1"]}},
        "preferences": {"A": {"table": [0, 0, 2, 2]}, "B": {"table": [0, 0, 2, 2]}, "C": {"table": [0, -5, -1, -6]}},
    })  # fmt: skip
    target = {"c": "l1", "ab": "l0"}
    assert ask(case, target, threat="minmax").exists is True, "C rests, fearing 5 more than it saves"
    assert ask(case, target).exists is not True
    assert ask(case, target).verdict == "undecided"


def test_a_rise_that_cannot_land_spoils_nobody_elses():
    case = from_data({
        "detente": 1, "id": "v", "title": "v", "parties": {"A": {"patience": 0.5}, "B": {"patience": 0.5}},
        "issues": {
            "a": {"by": "A", "levels": ["l0", "l1", "l2"], "retreat": {"l1": "l1"},
                  "requires": {"l2": {"when": "b == l0", "timing": "together"}}},
            "b": {"by": "B", "levels": ["l0", "l1", "l2"], "retreat": {"l1": "l1", "l2": "l2"},
                  "requires": {"l1": {"when": "a == l1", "timing": "together"}}},
        },
        "status_quo": {"a": "l1", "b": "l0"},
        "preferences": {"A": {"table": [0, -1, -1] * 3}, "B": {"table": [0, 1, 1] * 3}},
    })  # fmt: skip
    shown = ask(case, {"a": "l1", "b": "l2"}, threat="stop").to_dict()["roadmap"]
    assert [step["trust_gap"]["A"] for step in shown["steps"]] == [0] * len(shown["steps"])
