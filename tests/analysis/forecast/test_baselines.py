"""The baselines: known values, and the property that defines each."""

from __future__ import annotations

import math

import numpy as np
import pytest

import detente
from detente.analysis.forecast.baselines import bargaining, baselines, weighted_mean, weighted_median
from detente.analysis.forecast.inputs import inputs_of
from tests.analysis.forecast.actors import random_inputs
from tests.naive import forecast as naive


def test_the_known_start_of_the_emission_standards():
    inputs = inputs_of(detente.load("car-emissions"))
    found = baselines(inputs)
    assert inputs.on_scale(found.mean)[0, 0] == pytest.approx(7.38996, abs=5e-6)
    assert inputs.on_scale(found.median)[0, 0] == 7


@pytest.mark.parametrize("seed", range(40))
def test_the_median_is_what_no_position_beats(seed):
    random = np.random.default_rng(seed)
    inputs = random_inputs(random, draws=2)
    for d in range(2):
        for k in range(len(inputs.issues)):
            expected = naive.median(inputs.position[d, :, k].tolist(), inputs.weight[d, :, k].tolist())
            found = weighted_median(inputs.position, inputs.weight)[d, k]
            assert found == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_half_of_the_weight_on_either_side_is_the_middle():
    position, weight = np.array([[0.0], [0.2], [0.6], [1.0]]), np.array([[1.0], [1.0], [1.0], [1.0]])
    assert weighted_median(position, weight) == pytest.approx([0.4])
    assert weighted_median(position[:, :], np.array([[1.0], [2.0], [0.0], [3.0]])) == pytest.approx([0.6])


@pytest.mark.parametrize("seed", range(40))
def test_no_outcome_has_a_larger_product_of_gains(seed):
    random = np.random.default_rng(seed)
    inputs = random_inputs(random)
    c, t, z = inputs.capability[0], inputs.position[0], inputs.salience[0]
    found = bargaining(c, t, z)
    cared = (c[:, None] * z).sum(axis=0) > 0
    assert (np.isnan(found) == ~cared).all()
    here = np.where(cared, found, 0.5)
    best = naive.gain_product(c.tolist(), t.tolist(), z.tolist(), here.tolist())
    for size in (1e-4, 1e-2, 0.3):
        for _ in range(30):
            other = np.clip(here + np.where(cared, random.normal(0, size, len(here)), 0), 0, 1)
            assert naive.gain_product(c.tolist(), t.tolist(), z.tolist(), other.tolist()) <= best + 1e-9


def test_bargaining_between_two_equals_is_the_middle_and_leans_to_the_capable():
    position, salience = np.array([[0.2], [0.8]]), np.array([[0.5], [0.5]])
    assert bargaining(np.array([1.0, 1.0]), position, salience) == pytest.approx([0.5])
    assert bargaining(np.array([3.0, 1.0]), position, salience)[0] < 0.4


def test_opposite_ends_of_the_scale_still_have_a_bargain():
    found = bargaining(np.array([1.0, 1e-9]), np.array([[0.0], [1.0]]), np.array([[1.0], [1.0]]))
    assert 0 <= found[0] < 0.01


def test_nobody_with_weight_means_no_baseline():
    nothing = np.zeros((3, 1))
    assert math.isnan(weighted_mean(nothing, nothing)[0])
    assert math.isnan(weighted_median(nothing, nothing)[0])
    assert np.isnan(bargaining(np.zeros(3), nothing, nothing)).all()
