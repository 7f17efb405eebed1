"""Variants side by side on paired draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from detente.analysis.confidence import figures
from detente.analysis.confidence.estimates import Share, difference_of
from detente.analysis.confidence.run import Counts
from detente.analysis.confidence.single import single_truths
from detente.analysis.confidence.words import percent, said
from detente.analysis.confidence.worlds import AS_IT_IS
from detente.analysis.result import Provenance, Result, Row

MOST_ANSWERS = 60
"""Outcomes of all families together that are compared, those of the largest shares."""


@dataclass(frozen=True)
class Compared:
    """One answer under one variant: its share, and the difference from the case as it stands on the same draws."""

    share: Share
    difference: Share | None
    single: bool | None


@dataclass(frozen=True, kw_only=True)
class CompareResult(Result):
    """Variants compared with the case as it stands: ``found[variant][answer]``."""

    analysis: ClassVar[str] = "compare"

    found: Mapping[str, Mapping[str, Compared]] = field(repr=False)
    main: tuple[str, ...]
    draws: int
    left_out: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "variants": {
                variant: {
                    name: {
                        "share": c.share.share, "low": c.share.low, "high": c.share.high, "single_run": c.single,
                        "difference": None if c.difference is None else c.difference.share,
                        "difference_low": None if c.difference is None else c.difference.low,
                        "difference_high": None if c.difference is None else c.difference.high,
                    }
                    for name, c in answers.items()
                }
                for variant, answers in self.found.items()
            },
            "draws": self.draws,
            "level": 0.95,
            "shares": "of the assumed cases",
            "left_out": self.left_out,
        }  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """A row for each answer and variant."""
        return [
            {
                "answer": name,
                "variant": variant,
                "share": c.share.share,
                "low": c.share.low,
                "high": c.share.high,
                "difference": None if c.difference is None else c.difference.share,
                "from": None if c.difference is None else c.difference.low,
                "to": None if c.difference is None else c.difference.high,
                "single run": c.single,
                "main": name in self.main,
            }
            for variant, answers in self.found.items()
            for name, c in answers.items()
        ]

    def tables(self) -> dict[str, list[Row]]:
        main: list[Row] = [
            {k: v for k, v in row.items() if k != "main"} for row in self.rows() if row["main"]
        ]
        rest: list[Row] = [
            {k: v for k, v in row.items() if k != "main"} for row in self.rows() if not row["main"]
        ]
        return {"answers": main, "outcomes": rest}

    def charts(self) -> dict[str, dict[str, Any]]:
        return {"variants": figures.differences(self)}

    def explain(self) -> str:
        lines = []
        for name in self.main:
            base = self.found[AS_IT_IS][name]
            parts = [f"as it is {percent(base.share.share)}"]
            for variant, answers in self.found.items():
                change = answers[name].difference
                if change is not None:
                    parts.append(
                        f"{variant} {percent(answers[name].share.share)} ({100 * change.share:+.1f} points, {100 * change.low:+.1f} to {100 * change.high:+.1f})"
                    )
            text = said(name)
            lines.append(f"{text[0].upper()}{text[1:]}, in shares of the assumed cases: {'; '.join(parts)}.")
        lines.append(
            f"All variants see the same {self.draws:,} draws, so differences are known better than shares."
        )
        return "\n".join(lines)


def compare_worlds(source: Provenance, runs: Mapping[str, Counts]) -> CompareResult:
    """The comparison of runs of the same sample under several variants, the case as it stands first."""
    main = tuple(dict.fromkeys(n for counts in runs.values() for n in counts.question.yes))
    outcomes = _outcomes(runs)
    base = runs[AS_IT_IS]
    found = {}
    for variant, counts in runs.items():
        answers = {}
        truths = single_truths(counts.question, counts.plan.worlds[0], list(counts.question.yes))
        for name in (*main, *outcomes[:MOST_ANSWERS]):
            share = _share(counts, name)
            change = (
                None
                if variant == AS_IT_IS
                else difference_of(_blocks(base, name), _blocks(counts, name), base.sizes)
            )
            answers[name] = Compared(share, change, truths.get(name))
        found[variant] = answers
    return CompareResult(
        source=source, exact=False, method="paired draws: an input takes the same draw under every variant",
        found=found, main=main, draws=base.draws, left_out=max(0, len(outcomes) - MOST_ANSWERS),
    )  # fmt: skip


def _outcomes(runs: Mapping[str, Counts]) -> list[str]:
    """Members of families by their largest share under any variant."""
    top: dict[str, float] = {}
    for counts in runs.values():
        for family, members in counts.members.items():
            for text, found in members.items():
                name = f"{family}:{text}"
                top[name] = max(top.get(name, 0.0), float(found.sum()))
    return sorted(top, key=lambda name: (-top[name], name))


def _blocks(counts: Counts, name: str) -> Any:
    """Draws of each block with an answer; none where the variant does not know it."""
    if name in counts.question.yes:
        weights = counts.truth(name)
        return np.bincount(counts.block, weights=weights, minlength=len(counts.sizes))
    family, _, text = name.partition(":")
    return counts.members.get(family, {}).get(text, np.zeros(len(counts.sizes)))


def _share(counts: Counts, name: str) -> Share:
    if name in counts.question.yes:
        return counts.share(name)
    family, _, text = name.partition(":")
    if family in counts.members:
        return counts.member_share(family, text)
    return counts.share_where(np.zeros(counts.draws))
