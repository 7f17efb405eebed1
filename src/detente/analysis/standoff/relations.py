"""Finer preferences: strongly preferred, unknown, and attitudes to others. All on sets of outcomes.

**Strength** (Hamouda, Kilgour and Hipel 2004, 2006): a party may prefer one outcome *greatly* to another. General
stability is the basic one, improvements being mild or strong; strong stability asks that sanctions, and what the
party can still reach after them, be greatly worse than the outcome; weak is general and not strong. Nash has one
version. An outcome without improvements is strongly stable.

**Unknown** (Li, Hipel, Kilgour and Fang 2004): for some pairs a party's preference is not known. Four readings of
incentive and sanction: a leaves for better or unknown, deterred by no better; b leaves for better, deterred by no
better; c leaves for better or unknown, deterred by no better or unknown; d leaves for better, deterred by no better
or unknown. Answers that pay are those to better or unknown outcomes.

**Attitudes** (Inohara, Hipel and Walker 2007): with attitude + to j a party is content with what j finds no worse
than s, with - with what j finds no better, with 0 with anything; a total relational reply satisfies all its
attitudes. Unstated: + to oneself, 0 to others, which counts indifferent outcomes as replies, unlike Nash.

Pairs come from the case (``strength``, ``unknown``), and from ranges: where a party's uncertain numbers can put two
outcomes in either order, the preference is unknown; where the less preferred stays worse by more than a stated gap
over all values, it is strong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.sets import SetConflict, Sets, bits
from detente.analysis.standoff.words import NAMES, join
from detente.kernels.stability import CONCEPTS

ByParty = dict[str, list[int]]
READINGS = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Relations:
    """What finer preferences add: ``strength``, ``unknown`` and ``attitudes`` are {kind: {concept: {party: stable
    outcomes}}}; empty where the case states none.
    """

    conflict: Conflict = field(repr=False)
    strength: Mapping[str, Mapping[str, ByParty]]
    unknown: Mapping[str, Mapping[str, ByParty]]
    attitudes: Mapping[str, ByParty]
    views: Any = None

    def to_data(self) -> dict[str, Any]:
        """As plain data, with equilibria beside each."""
        return {
            "strength": {kind: self._with_equilibria(found) for kind, found in self.strength.items()},
            "unknown": {kind: self._with_equilibria(found) for kind, found in self.unknown.items()},
            "attitudes": self._with_equilibria(self.attitudes),
            "views": None if self.views is None else self.views.to_data(),
        }

    def _with_equilibria(self, found: Mapping[str, ByParty]) -> dict[str, Any]:
        return {"stability": found, "equilibria": {c: equilibria(by) for c, by in found.items()}}

    def explain(self) -> str:
        """In words: how many outcomes hold under each."""
        lines = []
        for title, kinds in (("Strength", self.strength), ("Unknown preferences, reading", self.unknown)):
            for kind, found in kinds.items():
                counts = join(f"{NAMES[c]} {len(equilibria(by)):,}" for c, by in found.items())
                lines.append(f"{title} {kind}: outcomes that hold: {counts}.")
        if self.attitudes:
            counts = join(f"{NAMES[c]} {len(equilibria(by)):,}" for c, by in self.attitudes.items())
            lines.append(f"With attitudes: outcomes that hold: {counts}.")
        if self.views is not None:
            lines.append(self.views.explain())
        return "\n".join(lines) or "The case states no strength, unknown preferences, attitudes or views."


def equilibria(by_party: ByParty) -> list[int]:
    """Outcomes that are stable for every party."""
    rows = [set(found) for found in by_party.values()]
    return sorted(set.intersection(*rows)) if rows else []


Test = Callable[[int, int], int]
"""For a party and a state, a set of states."""


def judge(
    sets: SetConflict, i: int, concept: str, leaves: Test, deters: Test, holds: Test, answers: Sets
) -> list[int]:
    """The states that are stable for party i.

    ``leaves(i, s)`` are the states it would leave s for; ``deters(i, s)`` those that deter it when answers lead
    there; ``holds(i, s)`` those that its own way out may lead to without undoing that.
    """
    own, found = sets.own(i), []
    for s in bits(sets.possible):
        temptations = own[s] & leaves(i, s)
        if concept == "nash":
            good = not temptations
        else:
            bad = deters(i, s)
            keeps = holds(i, s) if concept in ("smr", "sseq") else 0
            good = all(
                any(concept in ("gmr", "seq") or not own[y] & ~keeps for y in bits(answers[x] & bad))
                for x in bits(temptations)
            )
        if good:
            found.append(s)
    return found


def strength(sets: SetConflict, greatly_worse: Sequence[Sets]) -> dict[str, dict[str, ByParty]]:
    """Strong and weak stability. ``greatly_worse[i][s]``: states to which party i greatly prefers s."""
    general: dict[str, ByParty] = {c: {} for c in CONCEPTS}
    strong: dict[str, ByParty] = {c: {} for c in CONCEPTS}
    better = lambda i, s: sets.better[i][s]  # noqa: E731
    no_better = lambda i, s: sets.possible & ~sets.better[i][s]  # noqa: E731
    far_worse = lambda i, s: greatly_worse[i][s]  # noqa: E731
    for i, party in enumerate(sets.conflict.parties):
        for concept in CONCEPTS:
            answers = _answers(sets, i, concept, sets.better)
            general[concept][party] = judge(sets, i, concept, better, no_better, no_better, answers)
            strong[concept][party] = judge(sets, i, concept, better, far_worse, far_worse, answers)
    weak = {
        c: {p: sorted(set(general[c][p]) - set(strong[c][p])) for p in general[c]}
        for c in CONCEPTS
        if c != "nash"
    }
    return {"general": general, "strong": strong, "weak": weak}


def _answers(sets: SetConflict, i: int, concept: str, better: Sequence[Sets]) -> Sets:
    if concept == "nash":
        return []
    if concept in ("gmr", "smr"):
        return sets.answers(i, lambda k: sets.moves[k])
    return sets.answers(i, lambda k: sets.improvements(k, better))


def unknown(sets: SetConflict, pairs: Sequence[Sets]) -> dict[str, dict[str, ByParty]]:
    """The four readings. ``pairs[i][s]``: states whose order with s is not known for party i."""
    surely = [[b & ~u for b, u in zip(sets.better[i], pairs[i], strict=True)] for i in range(len(pairs))]
    maybe = [[b | u for b, u in zip(sets.better[i], pairs[i], strict=True)] for i in range(len(pairs))]
    found: dict[str, dict[str, ByParty]] = {r: {c: {} for c in CONCEPTS} for r in READINGS}
    for i, party in enumerate(sets.conflict.parties):
        answers = {c: _answers(sets, i, c, maybe) for c in CONCEPTS}
        for reading in READINGS:
            incentive = maybe if reading in "ac" else surely
            escape = maybe if reading in "ab" else surely
            leaves = lambda i, s, m=incentive: m[i][s]  # noqa: E731
            deters = lambda i, s, m=escape: sets.possible & ~m[i][s]  # noqa: E731
            for concept in CONCEPTS:
                found[reading][concept][party] = judge(
                    sets, i, concept, leaves, deters, deters, answers[concept]
                )
    return found


def attitudes(sets: SetConflict, stated: Mapping[str, Mapping[str, int]]) -> dict[str, ByParty]:
    """Relational Nash, GMR, SMR and SEQ; ``stated`` {party: {party: +1, 0, -1}}."""
    parties = sets.conflict.parties
    rows = [_replies(sets, i, stated.get(party, {})) for i, party in enumerate(parties)]
    content = lambda i, s: rows[i][s] & ~(1 << s)  # noqa: E731
    other = lambda i, s: sets.possible & ~rows[i][s]  # noqa: E731
    keeps = lambda i, s: sets.possible & (~rows[i][s] | 1 << s)  # noqa: E731
    found: dict[str, ByParty] = {}
    for concept in ("nash", "gmr", "smr", "seq"):
        found[concept] = {}
        for i, party in enumerate(parties):
            replies = lambda k: _group_replies(sets, k, rows)  # noqa: E731
            answers = sets.answers(i, replies if concept == "seq" else lambda k: sets.moves[k])
            found[concept][party] = judge(sets, i, concept, content, other, keeps, answers)
    return found


def _group_replies(sets: SetConflict, k: int, rows: Sequence[Sets]) -> Sets:
    """Total relational replies of a mover: those of every member with preferences; none without such a member."""
    members = sets.conflict.members[k]
    if not members:
        return [0] * sets.size
    found = []
    for s in range(sets.size):
        good = sets.moves[k][s]
        for i in members:
            good &= rows[i][s]
        found.append(good)
    return found


def _replies(sets: SetConflict, i: int, towards: Mapping[str, int]) -> Sets:
    """TRP of every state: outcomes that satisfy all attitudes of a party."""
    parties = sets.conflict.parties
    held = [towards.get(name, 1 if j == i else 0) for j, name in enumerate(parties)]
    found = []
    for s in range(sets.size):
        good = sets.possible
        for j, sign in enumerate(held):
            if sign > 0:
                good &= ~sets.worse[j][s]
            elif sign < 0:
                good &= ~sets.better[j][s]
        found.append(good)
    return found
