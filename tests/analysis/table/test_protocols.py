"""The other protocols: closed forms, defining properties, and the twins of what is vectorised."""

from __future__ import annotations

import numpy as np
import pytest

import detente
from detente.analysis.table import chances, compare, effects, table
from detente.analysis.table.protocols import rubinstein
from detente.case import loads
from detente.errors import CostError, NeedsError
from tests.analysis.table.test_table import SALE
from tests.naive.table import demand_game, foreseen_split

PIE = SALE.replace("{from: 0, to: 10, step: 1}", "{from: 0, to: 10, step: 0.01}").replace(
    "no_deal: {buyer: 2, seller: 2}", "no_deal: {buyer: 0, seller: 0}"
)


@pytest.mark.parametrize(
    ("first", "second", "rounds", "share"),
    [(0.9, 0.8, None, 0.714286), (0.9, 0.9, 3, 0.91), (0.9, 0.9, 4, 0.181), (0.5, 0.5, 1, 1.0)],
)
def test_closed_forms(first, second, rounds, share):
    # Rubinstein (1982); the finite game with a last proposer: (1 - (-d)^N) / (1 + d)
    assert rubinstein(first, second, rounds) == pytest.approx(share, abs=1e-6)
    if rounds is not None and first == second:
        assert share == pytest.approx((1 - (-first) ** rounds) / (1 + first), abs=1e-6)


def test_foresight_on_a_fine_pie_gives_the_closed_form():
    for first, second, rounds in ((0.9, 0.8, 60), (0.9, 0.8, 3), (0.6, 0.95, 40)):
        text = PIE + f"discount: {{buyer: {{factor: {first}}}, seller: {{factor: {second}}}}}\n"
        result = table(loads(text), protocol="rubinstein", rounds=rounds, runs=4, opener="buyer")
        share = rubinstein(first, second, rounds)
        assert result.deal_rate == 1.0
        assert result.mean_round == 1.0
        assert 1 - result.agreements[0].number / 1000 == pytest.approx(share, abs=0.03)


def test_foresight_agrees_with_its_definition():
    random = np.random.default_rng(5)
    for _ in range(60):
        u = random.integers(0, 8, size=(2, 6)).astype(float)
        rounds, delta = int(random.integers(1, 6)), random.choice([0.3, 0.7, 0.95, 1.0], size=2)
        values = "\n".join(f"  {p}: {{table: {row.tolist()}}}" for p, row in zip(("a", "b"), u, strict=True))
        text = (
            "detente: 1\nid: t\ntitle: T\nparties: {a: {}, b: {}}\nissues: {x: {levels: [p, q, r, s, t, u]}}\n"
            f"no_deal: {{a: 2, b: 2}}\npreferences:\n{values}\n"
            f"discount: {{a: {{factor: {delta[0]}}}, b: {{factor: {delta[1]}}}}}\n"
        )
        result = table(loads(text), protocol="rubinstein", rounds=rounds, runs=1, opener="b")
        outcome, round = foreseen_split(u - 2, delta.tolist(), rounds, 1)
        assert (result.ends.outcome[0], result.ends.round[0]) == (outcome, round)


def test_demands_that_fit_are_met():
    case = loads(SALE)
    modest = table(case, protocol="demand", strategies={"buyer": "0.5", "seller": "0.25"}, runs=5)
    assert modest.deal_rate == 1.0
    assert table(case, protocol="demand", strategies="0.9", runs=5).deal_rate == 0.0
    drawn = table(case, protocol="demand", runs=2000)
    assert 0 < drawn.deal_rate < 1
    random = np.random.default_rng(1)
    for _ in range(40):
        u = random.integers(0, 9, size=(2, 12)).astype(float)
        shares = random.random(2)
        text = (
            "detente: 1\nid: t\ntitle: T\nparties: {a: {}, b: {}}\nissues: {x: {levels: {from: 1, to: 12, step: 1}}}\n"
            f"no_deal: {{a: 2, b: 2}}\npreferences:\n  a: {{table: {u[0].tolist()}}}\n  b: {{table: {u[1].tolist()}}}\n"
        )
        asked = {"a": f"{shares[0]}", "b": f"{shares[1]}"}
        result = table(loads(text), protocol="demand", strategies=asked, runs=1)
        assert result.ends.outcome[0] == demand_game(u, [2.0, 2.0], shares)


def test_a_text_only_improves_for_everybody():
    case = detente.load("mill-contract")
    short, long = (table(case, protocol="text", rounds=r, runs=300) for r in (5, 300))
    assert long.deal_rate >= short.deal_rate
    space = long.setting.space
    start = space.utility(space.start)
    seats = list(long.setting.seats)
    for agreed in long.agreements:
        assert (space.utility(space.levels(agreed.number))[seats] >= start[seats] - 1e-9).all()
    warm = table(case, protocol="text", rounds=300, runs=300, heat=0.2)
    assert warm.deal_rate > 0


def test_simultaneous_offers_in_both_ways_of_holding_them(monkeypatch):
    from detente.kernels import table as kernel

    case = detente.load("stockholm-2019")
    for options in ({"breakdown": 0.02}, {"strategies": "conceder|time:2|boulware-constant|boulware-time"}):
        tables = table(case, protocol="simultaneous", runs=60, rounds=15, **options)
        with monkeypatch.context() as patch:
            patch.setattr(kernel, "by_tables", lambda minds: False)
            plain = table(case, protocol="simultaneous", runs=60, rounds=15, **options)
        assert tables.to_json() == plain.to_json()
    assert table(case, protocol="simultaneous", strategies="micro|nice", runs=20, rounds=20).runs == 20
    with pytest.raises(CostError, match="simultaneous offers"):
        table(case, protocol="simultaneous", strategies="micro", runs=100_000)


def test_meetings_and_returns():
    case = detente.load("stockholm-2019")
    result = table(case, rounds=30, meetings=3, returns=0.5, strategies="hardliner", runs=2000)
    parts = result.by_meeting()
    assert [part["rounds"] for part in parts] == [10, 10, 10]
    assert [part["date"] for part in parts] == ["2019-11-03", "2019-12-02", "2019-12-31"]
    assert [part["ended"] for part in parts] == pytest.approx([0.5, 0.25, 0.25], abs=0.04)


def test_effects_are_paired():
    case = loads(SALE)
    found = {c.name: c for c in effects(case, rounds=10, runs=200)}
    assert found["talks may break down (5 % a round)"].deal_rate.mean < 0
    same = compare(table(case, runs=50), table(case, runs=50))
    assert same.deal_rate.mean == same.deal_rate.low == same.deal_rate.high == 0
    with pytest.raises(NeedsError, match="run by run"):
        compare(table(case, runs=50), table(case, runs=50, seed=1))


def test_holding_out_never_makes_deals_likelier_in_the_grid():
    grid = chances(detente.load("stockholm-2019"), deadlines=(5, 20), exponents=(0.25, 4), runs=200, draws=5)
    assert len(grid) == 4
    assert all(0 <= row["deal_rate"] <= 1 for row in grid)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocol": "auction"}, "unknown protocol"),
        ({"protocol": "demand", "strategies": "1.5"}, "a share from 0 to 1"),
        ({"protocol": "demand", "strategies": "micro"}, "a share from 0 to 1"),
        ({"protocol": "text", "heat": -1}, "heat is a number"),
        ({"meetings": 0}, "meetings is a count"),
        ({"returns": 2}, "returns is a chance"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(NeedsError, match=message):
        table(loads(SALE), **options)


def test_foresight_is_for_two():
    with pytest.raises(NeedsError, match="between two parties"):
        table(detente.load("three-rivers"), protocol="rubinstein")
    with pytest.raises(NeedsError, match="between 0 and 1"):
        rubinstein(1.0, 1.0)
