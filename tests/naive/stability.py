"""Stability in the Graph Model, straight from the definitions: sets, loops, nothing clever.

A conflict is a set of states, for each mover (a tuple of parties) the set of its moves (pairs of states), and for
each party with preferences a rank of every state (1 is best). Kilgour, Hipel and Fang (1987); Fang, Hipel and
Kilgour (1993); Rego and Vieira (2017); Inohara and Hipel (2008).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from detente.case import Case
from detente.space import compile_case

State = int
Mover = tuple[str, ...]


@dataclass
class Conflict:
    states: list[State]
    moves: dict[Mover, set[tuple[State, State]]]
    ranks: dict[str, dict[State, int]]

    def better(self, party: str, new: State, old: State) -> bool:
        return self.ranks[party][new] < self.ranks[party][old]

    def reach(self, mover: Mover, state: State) -> set[State]:
        return {b for a, b in self.moves.get(mover, ()) if a == state}

    def improvements(self, mover: Mover, state: State) -> set[State]:
        members = [party for party in mover if party in self.ranks]
        if not members:
            return set()
        return {b for b in self.reach(mover, state) if all(self.better(p, b, state) for p in members)}


def of_case(case: Case) -> Conflict:
    """The conflict of a case, by trying every pair of outcomes against the rules of the case file."""
    space = compile_case(case)
    states = [s for s in range(space.size) if space.possible(space.levels(s))]
    ranks = {party: {s: int(space.ranks(i)[s]) for s in states} for i, party in enumerate(space.parties)}
    if case.graph_form:
        number = {name: i for i, name in enumerate(case.outcomes)}
        moves = {(p,): {(number[a], number[b]) for a, b in pairs} for p, pairs in case.moves.items()}
        return Conflict(states, moves, ranks)
    movers = {
        frozenset(i.by): tuple(p for p in case.parties if p in i.by) for i in case.issues.values() if i.by
    }
    moves = {mover: set() for mover in movers.values()}
    for a, b in itertools.permutations(states, 2):
        for owners, mover in movers.items():
            if allowed(case, owners, space.levels(a), space.levels(b)):
                moves[mover].add((a, b))
    return Conflict(states, moves, ranks)


def allowed(case: Case, owners: frozenset[str], here: tuple[int, ...], there: tuple[int, ...]) -> bool:
    """Whether the owners alone may change one outcome into another, in one move."""
    names = list(case.issues)
    position = lambda issue, level: case.issues[issue].position(level)  # noqa: E731
    for issue, old, new in zip(case.issues.values(), here, there, strict=True):
        if old == new:
            continue
        if issue.by is None or frozenset(issue.by) != owners:
            return False
        if (new > old and issue.pace.up == 0) or (new < old and issue.pace.down == 0):
            return False
        floor = issue.retreat.get(issue.names[old])
        if floor is not None and new < issue.position(floor):
            return False
        for level, need in issue.requires.items():
            if old < issue.position(level) <= new:
                at = there if need.timing == "together" else here
                if not need.when.holds(dict(zip(names, at, strict=True)), position):
                    return False
    return True


def legal_reach(conflict: Conflict, movers: list[Mover], start: State, improving: bool = False) -> set[State]:
    """States at the end of a nonempty sequence of moves in which no mover moves twice in a row."""
    step = conflict.improvements if improving else conflict.reach
    last_movers: dict[State, set[Mover]] = {}
    todo = [(start, None)]
    while todo:
        state, last = todo.pop()
        for mover in movers:
            if mover == last:
                continue
            for target in step(mover, state):
                if mover not in last_movers.setdefault(target, set()):
                    last_movers[target].add(mover)
                    todo.append((target, mover))
    return set(last_movers)


def stable(conflict: Conflict, concept: str, party: str, s: State) -> bool:
    """Whether a state is stable for a party: clause by clause as published."""
    movers = [m for m in conflict.moves if party not in m]
    not_better = lambda x: not conflict.better(party, x, s)  # noqa: E731
    for s1 in conflict.improvements((party,), s):
        if concept == "nash":
            return False
        replies = legal_reach(conflict, movers, s1, improving=concept in ("seq", "sseq"))
        sanctions = [s2 for s2 in replies if not_better(s2)]
        if concept in ("smr", "sseq"):
            sanctions = [s2 for s2 in sanctions if all(map(not_better, conflict.reach((party,), s2)))]
        if not sanctions:
            return False
    return True


CONCEPTS = ("nash", "gmr", "smr", "seq", "sseq")


def analyse(conflict: Conflict) -> tuple[dict[str, dict[str, list[State]]], dict[str, list[State]]]:
    """Stable states by concept and party, and equilibria by concept."""
    stability = {
        concept: {p: [s for s in conflict.states if stable(conflict, concept, p, s)] for p in conflict.ranks}
        for concept in CONCEPTS
    }
    equilibria = {
        concept: [s for s in conflict.states if all(s in found for found in by_party.values())]
        for concept, by_party in stability.items()
    }
    return stability, equilibria


# more foresight, other concepts -------------------------------------------------------------------


def simultaneous(conflict: Conflict, combine, party: str, s: State) -> bool:
    """Simultaneous stability: every improvement is undone by what others would do from s at the same time.

    ``combine(s, [s1, s2, ...])`` applies all the changes to s; None where the outcome is impossible.
    """
    others = [m for m in conflict.moves if party not in m]
    for s1 in conflict.improvements((party,), s):
        choices = [[None, *sorted(conflict.improvements(m, s))] for m in others]
        met = False
        for chosen in itertools.product(*choices):
            ends = [c for c in chosen if c is not None]
            together = combine(s, [s1, *ends]) if ends else None
            if together is not None and not conflict.better(party, together, s):
                met = True
        if not met:
            return False
    return True


def limited(conflict: Conflict, party: str, other: str, horizon: int, s: State) -> State:
    """Where play ends when ``party`` is to move at s with ``horizon`` moves left (two parties)."""
    if horizon == 0:
        return s
    best, end = conflict.ranks[party][s], s
    finals = {limited(conflict, other, party, horizon - 1, q) for q in conflict.reach((party,), s)}
    for final in sorted(finals):
        if conflict.ranks[party][final] < best:
            best, end = conflict.ranks[party][final], final
    return end


def limited_of_many(conflict: Conflict, party: str, horizon: int, s: State) -> State:
    """The same with any number of parties: after a move anybody else may be next, the worst end for who moved counts."""
    if horizon == 0:
        return s
    ranks = conflict.ranks[party]
    best, end = ranks[s], s
    for q in sorted(conflict.reach((party,), s)):
        others = [limited_of_many(conflict, p, horizon - 1, q) for p in conflict.ranks if p != party]
        moved = [e for e in others if e != q]
        final = min(moved, key=lambda e: (-ranks[e], e)) if moved else q
        if ranks[final] < best or (end != s and ranks[final] == best and final < end):
            best, end = ranks[final], final
    return end


def coalition_reach(conflict: Conflict, group: frozenset[str], s: State, others: bool = False) -> set[State]:
    """R_H: legal sequences of moves by movers within the group; or R_{N-H}, by movers with nobody in it.

    A mover is within a group when all its members with preferences are, and it has some.
    """

    def inside(mover: Mover) -> bool:
        members = {p for p in mover if p in conflict.ranks}
        return bool(members) and members <= group

    if others:
        return legal_reach(conflict, [m for m in conflict.moves if not set(m) & group], s)
    return legal_reach(conflict, [m for m in conflict.moves if inside(m)], s)


def coalition_improvements(conflict: Conflict, group: frozenset[str], s: State) -> set[State]:
    return {x for x in coalition_reach(conflict, group, s) if all(conflict.better(p, x, s) for p in group)}


def class_improvements(conflict: Conflict, outside: frozenset[str], s: State) -> set[State]:
    """R_C^{++}: coalitions of outsiders improve one after the other, none twice in a row."""
    people = sorted(p for p in outside)
    groups = [frozenset(c) for k in range(1, len(people) + 1) for c in itertools.combinations(people, k)]
    seen: dict[State, set[frozenset[str]]] = {}
    todo: list[tuple[State, frozenset[str] | None]] = [(s, None)]
    while todo:
        state, last = todo.pop()
        for group in groups:
            if group == last:
                continue
            for target in coalition_improvements(conflict, group, state):
                if group not in seen.setdefault(target, set()):
                    seen[target].add(group)
                    todo.append((target, group))
    return set(seen)


def coalition_stable(conflict: Conflict, concept: str, group: frozenset[str], s: State) -> bool:
    outside = frozenset(conflict.ranks) - group

    def bad_for_someone(y: State) -> bool:
        return any(not conflict.better(p, y, s) for p in group)

    for x in coalition_improvements(conflict, group, s):
        if concept == "nash":
            return False
        if concept == "seq":
            replies = class_improvements(conflict, outside, x)
        else:
            replies = coalition_reach(conflict, group, x, others=True)
        sanctions = [y for y in replies if bad_for_someone(y)]
        if concept == "smr":
            sanctions = [
                y for y in sanctions if all(map(bad_for_someone, coalition_reach(conflict, group, y)))
            ]
        if not sanctions:
            return False
    return True


# finer preferences --------------------------------------------------------------------------------


def strongly_stable(
    conflict: Conflict, concept: str, party: str, s: State, greatly: set[tuple[State, State]]
) -> bool:
    """Strong stability: sanctions, and what can follow them, are greatly worse than s; pairs are (preferred, over)."""
    movers = [m for m in conflict.moves if party not in m]
    for s1 in conflict.improvements((party,), s):
        if concept == "nash":
            return False
        replies = legal_reach(conflict, movers, s1, improving=concept in ("seq", "sseq"))
        sanctions = [y for y in replies if (s, y) in greatly]
        if concept in ("smr", "sseq"):
            sanctions = [y for y in sanctions if all((s, z) in greatly for z in conflict.reach((party,), y))]
        if not sanctions:
            return False
    return True


def unknown_stable(
    conflict: Conflict,
    reading: str,
    concept: str,
    party: str,
    s: State,
    unknown: dict[str, set[tuple[State, State]]],
) -> bool:
    """Readings a, b, c, d of unknown preference; ``unknown`` holds pairs in both orders."""

    def unsure(p: str, x: State, y: State) -> bool:
        return (x, y) in unknown.get(p, set())

    def surely(p: str, x: State, y: State) -> bool:
        return conflict.better(p, x, y) and not unsure(p, x, y)

    def leaves(x: State) -> bool:
        return surely(party, x, s) or (reading in "ac" and unsure(party, x, s))

    def deters(y: State) -> bool:
        if unsure(party, y, s):
            return reading in "cd"
        return not conflict.better(party, y, s)

    def step(mover: Mover, x: State) -> set[State]:
        if concept in ("gmr", "smr"):
            return conflict.reach(mover, x)
        members = [p for p in mover if p in conflict.ranks]
        good = lambda y: all(surely(p, y, x) or unsure(p, y, x) for p in members)  # noqa: E731
        return {y for y in conflict.reach(mover, x) if members and good(y)}

    for s1 in filter(leaves, conflict.reach((party,), s)):
        if concept == "nash":
            return False
        seen: set[tuple[State, Mover | None]] = set()
        todo: list[tuple[State, Mover | None]] = [(s1, None)]
        while todo:
            state, last = todo.pop()
            for mover in conflict.moves:
                if party in mover or mover == last:
                    continue
                for y in step(mover, state):
                    if (y, mover) not in seen:
                        seen.add((y, mover))
                        todo.append((y, mover))
        sanctions = [y for y, _ in seen if deters(y)]
        if concept in ("smr", "sseq"):
            sanctions = [y for y in sanctions if all(map(deters, conflict.reach((party,), y)))]
        if not sanctions:
            return False
    return True


def relationally_stable(
    conflict: Conflict, concept: str, party: str, s: State, attitudes: dict[str, dict[str, int]]
) -> bool:
    """Relational Nash, GMR, SMR and SEQ (Inohara, Hipel and Walker 2007); unstated: + to oneself, 0 to others."""

    def content(p: str, x: State, at: State) -> bool:
        """Whether x is in TRP_p(at)."""
        held = {q: attitudes.get(p, {}).get(q, int(q == p)) for q in conflict.ranks}
        return all(
            sign == 0
            or (sign > 0 and not conflict.better(q, at, x))
            or (sign < 0 and not conflict.better(q, x, at))
            for q, sign in held.items()
        )

    def replies(mover: Mover, x: State) -> set[State]:
        members = [p for p in mover if p in conflict.ranks]
        return {y for y in conflict.reach(mover, x) if members and all(content(p, y, x) for p in members)}

    step = replies if concept == "seq" else conflict.reach
    for x in replies((party,), s):
        if concept == "nash":
            return False
        seen: set[tuple[State, Mover]] = set()
        todo: list[tuple[State, Mover | None]] = [(x, None)]
        while todo:
            state, last = todo.pop()
            for mover in conflict.moves:
                if party not in mover and mover != last:
                    new = {(y, mover) for y in step(mover, state)} - seen
                    seen |= new
                    todo += new
        sanctions = [y for y, _ in seen if not content(party, y, s)]
        if concept == "smr":
            sanctions = [
                y for y in sanctions
                if not any(z != s and content(party, z, s) for z in conflict.reach((party,), y))
            ]  # fmt: skip
        if not sanctions:
            return False
    return True
