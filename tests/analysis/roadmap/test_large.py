"""What is done otherwise on large problems gives the same answers as on small ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.roadmap import made_up

from detente.analysis.roadmap import large, search
from detente.analysis.roadmap import model as models
from detente.analysis.roadmap.compiled import sweep_large
from detente.analysis.roadmap.evaluate import course, departure_values, departures
from detente.analysis.roadmap.labels import Task, sweep
from detente.analysis.roadmap.problem import Problem
from detente.analysis.roadmap.steps import steps
from detente.analysis.roadmap.threats import rule
from detente.space import compile_case
from tests.analysis.roadmap.cases import ladder
from tests.analysis.roadmap.test_naive import pose


def rows(labels):
    here = labels.here
    return here[np.lexsort(here.T[::-1])]


@pytest.mark.parametrize("seed", range(40))
def test_departures_by_the_two_best_landings(seed, monkeypatch):
    problem = pose(seed)[0]
    model = replace(problem.model, cap={}, ground={})
    graph = steps(model, problem.target, "any", None)
    if graph.start < 0:
        return
    src, dst = graph.state[graph.src], graph.state[graph.dst]
    value = np.random.default_rng(seed).integers(0, 4, model.size).astype(float)
    monkeypatch.setitem(departure_values.__globals__, "LONG", 0)
    for i in range(model.n):
        assert (departure_values(model, i, value, src, dst) == departures(model, i, value, src, dst)[0]).all()


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("kind", ["stop", "revert"])
def test_threats_axis_by_axis(seed, kind):
    problem = pose(seed)[0]
    model = replace(problem.model, cap={}, ground={})
    if any(model.joint) or problem.terms.horizon is not None:
        return
    want = Problem(model, problem.terms, problem.target, rule(kind)).threat()
    for i, d in enumerate(problem.terms.step_delta):
        assert large.value(model, i, float(d), kind == "revert") == pytest.approx(want.entry[i], abs=1e-9)


@pytest.mark.parametrize("extra", ["", "gap", "steps"])
def test_compiled_labels_are_those_of_numpy(extra):
    done = np.linspace(0, 1, 5)[1:]
    for seed in range(8):
        random = np.random.default_rng(seed)
        case = ladder(done + random.random(4) / 20, 0.9, final=bool(seed % 2))
        space = compile_case(case)
        model = models.build(space)
        terms, _ = models.terms(space)
        target = model.state(space.positions(case.targets["top"].outcome))
        priced = Problem(model, terms, target, rule("revert")).priced("any")
        task = Task(np.full(2, 0.3), np.ones(2), extra)
        small, big = sweep(priced, task), sweep_large(priced, task)
        assert rows(small) == pytest.approx(rows(big))


def test_merged_labels_lose_no_more_than_their_bound():
    space = compile_case(ladder(np.linspace(0, 1, 9)[1:], 0.9, final=False))
    model = models.build(space)
    terms, _ = models.terms(space)
    target = model.state(space.positions({"x": "s8", "y": "s8"}))
    priced = Problem(model, terms, target, rule("revert")).priced("any")
    exact = sweep(priced, Task(np.zeros(2), np.ones(2)))
    eta = 0.01
    merged = sweep_large(priced, Task(np.zeros(2), np.ones(2), merge=np.full(2, eta)))
    assert len(merged.value) < len(exact.value)
    for row in exact.here:
        assert (merged.here >= row - eta / (1 - 0.9) - 1e-12).all(axis=1).any()


def test_the_patient_limit_is_the_least_gap_of_the_patient():
    space = compile_case(ladder(np.linspace(0, 1, 5)[1:], 1.0))
    model = models.build(space)
    terms, _ = models.terms(space)
    target = model.state(space.positions({"x": "s4", "y": "s4"}))
    priced = Problem(model, terms, target, rule("stop")).priced("any")
    assert search.patient(priced, np.ones(2))[0] == pytest.approx(
        search.least_gap(priced, np.ones(2)).gap, abs=1e-6
    )


def bounded(seed, monkeypatch):
    """The best product with and without bounds on labels, on a random game; parties may discount differently."""
    problem, _, _, _, order = pose(seed)
    priced = problem.priced(order)
    want = search.nash(priced)
    monkeypatch.setattr(search, "SMALL_NODES", 1)
    monkeypatch.setattr(search, "FEW", seed % 2 * 20_000)
    got = search.nash(priced)
    monkeypatch.undo()
    assert got.exists is want.exists, f"seed {seed}"
    assert got.bound is None
    if not want.exists:
        return False

    def product(walk):
        return course(problem.model, problem.terms, problem.threat(), walk).product

    assert course(problem.model, problem.terms, problem.threat(), got.walks[0]).holds
    assert product(got.walks[0]) == pytest.approx(product(want.walks[0]), rel=1e-9, abs=1e-9), f"seed {seed}"
    return True


def test_bounds_on_labels_lose_no_better_roadmap(monkeypatch):
    assert sum(bounded(seed, monkeypatch) for seed in range(120)) > 6


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_bounds_on_labels_lose_no_better_roadmap_at_length(block, monkeypatch):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        bounded(seed, monkeypatch)


def tilted(case, discounts):
    """A made-up negotiation as a problem in which parties discount as told."""
    space = compile_case(case)
    model = models.build(space)
    terms, _ = models.terms(space)
    goal = model.state(space.positions(case.targets["all"].outcome))
    return Problem(model, replace(terms, delta=np.array(discounts)), goal, rule("revert"))


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("discounts", [(0.95, 0.95, 0.95), (0.95, 0.9, 0.8)])
def test_bounds_on_labels_at_a_thousand_outcomes(parties, discounts, monkeypatch):
    for seed in range(2):
        case = made_up(10**3, parties, seed)
        problem = tilted(case, discounts[:parties])
        priced = problem.priced("single")
        left = search.pruned(priced, search.none(priced))
        if left.steps.start < 0:
            continue
        none = np.zeros(parties)
        every = sweep_large(left, Task(none, none + 1)).here - left.entry
        every = every[(every >= -1e-9).all(axis=1)]
        monkeypatch.setattr(search, "SMALL_NODES", 1)
        got = search.nash(priced)
        monkeypatch.undo()
        assert got.exists is bool(len(every))
        if got.exists:
            walk = course(problem.model, problem.terms, problem.threat(), got.walks[0])
            assert walk.holds
            assert walk.product == pytest.approx(np.prod(np.maximum(every, 0), axis=1).max(), rel=1e-9)
