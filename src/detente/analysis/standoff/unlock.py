"""What would unlock an outcome: whose preferences would have to change, and how little; which move must go.

For party i and outcome s only the set B of outcomes that i ranks above s matters, the others' preferences being
what they are. Moving outcomes from above s to below it never hurts, so the sets that make s stable are closed
downward, and a clause for each improvement x says what keeps it from being deterred:

- nash: no x in R_i(s) is in B;
- gmr: for x in R_i(s) and B, some end of the others' legal sequences from x is outside B;
- smr: one from which every move of i leads outside B as well;
- seq, sseq: the same over legal sequences of the others' improvements.

Counting is over strict rankings of the k possible outcomes: a set B of size b is that of b! (k - 1 - b)! of them.
Only *relevant* outcomes, those in some clause, are enumerated; the rest are counted by binomials.

Sources: Kinsara, Kilgour and Hipel (2015), IEEE Transactions on SMC: Systems 45, 734 (the inverse problem); the
counting by sets of better outcomes is our own.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from detente.analysis.standoff.evolution import reach_from
from detente.analysis.standoff.joint import Joint, joint
from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.sets import bits
from detente.analysis.standoff.words import NAMES, Speaker, join
from detente.errors import CostError
from detente.space.tables import Array

MOST_RELEVANT = 20
"""Relevant outcomes up to which all sets of them are looked at."""
MOST_NODES = 20_000
"""Sets of outcomes to lower that are looked at for the least change."""
MOST_ABOVE = 300
"""Outcomes above the target up to which the nearest ranking is looked for."""
MOST_OUTCOMES = 20_000


@dataclass(frozen=True)
class Change:
    """A way to re-rank: the outcomes that go from above the target to just below it, in their order.

    ``pairs``: in how many pairs of outcomes the order then differs (Kendall distance; a tie broken counts a half).
    Outcomes that tied with the target come to stand below it and those, which breaks no more than these ties.
    """

    lowered: tuple[int, ...]
    pairs: float


@dataclass(frozen=True)
class PartyUnlock:
    """What one party's preferences would have to be for the target to be stable for it.

    ``count`` of the ``total`` strict rankings that do it (None: too many relevant outcomes to count);
    ``fewest`` outcomes to re-rank, ``nearest`` in pairs; None where that was not decided, empty where nothing need be.
    """

    party: str
    stable: bool
    relevant: int
    count: int | None
    total: int
    fewest: Change | None
    nearest: Change | None


@dataclass(frozen=True)
class MoveAway:
    """A single move made impossible (``away``), or a level made final (``final``), with what would hold then."""

    by: tuple[str, ...]
    kind: str
    what: str


@dataclass(frozen=True, eq=False)
class Unlock:
    """What would make an outcome an equilibrium under a concept.

    ``jointly``: the changes of all parties that need one; ``holds`` says that with all of them made the target is an
    equilibrium (checked by solving again), ``least`` that they are then the least together: proved where others'
    preferences play no part. Where they do, ``together`` has the least changes of all parties, proved too; None
    elsewhere, and where there are too many outcomes or no proof was found in time.
    """

    conflict: Conflict = field(repr=False)
    target: int
    concept: str
    parties: tuple[PartyUnlock, ...]
    jointly: dict[str, Change] | None
    holds: bool
    least: bool
    together: Joint | None
    moves: tuple[MoveAway, ...] | None

    def _change(self, change: Change | None) -> dict[str, Any] | None:
        return None if change is None else {"lowered": change.lowered, "pairs": change.pairs}

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "target": self.target,
            "outcome": self.conflict.space.outcome(self.conflict.space.levels(self.target)),
            "concept": self.concept,
            "parties": {
                p.party: {
                    "stable": p.stable, "relevant": p.relevant, "rankings": p.count, "rankings_of": p.total,
                    "fewest": self._change(p.fewest), "nearest": self._change(p.nearest),
                }
                for p in self.parties
            },
            "jointly": None if self.jointly is None else {p: self._change(c) for p, c in self.jointly.items()},
            "jointly_holds": self.holds,
            "jointly_least": self.least,
            "together": None if self.together is None else self.together.to_data(),
            "moves": None if self.moves is None else [{"by": m.by, "kind": m.kind, "what": m.what} for m in self.moves],
        }  # fmt: skip

    def explain(self) -> str:
        """In words."""
        speaker = Speaker(self.conflict)
        lines = [f"For {speaker.outcome(self.target)} to hold ({NAMES[self.concept]}):"]
        lines += [f"- {self._ranking(p, speaker)}{_share(p)}" for p in self.parties]
        if self.jointly:
            lines.append(
                "All of these together "
                + (
                    f"would do{'' if self.least or self.together else '; whether less would is not proved'}."
                    if self.holds
                    else "would not yet do: others' reasons to answer change too."
                )
            )
        lines += self._together(speaker)
        lines += [f"- It would also hold if {speaker.who(move.by)} {move.what}." for move in self.moves or ()]
        if self.moves == () and any(not p.stable for p in self.parties):
            lines.append("- No single move made impossible would do.")
        return "\n".join(lines)

    def _together(self, speaker: Speaker) -> list[str]:
        """The least change of all parties together, where it is another than all their own."""
        if self.together is None or not self.together.fewest:
            return []
        own = sum(len(change.lowered) for change in (self.jointly or {}).values())
        if self.holds and own <= sum(len(r.outcomes) for r in self.together.fewest.values()):
            return ["No smaller change of all parties together would do."]
        parts = [
            f"{speaker.label(party)} {join(speaker.outcome(s) for s in r.outcomes)}"
            for party, r in self.together.fewest.items()
        ]
        return [f"The fewest outcomes that could change places so that it holds: {'; '.join(parts)}."]

    def reasons(self, speaker: Speaker | None = None) -> list[str]:
        """What would have to change, a sentence each; for readers who count no rankings."""
        speaker = speaker or Speaker(self.conflict)
        found = [self._ranking(p, speaker) for p in self.parties if not p.stable]
        return found + [
            f"it would also hold if {speaker.who(move.by)} {move.what}." for move in (self.moves or ())[:3]
        ]

    @staticmethod
    def _ranking(party: PartyUnlock, speaker: Speaker) -> str:
        who = speaker.label(party.party)
        if party.stable:
            return f"{who} stays already."
        if party.fewest is None:
            return f"{who}: not decided, too many outcomes play a part."
        names = join(speaker.outcome(s) for s in party.fewest.lowered[:4])
        more = f" and {len(party.fewest.lowered) - 4:,} more" if len(party.fewest.lowered) > 4 else ""
        return f"{who} would have to find it better than {names}{more}."


def _share(party: PartyUnlock) -> str:
    if party.count is None:
        return ""
    if party.total < 10**15:
        return f" {party.count:,} of {party.total:,} strict rankings would do."
    return f" {party.count / party.total:.3%} of all strict rankings would do."


# clauses ------------------------------------------------------------------------------------------


class Clauses:
    """The clauses of one party and target, and which sets of better outcomes meet them.

    ``options[x]``: the ways in which improvement x is deterred, each a set of outcomes none of which may be better
    than the target. Bits of a set are positions in ``relevant``.
    """

    def __init__(self, conflict: Conflict, i: int, concept: str, target: int) -> None:
        self.conflict, self.i, self.concept, self.target = conflict, i, concept, target
        own = conflict.own[i]
        self.leaving: list[int] = conflict.targets(own, target).tolist() if own >= 0 else []
        self.options = {x: self._deterrents(x) for x in self.leaving}

    def _deterrents(self, x: int) -> list[frozenset[int]]:
        if self.concept == "nash":
            return []
        improving = self.concept in ("seq", "sseq")
        reach = reach_from(self.conflict, x, self.conflict.opponents(self.i), improving=improving)
        found = []
        for y in np.flatnonzero(reach.steps > 0).tolist():
            clause = {y}
            if self.concept in ("smr", "sseq"):
                clause |= set(self.conflict.targets(self.conflict.own[self.i], y).tolist())
            found.append(frozenset(clause))
        return _minimal([clause - {self.target} for clause in found if x not in clause])

    @cached_property
    def relevant(self) -> list[int]:
        """Outcomes whose place above or below the target matters, ascending."""
        seen = set(self.leaving)
        for clauses in self.options.values():
            seen = seen.union(*clauses)
        return sorted(seen)

    def met(self, better: Callable[[int], bool]) -> bool:
        """Whether the target is stable when ``better`` says what is ranked above it."""
        return all(
            any(not any(better(y) for y in clause) for clause in self.options[x])
            for x in self.leaving
            if better(x)
        )

    @cached_property
    def good(self) -> Array:
        """Which sets of relevant outcomes above the target keep it stable: bool, (2^r,)."""
        place = {s: n for n, s in enumerate(self.relevant)}
        sets = np.arange(1 << len(self.relevant), dtype=np.int64)
        good = np.ones(len(sets), dtype=bool)
        for x in self.leaving:
            deterred = (sets >> place[x] & 1) == 0
            for clause in self.options[x]:
                mask = sum(1 << place[y] for y in clause)
                deterred |= (sets & mask) == 0
            good &= deterred
        return good


def _minimal(sets: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """The sets that contain no other of them, each once."""
    found: list[frozenset[int]] = []
    for new in sorted(set(sets), key=lambda s: (len(s), sorted(s))):
        if not any(old <= new for old in found):
            found.append(new)
    return found


# rankings -----------------------------------------------------------------------------------------


def count_rankings(clauses: Clauses, outcomes: int) -> int:
    """How many strict rankings of all possible outcomes keep the target stable, exactly."""
    relevant = len(clauses.relevant)
    sizes = np.bincount(_sizes(relevant)[clauses.good], minlength=relevant + 1)
    rest = outcomes - 1 - relevant
    return sum(
        int(number) * math.comb(rest, j) * math.factorial(size + j) * math.factorial(outcomes - 1 - size - j)
        for size, number in enumerate(sizes)
        if number
        for j in range(rest + 1)
    )


def _sizes(bits: int) -> Array:
    """How many bits each number below 2^bits has."""
    sizes = np.zeros(1, dtype=np.int64)
    for _ in range(bits):
        sizes = np.concatenate([sizes, sizes + 1])
    return sizes


def _ways(clauses: Clauses, most: list[float]) -> Iterator[tuple[int, ...]]:
    """Sets of outcomes to lower so that the target is stable, fewest first, up to ``most[0]`` of them, which may change meanwhile.

    Every such set that contains no other is among them: while some gain is not deterred, either it is lowered, or
    what is still above of one of its clauses. Lowering never hurts, so gains deterred by now stay deterred. Raises
    `CostError` after `MOST_NODES` sets.
    """
    score = clauses.conflict.scores[clauses.i]
    above = sum(1 << int(s) for s in np.flatnonzero(score > score[clauses.target]))
    choices = []
    for x in clauses.leaving:
        masks = {sum(1 << y for y in clause) & above for clause in clauses.options[x]}
        if above >> x & 1 and 0 not in masks:
            choices.append([1 << x, *sorted(m for m in masks if not m >> x & 1)])
    heap, seen = [(0, 0)], {0}
    while heap:
        size, lowered = heapq.heappop(heap)
        if size > most[0]:
            return
        up = above & ~lowered
        undeterred = (options for options in choices if all(mask & up for mask in options))
        options = min(undeterred, key=len, default=None)
        if options is None:
            yield tuple(bits(lowered))
            continue
        for mask in options:
            new = lowered | mask
            if new not in seen:
                seen.add(new)
                heapq.heappush(heap, (new.bit_count(), new))
        if len(seen) > MOST_NODES:
            raise CostError(
                "the least change of a ranking", f"over {MOST_NODES:,} sets of outcomes", "--concept nash"
            )


def fewest(clauses: Clauses) -> Change:
    """The change that re-ranks the fewest outcomes; among those, one of fewest pairs."""
    best, most = None, [math.inf]
    for way in _ways(clauses, most):
        change = _pairs(clauses, way, exactly=True)
        if best is None or change.pairs < best.pairs:
            best, most[0] = change, len(way)
    assert best is not None, "to lower every gain always does"
    return best


def nearest(clauses: Clauses) -> Change:
    """The change of least Kendall distance; further outcomes may go along where that saves pairs."""
    best, most = None, [math.inf]
    for way in _ways(clauses, most):
        change = _pairs(clauses, way, exactly=False)
        if best is None or (change.pairs, len(change.lowered)) < (best.pairs, len(best.lowered)):
            best, most[0] = change, change.pairs
    assert best is not None, "to lower every gain always does"
    return best


def _pairs(clauses: Clauses, lowered: tuple[int, ...], exactly: bool) -> Change:
    """The cost in pairs of lowering some outcomes, others going along freely unless ``exactly``.

    From the top down to the target: keeping an outcome above costs a pair with each lowered one that stood above it
    (a half where they tied), lowering it costs the pair with the target; last, ties with the target are broken. A
    shortest path over how many are lowered in full ranks above, and in the same rank.
    """
    score = clauses.conflict.scores[clauses.i].astype(np.int64)
    target = int(score[clauses.target])
    must = set(lowered)
    free = set() if exactly else set(np.flatnonzero(score > target).tolist()) - must
    ranks = np.unique(score[score > target])[::-1]
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for rank in ranks.tolist():
        group = np.flatnonzero(score == rank).tolist()
        forced = [s for s in group if s in must]
        movable = [s for s in group if s in free]
        kept = len(group) - len(forced) - len(movable)
        new: dict[int, tuple[float, tuple[int, ...]]] = {}
        for above, (cost, path) in best.items():
            for extra in range(len(movable) + 1):
                down, stay = len(forced) + extra, kept + len(movable) - extra
                price = cost + down + stay * above + 0.5 * down * stay
                option = (price, (*path, *sorted(forced + movable[:extra])))
                if above + down not in new or price < new[above + down][0]:
                    new[above + down] = option
        best = new
    cost, path = min(best.values(), key=lambda item: (item[0], len(item[1])))
    ties = int(np.count_nonzero(score == target)) - 1
    return Change(path, cost + 0.5 * ties if path else cost)


def rerank(scores: Array, i: int, target: int, change: Change) -> Array:
    """Scores with a change made to party i: the lowered outcomes just below the target, in their order."""
    row = scores[i].astype(np.int64)
    if not change.lowered:
        return scores.astype(np.int32)
    low = list(change.lowered)
    place = row * 3
    place[low] = row[target] * 3 + 1
    place[target] = row[target] * 3 + 2
    key = place * (int(row.max()) + 1)
    key[low] += row[low]
    key[row == 0] = -1
    _, dense = np.unique(key, return_inverse=True)
    new = scores.astype(np.int32)
    new[i] = dense if bool((row == 0).any()) else dense + 1
    return new


# putting it together ------------------------------------------------------------------------------


def party_unlock(conflict: Conflict, i: int, concept: str, target: int) -> PartyUnlock:
    """What party i would have to want, the others' preferences being as they are."""
    clauses = Clauses(conflict, i, concept, target)
    score, outcomes = conflict.scores[i], int(np.count_nonzero(conflict.possible))
    stable = clauses.met(lambda s: bool(score[s] > score[target]))
    total = math.factorial(outcomes)
    few = len(clauses.relevant) <= MOST_RELEVANT
    count = count_rankings(clauses, outcomes) if few else None
    near = np.count_nonzero(score > score[target]) <= MOST_ABOVE
    return PartyUnlock(
        conflict.parties[i], stable, len(clauses.relevant), count, total,
        _unless_many(fewest, clauses), _unless_many(nearest, clauses) if near else None,
    )  # fmt: skip


def _unless_many(find: Callable[[Clauses], Change], clauses: Clauses) -> Change | None:
    try:
        return find(clauses)
    except CostError:
        return None


def unlock(
    conflict: Conflict,
    target: int,
    concept: str,
    changed: Callable[[Array], Conflict],
    moves: Sequence[MoveAway] | None,
) -> Unlock:
    """What would make a target an equilibrium. ``changed`` makes a conflict with other scores."""
    if conflict.size > MOST_OUTCOMES:
        raise CostError(
            "what would unlock an outcome", f"{conflict.size:,} outcomes", "settle some issues first"
        )
    parties = tuple(party_unlock(conflict, i, concept, target) for i in range(len(conflict.parties)))
    jointly, holds = _jointly(conflict, target, concept, parties, changed)
    apart = concept in ("nash", "gmr", "smr")
    return Unlock(
        conflict,
        target,
        concept,
        parties,
        jointly,
        holds,
        apart and holds,
        None if apart or all(p.stable for p in parties) else joint(conflict, target, concept),
        None if moves is None else tuple(moves),
    )


def _jointly(
    conflict: Conflict,
    target: int,
    concept: str,
    parties: Sequence[PartyUnlock],
    changed: Callable[[Array], Conflict],
) -> tuple[dict[str, Change] | None, bool]:
    """Every party's least change at once, then again for whom the others' changes have upset; and whether it holds."""
    made: dict[str, Change] = {}
    now, current = conflict, list(parties)
    for _ in range(len(parties) + 1):
        open_ = [p for p in current if not p.stable]
        if not open_:
            return made, True
        if any(p.fewest is None for p in open_):
            return (made or None), False
        scores = now.scores
        for p in open_:
            assert p.fewest is not None
            scores = rerank(scores, conflict.parties.index(p.party), target, p.fewest)
            made[p.party] = _joined(made.get(p.party), p.fewest)
        now = changed(scores)
        current = [party_unlock(now, i, concept, target) for i in range(len(parties))]
    return made, all(p.stable for p in current)


def _joined(old: Change | None, new: Change) -> Change:
    if old is None:
        return new
    return Change(tuple(dict.fromkeys((*old.lowered, *new.lowered))), old.pairs + new.pairs)
