"""The inverse question: clauses, counts, least changes, single moves, each against solving forward."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

import detente
from detente.analysis.standoff import standoff
from detente.analysis.standoff.model import conflict_of
from detente.analysis.standoff.unlock import Clauses, count_rankings, fewest, nearest, party_unlock, rerank
from detente.errors import NeedsError
from detente.kernels.stability import CONCEPTS
from detente.space import compile_case
from tests.analysis.standoff.conflicts import random_case


def conflicts(seeds: range, largest: int):
    for seed in seeds:
        try:
            conflict = conflict_of(compile_case(random_case(random.Random(seed))))
        except NeedsError:
            continue
        if 1 < np.count_nonzero(conflict.possible) <= largest:
            yield seed, conflict


def strict(conflict, i: int, order: tuple[int, ...]) -> np.ndarray:
    """Scores with a strict ranking of the possible outcomes for party i, best first."""
    scores = conflict.scores.astype(np.int32)
    scores[i] = 0
    for place, s in enumerate(order):
        scores[i, s] = len(order) - place
    return scores


def stable(conflict, scores: np.ndarray, i: int, concept: str, s: int) -> bool:
    return bool(conflict.with_scores(scores).verdicts()[i, s] >> CONCEPTS.index(concept) & 1)


def test_counts_are_those_of_solving_every_ranking() -> None:
    checked = 0
    for seed, conflict in itertools.islice(conflicts(range(20_000, 20_400), 5), 25):
        states = np.flatnonzero(conflict.possible).tolist()
        i = seed % len(conflict.parties)
        s = states[seed % len(states)]
        verdicts = np.array(
            [
                conflict.with_scores(strict(conflict, i, order)).verdicts()[i, s]
                for order in itertools.permutations(states)
            ]
        )
        for bit, concept in enumerate(CONCEPTS):
            clauses = Clauses(conflict, i, concept, s)
            assert count_rankings(clauses, len(states)) == int((verdicts >> bit & 1).sum()), (seed, concept)
            checked += 1
    assert checked == 125


def test_syria_and_iraq_count_what_the_definition_counts() -> None:
    """A tool says 240 and 420; Kinsara et al.'s conditions give 240 and 384."""
    result = standoff(detente.load("syria-iraq-1975"))
    found = {}
    for concept in CONCEPTS:
        answer = result.unlock({"war": "peace", "escalation": "calm", "water": "release"}, concept)
        found[concept] = next(p.count for p in answer.parties if p.party == "Syria")
        assert all(p.total == 720 for p in answer.parties)
    assert found == {"nash": 240, "gmr": 384, "smr": 300, "seq": 384, "sseq": 300}


def brute(conflict, i: int, concept: str, s: int) -> tuple[int | None, float | None]:
    """Fewest outcomes to lower, and least pairs over all rankings in which s keeps what may stay above it."""
    score = conflict.scores[i].astype(int)
    above = [int(x) for x in np.flatnonzero(score > score[s])]
    clauses = Clauses(conflict, i, concept, s)
    best_size = best_pairs = None
    for size in range(len(above) + 1):
        for down in itertools.combinations(above, size):
            if not clauses.met(lambda x, down=down: score[x] > score[s] and x not in down):
                continue
            pairs = float(size)
            for d in down:
                for k in above:
                    if k not in down:
                        pairs += 1.0 if score[d] > score[k] else 0.5 if score[d] == score[k] else 0.0
            best_size = size if best_size is None else best_size
            best_pairs = pairs if best_pairs is None else min(pairs, best_pairs)
    return best_size, best_pairs


def test_least_changes_are_least_and_do_what_they_say() -> None:
    changed = 0
    for seed, conflict in conflicts(range(21_000, 21_150), 12):
        states = np.flatnonzero(conflict.possible).tolist()
        rng = random.Random(seed)
        for i, concept in itertools.product(range(len(conflict.parties)), CONCEPTS):
            s = rng.choice(states)
            clauses = Clauses(conflict, i, concept, s)
            if len(clauses.relevant) > 12:
                continue
            size, pairs = brute(conflict, i, concept, s)
            for change, number in ((fewest(clauses), size), (nearest(clauses), pairs)):
                assert (change is None) == (number is None), (seed, i, concept, s)
                if change is None:
                    continue
                value = len(change.lowered) if change == fewest(clauses) and number == size else change.pairs
                assert value == number, (seed, i, concept, s)
                assert stable(conflict, rerank(conflict.scores, i, s, change), i, concept, s), (
                    seed,
                    i,
                    concept,
                    s,
                )
                changed += bool(change.lowered)
    assert changed > 100


def test_reranking_touches_nothing_else() -> None:
    for seed, conflict in conflicts(range(22_000, 22_060), 12):
        i, s = seed % len(conflict.parties), int(np.flatnonzero(conflict.possible)[0])
        clauses = Clauses(conflict, i, "nash", s)
        change = fewest(clauses) if len(clauses.relevant) < 13 else None
        if change is None:
            continue
        new, old = rerank(conflict.scores, i, s, change), conflict.scores.astype(int)
        assert np.array_equal(np.delete(new, i, 0), np.delete(old, i, 0))
        assert np.array_equal(new[i] > 0, conflict.possible)
        stay = [int(x) for x in np.flatnonzero(conflict.possible) if x not in change.lowered]
        for a, b in itertools.combinations(stay, 2):
            assert np.sign(new[i, a] - new[i, b]) == np.sign(old[i, a] - old[i, b])
        assert all(new[i, d] < new[i, s] for d in change.lowered)


def test_joint_changes_hold_where_they_say_so() -> None:
    holds = 0
    for seed, conflict in conflicts(range(23_000, 23_060), 10):
        result = standoff(conflict.space)
        for concept in CONCEPTS:
            s = int(np.flatnonzero(conflict.possible)[seed % 2])
            found = result.unlock(s, concept)
            text = found.explain()
            assert text.startswith("For ")
            if s in result.equilibria(concept):
                assert found.jointly == {}
                assert all(p.stable for p in found.parties)
            holds += found.holds
            if found.least and found.jointly:
                scores = conflict.scores
                for party, change in found.jointly.items():
                    scores = rerank(scores, conflict.parties.index(party), s, change)
                after = conflict.with_scores(scores).verdicts()
                assert all(row[s] >> CONCEPTS.index(concept) & 1 for row in after), (seed, concept)
    assert holds > 100


def test_single_moves_make_it_hold() -> None:
    helped = 0
    for _, conflict in conflicts(range(24_000, 24_080), 12):
        result = standoff(conflict.space)
        for s in np.flatnonzero(conflict.possible)[:3].tolist():
            found = result.unlock(s, "gmr")
            if s not in result.equilibria("gmr"):
                helped += bool(found.moves)
            else:
                assert found.moves == ()
    assert helped > 10


def test_a_move_made_impossible_is_named() -> None:
    found = standoff(detente.load("prisoners-dilemma")).unlock(
        {"first": "cooperate", "second": "defect"}, "nash"
    )
    assert found.moves is not None
    assert [m.what for m in found.moves] == ["could not take first from cooperate to defect"]
    assert "could not take first from cooperate to defect" in found.explain()
    data = found.to_data()
    assert data["parties"]["column"]["stable"]
    assert data["parties"]["row"]["rankings_of"] == math.factorial(4)


def test_a_large_question_is_not_answered_by_half() -> None:
    result = standoff(detente.load("stockholm-2019"))
    found = result.unlock({"nuclear": "partial", "relief": "partial"}, "seq")
    big = [p for p in found.parties if p.relevant > 20]
    assert big
    assert all(p.count is None for p in big)
    assert all(p.fewest is None for p in big if not p.stable)
    with pytest.raises(NeedsError, match="unknown concept"):
        result.unlock(0, "best")
    assert party_unlock(result.conflict, 0, "nash", 0).stable
