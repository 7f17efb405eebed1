"""What a forecast says: its document, tables, figures and words, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import vl_convert

import detente
from detente.analysis.forecast import inputs_of, simulate, uncertain_inputs
from detente.analysis.forecast.words import levers_text
from detente.case import from_data
from detente.errors import CaseError, CostError, NeedsError


def case(issues=None, **actors):
    return from_data({
        "detente": 1, "id": "made", "title": "made",
        "forecast": {
            "issues": issues or {"tax": {}},
            "actors": {
                name: {"capability": c, "position": {"tax": x}, "salience": {"tax": s}} for name, (c, x, s) in actors.items()
            },
        },
    })  # fmt: skip


THREE = case(A=(10, 20, 50), B=(20, 80, 30), C=(5, [40, 60], 100))


def test_the_document_of_each_model():
    for model in ("smp", "eum", "baselines"):
        document = detente.forecast(THREE, model=model, turns=3).to_dict()
        assert document["model"] == model
        assert document["analysis"] == "forecast"
        assert list(document).index("baselines") < list(document).index("model")
        assert len(document["turns"]) == (1 if model == "baselines" else 4)
        start = document["turns"][0]
        assert list(start) == ["A", "B", "C"]
        assert start["C"] == ([[50, 50]] if model == "eum" else [50])
        json.loads(json.dumps(document, allow_nan=False))


def test_turns_asked_for_are_made_whatever_the_stop_rule_says():
    for turns in (0, 1, 40):
        assert len(detente.forecast(THREE, turns=turns).to_dict()["turns"]) == turns + 1
    assert 2 <= detente.forecast(THREE).turns <= 100


def test_a_run_that_does_not_come_to_rest_says_so():
    swings = case({"tax": {"from": -10, "to": 50}}, up=(25, -5, 90), down=(25, 40, 60), city=(5, 20, 30))
    result = detente.forecast(swings)
    assert result.turns == 100
    assert "did not come to rest in 100 turns" in result.source.warnings[0]
    assert "to and fro" in result.explain()
    assert not detente.forecast(THREE).source.warnings
    assert not detente.forecast(swings, turns=100).source.warnings


def test_a_case_with_parties_names_its_actors_as_parties_are_named():
    data = detente.load("prisoners-dilemma").to_data()
    name = next(iter(data["parties"]))
    data["parties"][name] = {"label": "The first"}
    data["forecast"] = {
        "issues": {"tax": {}},
        "actors": {name: {"capability": 1, "position": {"tax": 3}, "salience": {"tax": 50}},
                   "other": {"capability": 1, "position": {"tax": 70}, "salience": {"tax": 50}}},
    }  # fmt: skip
    result = detente.forecast(from_data(data), turns=1)
    assert result.label(name) == "The first"
    assert result.to_dict()["parties"] == list(data["parties"])


def test_who_moved_whom_sums_to_all_movement():
    result = detente.forecast(detente.load("china-energy"), turns=9)
    moved = np.sqrt((np.diff(result.paths.positions[:, 0], axis=0) ** 2).sum(axis=2)).sum(axis=0)
    assert result.influence.sum(axis=0) == pytest.approx(moved)
    assert (np.diag(result.influence) == 0).all()


def test_levers_are_runs_with_one_position_changed():
    result = detente.forecast(detente.load("seven-actors"), turns=4)
    found = result.levers(0.2)
    assert [lever.size for lever in found] == sorted((lever.size for lever in found), reverse=True)
    data = result.case.to_data()
    best = found[0]
    data["forecast"]["actors"][best.actor]["position"][best.issue] = best.changed
    changed = detente.forecast(from_data(data), turns=4)
    for k, issue in enumerate(result.inputs.issues):
        difference = changed.result[-1, 0, k] - result.result[-1, 0, k]
        assert best.effect[issue][0] == pytest.approx(difference, abs=1e-8)
    assert best.actor
    assert levers_text(result, found).startswith("What would move the result most")
    assert {lever.actor for lever in result.levers(0.1, ["A2"])} == {"A2"}


def test_levers_of_a_random_run_use_the_same_luck():
    result = detente.forecast(detente.load("seven-actors"), turns=3, transition="random", seed=4)
    found = result.levers(0.1, ["A1"])[0]
    data = result.case.to_data()
    data["forecast"]["actors"]["A1"]["position"][found.issue] = found.changed
    changed = detente.forecast(from_data(data), turns=3, transition="random", seed=4)
    difference = changed.result[-1, 0] - result.result[-1, 0]
    assert [v[0] for v in found.effect.values()] == pytest.approx(difference.tolist(), abs=1e-8)


def test_draws_of_uncertain_inputs():
    assert list(uncertain_inputs(THREE)) == ["forecast.actors.C.position.tax"]
    values = np.array([40.0, 50.0, 60.0])
    inputs = inputs_of(THREE, {"forecast.actors.C.position.tax": values})
    ends = simulate(inputs, turns=3)
    assert ends.shape == (3, 3, 1)
    for i, value in enumerate(values):
        alone = detente.forecast(case(A=(10, 20, 50), B=(20, 80, 30), C=(5, value, 100)), turns=3)
        assert ends[i] == pytest.approx(alone.positions[-1, 0])
    assert simulate(inputs, model="eum", turns=2).shape == (48, 3, 1)
    result = detente.forecast(THREE, turns=3, draws={"forecast.actors.C.position.tax": values})
    assert result.to_dict()["turns"][0]["C"] == [[40, 60]]
    assert "3 draws" in result.explain()
    with pytest.raises(NeedsError, match=r"no input of the forecast is called forecast\.actors\.D"):
        inputs_of(THREE, {"forecast.actors.D.capability": values})
    with pytest.raises(NeedsError, match="all of one length"):
        inputs_of(THREE, {"forecast.actors.A.capability": values, "forecast.actors.B.capability": values[:2]})


def test_drawn_values_beyond_the_scale_are_put_at_its_end():
    inputs = inputs_of(THREE, {"forecast.actors.A.position.tax": np.array([-5.0, 130.0]),
                               "forecast.actors.A.capability": np.array([-1.0, 2.0])})  # fmt: skip
    assert inputs.position[:, 0, 0].tolist() == [0, 1]
    assert inputs.capability[:, 0].tolist() == [0, 2]


def test_salience_is_of_one_or_of_a_hundred():
    percent = detente.forecast(case(A=(10, 20, 50), B=(20, 80, 30)), turns=3)
    share = detente.forecast(case(A=(10, 20, 0.5), B=(20, 80, 0.3)), turns=3)
    assert percent.positions == pytest.approx(share.positions)
    assert share.source.options["full_salience"] == 1


def test_too_much_salience_is_scaled_and_said():
    two = {"tax": {}, "trade": {}}
    actors = {
        name: {"capability": 1, "position": {"tax": x, "trade": x}, "salience": {"tax": s, "trade": s}}
        for name, x, s in (("A", 10, 80), ("B", 90, 40))
    }
    data = {"detente": 1, "id": "m", "title": "m", "forecast": {"issues": two, "actors": actors}}
    result = detente.forecast(from_data(data), turns=1)
    assert "scaled down to it: A (160)" in result.source.warnings[0]
    assert result.inputs.salience[0, 0].tolist() == [0.5, 0.5]
    assert not detente.forecast(from_data(data), model="baselines").source.warnings


def test_nobody_with_influence():
    result = detente.forecast(case(A=(0, 20, 50), B=(20, 80, 0)))
    document = result.to_dict()
    assert document["baselines"]["weighted_mean"] == {"tax": None}
    assert "none" in result.explain()
    assert any("without influence: A, B" in w for w in result.source.warnings)
    alone = detente.forecast(case(A=(1, 20, 50)))
    assert "Nobody moves." in alone.explain()
    assert alone.levers()[0].actor == "A"


@pytest.mark.parametrize(("name", "options"), [
    ("china-energy", {}), ("car-emissions", {}), ("car-emissions", {"model": "eum"}), ("seven-actors", {"model": "baselines"}),
])  # fmt: skip
def test_figures_are_drawn(name, options):
    result = detente.forecast(detente.load(name), **options)
    charts = result.charts()
    assert charts
    for spec in charts.values():
        assert len(spec["description"]) > 30
        assert vl_convert.vegalite_to_svg(json.dumps(spec)).startswith("<svg")
    if not options and name == "china-energy":
        assert list(charts) == ["positions", "influence", "histogram", "map"]
    if options.get("model") == "eum":
        assert "ranges" in charts
        assert "positions" not in charts


def test_words_put_baselines_first_and_claim_nothing():
    for model in ("smp", "eum", "baselines"):
        text = detente.forecast(detente.load("car-emissions"), model=model).explain()
        assert text.startswith("Baselines (Years until introduction): weighted mean 7.39; weighted median 7")
        assert "it is not what the parties would agree to" in text
        assert "accura" not in text
        assert "%" not in text.split("Who moved")[0]


def test_what_is_refused():
    with pytest.raises(NeedsError, match="has no forecast section"):
        detente.forecast(detente.load("prisoners-dilemma"))
    for options, message in (
        ({"model": "oracle"}, "model: 'oracle' is not a model; there are smp, eum, baselines"),
        ({"turns": -1}, "turns: a number from 0 to 100,000; got -1"),
        ({"vote": "loud"}, "vote: 'loud' is not a rule; there are proportional"),
        ({"mood": "x"}, "'mood' is not a setting; there are vote, victory"),
        ({"only": "pair-smallest-1-own"}, "only: the expected-utility model"),
        (
            {"model": "eum", "only": "best"},
            "only: 'best' is not a reading; there are pair-smallest-1-own",
        ),
    ):
        with pytest.raises(NeedsError, match=message):
            detente.forecast(THREE, **options)
    result = detente.forecast(THREE, turns=1)
    with pytest.raises(NeedsError, match="shift: a share of the scale above 0"):
        result.levers(0)
    with pytest.raises(NeedsError, match="unknown actor 'Z'; there are A, B, C"):
        result.levers(0.1, ["Z"])
    with pytest.raises(NeedsError, match="unknown issue 'x'"):
        result.range_of_result("x")


def test_what_is_too_costly():
    many = case(**{f"A{i}": (1, i % 100, 50) for i in range(1000)})
    with pytest.raises(
        CostError, match=r"1,000 actors: about 50 minutes for up to 100 turns\. Instead: fewer"
    ):
        detente.forecast(many)
    assert detente.forecast(many, model="baselines").to_dict()["baselines"]["weighted_median"]["tax"] == 49.5
    hundred = detente.forecast(case(**{f"A{i}": (1, i % 100, 50) for i in range(100)}), turns=0)
    long_run = replace(hundred.paths, positions=np.repeat(hundred.paths.positions, 101, axis=0))
    with pytest.raises(CostError, match="Instead: name a few actors"):
        replace(hundred, paths=long_run).levers()


@pytest.mark.parametrize(("text", "message"), [
    ("{issues: {p: {from: 5, to: 5}}, actors: {X: {capability: 1, position: {p: 5}, salience: {p: 1}}}}", "a scale runs upward"),
    ("{issues: {p: {}}, actors: {X: {capability: 1, position: {p: 300}, salience: {p: 1}}}}", "not on the scale"),
    ("{issues: {p: {}}, actors: {X: {capability: -1, position: {p: 30}, salience: {p: 1}}}}", "capability"),
    ("{issues: {p: {}}, actors: {X: {capability: 1, position: {}, salience: {p: 1}}}}", "no position on"),
    ("{issues: {p: {}}, actors: {X: {capability: 1, position: {p: 30}, salience: {q: 1}}}}", "unknown issue 'q'"),
    ("{issues: {p: {}}, actors: {X: {capability: 1, position: {p: 30}, salience: {p: 130}}}}", "more than full salience; expected 0 to 1, or 0 to 100; got 130"),
    ("{issues: {}, actors: {}}", "at least one"),
])  # fmt: skip
def test_broken_sections(text, message):
    from detente.case import loads

    with pytest.raises(CaseError, match=message):
        loads(f"detente: 1\nid: x\ntitle: x\nforecast: {text}\n")
