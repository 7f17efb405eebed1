"""Why an outcome is stable for a party, or not: the improvement, the sanction, the escape, and the margin.

With T the best that leaving is worth at worst (`Conflict.worth` over the party's moves) a state is stable when
its score is at least T. The margin is their difference in ranks: how far the state may fall in the party's order,
everything else in place, and stay stable; where it is negative, how far it must rise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.analysis.standoff.evolution import Step, reach_from
from detente.analysis.standoff.model import Conflict
from detente.kernels.stability import CONCEPTS
from detente.space.tables import Array

ANSWERED = ("smr", "sseq")
"""Concepts in which the party may move again after the sanction."""
CREDIBLE = ("seq", "sseq")
"""Concepts in which others only make moves that are better for them."""


@dataclass(frozen=True)
class Reply:
    """What follows one improvement.

    ``sanction``: moves of others that leave the party no better off than before it moved (None: there are none),
    a shortest such sequence. ``escape``: without a sanction, and where others have some answer that hurts, the
    move by which the party gets away from it (concepts that let it move again).
    """

    improvement: int
    sanction: tuple[Step, ...] | None
    blow: tuple[Step, ...] = ()
    escape: Step | None = None

    @property
    def lands(self) -> int:
        """Where it ends."""
        return self.sanction[-1].end if self.sanction else self.improvement


@dataclass(frozen=True)
class Why:
    """The verdict on one outcome for one party under one concept, with a witness.

    ``replies`` are to all improvements where the outcome is stable (the most tempting first, at most ``MOST``);
    where it is not, to the improvement that nothing deters. ``improvements`` counts them all. ``margin`` in ranks,
    None where the party has no move at all.
    """

    party: str
    outcome: int
    concept: str
    stable: bool
    improvements: int
    replies: tuple[Reply, ...]
    margin: int | None


MOST = 10


def threshold(conflict: Conflict, i: int, concept: str, state: int) -> int | None:
    """T: the score that leaving a state is worth at worst, for its best move; None without moves."""
    if conflict.own[i] < 0:
        return None
    targets = conflict.targets(conflict.own[i], state)
    if not len(targets):
        return None
    return int(conflict.worth(i)[CONCEPTS.index(concept)][targets].max())


def why(conflict: Conflict, i: int, concept: str, state: int) -> Why:
    """The witness for party i at a possible state."""
    score = conflict.scores[i]
    best = threshold(conflict, i, concept, state)
    here = int(score[state])
    stable = best is None or here >= best
    better = np.zeros(0, dtype=np.int64)
    if conflict.own[i] >= 0:
        targets = conflict.targets(conflict.own[i], state)
        better = targets[score[targets] > here]
    better = better[np.argsort(-score[better].astype(np.int64), kind="stable")]
    if stable:
        chosen = better[:MOST]
    else:
        worth = conflict.worth(i)[CONCEPTS.index(concept)][better]
        chosen = better[np.argmax(worth) : np.argmax(worth) + 1]
    replies = tuple(_reply(conflict, i, concept, state, int(x)) for x in chosen)
    margin = None if best is None else here - best
    return Why(conflict.parties[i], state, concept, stable, len(better), replies, margin)


def _reply(conflict: Conflict, i: int, concept: str, state: int, improvement: int) -> Reply:
    if concept == "nash":
        return Reply(improvement, None)
    score, here = conflict.scores[i], int(conflict.scores[i][state])
    harmless = (score <= here) & conflict.possible
    after = (conflict.best(i) <= here) & conflict.possible if concept in ANSWERED else harmless
    sanctioned = int(conflict.worth(i)[CONCEPTS.index(concept)][improvement]) <= here
    path = _shortest(conflict, i, concept, improvement, after if sanctioned else harmless)
    if sanctioned:
        return Reply(improvement, path)
    if path is None:
        return Reply(improvement, None)
    own = conflict.own[i]
    targets = conflict.targets(own, path[-1].end)
    away = int(targets[np.argmax(score[targets])])
    return Reply(improvement, None, path, Step(conflict.movers[own], path[-1].end, away))


def _shortest(conflict: Conflict, i: int, concept: str, start: int, ends: Array) -> tuple[Step, ...] | None:
    """A shortest legal sequence of the opponents' moves from a state to one of the ends."""
    reach = reach_from(conflict, start, conflict.opponents(i), improving=concept in CREDIBLE, until=ends)
    hit = np.flatnonzero(ends & (reach.steps > 0))
    if not len(hit):
        return None
    path = reach.path(int(hit[np.argmin(reach.steps[hit])]))
    return tuple(path) if path else None
