"""The front of a sum of stages against the definition: list everything, snap, compare every pair."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.kernels.constant_sum import constant_sum, count_distinct_sums
from detente.kernels.front import Status, front
from tests.naive import agreement as naive

NUMBERS = st.one_of(
    st.integers(-3, 4).map(float),
    st.integers(0, 20).map(lambda n: n / 10),
    st.sampled_from([1 / 3, 2 / 3, 0.1, 0.1 + 4e-10, 0.1 + 3e-9]),
)


@st.composite
def problems(draw):
    k = draw(st.integers(1, 4))
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    return [np.array([[draw(NUMBERS) for _ in range(k)] for _ in range(m)]) for m in sizes]


@settings(max_examples=1500, deadline=None, print_blob=True)
@given(problems(), st.sampled_from(["enumerate", "fold"]))
def test_every_method_gives_the_front_of_the_definition(values, method):
    outcomes = [
        (n, tuple(sum((v[c] for v, c in zip(values, choice, strict=True)), np.zeros(values[0].shape[1]))))
        for n, choice in enumerate(itertools.product(*(range(len(v)) for v in values)))
    ]
    found = front(values, method=method)
    sizes = [len(v) for v in values]
    numbers = np.ravel_multi_index(found.choices.T, sizes)
    assert found.status == Status.DONE
    assert found.bound == 0.0
    assert sorted(zip(map(int, numbers), map(int, found.counts), strict=True)) == naive.front(outcomes)


def test_beyond_the_limit_the_status_says_so():
    random = np.random.default_rng(0)
    values = [random.random((10, 3)) for _ in range(12)]
    assert front(values, limit=50).status == Status.LIMIT


def test_a_thinned_front_keeps_its_bound():
    random = np.random.default_rng(1)
    values = [random.random((6, 2)) for _ in range(8)]
    exact, thin = front(values), front(values, grid=0.05)
    assert len(thin.points) < len(exact.points)
    for point in exact.points:
        assert (thin.points >= point - thin.bound).all(axis=1).any()


def test_multiplicities_beyond_64_bits_are_exact():
    values = [np.zeros((10, 2)) for _ in range(30)]
    found = front(values)
    assert list(found.counts) == [10**30]
    assert not found.choices.any()


def test_constant_sum_is_recognised_and_counted():
    column = np.arange(10.0)
    opposed = [np.stack([column / 10, 1 - column / 10], axis=1) for _ in range(30)]
    assert constant_sum(opposed)
    assert count_distinct_sums(opposed) == 271
    assert not constant_sum([np.array([[0.0, 1.0], [1.0, 0.5], [2.0, 0.4]])])
    assert count_distinct_sums([np.random.default_rng(0).random((4, 2)) for _ in range(3)]) is None
