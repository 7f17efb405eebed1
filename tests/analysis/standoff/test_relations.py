"""Relations between concepts (section 3 of the theory) and metamorphic properties; other tools' known errors."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from detente.analysis.standoff import standoff
from detente.analysis.standoff.result import StandoffResult
from detente.case import Case, from_data
from detente.errors import NeedsError
from detente.kernels import stability as kernel
from detente.kernels.stability import CONCEPTS
from tests.analysis.standoff.conflicts import random_case


def some(seeds: range, form: str | None = None) -> Iterator[tuple[int, Case, StandoffResult]]:
    for seed in seeds:
        case = random_case(random.Random(seed), form)
        try:
            yield seed, case, standoff(case)
        except NeedsError:
            continue


def sets(result: StandoffResult, party: str) -> dict[str, set[int]]:
    return {c: set(result.stable(c, party).tolist()) for c in CONCEPTS}


def test_inclusions_and_what_is_not_one() -> None:
    """Relations 1 to 4."""
    apart = np.zeros(3, dtype=int)
    for seed, _, result in some(range(30_000, 30_500)):
        for party in result.conflict.parties:
            r, gmr, smr, seq, sseq = (sets(result, party)[c] for c in CONCEPTS)
            assert r <= sseq <= seq & smr, seed
            assert seq | smr <= gmr, seed
            apart += (not seq <= smr, not smr <= seq, sseq != seq & smr)
        eq = {c: set(result.equilibria(c).tolist()) for c in CONCEPTS}
        assert eq["nash"] <= eq["sseq"] <= eq["seq"] & eq["smr"] <= eq["gmr"]
    assert (apart > 0).all()


def complete(rng: random.Random, parties: int) -> Case:
    names = ["A", "B", "C"][:parties]
    issues = {f"i{k}": {"by": rng.choice(names) if k >= parties else names[k], "levels": ["x", "y", "z"][: rng.choice([2, 3])]}
              for k in range(parties + rng.randint(0, 2))}  # fmt: skip
    size = int(np.prod([len(i["levels"]) for i in issues.values()]))
    return from_data({
        "detente": 1, "id": "c", "title": "c", "parties": {p: {} for p in names}, "issues": issues,
        "preferences": {p: {"table": [rng.randint(0, 9) for _ in range(size)]} for p in names},
    })  # fmt: skip


def test_complete_reversible_products() -> None:
    """Relations 11 and 14: a GMR equilibrium exists; two parties have closed forms."""
    for seed in range(250):
        rng = random.Random(seed)
        result = standoff(complete(rng, rng.choice([2, 3])))
        assert result.counts["gmr"] > 0
        if len(result.conflict.parties) != 2:
            continue
        conflict = result.conflict
        for i, party in enumerate(conflict.parties):
            cube = conflict.scores[i].astype(int).reshape(conflict.space.sizes)
            mine = conflict.moves[conflict.own[i]].issues
            theirs = tuple(n for n in range(cube.ndim) if n not in mine)
            maximin, minimax = cube.min(axis=theirs).max(), cube.max(axis=mine).min()
            score = conflict.scores[i].astype(int)
            assert np.array_equal(result.stable("gmr", party), np.flatnonzero(score >= maximin))
            smr = set(np.flatnonzero(score >= minimax).tolist()) | sets(result, party)["nash"]
            assert sets(result, party)["smr"] == smr


def test_names_order_and_scale_change_nothing() -> None:
    for seed, case, result in some(range(31_000, 31_120), "graph"):
        data = case.to_data()
        rng = random.Random(seed)
        outcomes = rng.sample(data["outcomes"], len(data["outcomes"]))
        parties = rng.sample(list(data["parties"]), len(data["parties"]))
        other = standoff(
            from_data({**data, "outcomes": outcomes, "parties": {p: data["parties"][p] for p in parties}})
        )
        for party in result.conflict.parties:
            for concept in CONCEPTS:
                one = {data["outcomes"][s] for s in result.stable(concept, party)}
                assert one == {outcomes[s] for s in other.stable(concept, party)}, seed


def test_more_moves_of_others_deter_more_and_fewer_of_ones_own_tempt_less() -> None:
    for seed, case, result in some(range(32_000, 32_150), "graph"):
        data, rng = case.to_data(), random.Random(seed)
        mover = rng.choice([p for p in data["moves"]])
        a, b = rng.sample(data["outcomes"], 2)
        more = standoff(
            from_data({**data, "moves": {**data["moves"], mover: [*data["moves"][mover], [a, b]]}})
        )
        for party in result.conflict.parties:
            before, after = sets(result, party), sets(more, party)
            if party == mover:
                assert all(after[c] <= before[c] for c in CONCEPTS), seed
            else:
                assert after["nash"] == before["nash"]
                assert all(before[c] <= after[c] for c in CONCEPTS), seed


def test_without_opponents_all_concepts_are_nash() -> None:
    for seed, case, result in some(range(33_000, 33_060), "graph"):
        data = case.to_data()
        party = result.conflict.parties[0]
        alone = standoff(from_data({**data, "moves": {party: data["moves"].get(party, [])}}))
        rows = sets(alone, party)
        assert all(rows[c] == rows["nash"] for c in CONCEPTS), seed


def test_a_disjoint_union_concatenates() -> None:
    for seed, case, result in some(range(34_000, 34_040), "graph"):
        data = case.to_data()
        twice = lambda pairs: [[n + k for n in pair] for k in ("", "'") for pair in pairs]  # noqa: E731
        double = {
            **data,
            "outcomes": [n + k for k in ("", "'") for n in data["outcomes"]],
            "moves": {p: twice(pairs) for p, pairs in data["moves"].items()},
            "preferences": {
                p: {"ranking": [[n + k for k in ("", "'") for n in group] for group in pref["ranking"]]}
                for p, pref in data["preferences"].items()
            },
        }
        union, size = standoff(from_data(double)), len(data["outcomes"])
        for concept in CONCEPTS:
            one = result.equilibria(concept)
            assert np.array_equal(union.equilibria(concept), np.concatenate([one, one + size])), seed


def test_an_option_that_nobody_cares_about_changes_nothing() -> None:
    """Every outcome twice, by an option of somebody indifferent: Nash and sequential stability stay."""
    for seed in range(35_000, 35_060):
        rng = random.Random(seed)
        case = complete(rng, rng.choice([2, 3]))
        data = case.to_data()
        data["parties"]["Z"] = {}
        data["issues"]["idle"] = {"by": "Z", "levels": ["N", "Y"]}
        tables = {p: [u for u in pref["table"] for _ in range(2)] for p, pref in data["preferences"].items()}
        data["preferences"] = {p: {"table": table} for p, table in tables.items()}
        data["preferences"]["Z"] = {"table": [0] * len(next(iter(tables.values())))}
        one, two = standoff(case), standoff(from_data(data))
        for party in case.preferences:
            for concept in ("nash", "seq"):
                doubled = [2 * s + copy for s in one.stable(concept, party).tolist() for copy in (0, 1)]
                assert two.stable(concept, party).tolist() == doubled, (seed, concept)


def test_an_opponent_may_move_again_after_another() -> None:
    """Defects 1 and 2 of gmcr-py: only B, C, B in turn reaches the sanction; no single move does."""
    case = from_data({
        "detente": 1, "id": "again", "title": "Again", "parties": {"A": {}, "B": {}, "C": {}},
        "outcomes": ["s", "better", "x", "y", "bad"],
        "moves": {"A": [["s", "better"]], "B": [["better", "x"], ["y", "bad"]], "C": [["x", "y"]]},
        "preferences": {"A": {"ranking": [["better"], ["x"], ["y"], ["s"], ["bad"]]},
                        "B": {"ranking": [["bad"], ["y"], ["x"], ["better"], ["s"]]},
                        "C": {"ranking": [["y"], ["bad"], ["x"], ["better"], ["s"]]}},
    })  # fmt: skip
    result = standoff(case)
    assert 0 in result.stable("seq", "A")
    why = result.why("A", "s", "seq")
    assert [step.mover for step in why.replies[0].sanction or ()] == [("B",), ("C",), ("B",)]


def test_nobody_moves_twice_in_a_row() -> None:
    """The same with B alone: better to x to bad would be B after B."""
    case = from_data({
        "detente": 1, "id": "twice", "title": "Twice", "parties": {"A": {}, "B": {}},
        "outcomes": ["s", "better", "x", "bad"],
        "moves": {"A": [["s", "better"]], "B": [["better", "x"], ["x", "bad"]]},
        "preferences": {"A": {"ranking": [["better"], ["x"], ["s"], ["bad"]]},
                        "B": {"ranking": [["bad"], ["x"], ["better"], ["s"]]}},
    })  # fmt: skip
    assert 0 not in standoff(case).stable("gmr", "A")


def test_every_improvement_has_to_be_deterred_and_ties_deter() -> None:
    """Defects 3: the last improvement decided; a sanction had to be strictly worse."""
    case = from_data({
        "detente": 1, "id": "each", "title": "Each", "parties": {"A": {}, "B": {}},
        "outcomes": ["s", "one", "two", "even"],
        "moves": {"A": [["s", "one"], ["s", "two"]], "B": [["two", "even"]]},
        "preferences": {"A": {"ranking": [["one"], ["two"], ["s", "even"]]}, "B": {"ranking": [["even"], ["one", "two", "s"]]}},
    })  # fmt: skip
    assert 0 not in standoff(case).stable("seq", "A")
    data = case.to_data()
    data["moves"]["A"] = [["s", "two"]]
    assert 0 in standoff(from_data(data)).stable("seq", "A")


def test_an_issue_of_nobody_takes_no_moves_away() -> None:
    """Defect 5: states where an unowned option was Y lost all moves; more than 64 statements overflowed."""
    case = from_data({
        "detente": 1, "id": "term", "title": "Term", "parties": {"A": {}},
        "issues": {"mine": {"by": "A", "levels": ["N", "Y"]}, "term": {"levels": ["N", "Y"]}},
        "impossible": ["mine == Y and term == N or mine == Y and term == N"],
        "preferences": {"A": {"priorities": ["mine == Y"] * 70 + ["term == Y"]}},
    })  # fmt: skip
    result = standoff(case)
    assert result.conflict.targets(0, 1).tolist() == [3]
    assert result.stable("nash", "A").tolist() == [0, 3]
    assert any("terms without an owner" in warning for warning in result.source.warnings)


def test_a_group_moves_only_together_and_improves_only_for_all() -> None:
    data = {
        "detente": 1, "id": "joint", "title": "Joint", "parties": {"A": {}, "B": {}, "C": {}},
        "issues": {"alone": {"by": "A", "levels": ["N", "Y"]}, "joint": {"by": ["B", "C"], "levels": ["N", "Y"]}},
        "preferences": {"A": {"table": [1, 0, 2, 0]}, "B": {"table": [0, 0, 0, 1]}, "C": {"table": [0, 0, 0, 1]}},
    }  # fmt: skip
    result = standoff(from_data(data))
    assert 0 in result.stable("seq", "A"), "B and C would both gain by answering"
    assert 0 not in result.stable("nash", "A")
    assert result.stable("nash", "B").tolist() == [0, 1, 2, 3], "B cannot move alone"
    data["preferences"]["C"]["table"] = [0, 0, 1, 0]
    assert 0 not in standoff(from_data(data)).stable("seq", "A"), "C would lose by it"
    assert 0 in standoff(from_data(data)).stable("gmr", "A"), "but they could"
    del data["preferences"]["C"]
    data["parties"]["C"] = {"roles": ["affected"]}
    assert 0 in standoff(from_data(data)).stable("seq", "A"), "only members with preferences have a say"
    del data["preferences"]["B"]
    data["parties"]["B"] = {"roles": ["affected"]}
    silent = standoff(from_data(data))
    assert 0 not in silent.stable("seq", "A")
    assert 0 in silent.stable("gmr", "A")
    assert any("it never has reason" in warning for warning in silent.source.warnings)


@pytest.mark.parametrize("seed", range(2))
def test_workers_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(1, 50, (3, 20 * 30 * 40)).astype(np.int32)
    movers = [
        kernel.Mover((0,), (kernel.Axis(1, 20, 1200),)),
        kernel.Mover((1,), (kernel.Axis(20, 30, 40),)),
        kernel.Mover((2,), (kernel.Axis(600, 40, 1),)),
    ]
    one = kernel.product_stability(scores, movers, [0, 1, 2], compiled=True, workers=1)
    assert np.array_equal(one, kernel.product_stability(scores, movers, [0, 1, 2], compiled=True, workers=3))
