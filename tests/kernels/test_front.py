"""Fronts against the definition, on random cases full of ties, and on cases whose answer is known."""

from __future__ import annotations

import contextlib
import itertools
import math
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
from hypothesis import strategies as st

from detente.kernels import _beaten, _listed
from detente.kernels import front as module
from detente.kernels.front import (
    Status,
    Stream,
    bound_distinct_sums,
    constant_sum,
    count_distinct_sums,
    front,
    pareto,
)
from tests.naive import front as naive
from tests.sweep import every, sweep

NUMBERS = st.one_of(
    st.integers(-3, 4).map(float),
    st.integers(0, 20).map(lambda n: n / 10),
    st.sampled_from([1 / 3, 2 / 3, 0.1, 0.1 + 1e-10, 0.1 + 4e-10, 0.1 + 3e-9]),
)
METHODS = ["enumerate", "fold", "auto"]
SEEDS = st.integers(0, 2**32 - 1)


@contextlib.contextmanager
def thresholds(small, block=1 << 20, pairs=1 << 22):
    """Sends small cases through the code for large ones."""
    with (
        mock.patch.object(_beaten, "SMALL", small),
        mock.patch.object(_beaten, "FEW", min(small, _beaten.FEW)),
        mock.patch.object(module, "SMALL", small),
        mock.patch.object(module, "BLOCK", block),
        mock.patch.object(_beaten, "PAIRS", pairs),
        mock.patch.object(module, "PAIRS", pairs),
    ):
        yield


LARGE_AND_SMALL = st.sampled_from([{"small": 128}, {"small": 2}, {"small": 2, "block": 7, "pairs": 10}])


@st.composite
def problems(draw):
    """Values, counts, digits and positions of up to 4 stages; digits of several issues, interleaved."""
    k = draw(st.integers(1, 5))
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    values = [draw(st.lists(st.tuples(*[NUMBERS] * k), min_size=m, max_size=m)) for m in sizes]
    values = [np.array(stage) for stage in values]
    if draw(st.booleans()):
        return values, None, None, None
    counts = [draw(st.lists(st.integers(1, 3), min_size=m, max_size=m)) for m in sizes]
    widths = [draw(st.integers(1, 3)) for _ in sizes]
    order = draw(st.permutations(range(sum(widths))))
    ends = np.cumsum([0, *widths])
    positions = [sorted(order[a:b]) for a, b in itertools.pairwise(ends)]
    row = st.integers(0, 3)
    digits = [
        draw(st.lists(st.tuples(*[row] * c), min_size=m, max_size=m, unique=True))
        for m, c in zip(sizes, widths, strict=True)
    ]
    return values, counts, digits, positions


def random_stages(seed, outcomes=60_000):
    """Up to 7 stages of one kind of numbers: real, decimal, thirds, nearly equal; some nearly opposed."""
    random = np.random.default_rng(seed)
    k = int(random.integers(1, 6))
    sizes = random.integers(1, 8, int(random.integers(1, 8)))
    while np.prod(sizes) > outcomes:
        sizes[random.integers(len(sizes))] = 2
    near = random.choice([1e-10, 4e-10, 2e-9, 3e-9])
    make = [
        lambda m: random.random((m, k)),
        lambda m: random.integers(0, 11, (m, k)) / 10 * 0.3,
        lambda m: random.integers(-3, 4, (m, k)) / 3,
        lambda m: random.integers(0, 3, (m, k)) / 10 + random.integers(0, 3, (m, k)) * near,
        lambda m: random.integers(0, 8, (m, k)) * 100.0,
    ][random.integers(5)]
    values = [make(m) for m in sizes]
    if k > 1 and random.random() < 0.4:
        for stage in values:
            stage[:, -1] = -stage[:, :-1].sum(axis=1) + random.integers(0, 3, len(stage)) / 10
    counts = [random.integers(1, 4, m) for m in sizes] if random.random() < 0.5 else None
    if counts and random.random() < 0.3:
        counts = [c.astype(object) * 10**12 for c in counts]
    return values, counts


def told(found):
    """A front as plain Python: (utilities, choice, count) of each point."""
    return list(
        zip(found.points.tolist(), found.choices.tolist(), [int(c) for c in found.counts], strict=True)
    )


@sweep(120, 1200)
def test_every_method_gives_the_front_of_the_definition(examples):
    @every(examples, problems(), LARGE_AND_SMALL)
    def check(problem, large):
        expected = naive.front(*problem)
        with thresholds(**large):
            for method in METHODS:
                found = front(*problem, method=method)
                assert found.status == Status.DONE
                assert found.bound == 0.0
                assert told(found) == expected, method


@sweep(60, 400)
def test_small_random_cases_follow_the_definition(examples):
    @every(examples, SEEDS, LARGE_AND_SMALL)
    def check(seed, large):
        values, counts = random_stages(seed, outcomes=300)
        expected = naive.front(values, counts)
        with thresholds(**large):
            for method in METHODS:
                assert told(front(values, counts, method=method)) == expected, method


@sweep(25, 250)
def test_fold_and_listing_agree_on_larger_cases(examples):
    @every(examples, SEEDS)
    def check(seed):
        values, counts = random_stages(seed)
        expected = told(front(values, counts, method="enumerate"))
        for method in ("fold", "auto"):
            assert told(front(values, counts, method=method)) == expected, method


@pytest.mark.parametrize("k", [2, 3, 4])
def test_points_of_spaces_that_cannot_be_listed_do_not_dominate_each_other(k):
    random = np.random.default_rng(k)
    values = [random.random((5, k)) for _ in range({2: 40, 3: 14, 4: 9}[k])]
    found = front(values)
    choices = np.array([random.integers(0, 5, 20_000) for _ in values])
    others = sum(stage[row] for stage, row in zip(values, choices, strict=True))
    for point in found.points[:: max(len(found.points) // 50, 1)]:
        for rivals in (found.points, others):
            better = (rivals >= point).all(axis=1) & (rivals > point + 1e-9).any(axis=1)
            assert not better.any()
    again = sum(stage[row] for stage, row in zip(values, found.choices.T, strict=True))
    assert np.allclose(again, found.points, atol=1e-12)
    assert found.largest >= len(found.points)
    assert (found.counts == 1).all()


@sweep(40, 100)
def test_a_limit_gives_the_whole_front_or_says_so(examples):
    @every(examples, SEEDS, st.integers(1, 400), st.sampled_from(METHODS))
    def check(seed, limit, method):
        values, counts = random_stages(seed, outcomes=2_000)
        found = front(values, counts, limit=limit, method=method)
        if found.status == Status.LIMIT:
            assert len(found.points) == len(found.choices) == len(found.counts) == 0
            assert math.prod(map(len, values)) > limit / 2
        else:
            assert found.largest <= limit
            assert told(found) == told(front(values, counts))


@pytest.mark.parametrize("k", [2, 3])
def test_beyond_the_limit_the_status_says_so(k):
    random = np.random.default_rng(0)
    values = [random.random((10, k)) for _ in range(30)]
    assert front(values, limit=50).status == Status.LIMIT


@sweep(40, 150)
def test_a_thinned_front_keeps_its_bound(examples):
    @every(
        examples,
        SEEDS,
        st.sampled_from([1e-6, 0.01, 0.1, 1.0]),
        st.sampled_from(["fold", "auto"]),
        LARGE_AND_SMALL,
    )
    def check(seed, grid, method, large):
        values, counts = random_stages(seed, outcomes=2_000)
        exact = front(values, counts)
        with thresholds(**large):
            thin = front(values, counts, grid=grid, method=method)
        assert thin.bound == grid * len(values)
        for point in exact.points:
            assert (thin.points >= point - thin.bound - 1e-12).all(axis=1).any()
        multiplicity = {naive.snap(p): c for p, c in zip(exact.points, exact.counts, strict=True)}
        for point, choice, count in told(thin):
            assert point == pytest.approx(sum(stage[j] for stage, j in zip(values, choice, strict=True)))
            assert 1 <= count <= multiplicity.get(naive.snap(point), math.inf)


def test_a_grid_makes_a_front_smaller():
    random = np.random.default_rng(1)
    values = [random.random((6, 3)) for _ in range(12)]
    sizes = [len(front(values, grid=grid).points) for grid in (0.0, 0.02, 0.1, 0.5)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < sizes[0] / 4


def test_multiplicities_beyond_64_bits_are_exact():
    found = front([np.zeros((10, 2)) for _ in range(30)])
    assert list(found.counts) == [10**30]
    assert not found.choices.any()


@pytest.mark.parametrize("method", ["fold", "auto"])
@pytest.mark.parametrize("weight", [1, 10**6, 10**20])
@pytest.mark.parametrize("k", [2, 3])
def test_multiplicities_are_those_of_throws_of_dice(k, weight, method):
    face = np.arange(10) / 10
    stages = [np.stack([face, 1 - face, np.zeros(10)][:k], axis=1) for _ in range(30)]
    found = front(stages, [[weight] * 10 for _ in stages], method=method)
    ways = [1]
    for _ in stages:
        ways = [sum(ways[max(s - 9, 0) : s + 1]) for s in range(len(ways) + 9)]
    assert [int(c) for c in found.counts] == [w * weight**30 for w in ways]


def test_the_lowest_outcome_is_lowest_by_file_position():
    stages = [np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]])]
    spread = [[[0, 1], [1, 0]], [[0], [1]]]
    found = front(
        [*stages, np.array([[1.0], [1.0]])], digits=[*spread, [[1], [0]]], positions=[[1, 3], [2], [0]]
    )
    assert found.choices.tolist() == [[1, 0, 1]]
    assert found.counts.tolist() == [2]


def test_small_cases_import_nothing_compiled():
    script = (
        "import sys, numpy as np; from detente.kernels.front import front, pareto; r = np.random.default_rng(0);"
        "[front([r.random((10, k)) for _ in range(4)]) for k in (1, 2, 3, 4)]; pareto(r.random((9999, 3)));"
        "assert not {'numba', 'moocore', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# ---- lists of points -------------------------------------------------------------------------------------------


@sweep(50, 300)
def test_a_list_of_points_has_the_front_of_the_definition(examples):
    @every(
        examples,
        st.integers(1, 4).flatmap(lambda k: st.lists(st.tuples(*[NUMBERS] * k), min_size=1, max_size=40)),
        st.integers(1, 9),
        st.sampled_from([1, 3, 1 << 15]),
        LARGE_AND_SMALL,
    )
    def check(points, chunk, step, large):
        rows = np.array(points)
        expected = naive.pareto(points)
        with thresholds(**large), mock.patch.object(_listed, "STEP", step):
            stream = Stream(rows.shape[1])
            for at in range(0, len(rows), chunk):
                stream.add(rows[at : at + chunk], at)
            found = stream.finish()
        assert found.status == Status.DONE
        listed = zip(found.points.tolist(), found.numbers.tolist(), found.counts.tolist(), strict=True)
        assert [(tuple(p), n, c) for p, n, c in listed] == [(tuple(p), n, c) for p, n, c in expected]


def cloud(random, kind, n, k):
    points = random.random((n, k))
    if kind == "opposed":
        points[:, -1] = -points[:, :-1].sum(axis=1) + 0.05 * random.standard_normal(n)
    elif kind == "constant sum":
        points[:, -1] = -points[:, :-1].sum(axis=1)
    elif kind == "grid":
        points = np.round(points, 2)
    elif kind == "two values":
        points[:, 0] = points[:, 0] > 0.5
    elif kind == "near":
        points = np.round(points, 1) + random.integers(0, 4, (n, k)) * 5e-10
    elif kind == "rising":
        points = np.sort(points, axis=0)
    return points


@pytest.mark.parametrize(
    "kind", ["random", "opposed", "constant sum", "grid", "two values", "near", "rising"]
)
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_chunks_in_any_order_give_the_front_of_the_whole_list(kind, k):
    random = np.random.default_rng(k)
    points = cloud(random, kind, 3_000 if k > 2 else 40_000, k)
    expected = front([points], method="enumerate")
    shuffled = random.permutation(len(points))
    whole = pareto(points)
    with mock.patch.object(_listed, "STEP", 512):
        stream = Stream(k)
        for at in range(0, len(points), 7_000):
            rows = shuffled[at : at + 7_000]
            stream.add(points[rows], rows)
        parts = stream.finish()
    for found in (whole, parts):
        assert found.numbers.tolist() == expected.choices[:, 0].tolist()
        assert found.counts.tolist() == expected.counts.tolist()
        assert found.points.tolist() == expected.points.tolist()


def test_a_stream_stops_at_its_limit():
    x = np.arange(1000.0)
    points = np.stack([x, -x], axis=1)
    assert pareto(points, limit=1000).status == Status.DONE
    found = pareto(points, limit=999)
    assert found.status == Status.LIMIT
    assert len(found.points) == len(found.numbers) == len(found.counts) == 0


def test_the_front_of_no_points_is_empty():
    found = Stream(2).finish()
    assert found.status == Status.DONE
    assert found.points.shape == (0, 2)


# ---- constant sum ----------------------------------------------------------------------------------------------


def lines(random, direction, stages=5, options=4, decimals=2):
    """Stages with options along one direction, each from a random start."""
    direction = np.asarray(direction, dtype=np.float64)
    along = [np.round(random.random((options, 1)), decimals) for _ in range(stages)]
    return [np.round(random.random(len(direction)), decimals) + steps * direction for steps in along]


@pytest.mark.parametrize(
    "direction", [(1, -1), (2, -0.7), (-1, 3), (1, -1, 2), (1, -1, 0), (1, 1, -0.5, 3), (0, 0), (0, 0, 0)]
)
def test_options_along_conflicting_lines_are_constant_sum(direction):
    values = lines(np.random.default_rng(0), direction)
    weights = constant_sum(values)
    assert weights is not None
    assert min(weights) > 0
    totals = {
        round(sum(w * u for w, u in zip(weights, total, strict=True)), 9)
        for _, total in naive.outcomes(values)
    }
    assert len(totals) == 1
    assert front(values).counts.sum() == 4**5


def test_options_in_planes_of_one_normal_are_constant_sum():
    random = np.random.default_rng(1)
    values = [np.round(random.random((4, 3)), 2) for _ in range(4)]
    for stage in values:
        stage[:, 2] = 3 - 2 * stage[:, 0] - stage[:, 1]
    assert constant_sum(values) == pytest.approx((0.5, 0.25, 0.25))
    assert front(values).counts.sum() == 4**4


@pytest.mark.parametrize("direction", [(1, 1), (1, 0), (0, -1), (1, 2, 0), (1, 2, 3)])
def test_options_along_other_lines_are_not_constant_sum(direction):
    assert constant_sum(lines(np.random.default_rng(0), direction)) is None


def test_different_slopes_are_not_constant_sum():
    random = np.random.default_rng(0)
    assert constant_sum([*lines(random, (1, -1)), *lines(random, (1, -1.001))]) is None
    assert constant_sum([random.random((4, 3)) for _ in range(3)]) is None


@sweep(40, 150)
def test_distinct_sums_are_counted_listed_or_not(examples):
    @every(examples, SEEDS)
    def check(seed):
        values, _ = random_stages(seed, outcomes=300)
        expected = naive.distinct_sums(values)
        assert count_distinct_sums(values) == expected
        assert bound_distinct_sums(values) >= expected
        with mock.patch("detente.kernels._constant.LISTED", 0):
            assert count_distinct_sums(values) in (expected, None)


def test_distinct_sums_on_grids_need_no_list():
    face = np.arange(10) / 10
    opposed = [np.stack([face, 1 - face], axis=1) for _ in range(30)]
    assert constant_sum(opposed) == pytest.approx((0.5, 0.5))
    assert count_distinct_sums(opposed) == 271
    thirds = [np.array([[0, 0], [1 / 3, -2 / 3], [2 / 3, -4 / 3]]) for _ in range(60)]
    assert count_distinct_sums(thirds) == 121
    random = np.random.default_rng(0)
    fine = lines(random, (1, -0.5), stages=6, options=10, decimals=4)
    reached = {0}
    for stage in fine:
        reached = {r + round(1e4 * (u - stage[0, 0])) for r in reached for u in stage[:, 0].tolist()}
    assert count_distinct_sums(fine) == len(reached)


def test_distinct_sums_of_real_numbers_have_a_bound():
    values = lines(np.random.default_rng(0), (1, -0.5), stages=30, options=10, decimals=16)
    assert constant_sum(values) is not None
    assert count_distinct_sums(values) is None
    assert 10**9 < bound_distinct_sums(values) < 10**11
