"""What the deadline, holding out, a mediator, one more round and the risk of breakdown do at one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from detente.analysis.result import space_of
from detente.analysis.table.compare import Comparison, compare
from detente.analysis.table.game import LARGEST_LISTED
from detente.case import Case
from detente.space import Space

DEADLINES = (5, 10, 20, 50, 100)
HOLD_OUT = (0.25, 0.5, 1.0, 2.0, 4.0)


def effects(
    case: Case | Space, *, rounds: int = 20, runs: int = 1_000, seed: int = 0, **options: Any
) -> list[Comparison]:
    """Each change alone, against the same runs without it.

    ``options`` go to `detente.analysis.table.table`. The changes: half the rounds, twice as many, one more; all parties
    conceding late (exponent 4) or early (1/4); a chance of breakdown of 5 % after each round; a mediator's single text
    in place of offers, with parties that vote for no loss and with such that accept small ones; and, where there are
    several issues, offers on one issue after the other in place of packages.
    """
    from detente.analysis.table import table

    space = space_of(case)
    base: dict[str, Any] = {"rounds": rounds, "runs": runs, "seed": seed, **options}
    before = table(space, **base)
    changes: list[tuple[str, dict[str, Any]]] = [
        ("half the rounds", {"rounds": max(1, rounds // 2)}),
        ("twice the rounds", {"rounds": 2 * rounds}),
        ("one more round", {"rounds": rounds + 1}),
        ("all hold out longer", {"strategies": "time:4"}),
        ("all concede early", {"strategies": "time:0.25"}),
        ("talks may break down (5 % a round)", {"breakdown": 0.05}),
        ("a mediator's single text", {"protocol": "text"}),
        ("a mediator's text, small losses accepted", {"protocol": "text", "heat": 0.1}),
    ]
    if _divisible(space, rounds):
        changes.append(("issue by issue, not in packages", {"protocol": "issue-by-issue"}))
    return [compare(before, table(space, **{**base, **change}), name) for name, change in changes]


def _divisible(space: Space, rounds: int) -> bool:
    """Whether talks could go issue by issue."""
    several = not space.case.graph_form and 2 <= sum(size > 1 for size in space.sizes) <= rounds
    return several and space.size <= LARGEST_LISTED and space.possible(space.start)


def chances(
    case: Case | Space, *, deadlines: Sequence[int] = DEADLINES, exponents: Sequence[float] = HOLD_OUT,
    runs: int = 1_000, seed: int = 0, **options: Any,
) -> list[dict[str, Any]]:  # fmt: skip
    """Share of runs with a deal by rounds until the deadline and by the exponent of all parties' concessions.

    Unless ``options`` say otherwise, talks may break down after each round with a chance of 3 %: without that, whoever
    comes down to its reservation value at the deadline loses nothing by waiting.
    """
    from detente.analysis.table import table

    space = space_of(case)
    options = {"breakdown": 0.03, **options}
    found = []
    for rounds in deadlines:
        for exponent in exponents:
            result = table(
                space, strategies=f"time:{exponent:g}", rounds=rounds, runs=runs, seed=seed, **options
            )
            found.append({"rounds": rounds, "exponent": exponent, "deal_rate": result.deal_rate})
    return found
