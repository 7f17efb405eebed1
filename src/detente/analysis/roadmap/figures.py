"""The figures of the roadmap analysis, as Vega-Lite specifications. Each party on its own scale, in its own panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detente.analysis.figures import COLOURS, figure

if TYPE_CHECKING:
    from detente.analysis.roadmap.evaluate import Course
    from detente.analysis.roadmap.result import RoadmapResult, Side

POINTS = 25
"""Patience levels of the map of trust."""


def charts(result: RoadmapResult) -> dict[str, dict[str, Any]]:
    """All figures that this result has data for."""
    side, course = shown(result)
    if course is None:
        return {}
    found = {"values": values(result, course), "trust": trust(result, side, course)}
    if result.steps(course, side.answer.scale):
        return {"timeline": timeline(result, side, course)} | found
    return found  # the target is today: there is no step to draw


def shown(result: RoadmapResult) -> tuple[Side, Course | None]:
    """The roadmap to draw: the one asked for, or the one without the deadline."""
    if result.main.answer.shown is None and result.without_deadline is not None:
        return result.without_deadline, result.without_deadline.answer.shown
    return result.main, result.main.answer.shown


def _label(result: RoadmapResult, name: str) -> str:
    return result.source.labels.get(name, name)


def timeline(result: RoadmapResult, side: Side, course: Course) -> dict[str, Any]:
    """The steps in order, with what each party would lose if all stopped there, and what breaking off would bring."""
    steps = result.steps(course, side.answer.scale)
    rows = []
    for number, step in enumerate(steps, start=1):
        act = ", ".join(f"{_label(result, i)}: {level}" for i, level in step.moves.items())
        for party in result.parties:
            base = {"step": f"{number}. {act}"[:70], "party": _label(result, party), "periods": step.periods}
            rows.append({**base, "measure": "lost if all stops here", "value": step.fall[party]})
            rows.append({**base, "measure": "gained by breaking off", "value": step.gap_raw[party]})
    order = list(dict.fromkeys(row["step"] for row in rows))
    encoding = {
        "y": {"field": "step", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 320}},
        "x": {"field": "value", "type": "quantitative", "title": "points of the party's own scale"},
        "color": {
            "field": "measure",
            "type": "nominal",
            "title": None,
            "scale": {"range": [COLOURS[0], COLOURS[1]]},
        },
        "yOffset": {"field": "measure"},
    }
    alt = "Steps of the roadmap and, for each party on its own scale, what it would lose if all stopped there and gain by breaking off: "
    alt += "; ".join(f"{r['step']}, {r['party']}, {r['measure']} {r['value']:.2g}" for r in rows[:24])
    inner = {"mark": {"type": "bar"}, "encoding": encoding, "height": {"step": 14}, "width": 180}
    return _faceted("Who is exposed at which step, and who is tempted", alt, rows, inner)


def _faceted(title: str, alt: str, rows: list[dict[str, Any]], inner: dict[str, Any]) -> dict[str, Any]:
    """A figure with one panel for each party, each with its own scale."""
    spec = figure(title, alt, layers=[{"data": {"values": rows}}])
    panels = list(dict.fromkeys(row["party"] for row in rows))
    for key in ("width", "height"):
        spec.pop(key)
    return spec | {
        "facet": {"column": {"field": "party", "type": "nominal", "title": None, "sort": panels}},
        "spec": inner,
        "resolve": {
            "scale": {
                "x": "independent",
                "y": "independent" if "yOffset" not in inner.get("encoding", {}) else "shared",
            }
        },
    }


def values(result: RoadmapResult, course: Course) -> dict[str, Any]:
    """What going on and breaking off are worth over time, one panel for each party."""
    rows = []
    for i, party in enumerate(result.parties):
        for t in range(course.stay.shape[1]):
            base = {"party": _label(result, party), "period": t}
            rows.append({**base, "what": "going on", "value": float(course.stay[i, t])})
            if np.isfinite(course.leave[i, t]):
                rows.append({**base, "what": "breaking off", "value": float(course.leave[i, t])})
    inner = {
        "mark": {"type": "line", "point": {"size": 40, "filled": True}, "interpolate": "linear"},
        "width": 190, "height": 220,
        "encoding": {
            "x": {"field": "period", "type": "quantitative", "title": "period", "axis": {"tickMinStep": 1}},
            "y": {"field": "value", "type": "quantitative", "title": "points of the party's own scale", "scale": {"zero": False}},
            "color": {"field": "what", "type": "nominal", "title": None, "scale": {"range": [COLOURS[1], COLOURS[0]]}},
            "strokeDash": {"field": "what", "type": "nominal", "title": None},
        },
    }  # fmt: skip
    alt = "For each party, what going on with the roadmap is worth at each period, and what breaking off would bring."
    return _faceted("Going on against breaking off", alt, rows, inner)


def trust(result: RoadmapResult, side: Side, course: Course) -> dict[str, Any]:
    """The largest gap of this roadmap as common patience varies: which trust makes up for which patience."""
    problem = (
        result.problem
        if side is not result.without_deadline
        else result.problem.changed(horizon=None, collapse=None)
    )
    share = side.answer.scale is not None and result.gap == "share"
    rows = []
    for factor in 1 / (1 + np.exp(-np.linspace(-2.5, 7.0, POINTS))):
        delta = np.full(len(result.parties), factor)
        scale = problem.scale("share" if share else "raw", delta)
        if scale is None:
            continue
        gaps = problem.course(course.states, delta).worst / scale
        days = -result.period_days / np.log(factor) * np.log(2)
        rows += [
            {"party": _label(result, p), "factor": float(factor), "half": float(days), "gap": float(g)}
            for p, g in zip(result.parties, gaps, strict=True)
        ]
    title = "trust needed (share of the party's own gain)" if share else "trust needed (own points)"
    party = {
        "field": "party",
        "type": "nominal",
        "title": None,
        "sort": [_label(result, p) for p in result.parties],
    }
    layer = {
        "data": {"values": rows},
        "mark": {"type": "line", "point": {"size": 30, "filled": True}},
        "encoding": {
            "x": {"field": "half", "type": "quantitative", "scale": {"type": "log", "nice": False}, "title": "patience: days until a gain counts half"},
            "y": {"field": "gap", "type": "quantitative", "title": title},
            "color": party, "strokeDash": party | {"legend": None},
        },
    }  # fmt: skip
    alt = "Trust that this roadmap needs from each party, as a function of patience; at zero the roadmap holds by itself."
    return figure("Trust against patience", alt, layers=[layer])
