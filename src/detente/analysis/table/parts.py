"""What a strategy is made of: how it offers, when it accepts, what it makes of the others.

Utilities are a party's own. It concedes between its greatest utility and its floor: its reservation value, or its
least utility where that is more; the distance is its *span*. Its *list* is the outcomes from the best to the worst,
equal ones by number. Time t runs from 0 in the first round to 1 in the last.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from detente.errors import NeedsError
from detente.kernels import table as kernel
from detente.space.tables import Array

Offers = Literal[
    "time", "relative", "absolute", "averaged", "naive", "nice", "hybrid", "micro", "random", "top", "steps", "waste"
]  # fmt: skip
Accepts = Literal[
    "next", "target", "constant", "time", "combined", "any", "never", "previous", "best", "micro",
    "better",
]  # fmt: skip
Pick = Literal["last", "model", "alike", "any"]
Model = Literal["none", "frequency", "hardheaded", "bayes"]
Anchor = Literal["last", "first", "best"]

_OFFERS: tuple[str, ...] = (
    "time", "relative", "absolute", "averaged", "naive", "nice", "hybrid", "micro", "random", "top", "steps", "waste"
)  # fmt: skip
_ACCEPTS: tuple[str, ...] = (
    "next", "target", "constant", "time", "combined", "any", "never", "previous", "best", "micro",
    "better",
)  # fmt: skip
_PICKS: tuple[str, ...] = ("last", "model", "alike", "any")
_MODELS: tuple[str, ...] = ("none", "frequency", "hardheaded", "bayes")
_ANCHORS: tuple[str, ...] = ("last", "first", "best")
AIMING = ("time", "relative", "absolute", "averaged", "naive", "nice", "hybrid")
"""Ways of offering that set an aim, a utility, and then pick an outcome worth at least that."""
LADDER = ((450, 0.8), (1500, 0.775), (4500, 0.75), (18000, 0.725), (33000, 0.7))
"""What the hybrid strategy asks for at the deadline, as a share of its span, by the number of outcomes."""


@dataclass(frozen=True)
class Offering:
    """How a strategy offers.

    ``time``: the aim falls by initial + (1 - initial) t^exponent of the span (exponent None: never). ``relative``,
    ``absolute``, ``averaged``: tit for tat with the other's concession of ``amount`` offers ago (averaged: over so
    many), absolute with random ``noise`` (shares of the span). ``naive``: as much as the other has given in all, and
    ``amount`` of the span more each round. ``nice``: as the other nears the Nash point that the model expects.
    ``hybrid``: time and behaviour mixed. ``micro``: the next on the list whenever the other has made at least as many
    different offers. ``random``: any outcome no worse than no deal. ``top``: any of the best ``amount`` (share).
    ``steps``: down the list. ``waste``: first what is worse than no deal, then down the list.

    ``pick``: of the outcomes worth at least the aim, the ``last`` on the list; or, of those within ``width`` of the
    span above it, the best for the others by the ``model``, the most ``alike`` to the other's offer (its ``anchor``:
    last, first, or best), or ``any``.
    """

    kind: Offers = "time"
    exponent: float | None = 1.0
    initial: float = 0.0
    amount: float = 1.0
    noise: float = 0.0
    pick: Pick = "last"
    width: float = 0.05
    anchor: Anchor = "last"


@dataclass(frozen=True)
class Acceptance:
    """When a strategy accepts, always provided that the offer is no worse than no deal.

    ``next``: alpha (x - floor) + beta span is at least what it would offer next; ``target``: x is at least its aim;
    ``constant``: x is at least ``level`` of the span; ``time``: t is at least ``when``; ``combined``: next, or from
    ``when`` on the best that was heard in a window as long as the time that is left; ``any``; ``never``;
    ``previous``: at least its own last offer; ``best``: no worse than the best before; ``better``: better than that; ``micro``: as the strategy of that name.
    """

    kind: Accepts = "next"
    alpha: float = 1.0
    beta: float = 0.0
    level: float = 0.9
    when: float = 0.95


@dataclass(frozen=True)
class Strategy:
    """A strategy: its parts, and when it leaves: at time ``leave`` if nothing acceptable was heard (None: never)."""

    name: str
    offering: Offering = field(default_factory=Offering)
    acceptance: Acceptance = field(default_factory=Acceptance)
    model: Model = "none"
    leave: float | None = None
    about: str = ""

    def __post_init__(self) -> None:
        wants = self.offering.pick == "model" or self.offering.kind == "nice"
        if wants and self.model == "none":
            raise NeedsError(f"strategy '{self.name}' picks by a model of the others and has none")
        if self.acceptance.kind == "micro" and self.offering.kind != "micro":
            raise NeedsError(f"strategy '{self.name}': acceptance 'micro' goes with offering 'micro'")
        if self.acceptance.kind == "target" and self.offering.kind not in AIMING:
            raise NeedsError(
                f"strategy '{self.name}': acceptance 'target' needs an offering that sets an aim"
            )
        _check(self.name, self.offering.kind in _OFFERS, "a way of offering", self.offering.kind)
        _check(self.name, self.acceptance.kind in _ACCEPTS, "a way of accepting", self.acceptance.kind)
        exponent = self.offering.exponent
        _check(self.name, exponent is None or exponent > 0, "an exponent above 0", exponent)
        _check(
            self.name,
            0 <= self.offering.initial <= 1,
            "an initial concession of 0 to 1",
            self.offering.initial,
        )

    def named(self, name: str) -> Strategy:
        """The same strategy under another name."""
        return replace(self, name=name)

    @property
    def chance(self) -> bool:
        """Whether its moves are drawn, at least at times."""
        offering = self.offering
        return offering.kind in ("micro", "random", "top") or offering.pick == "any" or offering.noise > 0

    @property
    def timed(self) -> bool:
        """Whether it looks at the clock alone, whatever the others do."""
        return self.offering.kind == "time" and self.offering.pick == "last" and self.leave is None


def _check(name: str, holds: bool, what: str, got: object) -> None:
    if not holds:
        raise NeedsError(f"strategy '{name}': expected {what}; got {got}")


def curve(offering: Offering, times: Array, outcomes: int) -> Array:
    """The share of its span that a strategy has conceded by each time."""
    if offering.kind == "hybrid":
        final = next((share for size, share in LADDER if outcomes < size), 0.675)
        return np.asarray(1.0 - ((1 - times) ** 2 + 2 * (1 - times) * times * 0.75 + times**2 * final))
    if offering.exponent is None:
        return np.full(len(times), offering.initial)
    return np.asarray(offering.initial + (1.0 - offering.initial) * times**offering.exponent)


def minds(strategies: list[Strategy], times: Array, outcomes: int) -> kernel.Minds:
    """Strategies as the numbers of the kernel."""
    codes = np.array([_codes(s) for s in strategies], dtype=np.int64)
    params = np.array([_params(s) for s in strategies], dtype=float)
    curves = np.array([curve(s.offering, times, outcomes) for s in strategies], dtype=float)
    return kernel.Minds(codes, params, curves)


def _codes(strategy: Strategy) -> list[int]:
    offering = strategy.offering
    return [
        _OFFERS.index(offering.kind),
        _ACCEPTS.index(strategy.acceptance.kind),
        _PICKS.index(offering.pick),
        _MODELS.index(strategy.model),
        _ANCHORS.index(offering.anchor),
    ]


def _params(strategy: Strategy) -> list[float]:
    offering, acceptance = strategy.offering, strategy.acceptance
    leave = 2.0 if strategy.leave is None else strategy.leave
    return [
        offering.amount, offering.noise, acceptance.alpha, acceptance.beta, acceptance.level, acceptance.when, leave,
        offering.width,
    ]  # fmt: skip
