"""One negotiation held in plain Python, with its trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from detente.analysis.table.game import Setting
from detente.analysis.table.own import Own, Seat
from detente.analysis.table.parts import Strategy, curve
from detente.analysis.table.plain import Bargainer, Listed, Plain, Talks, alternating
from detente.kernels.table import Stream


def one(
    setting: Setting, strategies: Sequence[Strategy | Own], opener: int, state: int, draw: int = 0,
    books: dict[tuple[int, int], Listed] | None = None,
) -> Talks:  # fmt: skip
    """One negotiation between strategies, one for each seat, from the stream that begins at ``state``.

    ``books``: lists by draw and seat that were made before, added to here.
    """
    uniform = Stream(state)
    bargainers: list[Bargainer] = []
    for i, strategy in enumerate(strategies):
        if isinstance(strategy, Own):
            bargainers.append(guest(setting, strategy, i, state, draw))
        else:
            bargainers.append(plain(setting, strategy, i, uniform, draw, books))
    return alternating(bargainers, setting.game.risk.tolist(), opener, uniform)


def plain(
    setting: Setting, strategy: Strategy, seat: int, uniform: Stream, draw: int = 0,
    books: dict[tuple[int, int], Listed] | None = None,
) -> Plain:  # fmt: skip
    """A strategy of detente in a seat."""
    game, books = setting.game, {} if books is None else books
    if (draw, seat) not in books:
        books[draw, seat] = Listed(game, draw, seat)
    conceded = curve(strategy.offering, game.times, game.u.shape[2])
    return Plain(
        strategy,
        books[draw, seat],
        game.times.tolist(),
        np.asarray(conceded).tolist(),
        game.sizes.tolist(),
        len(setting.seats),
        uniform,
    )


def guest(setting: Setting, strategy: Own, seat: int, state: int, draw: int = 0) -> Seat:
    """A person's own strategy in a seat: told of its own preferences and of nobody else's."""
    game, space = setting.game, setting.space
    order: list[int] = game.order[draw, seat].tolist()
    named = [space.outcome(space.levels(int(setting.numbers[o]))) for o in order]
    issues = dict(zip(space.issues or ("outcome",), map(list, space.level_names), strict=True))
    told: dict[str, Any] = {
        "outcomes": named,
        "utilities": game.us[draw, seat].tolist(),
        "reservation": float(setting.reservation[draw, setting.seats[seat]]),
        "rounds": setting.terms.rounds,
        "parties": len(setting.seats),
        "me": seat,
        "issues": issues,
        "seed": f"{state}-{seat}",
    }
    return Seat(strategy, told, order)
