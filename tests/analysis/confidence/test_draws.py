"""Inputs and draws: distributions, paths, designs, correlations, unknown places."""

import numpy as np
import pytest
from scipy import stats

from detente.analysis.confidence import Sample
from detente.analysis.confidence.draws import Copula, block_sizes, uniform
from detente.analysis.confidence.estimates import exact_interval, share_of, spread_of
from detente.analysis.confidence.inputs import LEAST, Input, groups, named, numbers
from detente.analysis.confidence.worlds import plan_of
from detente.case import from_data
from detente.case.uncertain import read_number
from detente.errors import CostError, NeedsError
from tests.analysis.confidence.cases import price
from tests.naive.confidence import orders

U = np.linspace(0.001, 0.999, 97)


@pytest.mark.parametrize(
    ("written", "twin"),
    [
        ([2, 5], stats.uniform(2, 3)),
        ([1, 2, 5], stats.triang(0.25, 1, 4)),
        ([1, 1, 5], stats.triang(0, 1, 4)),
        ([1, 5, 5], stats.triang(1, 1, 4)),
        ({"normal": [3, 2]}, stats.norm(3, 2)),
    ],
)
def test_values_have_the_distribution_that_is_written(written, twin):
    assert np.allclose(Input("x", "number", read_number(written)).values(U), twin.ppf(U))


def test_discrete_values_come_in_their_shares():
    item = Input("x", "number", read_number({"discrete": [[7, 0.5], [1, 0.2], [4, 0.3], [9, 0]]}))
    found = item.values(np.linspace(0.0005, 0.9995, 1000))
    assert dict(zip(*np.unique(found, return_counts=True), strict=True)) == {1: 200, 4: 300, 7: 500}
    assert item.values(np.array([1.0]))[0] == 7
    assert item.support == [1, 4, 7]


def test_values_stay_within_what_the_format_allows():
    wide = read_number({"normal": [0.9, 0.5]})
    assert Input("parties.A.patience", "number", wide).values(U).max() == 1
    assert Input("preferences.A.weights.x", "number", wide).values(U).min() == LEAST
    assert Input("preferences.A.values.x.l", "number", wide).values(U).min() < 0


def test_inputs_are_found_by_path_and_constants_are_none():
    case = price(worth=[0, 10], cost=[3, 3])
    assert list(numbers(case)) == ["preferences.buyer.values.deal.yes"]
    again = named(case)
    assert again.preferences["seller"].values["deal"]["no"] == 3
    assert again.to_data()["preferences"]["buyer"] == case.to_data()["preferences"]["buyer"]


def test_blocks_are_as_equal_as_can_be():
    for draws in (1, 7, 20, 399, 10_000, 123_457):
        sizes = block_sizes(draws)
        assert sum(sizes) == draws
        assert max(sizes) - min(sizes) <= 1
        assert len(sizes) == max(min(draws, 20), -(-draws // 1000))


@pytest.mark.parametrize("sampling", ["latin", "sobol"])
def test_even_designs_put_one_draw_in_each_stratum(sampling):
    u = uniform(["a", "b", "c"], 64, 3, 0, sampling)
    for column in u.T:
        assert sorted((column * 64).astype(int)) == list(range(64))


def test_an_input_takes_the_same_draws_whatever_stands_beside_it():
    both, alone = uniform(["a", "b"], 50, 3, 2, "latin"), uniform(["b"], 50, 3, 2, "latin")
    assert (both[:, 1] == alone[:, 0]).all()
    assert (uniform(["a"], 50, 3, 1, "latin") != uniform(["a"], 50, 3, 2, "latin")).any()
    assert (uniform(["a"], 50, 3, 1, "latin") != uniform(["a"], 50, 4, 1, "latin")).any()


def correlated(*entries):
    return from_data({**price().to_data(), "correlated": [{"paths": list(p), "rho": r} for p, r in entries]})


PATHS = (
    "preferences.buyer.values.deal.yes",
    "preferences.buyer.values.deal.no",
    "preferences.seller.values.deal.yes",
)


@pytest.mark.parametrize("rho", [0.7, -0.7, 1.0, 0.0])
def test_correlated_groups_follow_a_gaussian_copula(rho):
    mixed = Copula(correlated((PATHS[:2], rho)), PATHS)
    out = mixed(uniform(list(PATHS), 4000, 0, 0, "latin"))
    z = stats.norm.ppf(out)
    assert np.allclose(np.corrcoef(z.T), [[1, rho, 0], [rho, 1, 0], [0, 0, 1]], atol=0.05)
    for column in out.T:
        assert stats.kstest(column, "uniform").statistic < 0.03


def test_correlations_that_contradict_each_other_are_refused():
    with pytest.raises(NeedsError, match="contradict each other"):
        Copula(correlated((PATHS[:2], 0.9), (PATHS[1:], 0.9), ((PATHS[0], PATHS[2]), -0.9)), PATHS)
    with pytest.raises(NeedsError, match="two correlations"):
        Copula(correlated((PATHS[:2], 0.9), (PATHS[:2], 0.5)), PATHS)


@pytest.mark.parametrize("seed", range(30))
def test_unknown_places_are_shared_out_in_every_way_that_keeps_what_is_known(seed):
    random = np.random.default_rng(seed)
    ranks = random.integers(1, 5, 6)
    pairs = [tuple(map(int, random.choice(6, 2, replace=False))) for _ in range(3)]
    made = groups(ranks, pairs, 0)
    assert sorted(s for g in made for s in g.numbers) == sorted({s for p in pairs for s in p})
    for group in made:
        mine = [p for p in pairs if p[0] in group.numbers]
        places = sorted(int(ranks[s]) for s in group.numbers)
        listed = {
            tuple(sorted((group.numbers[k], places[n]) for n, k in enumerate(order)))
            for order in group.orders
        }
        assert listed == {tuple(sorted((s, int(r)) for s, r in new.items())) for new in orders(ranks, mine)}


def test_switches_and_types_make_worlds():
    data = price().to_data()
    data["preferences"]["seller"] = {
        "types": {
            "soft": {"values": {"deal": {"no": 3, "yes": 5}}},
            "hard": {"values": {"deal": {"no": 6, "yes": 5}}},
        }
    }
    data["variants"] = {"rich": [{"set": "preferences.buyer.values.deal.yes", "to": [5, 15]}]}
    plan = plan_of(
        from_data(data), lambda _: True, [{"as it is": 1, "rich": 3}], {"seller": {"hard": 1, "soft": 1}}
    )
    assert plan.names == ("switch.1", "types.seller", "preferences.buyer.values.deal.yes")
    assert len(plan.worlds) == 4
    u = plan.draw(4000, 0, 0, "latin")
    shares = np.bincount(plan.assign(u), minlength=4) / 4000
    assert np.allclose(shares, [1 / 8, 1 / 8, 3 / 8, 3 / 8], atol=0.02)
    rich = plan.worlds[2].values(u)["preferences.buyer.values.deal.yes"]
    poor = plan.worlds[0].values(u)["preferences.buyer.values.deal.yes"]
    assert np.allclose(rich, poor + 5)


def test_what_cannot_be_switched_is_said():
    with pytest.raises(NeedsError, match="unknown variant 'x'"):
        plan_of(price(), lambda _: True, [{"x": 1}])
    with pytest.raises(NeedsError, match="has no types"):
        plan_of(price(), lambda _: True, types={"buyer": {"a": 1}})
    many = {f"v{n}": [{"set": "title", "to": "x"}] for n in range(17)}
    case = from_data({**price().to_data(), "variants": many})
    with pytest.raises(CostError, match="289 structures"):
        plan_of(case, lambda _: True, [dict.fromkeys(many, 1.0), dict.fromkeys(many, 1.0)])


def test_a_sample_says_what_is_wrong_with_it():
    for wrong in ({"draws": 0}, {"draws": 5, "seed": -1}, {"sampling": "x"}, {"error": 2}):
        with pytest.raises(NeedsError):
            Sample(**wrong)


def test_exact_intervals_are_those_of_the_tables():
    # Clopper and Pearson (1934): 5 of 10 gives 0.187 to 0.813; none of 10 gives 0 to 0.308
    assert np.allclose(exact_interval(5, 10), (0.18709, 0.81291), atol=1e-5)
    assert np.allclose(exact_interval(0, 10), (0, 0.30850), atol=1e-5)


def total(u):
    return u[:, 0] + 0.5 * u[:, 1]


@pytest.mark.parametrize("sampling", ["latin", pytest.param("sobol", marks=pytest.mark.slow), "random"])
def test_intervals_cover_the_exact_share_at_the_stated_rate(sampling):
    """P(U + V/2 > 1) = 1/4 exactly; 1,000 repetitions of 400 draws."""
    sizes, hits, exact = np.array(block_sizes(400)), 0, 0.25
    for repetition in range(1000):
        blocks = [uniform(["a", "b"], int(n), repetition, b, sampling) for b, n in enumerate(sizes)]
        counts = np.array([(total(u) > 1).sum() for u in blocks])
        found = share_of(counts, sizes, sampling != "random")
        hits += found.low <= exact <= found.high
    assert 930 <= hits <= 985


def test_means_cover_the_exact_value_at_the_stated_rate():
    sizes, hits = block_sizes(200), 0
    place = np.repeat(np.arange(len(sizes)), sizes)
    for repetition in range(1000):
        u = np.concatenate([uniform(["a"], n, repetition, b, "random") for b, n in enumerate(sizes)])
        found = spread_of(u[:, 0] ** 2, place)
        hits += found.low <= 1 / 3 <= found.high
    assert 930 <= hits <= 970


def test_rare_answers_have_safe_intervals():
    sizes = np.array(block_sizes(1000))
    none = share_of(np.zeros(20, dtype=int), sizes)
    assert (none.share, none.low) == (0, 0)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 1000))
