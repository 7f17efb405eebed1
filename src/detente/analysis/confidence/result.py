"""What the confidence analysis answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from detente.analysis.confidence import figures, words
from detente.analysis.confidence.drivers import Driver, Flip, Map, Sobol
from detente.analysis.confidence.estimates import Share, Spread, spread_of
from detente.analysis.confidence.levers import Lever
from detente.analysis.confidence.robust import Robust
from detente.analysis.confidence.run import Counts
from detente.analysis.confidence.verdicts import Ruling
from detente.analysis.result import Result, Row

MOST_LISTED = 200
"""Outcomes of a family that are named among the answers, those of the largest shares; the count says how many there are."""


def listed_outcomes(counts: Counts, family: str) -> list[str]:
    """The outcomes of a family by share of draws, the largest first."""
    sums = {text: int(found.sum()) for text, found in counts.members[family].items()}
    return sorted(sums, key=lambda text: (-sums[text], text))[:MOST_LISTED]


@dataclass(frozen=True, kw_only=True)
class ConfidenceResult(Result):
    """How sure an answer is over the ranges of a case.

    ``counts`` has the answers draw by draw; ``rulings`` the verdicts by name of answer; ``single`` the answers of a
    single run; ``about`` names what ``drivers`` explain: the main ``answer``, or its margin where all draws agree.
    """

    analysis: ClassVar[str] = "confidence"

    counts: Counts = field(repr=False)
    answer: str
    rulings: Mapping[str, Ruling] = field(repr=False)
    points: int
    single: Mapping[str, bool] = field(repr=False)
    robust: Robust | None = field(repr=False)
    about: str = ""
    drivers: tuple[Driver, ...] = field(default=(), repr=False)
    flips: tuple[Flip, ...] = field(default=(), repr=False)
    map: Map | None = field(default=None, repr=False)
    sobol: tuple[Sobol, ...] = field(default=(), repr=False)
    levers: tuple[Lever, ...] = field(default=(), repr=False)
    pushed: bool = True

    @cached_property
    def shares(self) -> dict[str, Share]:
        """The share of draws with each answer, by name."""
        found = {name: self.counts.share(name) for name in self.counts.question.yes}
        for name in self.rulings:
            if name not in found:
                family, _, text = name.partition(":")
                found[name] = self.counts.member_share(family, text)
        if self.answer and self.answer not in found:
            found[self.answer] = self.counts.share(self.answer)
        return found

    @cached_property
    def numbers(self) -> dict[str, Spread]:
        """The numbers over draws, by name; those that no draw has are left out."""
        found = {}
        for place, name in enumerate(self.counts.question.numbers):
            spread = spread_of(self.counts.numbers[:, place], self.counts.block)
            if spread is not None:
                found[name] = spread
        return found

    @property
    def families(self) -> dict[str, dict[str, int]]:
        """How many outcomes of each family occurred, and how many are named."""
        return {
            family: {"outcomes": len(members), "listed": min(len(members), MOST_LISTED)}
            for family, members in self.counts.members.items()
        }

    @property
    def worlds(self) -> dict[str, int]:
        """Draws of each structure, where there are several."""
        size = np.bincount(self.counts.world, minlength=len(self.counts.plan.worlds))
        return {w.label or "as it is": int(n) for w, n in zip(self.counts.plan.worlds, size, strict=True)}

    def document(self) -> dict[str, Any]:
        return {
            "of": self.counts.question.name,
            "answer": self.answer,
            "answers": {name: self._answer(name) for name in self.shares},
            "numbers": {name: asdict(spread) for name, spread in self.numbers.items()},
            "about": self.about,
            "drivers": [self._driver(driver) for driver in self.drivers],
            "flips": [asdict(flip) for flip in self.flips],
            "map": None if self.map is None else figures.map_data(self.map),
            "sobol": [asdict(index) for index in self.sobol],
            "levers": [self._lever(lever) for lever in self.levers],
            "wanted": None if not self.answer else not self.single.get(self.answer, False),
            "robust": None if self.robust is None else asdict(self.robust),
            "draws": self.counts.draws,
            "extreme_points": self.points,
            "sampling": self.counts.sample.sampling,
            "level": 0.95,
            "stopped": self.counts.stopped,
            "shares": "of the assumed cases",
            "worlds": self.worlds,
            "families": self.families,
            "inputs": [
                {
                    "input": i.name,
                    "kind": i.kind,
                    "low": i.bounds[0],
                    "high": i.bounds[1],
                    "choices": i.choices,
                }
                for i in self.counts.plan.inputs
            ],
        }

    def _answer(self, name: str) -> dict[str, Any]:
        share = self.shares[name]
        ruling = self.rulings.get(name)
        found: dict[str, Any] = {
            "verdict": None if ruling is None else ruling.verdict,
            "share": share.share,
            "low": share.low,
            "high": share.high,
            "proved": None if ruling is None else ruling.proved,
            "how": None if ruling is None else ruling.how,
        }
        if name in self.single:
            found["single_run"] = self.single[name]
        return found

    def _driver(self, driver: Driver) -> dict[str, Any]:
        return {
            "input": driver.input,
            "effect": driver.effect,
            "low": driver.low,
            "high": driver.high,
            "swing": driver.swing,
        }

    def _lever(self, lever: Lever) -> dict[str, Any]:
        return {
            "change": lever.text,
            "cost": lever.cost,
            "effect": lever.effect,
            "kind": lever.kind,
            "unit": lever.unit,
            "share": lever.share,
            "changes": list(lever.changes),
            "interpersonal": lever.interpersonal,
            "verified": True,
        }

    def explain(self) -> str:
        return words.explain(self)

    def tables(self) -> dict[str, list[Row]]:
        answers: list[Row] = [{"answer": name, **self._answer(name)} for name in self.shares]
        return {
            "answers": answers,
            "numbers": [{"number": name, **asdict(spread)} for name, spread in self.numbers.items()],
            "drivers": [self._driver(driver) for driver in self.drivers if driver.effect > 0],
            "flips": [
                {
                    "input": f.input,
                    "single run": f.value,
                    "flips at": ", ".join(f"{x:.4g}" for x in f.at),
                    "inside its range": f.inside,
                }
                for f in self.flips
            ],
            "levers": [
                {"change": lv.text, "cost": lv.cost, "unit": lv.unit, "effect": lv.effect, "kind": lv.kind}
                for lv in self.levers
            ],
            "robust": [] if self.robust is None else [asdict(choice) for choice in self.robust.choices],
            "ask first": [] if self.robust is None else [asdict(w) for w in self.robust.ask if w.gain > 0],
        }

    def charts(self) -> dict[str, dict[str, Any]]:
        return figures.charts(self)
