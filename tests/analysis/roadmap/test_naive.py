"""The search against the naive enumerator: every roadmap, every departure, every threat, on random tiny games."""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.roadmap import model as models
from detente.analysis.roadmap.problem import Problem, answer
from detente.analysis.roadmap.threats import rule
from detente.space import compile_case
from tests.analysis.roadmap.games import tiny
from tests.naive.roadmap import Game

THREATS = ("stop", "revert", "minmax", "markov")


def pose(seed):
    """A random tiny game as a problem, and as the twin sees it."""
    case = tiny(np.random.default_rng(seed))
    space = compile_case(case)
    model = models.build(space)
    terms, _ = models.terms(space)
    goal = space.positions(case.targets["goal"].outcome)
    collapse = None if terms.collapse is None else list(terms.collapse)
    game = Game(space, terms.step_delta, terms.steps, collapse, list(terms.exit), list(terms.cost))
    kind = THREATS[seed % 4]
    order = ("any", "single")[seed // 4 % 2]
    problem = Problem(model, terms, model.state(goal), rule(kind))
    return problem, game, tuple((goal[i], 0) for i in game.index), kind, order


def compare(seed):
    problem, game, target, kind, order = pose(seed)
    share = bool(seed // 8 % 2)
    want = game.answer(target, kind, order, share)
    got = answer(problem, order, "share" if share else "raw", criteria=False)
    if want is None:
        assert got.shown is None or problem.threat().cycled, f"seed {seed}: replies cycle"
        return False
    assert got.exists is want["exists"], f"seed {seed}"
    assert got.fewest_steps == want["fewest_steps"], f"seed {seed}"
    for name in ("least_gap", "nash_product"):
        ours, theirs = getattr(got, name), want[name]
        assert (ours is None) == (theirs is None), f"seed {seed}: {name}"
        if theirs is not None:
            assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-8), f"seed {seed}: {name}"
    return want["exists"]


def test_random_tiny_games():
    found = sum(compare(seed) for seed in range(100))
    assert found > 6


@pytest.mark.slow
@pytest.mark.parametrize("block", range(50))
def test_five_thousand_random_tiny_games(block):
    for seed in range(1000 + 100 * block, 1100 + 100 * block):
        compare(seed)


@pytest.mark.parametrize("seed", range(40))
def test_at_once_is_the_single_step(seed):
    problem, game, target, kind, _ = pose(seed)
    if any(not c.quick for c in problem.model.commitments):
        return
    b = game.breakdown(kind, target)
    one = [path for path in game.roadmaps(target) if len(path) <= 2]
    got = answer(problem, "at-once", "raw")
    if not one:
        assert got.exists is False
        assert got.shown is None
    elif b is not None:
        gap, product = game.gap(one[0], b)
        assert got.exists is bool(gap <= 1e-9)
        assert got.least_gap == pytest.approx(0 if gap <= 1e-9 else gap, abs=1e-9)
        assert got.nash_product == (pytest.approx(product) if gap <= 1e-9 else None)


@pytest.mark.parametrize("seed", range(60))
def test_the_bracket_of_threats(seed):
    """Harshest play leaves least: a roadmap that holds under any other threat holds under minmax, entry apart."""
    problem, _, _, _, order = pose(seed)
    low = problem.under(rule("minmax")).threat()
    for kind in ("stop", "revert", "markov"):
        other = problem.under(rule(kind)).threat()
        assert (low.landing <= other.landing + 1e-9).all()
        assert (low.entry <= other.entry + 1e-9).all()
        if problem.under(rule(kind)).exists(order) and not other.cycled:
            assert problem.under(rule("minmax")).exists(order)
