"""The figures of the table, as Vega-Lite specifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detente.analysis.figures import figure
from detente.analysis.table.game import LARGEST_LISTED

if TYPE_CHECKING:
    from detente.analysis.table.result import TableResult
    from detente.analysis.table.tournament import TournamentResult

MOST_TURNS = 4_000
_DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3], [10, 4]]


def charts(result: TableResult) -> dict[str, dict[str, Any]]:
    """All figures that this result has data for."""
    out: dict[str, dict[str, Any]] = {}
    if not result.runs:
        return out
    if (
        result.protocol == "alternating"
        and result.setting.space.size <= LARGEST_LISTED
        and result.setting.terms.rounds * len(result.setting.seats) <= MOST_TURNS
    ):
        out["concessions"] = concessions(result)
        if len(result.setting.seats) >= 2 and result.deal is not None:
            out["offers"] = offers(result)
    if result.deals.any():
        out["rounds"] = rounds(result)
    return out


def _label(result: TableResult, seat: int) -> str:
    name = result.setting.names[seat]
    return result.source.labels.get(name, name)


def _scaled(result: TableResult, draw: int) -> Any:
    """A function from party row and utility to 0..100 of the party's own span."""
    u = result.setting.utilities[draw]
    low, high = u.min(axis=1), u.max(axis=1)
    span = np.where(high > low, high - low, 1.0)
    return lambda p, x: float(100 * (x - low[p]) / span[p])


def _made(result: TableResult, run: int) -> list[dict[str, Any]]:
    """The offers of one run, with what each is worth to its author and to the first two seats."""
    setting, draw = result.setting, int(result.ends.draw[run])
    scale, rows = _scaled(result, draw), []
    for number, turn in enumerate(t for t in result.trace(run).turns if t.outcome is not None):
        row: dict[str, Any] = {
            "turn": number, "round": turn.round + 1, "party": _label(result, turn.party),
            "what": "takes the offer" if turn.taken else "offers",
        }  # fmt: skip
        for seat, p in enumerate(setting.seats):
            worth = scale(p, setting.utilities[draw, p, turn.outcome])
            if seat < 2:
                row["xy"[seat]] = worth
            if seat == turn.party:
                row["worth"] = worth
        rows.append(row)
    return rows


def concessions(result: TableResult) -> dict[str, Any]:
    """What each party asks for itself, round by round, in one run."""
    run = result.typical()
    rows = _made(result, run)
    names = [_label(result, seat) for seat in range(len(result.setting.seats))]
    party = {"field": "party", "type": "nominal", "title": None, "sort": names}
    x = {"field": "round", "type": "quantitative", "title": "round", "scale": {"domain": [1, max(2, result.setting.terms.rounds)]}, "axis": {"tickMinStep": 1}}  # fmt: skip
    y = {"field": "worth", "type": "quantitative", "title": "worth to its author (worst 0, best 100, own scale)", "scale": {"domain": [0, 100]}}  # fmt: skip
    asked = [row for row in rows if row["what"] == "offers"]
    taken = [row for row in rows if row["what"] != "offers"]
    line = {
        "data": {"values": asked},
        "mark": {"type": "line", "interpolate": "step-after", "point": {"size": 16}},
        "encoding": {"x": x, "y": y, "color": party, "strokeDash": {**party, "scale": {"range": _DASHES[: len(names)]}, "legend": None}},
    }  # fmt: skip
    point = {
        "data": {"values": taken},
        "mark": {"type": "point", "shape": "diamond", "size": 130, "filled": True},
        "encoding": {"x": x, "y": y, "color": party},
    }
    layers: list[dict[str, Any]] = [line, point] if taken else [line]
    alt = (
        f"What {' and '.join(names)} ask for in each round of one of the runs (number {run}): lines fall as they "
        "concede; a diamond marks who takes the other's offer."
    )
    return figure("Concessions in one of the runs", alt, layers=layers)


def offers(result: TableResult) -> dict[str, Any]:
    """The offers of one run in the utilities of two parties, with the front."""
    run = result.typical()
    rows, deal = _made(result, run), result.deal
    assert deal is not None
    scale = _scaled(result, int(result.ends.draw[run]))
    first, second = result.setting.seats[:2]
    front = [{"x": scale(first, u[first]), "y": scale(second, u[second])} for u in deal.front.utilities]
    no_deal = result.setting.reservation[int(result.ends.draw[run])]
    names = [_label(result, 0), _label(result, 1)]
    axes = {
        channel: {
            "field": channel,
            "type": "quantitative",
            "title": f"{name}: worst 0, best 100, on its own scale",
        }
        for channel, name in zip("xy", names, strict=True)
    }
    party = {"field": "party", "type": "nominal", "title": None, "scale": {"domain": names}}
    layers = [
        {
            "data": {"values": front},
            "mark": {"type": "point", "size": 22, "color": "#777777", "opacity": 0.7},
            "encoding": dict(axes),
        },
        {
            "data": {"values": [row for row in rows if row["what"] == "offers"]},
            "mark": {"type": "line", "opacity": 0.5, "point": {"size": 45, "filled": True}},
            "encoding": {
                **axes,
                "color": party,
                "strokeDash": party,
                "order": {"field": "turn"},
            },
        },
        {
            "data": {"values": [row for row in rows if row["what"] != "offers"][-1:]},
            "mark": {"type": "point", "shape": "diamond", "size": 150, "filled": True, "color": "#000000"},
            "encoding": dict(axes),
        },
        _rule("x", scale(first, no_deal[first])),
        _rule("y", scale(second, no_deal[second])),
    ]
    alt = (
        f"Offers of one of the runs: worth to {names[0]} across, to {names[1]} upward, each on its own scale. Small grey "
        "rings are efficient outcomes, dashed lines no deal, the black diamond what was agreed."
    )
    return figure("Offers of one run, and what is efficient", alt, layers=layers)


def _rule(channel: str, at: float) -> dict[str, Any]:
    return {
        "data": {"values": [{"at": at}]},
        "mark": {"type": "rule", "strokeDash": [4, 4], "color": "#444444"},
        "encoding": {channel: {"field": "at", "type": "quantitative"}},
    }


def rounds(result: TableResult) -> dict[str, Any]:
    """When the deals come: share of the runs by round."""
    total = result.setting.terms.rounds
    bins = min(total, 25)
    edges = np.linspace(0.5, total + 0.5, bins + 1)
    counts, _ = np.histogram(result.ends.round[result.deals] + 1, edges)
    values = [
        {"from": float(a), "to": float(b), "share": 100 * float(c) / result.runs}
        for a, b, c in zip(edges, edges[1:], counts, strict=False)
    ]
    bars = {
        "data": {"values": values},
        "mark": {"type": "bar", "stroke": "white"},
        "encoding": {
            "x": {"field": "from", "type": "quantitative", "title": "round", "scale": {"domain": [0.5, total + 0.5], "nice": False}},
            "x2": {"field": "to"},
            "y": {"field": "share", "type": "quantitative", "title": "% of the simulated runs"},
        },
    }  # fmt: skip
    alt = f"Share of the simulated runs that end in a deal in each round; {result.deal_rate:.0%} of the runs in all."
    return figure("When deals come", alt, layers=[bars])


def chances(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Share of runs that end in a deal, by the number of rounds and by how long the parties hold out."""
    x = {"field": "rounds", "type": "ordinal", "title": "rounds until the deadline"}
    y = {"field": "exponent", "type": "ordinal", "title": "concession exponent (higher: holds out longer)", "sort": "descending"}  # fmt: skip
    heat = {
        "data": {"values": [{**row, "percent": 100 * row["deal_rate"]} for row in rows]},
        "mark": "rect",
        "encoding": {
            "x": x,
            "y": y,
            "color": {"field": "percent", "type": "quantitative", "title": "% of runs with a deal", "scale": {"domain": [0, 100], "scheme": "cividis"}},
        },
    }  # fmt: skip
    text = {
        "data": heat["data"],
        "mark": {"type": "text"},
        "encoding": {
            "x": x,
            "y": y,
            "text": {"field": "percent", "format": ".0f"},
            "color": {"condition": {"test": "datum.percent > 55", "value": "black"}, "value": "white"},
        },
    }
    alt = "Heat map with numbers: share of the simulated runs that end in a deal, by rounds until the deadline and by the exponent of all parties' concessions."
    return figure("Deals by deadline and by how long parties hold out", alt, layers=[heat, text])


def league(result: TournamentResult) -> dict[str, Any]:
    """Mean advantage of each strategy with its interval."""
    rows = [{**row, **{k: 100 * float(row[k]) for k in ("advantage", "advantage_low", "advantage_high")}} for row in result.league]  # fmt: skip
    order = [str(row["strategy"]) for row in rows]
    y = {"field": "strategy", "type": "nominal", "sort": order, "title": None}
    title = "% of what the strategy could gain (95 % interval over cases)"
    layers = [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "y": y,
                "x": {"field": "advantage_low", "type": "quantitative", "title": title},
                "x2": {"field": "advantage_high"},
            },
        },
        {
            "data": {"values": rows},
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": {"y": y, "x": {"field": "advantage", "type": "quantitative", "title": title}},
        },
    ]
    alt = (
        f"League of {len(rows)} strategies by the mean share of what each could gain; {order[0]} comes first."
    )
    return figure("League", alt, layers=layers, height=max(120, 18 * len(rows)))


def pairs(result: TournamentResult) -> dict[str, Any]:
    """Mean advantage of each strategy against each other, as a heat table."""
    order = [str(row["strategy"]) for row in result.league]
    place = {name: k for k, name in enumerate(result.names)}
    rows = [
        {"strategy": a, "against": b, "advantage": 100 * float(result.pairs[place[a], place[b]])}
        for a in order
        for b in order
    ]
    heat = {
        "data": {"values": rows},
        "mark": "rect",
        "encoding": {
            "y": {"field": "strategy", "type": "nominal", "sort": order, "title": None},
            "x": {"field": "against", "type": "nominal", "sort": order, "title": "against"},
            "color": {"field": "advantage", "type": "quantitative", "title": "% of what it could gain", "scale": {"scheme": "cividis"}},
        },
    }  # fmt: skip
    size = max(120, 18 * len(order))
    alt = "Heat table: the mean share of what the strategy of the row could gain against that of the column."
    return figure("Who does well against whom", alt, layers=[heat], width=size, height=size)
