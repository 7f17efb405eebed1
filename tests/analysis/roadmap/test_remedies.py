"""Each remedy is computed: the case is changed by hand as the remedy says, and asked again."""

from __future__ import annotations

import pytest

from detente.analysis.roadmap import roadmap
from detente.case import from_data
from tests.analysis.roadmap.cases import DILEMMA, DONE, ladder, matrix


def ask(case, to="top", **more):
    return roadmap(case, to, **{"gap": "raw", "patience": False, **more})


def by_kind(result, kind):
    return [r for r in result.remedies if r.kind == kind]


def agrees(remedy, again):
    assert remedy.works is again.exists
    if again.exists:
        return
    assert remedy.least_gap >= again.main.answer.least_gap - 1e-9


def test_what_holds_needs_no_remedy():
    assert ask(matrix(DILEMMA, 0.9), DONE).remedies == ()


@pytest.mark.parametrize("delta", [0.4, 0.8, 0.95])
def test_stopping_short_locking_and_storing(delta):
    data = ladder([0.5, 1.0], delta).to_data()
    data["issues"]["y"]["retreat"] = {}
    result = ask(from_data(data))
    assert result.exists is False
    for remedy in by_kind(result, "hostage"):
        again = ask(from_data(data), f"{remedy.detail['issue']}={remedy.detail['level']},"
                    + ("y=s2" if remedy.detail["issue"] == "x" else "x=s2"))  # fmt: skip
        agrees(remedy, again)
    assert len(by_kind(result, "hostage")) == 2
    (lock,) = by_kind(result, "lock")
    locked = {**data, "issues": {**data["issues"], "y": {**data["issues"]["y"], "retreat": {"s2": "s2"}}}}
    agrees(lock, ask(from_data(locked)))
    (store,) = by_kind(result, "store")
    floors = {**data["issues"]["x"]["retreat"], "s2": "s1"}
    stored = {**data, "issues": {**data["issues"], "x": {**data["issues"]["x"], "retreat": floors}}}
    agrees(store, ask(from_data(stored)))


def test_cutting_steps_in_two():
    (split,) = by_kind(ask(ladder([0.5, 1.0], 0.9)), "split")
    agrees(split, ask(ladder([0.25, 0.5, 0.75, 1.0], 0.9)))
    assert split.least_gap == pytest.approx(0.25)


def test_watching_better():
    case = matrix(DILEMMA, 0.55, verification={"lag": 1, "detection": 0.5})
    result = ask(case, DONE)
    found = {r.what: r for r in by_kind(result, "verification")}
    for remedy in found.values():
        data = case.to_data()
        data["verification"] = {
            k: v for k, v in {"lag": 1, "detection": 0.5, **remedy.detail}.items() if k != "false_alarm"
        }
        agrees(remedy, ask(from_data(data), DONE))
    assert found["watch perfectly"].works


def test_more_time():
    case = from_data({**matrix(DILEMMA, 0.9).to_data(), "time": {"periods": 3}})
    (more,) = by_kind(ask(case, DONE), "more_time")
    assert more.works is ask(matrix(DILEMMA, 0.9), DONE).exists is True


def test_the_working_remedies_come_first():
    works = [bool(r.works) for r in ask(matrix(DILEMMA, 0.45), DONE).remedies]
    assert works == sorted(works, reverse=True)
    assert any(works)


def test_one_more_round():
    data = ladder([0.5, 1.0], 0.9, final=False).to_data()
    for issue in "xy":
        data["issues"][issue]["pace"] = {"up": 1}
    more = {"time": {"periods": 1}, "no_deal": {"at_deadline": {"X": -1, "Y": -1}}}
    result = ask(from_data({**data, **more}))
    assert result.exists is False
    assert result.one_more["X"]["gain"] > 0
    assert result.one_more["X"]["gain"] == result.one_more["Y"]["gain"]
    longer = ask(from_data({**data, **more, "time": {"periods": 2}}))
    assert result.one_more["X"]["over_no_deal"] == pytest.approx(
        result.one_more["X"]["with_one_more"] - result.space.reservation("now")[0][0]
    )
    assert result.one_more["X"]["with_one_more"] == pytest.approx(longer.main.answer.shown.stay[0, 0])


def test_a_guarantor_is_only_as_good_as_its_own_stake():
    data = matrix(DILEMMA, 0.4).to_data()
    data["parties"]["G"] = {"roles": ["guarantor"]}
    (held,) = by_kind(ask(from_data(data), DONE), "guarantee")
    assert held.detail["guarantors"]["G"]["gain"] is None
    data["preferences"]["G"] = {"table": [0.0, 0.0, 0.0, 2.0]}
    (held,) = by_kind(ask(from_data(data), DONE), "guarantee")
    assert held.detail["guarantors"]["G"]["most_it_would_pay"] > 0
