"""A negotiation as a conflict of the Graph Model: states, movers, scores.

States are the outcomes of the space, by number. A *mover* is a party that owns an issue, or a group that moves an
issue only together; a group is a mover of its own. What we settled where the literature knows single owners only:

- an improvement of a group is one that is better for every member with preferences; a mover none of whose members
  has preferences makes moves (possible sanctions) but no improvements;
- the opponents of a party are the movers that do not contain it: no group moves against its own member;
- "nobody moves twice in a row" is said of movers, a group being another mover than each of its members;
- stability is a party's own: leaving a state together is a matter of coalitions.

Parties are those with preferences. Terms, which have no owner, stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from detente.analysis.standoff.arcs import CLASSED, PAIR_BYTES, listed, tabled
from detente.analysis.standoff.scores import possible_outcomes, scores
from detente.errors import CostError, NeedsError
from detente.kernels import stability as kernel
from detente.space import Moves, Space
from detente.space.tables import Array

GIGABYTES = 4.0
"""Memory that an analysis may take unless the caller says otherwise."""
WIDEST = 1 << 15
"""Levels of an issue up to which its moves are kept as a table of pairs of levels."""
SMALL = 64
LARGEST = 1 << 31
"""States beyond which numbers outgrow the kernels."""


@dataclass(frozen=True, eq=False)
class Conflict:
    """A compiled conflict. ``scores`` (n, S), higher is better, 0 where impossible; ``movers`` by name, and their
    ``moves``; ``members[k]``: the parties (rows) in mover k; ``own[i]``: the mover that is party i alone, or -1.
    """

    space: Space
    parties: tuple[str, ...]
    movers: tuple[tuple[str, ...], ...]
    moves: tuple[Moves, ...]
    scores: Array
    members: tuple[tuple[int, ...], ...]
    own: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(self.scores.shape[1])

    @cached_property
    def possible(self) -> Array:
        return np.asarray(self.scores[0] > 0)

    def opponents(self, i: int) -> tuple[int, ...]:
        """The movers that do not contain party i."""
        return tuple(k for k, members in enumerate(self.members) if i not in members)

    def with_scores(self, scores: Array) -> Conflict:
        """The same conflict with other preferences: (n, S), 0 where impossible as before."""
        new = replace(self, scores=scores)
        if "lists" in self.__dict__:
            new.__dict__["lists"] = self.lists
        return new

    def with_moves(self, k: int, moves: Moves) -> Conflict:
        """The same conflict with other moves of one mover."""
        return replace(self, moves=(*self.moves[:k], moves, *self.moves[k + 1 :]))

    @cached_property
    def most_moves(self) -> int:
        """How many moves there are at most."""
        return sum(
            len(m.arcs[0])
            if m.arcs is not None
            else self.size * (math.prod(self.space.sizes[i] for i in m.issues) - 1)
            for m in self.moves
        )

    def improves(self, k: int, old: int, new: Array) -> Array:
        """Which states of an array are improvements of mover k on a state."""
        better = np.full(len(new), bool(self.members[k]))
        for i in self.members[k]:
            better &= self.scores[i, new] > self.scores[i, old]
        return better

    @cached_property
    def separable(self) -> bool:
        """Whether every mover has a transitive relation on issues of its own: product form."""
        return all(
            m.arcs is None and not m.prerequisites and all(map(_transitive, m.relations)) for m in self.moves
        )

    @cached_property
    def lists(self) -> tuple[tuple[Array, Array], ...]:
        """For each mover the targets of every state: offsets (S + 1,) and states, ascending."""
        return tuple(listed(self.space, moves, self.possible) for moves in self.moves)

    @cached_property
    def _seen(self) -> dict[tuple[int, int], Array]:
        return {}

    def targets(self, k: int, state: int) -> Array:
        """The states that mover k can reach from one in a move, ascending: int64."""
        if "lists" in self.__dict__:
            starts, ends = self.lists[k]
            return np.asarray(ends[starts[state] : starts[state + 1]], dtype=np.int64)
        found = self._seen.get((k, state))
        if found is None:
            moves = self.moves[k]
            if moves.arcs is not None or moves.prerequisites:
                found = np.array(moves.targets(state), dtype=np.int64)
            else:
                found = self._product_targets(moves, state)
            self._seen[k, state] = found
        return found

    def _product_targets(self, moves: Moves, state: int) -> Array:
        """Targets without prerequisites: every combination of the levels that the issues may go to."""
        space = self.space
        levels = space.levels(state)
        shifts = np.zeros(1, dtype=np.int64)
        for issue, relation in zip(moves.issues, moves.relations, strict=True):
            step = (np.flatnonzero(relation[levels[issue]]) - levels[issue]) * space.strides[issue]
            shifts = (shifts[:, None] + step[None, :]).reshape(-1)
        found: Array = state + np.sort(shifts)
        return np.asarray(found[(found != state) & self.possible[found]])

    def spread(self, k: int, states: Array, improving: bool = False) -> tuple[Array, Array]:
        """All moves of mover k from an array of states: the states they start from, and where they end."""
        if self.moves[k].arcs is None and not self.moves[k].prerequisites:
            starts, ends = self._product_spread(self.moves[k], states)
        elif len(states):
            offsets, targets = self.lists[k]
            counts = offsets[states + 1] - offsets[states]
            starts = np.repeat(states, counts)
            place = np.arange(len(starts)) - np.repeat(np.cumsum(counts) - counts, counts)
            ends = targets[np.repeat(offsets[states], counts) + place].astype(np.int64)
        else:
            starts = ends = states
        if improving:
            good = np.full(len(starts), bool(self.members[k]))
            for i in self.members[k]:
                good &= self.scores[i, ends] > self.scores[i, starts]
            return starts[good], ends[good]
        return starts, ends

    def _product_spread(self, moves: Moves, states: Array) -> tuple[Array, Array]:
        starts, ends = states, states
        for issue, relation in zip(moves.issues, moves.relations, strict=True):
            stride, count = self.space.strides[issue], self.space.sizes[issue]
            level = starts // stride % count
            which, to = np.nonzero(relation[level])
            starts, ends = starts[which], ends[which] + (to - level[which]) * stride
        good = (starts != ends) & self.possible[ends]
        return starts[good], ends[good]

    # for the kernels ----------------------------------------------------------------------------

    def verdicts(self, workers: int = 2, memory: float = GIGABYTES) -> Array:
        """Which concepts hold of each state for each party: uint8 (n, S), bits as in the kernel's `CONCEPTS`."""
        if self.separable:
            size, item = len(self.parties), self.scores.itemsize
            need = [self.size * bytes_per_outcome(size, len(self.movers), item, w) for w in (1, workers)]
            check_memory(need[0], memory, f"{self.size:,} outcomes at {need[0] // self.size} bytes each")
            table, movers = self._product
            fitting = workers if need[1] <= memory * 1e9 else 1
            return self._numbered(kernel.product_stability(table, movers, self.own, workers=fitting))
        small = len(self.moves) * CLASSED * PAIR_BYTES <= memory * 1e9
        if small and (tables := self._tables) is not None:
            return kernel.graph_stability(self.scores, tables, self.own)
        arcs = sum(len(ends) for _, ends in self.lists)
        check_memory(
            arcs * 12 + self.size * (len(self.parties) * 5 + workers * 50), memory, f"{arcs:,} moves"
        )
        return kernel.graph_stability(self.scores, self._listed, self.own, workers=workers)

    def verdicts_of(self, scores: Array) -> Array:
        """Verdicts for many profiles of preferences at once: scores (n, profiles, S) to uint8 of the same shape.

        The profiles stand side by side as parts of one conflict that no move connects.
        """
        n, count, size = scores.shape
        if self.separable:
            order = self._grouped
            table = scores.reshape(n * count, size)
            if list(order) != sorted(order):
                table = _permuted(table, self.space.sizes, order)
            movers = [kernel.Mover(m, _repeated(self._axes(k), count)) for k, m in enumerate(self.members)]
            found = kernel.product_stability(table.reshape(n, count * size), movers, self.own, workers=1)
            return self._numbered(found.reshape(n * count, size)).reshape(scores.shape)
        movers = []
        for members, (starts, ends) in zip(self.members, self.lists, strict=True):
            shift = np.arange(count, dtype=np.int64)[:, None]
            heads = np.concatenate([(starts[:-1] + shift * starts[-1]).ravel(), [count * starts[-1]]])
            tails = (ends + shift * size).ravel().astype(ends.dtype if count * size < LARGEST else np.int64)
            movers.append(kernel.Mover(members, starts=heads.astype(starts.dtype), ends=tails))
        flat = scores.reshape(n, count * size)
        return kernel.graph_stability(flat, movers, self.own, workers=1).reshape(scores.shape)

    def worth(self, i: int) -> Array:
        """What each state is worth to party i at worst, others answering: int32 (5, S), rows as `CONCEPTS`.

        The least of its score and of what the sanctions of the concept lead to; kept once computed.
        """
        if i not in self._worths:
            if self.separable:
                table, movers = self._product
                self._worths[i] = self._numbered(kernel.product_worth(table, movers, self.own, i))
            else:
                self._worths[i] = kernel.graph_worth(self.scores, self._tables or self._listed, self.own, i)
        return self._worths[i]

    def best(self, i: int) -> Array:
        """The best score that party i can reach from each state in one move or by staying: int32 (S,)."""
        k = self.own[i]
        if k < 0:
            return np.asarray(self.scores[i], dtype=np.int32)
        if not self.separable:
            return kernel.best_reply(self.scores[i], self._listed[k])
        table, movers = self._product
        return np.asarray(self._numbered(kernel.best_reply(table[i], movers[k])[None])[0])

    @cached_property
    def _worths(self) -> dict[int, Array]:
        return {}

    @property
    def _listed(self) -> list[kernel.Mover]:
        return [
            kernel.Mover(members, starts=starts, ends=ends)
            for members, (starts, ends) in zip(self.members, self.lists, strict=True)
        ]

    @cached_property
    def _tables(self) -> list[kernel.Mover] | None:
        """Movers with tables of their moves; None where a mover has none that is small."""
        found = []
        for members, moves in zip(self.members, self.moves, strict=True):
            table = tabled(self.space, moves, self.possible, len(members))
            if table is None:
                return None
            found.append(kernel.Mover(members, table=table))
        return found

    @property
    def _product(self) -> tuple[Array, list[kernel.Mover]]:
        """Scores with the issues in the order of their movers, so that each mover has one axis."""
        order = self._grouped
        table = (
            self.scores if list(order) == sorted(order) else _permuted(self.scores, self.space.sizes, order)
        )
        return table, [kernel.Mover(m, self._axes(k)) for k, m in enumerate(self.members)]

    def _numbered(self, rows: Array) -> Array:
        """Rows over states in grouped order, back in the order of outcome numbers."""
        order = self._grouped
        if list(order) == sorted(order):
            return rows
        return _permuted(rows, [self.space.sizes[issue] for issue in order], np.argsort(order))

    @cached_property
    def _grouped(self) -> tuple[int, ...]:
        """The issues so that those of each mover stand together; as in the file where they do already."""
        group = {issue: k for k, moves in enumerate(self.moves) for issue in moves.issues}
        first = {k: min(moves.issues) for k, moves in enumerate(self.moves) if moves.issues}
        free = len(self.moves)
        runs = {group.get(i, free + i): first.get(group.get(i, -1), i) for i in range(len(self.space.sizes))}
        return tuple(
            sorted(
                range(len(self.space.sizes)),
                key=lambda i: (runs[group.get(i, free + i)], group.get(i, free + i), i),
            )
        )

    def _axes(self, k: int) -> tuple[kernel.Axis, ...]:
        """The axis of a mover in grouped order: runs of free issues as one, restricted ones each alone."""
        sizes = [self.space.sizes[issue] for issue in self._grouped]
        found: list[kernel.Axis] = []
        for place, issue in enumerate(self._grouped):
            if issue not in self.moves[k].issues:
                continue
            relation = self.moves[k].relations[self.moves[k].issues.index(issue)]
            inner, outer = math.prod(sizes[place + 1 :]), math.prod(sizes[:place])
            if not relation.all():
                found.append(kernel.Axis(outer, sizes[place], inner, relation))
            elif found and found[-1].relation is None:
                found[-1] = kernel.Axis(found[-1].outer, found[-1].size * sizes[place], inner)
            else:
                found.append(kernel.Axis(outer, sizes[place], inner))
        return tuple(found)


def _repeated(axes: tuple[kernel.Axis, ...], count: int) -> tuple[kernel.Axis, ...]:
    """The axes of a mover in so many copies of the states, one after the other."""
    return tuple(replace(axis, outer=axis.outer * count) for axis in axes)


def _transitive(relation: Array) -> bool:
    """Whether two steps make one, and staying is allowed; by NumPy's own loops where that is quick."""
    whole: Array = relation.astype(np.int16 if len(relation) <= SMALL else np.float32)
    return not bool(((whole @ whole > 0) & ~relation).any()) and bool(np.diagonal(relation).all())


def _permuted(table: Array, sizes: Sequence[int], order: Sequence[int] | Array) -> Array:
    """Rows over states with the issues in another order."""
    cube = table.reshape(len(table), *sizes)
    return np.ascontiguousarray(cube.transpose(0, *(int(i) + 1 for i in order))).reshape(table.shape)


def check_memory(need: float, memory: float, size: str, what: str = "the stability of every outcome") -> None:
    """Refuses what would take more memory than allowed (in gigabytes)."""
    if need > memory * 1e9:
        raise CostError(
            what,
            f"{size} take {need / 1e9:,.1f} GB; {memory:,.1f} GB are allowed",
            "settle some issues, coarsen levels, or allow more with memory=",
        )


def bytes_per_outcome(n_parties: int, n_movers: int, item: int = 2, workers: int = 1) -> int:
    """Peak memory of an analysis in product form, in bytes an outcome: the worse of ranking and solving.

    ``item`` is 2 where no party tells more than 65,534 ranks apart, else 4.
    """
    ranking = item * n_parties + 14
    return max(ranking, kernel.product_bytes(n_parties, n_movers, item, workers) + 1)


def conflict_of(space: Space, memory: float = GIGABYTES) -> Conflict:
    """The conflict of a space; `CostError` where it would take more memory than allowed."""
    if not space.parties:
        raise NeedsError("standoff needs preferences: `preferences: {party: ...}` for at least one party")
    if not space.movers:
        raise NeedsError("standoff needs moves: say `by:` whom an issue is carried out, or list `moves:`")
    need = bytes_per_outcome(len(space.parties), len(space.movers))
    check_memory(space.size * need, memory, f"{space.size:,} outcomes at {need} bytes each")
    if space.size >= LARGEST or (max(space.sizes) > WIDEST and not space.case.graph_form):
        raise CostError("the stability of every outcome", f"{space.size:,} outcomes", "coarsen the levels")
    possible = possible_outcomes(space)
    if not possible.any():
        raise NeedsError("no outcome is possible: the conditions under `impossible` exclude all of them")
    moves = tuple(space.moves(mover) for mover in space.movers)
    rows = {party: i for i, party in enumerate(space.parties)}
    return Conflict(
        space=space,
        parties=space.parties,
        movers=space.movers,
        moves=moves,
        scores=scores(
            space, possible, lambda need: check_memory(need, memory, f"{space.size:,} outcomes to sort")
        ),
        members=tuple(tuple(rows[p] for p in mover if p in rows) for mover in space.movers),
        own=tuple(space.movers.index((p,)) if (p,) in space.movers else -1 for p in space.parties),
    )
