"""A space against a plain reading of its case, on random cases of every form; huge spaces against arithmetic."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from detente.case import from_data
from detente.errors import CostError, NeedsError
from detente.space import compile_case
from detente.space import space as space_module
from detente.testing import random_case, random_graph
from tests.naive import space as naive

SEEDS = range(250)


def cases(seed: int):
    draw = random.Random(seed)
    yield from_data(
        random_case(
            draw, kinds=("values", "weights", "bonuses", "table", "priorities", "ranking"), extras=False
        )
    )
    yield from_data(random_graph(draw, extras=False))


@pytest.mark.parametrize("block", range(5))
def test_utilities_ranks_and_feasible_outcomes_are_those_of_the_definitions(block):
    for seed in SEEDS[block::5]:
        for case in cases(seed):
            space = compile_case(case)
            everything = naive.outcomes(case)
            possible = [naive.feasible(case, outcome) for outcome in everything]
            assert space.size == len(everything)
            assert [space.outcome(space.levels(n)) for n in range(space.size)] == everything
            assert [space.number(space.positions(outcome)) for outcome in everything] == list(
                range(space.size)
            )
            assert space.feasible().tolist() == possible
            assert space.number(space.start) == everything.index(naive.start(case))
            for p, party in enumerate(space.parties):
                preference = case.preferences[party]
                wanted = naive.ranks(case, preference)
                assert space.ranks(p).tolist() == wanted, (seed, party)
                keys = space.keys(p)
                order = sorted((n for n in range(space.size) if possible[n]), key=lambda n: wanted[n])
                assert [keys[a] < keys[b] for a, b in itertools.pairwise(order)] == [
                    wanted[a] < wanted[b] for a, b in itertools.pairwise(order)
                ]
                if preference.ordinal:
                    numbers = [-float(rank) for rank in wanted]
                    assert space.scale[party] == "ordinal"
                else:
                    numbers = [float(naive.utility(case, preference, o, n)) for n, o in enumerate(everything)]
                    assert space.scale[party] == "cardinal"
                assert space.utilities()[p] == pytest.approx(numbers, abs=1e-12)
                best = [u for u, good in zip(numbers, possible, strict=True) if good]
                assert float(space.extreme(p)) == pytest.approx(max(best, default=-np.inf))
                assert float(space.extreme(p, best=False)) == pytest.approx(min(best, default=np.inf))


def test_no_deal_is_what_the_block_or_the_defaults_say():
    for seed in range(300):
        for case in cases(1000 + seed):
            space = compile_case(case)
            for which in ("now", "deadline"):
                try:
                    found, notes = space.reservation(which)
                except NeedsError:
                    assert not space.cardinal
                    continue
                for p, party in enumerate(space.parties):
                    wanted = naive.reservation(case, party, case.preferences[party], which)
                    if wanted is not None:
                        assert found[p] == pytest.approx(float(wanted), abs=1e-12), (seed, party, which)
                if which == "now" and case.no_deal is None and case.status_quo is None:
                    assert any("least feasible utility" in note for note in notes)


@pytest.mark.parametrize("block", range(3))
def test_moves_are_what_floors_prerequisites_and_owners_leave(block):
    for seed in range(block, 200, 3):
        draw = random.Random(2000 + seed)
        for case in (
            from_data(random_case(draw, kinds=("values",), most=30, extras=False)),
            from_data(random_graph(draw, extras=False)),
        ):
            space = compile_case(case)
            groups = {(party,) for party in case.parties} | set(space.movers)
            for group in groups:
                moves = space.moves(group)
                found = [(n, m) for n in range(space.size) for m in moves.targets(n)]
                possible = [naive.feasible(case, outcome) for outcome in naive.outcomes(case)]
                wanted = naive.moves(case, group)
                assert [pair for pair in found if possible[pair[0]]] == [
                    pair for pair in wanted if possible[pair[0]]
                ], seed
            for party in case.parties:
                assert space.moves(party) is space.moves((party,))


def test_ranges_of_outcomes_agree_with_the_whole():
    """Whatever the chunk: sums do not depend on the range that they are asked for in."""
    draw = random.Random(5)
    for seed in range(60):
        case = from_data(random_case(random.Random(3000 + seed), extras=False, most=200))
        space = compile_case(case)
        whole, possible = space.utilities(), space.feasible()
        for size in (1, 3, 7, 64):
            ranges = list(space.chunks(size))
            assert [a for a, _ in ranges] == [0, *(b for _, b in ranges[:-1])]
            assert ranges[-1][1] == space.size
            assert np.array_equal(np.concatenate([space.utilities(a, b) for a, b in ranges], axis=1), whole)
            assert np.array_equal(np.concatenate([space.feasible(a, b) for a, b in ranges]), possible)
        a, b = sorted(draw.choices(range(space.size + 1), k=2))
        assert np.array_equal(space.utilities(a, b), whole[:, a:b])


def wide(issues: int, levels: int, **more):
    names = [f"l{i}" for i in range(levels)]
    data = {
        "detente": 1, "id": "wide", "title": "t", "parties": {"A": None, "B": None},
        "issues": {f"i{k}": {"levels": names, "by": "A"} for k in range(issues)},
        "preferences": {
            "A": {"values": {f"i{k}": {name: at for at, name in enumerate(names)} for k in range(issues)}},
            "B": {"values": {f"i{k}": {name: -at for at, name in enumerate(names)} for k in range(issues)}},
        },
        **more,
    }  # fmt: skip
    return compile_case(from_data(data))


@pytest.mark.parametrize(("issues", "levels"), [(30, 10), (100, 10), (64, 2), (65, 2), (200, 3)])
def test_numbers_are_exact_however_large_the_space(issues, levels):
    space = wide(issues, levels)
    assert space.size == levels**issues
    draw = random.Random(issues)
    for number in (0, 1, space.size - 1, 2**63, 2**64 + 1, *(draw.randrange(space.size) for _ in range(50))):
        number = min(number, space.size - 1)
        digits = space.levels(number)
        assert sum(d * levels ** (issues - 1 - k) for k, d in enumerate(digits)) == number
        assert space.number(digits) == number
        assert space.utility(digits).tolist() == [sum(digits), -sum(digits)]
    for outside in (-1, space.size):
        with pytest.raises(NeedsError, match="does not exist"):
            space.levels(outside)
    assert float(space.extreme(0)) == issues * (levels - 1)
    assert len(space.moves("B").targets(space.size - 1)) == 0


def test_what_would_take_too_much_says_so_first():
    space = wide(30, 10)
    with pytest.raises(CostError, match="ranking every outcome for A"):
        space.ranks(0)
    with pytest.raises(CostError, match="go through them by `chunks"):
        space.utilities()
    with pytest.raises(CostError, match="listing the moves from one outcome"):
        space.moves("A").targets(0)
    last = space.size - 5
    assert space.utilities(last, space.size)[0].tolist() == [30 * 9 - x for x in (4, 3, 2, 1, 0)]
    with pytest.raises(NeedsError, match="there are no outcomes"):
        space.utilities(0, space.size + 1)


def test_chunks_keep_to_the_memory_asked_for():
    space = wide(7, 10)
    largest = max(b - a for a, b in space.chunks())
    assert largest <= space_module.BLOCK
    assert sum(1 for _ in space.chunks()) >= space.size / space_module.BLOCK


@pytest.mark.parametrize("count", [1, 62, 63, 64, 130, 300])
def test_priorities_rank_lexicographically_whatever_their_number(count):
    """No powers of two: the four-hundredth statement still breaks a tie, and never outweighs the first."""
    draw = random.Random(count)
    issues = {f"i{k}": ["a", "b", "c"] for k in range(5)}
    statements = [
        f"i{draw.randrange(5)} {draw.choice(['==', '<', '>='])} {draw.choice('abc')}"
        for _ in range(count - 1)
    ]
    never = ["i0 == a and i0 == b"] * (count // 2)
    statements = [*never, *statements[: count - 1 - len(never)], "i4 == c"]
    data = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None},
        "issues": {name: {"levels": names} for name, names in issues.items()},
        "impossible": ["i1 == b and i2 == c"],
        "preferences": {"A": {"priorities": statements}},
    }  # fmt: skip
    case = from_data(data)
    assert compile_case(case).ranks(0).tolist() == naive.ranks(case, case.preferences["A"])


def test_uncertain_numbers_are_read_by_whoever_compiles():
    data = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None}, "issues": {"p": {"levels": ["a", "b", "c", "d", "e"]}},
        "preferences": {"A": {"values": {"p": {
            "a": 1, "b": [0, 4], "c": [0, 1, 5], "d": {"normal": [7, 2]}, "e": {"discrete": [[1, 0.4], [9, 0.6]]}}}}},
    }  # fmt: skip
    case = from_data(data)
    assert compile_case(case).utilities()[0].tolist() == [1, 2, 1, 7, 9]
    low = compile_case(case, read=lambda n: n if isinstance(n, int | float) else n.bounds[0])
    high = compile_case(case, read=lambda n: n if isinstance(n, int | float) else n.bounds[1])
    assert low.utilities()[0].tolist() == [1, 0, 0, -1, 1]
    assert high.utilities()[0].tolist() == [1, 4, 5, 15, 9]


def test_draws_are_a_last_axis_that_each_equals_a_space_of_its_own():
    rng = np.random.default_rng(3)
    for seed in range(40):
        case = from_data(random_case(random.Random(4000 + seed), kinds=("values", "bonuses"), extras=False))
        space = compile_case(case)
        noise = [
            [rng.normal(size=(*f.table.shape, 6)) for f in space.factors[p]] for p in range(space.n_parties)
        ]
        factor = type(space.factors[0][0]) if space.factors[0] else None
        if factor is None:
            continue
        drawn = space.with_factors(
            {
                p: [
                    factor(f.issues, f.table[..., None] + n)
                    for f, n in zip(space.factors[p], noise[p], strict=True)
                ]
                for p in range(space.n_parties)
            },
            draws=6,
        )
        values = drawn.utilities()
        assert values.shape == (space.n_parties, space.size, 6)
        for d in range(6):
            single = space.with_factors(
                {
                    p: [
                        factor(f.issues, f.table + n[..., d])
                        for f, n in zip(space.factors[p], noise[p], strict=True)
                    ]
                    for p in range(space.n_parties)
                }
            )
            assert values[..., d] == pytest.approx(single.utilities())
            for p in range(space.n_parties):
                assert drawn.extreme(p)[..., d] == pytest.approx(single.extreme(p))
        number = space.size // 2
        assert drawn.utility(space.levels(number)) == pytest.approx(values[:, number])
        with pytest.raises(NeedsError, match="are drawn"):
            drawn.ranks(0)


def test_a_type_is_chosen_and_named():
    data = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None}, "issues": {"p": {"levels": ["a", "b"]}},
        "preferences": {"A": {"types": {"dove": {"values": {"p": {"a": 0, "b": 1}}}, "hawk": {"priorities": ["p == a"]}}}},
    }  # fmt: skip
    case = from_data(data)
    assert compile_case(case).types == {"A": "dove"}
    assert compile_case(case).utilities()[0].tolist() == [0, 1]
    assert compile_case(case, {"A": "hawk"}).utilities()[0].tolist() == [-1, -2]
    with pytest.raises(NeedsError, match="A has no type 'owl'; it has dove, hawk"):
        compile_case(case, {"A": "owl"})


def test_a_continuous_issue_has_points_where_the_case_speaks_of_it():
    data = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None},
        "issues": {"p": {"levels": {"from": 0, "to": 10}}}, "impossible": ["p > 7.25"], "status_quo": {"p": "3.333"},
        "preferences": {"A": {"values": {"p": {"0": 0, "2.5": 5, "10": 0}}}},
    }  # fmt: skip
    space = compile_case(from_data(data))
    assert {"0", "2.5", "3.333", "7.25", "10"} <= set(space.level_names[0])
    assert [float(x) for x in space.level_names[0]] == sorted(float(x) for x in space.level_names[0])
    assert space.utilities()[0].max() == 5
    assert space.feasible().sum() == sum(float(x) <= 7.25 for x in space.level_names[0])
    assert any("continuous" in note for note in space.notes)


def test_a_continuous_issue_says_its_step_and_what_lies_between_its_points():
    case = from_data({
        "detente": 1, "id": "c", "title": "c", "parties": {"A": {}, "B": {}}, "issues": {"price": {"levels": {"from": 0, "to": 10}}},
        "preferences": {"A": {"values": {"price": {"0": 0, "3.33": 1, "10": 2}}}, "B": {"values": {"price": {"0": 1, "10": 0}}}},
    })  # fmt: skip
    assert (
        "issue 'price' is continuous: 102 points of it are used, its breakpoints among them, at most 0.1 apart; "
        "between them utilities differ by at most 0.015 (A), 0.005 (B)"
    ) in compile_case(case).notes


def test_a_table_beside_the_case_is_read_and_checked(tmp_path):
    base = {
        "detente": 1, "id": "x", "title": "t", "parties": {"A": None}, "issues": {"p": {"levels": ["a", "b"]}, "q": {"levels": [1, 2, 3]}},
        "preferences": {"A": {"table": {"file": "u.npy"}}},
    }  # fmt: skip
    case = from_data(base, folder=tmp_path)
    with pytest.raises(NeedsError, match="is not there"):
        compile_case(case)
    for array in (
        np.arange(6.0),
        np.arange(6).reshape(2, 3),
        np.arange(6, dtype=np.float32).reshape(2, 3, order="C"),
    ):
        np.save(tmp_path / "u.npy", array)
        assert compile_case(case).utilities()[0].tolist() == [0, 1, 2, 3, 4, 5]
    for array, message in (
        (np.arange(5.0), "expected 6 numbers"),
        (np.array([1, 2, 3, 4, 5, np.nan]), "holds nan for outcome 5"),
        (np.array(["a"] * 6), "expected 6 numbers"),
    ):
        np.save(tmp_path / "u.npy", array)
        with pytest.raises(NeedsError, match=message):
            compile_case(case)
    np.save(tmp_path / "u.npy", np.array([object()] * 6), allow_pickle=True)
    with pytest.raises(NeedsError, match="cannot be read"):
        compile_case(case)
    (tmp_path / "u.npy").write_bytes(b"not an array")
    with pytest.raises(NeedsError, match="cannot be read"):
        compile_case(case)


def test_a_space_travels_between_processes():
    import pickle

    case = from_data(random_case(random.Random(9), extras=False))
    space = compile_case(case)
    again = pickle.loads(pickle.dumps(space))
    assert np.array_equal(again.utilities(), space.utilities())
    assert again.case == case
