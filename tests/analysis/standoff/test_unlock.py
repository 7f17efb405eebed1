"""The inverse question: clauses, counts, least changes, single moves, each against solving forward."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

import numpy as np
import pytest

import detente
from detente.analysis.standoff import standoff
from detente.analysis.standoff import unlock as unlocking
from detente.analysis.standoff.joint import joint
from detente.analysis.standoff.model import conflict_of
from detente.analysis.standoff.unlock import Clauses, count_rankings, fewest, nearest, party_unlock, rerank
from detente.case import from_data
from detente.errors import NeedsError
from detente.kernels.stability import CONCEPTS
from detente.space import compile_case
from tests.analysis.standoff.conflicts import random_case
from tests.naive import stability as naive


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


def weak_orders(states: list[int]) -> Iterator[dict[int, int]]:
    """Every ranking with ties: rank of each state, 1 is best."""
    if not states:
        yield {}
        return
    for size in range(1, len(states) + 1):
        for top in itertools.combinations(states, size):
            for rest in weak_orders([s for s in states if s not in top]):
                yield {s: 1 for s in top} | {s: rank + 1 for s, rank in rest.items()}


def distance(old: dict[int, int], new: dict[int, int]) -> float | None:
    """Pairs whose order differs, ties that are broken counting a half; None where a strict pair is tied."""
    total = 0.0
    for a, b in itertools.combinations(old, 2):
        was, now = np.sign(old[a] - old[b]), np.sign(new[a] - new[b])
        if was and not now:
            return None
        total += 0.0 if was == now else 0.5 if not was else 1.0
    return total


def test_the_nearest_ranking_is_that_of_trying_all() -> None:
    """Kendall distance over all rankings, ties included, that make the target stable by the naive definition."""
    checked = 0
    for seed, conflict in itertools.islice(conflicts(range(25_000, 25_900), 5), 90):
        twin = naive.of_case(conflict.space.case)
        i, s = seed % len(conflict.parties), twin.states[seed % len(twin.states)]
        party, concept = conflict.parties[i], CONCEPTS[seed % 5]
        old, best = twin.ranks[party], None
        for new in weak_orders(twin.states):
            pairs = distance(old, new)
            if pairs is None or (best is not None and pairs >= best):
                continue
            twin.ranks[party] = new
            if naive.stable(twin, concept, party, s):
                best = pairs
        twin.ranks[party] = old
        found = nearest(Clauses(conflict, i, concept, s))
        assert found.pairs == best, (seed, concept)
        checked += bool(best)
    assert checked > 8


def test_the_fewest_changes_are_those_of_trying_all_and_do_what_they_say() -> None:
    changed = 0
    for seed, conflict in conflicts(range(21_000, 21_090), 12):
        states = np.flatnonzero(conflict.possible).tolist()
        rng = random.Random(seed)
        for i, concept in itertools.product(range(len(conflict.parties)), CONCEPTS):
            s = rng.choice(states)
            clauses = Clauses(conflict, i, concept, s)
            score = conflict.scores[i].astype(int)
            above = set(np.flatnonzero(score > score[s]).tolist())
            if len(clauses.relevant) > 12 or len(above) > 7:
                continue
            kept = (set(k) for n in range(len(above), -1, -1) for k in itertools.combinations(above, n))
            wanted = next((len(above) - len(k) for k in kept if clauses.met(k.__contains__)), None)
            found = fewest(clauses)
            where = (seed, i, concept, s)
            assert len(found.lowered) == wanted, where
            for change in (found, nearest(clauses)):
                assert stable(conflict, rerank(conflict.scores, i, s, change), i, concept, s), where
                changed += bool(change.lowered)
    assert changed > 50


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
        stay = [int(x) for x in np.flatnonzero(conflict.possible) if x not in (s, *change.lowered)]
        for a, b in itertools.combinations(stay, 2):
            assert np.sign(new[i, a] - new[i, b]) == np.sign(old[i, a] - old[i, b])
        for x in np.flatnonzero(conflict.possible).tolist():
            if x in change.lowered:
                assert new[i, x] < new[i, s]
            elif x != s and old[i, x] != old[i, s]:
                assert np.sign(new[i, x] - new[i, s]) == np.sign(old[i, x] - old[i, s])


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
    what = "could not take First prisoner's choice from cooperate to defect"
    assert [m.what for m in found.moves] == [what]
    assert what in found.explain()
    assert any(what in line for line in found.reasons())
    data = found.to_data()
    assert data["parties"]["column"]["stable"]
    assert data["parties"]["row"]["rankings_of"] == math.factorial(4)


def test_a_large_question_is_not_answered_by_half(monkeypatch: pytest.MonkeyPatch) -> None:
    result = standoff(detente.load("stockholm-2019"))
    target = {"nuclear": "partial", "relief": "partial"}
    big = [p for p in result.unlock(target, "seq").parties if p.relevant > 20]
    assert big
    assert all(p.count is None and p.fewest is not None for p in big)
    monkeypatch.setattr(unlocking, "MOST_NODES", 1)
    found = result.unlock(target, "nash")
    assert any(p.fewest is None for p in found.parties)
    assert "not decided" in found.explain()
    assert found.jointly is None
    assert not found.holds
    with pytest.raises(NeedsError, match="unknown concept"):
        result.unlock(0, "best")
    assert party_unlock(result.conflict, 0, "nash", 0).stable


def reranked(old: dict[int, int], new: dict[int, int], fixed: int) -> int:
    """The fewest outcomes, the target not among them, without which the order is as it was."""
    states = [s for s in old if s != fixed]
    for size in range(len(states) + 1):
        for gone in itertools.combinations(states, size):
            kept = [s for s in old if s not in gone]
            if all(
                np.sign(old[a] - old[b]) == np.sign(new[a] - new[b])
                for a, b in itertools.combinations(kept, 2)
            ):
                return size
    raise AssertionError


def test_the_least_joint_change_is_that_of_trying_all() -> None:
    """All rankings of all parties that keep strict pairs strict, by the naive definition."""
    checked, upset = 0, 0
    for seed, conflict in conflicts(range(27_000, 28_500), 4):
        twin = naive.of_case(conflict.space.case)
        if len(conflict.parties) != 2 and len(twin.states) > 3:
            continue
        s, concept = twin.states[seed % len(twin.states)], CONCEPTS[seed % 5]
        old = {p: dict(twin.ranks[p]) for p in conflict.parties}
        ways = [
            [
                (new, pairs, reranked(old[p], new, s))
                for new in weak_orders(twin.states)
                if (pairs := distance(old[p], new)) is not None
            ]
            for p in conflict.parties
        ]
        if np.prod([len(w) for w in ways]) > 3_000:
            continue
        best_pairs = best_count = np.inf
        for combo in itertools.product(*ways):
            pairs, count = sum(c[1] for c in combo), sum(c[2] for c in combo)
            if pairs >= best_pairs and count >= best_count:
                continue
            for p, (new, _, _) in zip(conflict.parties, combo, strict=True):
                twin.ranks[p] = new
            if all(naive.stable(twin, concept, p, s) for p in conflict.parties):
                best_pairs, best_count = min(best_pairs, pairs), min(best_count, count)
        for p in conflict.parties:
            twin.ranks[p] = old[p]
        found = joint(conflict, s, concept)
        assert found is not None
        assert sum(r.pairs for r in found.nearest.values()) == best_pairs, (seed, concept)
        assert sum(len(r.outcomes) for r in found.fewest.values()) == best_count, (seed, concept)
        for changes in (found.fewest, found.nearest):
            scores = conflict.scores.astype(np.int32)
            for party, change in changes.items():
                for place, group in enumerate(reversed(change.ranking), start=1):
                    scores[conflict.parties.index(party), list(group)] = place
            assert all(stable(conflict, scores, i, concept, s) for i in range(len(conflict.parties)))
        checked += best_pairs > 0
        own = [party_unlock(conflict, i, concept, s) for i in range(len(conflict.parties))]
        upset += best_pairs != sum(p.nearest.pairs for p in own if p.nearest is not None)
        if concept in ("nash", "gmr", "smr"):
            assert best_pairs == sum(p.nearest.pairs for p in own)
            assert best_count == sum(len(p.fewest.lowered) for p in own)
    assert checked > 15
    assert upset


def test_one_outcome_has_nothing_to_change() -> None:
    """The only possible outcome is an equilibrium as it is."""
    data = {
        "detente": 1, "id": "o", "title": "O", "parties": {"a": {}}, "issues": {"i": {"by": "a", "levels": ["x", "y"]}},
        "impossible": [{"when": "i == y"}], "preferences": {"a": {"values": {"i": {"x": 0, "y": 1}}}},
    }  # fmt: skip
    conflict = conflict_of(compile_case(from_data(data)))
    for concept in CONCEPTS:
        found = joint(conflict, 0, concept)
        assert found is not None
        assert not found.fewest
        assert not found.nearest


STOCKHOLM = {"nuclear": "full", "relief": "full", "assurance": "binding", "projects": "resumed"}


def test_the_least_joint_change_in_words() -> None:
    """Own changes are the least, or the words name a smaller one; too many outcomes leave it out."""
    told = []
    for _, conflict in conflicts(range(28_130, 28_145), 6):
        result = standoff(conflict.space.case)
        for s in np.flatnonzero(conflict.possible).tolist():
            answer = result.unlock(conflict.space.outcome(conflict.space.levels(s)), "sseq")
            if answer.together is not None and answer.together.fewest:
                own = sum(len(c.lowered) for c in (answer.jointly or {}).values())
                less = not answer.holds or sum(len(r.outcomes) for r in answer.together.fewest.values()) < own
                told.append(less)
                assert ("The fewest outcomes that could change places" in answer.explain()) == less
                assert ("No smaller change of all parties" in answer.explain()) != less
                assert answer.to_data()["together"]["nearest"]
    assert set(told) == {True, False}
    large = standoff(detente.load("stockholm-2019")).unlock(STOCKHOLM, "seq")
    assert large.together is None
