"""The search against the naive enumerator: every roadmap, every departure, every threat, on random tiny games."""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.roadmap import funnel
from detente.analysis.roadmap import model as models
from detente.analysis.roadmap.certificate import certify
from detente.analysis.roadmap.problem import Problem, answer
from detente.analysis.roadmap.threats import rule
from detente.case import with_changes
from detente.space import compile_case
from tests.analysis.roadmap.games import tiny
from tests.naive.roadmap import Game

THREATS = ("stop", "revert", "minmax", "markov")


WATCHED = (*THREATS, "pause:1", "pause:3")


def pose(seed, watched=False):
    """A random tiny game as a problem, and as the twin sees it; with doubtful verification if ``watched``."""
    random = np.random.default_rng(seed)
    case = tiny(random)
    if watched:
        case = with_changes(case, [{"set": "verification", "to": _verification(random)}])
    space = compile_case(case)
    model = models.build(space)
    terms, _ = models.terms(space)
    goal = space.positions(case.targets["goal"].outcome)
    collapse = None if terms.collapse is None else list(terms.collapse)
    watch = case.verification
    game = Game(
        space,
        [case.patience_of(p) ** (1 + watch.lag) for p in space.parties],
        None if case.time.periods is None else case.time.periods // (1 + watch.lag),
        collapse,
        list(terms.exit),
        list(terms.cost),
        float(watch.false_alarm),
        float(watch.detection),
    )
    kind = WATCHED[seed % 6] if watched else THREATS[seed % 4]
    order = ("any", "single")[seed // 4 % 2]
    problem = Problem(model, terms, model.state(goal), rule(kind))
    return problem, game, tuple((goal[i], 0) for i in game.index), kind, order


def _verification(random):
    """At least one of lag, detection below 1 and false alarms."""
    while True:
        watch = {
            "lag": int(random.choice([0, 0, 1, 2])),
            "detection": float(random.choice([1, 1, 0.8, 0.5, 0.1])),
            "false_alarm": float(random.choice([0, 0, 0.02, 0.2])),
        }
        if watch != {"lag": 0, "detection": 1.0, "false_alarm": 0.0}:
            return watch


def compare(seed, watched=False):
    problem, game, target, kind, order = pose(seed, watched)
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


def certify_compared(seed):
    """Whether the certificate of a roadmap agrees; None where there is none to compare."""
    problem, game, target, kind, order = pose(seed)
    if kind == "minmax" or game.breakdown(kind, target) is None:
        return None
    walks = [c.states for c in (answer(problem, order).shown,) if c is not None]
    for walk in walks:
        path = [tuple(_position(problem.model, k, x) for k in range(len(game.names))) for x in walk]
        want = game.certified(path)
        got = certify(problem.model, problem.terms, problem.threat(), walk)
        if abs(want - 1e-9) < 1e-10:
            return None
        assert got.holds is bool(want <= 1e-9), f"seed {seed}: {want} against {got}"
        assert got.gain == pytest.approx(0 if want <= 1e-9 else want, abs=1e-8), f"seed {seed}"
        return got.holds
    return None


def _position(model, k, x):
    """Where a commitment stands in a state, as the twin writes it: level, and periods of work done."""
    c, p = model.commitments[k], int(model.position[k][x])
    return int(c.level[p]), p - c.position(int(c.level[p]))


def test_certificates():
    seen = [certify_compared(seed) for seed in range(31_600, 31_760)]
    assert seen.count(True) > 20
    assert seen.count(False) > 5


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_two_thousand_certificates(block):
    for seed in range(32_000 + 200 * block, 32_200 + 200 * block):
        certify_compared(seed)


def test_the_funnel():
    """Each count against every outcome tried one by one."""
    narrowed = 0
    for seed in range(40_000, 40_050):
        problem, game, _, _, _ = pose(seed)
        space, model = game.space, problem.model
        lasting = Game(space, game.delta, None, None, game.exit, game.cost)
        outcomes = [x for x in game.states if game._possible[x] and x == tuple((level, 0) for level, _ in x)]
        floor = np.maximum(space.reservation("now")[0], game.exit)
        good = [x for x in outcomes if (np.array(game._u[x]) >= floor - 1e-9).all()]
        b = lasting.breakdown("revert")
        rest = [x for x in good if _at_rest(lasting, x, b)]
        reach = [x for x in rest if game.answer(x, "revert")["exists"]]
        found = funnel(space, threat="revert")
        assert (found.possible, found.acceptable, found.stable, found.reachable) == (
            len(outcomes), len(good), len(rest), len(reach),
        ), f"seed {seed}"  # fmt: skip
        listed = {tuple((end.levels[i], 0) for i in game.index) for end in found.listed}
        assert listed == set(rest), f"seed {seed}"
        narrowed += len(outcomes) > len(good) > len(rest) > len(reach) > 0
        assert model.size == len(game.states)
    assert narrowed


def _at_rest(game, x, b):
    stay, leave, _ = game.evaluate([x], b)
    return all(gone <= stayed + 1e-9 for gone, stayed in zip(leave[0], stay[0], strict=True))


def test_random_tiny_games_with_doubtful_verification():
    found = sum(compare(seed, watched=True) for seed in range(20_000, 20_090))
    assert found > 6


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_two_thousand_random_tiny_games_with_doubtful_verification(block):
    for seed in range(21_000 + 100 * block, 21_100 + 100 * block):
        compare(seed, watched=True)


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
