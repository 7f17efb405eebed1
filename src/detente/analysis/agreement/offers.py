"""Questions of a negotiator: what is left on the table, which offers are alike to me, how to reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from detente.analysis.agreement.front import pareto_front
from detente.analysis.agreement.stages import Stages, stages
from detente.analysis.agreement.zone import rational
from detente.analysis.result import space_of, to_plain
from detente.case import Case
from detente.errors import NeedsError
from detente.kernels import search
from detente.space import SNAP, NoDealName, Space
from detente.space.tables import Array

ALIKE = 0.02
"""Offers whose worth to a party differs by less than this share of its range are alike to it."""
MAX_CANDIDATES = 200_000
ASPIRATION = 0.5


@dataclass(frozen=True, eq=False)
class Offers:
    """Outcomes that answer a negotiator's question, each with utilities (n_parties,)."""

    key: str
    space: Space
    levels: tuple[tuple[int, ...], ...]
    facts: Mapping[str, Any]
    words: str

    def to_plain(self) -> Any:
        """The answer as data of the JSON contract."""
        offers = [
            {"outcome": self.space.outcome(row), "utilities": self._by_party(self.space.utility(row))}
            for row in self.levels
        ]
        return to_plain({**self.facts, "offers": offers})

    def explain(self) -> str:
        """The answer in words."""
        lines = [self.words]
        for row in self.levels:
            outcome = self.space.outcome(row)
            text = outcome if isinstance(outcome, str) else ", ".join(f"{k}: {v}" for k, v in outcome.items())
            worth = ", ".join(f"{p} {u:.4g}" for p, u in self._by_party(self.space.utility(row)).items())
            lines.append(f"  {text}  ({worth})")
        return "\n".join(lines)

    def _by_party(self, utilities: Array) -> dict[str, float]:
        return {party: float(u) for party, u in zip(self.space.parties, utilities, strict=True)}


def _compiled(case: Case | Space) -> Space:
    space = space_of(case)
    if not space.cardinal:
        ordinal = [p for p, scale in space.scale.items() if scale == "ordinal"]
        raise NeedsError(
            f"this question needs preferences in numbers; {', '.join(ordinal)} only ranks outcomes"
        )
    return space


def _row(space: Space, party: str) -> int:
    if party not in space.parties:
        raise NeedsError(
            f"unknown party '{party}', or it has no preferences; there are {', '.join(space.parties)}"
        )
    return space.parties.index(party)


def joint_gains(
    case: Case | Space, outcome: Mapping[str, str] | str, *, no_deal: NoDealName = "now"
) -> Offers:
    """What could still be gained from an outcome, nobody losing.

    The offer is the outcome that gives every party the largest equal share of what it could gain from here
    (Kalai and Smorodinsky's rule with ``outcome`` in place of no deal); none where the outcome is efficient.
    ``no_deal`` is not used: the question starts from the outcome.
    """
    del no_deal
    space = _compiled(case)
    parts, here = stages(space), space.positions(outcome)
    worth = space.utility(here)
    from detente.analysis.agreement.solutions import ideal_gains

    ideal = ideal_gains(parts, worth)
    facts: dict[str, Any] = {"from": space.outcome(here), "possible": space.possible(here)}
    if ideal is None or not (ideal > SNAP).any():
        facts |= {"efficient": ideal is not None, "possible_gain": dict.fromkeys(space.parties, 0.0)}
        words = (
            "Nobody can gain from there without another losing."
            if ideal is not None
            else "No possible outcome is as good for all."
        )
        return Offers("joint_gains", space, (), facts, words)
    found = search.maxmin(parts.values, worth, scale=np.where(ideal > SNAP, ideal, 0.0))
    levels = _levels(parts, found)
    facts |= {"efficient": False, "possible_gain": dict(zip(space.parties, map(float, ideal), strict=True))}
    most = ", ".join(f"{party} up to {gain:.4g}" for party, gain in zip(space.parties, ideal, strict=True))
    return Offers(
        "joint_gains",
        space,
        levels,
        facts,
        f"Still to be gained from there, nobody losing: {most}. For example:",
    )


def _levels(parts: Stages, found: search.Found) -> tuple[tuple[int, ...], ...]:
    if found.choice is None:
        return ()
    return (tuple(map(int, parts.levels(np.asarray(found.choice)[None, :])[0])),)


def _target(
    space: Space, parts: Stages, party: int, aspiration: float | None, no_deal: NoDealName
) -> tuple[float, Array]:
    """The utility that a party holds out for, and the reservation: ``aspiration`` of its largest possible gain."""
    from detente.analysis.agreement.solutions import ideal_gains

    reservation, _ = space.reservation(no_deal)
    ideal = ideal_gains(parts, reservation)
    if ideal is None:
        raise NeedsError("no outcome is acceptable to every party, so there is nothing to offer")
    share = ASPIRATION if aspiration is None else aspiration
    return float(reservation[party] + share * ideal[party]), reservation


def equivalent_offers(
    case: Case | Space,
    party: str,
    n: int = 3,
    *,
    aspiration: float | None = None,
    no_deal: NoDealName = "now",
) -> Offers:
    """Several simultaneous offers that are worth the same to one party, as different as can be, all rational.

    The worth is ``aspiration`` (a share, 0.5 by default) of the party's largest possible gain; offers within
    2 % of its range count as the same. Candidates are all outcomes of that worth where there are at most
    200,000 possible outcomes, else those on the front. The first offer is the one the others like best (by
    their smallest share of ideal gain); each further one is the farthest from those chosen, in levels.
    """
    space = _compiled(case)
    p, parts = _row(space, party), stages(space)
    target, reservation = _target(space, parts, p, aspiration, no_deal)
    levels, utilities = _candidates(space, parts)
    span = np.ptp(utilities[:, p]) if len(utilities) else 0.0
    near = np.abs(utilities[:, p] - target) <= max(ALIKE * span, SNAP)
    rows = np.flatnonzero(near & rational(utilities, reservation))
    words = f"Offers worth about {target:.4g} to {party}, all acceptable to everyone:"
    facts = {"party": party, "worth": target}
    if not len(rows):
        return Offers(
            "meso", space, (), facts, f"No acceptable outcome is worth about {target:.4g} to {party}."
        )
    chosen = _spread_out(levels[rows], utilities[rows] - reservation, p, n, space)
    return Offers("meso", space, tuple(tuple(map(int, levels[rows[i]])) for i in chosen), facts, words)


def _candidates(space: Space, parts: Stages) -> tuple[Array, Array]:
    if space.size > MAX_CANDIDATES:
        front, _ = pareto_front(space)
        return front.levels, front.utilities
    numbers = np.flatnonzero(space.feasible())
    levels = np.stack(np.unravel_index(numbers, space.sizes), axis=1)
    return levels, space.utilities()[:, numbers].T


def _spread_out(levels: Array, gains: Array, party: int, n: int, space: Space) -> list[int]:
    """Greedy farthest points: rows of ``levels``, the first the best for the other parties."""
    others = np.delete(gains, party, axis=1)
    scale = np.where(others.max(axis=0, initial=0) > 0, others.max(axis=0, initial=0), 1.0)
    first = int((others / scale).min(axis=1).argmax()) if others.shape[1] else 0
    steps = np.maximum(np.array(space.sizes) - 1, 1)
    places = levels / steps
    chosen = [first]
    apart = np.abs(places - places[first]).sum(axis=1)
    while len(chosen) < min(n, len(levels)) and apart.max() > 0:
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, np.abs(places - places[chosen[-1]]).sum(axis=1))
    return chosen


def best_reply(
    case: Case | Space,
    party: str,
    offer: Mapping[str, str] | str,
    *,
    aspiration: float | None = None,
    no_deal: NoDealName = "now",
) -> Offers:
    """The reply to an offer that costs the others least while the party holds out for its aspiration.

    Among possible outcomes worth at least the aspiration to the party (or the offer itself, if that is worth
    as much), the one with the largest smallest change for the others against the offer: the counter-offer
    that gives way where it matters least. The aspiration is a share (0.5 by default) of the party's largest
    possible gain.
    """
    space = _compiled(case)
    p, parts = _row(space, party), stages(space)
    target, _ = _target(space, parts, p, aspiration, no_deal)
    here = space.positions(offer)
    worth = space.utility(here)
    facts = {
        "party": party,
        "offer": space.outcome(here),
        "holds_out_for": target,
        "offer_is_worth": float(worth[p]),
    }
    if worth[p] >= target - SNAP and space.possible(here):
        return Offers(
            "reply",
            space,
            (here,),
            {**facts, "accept": True},
            f"Accept: the offer is worth {worth[p]:.4g} to {party}.",
        )
    floor = np.full(space.n_parties, -np.inf)
    floor[p] = target
    others = np.ones(space.n_parties)
    others[p] = 0.0
    if space.n_parties == 1:
        others[p] = 1.0
    found = search.weighted_sum(parts.values, worth, weights=others, floors=floor)
    words = f"The offer is worth {worth[p]:.4g} to {party}, which holds out for {target:.4g}. A reply that costs the others least:"
    return Offers(
        "reply",
        space,
        _levels(parts, found),
        {**facts, "accept": False, "interpersonal": space.n_parties > 2},
        words,
    )
