"""The expected-utility model: the published rounds of one reading, and every reading against the equations."""

from __future__ import annotations

import numpy as np
import pytest

import detente
from detente.analysis.forecast import MATCHING, READINGS, eum
from detente.analysis.forecast.baselines import weighted_mean, weighted_median
from detente.analysis.forecast.inputs import inputs_of
from tests.analysis.forecast.actors import random_inputs
from tests.naive import forecast as naive

# Rounds of the replication (Python, 2014) that is reported to match Scholz, Calbert and Smith, "Unravelling Bueno De
# Mesquita's group decision model", Journal of Theoretical Politics 23(4), 2011: Belgium, Luxembourg, Ireland,
# weighted median, weighted mean. The other seven stay where they are.
ROUNDS = [
    (8.416, 7.000, 4.000, 8.4159, 7.4613),
    (9.611, 8.416, 7.000, 9.6109, 7.5525),
    (9.962, 9.611, 8.416, 9.9620, 7.5901),
    (4.801, 9.962, 9.611, 9.9620, 7.3581),
    (5.524, 4.801, 9.962, 9.9620, 7.3492),
    (7.472, 5.524, 5.524, 7.4720, 7.4149),
    (8.825, 7.472, 7.472, 8.8246, 7.5105),
    (9.671, 8.825, 8.825, 9.6711, 7.5724),
]
EXPONENTS = (1.4057, 0.7542, 0.5089, 1.4057, 1.0465, 1.0465, 1.9649, 0.5, 2.0, 1.1121)


def test_rounds_of_the_matching_reading():
    inputs = inputs_of(detente.load("car-emissions"))
    found = eum.run(inputs, (MATCHING,), 10)[0]
    assert found.risks[0, 0, :, 0] == pytest.approx(EXPONENTS, abs=5.01e-5)
    for turn, (belgium, luxembourg, ireland, median, mean) in enumerate(ROUNDS, start=1):
        position = found.positions[turn]
        at = dict(zip(inputs.actors, inputs.on_scale(position)[0, :, 0], strict=True))
        assert at["Belgium"] == pytest.approx(belgium, abs=5.01e-4)
        assert at["Luxembourg"] == pytest.approx(luxembourg, abs=5.01e-4)
        assert at["Ireland"] == pytest.approx(ireland, abs=5.01e-4)
        assert inputs.on_scale(weighted_median(position, inputs.weight)) == pytest.approx(median, abs=5.01e-5)
        assert inputs.on_scale(weighted_mean(position, inputs.weight)) == pytest.approx(mean, abs=5.01e-5)
        for actor, start in zip(inputs.actors, inputs.on_scale(inputs.position)[0, :, 0], strict=True):
            if actor not in ("Belgium", "Luxembourg", "Ireland"):
                assert at[actor] == start
    assert inputs.on_scale(weighted_median(found.positions[10], inputs.weight)) == pytest.approx(7)


def test_how_far_apart_the_readings_end():
    document = detente.forecast(detente.load("car-emissions"), model="eum", turns=10).to_dict()
    assert len(document["readings"]) == 16
    pair = [r for r in document["readings"] if r["denominator"] == "pair"]
    for reading in pair:
        expected = 7.0 if reading["stays"] == 1 else 4.0
        assert reading["median"]["years"] == pytest.approx(expected, abs=1e-6)
        assert reading["mean"]["years"] == pytest.approx(expected, abs=0.1)
    every = [r for r in document["readings"] if r["denominator"] == "all"]
    assert min(r["median"]["years"] for r in every) == pytest.approx(5.06, abs=0.01)
    assert max(r["median"]["years"] for r in every) == pytest.approx(10.0, abs=0.01)
    assert min(r["mean"]["years"] for r in every) == pytest.approx(5.6, abs=0.05)
    assert max(r["mean"]["years"] for r in every) == pytest.approx(7.6, abs=0.05)


def test_the_spread_is_never_one_number():
    document = detente.forecast(detente.load("car-emissions"), model="eum", turns=2).to_dict()
    assert document["turns"][0]["Belgium"] == [[7.0, 7.0]]
    ((low, high),) = document["turns"][2]["Belgium"]
    assert low < high
    one = detente.forecast(detente.load("car-emissions"), model="eum", turns=2, only=MATCHING.name).to_dict()
    assert one["turns"][2]["Belgium"] == pytest.approx([9.6109], abs=1e-4)


@pytest.mark.parametrize("seed", range(60))
def test_rounds_are_those_of_the_equations(seed):
    random = np.random.default_rng(seed)
    inputs = random_inputs(random, draws=2, most=7)
    for reading, found in zip(READINGS, eum.run(inputs, READINGS, 1), strict=True):
        for d in range(2):
            for k in range(len(inputs.issues)):
                position = inputs.position[d, :, k].tolist()
                after, risk = naive.eum_round(
                    inputs.capability[d].tolist(), inputs.salience[d, :, k].tolist(), position,
                    max(position) - min(position), reading,
                )  # fmt: skip
                assert found.positions[1, d, :, k] == pytest.approx(after, abs=1e-9), reading
                assert found.risks[0, d, :, k] == pytest.approx(risk, abs=1e-9)


def test_draws_are_run_side_by_side():
    inputs = random_inputs(np.random.default_rng(1), draws=5)
    whole = eum.run(inputs, READINGS, 4)
    for reading, found in zip(READINGS, whole, strict=True):
        alone = eum.run(inputs.take(slice(2, 3)), (reading,), 4)[0]
        assert (found.positions[:, 2] == alone.positions[:, 0]).all()
        assert (found.partners[:, 2] == alone.partners[:, 0]).all()
