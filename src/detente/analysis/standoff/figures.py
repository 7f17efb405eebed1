"""The figures of the standoff analysis, as Vega-Lite specifications.

The graph of outcomes and moves, the option-by-outcome table, and the path from the status quo.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from detente.analysis.figures import COLOURS, figure
from detente.analysis.standoff import words
from detente.kernels.stability import CONCEPTS

if TYPE_CHECKING:
    from detente.analysis.standoff.result import StandoffResult

MOST_STATES = 30
"""Outcomes that the graph and the table show; with more, those nearest to the question."""
MOST_MOVES = 150
"""Moves that the graph shows; with more, only those that are better for who makes them."""
BETTER = "better for who moves"
HOLDS = ("holds", "holds if moves are answered", "does not hold")


def charts(result: StandoffResult) -> dict[str, dict[str, Any]]:
    """All figures that this result has data for."""
    shown = states_shown(result)
    out = {"graph": graph(result, shown), "options": options(result, shown)}
    if (path := evolution(result)) is not None:
        out["evolution"] = path
    return out


def states_shown(result: StandoffResult, most: int = MOST_STATES) -> list[int]:
    """All possible outcomes where they are few; else status quo, targets, equilibria, and what lies next to today."""
    if result.n_feasible <= most:
        return [int(s) for s in result.feasible]
    space, possible = result.conflict.space, result.conflict.possible
    wanted = [space.number(space.positions(target.outcome)) for target in space.case.targets.values()]
    chosen = dict.fromkeys(s for s in (result.status_quo, *wanted) if possible[s])
    chosen |= dict.fromkeys(result.main_equilibria(most * 2 // 3))
    if result.status_quo_possible:
        for k in range(len(result.conflict.movers)):
            chosen |= dict.fromkeys(int(s) for s in result.conflict.targets(k, result.status_quo)[:most])
    return sorted(list(chosen)[:most])


def holding(result: StandoffResult, state: int) -> str:
    """Whether an outcome holds outright (Nash), against answers (any other concept), or not."""
    held = result.concepts_of(state)
    return HOLDS[0] if "nash" in held else HOLDS[1] if held else HOLDS[2]


def graph(result: StandoffResult, shown: list[int]) -> dict[str, Any]:
    """Outcomes on a circle, moves as lines coloured by who makes them; marks say which hold."""
    speaker = words.Speaker(result.conflict)
    place = {s: _on_circle(n, len(shown)) for n, s in enumerate(shown)}
    nodes = [
        {
            "x": x,
            "y": y,
            "number": str(s),
            "outcome": speaker.outcome(s),
            "holds": holding(result, s),
            "quo": "status quo" if s == result.status_quo else "",
        }
        for s, (x, y) in place.items()
    ]
    edges = _edges(result, place)
    whole = len(edges) <= MOST_MOVES
    if not whole:
        edges = [edge for edge in edges if edge["improves"] == BETTER]
    side = {"orient": "right", "labelLimit": 260}
    shape = {
        "field": "holds",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(HOLDS), "range": ["square", "diamond", "circle"]},
        "legend": side,
    }
    movers = [speaker.who(mover) for mover in result.conflict.movers]
    scale = {"domain": movers, "range": [COLOURS[n % len(COLOURS)] for n in range(len(movers))]}
    by = {"field": "mover", "type": "nominal", "title": "Moved by", "scale": scale, "legend": side}
    axis = {"axis": None, "scale": {"domain": [-1.25, 1.25]}}
    xy = {
        "x": {"field": "x", "type": "quantitative", **axis},
        "y": {"field": "y", "type": "quantitative", **axis},
    }
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": edges},
            "mark": {"type": "rule", "opacity": 0.55},
            "encoding": {
                **xy,
                "x2": {"field": "x2"},
                "y2": {"field": "y2"},
                "color": by,
                "strokeDash": {
                    "field": "improves",
                    "type": "nominal",
                    "title": None,
                    "scale": {"domain": [BETTER, "not better"], "range": [[1, 0], [2, 4]]},
                    "legend": side,
                },
                "tooltip": [{"field": "mover"}, {"field": "from"}, {"field": "to"}, {"field": "improves"}],
            },
        },
        {
            "data": {"values": edges},
            "mark": {"type": "point", "shape": "triangle-up", "filled": True, "size": 28},
            "encoding": {
                "x": {"field": "xa", "type": "quantitative", **axis},
                "y": {"field": "ya", "type": "quantitative", **axis},
                "angle": {"field": "turn", "type": "quantitative", "scale": None},
                "color": by,
            },
        },
        {
            "data": {"values": nodes},
            "mark": {"type": "point", "filled": True, "size": 260, "stroke": "#222222", "color": "#ffffff"},
            "encoding": {
                **xy,
                "shape": shape,
                "tooltip": [{"field": "number"}, {"field": "outcome"}, {"field": "holds"}],
            },
        },
        {
            "data": {"values": nodes},
            "mark": {"type": "text", "fontSize": 10},
            "encoding": {**xy, "text": {"field": "number", "type": "nominal"}},
        },
        {
            "data": {"values": [n for n in nodes if n["quo"]]},
            "mark": {"type": "text", "dy": -16, "fontWeight": "bold", "fontSize": 11},
            "encoding": {**xy, "text": {"field": "quo", "type": "nominal"}},
        },
    ]
    still = sum(node["holds"] != HOLDS[2] for node in nodes)
    alt = (
        f"Graph of {len(shown)} of {result.n_feasible:,} outcomes, numbered, and {len(edges)} {'' if whole else 'better '}moves between them by "
        f"{words.join(movers)}. {still} of them hold under some concept."
    )
    return figure("Who can move what to where, and what holds", alt, layers=layers, width=460, height=460)


def _on_circle(n: int, count: int) -> tuple[float, float]:
    angle = math.tau * n / max(count, 1)
    return round(math.sin(angle), 4), round(math.cos(angle), 4)


def _edges(result: StandoffResult, place: dict[int, tuple[float, float]]) -> list[dict[str, Any]]:
    conflict, speaker = result.conflict, words.Speaker(result.conflict)
    edges = []
    for k, mover in enumerate(conflict.movers):
        for s, (x, y) in place.items():
            targets = conflict.targets(k, s)
            better = conflict.improves(k, s, targets)
            for t, gains in zip(targets.tolist(), better.tolist(), strict=True):
                if t not in place:
                    continue
                x2, y2 = place[t]
                along = 0.8
                edges.append(
                    {
                        "x": x,
                        "y": y,
                        "x2": x2,
                        "y2": y2,
                        "mover": speaker.who(mover),
                        "from": str(s),
                        "to": str(t),
                        "xa": round(x + along * (x2 - x), 4),
                        "ya": round(y + along * (y2 - y), 4),
                        "turn": round(math.degrees(math.atan2(x2 - x, y2 - y)), 1),
                        "improves": BETTER if gains else "not better",
                    }
                )
    return edges


def options(result: StandoffResult, shown: list[int]) -> dict[str, Any]:
    """The table of the field: issues down, outcomes across, the level in each cell, equilibria below."""
    space = result.conflict.space
    speaker = words.Speaker(result.conflict)
    rows = list(space.issues) or ["outcome"]
    cells = []
    for s in shown:
        levels = space.levels(s)
        for row, issue in enumerate(rows):
            top = max(space.sizes[row] - 1, 1)
            name = space.level_names[row][levels[row]]
            share = 0.0 if space.case.graph_form else levels[row] / top
            cells.append(
                {
                    "outcome": str(s),
                    "row": speaker.label(issue),
                    "level": name,
                    "share": share,
                    "dark": share > 0.6,
                }
            )
        for concept in CONCEPTS:
            good = concept in result.concepts_of(s)
            cells.append(
                {
                    "outcome": str(s),
                    "row": words.NAMES[concept],
                    "level": "holds" if good else "",
                    "share": None,
                    "dark": False,
                }
            )
    order = [*(speaker.label(issue) for issue in rows), *(words.NAMES[c] for c in CONCEPTS)]
    xy = {
        "x": {
            "field": "outcome",
            "type": "ordinal",
            "sort": [str(s) for s in shown],
            "title": "outcome",
            "axis": {"orient": "top", "labelAngle": 0},
        },
        "y": {"field": "row", "type": "nominal", "sort": order, "title": None},
    }
    wide = max(34, 7 * max(len(str(cell["level"])) for cell in cells))
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rect", "stroke": "#cccccc"},
            "encoding": {
                **xy,
                "color": {
                    "field": "share",
                    "type": "quantitative",
                    "legend": None,
                    "scale": {"domain": [0, 1], "range": ["#f7f7f7", COLOURS[0]]},
                },
            },
        },
        {
            "mark": {"type": "text", "fontSize": 10},
            "encoding": {
                **xy,
                "text": {"field": "level", "type": "nominal"},
                "color": {"condition": {"test": "datum.dark", "value": "white"}, "value": "#222222"},
            },
        },
    ]
    alt = f"Table of {len(shown)} of {result.n_feasible:,} outcomes: the level of each issue, and under which concepts the outcome holds."
    size = {"width": wide * len(shown), "height": 22 * len(order)}
    return figure("Outcomes and what holds", alt, layers=layers, data={"values": cells}, **size)


def evolution(result: StandoffResult) -> dict[str, Any] | None:
    """Shortest ways from the status quo to the equilibria that can be reached, step by step."""
    if result.evolution is None:
        return None
    speaker = words.Speaker(result.conflict)
    lines: list[dict[str, Any]] = []
    for s in result.main_equilibria(8):
        improving = result.evolution.improvements.path(s)
        path = improving if improving is not None else result.evolution.any_moves.path(s)
        if not path:
            continue
        goal = f"to {s}"
        how = "each step pays" if improving is not None else "some step does not pay"
        first = {"goal": goal, "step": 0, "state": str(path[0].start), "how": how}
        lines.append({**first, "move": "status quo", "by": "status quo"})
        lines += [
            {
                "goal": goal,
                "step": n,
                "state": str(step.end),
                "how": how,
                "move": f"{speaker.who(step.mover)}: {speaker.act(step)}",
                "by": speaker.who(step.mover),
            }
            for n, step in enumerate(path, start=1)
        ]
    if not lines:
        return None
    xy = {
        "x": {
            "field": "step",
            "type": "ordinal",
            "title": "steps from the status quo",
            "axis": {"labelAngle": 0},
        },
        "y": {"field": "goal", "type": "nominal", "title": "equilibrium", "sort": None},
    }
    by_how: dict[str, Any] = {
        "field": "how",
        "type": "nominal",
        "title": None,
        "scale": {"domain": ["each step pays", "some step does not pay"], "range": [COLOURS[0], COLOURS[1]]},
    }
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "line"},
            "encoding": {
                **xy,
                "color": by_how,
                "strokeDash": {
                    **by_how,
                    "scale": {"domain": by_how["scale"]["domain"], "range": [[1, 0], [4, 3]]},
                },
                "detail": {"field": "goal"},
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 420, "opacity": 1},
            "encoding": {**xy, "color": by_how, "tooltip": [{"field": "move"}, {"field": "state"}]},
        },
        {
            "mark": {"type": "text", "color": "white", "fontSize": 10},
            "encoding": {**xy, "text": {"field": "state", "type": "nominal"}},
        },
        {
            "mark": {"type": "text", "dy": -18, "fontSize": 9},
            "encoding": {**xy, "text": {"field": "by", "type": "nominal"}},
        },
    ]
    count = len({line["goal"] for line in lines})
    alt = f"Shortest sequences of moves from the status quo, outcome {result.status_quo}, to {count} equilibria."
    return figure(
        "From the status quo", alt, layers=layers, data={"values": lines}, height=max(80, 56 * count)
    )
