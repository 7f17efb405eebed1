"""One negotiation held in plain Python, with its trace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detente.analysis.table.game import Setting
from detente.analysis.table.parts import Strategy, curve
from detente.analysis.table.plain import Bargainer, Listed, Plain, Talks, alternating
from detente.kernels.table import Stream


def one(setting: Setting, strategies: Sequence[Strategy], opener: int, state: int, draw: int = 0) -> Talks:
    """One negotiation between strategies, one for each seat, from the stream that begins at ``state``."""
    uniform = Stream(state)
    bargainers: list[Bargainer] = [
        plain(setting, strategy, i, uniform, draw) for i, strategy in enumerate(strategies)
    ]
    return alternating(bargainers, setting.game.risk.tolist(), opener, uniform)


def plain(setting: Setting, strategy: Strategy, seat: int, uniform: Stream, draw: int = 0) -> Plain:
    """A strategy of detente in a seat."""
    game = setting.game
    conceded = curve(strategy.offering, game.times, game.u.shape[2])
    return Plain(
        strategy,
        Listed(game, draw, seat),
        game.times.tolist(),
        np.asarray(conceded).tolist(),
        game.sizes.tolist(),
        len(setting.seats),
        uniform,
    )
