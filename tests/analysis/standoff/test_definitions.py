"""Witnesses, reach, coalitions, foresight and finer preferences against the naive twin."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import numpy as np

from detente.analysis.standoff import standoff
from detente.analysis.standoff.evolution import reach_from
from detente.analysis.standoff.relations import attitudes, strength, unknown
from detente.analysis.standoff.result import StandoffResult
from detente.analysis.standoff.sets import SetConflict
from detente.case import from_data, with_changes
from detente.errors import NeedsError
from detente.kernels.stability import CONCEPTS
from tests.analysis.standoff.conflicts import random_case
from tests.naive import stability as naive


def results(seeds: range, form: str | None = None) -> Iterator[tuple[int, StandoffResult, naive.Conflict]]:
    for seed in seeds:
        case = random_case(random.Random(seed), form)
        try:
            result = standoff(case)
        except NeedsError:
            continue
        yield seed, result, naive.of_case(case)


def test_moves_of_one_state_and_of_many_agree_with_the_definition() -> None:
    for seed, result, twin in results(range(10_000, 10_150)):
        conflict = result.conflict
        states = np.array(twin.states, dtype=np.int64)
        for k, mover in enumerate(conflict.movers):
            want = sorted(twin.moves[mover])
            one = [(s, int(t)) for s in twin.states for t in conflict.targets(k, s)]
            starts, ends = conflict.spread(k, states)
            offsets, listed = conflict.lists[k]
            lists = [(s, int(t)) for s in twin.states for t in listed[offsets[s] : offsets[s + 1]]]
            assert one == want == lists == sorted(zip(starts.tolist(), ends.tolist(), strict=True)), seed


def test_legal_sequences_and_their_paths() -> None:
    for seed, result, twin in results(range(11_000, 11_200)):
        conflict = result.conflict
        start = twin.states[0]
        for improving in (False, True):
            movers = range(len(conflict.movers))
            reach = reach_from(conflict, start, movers, improving=improving)
            want = naive.legal_reach(twin, list(conflict.movers), start, improving)
            got = {s for s in range(conflict.size) if reach.last[:, s].any()}
            assert got == want, seed
            for s in want - {start}:
                path = reach.path(s)
                assert path is not None
                assert len(path) == reach.steps[s]
                assert path[0].start == start
                assert path[-1].end == s
                for a, b in itertools.pairwise(path):
                    assert a.end == b.start
                    assert a.mover != b.mover
                step = twin.improvements if improving else twin.reach
                assert all(x.end in step(x.mover, x.start) for x in path)


def test_a_witness_shows_what_the_definition_asks_for() -> None:
    for seed, result, twin in results(range(12_000, 12_080)):
        for party in result.conflict.parties:
            for concept in CONCEPTS:
                for s in twin.states:
                    check_witness(result, twin, party, concept, s, seed)


def check_witness(
    result: StandoffResult, twin: naive.Conflict, party: str, concept: str, s: int, seed: int
) -> None:
    found = result.why(party, s, concept)
    where = (seed, party, concept, s)
    assert found.stable == naive.stable(twin, concept, party, s), where
    assert found.improvements == len(twin.improvements((party,), s))
    assert found.margin is None or (found.margin >= 0) == found.stable, where
    assert result.because(party, s, concept).endswith(".")
    if found.improvements and not found.stable:
        assert len(found.replies) == 1
        assert found.replies[0].sanction is None
    for reply in found.replies:
        assert reply.improvement in twin.improvements((party,), s)
        if found.stable:
            assert reply.sanction, where
            step = twin.improvements if concept in ("seq", "sseq") else twin.reach
            at = reply.improvement
            for move in reply.sanction:
                assert party not in move.mover
                assert move.start == at
                assert move.end in step(move.mover, at)
                at = move.end
            assert not twin.better(party, reply.lands, s)
            if concept in ("smr", "sseq"):
                assert not any(twin.better(party, x, s) for x in twin.reach((party,), reply.lands)), where
        elif reply.escape is not None:
            assert twin.better(party, reply.escape.end, s)
            assert reply.escape.end in twin.reach((party,), reply.blow[-1].end)


def test_a_margin_is_what_the_verdict_can_bear() -> None:
    """Moving the outcome down by the margin keeps the verdict, by one rank more flips it."""
    flipped = 0
    for seed, result, twin in results(range(13_000, 13_060)):
        conflict = result.conflict
        for i, party in enumerate(conflict.parties):
            for s in twin.states[:4]:
                for concept in ("nash", "gmr", "smr"):
                    found = result.why(party, s, concept)
                    if found.margin is None:
                        continue
                    for shift, stable in ((found.margin, True), (found.margin + 1, False)):
                        scores = conflict.scores.astype(np.int32) * 2
                        level = scores[i, s] - 2 * shift
                        if level <= 0 or (stable and shift < 0):
                            continue
                        # others' ends keep their value: only the outcome itself moves
                        better = np.asarray(conflict.worth(i)[CONCEPTS.index(concept)] * 2)
                        targets = conflict.targets(conflict.own[i], s)
                        assert (level >= better[targets].max()) == stable, (seed, party, s, concept)
                        flipped += not stable
    assert flipped > 100


def test_coalitions() -> None:
    broken = 0
    for seed, result, twin in results(range(14_000, 14_060)):
        if len(result.conflict.parties) > 4:
            continue
        found = result.coalitions(everywhere=True)
        for group in found.groups:
            ids = frozenset(found.ids(group))
            for concept in ("nash", "gmr", "smr", "seq"):
                want = {s for s in twin.states if naive.coalition_stable(twin, concept, ids, s)}
                assert found.stable[concept][group] == want, (seed, ids, concept)
                broken += len(twin.states) - len(want)
            # relations 5 and 7 of the theory
            stable = {c: found.stable[c][group] for c in found.stable}
            assert stable["nash"] <= stable["smr"] <= stable["gmr"]
            assert stable["nash"] <= stable["seq"]
            if len(group) == 1:
                alone = set(result.stable("seq", found.ids(group)[0]).tolist())
                assert alone <= stable["seq"] or any(len(m) > 1 for m in result.conflict.movers)
            if result.conflict.separable and all(len(m) == 1 for m in result.conflict.movers):
                assert stable["seq"] <= stable["gmr"], "relation 6, where moves combine"
            if len(group) == 1:
                for concept in ("nash", "gmr", "smr"):
                    if all(len(m) == 1 for m in result.conflict.movers):
                        assert set(result.stable(concept, found.ids(group)[0]).tolist()) == stable[concept]
        if all(len(m) == 1 for m in result.conflict.movers):  # relation 8
            for concept in ("nash", "gmr", "smr"):
                assert set(found.universal[concept]) <= set(result.equilibria(concept).tolist())
        nash = set(result.equilibria("nash").tolist())
        for s, group, better in found.vulnerable:
            assert {s, better} <= nash
            assert better in naive.coalition_improvements(twin, frozenset(found.ids(group)), s)
        assert found.explain() is not None
    assert broken > 300


def test_limited_moves_of_two_parties() -> None:
    seen = 0
    for seed, result, twin in results(range(15_000, 15_250)):
        parties = result.conflict.parties
        if len(parties) != 2 or any(len(m) > 1 for m in result.conflict.movers):
            continue
        seen += 1
        found = result.foresight(4)
        for i, party in enumerate(parties):
            for h in range(1, 5):
                want = [s for s in twin.states if naive.limited(twin, party, parties[1 - i], h, s) == s]
                got = [s for s in twin.states if found.limited[h - 1][i, s]]
                assert got == want, (seed, party, h)
                if set(twin.moves) <= {(p,) for p in parties}:  # relation 9: nobody else moves
                    assert set(got) <= set(result.stable("gmr", party).tolist())
                    if h == 2:
                        assert set(got) <= set(result.stable("seq", party).tolist())
            assert set(np.flatnonzero(found.limited[0][i] & result.conflict.possible)) == set(
                result.stable("nash", party)
            )
        check_non_myopic(result)
    assert seen > 40


def check_non_myopic(result: StandoffResult) -> None:
    found = result.foresight(60)
    if found.non_myopic is None or found.settled is None:
        return
    first, length = found.settled
    if first + 2 * length < 60:
        tail = found.limited[max(first, 1) - 1 :]
        assert np.array_equal(tail.all(axis=0), found.non_myopic)


def test_simultaneous_stability() -> None:
    seen = 0
    for seed, result, twin in results(range(16_000, 16_080), "product"):
        space = result.conflict.space

        def combine(s: int, ends: list[int], space=space, twin=twin) -> int | None:
            base = np.array(space.levels(s))
            total = base + sum(np.array(space.levels(e)) - base for e in ends)
            number = space.number(total.tolist())
            return number if number in twin.states else None

        found = result.simultaneous()
        for i, party in enumerate(result.conflict.parties):
            for s in twin.states:
                assert found.stable[i, s] == naive.simultaneous(twin, combine, party, s), (seed, party, s)
                seen += not found.stable[i, s]
    assert seen > 200


def as_sets(table: dict[str, set[tuple[int, int]]], sets: SetConflict) -> list[list[int]]:
    return [[sum(1 << b for a, b in pairs if a == s) for s in range(sets.size)] for pairs in table.values()]


def test_strength_and_unknown() -> None:
    for seed, result, twin in results(range(17_000, 17_080)):
        rng = random.Random(seed)
        sets = SetConflict(result.conflict)
        parties = result.conflict.parties
        greatly, unsure = {}, {}
        for party in parties:
            pairs = [(a, b) for a in twin.states for b in twin.states]
            greatly[party] = {(a, b) for a, b in pairs if twin.better(party, a, b) and rng.random() < 0.5}
            some = {(a, b) for a, b in pairs if a < b and rng.random() < 0.15}
            unsure[party] = some | {(b, a) for a, b in some}
        strong, readings = strength(sets, as_sets(greatly, sets)), unknown(sets, as_sets(unsure, sets))
        for party in parties:
            for concept in CONCEPTS:
                want = [
                    s for s in twin.states if naive.strongly_stable(twin, concept, party, s, greatly[party])
                ]
                assert strong["strong"][concept][party] == want, (seed, party, concept)
                assert strong["general"][concept][party] == result.stable(concept, party).tolist()
                rows = {}
                for reading in "abcd":
                    rows[reading] = set(readings[reading][concept][party])
                    want = [
                        s
                        for s in twin.states
                        if naive.unknown_stable(twin, reading, concept, party, s, unsure)
                    ]
                    assert sorted(rows[reading]) == want, (seed, party, concept, reading)
                assert rows["a"] <= rows["b"] <= rows["d"]
                assert rows["a"] <= rows["c"] <= rows["d"]


def test_limited_moves_of_many_parties() -> None:
    seen = 0
    for seed, result, twin in results(range(18_000, 18_120)):
        parties = result.conflict.parties
        if len(parties) < 3 or any(len(m) > 1 for m in result.conflict.movers) or len(twin.states) > 12:
            continue
        seen += 1
        found = result.foresight(3)
        assert "worst" in found.variant
        for i, party in enumerate(parties):
            for h in range(1, 4):
                want = [s for s in twin.states if naive.limited_of_many(twin, party, h, s) == s]
                assert [s for s in twin.states if found.limited[h - 1][i, s]] == want, (seed, party, h)
    assert seen > 20


def test_attitudes() -> None:
    seen = 0
    for seed, result, twin in results(range(19_000, 19_120)):
        rng, parties = random.Random(seed), result.conflict.parties
        stated = {p: {q: rng.choice([-1, 0, 1]) for q in parties if rng.random() < 0.6} for p in parties}
        found = attitudes(SetConflict(result.conflict), stated)
        for concept, by_party in found.items():
            for party, got in by_party.items():
                want = [s for s in twin.states if naive.relationally_stable(twin, concept, party, s, stated)]
                assert got == want, (seed, concept, party)
                seen += len(twin.states) - len(want)
    assert seen > 1000


def test_views() -> None:
    """Each party judges in its own game: the case with what it believes set in it."""
    odd = 0
    for seed in range(19_500, 19_560):
        case = random_case(random.Random(seed), "graph")
        data, rng = case.to_data(), random.Random(seed)
        believes = {
            p: [{"set": f"preferences.{q}.ranking", "to": [[x] for x in rng.sample(data["outcomes"], len(data["outcomes"]))]}]
            for p in case.preferences for q in case.preferences if p != q and rng.random() < 0.5
        }  # fmt: skip
        if not believes:
            continue
        result = standoff(from_data({**data, "views": believes}))
        found = result.relations().views
        assert found is not None
        true = naive.of_case(case)
        games = {
            p: naive.of_case(with_changes(result.conflict.space.case, result.conflict.space.case.views[p]))
            if p in believes
            else true
            for p in case.preferences
        }
        for concept in CONCEPTS:
            held = [s for s in true.states if all(naive.stable(games[p], concept, p, s) for p in games)]
            rows = found.rows(concept)
            assert [row["outcome"] for row in rows] == held, (seed, concept)
            for row in rows:
                s = row["outcome"]
                assert row["true"] == all(naive.stable(true, concept, p, s) for p in games)
                odd += not row["true"]
    assert odd > 5
