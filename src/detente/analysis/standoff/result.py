"""What the standoff analysis answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from detente.analysis.result import MAX_LIST, Result, Row
from detente.analysis.standoff import figures, words
from detente.analysis.standoff.coalition import Coalitions, coalitions
from detente.analysis.standoff.evolution import Evolution, Step
from detente.analysis.standoff.evolution import evolution as evolve
from detente.analysis.standoff.finer import relations
from detente.analysis.standoff.foresight import Foresight, foresight
from detente.analysis.standoff.model import Conflict, check_memory
from detente.analysis.standoff.relations import Relations
from detente.analysis.standoff.removal import single_moves
from detente.analysis.standoff.simultaneous import Simultaneous, simultaneous
from detente.analysis.standoff.unlock import Unlock, unlock
from detente.analysis.standoff.witness import Reply, Why
from detente.analysis.standoff.witness import why as witness
from detente.errors import NeedsError
from detente.kernels.stability import CONCEPTS
from detente.space.tables import Array

if TYPE_CHECKING:
    import polars

FOLLOWED = 3_000_000
"""Moves up to which the ways out of the status quo are followed without being asked for."""
WITNESSED = 2_000_000
"""Outcomes up to which witnesses for the status quo are found without being asked for."""
LISTED = 2_000
"""Outcomes that the tables of equilibria and of states show."""

OutcomeLike = int | str | Mapping[str, str] | None


@dataclass(frozen=True, kw_only=True)
class StandoffResult(Result):
    """Why are we stuck? Stability of every outcome for every party under five concepts.

    ``flags`` (n_parties, S): bit c of a byte says whether concept c of `CONCEPTS` holds; 0 where impossible.
    """

    analysis: ClassVar[str] = "standoff"

    conflict: Conflict = field(repr=False)
    flags: Array = field(repr=False)

    # numbers ------------------------------------------------------------------------------------

    @cached_property
    def n_feasible(self) -> int:
        """How many outcomes are possible."""
        return int(np.count_nonzero(self.conflict.possible))

    @cached_property
    def feasible(self) -> Array:
        """Numbers of the possible outcomes, ascending."""
        return np.flatnonzero(self.conflict.possible)

    @cached_property
    def _both(self) -> Array:
        """Concepts under which every party stays, as bits: (S,)."""
        return np.asarray(np.bitwise_and.reduce(self.flags, axis=0))

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many equilibria there are under each concept."""
        by_byte = np.bincount(self._both, minlength=256)
        return {c: int(sum(by_byte[b] for b in range(256) if b >> k & 1)) for k, c in enumerate(CONCEPTS)}

    def stable(self, concept: str, party: str) -> Array:
        """Numbers of the outcomes that are stable for a party, ascending."""
        return np.flatnonzero(self.flags[self.row(party)] >> self._bit(concept) & 1)

    def holds(self, party: str, state: int, concept: str) -> bool:
        """Whether one outcome, by number, is stable for a party."""
        return bool(self.flags[self.row(party), state] >> self._bit(concept) & 1)

    @property
    def witnessed(self) -> bool:
        """Whether the space is small enough for witnesses without being asked."""
        return self.conflict.size <= WITNESSED

    def equilibria(self, concept: str) -> Array:
        """Numbers of the outcomes that are stable for every party, ascending."""
        return np.flatnonzero(self._both >> self._bit(concept) & 1)

    def concepts_of(self, state: int) -> list[str]:
        """The concepts under which an outcome is an equilibrium."""
        return [c for k, c in enumerate(CONCEPTS) if self._both[state] >> k & 1]

    def main_equilibria(self, most: int) -> list[int]:
        """Equilibria, those under the most demanding concept first, at most so many."""
        found: list[int] = []
        for concept in ("nash", "sseq", "seq", "smr", "gmr"):
            for state in self.equilibria(concept)[: most + len(found)]:
                if int(state) not in found:
                    found.append(int(state))
            if len(found) >= most:
                break
        return found[:most]

    def _bit(self, concept: str) -> int:
        if concept not in CONCEPTS:
            raise NeedsError(f"unknown concept '{concept}'; there are {', '.join(CONCEPTS)}")
        return CONCEPTS.index(concept)

    def row(self, party: str) -> int:
        """The row of a party with preferences."""
        if party not in self.conflict.parties:
            raise NeedsError(
                f"no preferences of '{party}'; there are those of {', '.join(self.conflict.parties)}"
            )
        return self.conflict.parties.index(party)

    def number(self, outcome: OutcomeLike) -> int:
        """The number of a possible outcome given by number, by name or by its levels; the status quo for None."""
        space = self.conflict.space
        if outcome is None:
            found = self.status_quo
        elif isinstance(outcome, int | np.integer):
            found = space.number(space.levels(int(outcome)))
        else:
            found = space.number(space.positions(outcome))
        if not self.conflict.possible[found]:
            raise NeedsError(f"outcome {found} ({words.Speaker(self.conflict).outcome(found)}) is impossible")
        return found

    # the status quo -----------------------------------------------------------------------------

    @cached_property
    def status_quo(self) -> int:
        """The number of the status quo."""
        return self.conflict.space.number(self.conflict.space.start)

    @property
    def status_quo_possible(self) -> bool:
        return bool(self.conflict.possible[self.status_quo])

    @cached_property
    def evolution(self) -> Evolution | None:
        """What can come about from the status quo; None where that is impossible, or moves are many.

        `evolve` does it whatever the size.
        """
        if not self.status_quo_possible or self.conflict.most_moves > FOLLOWED:
            return None
        return self.evolve()

    def evolve(self, start: OutcomeLike = None) -> Evolution:
        """What can come about from an outcome: by any moves and by improvements only, with shortest paths."""
        self._allow(36, "what can come about from an outcome")
        return evolve(self.conflict, self.number(start))

    def _allow(self, each: int, what: str) -> None:
        """Refuses what takes too many bytes for each outcome and mover, beside what the analysis took."""
        count = self.conflict.size
        need = count * each * len(self.conflict.movers)
        check_memory(need, float(self.source.options["memory"]), f"{count:,} outcomes", what)

    # why ----------------------------------------------------------------------------------------

    def why(self, party: str, outcome: OutcomeLike = None, concept: str = "seq") -> Why:
        """Why an outcome (the status quo) is stable for a party, or not, with a witness and the margin in ranks."""
        self._bit(concept)
        self._allow(24, "a witness")
        return witness(self.conflict, self.row(party), concept, self.number(outcome))

    def because(self, party: str, outcome: OutcomeLike = None, concept: str = "seq") -> str:
        """The same as a sentence."""
        return words.Speaker(self.conflict).why(self.why(party, outcome, concept))

    # further questions --------------------------------------------------------------------------

    def unlock(self, outcome: OutcomeLike = None, concept: str = "seq") -> Unlock:
        """What would make an outcome (the status quo) an equilibrium: preferences, and single moves."""
        self._bit(concept)
        target = self.number(outcome)
        moves = single_moves(self.conflict, target, concept)
        return unlock(self.conflict, target, concept, self.conflict.with_scores, moves)

    def coalitions(self, outcome: OutcomeLike = None, *, everywhere: bool = False) -> Coalitions:
        """Which groups could leave an outcome (the status quo) together; of every outcome with ``everywhere``."""
        chosen = None if everywhere else [self.number(outcome)]
        return coalitions(self.conflict, [int(s) for s in self.equilibria("nash")], chosen)

    def foresight(self, horizon: int = 3) -> Foresight:
        """Limited-move stability up to a horizon, and non-myopic stability."""
        if horizon < 1:
            raise NeedsError("a horizon is a number of moves from 1")
        return foresight(self.conflict, horizon)

    def simultaneous(self) -> Simultaneous:
        """Stability against answers that others give at the same time."""
        wanted = 1 << self._bit("nash") | 1 << self._bit("seq")
        return simultaneous(self.conflict, (self.flags & wanted) > 0)

    def relations(self, strong: Mapping[str, float] | None = None) -> Relations:
        """Strength, unknown preferences, attitudes and views, each where the case (or its ranges) gives them.

        ``strong`` {party: gap}: an outcome worse by more than the gap, in the party's utility, is greatly worse.
        """
        return relations(self.conflict, self.flags, strong)

    # contract -----------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        listed = self.n_feasible <= MAX_LIST
        parties = self.conflict.parties
        found: dict[str, Any] = {
            "outcomes": self.conflict.space.size,
            "feasible": self.feasible if listed else None,
            "feasible_count": self.n_feasible,
            "stability": {c: {p: self.stable(c, p) for p in parties} for c in CONCEPTS},
            "equilibria": {c: self.equilibria(c) for c in CONCEPTS},
            "counts": {
                "stability": {c: {p: self._count(c, i) for i, p in enumerate(parties)} for c in CONCEPTS},
                "equilibria": self.counts,
            },
            "movers": self.conflict.movers,
            "status_quo": self._status_quo(),
            "evolution": self._evolution(),
        }
        if listed and (labels := self.labels()) is not None:
            found["labels"] = labels
        return found

    def _count(self, concept: str, i: int) -> int:
        return int(np.count_nonzero(self.flags[i] & (1 << CONCEPTS.index(concept))))

    def labels(self) -> list[str] | None:
        """The possible outcomes as Y/N strings in issue order, where every issue is a yes-or-no option."""
        space = self.conflict.space
        if space.case.graph_form:
            plain = all(set(name) <= {"N", "Y"} for name in space.case.outcomes)
            return list(space.case.outcomes) if plain else None
        if any(names != ("N", "Y") for names in space.level_names):
            return None
        levels = np.array(np.unravel_index(self.feasible, space.sizes)).T
        return ["".join(row) for row in np.where(levels == 1, "Y", "N").tolist()]

    def _outcome(self, state: int) -> Any:
        return self.conflict.space.outcome(self.conflict.space.levels(state))

    def _status_quo(self) -> dict[str, Any]:
        quo = {
            "number": self.status_quo,
            "outcome": self._outcome(self.status_quo),
            "possible": self.status_quo_possible,
        }
        if not self.status_quo_possible:
            return quo
        return {
            **quo,
            "equilibrium": self.concepts_of(self.status_quo),
            "why": {
                c: {p: self.why_data(self.why(p, None, c)) for p in self.conflict.parties} for c in CONCEPTS
            }
            if self.witnessed
            else None,
        }

    def why_data(self, found: Why) -> dict[str, Any]:
        """A verdict with its witness as data."""
        return {
            "party": found.party,
            "outcome": self._outcome(found.outcome),
            "concept": found.concept,
            "stable": found.stable,
            "margin": found.margin,
            "improvements": found.improvements,
            "replies": [self._reply(reply) for reply in found.replies],
            "sentence": words.Speaker(self.conflict).why(found),
        }

    def _reply(self, reply: Reply) -> dict[str, Any]:
        return {
            "improvement": self._outcome(reply.improvement),
            "sanction": None if reply.sanction is None else self.steps_data(reply.sanction),
            "blow": self.steps_data(reply.blow),
            "escape": None if reply.escape is None else self.steps_data([reply.escape])[0],
        }

    def steps_data(self, path: Sequence[Step]) -> list[dict[str, Any]]:
        """A sequence of moves as data."""
        return [
            {"by": s.mover, "from": self._outcome(s.start), "to": self._outcome(s.end), "number": s.end}
            for s in path
        ]

    def _evolution(self) -> list[dict[str, Any]] | None:
        if self.evolution is None:
            return None
        rows = self.evolution.rows(self.main_equilibria(LISTED))
        return [
            {
                **row,
                "path": None if row["path"] is None else self.steps_data(row["path"]),  # type: ignore[arg-type]
                "improving_path": None
                if row["improving_path"] is None
                else self.steps_data(row["improving_path"]),  # type: ignore[arg-type]
            }
            for row in rows
        ]

    # for people ---------------------------------------------------------------------------------

    def explain(self) -> str:
        return words.explain(self)

    def tables(self) -> dict[str, list[Row]]:
        speaker = words.Speaker(self.conflict)
        return {
            "equilibria": [self._table_row(speaker, s) for s in self.main_equilibria(LISTED)],
            "status quo": self._reasons(speaker),
            "ways out": self._ways(speaker),
        }

    def _table_row(self, speaker: words.Speaker, state: int) -> Row:
        held = self.concepts_of(state)
        ranks = {
            p: int(self.conflict.scores[i].max() + 1 - self.conflict.scores[i, state])
            for i, p in enumerate(self.conflict.parties)
        }
        return {
            "number": state,
            "outcome": speaker.outcome(state),
            **{words.SHORT[c]: "yes" if c in held else "no" for c in CONCEPTS},
            **{f"rank for {p}": rank for p, rank in ranks.items()},
        }

    def _reasons(self, speaker: words.Speaker) -> list[Row]:
        if not self.status_quo_possible or not self.witnessed:
            return []
        concept = words.strongest(self, self.status_quo) or "gmr"
        rows: list[Row] = []
        for p in self.conflict.parties:
            found = {c: self.why(p, None, c) for c in CONCEPTS}
            stays = {words.SHORT[c]: "yes" if w.stable else "no" for c, w in found.items()}
            main = found[concept]
            rows.append(
                {
                    "party": p,
                    **stays,
                    f"margin in ranks ({words.SHORT[concept]})": main.margin,
                    "why": speaker.why(main),
                }
            )
        return rows

    def _ways(self, speaker: words.Speaker) -> list[Row]:
        if self.evolution is None:
            return []
        rows = self.evolution.rows(s for s in self.main_equilibria(50) if s != self.status_quo)
        return [
            {
                "outcome": speaker.outcome(int(str(row["outcome"]))),
                "moves": row["moves"],
                "improvements only": row["improvements"],
                "path": speaker.steps(row["improving_path"] or row["path"] or ()),  # type: ignore[arg-type]
            }
            for row in rows
        ]

    def outcomes(self) -> polars.DataFrame:
        """Every possible outcome as a row: its number and levels; under each concept whether it is an equilibrium, and
        for each party whether it is stable; each party's rank.
        """
        import polars

        space, numbers = self.conflict.space, self.feasible
        each = 16 + 12 * len(space.sizes) + 9 * len(self.conflict.parties)
        memory = float(self.source.options["memory"])
        check_memory(len(numbers) * each, memory, f"{len(numbers):,} outcomes", "a table of all outcomes")
        columns: dict[str, Any] = {"number": numbers}
        for k, (names, stride) in enumerate(zip(space.level_names, space.strides, strict=True)):
            levels = polars.Series(numbers // stride % len(names), dtype=polars.UInt32)
            title = space.issues[k] if space.issues else "outcome"
            columns[title] = polars.Series(names)[levels]
        for bit, concept in enumerate(CONCEPTS):
            columns[concept] = (self._both[numbers] >> bit & 1).astype(bool)
            for party, row in zip(self.conflict.parties, self.flags, strict=True):
                columns[f"{concept} {party}"] = (row[numbers] >> bit & 1).astype(bool)
        for party, score in zip(self.conflict.parties, self.conflict.scores, strict=True):
            columns[f"rank {party}"] = score.max().astype(np.int64) + 1 - score[numbers]
        return polars.DataFrame(columns)

    def charts(self) -> dict[str, dict[str, Any]]:
        return figures.charts(self)
