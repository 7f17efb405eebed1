"""What a run measured: each figure printed as it comes, and all of them kept for a file and two plots."""

from __future__ import annotations

import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NEGMAS = "NegMAS 0.16"
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One figure: CPU seconds of a question about so many outcomes (None: no such size), what was aimed at, and how many
    times as long a peer took for the same answer.
    """

    room: str
    question: str
    seconds: float
    size: float | None = None
    aim: float | None = None
    peer: str | None = None
    times: float | None = None


FIGURES: list[Figure] = []


def measured(room: str, question: str, seconds: float, told: str = "", **more: Any) -> None:
    """Prints a figure and keeps it. ``more``: the other fields of `Figure`; ``told`` is printed after it."""
    figure = Figure(room, question, seconds, **more)
    FIGURES.append(figure)
    unit, scale = ("s ", 1.0) if seconds >= 0.1 else ("ms", 1e3) if seconds >= 1e-4 else ("us", 1e6)
    aim = "" if figure.aim is None else f"  aim {figure.aim * scale:g} {unit.strip()}"
    peer = "" if figure.times is None else f"  {figure.peer}: {figure.times:,.0f} times"
    print(f"{room:<11}{question:<56}{seconds * scale:10.3f} {unit}{aim}{peer}  {told}".rstrip(), flush=True)


def write(figures: list[Figure]) -> None:
    """The figures with machine and date as `results/figures.json`, and the plots beside it."""
    from detente.report.draw import picture

    RESULTS.mkdir(exist_ok=True)
    told = {"date": datetime.date.today().isoformat(), "machine": _machine()}
    rows = [asdict(figure) for figure in figures]
    (RESULTS / "figures.json").write_text(json.dumps({**told, "figures": rows}, indent=1) + "\n")
    for name, spec in (("aims", _aims(figures, told)), ("peers", _peers(figures, told))):
        (RESULTS / f"{name}.svg").write_bytes(picture(spec, "svg"))


def _machine() -> str:
    import numpy

    lines = Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else []
    model = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, NumPy {numpy.__version__}"


def _head(title: str, told: dict[str, str]) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "subtitle": f"{told['date']}, {told['machine']}", "anchor": "start"},
    }


def _aims(figures: list[Figure], told: dict[str, str]) -> dict[str, Any]:
    rows = [asdict(f) | {"what": f"{f.room}: {f.question}"} for f in figures if f.aim is not None]
    what = {"field": "what", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 420}}
    taken = {
        "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
        "encoding": {"y": what, "x": _log("seconds", "seconds"), "color": {"field": "room", "type": "nominal", "legend": None}},
    }  # fmt: skip
    aims = {
        "mark": {"type": "tick", "thickness": 2, "color": "#444"},
        "encoding": {"y": what, "x": _log("aim", "seconds")},
    }
    title = "What a question takes (points), and what was aimed at (ticks)"
    return {**_head(title, told), "width": 420, "data": {"values": rows}, "layer": [aims, taken]}


def _log(name: str, title: str) -> dict[str, Any]:
    return {"field": name, "type": "quantitative", "scale": {"type": "log"}, "title": title, "axis": {"format": "~g", "tickCount": 8}}  # fmt: skip


def _peers(figures: list[Figure], told: dict[str, str]) -> dict[str, Any]:
    rows = [
        {"what": f"{f.room}: {f.question}", "times": f.times, "peer": f.peer}
        for f in figures
        if f.times is not None
    ]
    encoding = {
        "y": {"field": "what", "type": "nominal", "sort": "-x", "title": None, "axis": {"labelLimit": 420}},
        "x": {**_log("times", "times as long as detente, same run"), "axis": {"format": "~s"}},
        "color": {"field": "peer", "type": "nominal", "title": "peer"},
    }
    bars = {"mark": {"type": "point", "filled": True, "size": 70}, "encoding": encoding}
    return {**_head("How much longer others take", told), "width": 420, "data": {"values": rows}, **bars}
