"""What the roadmap analysis answers with."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from detente.analysis.result import Result, Row
from detente.analysis.roadmap import figures, money, words
from detente.analysis.roadmap.certificate import Certificate
from detente.analysis.roadmap.ends import Ends
from detente.analysis.roadmap.evaluate import EXISTS, Course
from detente.analysis.roadmap.extras import Loser, TypeStep
from detente.analysis.roadmap.model import YEAR, period_years
from detente.analysis.roadmap.money import Guarantee
from detente.analysis.roadmap.patience import Patience
from detente.analysis.roadmap.problem import Answer, Problem
from detente.analysis.roadmap.reasons import Reason
from detente.analysis.roadmap.remedies import Remedy
from detente.space import Space


@dataclass(frozen=True, eq=False)
class Side:
    """An order with everything that is said of it. ``patience`` None where it was not asked for."""

    answer: Answer
    patience: Patience | None = None
    certificate: Certificate | None = None
    guarantee: Guarantee | None = None

    @property
    def credible(self) -> bool | None:
        """Whether the roadmap shown is certified: gap-free, and every punishment would be carried out."""
        if self.answer.shown is None or self.certificate is None:
            return None
        if not self.answer.shown.holds:
            return False
        return self.certificate.holds


@dataclass(frozen=True)
class Step:
    """One step of a roadmap as it would be carried out: some periods of work that end when a level is reached.

    ``first`` and ``last`` are its first and last period, from 0; ``moves`` the levels reached, ``by`` whom; figures by party:
    ``gap`` in the unit asked for, ``gap_raw``, ``stay`` at its start, ``leave`` the temptation where that is largest.
    """

    first: int
    last: int
    moves: Mapping[str, str]
    by: tuple[str, ...]
    gap: Mapping[str, float | None]
    gap_raw: Mapping[str, float | None]
    stay: Mapping[str, float | None]
    leave: Mapping[str, float | None]
    loss: Mapping[str, float | None]
    fall: Mapping[str, float | None]
    proof: Mapping[str, str]
    tempted_to: Mapping[str, Any]

    @property
    def periods(self) -> int:
        """How many periods the step takes."""
        return self.last - self.first + 1


@dataclass(frozen=True, kw_only=True)
class RoadmapResult(Result):
    """Which steps get there, and hold? ``main`` is the order asked for, ``once`` everything in one step."""

    analysis: ClassVar[str] = "roadmap"

    space: Space = field(repr=False)
    problem: Problem = field(repr=False)
    target: tuple[int, ...]
    order: str
    threat: str
    gap: str
    main: Side = field(repr=False)
    once: Side = field(repr=False)
    bracket: bool | None = field(repr=False, default=None)
    without_deadline: Side | None = field(repr=False, default=None)
    once_without: Answer | None = field(repr=False, default=None)
    blocked: tuple[Reason, ...] = field(repr=False, default=())
    reasons: tuple[Reason, ...] = field(repr=False, default=())
    remedies: tuple[Remedy, ...] = field(repr=False, default=())
    losers: tuple[Loser, ...] = field(repr=False, default=())
    ratifiers: Mapping[str, Mapping[str, Any]] = field(repr=False, default_factory=dict)
    types: tuple[TypeStep, ...] = field(repr=False, default=())
    separating: str | None = field(repr=False, default=None)
    one_more: Mapping[str, Mapping[str, float]] | None = field(repr=False, default=None)
    ends: Ends | None = field(repr=False, default=None)
    formulas: Mapping[str, RoadmapResult] = field(repr=False, default_factory=dict)
    least_pause: tuple[int, Mapping[str, float]] | None = field(repr=False, default=None)

    # verdicts -----------------------------------------------------------------------------------

    @property
    def exists(self) -> bool | None:
        """Whether a self-enforcing roadmap exists under the threat named; None where not decided."""
        return self.main.answer.exists

    @property
    def verdict(self) -> str:
        """``yes``, ``no`` or ``undecided``, the bracket considered: a "no" under markov stands only if minmax agrees."""
        if self.exists is None:
            return "undecided"
        if self.exists:
            return "yes"
        return "undecided" if self.bracket else "no"

    @property
    def parties(self) -> tuple[str, ...]:
        """The parties that count, in the order of arrays."""
        return self.problem.model.parties

    def by_party(self, row: Any) -> dict[str, float | None]:
        """A row of numbers as ``{party: number}``; None for what is not finite."""
        return {p: float(x) if np.isfinite(x) else None for p, x in zip(self.parties, row, strict=True)}

    def outcome(self, state: int) -> dict[str, str] | str:
        """The outcome that stands in a state."""
        return self.space.outcome(self.problem.model.outcome(state))

    # steps --------------------------------------------------------------------------------------

    def steps(self, course: Course | None, scale: Any = None) -> list[Step]:
        """The steps of a roadmap, work in progress gathered with the level that it leads to."""
        if course is None:
            return []
        model = self.problem.model
        begin, out = 0, []
        units = np.ones(model.n) if scale is None else scale
        for t, (x, y) in enumerate(zip(course.states, course.states[1:], strict=False)):
            if model.outcome(x) == model.outcome(y):
                continue
            out.append(self._step(course, begin, t, units))
            begin = t + 1
        return out

    def _step(self, course: Course, first: int, last: int, units: Any) -> Step:
        model, case = self.problem.model, self.space.case
        span = slice(first, last + 1)
        before, after = course.states[last], course.states[last + 1]
        moves, by, proof = {}, [], {}
        for k, c in enumerate(model.commitments):
            if model.levels[k][before] != model.levels[k][after]:
                level = self.space.level_names[c.issue][int(model.levels[k][after])]
                moves[c.name] = level
                by += [i for i in c.owners if i not in by]
                if level in case.issues[c.name].proof:
                    proof[c.name] = case.issues[c.name].proof[level]
        gaps = course.gap[:, span].max(axis=1)
        at = first + course.leave[:, span].argmax(axis=1)
        tempted = {
            p: self.outcome(int(course.flee[i, at[i]]))
            for i, p in enumerate(model.parties)
            if gaps[i] > EXISTS and course.flee[i, at[i]] >= 0
        }
        return Step(
            first, last, moves, tuple(model.actors[i] for i in sorted(by)), self.by_party(gaps / units),
            self.by_party(gaps), self.by_party(course.stay[:, first]),
            self.by_party(course.leave[:, span].max(axis=1)), self.by_party(course.loss[:, span].max(axis=1)),
            self.by_party(course.fall[:, last + 1]), proof, tempted,
        )  # fmt: skip

    @property
    def period_days(self) -> float:
        """Length of one step period in days, the lag of verification included."""
        return period_years(self.space) * YEAR * (1 + self.problem.terms.lag)

    def date(self, period: int) -> str | None:
        """The day on which a period has run out, if the case has a start: ISO text."""
        start = self.space.case.time.start
        if start is None:
            return None
        try:
            return (start + datetime.timedelta(days=round((period + 1) * self.period_days))).isoformat()
        except OverflowError:
            return None

    def payments(self) -> list[dict[str, float]] | None:
        """Payments between the parties that make the roadmap shown hold, net receipts by date; None where none do.

        The smallest possible largest one, by a linear program (see `money.payments`); the last entry is a flow for ever
        after. Compares the parties' scales: utilities are taken as transferable.
        """
        course = self.main.answer.shown
        found = None if course is None else money.payments(self.problem, course)
        return (
            None if found is None else [dict(zip(self.parties, row, strict=True)) for row in found.T.tolist()]
        )

    @property
    def verifiers(self) -> tuple[str, ...]:
        """The parties whose role is to verify."""
        return tuple(p for p, about in self.space.case.parties.items() if "verifier" in about.roles)

    # the contract -------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        return {
            "target": self.space.outcome(self.target),
            "order": self.order,
            "threat": self.threat,
            "gap": self.gap if self.main.answer.scale is not None else "raw",
            "scale": self.space.scale,
            **self._side(self.main),
            "at_once": {
                "target": self.space.outcome(self.target),
                "order": "at-once",
                "threat": self.threat,
                **self._side(self.once),
            },
            "verdict": self.verdict,
            "bracket": {"minmax": self.bracket},
            "without_deadline": None if self.without_deadline is None else self._side(self.without_deadline),
            "at_once_without_deadline": None
            if self.once_without is None
            else self._side(Side(self.once_without)),
            "blocked": [r.__dict__ for r in self.blocked],
            "reasons": [r.__dict__ for r in self.reasons],
            "remedies": [r.__dict__ for r in self.remedies],
            "losers": [loser.__dict__ for loser in self.losers],
            "ratification": self.ratifiers,
            "types": [{**s.__dict__, "kind": s.kind} for s in self.types],
            "separating_roadmap": self.separating,
            "one_more_round": self.one_more,
            "least_pause": None
            if self.least_pause is None
            else {"periods": self.least_pause[0], "cost": self.least_pause[1]},
            "end_states": self._ends(),
            "formulas": {
                name: {"verdict": r.verdict, **r._side(r.main)} for name, r in self.formulas.items()
            },
        }

    def _side(self, side: Side) -> dict[str, Any]:
        found, patience = side.answer, side.patience
        return {
            "exists": found.exists,
            "least_gap": found.least_gap,
            "nash_product": found.nash_product,
            "fewest_steps": found.fewest_steps,
            "roadmap": self._roadmap(found.shown, found.scale),
            "others": {name: self._roadmap(course, found.scale) for name, course in found.others.items()},
            "patience": {
                "least": None if patience is None else patience.least,
                "intervals": [] if patience is None else [list(span) for span in patience.intervals],
                "grid": None if patience is None else patience.points,
                "undecided": None if patience is None else patience.undecided,
                "computed": patience is not None,
            },
            "longest_answer_time": None if patience is None else patience.answer_time,
            "answer_time_unbounded": None if patience is None else patience.unbounded,
            "credible": side.credible,
            "certificate": self._certificate(side.certificate),
            "guarantee": self._guarantee(side.guarantee),
            "method": found.method,
            "exact": found.exact,
            "bound": found.bound,
            "labels": found.labels,
        }

    def _roadmap(self, course: Course | None, scale: Any) -> dict[str, Any] | None:
        if course is None:
            return None
        units = np.ones(self.problem.model.n) if scale is None else scale
        return {
            "steps": [self._step_data(step) for step in self.steps(course, scale)],
            "rest_gap": self.by_party(course.gap[:, -1] / units),
            "entry_gap": self.by_party(course.entry_gap / units),
            "entry": self.by_party(course.entry),
            "values": self.by_party(course.stay[:, 0]),
            "rest_values": self.by_party(course.stay[:, -1]),
            "sum_of_gaps": self.by_party(course.gap.sum(axis=1) / units),
            "drawdown": self.by_party(course.fall.max(axis=1)),
            "breach_loss": self.by_party(course.loss.max(axis=1)),
            "periods": (len(course.states) - 1) * (1 + self.problem.terms.lag),
            "holds": course.holds,
        }

    def _step_data(self, step: Step) -> dict[str, Any]:
        return {
            "moves": step.moves, "by": step.by, "trust_gap": step.gap, "values": step.stay, "temptation": step.leave,
            "trust_gap_raw": step.gap_raw, "breach_loss": step.loss, "drawdown": step.fall, "periods": step.periods,
            "days": round(step.periods * self.period_days), "due": self.date(step.last), "proof": step.proof,
            "verifier": self.verifiers, "if_late": words.threat_words(self), "tempted_to": step.tempted_to,
        }  # fmt: skip

    def _certificate(self, found: Certificate | None) -> dict[str, Any] | None:
        if found is None or found.holds is None:
            return None
        if found.holds:
            return {"holds": True}
        return {
            "holds": False, "gain": found.gain, "punisher": self.parties[found.punisher],
            "breaker": self.parties[found.breaker], "at": self.outcome(found.state),
        }  # fmt: skip

    def _guarantee(self, found: Guarantee | None) -> dict[str, Any]:
        if found is None:
            return {"budget": dict.fromkeys(self.parties), "schedule": dict.fromkeys(self.parties)}
        return {
            "budget": self.by_party(found.budget),
            "schedule": {p: row.tolist() for p, row in zip(self.parties, found.schedule, strict=True)},
            "collateral": self.by_party(found.peak),
            "deposit": self.by_party(found.deposit),
            "bond": self.by_party(found.bond),
        }

    def _ends(self) -> dict[str, Any] | None:
        if self.ends is None:
            return None
        rows = [
            {**e.__dict__, "levels": None, "outcome": self.space.outcome(e.levels)} for e in self.ends.listed
        ]
        for row in rows:
            del row["levels"]
        counts = {
            k: getattr(self.ends, k) for k in ("possible", "acceptable", "stable", "reachable", "ratifiable")
        }
        return {"funnel": counts, "listed": rows}

    # showing ------------------------------------------------------------------------------------

    def explain(self) -> str:
        return words.explain(self)

    def charts(self) -> dict[str, dict[str, Any]]:
        return figures.charts(self)

    def tables(self) -> dict[str, list[Row]]:
        shown = self.main.answer
        out: dict[str, list[Row]] = {
            "steps": self._rows(shown.shown, shown.scale),
            "at_once": self._rows(self.once.answer.shown, self.once.answer.scale),
            "remedies": [
                {"remedy": r.kind, "what": r.what, "works": r.works, "least gap": r.least_gap}
                for r in self.remedies
            ],
        }
        if self.ends is not None:
            out["end_states"] = [
                {**self._named(e.levels), "holds": e.exists, "least gap": e.least_gap, "fewest steps": e.fewest_steps,
                 "least patience": e.least_patience, "ratifiable": e.ratifiable}
                for e in self.ends.listed
            ]  # fmt: skip
        return out

    def _named(self, levels: Sequence[int]) -> dict[str, str]:
        outcome = self.space.outcome(levels)
        return {"outcome": outcome} if isinstance(outcome, str) else outcome

    def _rows(self, course: Course | None, scale: Any) -> list[Row]:
        rows: list[Row] = []
        for number, step in enumerate(self.steps(course, scale), start=1):
            row: dict[str, Any] = {
                "step": str(number), "by": ", ".join(step.by), "act": ", ".join(f"{i}: {v}" for i, v in step.moves.items()),
                "periods": step.periods, "due": self.date(step.last), "proof": "; ".join(step.proof.values()),
            }  # fmt: skip
            for party in self.parties:
                row |= {
                    f"{party} stays": step.stay[party],
                    f"{party} leaves": step.leave[party],
                    f"{party} gap": step.gap[party],
                }
            rows.append(row)
        if course is not None:
            units = np.ones(len(self.parties)) if scale is None else scale
            last: dict[str, Any] = {
                "step": "rest",
                "by": "",
                "act": "",
                "periods": None,
                "due": None,
                "proof": "",
            }
            for i, party in enumerate(self.parties):
                leave = float(course.leave[i, -1])
                last |= {
                    f"{party} stays": float(course.stay[i, -1]),
                    f"{party} leaves": leave if np.isfinite(leave) else None,
                    f"{party} gap": float(course.gap[i, -1] / units[i]),
                }
            rows.append(last)
        return rows
