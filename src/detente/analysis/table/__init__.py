"""What happens at the table? Simulated bargaining under protocols, strategies, deadlines and mediation.

The theory page on the table has the definitions; `table` is the entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from detente.analysis.result import provenance
from detente.analysis.table.draws import drawn_spaces
from detente.analysis.table.game import Setting, Terms, setting
from detente.analysis.table.own import Fault, Own, own
from detente.analysis.table.parts import Acceptance, Offering, Strategy
from detente.analysis.table.result import TableResult
from detente.analysis.table.runs import hold, payoffs
from detente.analysis.table.strategies import EXPONENTS, VARIED, strategies, strategy
from detente.analysis.table.tournament import TournamentResult, tournament
from detente.case import Case
from detente.case.structure import among
from detente.errors import NeedsError
from detente.space import NoDealName, Space, compile_case

__all__ = [
    "EXPONENTS",
    "Acceptance",
    "Fault",
    "Offering",
    "Own",
    "Protocol",
    "Strategy",
    "TableResult",
    "TournamentResult",
    "own",
    "strategies",
    "table",
    "tournament",
]

Protocol = Literal["alternating", "simultaneous", "demand", "text", "rubinstein"]
ROUNDS = 100
RUNS = 1_000
MOST_ROUNDS, MOST_RUNS = 100_000, 100_000_000


def table(
    case: Case | Space,
    *,
    strategies: Mapping[str, str | Strategy | Own] | str | Strategy | Own = VARIED,
    rounds: int = ROUNDS,
    runs: int = RUNS,
    seed: int = 0,
    no_deal: NoDealName = "now",
    breakdown: float | Sequence[float] = 0.0,
    opener: str | None = None,
    draws: int = 0,
    open_clock: bool = False,
) -> TableResult:
    """What happens at the table? Where simulated negotiations end.

    Negotiators with preferences sit at the table. Whoever else has preferences, ratifiers above all, must agree to a
    deal afterwards: one that is worse than no deal for it is refused, and counts as no deal.

    Parameters
    ----------
    case
        A case, or a space compiled from one.
    strategies
        For all parties, or by party: a name, ``time:EXPONENT``, several with ``|`` between them (one is drawn in each
        run), ``varied`` (time-dependent with a drawn exponent; also for parties left out), ``file.py:Class`` for
        one of your own, a `Strategy`, or an `Own`.
    rounds
        Rounds until the deadline; in each, every party has one turn.
    runs, seed
        How many negotiations, and what their random numbers begin from.
    no_deal
        Which entry of the no-deal block holds without a deal: ``now`` or ``deadline``.
    breakdown
        Chance that talks break down at the end of a round, or one for each round.
    opener
        The party that opens; drawn in each run without.
    draws
        How many draws of the case's uncertain numbers runs are spread over; 0: its single values.
    open_clock
        Count time as NegMAS does, so that nobody quite reaches its reservation value.

    Raises
    ------
    NeedsError
        Where an option does not fit, nobody has preferences, or nothing is possible.
    CostError
        Where the outcomes, times the draws, are too many to list.

    Cost: a sort of the outcomes for each party and draw, then 5 to 200 ns an offer; strategies that look at the clock
    alone are tabulated, and equal runs held once. Other strategies compile for some seconds the first time.
    """
    space = case if isinstance(case, Space) else compile_case(case)
    _check(space, rounds, runs, draws, no_deal)
    terms = Terms(rounds, _risk(breakdown, rounds), no_deal, open_clock)
    here = setting(space, terms, drawn_spaces(space, draws, seed))
    asked = chosen(here, strategies)
    choices = tuple(tuple(strategy(text)) for text in asked.values())
    first = None if opener is None else _seat(here, opener)
    ends = hold(here, choices, runs, seed, first)
    guests = [s for offered in choices for s in offered if isinstance(s, Own)]
    faults = [vars(fault) for guest in guests for fault in guest.faults]
    for guest in guests:
        guest.close()
    shown = {name: text if isinstance(text, str) else text.name for name, text in asked.items()}
    options: dict[str, Any] = {
        "protocol": "alternating", "strategies": shown, "rounds": rounds, "runs": runs, "no_deal": no_deal,
        "breakdown": breakdown if isinstance(breakdown, float | int) else list(breakdown), "opener": opener,
        "draws": draws, "open_clock": open_clock,
    }  # fmt: skip
    return TableResult(
        source=provenance(space, options, here.notes, seed),
        exact=False,
        method=f"{runs:,} simulated negotiations of stacked alternating offers",
        setting=here,
        choices=choices,
        asked=shown,
        protocol="alternating",
        runs=runs,
        seed=seed,
        ends=ends,
        payoffs=payoffs(here, ends),
        further={"faults": faults} if guests else {},
    )


def _check(space: Space, rounds: int, runs: int, draws: int, no_deal: str) -> None:
    if space.draws is not None:
        raise NeedsError("a table is one case at a time; `draws` draws its uncertain numbers")
    if not 1 <= rounds <= MOST_ROUNDS:
        raise NeedsError(f"rounds is a count from 1 to {MOST_ROUNDS:,}; got {rounds}")
    if not 1 <= runs <= MOST_RUNS:
        raise NeedsError(f"runs is a count from 1 to {MOST_RUNS:,}; got {runs}")
    if draws < 0:
        raise NeedsError(f"draws is a count from 0; got {draws}")
    if no_deal == "breakdown":
        raise NeedsError("no deal as breakdown is computed by the roadmap; use now or deadline here")
    if no_deal not in ("now", "deadline"):
        raise NeedsError(f"unknown no deal '{no_deal}'; there are now and deadline")


def _risk(breakdown: float | Sequence[float], rounds: int) -> Any:
    risk = np.broadcast_to(np.asarray(breakdown, dtype=float), (rounds,)) if np.ndim(breakdown) == 0 else np.asarray(breakdown, dtype=float)  # fmt: skip
    if risk.shape != (rounds,):
        raise NeedsError(f"breakdown is one chance, or one for each of the {rounds} rounds; got {len(risk)}")
    if not ((risk >= 0) & (risk <= 1)).all():
        raise NeedsError("breakdown is a chance from 0 to 1")
    return risk


def _seat(here: Setting, name: str) -> int:
    if name not in here.names:
        raise NeedsError(f"'{name}' has no seat at the table; there are {among(here.names)}")
    return here.names.index(name)


def chosen(
    here: Setting, asked: Mapping[str, str | Strategy | Own] | str | Strategy | Own
) -> dict[str, str | Strategy | Own]:
    """The strategy of each seat, as asked for."""
    if not isinstance(asked, Mapping):
        return dict.fromkeys(here.names, asked)
    for name in asked:
        _seat(here, name)
    return {name: asked.get(name, VARIED) for name in here.names}
