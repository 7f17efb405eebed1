"""Fair outcomes by search against plain enumeration with the definitions' tie rules."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from detente.kernels import search
from tests.naive import agreement as naive
from tests.sweep import every, sweep


@st.composite
def problems(draw):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    grid = draw(st.booleans())
    sizes = random.integers(1, 5, n)
    values = [random.integers(0, 12, (m, k)) / 4 if grid else random.random((m, k)) for m in sizes]
    low, span = sum(v.min(axis=0) for v in values), sum(np.ptp(v, axis=0) for v in values)
    return values, low + draw(st.sampled_from([0.0, 0.25, 0.5, 0.9])) * span


@sweep(150, 1000)
def test_both_methods_give_the_outcome_of_the_definition(examples):
    @every(examples, problems())
    def check(problem):
        values, d = problem
        sizes = [len(v) for v in values]
        outcomes = [
            (n, tuple(sum((v[c] for v, c in zip(values, choice, strict=True)), np.zeros(len(d)))))
            for n, choice in enumerate(itertools.product(*map(range, sizes)))
        ]
        wanted = naive.solutions(outcomes, tuple(d))
        for method in ("enumerate", "search"):
            found = {
                "nash": search.nash(values, d, method=method),
                "egalitarian": search.maxmin(values, d, method=method),
                "utilitarian": search.weighted_sum(values, d, method=method),
            }
            for name, answer in found.items():
                assert answer.exact
                number = None if answer.choice is None else int(np.ravel_multi_index(answer.choice, sizes))
                assert number == wanted[name], (method, name)
            witness = search.feasible(values, d, method=method)
            assert (witness.choice is None) == (wanted["nash"] is None)


def test_a_search_stopped_early_states_its_gap():
    random = np.random.default_rng(3)
    values = [random.random((10, 5)) for _ in range(30)]
    d = sum(v.min(axis=0) for v in values) + 0.4 * sum(np.ptp(v, axis=0) for v in values)
    stopped = search.maxmin(values, d, node_limit=10)
    assert not stopped.exact
    assert stopped.bound >= search.maxmin(values, d).value >= stopped.value
