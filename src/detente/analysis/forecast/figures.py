"""The figures of the forecast, as Vega-Lite specifications.

Actors are told apart by shape as well as colour; with many paths, ranges are drawn, never a mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detente.analysis.figures import COLOURS, HEAT, figure

if TYPE_CHECKING:
    from detente.analysis.forecast.result import ForecastResult

BINS = 20
MOST_TURNS_DRAWN = 60
"""Points of a line that are drawn; of longer runs every second, third ... turn, and the last."""
LONG = 16
"""Names longer than this are replaced by the id in figures."""
MOST_LISTED = 32
"""Actors that a legend lists."""
LEAST_SHOWN = 0.005
"""Movement, as a share of the scale, that a heat table shows."""
SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "triangle-left")


def charts(result: ForecastResult) -> dict[str, dict[str, Any]]:
    """All figures that this result has data for."""
    out: dict[str, dict[str, Any]] = {}
    if result.turns and not result.paths.many:
        out["positions"] = positions(result)
    elif result.turns:
        out["ranges"] = ranges(result)
    if result.turns and (result.influence >= LEAST_SHOWN).any():
        out["influence"] = influence(result)
    if result.turns or len(result.actors) > 1:
        out["histogram"] = histogram(result)
    if result.turns and len(result.inputs.issues) >= 2 and not result.paths.many:
        out["map"] = map_of(result)
    return out


def short(result: ForecastResult, name: str) -> str:
    """A name for a figure: the label unless it is long."""
    label = result.label(name)
    return label if len(label) <= LONG else name


def _scale(result: ForecastResult, k: int) -> dict[str, Any]:
    low, high = float(result.inputs.low[k]), float(result.inputs.high[k])
    edge = 0.03 * (high - low)
    return {"domain": [low - edge, high + edge], "nice": False}


def _baseline_rule(result: ForecastResult, k: int, channel: str) -> list[dict[str, Any]]:
    """The weighted mean of the stated positions as a dashed line."""
    value = result.inputs.on_scale(result.base.mean).mean(axis=0)[k]
    if np.isnan(value):
        return []
    data = {"values": [{"at": float(value), "what": "weighted mean at the start"}]}
    at = {"field": "at", "type": "quantitative", "scale": _scale(result, k)}
    rule = {
        "data": data,
        "mark": {"type": "rule", "strokeDash": [5, 4], "color": "#555555"},
        "encoding": {channel: at, "tooltip": {"field": "what"}},
    }
    return [rule]


def positions(result: ForecastResult) -> dict[str, Any]:
    """Dots and lines over turns, one panel for each issue; the size of a dot is the salience."""
    panels = [_over_turns(result, k) for k in range(len(result.inputs.issues))]
    alt = (
        f"Positions of {len(result.actors)} actors over {result.turns} turns, one panel for each issue; dots are "
        "larger where the issue matters more to the actor; the dashed line is the weighted mean at the start."
    )
    return _stacked("Positions over turns", alt, panels)


def _over_turns(result: ForecastResult, k: int) -> dict[str, Any]:
    step = max(1, -(-result.turns // MOST_TURNS_DRAWN))
    shown = sorted({*range(0, result.turns + 1, step), result.turns})
    at = result.positions[:, 0, :, k]
    salience = result.inputs.salience[0, :, k]
    values = [
        {"turn": t, "position": float(at[t, i]), "actor": short(result, a), "salience": float(100 * salience[i])}
        for i, a in enumerate(result.actors)
        for t in shown
    ]  # fmt: skip
    issue = result.label(result.inputs.issues[k])
    x = {"field": "turn", "type": "quantitative", "title": "turn", "scale": {"domain": [0, result.turns], "nice": False},
         "axis": {"tickMinStep": 1, "format": "d"}}  # fmt: skip
    y = {"field": "position", "type": "quantitative", "title": issue, "scale": _scale(result, k)}
    dots = {
        "field": "salience", "type": "quantitative", "title": "salience, %",
        "scale": {"domain": [0, 100], "range": [4, 130]},
        "legend": {"values": [10, 50, 100], "symbolFillColor": "#555555", "symbolStrokeColor": "#555555"},
    }  # fmt: skip
    who = _who(result)
    encoding = {"x": x, "y": y, "color": who["color"]}
    layers = [
        *_baseline_rule(result, k, "y"),
        {"mark": {"type": "line", "strokeWidth": 1.3, "opacity": 0.75}, "encoding": encoding},
        {
            "mark": {"type": "point", "filled": True, "opacity": 0.9},
            "encoding": {**encoding, "size": dots, "shape": who["shape"]},
        },
    ]
    return {"data": {"values": values}, "width": 460, "height": 280, "layer": layers}


def _who(result: ForecastResult) -> dict[str, Any]:
    """Colour and shape of each actor, in one legend where there are few enough to list."""
    names = [short(result, a) for a in result.actors]
    few = len(names) <= MOST_LISTED
    legend = (
        {"title": None, "orient": "right", "symbolSize": 70, "columns": -(-len(names) // 16)} if few else None
    )
    looks = {
        "color": [COLOURS[i % len(COLOURS)] for i in range(len(names))],
        "shape": [SHAPES[i // len(COLOURS) % len(SHAPES)] for i in range(len(names))],
    }
    return {
        channel: {
            "field": "actor", "type": "nominal", "sort": names, "legend": legend,
            "scale": {"domain": names, "range": looked},
        }
        for channel, looked in looks.items()
    }  # fmt: skip


def ranges(result: ForecastResult) -> dict[str, Any]:
    """For each actor, where it starts and between what it ends, over readings or draws."""
    panels = []
    for k in range(len(result.inputs.issues)):
        at = result.positions[:, :, :, k]
        values = [
            {"actor": short(result, a), "start": float(at[0, :, i].mean()), "low": float(at[-1, :, i].min()),
             "high": float(at[-1, :, i].max())}
            for i, a in enumerate(result.actors)
        ]  # fmt: skip
        y = {"field": "actor", "type": "nominal", "sort": None, "title": None}
        title = result.label(result.inputs.issues[k])
        low = {"field": "low", "type": "quantitative", "title": title, "scale": _scale(result, k)}
        panels.append({
            "data": {"values": values}, "width": 460, "height": {"step": 20},
            "layer": [
                *_baseline_rule(result, k, "x"),
                {"mark": {"type": "bar", "height": 9, "color": COLOURS[5]},
                 "encoding": {"y": y, "x": low, "x2": {"field": "high"}}},
                {"mark": {"type": "tick", "color": COLOURS[0], "thickness": 3, "size": 15},
                 "encoding": {"y": y, "x": {"field": "start", "type": "quantitative"}}},
            ],
        })  # fmt: skip
    what = f"{len(result.paths.readings)} readings" if result.paths.readings else "draws"
    alt = (
        f"Range of end positions of {len(result.actors)} actors over {what}: a bar from least to greatest, a tick at "
        "the start, a dashed line at the weighted mean of the start."
    )
    return _stacked(f"Where actors may end ({what}; tick: start)", alt, panels)


def influence(result: ForecastResult) -> dict[str, Any]:
    """Who moved whom, as a heat table."""
    names = [short(result, a) for a in result.actors]
    values = [
        {"by": names[a], "moved": names[b], "share": float(result.influence[a, b])}
        for a, b in np.argwhere(result.influence >= LEAST_SHOWN).tolist()
    ]
    encoding = {
        "x": {"field": "moved", "type": "nominal", "sort": names, "title": "who moved", "scale": {"domain": names},
              "axis": {"labelAngle": -40}},
        "y": {"field": "by", "type": "nominal", "sort": names, "title": "in bargains with", "scale": {"domain": names}},
    }  # fmt: skip
    heat = {"field": "share", "type": "quantitative", "scale": {"scheme": HEAT, "reverse": True},
            "title": "share of the scale", "legend": {"format": ".0%"}}  # fmt: skip
    layers: list[dict[str, Any]] = [{"mark": "rect", "encoding": {**encoding, "color": heat}}]
    if len(names) <= 20:
        limit = 0.55 * float(result.influence.max())
        layers.append({
            "mark": {"type": "text", "fontSize": 10},
            "encoding": {**encoding, "text": {"field": "share", "type": "quantitative", "format": ".0%"},
                         "color": {"condition": {"test": f"datum.share > {limit!r}", "value": "white"}, "value": "black"}},
        })  # fmt: skip
    side = max(6, 26 if len(names) <= 20 else 420 // len(names))
    alt = "Heat table of who moved whom: rows are those moved with, columns those who moved, as a share of the scales."
    return figure(
        "Who moved whom",
        alt,
        layers=layers,
        data={"values": values},
        width={"step": side + 8},
        height={"step": side},
    )


def histogram(result: ForecastResult) -> dict[str, Any]:
    """Where the weight stands at the end: capability times salience by position, over all readings and draws."""
    panels = [_bins(result, k, standing(result, k)) for k in range(len(result.inputs.issues))]
    alt = "Histogram of positions weighted with capability and salience, at the start and at the end, for each issue."
    return _stacked("Where the weight stands", alt, panels)


def standing(result: ForecastResult, k: int) -> list[dict[str, Any]]:
    """The share of the weight on an issue in each part of its scale, at the start and at the end."""
    low, high = float(result.inputs.low[k]), float(result.inputs.high[k])
    edges, weight = np.linspace(low, high, BINS + 1), result.weight[:, :, k]
    total = float(weight.sum()) or 1.0
    values: list[dict[str, Any]] = []
    for what, at in (("start", result.positions[0]), ("end", result.positions[-1])):
        share = np.histogram(at[:, :, k], bins=edges, weights=weight)[0] / total
        values += [
            {"what": what, "from": float(a), "to": float(b), "share": float(s)}
            for a, b, s in zip(edges[:-1], edges[1:], share, strict=True)
        ]
    return values


def _bins(result: ForecastResult, k: int, values: list[dict[str, Any]]) -> dict[str, Any]:
    title = result.label(result.inputs.issues[k])
    order = ["start", "end"]
    return {
        "data": {"values": values},
        "facet": {"row": {"field": "what", "type": "nominal", "sort": order, "title": "share of weight"}},
        "spec": {
            "width": 460, "height": 90,
            "mark": {"type": "bar", "binSpacing": 1},
            "encoding": {
                "x": {"field": "from", "type": "quantitative", "bin": {"binned": True}, "title": title, "scale": _scale(result, k)},
                "x2": {"field": "to"},
                "y": {"field": "share", "type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 4}},
                "color": {"field": "what", "type": "nominal", "sort": order, "legend": None,
                          "scale": {"domain": order, "range": [COLOURS[5], COLOURS[0]]}},
            },
        },
    }  # fmt: skip


def map_of(result: ForecastResult, x: int = 0, y: int = 1) -> dict[str, Any]:
    """The way of each actor over two issues, from a hollow mark to a filled one."""
    names = [short(result, a) for a in result.actors]
    at = result.positions[:, 0]
    path = [
        {"actor": names[i], "turn": t, "x": float(at[t, i, x]), "y": float(at[t, i, y])}
        for i in range(len(names))
        for t in range(result.turns + 1)
    ]
    power = result.weight[0].sum(axis=1)
    ends = [
        {
            "actor": names[i],
            "x": float(at[t, i, x]),
            "y": float(at[t, i, y]),
            "power": float(power[i]),
            "what": what,
        }
        for i in range(len(names))
        for t, what in ((0, "start"), (-1, "end"))
    ]
    issues = [result.label(k) for k in result.inputs.issues]
    channels = {
        "x": {"field": "x", "type": "quantitative", "title": issues[x], "scale": _scale(result, x)},
        "y": {"field": "y", "type": "quantitative", "title": issues[y], "scale": _scale(result, y)},
    }
    who = _who(result)
    size = {"field": "power", "type": "quantitative", "legend": None, "scale": {"range": [25, 260]}}
    layers: list[dict[str, Any]] = [
        {"data": {"values": path}, "mark": {"type": "line", "strokeWidth": 1, "opacity": 0.5},
         "encoding": {**channels, "color": who["color"], "order": {"field": "turn"}}},
        {"data": {"values": [e for e in ends if e["what"] == "start"]},
         "mark": {"type": "point", "filled": False, "strokeWidth": 1.8},
         "encoding": {**channels, **who, "size": size}},
        {"data": {"values": [e for e in ends if e["what"] == "end"]},
         "mark": {"type": "point", "filled": True, "opacity": 0.85},
         "encoding": {**channels, **who, "size": size}},
    ]  # fmt: skip
    alt = (
        f"Map of {issues[x]} across and {issues[y]} upward: each actor's way from a hollow mark (start) to a filled one (end), "
        "larger for more capability times salience."
    )
    return figure(
        "The way over two issues (hollow: start, filled: end)", alt, layers=layers, width=460, height=360
    )


def _stacked(title: str, alt: str, panels: list[dict[str, Any]]) -> dict[str, Any]:
    """One panel, or several below each other."""
    if len(panels) == 1:
        spec = dict(panels[0])
        if "facet" in spec:
            return _bare(title, alt, spec)
        return figure(title, alt, layers=spec.pop("layer"), **spec)
    return _bare(title, alt, {"vconcat": panels})


def _bare(title: str, alt: str, body: dict[str, Any]) -> dict[str, Any]:
    """A composed specification in the house style: these have no size of their own."""
    whole = figure(title, alt, layers=[{}], **body)
    return {key: value for key, value in whole.items() if key not in ("width", "height")}
