"""The agreement analysis against its naive twin, on random cases of every shape."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import strategies as st
from tests.naive import agreement as naive
from tests.sweep import every, sweep

from detente.analysis.agreement import agreement
from detente.case import from_data
from detente.errors import NeedsError
from detente.space import compile_case

NUMBERS = st.one_of(
    st.integers(-4, 6),
    st.integers(0, 40).map(lambda n: n / 20),
    st.sampled_from([1 / 3, 2 / 3, 0.1, 0.2, 0.3, 0.1 + 4e-10, 0.1 + 3e-9]),
)


@st.composite
def cases(draw, weights=True, tied=True):
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    parties = ["A", "B", "C", "D"][: draw(st.integers(1, 4))]
    issues = {f"i{k}": [f"l{j}" for j in range(size)] for k, size in enumerate(sizes)}
    every_level = st.sampled_from([(i, x) for i, names in issues.items() for x in names])

    def condition():
        signs = [draw(st.sampled_from(["==", "!=", ">="])) for _ in range(2)]
        return " and ".join(
            f"{issue} {sign} {x}"
            for sign, (issue, x) in zip(signs, [draw(every_level), draw(every_level)], strict=True)
        )

    data = {
        "detente": 1, "id": "x", "title": "t",
        "parties": dict.fromkeys(parties),
        "issues": {name: {"levels": levels} for name, levels in issues.items()},
        "preferences": {},
    }  # fmt: skip
    for party in parties:
        preference = {"values": {i: {x: draw(NUMBERS) for x in names} for i, names in issues.items()}}
        if weights and draw(st.booleans()):
            preference["weights"] = {i: draw(st.integers(1, 5)) for i in issues}
        if tied and draw(st.booleans()):
            preference["bonuses"] = [{"when": condition(), "add": draw(NUMBERS)}]
        data["preferences"][party] = preference
    if tied and draw(st.booleans()):
        data["impossible"] = [condition()]
    data["no_deal"] = draw(st.sampled_from(["status_quo", {p: draw(NUMBERS) for p in parties}]))
    return data


def listed(space):
    """Possible outcomes as (number, utilities), by plain enumeration."""
    numbers = [
        n for n, levels in enumerate(itertools.product(*map(range, space.sizes))) if space.possible(levels)
    ]
    return [(n, tuple(space.utility(space.levels(n)))) for n in numbers]


@sweep(250, 1500)
def test_agrees_with_the_definitions(examples):
    @every(examples, cases())
    def check(data):
        space = compile_case(from_data(data))
        result = agreement(space)
        outcomes = listed(space)
        d = tuple(result.reservation)
        numbers = [space.number(levels) for levels in result.front.levels]
        assert sorted(zip(numbers, map(int, result.front.multiplicity), strict=True)) == naive.front(outcomes)
        exists, good = naive.zone(outcomes, d)
        assert (result.zone.exists, result.zone.count) == (exists, len(good))
        for index, seen in enumerate(result.zone.levels):
            assert list(np.flatnonzero(seen)) == sorted({space.levels(n)[index] for n in good})
        for name, wanted in naive.solutions(outcomes, d).items():
            found = result.solutions[name]
            assert (None if found is None else space.number(found.levels)) == wanted, name


@sweep(50, 300)
def test_renaming_and_reordering_parties_changes_names_only(examples):
    @every(examples, cases(weights=False), st.randoms(use_true_random=False))
    def check(data, random):
        order = list(data["parties"])
        random.shuffle(order)
        other = {**data, "parties": {f"p{party}": None for party in order}}
        other["preferences"] = {f"p{party}": data["preferences"][party] for party in order}
        if isinstance(data["no_deal"], dict):
            other["no_deal"] = {f"p{party}": u for party, u in data["no_deal"].items()}
        here, there = agreement(from_data(data)), agreement(from_data(other))
        assert {n: s and s.levels for n, s in here.solutions.items()} == {
            n: s and s.levels for n, s in there.solutions.items()
        }
        assert here.zone == there.zone
        assert sorted(map(tuple, here.front.levels)) == sorted(map(tuple, there.front.levels))


@sweep(50, 300)
def test_a_positive_affine_change_of_one_scale_keeps_nash_and_kalai_smorodinsky(examples):
    @every(examples, cases(weights=False, tied=False), st.integers(1, 9), st.integers(-9, 9))
    def check(data, factor, shift):
        first = next(iter(data["parties"]))
        data["no_deal"] = {p: 1 for p in data["parties"]}
        for values in data["preferences"][first]["values"].values():
            values.update({level: round(number, 6) for level, number in values.items()})
        changed = {
            **data,
            "preferences": dict(data["preferences"]),
            "no_deal": {**data["no_deal"], first: factor + shift},
        }
        values = data["preferences"][first]["values"]
        issue = next(iter(values))
        changed["preferences"][first] = {
            "values": {
                i: {x: factor * u + (shift if i == issue else 0) for x, u in levels.items()}
                for i, levels in values.items()
            }
        }
        here, there = agreement(from_data(data)), agreement(from_data(changed))
        for name in ("nash", "kalai_smorodinsky"):
            one, two = here.solutions[name], there.solutions[name]
            if one is None or two is None:
                assert one is two
                continue
            gains = [
                (s.utilities - r.reservation) / np.where(np.array(here.space.parties) == first, k, 1)
                for s, r, k in ((one, here, 1), (two, there, factor))
            ]
            if name == "nash":
                assert np.prod(gains[0][gains[0] > 1e-9]) == pytest.approx(
                    np.prod(gains[1][gains[1] > 1e-9]), rel=1e-6
                )
            else:
                assert min(gains[0]) == pytest.approx(min(gains[1]), abs=1e-6) or one.levels == two.levels


@sweep(60, 200)
def test_result_documents_are_json_and_deterministic(examples):
    @every(examples, cases())
    def check(data):
        case = from_data(data)
        first, second = agreement(case).to_json(), agreement(case).to_json()
        assert first == second
        assert agreement(case).explain()


def small(**changes):
    data = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None, "B": None},
        "issues": {"price": {"levels": [1, 2, 3]}},
        "preferences": {
            "A": {"values": {"price": {1: 3, 2: 2, 3: 0}}},
            "B": {"values": {"price": {1: 0, 2: 2, 3: 3}}},
        },
        "no_deal": {"A": 1, "B": 1},
    }  # fmt: skip
    return from_data(data | changes)


def test_the_contract():
    document = agreement(small()).to_dict()
    assert document["outcomes"] == 3
    assert document["reservation"] == {"A": 1.0, "B": 1.0}
    assert document["zopa"] == {"exists": True, "count": 1, "ranges": {"price": ["2"]}}
    assert document["pareto"]["count"] == 3
    assert [p["utilities"]["A"] for p in document["pareto"]["points"]] == [3.0, 2.0, 0.0]
    assert document["pareto"]["points"][1] == {
        "utilities": {"A": 2.0, "B": 2.0}, "outcome": {"price": "2"}, "multiplicity": 1, "rational": True,
    }  # fmt: skip
    for name in ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian"):
        assert document["solutions"][name]["outcome"] == {"price": "2"}
    assert document["solutions"]["egalitarian"]["interpersonal"] is True


def test_where_nothing_is_acceptable_solutions_are_null_and_the_nearest_miss_is_named():
    result = agreement(small(no_deal={"A": 2.5, "B": 2.5}))
    document = result.to_dict()
    assert document["zopa"] == {"exists": False, "count": 0, "ranges": {"price": []}}
    assert all(solution is None for solution in document["solutions"].values())
    assert document["nearest_miss"]["least_largest"] == {
        "outcome": {"price": "2"},
        "shortfall": {"A": 0.5, "B": 0.5},
    }
    assert "No: no possible outcome" in result.explain()


def test_nothing_possible_at_all():
    result = agreement(small(impossible=["price >= 1"]))
    assert result.zone.count == 0
    assert result.to_dict()["pareto"]["count"] == 0


def test_the_verdict_that_depends_on_the_no_deal_is_warned_of():
    case = small(no_deal={"now": {"A": 1, "B": 1}, "at_deadline": {"A": 3, "B": 3}})
    assert any("depends on what no deal means" in warning for warning in agreement(case).source.warnings)
    assert not agreement(case, no_deal="deadline").zone.exists


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"no_deal": "later"}, "unknown no deal 'later'; there are now, deadline and breakdown"),
        ({"no_deal": "breakdown"}, "no deal as breakdown is computed by the roadmap"),
        ({"rules": "gambit"}, "unknown rules 'gambit'; there are detente, genius and negmas"),
        ({"weights": {"C": 1}}, "weights: unknown party 'C'; there are A, B"),
        ({"weights": {"A": 0}}, "weights are numbers above 0"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(NeedsError, match=message):
        agreement(small(), **options)


def test_a_case_without_preferences_is_told_what_it_needs():
    with pytest.raises(
        NeedsError, match=r"the case 'x' has no preferences for 'A', 'B': .*\(preferences\.A\)"
    ):
        agreement(small(preferences={}))
    silent = {"A": {"roles": ["affected"]}, "B": {"roles": ["convener"]}}
    with pytest.raises(NeedsError, match="agreement needs preferences, and no party of 'x' has any"):
        agreement(small(preferences={}, parties=silent))


def test_points_of_a_continuous_issue_are_not_called_exact():
    result = agreement(small(issues={"price": {"levels": {"from": 1, "to": 3}}}))
    assert not result.exact
    assert any("at most 0.02 apart" in warning for warning in result.source.warnings)
    assert agreement(small()).exact
