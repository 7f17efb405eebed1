"""What a slider shows at once: the outcomes of two parties, or how densely they lie, with front, solutions and zone."""

from __future__ import annotations

from typing import Any

import numpy as np

from detente.analysis.agreement import AgreementResult, agreement
from detente.analysis.agreement.figures import PLAIN, shown
from detente.analysis.result import to_plain
from detente.case import Case
from detente.errors import NeedsError
from detente.space import Space, compile_case
from detente.space.tables import Array

MOST_POINTS = 5_000
"""Outcomes up to which each is a point; above, cells are counted."""
MOST_COUNTED = 2_000_000
"""Outcomes up to which cells are counted; above, the front alone is sent."""
MOST_FRONT = 2_000
"""Points of the front that are sent."""
ACROSS, UPWARD = 200, 160
"""Cells of the density image over -2..102 on both axes."""


def live(case: Case, pair: tuple[str, str] | None = None) -> dict[str, Any]:
    """One redraw for two parties (the first two without ``pair``); utilities 0..100 on each party's own scale."""
    space = compile_case(case)
    result = agreement(space)
    x, y = _pair(space, pair)
    front = result.front.utilities[:MOST_FRONT]
    solutions = [
        {
            "name": PLAIN[name],
            "at": _at(result, found.utilities[None], x, y)[0],
            "number": space.number(found.levels),
        }
        for name, found in result.solutions.items()
        if found is not None
    ]
    plain: dict[str, Any] = to_plain(
        {
            "outcomes": space.size,
            "pair": [space.parties[x], space.parties[y]],
            "labels": [case.label(space.parties[x]), case.label(space.parties[y])],
            "parties": list(space.parties),
            **_cloud(space, result, x, y),
            "front": _at(result, front, x, y),
            "front_count": result.front.count,
            "solutions": solutions,
            "no_deal": _at(result, result.reservation[None], x, y)[0],
            "zone": {"exists": result.zone.exists, "count": result.zone.count},
            "words": result.explain().split("\n")[0],
        }
    )
    return plain


def _pair(space: Space, pair: tuple[str, str] | None) -> tuple[int, int]:
    if space.n_parties < 2:
        raise NeedsError("the scatter needs two parties with preferences")
    if pair is None:
        return 0, 1
    for name in pair:
        if name not in space.parties:
            raise NeedsError(f"unknown party '{name}'; there are {', '.join(space.parties)}")
    return space.parties.index(pair[0]), space.parties.index(pair[1])


def _at(result: AgreementResult, utilities: Array, x: int, y: int) -> list[list[float]]:
    points: list[list[float]] = shown(result, utilities)[:, [x, y]].round(1).tolist()
    return points


def _cloud(space: Space, result: AgreementResult, x: int, y: int) -> dict[str, Any]:
    if space.size > MOST_COUNTED:
        return {"points": None, "numbers": None, "density": None}
    utilities, possible = space.utilities()[[x, y]], space.feasible()
    if np.count_nonzero(possible) <= MOST_POINTS:
        low, span = _scale(result, x, y)
        points = (100.0 * (utilities - low) / span).T[possible]
        return {"points": points.round(1), "numbers": np.flatnonzero(possible), "density": None}
    counts = np.bincount(_cells(result, utilities[:, possible], x, y), minlength=ACROSS * UPWARD)
    where = np.flatnonzero(counts)
    return {
        "points": None,
        "numbers": None,
        "density": {"across": ACROSS, "upward": UPWARD, "cells": where, "counts": counts[where]},
    }


def _scale(result: AgreementResult, x: int, y: int) -> tuple[Array, Array]:
    """Worst utility and span of two parties, (2, 1), as figures show them."""
    low, high = result.ranges[:, [x, y], None]
    return low, np.where(high > low, high - low, 1.0)


def _cells(result: AgreementResult, utilities: Array, x: int, y: int) -> Array:
    """The cell of each outcome, from utilities of the two parties (2, outcomes)."""
    low, span = _scale(result, x, y)
    steps = np.array([[ACROSS], [UPWARD]]) / (104.0 * span)
    place = ((utilities - (low - 0.02 * span)) * (100.0 * steps)).astype(np.int32)
    return np.asarray(place[1] * ACROSS + place[0])


def nearest(case: Case, pair: tuple[str, str] | None, at: tuple[float, float]) -> int:
    """The number of the possible outcome that lies nearest to a place of the scatter."""
    space = compile_case(case)
    if space.size > MOST_COUNTED:
        raise NeedsError("too many outcomes to point at one of them")
    x, y = _pair(space, pair)
    points = shown(agreement(space), space.utilities().T)[:, [x, y]]
    away = ((points - np.array(at)) ** 2).sum(axis=1)
    away[~space.feasible()] = np.inf
    return int(np.argmin(away))


def outcome(case: Case, number: int) -> dict[str, Any]:
    """What an outcome is, and who gains: its levels, and for each party its worth against no deal."""
    space = compile_case(case)
    result = agreement(space)
    levels = space.levels(number)
    worth = space.utility(levels)
    parties: list[dict[str, Any]] = [
        {
            "party": party,
            "label": case.label(party),
            "worth": float(shown(result, worth[None])[0, p]),
            "gain": float(shown(result, (worth - result.reservation)[None] + result.ranges[0])[0, p]),
        }
        for p, party in enumerate(space.parties)
    ]
    gains = [row["label"] for row in parties if row["gain"] > 0]
    loses = [row["label"] for row in parties if row["gain"] < 0]
    said = [f"{', '.join(gains)} gain{'s' * (len(gains) == 1)} over no deal"] if gains else []
    said += [f"{', '.join(loses)} lose{'s' * (len(loses) == 1)}"] if loses else []
    plain: dict[str, Any] = to_plain(
        {
            "number": number,
            "outcome": space.outcome(levels),
            "possible": space.possible(levels),
            "parties": parties,
            "words": ("; ".join(said) or "nobody gains or loses against no deal") + ".",
        }
    )
    return plain
