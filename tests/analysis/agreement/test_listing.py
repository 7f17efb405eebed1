"""Going through all outcomes finds what the definitions say, and constant sums need no list."""

from __future__ import annotations

import math
from unittest import mock

import numpy as np
from hypothesis import strategies as st
from tests.analysis.agreement.test_agreement import cases
from tests.analysis.agreement.test_agreement import listed as outcomes_of
from tests.naive import agreement as naive
from tests.sweep import every, sweep

from detente.analysis.agreement import agreement, count_acceptable
from detente.analysis.agreement import front as fronts
from detente.analysis.agreement.front import listed, pareto_front
from detente.analysis.agreement.listing import go_through
from detente.case import from_data
from detente.errors import CostError
from detente.space import compile_case


@sweep(60, 1000)
def test_one_pass_finds_front_zone_and_ends_of_the_scales(examples):
    @every(examples, cases())
    def check(data):
        space = compile_case(from_data(data))
        d, _ = space.reservation()
        outcomes = outcomes_of(space)
        found = go_through(space, d, 1000)
        points = zip(found.front.numbers.tolist(), found.front.counts.tolist(), strict=True)
        assert sorted(points) == naive.front(outcomes)
        exists, good = naive.zone(outcomes, tuple(d))
        assert (found.gains, found.count) == (exists, len(good))
        for issue, seen in enumerate(found.levels):
            assert list(np.flatnonzero(seen)) == sorted({space.levels(n)[issue] for n in good})
        if outcomes:
            worth = np.array([u for _, u in outcomes])
            assert np.allclose(found.ranges, [worth.min(axis=0), worth.max(axis=0)])
        for party in space.parties:
            p = space.parties.index(party)
            alone = sum(u[p] >= d[p] - 1e-9 for _, u in outcomes)
            if data["no_deal"] != "status_quo" or space.possible(space.start):
                assert count_acceptable(space, [party]) == alone


@sweep(40, 400)
def test_a_front_too_large_to_keep_is_thinned_within_its_bound(examples):
    @every(examples, st.integers(0, 2**32 - 1), st.integers(2, 3))
    def check(seed, k):
        random = np.random.default_rng(seed)
        table = random.random((k, 400))
        table[-1] = -table[:-1].sum(axis=0) + 0.1 * random.random(400)
        names = [f"p{p}" for p in range(k)]
        space = compile_case(from_data({
            "detente": 1, "id": "x", "title": "t", "parties": dict.fromkeys(names),
            "issues": {"i": {"levels": list(range(20))}, "j": {"levels": list(range(20))}},
            "preferences": {name: {"table": row.tolist()} for name, row in zip(names, table, strict=True)},
        }))  # fmt: skip
        exact = listed(space, go_through(space, np.zeros(k), 1000))
        try:
            thin = listed(space, go_through(space, np.zeros(k), len(exact) - 1))
        except CostError:
            return
        assert not thin.exact
        assert thin.count is None
        for point in exact.utilities:
            assert (thin.utilities >= point - thin.bound - 1e-9).all(axis=1).any()
        for levels, u in zip(thin.levels, thin.utilities, strict=True):
            assert np.allclose(space.utility(levels), u)


def opposed(issues, levels):
    """Two parties of exactly opposed interests."""
    values = {f"i{i}": {x: (i % 7 + 1) * x for x in range(levels)} for i in range(issues)}
    other = {name: {x: -u for x, u in row.items()} for name, row in values.items()}
    return from_data({
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None, "B": None},
        "issues": {name: {"levels": list(row)} for name, row in values.items()},
        "preferences": {"A": {"values": values}, "B": {"values": other}}, "no_deal": {"A": 3, "B": -40},
    })  # fmt: skip


def test_constant_sums_are_counted_as_the_list_would():
    space = compile_case(opposed(4, 4))
    whole, _ = pareto_front(space)
    with mock.patch.object(fronts, "LARGEST_LINE", 10):
        counted, _ = pareto_front(space)
        result = agreement(space).to_dict()
    assert (counted.count, counted.outcomes) == (len(whole), 256)
    assert counted.utilities.tolist() == [whole.utilities[0].tolist(), whole.utilities[-1].tolist()]
    assert result["pareto"]["points"] is None
    assert result["solutions"] == agreement(space).to_dict()["solutions"]
    assert result["zopa"] == agreement(space).to_dict()["zopa"]


def test_a_huge_constant_sum_is_answered_in_full():
    document = agreement(opposed(12, 10)).to_dict()
    assert document["pareto"]["outcomes"] == 10**12
    assert document["pareto"]["count"] == sum(9 * (i % 7 + 1) for i in range(12)) + 1
    assert document["zopa"]["exists"]
    assert document["solutions"]["egalitarian"]["exact"]
    gains = document["solutions"]["egalitarian"]["gains"]
    assert math.isclose(min(gains.values()), 18)


def test_everyone_indifferent_is_one_point():
    data = opposed(30, 10).to_data()
    data["preferences"] = {p: {"values": {}} for p in ("A", "B")}
    data["no_deal"] = {"A": 0, "B": 0}
    document = agreement(from_data(data)).to_dict()
    assert document["pareto"]["count"] == 1
    assert document["pareto"]["points"][0]["multiplicity"] == str(10**30)
    assert not document["zopa"]["exists"]
