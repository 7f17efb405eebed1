"""The figures of the agreement analysis, as Vega-Lite specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detente.analysis.figures import COLOURS, HEAT, figure
from detente.space.tables import Array

if TYPE_CHECKING:
    from detente.analysis.agreement.result import AgreementResult

MOST_POINTS = 5_000
"""Beyond this many outcomes the scatter shows the front and a grid of counts, not every outcome."""
MOST_LISTED = 200_000

PLAIN = {
    "nash": "largest product of gains",
    "kalai_smorodinsky": "equal shares of what each could gain",
    "egalitarian": "equal gains",
    "utilitarian": "largest total",
    "weighted_nash": "largest weighted product of gains",
}
"""What figures call the solutions: the rule, not its author."""
_MARKS = (*PLAIN.values(), "no deal")
SHAPES = dict(
    zip(_MARKS, ("diamond", "square", "triangle-up", "circle", "triangle-down", "cross"), strict=True)
)
HUES = dict(zip(_MARKS, COLOURS[1:], strict=True))


def charts(result: AgreementResult) -> dict[str, dict[str, Any]]:
    """All figures that this result has data for."""
    out = {}
    if result.space.n_parties >= 2 and result.space.draws is None and len(result.front):
        out["scatter"] = scatter(result)
    if result.trades and result.space.n_parties:
        out["trades"] = trades(result)
    if any(distance.levels for distance in result.distances):
        out["positions"] = positions(result)
    return out


def scatter(result: AgreementResult, x: int = 0, y: int = 1) -> dict[str, Any]:
    """Outcomes in the utilities of two parties, with the front, no deal and the solutions."""
    names = [result.source.labels.get(p, p) for p in result.space.parties]
    layers: list[dict[str, Any]] = []
    if result.space.size <= MOST_LISTED:
        layers.append(_cloud(result, x, y))
    layers += [_front_layer(result, x, y), *_reservation_layers(result, x, y), _solution_layer(result, x, y)]
    alt = (
        f"Scatter of outcomes: utility of {names[x]} across, of {names[y]} upward, each on its own scale. "
        f"{len(result.front):,} efficient points; dashed lines mark no deal."
    )
    return figure("What each outcome is worth to each side", alt, layers=layers)


def _axis(result: AgreementResult, channel: str, party: int) -> dict[str, Any]:
    name = result.source.labels.get(result.space.parties[party], result.space.parties[party])
    title = f"{name}: worst 0, best 100, on its own scale"
    return {
        "field": channel,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [-5, 105]},
        "axis": {"tickCount": 5},
    }


def shown(result: AgreementResult, utilities: Array) -> Array:
    """Utilities (..., n_parties) as figures show them: 0 to 100 between a party's worst and best outcome."""
    span = np.where(result.ranges[1] > result.ranges[0], result.ranges[1] - result.ranges[0], 1.0)
    return np.asarray(100.0 * (utilities - result.ranges[0]) / span)


def _encoding(result: AgreementResult, x: int, y: int, **more: Any) -> dict[str, Any]:
    return {"x": _axis(result, "x", x), "y": _axis(result, "y", y), **more}


def _cloud(result: AgreementResult, x: int, y: int) -> dict[str, Any]:
    space = result.space
    utilities = shown(result, space.utilities()[:, space.feasible()].T).T[[x, y]]
    points, counts = np.unique(np.round(utilities, 9), axis=1, return_counts=True)
    if points.shape[1] <= MOST_POINTS:
        rows = [
            {"x": a, "y": b, "outcomes": n}
            for (a, b), n in zip(points.T.tolist(), counts.tolist(), strict=True)
        ]
        mark: dict[str, Any] = {"type": "circle", "size": 14, "color": "#9a9a9a", "opacity": 0.6}
        return {"data": {"values": rows}, "mark": mark, "encoding": _encoding(result, x, y)}
    count, xs, ys = np.histogram2d(utilities[0], utilities[1], bins=60)
    i, j = np.nonzero(count)
    rows = [
        {"x": xs[a], "x2": xs[a + 1], "y": ys[b], "y2": ys[b + 1], "outcomes": count[a, b]}
        for a, b in zip(i, j, strict=True)
    ]
    colour = {"field": "outcomes", "type": "quantitative", "scale": {"scheme": HEAT, "type": "log"}}
    encoding = _encoding(result, x, y, x2={"field": "x2"}, y2={"field": "y2"}, color=colour)
    return {"data": {"values": _plain(rows)}, "mark": {"type": "rect", "opacity": 0.7}, "encoding": encoding}


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: float(value) for key, value in row.items()} for row in rows]


def _front_layer(result: AgreementResult, x: int, y: int) -> dict[str, Any]:
    utilities = shown(result, result.front.utilities)
    step = max(1, len(utilities) // MOST_POINTS)
    rows = [{"x": float(u[x]), "y": float(u[y])} for u in utilities[::step]]
    two = result.space.n_parties == 2
    mark: dict[str, Any] = {"type": "line" if two else "circle", "color": COLOURS[0], "size": 30}
    if two:
        mark |= {
            "point": {"size": 30, "filled": True, "color": COLOURS[0]},
            "strokeWidth": 1.5,
            "interpolate": "linear",
        }
        mark.pop("size")
    return {"data": {"values": rows}, "mark": mark, "encoding": _encoding(result, x, y)}


def _reservation_layers(result: AgreementResult, x: int, y: int) -> list[dict[str, Any]]:
    at = shown(result, result.reservation)
    across, upward = float(at[x]), float(at[y])
    rule: dict[str, Any] = {"type": "rule", "strokeDash": [5, 4], "color": "#333333"}
    return [
        {"data": {"values": [{"x": across}]}, "mark": rule, "encoding": {"x": _axis(result, "x", x)}},
        {"data": {"values": [{"y": upward}]}, "mark": rule, "encoding": {"y": _axis(result, "y", y)}},
    ]


def _solution_layer(result: AgreementResult, x: int, y: int) -> dict[str, Any]:
    at = {PLAIN[name]: shown(result, s.utilities) for name, s in result.solutions.items() if s is not None}
    at["no deal"] = shown(result, result.reservation)
    rows = [{"x": float(u[x]), "y": float(u[y]), "point": name} for name, u in at.items()]
    domain = list(at)
    encoding = _encoding(
        result, x, y,
        shape={"field": "point", "type": "nominal", "title": None, "legend": {"columns": 2, "labelLimit": 300}, "scale": {
            "domain": domain, "range": [SHAPES[name] for name in domain]}},
        color={"field": "point", "type": "nominal", "title": None, "scale": {
            "domain": domain, "range": [HUES[name] for name in domain]}},
    )  # fmt: skip
    mark = {"type": "point", "size": 150, "filled": False, "strokeWidth": 2.5}
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def trades(result: AgreementResult) -> dict[str, Any]:
    """How much of each party's stake lies in each issue: a heat table."""
    rows = [
        {"issue": result.source.labels.get(t.issue, t.issue), "party": result.source.labels.get(party, party),
         "share": share, "text": f"{share:.0%}", "kind": t.kind}
        for t in result.trades
        for party, share in t.importance.items()
    ]  # fmt: skip
    issues = list(dict.fromkeys(row["issue"] for row in rows))
    parties = list(dict.fromkeys(row["party"] for row in rows))
    base = {
        "x": {
            "field": "party",
            "type": "nominal",
            "title": None,
            "sort": parties,
            "axis": {"labelAngle": 0, "orient": "top"},
        },
        "y": {"field": "issue", "type": "nominal", "title": None, "sort": issues},
    }
    colour = {
        "field": "share", "type": "quantitative", "title": "share of the party's stake",
        "scale": {"scheme": HEAT, "domain": [0, 1]}, "legend": {"format": ".0%"},
    }  # fmt: skip
    dark = {"condition": {"test": "datum.share > 0.55", "value": "black"}, "value": "white"}
    layers = [
        {"data": {"values": rows}, "mark": {"type": "rect"}, "encoding": {**base, "color": colour}},
        {"data": {"values": rows}, "mark": {"type": "text", "fontSize": 12},
         "encoding": {**base, "text": {"field": "text"}, "color": dark}},
    ]  # fmt: skip
    alt = "How much of each party's stake lies in each issue, as shares of its swings: " + "; ".join(
        f"{row['issue']}, {row['party']} {row['text']}" for row in rows[:24]
    )
    return figure("Who cares more about what", alt, layers=layers, height={"step": 30}, width={"step": 120})


def positions(result: AgreementResult) -> dict[str, Any]:
    """Where the stated positions lie on each issue."""
    rows = []
    for distance in result.distances:
        for issue, (mine, theirs, _) in distance.levels.items():
            names = result.space.level_names[result.space.issues.index(issue)]
            for party, level in zip(distance.parties, (mine, theirs), strict=True):
                at = names.index(level) / max(len(names) - 1, 1)
                rows.append({
                    "issue": result.source.labels.get(issue, issue), "party": result.source.labels.get(party, party),
                    "at": at, "level": level,
                })  # fmt: skip
    rows = [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in rows)]
    issues = list(dict.fromkeys(row["issue"] for row in rows))
    y = {"field": "issue", "type": "nominal", "title": None, "sort": issues}
    x = {"field": "at", "type": "quantitative", "title": "from first to last level", "axis": {"labels": False, "ticks": False}, "scale": {"domain": [-0.05, 1.05]}}  # fmt: skip
    who = {"field": "party", "type": "nominal", "title": None}
    layers = [
        {"data": {"values": rows}, "mark": {"type": "line", "color": "#bbbbbb", "strokeWidth": 3},
         "encoding": {"x": x, "y": y, "detail": {"field": "issue"}}},
        {"data": {"values": rows}, "mark": {"type": "point", "filled": True, "size": 130},
         "encoding": {"x": x, "y": y, "color": who, "shape": who}},
        {"data": {"values": rows}, "mark": {"type": "text", "dy": -13, "fontSize": 11},
         "encoding": {"x": x, "y": y, "text": {"field": "level"}}},
    ]  # fmt: skip
    alt = "Stated positions by issue: " + "; ".join(f"{r['issue']}: {r['party']} {r['level']}" for r in rows)
    return figure("How far apart the stated positions are", alt, layers=layers, height={"step": 52})
