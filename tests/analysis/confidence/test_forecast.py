"""Forecasts over draws: all draws at once against one forecast for each, verdicts, parts of the scale, levers."""

import json

import numpy as np
import pytest

import detente
from detente.analysis.confidence import Means, Sample, confidence, drawn_inputs
from detente.analysis.confidence.ask_forecast import AskForecast
from detente.analysis.confidence.ask_other import settled
from detente.analysis.confidence.worlds import plan_of
from detente.analysis.forecast import forecast
from detente.case import from_data
from detente.errors import NeedsError
from tests.analysis.confidence.cases import price

ACTORS = {
    "A": {"capability": [50, 100], "position": {"x": [0, 30], "y": 10}, "salience": {"x": [20, 60], "y": 30}},
    "B": {"capability": 60, "position": {"x": {"normal": [90, 10]}, "y": [10, 50, 90]}, "salience": {"x": 50, "y": 50}},
    "C": {"capability": [0, 40], "position": {"x": 50, "y": {"discrete": [[10, 0.5], [90, 0.5]]}}, "salience": {"x": 10, "y": [0, 90]}},
}  # fmt: skip


def case(**more):
    issues = {"x": {"from": 0, "to": 100}, "y": {"from": 10, "to": 90}}
    return from_data({"detente": 1, "id": "drift", "title": "Drift", "forecast": {"issues": issues, "actors": ACTORS}, **more})  # fmt: skip


def answers(question, draws, of=None):
    plan = plan_of(of or case(), question.relevant, spaced=False)
    question.prepare(plan.worlds)
    world = plan.worlds[0]
    values = world.values(plan.draw(draws, 0, 0, "random"))
    return world, values, question(world, values, draws)


@pytest.mark.parametrize(
    ("model", "turns", "rules"),
    [
        ("smp", None, {}),
        ("smp", 4, {"vote": "cubic", "bargain": "both"}),
        ("smp", 0, {}),
        ("eum", None, {}),
        ("eum", 3, {}),
        ("baselines", None, {}),
    ],
)
def test_draws_at_once_are_a_forecast_of_each(model, turns, rules):
    question = AskForecast(model, turns, rules)
    draws = 5 if model == "eum" else 12
    world, values, found = answers(question, draws)
    for d in range(draws):
        alone = forecast(settled(world, values, d), model=model, turns=turns, **rules)
        ends, results = alone.positions[-1], alone.result
        for k, issue in enumerate(alone.inputs.issues):
            change = results[-1, :, k] - results[0, :, k]
            told = {name: found.yes[d, place] for place, name in enumerate(question.yes)}
            number = {name: found.numbers[d, place] for place, name in enumerate(question.numbers)}
            assert told[f"{issue} rises"] == (change > 1e-7).all()
            assert told[f"{issue} falls"] == (change < -1e-7).all()
            edges = question.edges[issue]
            for p, name in enumerate(question.parts(issue)):
                last = p == len(edges) - 2
                inside = (results[-1, :, k] >= edges[p]) & (
                    (results[-1, :, k] < edges[p + 1]) | (last & (results[-1, :, k] <= edges[p + 1]))
                )
                assert told[name] == inside.any()
            ranges = {f"result on {issue}": results[-1, :, k], f"change of {issue}": change}
            ranges |= {f"{a} on {issue}": ends[:, i, k] for i, a in enumerate(alone.inputs.actors)}
            for name, at in ranges.items():
                mine = [number[f"{name}{end}"] for end in question.ends]
                assert mine == pytest.approx([at.min(), at.max()][: len(mine)], abs=1e-8)


def test_a_forecast_is_answered_as_the_contract_says():
    found = confidence(case(), "forecast", sample=Sample(60, 1), turns=5)
    document = json.loads(found.to_json())
    assert {"x rises", "x falls", "y rises", "y at 10 to 18", "x at 90 to 100"} <= set(document["answers"])
    for answer in document["answers"].values():
        assert answer["verdict"] in ("sure", "possible", "excluded")
        assert 0 <= answer["low"] <= answer["share"] <= answer["high"] <= 1
    parts = [a["share"] for name, a in document["answers"].items() if name.startswith("x at ")]
    assert sum(parts) == pytest.approx(1)
    assert document["drivers"]
    assert document["options"]["turns"] == 5
    assert any("only the variants" in w for w in document["warnings"])
    assert "The result on x" in found.explain()
    assert "x at 0 to 10" not in found.explain()
    assert found.charts()["shares"]["description"]


def test_readings_are_told_by_their_ends():
    found = confidence(case(), "forecast", sample=Sample(20, 1), model="eum", turns=1, levers=False)
    numbers = found.numbers
    least, greatest = (numbers[f"result on x ({end} of the readings)"].mean for end in ("least", "greatest"))
    assert least < greatest
    assert found.shares["x at 40 to 50"].share <= 1


@pytest.mark.slow
def test_workers_and_seeds_change_nothing_of_a_forecast():
    runs = [
        confidence(
            case(), "forecast", sample=Sample(40, 3), means=Means(workers=w), levers=False, model="eum"
        )
        for w in (1, 2)
    ]
    assert runs[0].to_json() == runs[1].to_json()


def test_a_forecast_without_doubt_takes_one_draw():
    found = confidence(detente.load("china-energy"), "forecast", turns=3)
    assert found.counts.draws == 1
    assert {r.verdict for r in found.rulings.values()} == {"sure", "excluded"}
    assert all(r.proved for r in found.rulings.values())


def test_draws_of_inputs_are_those_of_confidence():
    drawn = drawn_inputs(case(), 40, 1)
    found = confidence(case(), "forecast", sample=Sample(40, 1), turns=2, levers=False)
    whole = forecast(case(), draws=drawn, turns=2)
    place = found.counts.question.numbers.index("A on x")
    np.testing.assert_allclose(whole.positions[-1, :, 0, 0], found.counts.numbers[:, place], atol=1e-8)
    assert drawn_inputs(detente.load("china-energy"), 5) == {}


def test_what_a_forecast_cannot_be_asked_is_said():
    with pytest.raises(NeedsError, match="no forecast section"):
        confidence(price(), "forecast")
    with pytest.raises(NeedsError, match="transition 'random'"):
        confidence(case(), "forecast", rules={"transition": "random"})
    with pytest.raises(NeedsError, match="is not a setting"):
        confidence(case(), "forecast", rules={"votes": "cubic"})
    with pytest.raises(NeedsError, match="no option 'model'"):
        confidence(price(), model="eum")
