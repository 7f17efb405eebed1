"""The named settings of the spatial model of politics, as KTAB has them.

Source: KAPSARC Toolkit for Behavioral Analysis, ``examples/smp`` and ``kmodel`` (MIT licence, last changed in 2019);
definitions were read there and written anew. The defaults are its defaults.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from detente.errors import NeedsError

Vote = Literal["proportional", "binary", "proportional-binary", "cubic", "proportional-cubic", "prospect"]
Victory = Literal["linear", "square", "quartic", "octic", "binary"]
Election = Literal["conditional", "markov-uniform", "markov-incentive"]
RiskRange = Literal["min", "mid", "max"]
RiskAdjust = Literal["none", "third", "half", "two-thirds", "full"]
Commitment = Literal["none", "semi", "full"]
Interpolation = Literal["s1p1", "s2p2", "s2pmax"]
Bargain = Literal["initiator", "both", "compromise"]
Transition = Literal["deterministic", "random"]


@dataclass(frozen=True)
class Rules:
    """How the spatial model votes, elects, judges risk and bargains.

    vote
        How a difference in utility becomes a vote.
    victory
        How the strengths of two coalitions become a chance to win.
    election
        How chances in pairs become one distribution over options.
    risk_range
        Risk attitudes run from 0, -1/2 or -1 (the least likely position) to 1 (the most likely).
    risk_adjust
        How far actors see the risk attitude of others rather than their own in them.
    commitment
        Whether a third party must move with the winner. Only with ``semi`` has it something to vote on: with the
        others both sides of its comparison are equal in KTAB's formula, so it keeps out.
    interpolation
        Where a bargain puts the two: by salience and chance, both as they are or squared, or by shifts.
    bargain
        From whose eyes bargains are made: the initiator's, both (two bargains), or their weighted mean.
    transition
        Whether an actor takes the bargain that comes out first, or draws one by its share.
    """

    vote: Vote = "proportional"
    victory: Victory = "linear"
    election: Election = "conditional"
    risk_range: RiskRange = "mid"
    risk_adjust: RiskAdjust = "third"
    commitment: Commitment = "semi"
    interpolation: Interpolation = "s2p2"
    bargain: Bargain = "initiator"
    transition: Transition = "deterministic"

    def __post_init__(self) -> None:
        for name, allowed in choices().items():
            if getattr(self, name) not in allowed:
                raise NeedsError(
                    f"{name}: '{getattr(self, name)}' is not a rule; there are {', '.join(allowed)}"
                )

    def named(self) -> dict[str, Any]:
        """The settings by name."""
        return asdict(self)


def choices() -> dict[str, tuple[str, ...]]:
    """What each setting may be."""
    hints = get_type_hints(Rules)
    return {field.name: get_args(hints[field.name]) for field in fields(Rules)}


@dataclass(frozen=True)
class Stop:
    """When a run without a set number of turns ends: once a turn moves less than a share of what the first did."""

    least: int = 2
    most: int = 100
    share: float = 0.02
    floor: float = 1e-4

    def __post_init__(self) -> None:
        if not (1 <= self.least <= self.most and self.share >= 0):
            raise NeedsError("stop: at least 1 turn, no fewer at most than at least, and a share from 0")


STOP = Stop()
