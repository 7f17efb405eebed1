"""Confidence as figures: shares with their intervals, tornado, map over two inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from detente.analysis.confidence.ask_forecast import AskForecast
from detente.analysis.confidence.drivers import Map
from detente.analysis.confidence.words import FAMILIES, NUMBERS, percent, said
from detente.analysis.figures import COLOURS, HEAT, figure

if TYPE_CHECKING:
    from detente.analysis.confidence.comparison import CompareResult
    from detente.analysis.confidence.result import ConfidenceResult

MOST_BARS = 10
CASES = "share of the assumed cases"


def charts(result: ConfidenceResult) -> dict[str, dict[str, Any]]:
    """The figures that the result has something to show in."""
    found = {}
    strong = [d for d in result.drivers if d.effect > 0 and np.isfinite(d.swing)][:MOST_BARS]
    if strong:
        found["tornado"] = tornado(result)
    if result.map is not None and np.nanmin(result.map.share) < np.nanmax(result.map.share):
        found["map"] = heat(result, result.map)
    found["shares"] = shares(result)
    return found


def tornado(result: ConfidenceResult) -> dict[str, Any]:
    """How far the answer goes between the lowest and the highest values of each input."""
    yes = result.about == result.answer
    rows = []
    for driver in [d for d in result.drivers if d.effect > 0 and np.isfinite(d.swing)][:MOST_BARS]:
        label = short(driver.input)
        rows.append(
            {
                "input": label,
                "full": driver.input,
                "from": driver.low,
                "to": driver.high,
                "explains": driver.effect,
                "at": "lowest fifth",
                "value": driver.low,
            }
        )
        rows.append({"input": label, "full": driver.input, "from": driver.low, "to": driver.high, "explains": driver.effect,
                     "at": "highest fifth", "value": driver.high})  # fmt: skip
    order = list(dict.fromkeys(row["input"] for row in rows))
    what = said(result.answer) if yes else result.about
    axis = {
        "title": f"{CASES} in which {what}" if yes else f"mean of {NUMBERS.get(result.about, result.about)}",
        "titleLimit": 400,
    }
    if yes:
        axis["format"] = "%"
    first = result.drivers[0]
    alt = (
        f"Tornado: for each of {len(order)} inputs, the {'share of the assumed cases in which ' + what if yes else 'mean of ' + NUMBERS.get(what, what)} "
        f"when the input is in the lowest and in the highest fifth of its values. {short(first.input)} explains most: {percent(first.effect)}."
    )
    y = {"field": "input", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 260}}
    scale = {"zero": False}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "bar", "color": "#c9d7e3", "height": 14},
         "encoding": {"y": y, "x": {"field": "from", "type": "quantitative", "axis": axis, "scale": scale}, "x2": {"field": "to"}}},
        {"mark": {"type": "point", "filled": True, "size": 80},
         "encoding": {"y": y, "x": {"field": "value", "type": "quantitative", "scale": scale},
                      "color": {"field": "at", "type": "nominal", "scale": {"range": list(COLOURS[:2])}, "title": "input in its"},
                      "shape": {"field": "at", "type": "nominal", "title": "input in its"},
                      "tooltip": [{"field": "full"}, {"field": "at"}, {"field": "value", "format": ".3f"}, {"field": "explains", "format": ".2f"}]}},
    ]  # fmt: skip
    return figure(
        "What the answer depends on", alt, layers=layers, data={"values": rows}, height={"step": 26}
    )


def short(name: str) -> str:
    """A path without the words that all paths begin with."""
    for head in ("preferences.", "parties.", "no_deal."):
        if name.startswith(head):
            name = name.removeprefix(head)
    name = re.sub(r"\.bonuses\[(\d+)\]\.add", lambda found: f" bonus {int(found[1]) + 1}", name)
    return name.replace(".values.", " ").replace(".weights.", " weight ").replace(".", " ")


def label(name: str) -> str:
    """An answer as an axis says it: what is said of an outcome, then the outcome's levels."""
    family, colon, outcome = name.partition(":")
    if not colon or family == "holds":
        return said(name)
    levels = ", ".join(part.partition("=")[2] or part for part in outcome.split(","))
    what = FAMILIES.get(family, family.replace("_", " "))
    return f"{what}: {levels}"


def map_data(found: Map) -> dict[str, Any]:
    """A map as plain data."""
    return {
        "x": found.x_input,
        "y": found.y_input,
        "x_edges": found.x,
        "y_edges": found.y,
        "share": found.share,
        "draws": found.draws,
        "single_run": found.single,
    }


def heat(result: ConfidenceResult, found: Map) -> dict[str, Any]:
    """The share of draws with the answer over two inputs; crosses mark cells whose single run says no."""
    rows: list[dict[str, Any]] = [
        {
            "x": float(found.x[j]), "x2": float(found.x[j + 1]), "y": float(found.y[i]), "y2": float(found.y[i + 1]),
            "share": None if not np.isfinite(found.share[i, j]) else float(found.share[i, j]),
            "draws": int(found.draws[i, j]), "mx": float(found.x[j] + found.x[j + 1]) / 2, "my": float(found.y[i] + found.y[i + 1]) / 2,
            "single": "no answer" if not np.isfinite(found.single[i, j]) else "yes" if found.single[i, j] else "no",
        }
        for i in range(found.share.shape[0]) for j in range(found.share.shape[1])
    ]  # fmt: skip
    rows = [row for row in rows if row["share"] is not None]
    what = said(result.answer)
    known = [row["share"] for row in rows]
    alt = (
        f"Map of the share of the assumed cases in which {what}, over {short(found.x_input)} and {short(found.y_input)}: from "
        f"{percent(min(known))} to {percent(max(known))}. Crosses mark cells where the single run at the centre says no."
    )
    plain = {"zero": False, "nice": False}
    x = {"field": "x", "type": "quantitative", "title": short(found.x_input), "scale": plain}
    y = {"field": "y", "type": "quantitative", "title": short(found.y_input), "scale": plain}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "rect", "stroke": "white", "strokeWidth": 0.5},
         "encoding": {"x": x, "x2": {"field": "x2"}, "y": y, "y2": {"field": "y2"},
                      "color": {"field": "share", "type": "quantitative", "scale": {"scheme": HEAT, "domain": [0, 1]},
                                "legend": {"format": "%", "title": CASES, "gradientLength": 220}},
                      "tooltip": [{"field": "share", "format": ".2f"}, {"field": "draws"}, {"field": "single"}]}},
        {"transform": [{"filter": "datum.single == 'no'"}],
         "mark": {"type": "point", "shape": "cross", "filled": True, "color": "white", "stroke": "black", "strokeWidth": 0.6, "size": 60, "angle": 45},
         "encoding": {"x": {"field": "mx", "type": "quantitative"}, "y": {"field": "my", "type": "quantitative"}}},
    ]  # fmt: skip
    title = {
        "text": f"In which cases {what}",
        "subtitle": "a cross: the single run at the cell's centre says no",
    }
    spec = figure("", alt, layers=layers, data={"values": rows})
    return {**spec, "title": title}


def shares(result: ConfidenceResult) -> dict[str, Any]:
    """The main answers and the most frequent outcomes, each with the interval of its Monte Carlo error."""
    names = [n for n in result.shares if ":" not in n or n.startswith("holds:")][:8]
    question = result.counts.question
    if isinstance(question, AskForecast):
        parts = [n for n in question.in_parts if result.shares[n].share > 0]
        names = [n for n in names if n not in question.in_parts] + parts
    for family in result.counts.members:
        mine = [n for n in result.shares if n.startswith(f"{family}:")]
        names += mine[: 2 if family in ("acceptable", "pareto") else 1]
    names = names[:16]
    rows: list[dict[str, Any]] = [
        {"answer": label(n), "share": s.share, "low": s.low, "high": s.high, "verdict": (r.verdict if (r := result.rulings.get(n)) else "not ruled")}
        for n in names for s in (result.shares[n],)
    ]  # fmt: skip
    order = [row["answer"] for row in rows]
    y = {"field": "answer", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 640}}
    alt = (
        "Shares of the assumed cases with each answer: "
        + "; ".join(f"{r['answer']}: {percent(r['share'])}" for r in rows[:6])
        + "."
    )
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "rule", "strokeWidth": 2, "color": "#666666"},
         "encoding": {"y": y, "x": {"field": "low", "type": "quantitative", "scale": {"domain": [0, 1]},
                                    "axis": {"title": f"{CASES}, with the interval of the draws", "format": "%"}}, "x2": {"field": "high"}}},
        {"mark": {"type": "point", "filled": True, "size": 70},
         "encoding": {"y": y, "x": {"field": "share", "type": "quantitative"},
                      "color": {"field": "verdict", "type": "nominal", "scale": {"domain": ["sure", "possible", "excluded"], "range": list(COLOURS[:3])}, "title": "over the ranges"},
                      "shape": {"field": "verdict", "type": "nominal", "scale": {"domain": ["sure", "possible", "excluded"]}, "title": "over the ranges"}}},
    ]  # fmt: skip
    return figure(
        "How often each answer holds", alt, layers=layers, data={"values": rows}, height={"step": 22}
    )


def differences(result: CompareResult) -> dict[str, Any]:
    """Each variant's share of every answer, side by side."""
    rows = [
        {"answer": said(row["answer"]), "variant": row["variant"], "share": row["share"]}
        for row in result.rows()
        if row["main"]
    ]
    order = list(dict.fromkeys(row["variant"] for row in rows))
    alt = "Shares of the assumed cases by variant: " + "; ".join(
        f"{row['variant']}, {row['answer']}: {percent(row['share'])}" for row in rows[:8]
    )
    layer = {
        "mark": {"type": "point", "filled": True, "size": 80},
        "encoding": {
            "y": {
                "field": "answer",
                "type": "nominal",
                "title": None,
                "sort": None,
                "axis": {"labelLimit": 640},
            },
            "x": {
                "field": "share",
                "type": "quantitative",
                "scale": {"domain": [0, 1]},
                "axis": {"format": "%", "title": CASES},
            },
            "color": {"field": "variant", "type": "nominal", "sort": order, "title": None},
            "shape": {"field": "variant", "type": "nominal", "sort": order, "title": None},
        },
    }
    return figure(
        "Variants on the same draws", alt, layers=[layer], data={"values": rows}, height={"step": 26}
    )
