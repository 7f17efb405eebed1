"""The whole analysis: closed forms, verdicts, drivers, flips, levers, robust choice, comparison, other workers."""

import json

import numpy as np
import pytest

import detente
from detente.analysis.confidence import Means, Sample, compare, confidence
from detente.analysis.confidence import drivers as parts
from detente.analysis.confidence.ask_other import settled
from detente.analysis.confidence.inputs import Input
from detente.case import from_data, with_changes
from detente.errors import NeedsError
from tests.analysis.confidence.cases import HEAD, price, random_case


def asked(case, of="agreement", draws=2000, **more):
    return confidence(case, of, sample=Sample(draws, 1), **more)


def test_a_share_with_a_closed_form():
    # worth is uniform on 0..10 and a deal exists where it is at least 5; the seller always gains
    found = asked(price())
    answer = found.to_dict()["answers"]["deal_exists"]
    assert answer["verdict"] == "possible"
    assert answer["proved"]
    assert answer["low"] <= 0.5 <= answer["high"]
    assert abs(answer["share"] - 0.5) < 0.002
    assert answer["share"] == pytest.approx(found.to_dict()["answers"]["nash:deal=yes"]["share"])


@pytest.mark.parametrize(
    ("worth", "cost", "verdict"),
    [
        ([6, 10], 3, "sure"),
        ([5, 10], [1, 4], "sure"),
        ([5, 10], [1, 5], "possible"),  # where both are just content, nobody gains
        ([0, 4], 3, "excluded"),
        ([0, 10], 6, "excluded"),
        ([4, 10], 3, "possible"),
        ([4.9999, 10], 3, "possible"),
        (7, 3, "sure"),
        ([0, 5], 4.0, "possible"),
    ],
)
def test_verdicts_over_ranges(worth, cost, verdict):
    found = asked(price(worth, cost), draws=200, levers=False)
    answers = found.to_dict()["answers"]
    deal = answers.get("deal_exists")
    assert deal["verdict"] == verdict
    assert deal["proved"]
    accepted = answers.get("acceptable:deal=yes")
    if accepted is None:
        assert deal["share"] == 0
    elif worth != [5, 10]:
        assert accepted["verdict"] == verdict
        assert accepted["proved"]


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(s, marks=pytest.mark.slow) for s in range(4, 120))]
)
def test_proved_verdicts_have_no_counterexample(seed):
    for of in ("agreement", "standoff"):
        found = asked(random_case(seed), of, draws=300, levers=False)
        for name, ruling in found.rulings.items():
            share = found.shares[name].share
            if ruling.verdict == "sure":
                assert share == 1
            elif ruling.verdict == "excluded":
                assert share == 0
            elif ruling.how == "examples":
                assert ruling.proved


def test_a_nash_equilibrium_that_no_draw_shows_is_decided_by_a_program():
    # leaving pays the mover a - b, with a and b in 0..1: staying is possible exactly where b >= a somewhere
    def case(low):
        return from_data(
            {
                **HEAD,
                "parties": {"A": {}},
                "issues": {"x": {"by": "A", "levels": ["0", "1"]}},
                "status_quo": {"x": "0"},
                "preferences": {"A": {"values": {"x": {"0": [0, 1], "1": [low, 2]}}}},
            }
        )

    verdicts = [
        asked(case(low), "standoff", 50, levers=False).rulings["status_quo_nash"] for low in (1.5, 0.5)
    ]
    assert [v.verdict for v in verdicts] == ["excluded", "possible"]
    assert all(v.proved for v in verdicts)


def test_what_drives_an_answer_and_where_it_flips():
    found = asked(price(cost=[1, 4]))
    first = found.to_dict()["drivers"][0]
    assert first["input"] == "preferences.buyer.values.deal.yes"
    assert first["effect"] > 0.9
    assert first["low"] == 0
    assert first["high"] == 1
    flip = found.flips[0]
    assert flip.inside
    assert flip.at[0] == pytest.approx(5, abs=1e-6)
    assert all(f.input != first["input"] or f.inside for f in found.flips)


def test_flips_outside_a_range_are_marked():
    found = asked(price(worth=[6, 8]), levers=False)
    flip = next(f for f in found.flips if f.input.endswith("yes"))
    assert not flip.inside
    assert flip.at[0] == pytest.approx(5, abs=1e-6)


def ishigami(x):
    a, b = 7.0, 0.1
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_shares_explained_are_those_of_the_ishigami_function():
    """First-order indices 0.3139, 0.4424, 0 (Ishigami and Homma 1990; Saltelli et al. 2008)."""
    u = np.random.default_rng(0).random((20_000, 3))
    y = ishigami(np.pi * (2 * u - 1))
    inputs = [Input(f"x{i}", "number", detente.case.uncertain.read_number([0, 1])) for i in range(3)]
    found = {d.input: d.effect for d in parts.drivers(inputs, u, y)}
    for name, exact in (("x0", 0.3139), ("x1", 0.4424), ("x2", 0.0)):
        assert found[name] == pytest.approx(exact, abs=0.02)


def test_chance_explains_nothing():
    u = np.random.default_rng(1).random((2000, 40))
    y = (np.random.default_rng(2).random(2000) < 0.5).astype(float)
    inputs = [Input(f"x{i}", "number", detente.case.uncertain.read_number([0, 1])) for i in range(40)]
    assert max(d.effect for d in parts.drivers(inputs, u, y)) < 0.02


def test_sobol_indices_by_pick_and_freeze():
    # a deal exists where both of two independent halves hold: V = 3/16, first order 1/16 each, total 1/8 each
    found = asked(price(worth=[0, 10], cost=[0, 10]), levers=False, sobol=4000)
    for index in found.sobol:
        assert index.first == pytest.approx(1 / 3, abs=0.06)
        assert index.total == pytest.approx(2 / 3, abs=0.06)


def test_levers_make_the_wanted_answer_true():
    case = price(worth=[2, 4], cost=[3, 4.5])
    found = asked(case)
    assert found.to_dict()["wanted"] is True
    assert found.levers
    kinds = {lever.kind for lever in found.levers}
    assert {"value", "compensation"} <= kinds
    for lever in found.levers:
        assert detente.agreement(with_changes(case, lever.changes)).zone.exists
        assert lever.effect is not None
        assert lever.effect > 0
    paid = next(lever for lever in found.levers if lever.kind == "compensation")
    assert paid.changes[0]["to"]["add"] == pytest.approx(2, abs=1e-3)


def test_side_payments_where_money_is_stated():
    data = price(worth=4, cost=3).to_data()
    data["preferences"]["buyer"]["numeraire"] = {"unit": "M", "per_point": 10}
    data["preferences"]["seller"]["numeraire"] = {"unit": "M", "per_point": 8}
    found = asked(from_data(data), draws=50)
    paid = next(lever for lever in found.levers if lever.kind == "side payment")
    # the buyer is short by 1 point, 10 M; the seller can give up to 2 points, 16 M
    assert paid.cost == pytest.approx(10, abs=1e-3)
    assert paid.unit == "M"
    data["preferences"]["seller"]["numeraire"]["per_point"] = 4
    found = asked(from_data(data), draws=50)
    assert all(lever.kind != "side payment" for lever in found.levers)


def haggle(levels=("low", "high"), buyer=(10, [0, 2]), seller=(0, [9, 10]), **more):
    values = {
        "buyer": dict(zip(levels, buyer, strict=True)),
        "seller": dict(zip(levels, seller, strict=True)),
    }
    data = {
        **HEAD,
        "parties": {"buyer": {}, "seller": {}},
        "issues": {"price": {"levels": list(levels)}},
        "preferences": {party: {"values": {"price": v}} for party, v in values.items()},
        "no_deal": {"now": {"buyer": 4, "seller": 4}},
        **more,
    }
    return from_data(data)


def test_a_level_half_way_is_a_lever():
    found = asked(haggle(), draws=200)
    added = next(lever for lever in found.levers if lever.kind == "added")
    assert added.text == "price: a level between low and high"
    new = with_changes(haggle(), added.changes)
    assert new.issues["price"].names == ("low", "between low and high", "high")
    assert new.preferences["buyer"].values["price"]["between low and high"].to_data() == [
        5,
        6,
    ]  # of 10 and 0 to 2
    assert detente.agreement(new).zone.exists
    assert added.effect == 1.0


def test_smaller_steps_of_a_scale_are_a_lever():
    scale = {"price": {"levels": {"from": 0, "to": 10, "step": 10}}}
    case = haggle(("0", "10"), (10, 0), (0, 10), issues=scale)
    added = next(lever for lever in asked(case, draws=50).levers if lever.kind == "added")
    new = with_changes(case, added.changes)
    assert new.issues["price"].names == ("0", "5", "10")
    assert detente.agreement(new).zone.exists


def test_a_level_off_the_table_is_a_lever():
    case = haggle(("none", "fair", "fairer"), (4, 6, [7, 8]), (4, 6, [7, 8]))
    found = asked(case, draws=50, answer="nash:price=fair")
    assert found.to_dict()["wanted"] is True
    removed = [lever for lever in found.levers if lever.kind == "removed"]
    assert [lever.text for lever in removed] == ["price: fairer is off the table"]
    assert removed[0].effect == 1.0


def test_levers_may_break_an_answer():
    found = asked(price(worth=[6, 8]), draws=200)
    assert found.to_dict()["wanted"] is False
    for lever in found.levers:
        assert not detente.agreement(with_changes(found.counts.plan.case, lever.changes)).zone.exists


THREE = {
    **HEAD,
    "parties": {"A": {}, "B": {}},
    "issues": {"x": {"by": "A", "levels": ["none", "left", "right", "middle"]}},
    "status_quo": {"x": "none"},
    "preferences": {
        "A": {"values": {"x": {"none": 0, "left": [-4, 6], "right": [-1, 9], "middle": [-0.5, 2]}}},
        "B": {"values": {"x": {"none": 0, "left": 1, "right": 1, "middle": 1}}},
    },
}


def test_robust_choice_by_three_rules():
    found = asked(from_data(THREE), draws=300, levers=False)
    choice = {c.rule: c for c in found.robust.choices}
    plan = found.counts.plan
    values = plan.worlds[0].values(found.counts.uniform())
    worth = {"none": [], "left": [], "right": [], "middle": []}
    holds = {name: 0 for name in worth}
    for d in range(300):
        case = settled(plan.worlds[0], values, d)
        mine = {name: case.preferences["A"].values["x"][name] for name in worth}
        span = max(mine.values()) - min(mine.values())
        for name in worth:
            other = 0.0 if name == "none" else 1.0
            worth[name].append(min(mine[name] / span, other))
            holds[name] += mine[name] >= 0 and (mine[name] > 0 or other > 0)
    best = [max(row) for row in zip(*worth.values(), strict=True)]
    regret = {name: max(b - w for b, w in zip(best, row, strict=True)) for name, row in worth.items()}
    deals = [name for name in worth if holds[name]]
    assert choice["highest share"].choice == "x=right"
    assert choice["highest share"].value == pytest.approx(max(holds.values()) / 300)
    assert choice["max-min"].choice == f"x={max(deals, key=lambda name: min(worth[name]))}"
    assert choice["max-min"].value == pytest.approx(max(min(worth[name]) for name in deals))
    assert choice["minimax regret"].choice == f"x={min(deals, key=regret.get)}"
    assert choice["minimax regret"].value == pytest.approx(min(regret[name] for name in deals))
    assert choice["max-min"].interpersonal


def test_the_value_of_information():
    # right and left hold in disjoint halves of one discrete input: knowing it is worth one half
    data = json.loads(json.dumps(THREE))
    data["preferences"]["A"]["values"]["x"] = {"none": 0, "left": 1, "right": [0, 0], "middle": -1}
    data["preferences"]["A"]["bonuses"] = [{"when": "x == left", "add": {"discrete": [[0, 0.5], [-5, 0.5]]}}]
    data["preferences"]["B"]["values"]["x"] = {"none": 0, "left": 1, "right": 1, "middle": 1}
    found = asked(from_data(data), draws=1000, levers=False).robust
    assert found.best_share == 1  # right holds always, so nothing is worth asking
    assert all(w.gain == 0 for w in found.ask)


def test_variants_are_compared_on_the_same_draws():
    data = price().to_data()
    data["variants"] = {"richer": [{"set": "preferences.buyer.values.deal.yes", "to": [1, 11]}]}
    found = compare(from_data(data), ["richer"], sample=Sample(2000, 0))
    change = found.found["richer"]["deal_exists"].difference
    assert change.share == pytest.approx(0.1, abs=0.002)
    assert change.high - change.low < 0.01
    document = found.to_dict()
    assert document["analysis"] == "compare"
    assert document["variants"]["as it is"]["deal_exists"]["difference"] is None
    assert "assumed cases" in found.explain()
    with pytest.raises(NeedsError, match="unknown variant"):
        compare(from_data(data), ["poorer"])
    with pytest.raises(NeedsError, match="at least one variant"):
        compare(from_data(data), [])


def test_switches_are_drawn_and_drive_the_answer():
    data = price(worth=7).to_data()
    data["variants"] = {"poor": [{"set": "preferences.buyer.values.deal.yes", "to": 2}]}
    found = asked(from_data(data), switches=[["poor"]], levers=False)
    assert found.shares["deal_exists"].share == pytest.approx(0.5, abs=0.01)
    assert found.drivers[0].input == "switch.1"
    assert found.drivers[0].effect == pytest.approx(1, abs=1e-6)
    assert found.rulings["deal_exists"].verdict == "possible"
    assert sum(found.worlds.values()) == 2000


def test_a_family_member_may_be_the_answer_asked_about():
    found = asked(price(), answer="acceptable:deal=yes", levers=False)
    assert found.drivers[0].effect > 0.9
    with pytest.raises(NeedsError, match="unknown answer"):
        asked(price(), answer="nonsense")


def test_the_stopping_rule():
    found = confidence(price(), sample=Sample(100_000, 0, "random", error=0.02), levers=False)
    assert found.counts.stopped
    assert found.counts.draws < 20_000
    assert found.shares["deal_exists"].error <= 0.02
    assert any("stopped after" in w for w in found.source.warnings)


def test_workers_and_kept_chunks_change_nothing(tmp_path):
    case = price(cost=[0, 10])
    plain = asked(case, draws=500).to_json()
    assert asked(case, draws=500, means=Means(workers=2)).to_json() == plain
    assert asked(case, draws=500, means=Means(folder=tmp_path)).to_json() == plain
    (tmp_path / "chunk-00000003.npz").unlink()
    assert asked(case, draws=500, means=Means(folder=tmp_path)).to_json() == plain
    with pytest.raises(NeedsError, match="another question"):
        asked(case, draws=501, means=Means(folder=tmp_path))


@pytest.mark.parametrize("of", ["agreement", "standoff"])
def test_documents_words_tables_and_figures(of):
    found = confidence(detente.load("stockholm-2019"), of, sample=Sample(200, 0))
    document = json.loads(found.to_json())
    assert {"answers", "drivers", "levers", "seed", "draws"} <= set(document)
    for answer in document["answers"].values():
        assert answer["verdict"] in ("sure", "possible", "excluded")
        assert 0 <= answer["low"] <= answer["share"] <= answer["high"] <= 1
    assert all({"input", "effect"} <= set(d) for d in document["drivers"])
    assert all({"change", "cost", "effect"} <= set(lever) for lever in document["levers"])
    text = found.explain()
    assert "of the assumed cases" in text
    assert "robab" not in text.replace("no probabilities of events", "")
    assert found.charts()["shares"]["description"]
    assert found.tables()["answers"]


def test_nothing_uncertain_is_said():
    found = asked(price(worth=7), draws=20, levers=False)
    assert any("nothing in this case is uncertain" in w for w in found.source.warnings)
    assert found.rulings["deal_exists"].verdict == "sure"
    assert all(ruling.proved for ruling in found.rulings.values())


def test_options_that_do_not_fit_are_refused():
    for wrong, message in (
        (("x", {}), "unknown analysis"),
        (("agreement", {"concept": "seq"}), "no option 'concept'"),
    ):
        with pytest.raises(NeedsError, match=message):
            confidence(price(), wrong[0], **wrong[1])


def high(case):
    worth = case.preferences["buyer"].values["deal"]["yes"]
    return {"high": worth > 8, "worth": worth}


def test_any_function_of_a_case_may_be_asked():
    found = confidence(price(), high, sample=Sample(1000, 0))
    assert found.shares["high"].share == pytest.approx(0.2, abs=0.01)
    assert found.numbers["worth"].mean == pytest.approx(5, abs=0.01)
    assert found.drivers[0].effect > 0.8
    assert not found.rulings["high"].proved or found.rulings["high"].how == "examples"
