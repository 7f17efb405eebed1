"""`table`: the contract, edge cases, and that shares come from the runs and from nothing else."""

from __future__ import annotations

import json

import numpy as np
import pytest

import detente
from detente.analysis.table import Strategy, table
from detente.case import loads
from detente.errors import NeedsError
from detente.kernels import table as kernel

SALE = """
detente: 1
id: sale
title: A sale
parties: {buyer: {}, seller: {}}
issues:
  price: {levels: {from: 0, to: 10, step: 1}}
no_deal: {buyer: 2, seller: 2}
preferences:
  buyer: {values: {price: {0: 10, 10: 0}}}
  seller: {values: {price: {0: 0, 10: 10}}}
"""


def test_contract():
    result = table(detente.load("stockholm-2019"), runs=200)
    found = json.loads(result.to_json())
    assert found["analysis"] == "table"
    assert found["runs"] == 200
    assert found["seed"] == 0
    assert sum(a["share"] for a in found["agreements"]) == pytest.approx(found["deal_rate"])
    assert set(found["utilities"]) == {"US", "DPRK", "ROK"}
    for spread in found["utilities"].values():
        assert spread["p5"] <= spread["p50"] <= spread["p95"]
    assert 1 <= found["mean_round"] <= found["rounds"]
    assert set(found["agreements"][0]["outcome"]) == set(found["issues"])


def test_same_seed_same_result_and_another_seed_another():
    case = detente.load("stockholm-2019")
    one, two, other = (table(case, runs=300, seed=s, draws=3).to_json() for s in (1, 1, 2))
    assert one == two != other


def test_every_agreement_suits_everybody():
    for name in ("stockholm-2019", "mill-contract", "parts-supply", "three-rivers"):
        result = table(
            detente.load(name), runs=300, strategies="boulware|linear|conceder|nice|boulware-trade-off"
        )
        space = result.setting.space
        for agreed in result.agreements:
            levels = space.levels(agreed.number)
            assert space.possible(levels)
            assert (space.utility(levels) >= result.setting.reservation[0] - 1e-9).all()


def test_linear_parties_split_a_pie_in_the_middle():
    result = table(loads(SALE), strategies="linear", rounds=101, runs=50)
    assert result.deal_rate == 1.0
    assert {a.number for a in result.agreements} <= {4, 5, 6}


def test_a_patient_party_does_better():
    hard = table(loads(SALE), strategies={"buyer": "time:5", "seller": "time:0.2"}, runs=50)
    assert hard.party("buyer")["mean"] > hard.party("seller")["mean"]


def test_without_room_there_is_no_deal():
    case = loads(SALE.replace("{buyer: 2, seller: 2}", "{buyer: 8, seller: 8}"))
    result = table(case, runs=100)
    assert result.deal_rate == 0
    assert result.mean_round is None
    assert result.agreements == ()
    assert result.party("buyer")["mean"] == 8
    assert "0 % end in a deal" in result.explain()


def test_whoever_finds_nothing_acceptable_walks_out():
    case = loads(SALE.replace("{buyer: 2, seller: 2}", "{buyer: 11, seller: 2}"))
    assert table(case, runs=20).ended()["walked out"] == 1.0


def test_breakdown_ends_talks():
    case = loads(SALE)
    sure = table(case, strategies="hardliner", breakdown=1.0, runs=50)
    assert sure.ended()["breakdown"] == 1.0
    half = table(case, strategies="hardliner", breakdown=[0.5], rounds=1, runs=4000)
    assert half.ended()["breakdown"] == pytest.approx(0.5, abs=0.03)


def test_the_way_it_is_computed_does_not_matter(monkeypatch):
    case = detente.load("stockholm-2019")
    options = {
        "strategies": "boulware|micro|random|linear-frequency",
        "runs": 60,
        "rounds": 30,
        "breakdown": 0.01,
    }
    plain = table(case, **options)
    monkeypatch.setattr(kernel, "PLAIN_TURNS", 0)
    compiled = table(case, **options)
    assert plain.to_json() == compiled.to_json()


def test_discounts_shrink_what_comes_late():
    discounted = SALE + "discount: {buyer: {factor: 0.5, per: negotiation}, seller: {factor: 0.9}}\n"
    plain, late = (
        table(loads(t), strategies="linear", rounds=11, runs=1, opener="buyer") for t in (SALE, discounted)
    )
    r = int(plain.ends.round[0])
    assert late.payoffs[0, 0] == pytest.approx(plain.payoffs[0, 0] * 0.5 ** (r / 11))
    assert late.payoffs[1, 0] == pytest.approx(plain.payoffs[1, 0] * 0.9**r)


def test_a_party_without_a_seat_can_refuse():
    case = loads(
        SALE.replace("seller: {}}", "seller: {}, board: {roles: [ratifier], for: buyer}}")
        .replace("preferences:", "preferences:\n  board: {values: {price: {0: 10, 10: 0}}}")
        .replace("no_deal: {buyer: 2, seller: 2}", "no_deal: {buyer: 2, seller: 2, board: 9}")
    )
    result = table(case, runs=50)
    assert result.ended()["refused afterwards"] == 1.0
    assert result.deal_rate == 0


def test_one_party_one_outcome_graph_form_and_ranks():
    alone = "detente: 1\nid: a\ntitle: A\nparties: {p: {}}\nissues: {x: {levels: [a, b]}}\npreferences: {p: {values: {x: {a: 0, b: 1}}}}\n"
    assert table(loads(alone), runs=5).agreements[0].number == 1
    single = (
        SALE.replace("{from: 0, to: 10, step: 1}", "[only]")
        .replace("{0: 10, 10: 0}", "{only: 3}")
        .replace("{0: 0, 10: 10}", "{only: 3}")
    )
    assert table(loads(single), runs=5).deal_rate == 1.0
    graph = table(detente.load("prisoners-dilemma"), runs=20)
    assert graph.setting.space.scale
    ranked = table(detente.load("cuba-1962"), runs=20)
    assert "ordinal" in ranked.to_dict()["scale"].values()


def test_trace_replays_a_run():
    result = table(detente.load("stockholm-2019"), runs=20, strategies="micro|linear")
    for run in range(20):
        talks = result.trace(run)
        assert talks.end == result.ends.end[run] or result.ends.end[run] == 4
        assert talks.round == result.ends.round[run]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rounds": 0}, "rounds is a count from 1"),
        ({"runs": 0}, "runs is a count from 1"),
        ({"draws": -1}, "draws is a count"),
        ({"no_deal": "breakdown"}, "computed by the roadmap"),
        ({"breakdown": 1.5}, "a chance from 0 to 1"),
        ({"breakdown": [0.1, 0.2]}, "one for each of the 100 rounds"),
        ({"opener": "nobody"}, "has no seat"),
        ({"strategies": {"nobody": "linear"}}, "has no seat"),
        ({"strategies": "quick"}, "no strategy is called"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(NeedsError, match=message):
        table(loads(SALE), **options)


def test_needs_preferences():
    with pytest.raises(NeedsError, match="no party of"):
        table(
            loads(
                "detente: 1\nid: a\ntitle: A\nparties: {c: {roles: [convener]}}\nissues: {x: {levels: [a, b]}}\n"
            )
        )


def test_figures_and_tables():
    result = table(detente.load("stockholm-2019"), runs=50, strategies=Strategy("mine"))
    assert list(result.charts()) == ["concessions", "offers", "rounds"]
    assert all(spec["description"] for spec in result.charts().values())
    assert result.to_polars("agreements").height == len(result.agreements)
    assert np.isfinite(result.efficient)


def test_draws_keep_ranges_correlations_and_what_no_deal_is_worth():
    text = SALE.replace("{buyer: 2, seller: 2}", "{buyer: [1, 3], seller: 2}").replace(
        "10: 0}}}", "10: [-2, 0]}}}", 1
    )
    text = text.replace("{0: 0, 10: 10}", "{0: 0, 10: [8, 12]}")
    ends = "[preferences.buyer.values.price.10, preferences.seller.values.price.10]"
    here = table(loads(f"{text}correlated: [{{paths: {ends}, rho: 1}}]\n"), draws=50, runs=100).setting
    worst, best, no_deal = here.utilities[:, 0, 10], here.utilities[:, 1, 10], here.reservation[:, 0]
    assert ((worst >= -2) & (worst <= 0) & (no_deal >= 1) & (no_deal <= 3)).all()
    assert len(set(worst)) == len(set(no_deal)) == 50
    assert np.corrcoef(worst, best)[0, 1] > 0.99
    assert (here.reservation[:, 1] == 2).all()
