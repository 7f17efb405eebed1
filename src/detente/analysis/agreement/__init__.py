"""Is there a deal? Zone of possible agreement, exact Pareto front, fair solutions, distance of positions.

The theory page on agreement has the definitions; `agreement` is the entry.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detente.analysis.agreement import solutions as solve
from detente.analysis.agreement import zone as zones
from detente.analysis.agreement.eliminate import Options, efficient_options
from detente.analysis.agreement.front import ParetoFront, pareto_front
from detente.analysis.agreement.offers import Offers, best_reply, equivalent_offers, joint_gains
from detente.analysis.agreement.positions import concessions, distances, trades
from detente.analysis.agreement.result import AgreementResult, scaled
from detente.analysis.agreement.solutions import Rules, Solution
from detente.analysis.agreement.stages import Stage, Stages
from detente.analysis.agreement.zone import Zone
from detente.analysis.result import provenance
from detente.case import Case
from detente.errors import NeedsError
from detente.kernels import search
from detente.space import SNAP, NoDealName, Space, compile_case
from detente.space.tables import Array

__all__ = [
    "AgreementResult",
    "Offers",
    "ParetoFront",
    "Solution",
    "Zone",
    "agreement",
    "best_reply",
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
    space = case if isinstance(case, Space) else compile_case(case)
    options = _check(space, no_deal, rules, weights)
    reservation, notes = space.reservation(no_deal)
    front, parts = pareto_front(space, limit=limit)
    ranges = _ranges(space, front)
    row = solve.weight_row(space, weights) if weights is not None else None
    found, exact_front = _solutions(space, front, parts, reservation, ranges, rules, row)
    zone = _zone(space, front, parts, reservation, found)
    misses = (
        None
        if zone.exists or zone.count != 0
        else zones.nearest_misses(front.levels, front.utilities, reservation)
    )
    return AgreementResult(
        source=provenance(
            space, {**options, "limit": limit}, [*notes, *_warnings(space, no_deal, zone, front)]
        ),
        exact=front.exact and all(s is None or s.exact for s in found.values()),
        bound=front.bound if not front.exact and np.isfinite(front.bound) else None,
        method=front.method,
        space=space,
        reservation=reservation,
        ranges=ranges,
        zone=zone,
        front=front,
        solutions=found,
        nearest=misses,
        distances=tuple(distances(space, ranges)),
        concessions=tuple(concessions(space, ranges)),
        trades=tuple(trades(space)),
        opposition=_opposition(space, front, ranges) if exact_front else None,
    )


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


def _ranges(space: Space, front: ParetoFront) -> Array:
    """Least and greatest utility of each party over the possible outcomes, (2, n_parties)."""
    low = [space.extreme(p, best=False) for p in range(space.n_parties)]
    high = [space.extreme(p) for p in range(space.n_parties)]
    return np.array([low, high], dtype=float)


def _solutions(
    space: Space,
    front: ParetoFront,
    parts: Stages | None,
    reservation: Array,
    ranges: Array,
    rules: Rules,
    weights: Array | None,
) -> tuple[dict[str, Solution | None], bool]:
    """The solutions, and whether the front is there in full."""
    full = front.exact and front.outcomes is None
    if not space.cardinal:
        return dict.fromkeys(solve.SOLUTIONS), full
    if rules != "detente":
        if not full:
            raise NeedsError(f"the rules of {rules} are computed on the whole front, which is too large here")
        return solve.by_rules(rules, front, reservation, ranges), full
    if full or parts is None:
        return solve.from_front(space, front, reservation, weights), full
    return solve.from_search(parts, reservation, weights), full


def _zone(
    space: Space,
    front: ParetoFront,
    parts: Stages | None,
    reservation: Array,
    found: Mapping[str, Solution | None],
) -> Zone:
    """Whether a deal exists, how many there are, and which levels occur in them."""
    good = zones.rational(front.utilities, reservation)
    known = front.levels[good]
    gain = bool((front.utilities[good] > reservation + SNAP).any())
    counted = _counted(space, parts, reservation)
    if parts is not None and counted is None:
        solved = [s for s in found.values() if s is not None]
        known = np.concatenate(
            [known, np.array([s.levels for s in solved], dtype=np.int64).reshape(-1, known.shape[1])]
        )
        gain = gain or any((s.utilities > reservation + SNAP).any() for s in solved)
        if not len(known):
            return Zone(False, 0, tuple((False,) * size for size in space.sizes))
        return Zone(bool(gain), None, zones.by_search(space, known, _Witness(parts, reservation)))
    count, levels = counted if counted is not None else (0, tuple((False,) * size for size in space.sizes))
    return Zone(
        bool(count and gain) if front.outcomes is None else _gains_somewhere(found, reservation),
        count,
        levels,
    )


def _counted(
    space: Space, parts: Stages | None, reservation: Array
) -> tuple[int, tuple[tuple[bool, ...], ...]] | None:
    """The number of rational outcomes and the levels in them; None where counting is out of reach."""
    if parts is not None and not parts.possible:
        return 0, tuple((False,) * size for size in space.sizes)
    if parts is None or (not parts.whole and space.size <= zones.LARGEST_LISTED):
        return zones.by_listing(space, reservation)
    return zones.by_halves(parts, reservation) if parts.whole else None


def _gains_somewhere(found: Mapping[str, Solution | None], reservation: Array) -> bool:
    return any(s is not None and (s.utilities > reservation + SNAP).any() for s in found.values())


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

    def _options(self, part: Stage, issue: int, level: int) -> tuple[Array, Array]:
        """The options of a stage that have the level."""
        if part.whole:
            rows = part.levels[:, part.issues.index(issue)] == level
            return part.levels[rows], part.values[rows]
        if issue not in self.tied:
            self.tied[issue] = efficient_options(self.parts.space, part.issues, keep=issue)
        options = self.tied[issue][level]
        return options.levels, options.values


def _opposition(space: Space, front: ParetoFront, ranges: Array) -> float | None:
    """Distance of the best compromise from everyone's best, on scaled utilities (Baarslag et al. 2013)."""
    if not space.cardinal or not len(front):
        return None
    return float(np.sqrt(((1.0 - scaled(front.utilities, ranges)) ** 2).sum(axis=1)).min())


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
