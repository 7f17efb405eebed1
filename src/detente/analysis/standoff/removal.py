"""Which single move, made impossible or a level made final, would make an outcome an equilibrium.

Taking away an opponent's move never makes a party more stable, so where several parties would leave the outcome no
single move helps, and otherwise only the moves of the one that would leave it are tried, each by solving again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.unlock import MoveAway
from detente.analysis.standoff.words import Speaker
from detente.kernels.stability import CONCEPTS
from detente.space import Moves

MOST_WORK = 50_000_000
"""Candidates times outcomes up to which they are tried."""


def single_moves(conflict: Conflict, target: int, concept: str) -> list[MoveAway] | None:
    """The moves and final levels that would do; None where there are too many candidates to try."""
    bit = CONCEPTS.index(concept)
    flags = conflict.verdicts()
    leaving = [i for i in range(len(conflict.parties)) if not flags[i, target] >> bit & 1]
    if len(leaving) != 1:
        return []
    k = conflict.own[leaving[0]]
    moves = conflict.moves[k]
    tried = list(_arcs(conflict, k, moves) if moves.arcs is not None else _levels(conflict, k, moves))
    if len(tried) * conflict.size > MOST_WORK:
        return None
    return [
        found
        for found, new in tried
        if all(row[target] >> bit & 1 for row in conflict.with_moves(k, new).verdicts())
    ]


def _levels(conflict: Conflict, k: int, moves: Moves) -> Iterator[tuple[MoveAway, Moves]]:
    """Each change of level of an own issue, and each level that could be left downward, made impossible."""
    names, mover = conflict.space.level_names, conflict.movers[k]
    for n, (issue, relation) in enumerate(zip(moves.issues, moves.relations, strict=True)):
        label, levels = conflict.space.case.label(conflict.space.issues[issue]), names[issue]
        for a, b in np.argwhere(relation).tolist():
            if a != b:
                what = f"could not take {label} from {levels[a]} to {levels[b]}"
                yield MoveAway(mover, "away", what), _without(moves, n, a, [b])
        for a in range(1, len(levels)):
            down = np.flatnonzero(relation[a, :a]).tolist()
            if len(down) > 1:
                yield (
                    MoveAway(mover, "final", f"could not take {label} back from {levels[a]}"),
                    _without(moves, n, a, down),
                )


def _without(moves: Moves, n: int, start: int, ends: list[int]) -> Moves:
    relation = moves.relations[n].copy()
    relation[start, ends] = False
    return replace(moves, relations=(*moves.relations[:n], relation, *moves.relations[n + 1 :]))


def _arcs(conflict: Conflict, k: int, moves: Moves) -> Iterator[tuple[MoveAway, Moves]]:
    """Each listed move made impossible."""
    assert moves.arcs is not None
    starts, ends = moves.arcs
    speaker = Speaker(conflict)
    for n in range(len(starts)):
        what = f"could not move from {speaker.outcome(int(starts[n]))} to {speaker.outcome(int(ends[n]))}"
        yield (
            MoveAway(conflict.movers[k], "away", what),
            replace(moves, arcs=(np.delete(starts, n), np.delete(ends, n))),
        )
