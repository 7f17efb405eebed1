"""Issue by issue: an agenda of talks, each over one issue, in place of offers of whole packages.

The sequential procedure of Fatima, Wooldridge and Jennings (2004). Chosen where it leaves things open: rounds are
divided evenly over the agenda; what is settled stands, what is still to come is taken as the status quo; without a
deal on an issue it stays as it is today; nothing is agreed until everything is, so at the end a package that is worse than
no deal for somebody at the table falls. Where everything stays as it is today there is no deal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detente.analysis.table.game import Setting, Terms, arrays
from detente.analysis.table.own import Own
from detente.analysis.table.parts import Strategy
from detente.analysis.table.runs import Ends, plan_runs, play, ratified
from detente.errors import NeedsError
from detente.kernels import table as kernel
from detente.space import SNAP
from detente.space.tables import Array

_ITEM = 0xA6E
"""Sets the streams of the items of an agenda apart."""


def ordered(setting: Setting, agenda: Sequence[str]) -> list[int]:
    """The issues in the order of the talks: those named first, then the others in file order; those of one level left out."""
    issues = setting.space.issues
    for name in agenda:
        if name not in issues:
            raise NeedsError(f"agenda: '{name}' is no issue; there are {', '.join(issues) or 'none'}")
    if len(set(agenda)) < len(agenda):
        raise NeedsError("agenda: an issue comes up once")
    named = [issues.index(name) for name in agenda]
    rest = [k for k in range(len(issues)) if k not in named]
    return [k for k in (*named, *rest) if setting.space.sizes[k] > 1]


def issue_by_issue(
    setting: Setting, choices: Sequence[Sequence[Strategy | Own]], agenda: Sequence[str], runs: int, seed: int, opener: int | None
) -> Ends:  # fmt: skip
    """Holds the talks of each run, one issue after the other, by alternating offers.

    Raises `NeedsError` for a case without issues, a status quo that cannot be, or fewer rounds than issues.
    """
    space, rounds = setting.space, setting.terms.rounds
    items = ordered(setting, agenda)
    place = np.full(space.size, -1, dtype=np.int64)
    place[setting.numbers] = np.arange(len(setting.numbers))
    if not items:
        raise NeedsError("issue by issue needs issues with something to settle")
    if place[space.number(space.start)] < 0:
        raise NeedsError("issue by issue begins at the status quo, which is an impossible outcome here")
    if rounds < len(items):
        raise NeedsError(f"issue by issue needs a round for each of {len(items)} issues; there are {rounds}")
    plan, _, chosen = plan_runs(len(setting.game.u), choices, runs, seed, opener)
    everyone = [strategy for offered in choices for strategy in offered]
    ends = Ends(
        np.full(runs, kernel.DEADLINE), np.full(runs, -1), np.full(runs, rounds - 1), np.full(runs, -1),
        plan[:, 0], plan[:, 1], chosen,
    )  # fmt: skip
    now = np.full(runs, space.number(space.start), dtype=np.int64)
    going = np.ones(runs, dtype=bool)
    first = 0
    for turn, issue in enumerate(items):
        last = rounds * (turn + 1) // len(items)
        terms = replace(setting.terms, rounds=last - first, risk=np.asarray(setting.terms.risk)[first:last])
        states = kernel.streams(seed ^ _ITEM * (turn + 1), np.arange(runs))
        for start in np.unique(now[going]):
            here = np.flatnonzero(going & (now == start))
            small = _one_issue(setting, terms, int(start), issue, place)
            out = play(small, everyone, plan[here], states[here])
            won = out[:, 0] == kernel.DEAL
            now[here[won]] = small.numbers[out[won, 1]]
            ends.round[here[won]], ends.by[here[won]] = first + out[won, 2], out[won, 3]
            over = np.isin(out[:, 0], (kernel.BROKEN, kernel.WALKED))
            ends.end[here[over]], ends.by[here[over]] = out[over, 0], out[over, 3]
            ends.round[here[over]] = first + out[over, 2]
            going[here[over]] = False
        first = last
    _close(setting, ends, place[now], going & (now != space.number(space.start)))
    fell = going & (ends.end == kernel.DEADLINE)
    ends.round[fell], ends.by[fell] = rounds - 1, -1
    return ratified(setting, ends)


def _one_issue(setting: Setting, terms: Terms, start: int, issue: int, place: Array) -> Setting:
    """The talks over one issue, all else being as in outcome ``start``; without a deal it stays as it is there."""
    space = setting.space
    level, stride = space.levels(start)[issue], space.strides[issue]
    numbers = start + (np.arange(space.sizes[issue], dtype=np.int64) - level) * stride
    levels = np.flatnonzero(place[numbers] >= 0)
    at = place[numbers[levels]]
    utilities = setting.utilities[:, :, at]
    stays = setting.utilities[:, :, place[start]]
    seats = list(setting.seats)
    game = arrays(
        utilities[:, seats], stays[:, seats], levels[:, None].astype(np.int32), np.array([space.sizes[issue]]), terms
    )  # fmt: skip
    return replace(
        setting, numbers=numbers[levels], utilities=utilities, reservation=stays, game=game, terms=terms
    )


def _close(setting: Setting, ends: Ends, at: Array, changed: Array) -> None:
    """What was settled is a deal unless it is worse than no deal for somebody at the table."""
    runs = np.flatnonzero(changed)
    seats = list(setting.seats)
    gains = setting.utilities[ends.draw[runs], :, at[runs]] - setting.reservation[ends.draw[runs]]
    good = runs[(gains[:, seats] >= -SNAP).all(axis=1)]
    ends.end[good], ends.outcome[good] = kernel.DEAL, at[good]
