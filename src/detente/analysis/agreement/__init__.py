"""Is there a deal? Zone of possible agreement, exact Pareto front, fair solutions, distance of positions.

The theory page on agreement has the definitions; `agreement` is the entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from detente.analysis.agreement import solutions as solve
from detente.analysis.agreement import zone as zones
from detente.analysis.agreement.between import refined
from detente.analysis.agreement.eliminate import Options, efficient_options
from detente.analysis.agreement.front import ParetoFront, folded, listed, stages_of, state_limit
from detente.analysis.agreement.listing import Levels, Listing, go_through
from detente.analysis.agreement.listing import zone as by_listing
from detente.analysis.agreement.offers import Offers, best_reply, equivalent_offers, joint_gains
from detente.analysis.agreement.result import AgreementResult, least_and_greatest
from detente.analysis.agreement.solutions import Rules, Solution
from detente.analysis.agreement.stages import Stage, Stages
from detente.analysis.agreement.zone import Zone
from detente.analysis.result import provenance, space_of
from detente.case import Case
from detente.errors import NeedsError
from detente.kernels import search
from detente.space import SNAP, NoDealName, Space
from detente.space.tables import Array

__all__ = [
    "AgreementResult",
    "Offers",
    "ParetoFront",
    "Solution",
    "Zone",
    "agreement",
    "best_reply",
    "count_acceptable",
    "equivalent_offers",
    "joint_gains",
]


def agreement(
    case: Case | Space,
    *,
    no_deal: NoDealName = "now",
    rules: Rules = "detente",
    weights: Mapping[str, float] | None = None,
    limit: int | None = None,
) -> AgreementResult:
    """Is there a deal?

    Every party with preferences has a say, ratifiers included.

    Parameters
    ----------
    case
        A case, or a space compiled from one.
    no_deal
        Which entry of the no-deal block the parties compare with: ``now`` or ``deadline``.
    rules
        Whose solution concepts: detente's (those of the theory page), or ``genius`` or ``negmas`` for
        comparison with these tools.
    weights
        Bargaining weights by party (1 where left out): adds a weighted Nash solution.
    limit
        Points that an exact front may take in memory; beyond it the front is thinned out, and says so.

    Raises
    ------
    NeedsError
        Where an option does not fit the case.
    CostError
        Where conditions tie so many issues together that the space would have to be listed and is too large.

    Cost: additive preferences never enumerate the outcomes; the work grows with the size of the front.
    Bonuses and impossible combinations over few issues are handled as joint stages; anything else is listed
    in chunks.
    """
    space = space_of(case)
    options = _check(space, no_deal, rules, weights)
    between = ""
    if space.sampled:
        space, done = refined(space, no_deal)
        exactly = done and rules == "detente" and weights is None
        how = (
            "exact: the points where they lie are among those used" if exactly else "those of the points used"
        )
        between = f"fair solutions on continuous issues are {how}"
    reservation, notes = space.reservation(no_deal)
    notes = [*notes, between] if between else notes
    row = solve.weight_row(space, weights) if weights is not None else None
    most = limit or state_limit(space.n_parties)
    parts = stages_of(space)
    listing = go_through(space, reservation, most) if parts is None else None
    front = folded(parts, most) if parts is not None else listed(space, listing)  # type: ignore[arg-type]
    ranges = None if listing is None else listing.ranges
    found = _solutions(space, front, parts, reservation, rules, row)
    zone = _zone(space, front, parts, listing, reservation, found)
    return AgreementResult(
        source=provenance(
            space, {**options, "limit": limit}, [*notes, *_warnings(space, no_deal, zone, front)]
        ),
        exact=front.exact and not space.sampled and all(s is None or s.exact for s in found.values()),
        bound=front.bound if not front.exact and np.isfinite(front.bound) else None,
        method=front.method,
        space=space,
        reservation=reservation,
        listed_ranges=ranges,
        zone=zone,
        front=front,
        solutions=found,
        nearest=None if zone.exists or zone.count != 0 else _misses(front, parts, reservation),
    )


def count_acceptable(space: Space, parties: Sequence[str], *, no_deal: NoDealName = "now") -> int | None:
    """How many possible outcomes some of the parties would each find no worse than no deal.

    ``parties`` have preferences, at least one. None where counting is out of reach; raises as `agreement`.
    """
    rows = [space.parties.index(party) for party in parties]
    only = replace(
        space,
        parties=tuple(parties),
        factors=tuple(space.factors[p] for p in rows),
        ordinal=tuple(space.ordinal[p] for p in rows),
    )
    reservation, _ = only.reservation(no_deal)
    parts = stages_of(only)
    found = by_listing(only, reservation) if parts is None else _counted(only, parts, reservation)
    return None if found is None else found[0]


def _check(space: Space, no_deal: str, rules: str, weights: Mapping[str, float] | None) -> dict[str, object]:
    if no_deal == "breakdown":
        raise NeedsError("no deal as breakdown is computed by the roadmap; use now or deadline here")
    if no_deal not in ("now", "deadline"):
        raise NeedsError(f"unknown no deal '{no_deal}'; there are now, deadline and breakdown")
    if rules not in ("detente", "genius", "negmas"):
        raise NeedsError(f"unknown rules '{rules}'; there are detente, genius and negmas")
    if not space.parties:
        raise NeedsError(f"agreement needs preferences, and no party of '{space.case.id}' has any")
    return {"no_deal": no_deal, "rules": rules, "weights": None if weights is None else dict(weights)}


def _solutions(
    space: Space,
    front: ParetoFront,
    parts: Stages | None,
    reservation: Array,
    rules: Rules,
    weights: Array | None,
) -> dict[str, Solution | None]:
    if not space.cardinal:
        if rules != "detente" or weights is not None:
            raise NeedsError("rules for sharing gains need preferences in numbers from every party")
        return dict.fromkeys(solve.SOLUTIONS)
    if rules == "detente":
        return solve.solve(space, front, parts, reservation, weights)
    if not front.exact or front.outcomes is not None:
        raise NeedsError(f"the rules of {rules} are computed on the whole front, which is too large here")
    return solve.by_rules(rules, front, reservation, least_and_greatest(space))


def _zone(
    space: Space,
    front: ParetoFront,
    parts: Stages | None,
    listing: Listing | None,
    reservation: Array,
    found: Mapping[str, Solution | None],
) -> Zone:
    """Whether a deal exists, how many there are, and which levels occur in them."""
    if listing is not None:
        return Zone(listing.gains, listing.count, listing.levels)
    assert parts is not None
    solved = [s for s in found.values() if s is not None]
    gain = any((s.utilities > reservation + SNAP).any() for s in solved)
    good = zones.rational(front.utilities, reservation)
    gain = gain or bool((front.utilities[good] > reservation + SNAP).any())
    counted = _counted(space, parts, reservation)
    if counted is not None:
        return Zone(gain, *counted)
    known = [
        front.levels[good],
        np.array([s.levels for s in solved], dtype=np.int64).reshape(-1, len(space.sizes)),
    ]
    witness = _Witness(parts, reservation)
    if not any(map(len, known)):
        first = witness.any()
        if first is None:
            return Zone(False, 0, tuple((False,) * size for size in space.sizes))
        known.append(np.array([first]))
    return Zone(gain, None, zones.by_search(space, np.concatenate(known), witness))


def _counted(space: Space, parts: Stages, reservation: Array) -> tuple[int, Levels] | None:
    """The number of rational outcomes and the levels in them; None where counting is out of reach."""
    if not parts.possible:
        return 0, tuple((False,) * size for size in space.sizes)
    if space.size <= search.ENUMERABLE:
        return by_listing(space, reservation)
    counted = zones.by_halves(parts, reservation) if parts.whole else None
    if counted is None and space.size <= zones.LARGEST_LISTED:
        return by_listing(space, reservation)
    return counted


def _misses(
    front: ParetoFront, parts: Stages | None, reservation: Array
) -> tuple[zones.NearestMiss, zones.NearestMiss] | None:
    """The outcomes nearest to acceptable; None where the front does not list them."""
    if front.outcomes is not None or not front.exact:
        return None
    return zones.nearest_misses(front.levels, front.utilities, reservation)


class _Witness:
    """Finds a rational outcome with a given level of a given issue, or None, by search with proof."""

    def __init__(self, parts: Stages, reservation: Array) -> None:
        self.parts, self.reservation = parts, reservation
        self.home = {issue: index for index, part in enumerate(parts.parts) for issue in part.issues}
        self.tied: dict[int, dict[int, Options]] = {}

    def __call__(self, issue: int, level: int) -> tuple[int, ...] | None:
        stage = self.home[issue]
        levels, values = self._options(self.parts.parts[stage], issue, level)
        if not len(values):
            return None
        stages = [values if i == stage else v for i, v in enumerate(self.parts.values)]
        answer = search.feasible(stages, self.reservation)
        if answer.choice is None:
            return None
        choice = np.array(answer.choice)
        chosen, choice[stage] = levels[choice[stage]], 0
        found = self.parts.levels(choice[None, :])[0]
        found[list(self.parts.parts[stage].issues)] = chosen
        return tuple(map(int, found))

    def any(self) -> tuple[int, ...] | None:
        """Some rational outcome."""
        answer = search.feasible(self.parts.values, self.reservation)
        if answer.choice is None:
            return None
        return tuple(map(int, self.parts.levels(np.asarray(answer.choice)[None, :])[0]))

    def _options(self, part: Stage, issue: int, level: int) -> tuple[Array, Array]:
        """The options of a stage that have the level."""
        if part.whole:
            rows = part.levels[:, part.issues.index(issue)] == level
            return part.levels[rows], part.values[rows]
        if issue not in self.tied:
            self.tied[issue] = efficient_options(self.parts.space, part.issues, keep=issue)
        options = self.tied[issue][level]
        return options.levels, options.values


def _warnings(space: Space, no_deal: str, zone: Zone, front: ParetoFront) -> list[str]:
    found = []
    if not space.cardinal:
        ordinal = [party for party, scale in space.scale.items() if scale == "ordinal"]
        found.append(f"{', '.join(ordinal)} only ranks outcomes: fair solutions need preferences in numbers")
    roles = {p: space.case.parties[p].roles for p in space.parties}
    if third := [p for p, r in roles.items() if not {"negotiator", "ratifier"} & set(r)]:
        found.append(f"{', '.join(third)} has preferences, so it has a say here like a negotiator")
    if space.case.no_deal is not None and space.case.no_deal.at_deadline is not None:
        other: NoDealName = "deadline" if no_deal == "now" else "now"
        reservation, _ = space.reservation(other)
        exists = bool(
            (
                zones.rational(front.utilities, reservation)
                & (front.utilities > reservation + SNAP).any(axis=1)
            ).any()
        )
        if exists != zone.exists and front.exact and front.outcomes is None:
            verdict = "a deal exists" if exists else "no deal exists"
            found.append(
                f"the verdict depends on what no deal means: with no deal as of '{other}', {verdict}"
            )
    if not front.exact and not len(front):
        found.append(
            f"{front.method}; the solutions were found by search; `--limit` raises the number of points"
        )
    elif not front.exact:
        found.append(
            f"the front is thinned out: a true point lies at most {front.bound:.3g} above the nearest one"
        )
    return found
