"""Where it would drift without a package: baselines, an influence model, and how far another model disagrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detente.analysis.forecast import ForecastResult
from detente.analysis.forecast.levers import QUICK_WORK, work
from detente.analysis.forecast.words import (
    influence_rows,
    lever_rows,
    levers_text,
    number,
    spread,
)
from detente.analysis.result import show
from detente.report.document import Block, Figure, Paragraph, Section, Table
from detente.report.gather import Findings

MOST_ROWS = 12


def forecast(findings: Findings) -> Section | None:
    """Where the actors of the forecast section would drift."""
    drift = findings.drift
    if drift is None:
        return None
    blocks: list[Block] = [
        Paragraph(
            "Where positions would drift if nothing but influence were at work and nobody put a package on the table. "
            "It is one input to the talks; it does not say what the parties would agree to, nor that they would agree.",
            "What this is.",
        ),
        _baselines(drift),
    ]
    if drift.turns:
        blocks += [Paragraph(_course(drift), "In this model."), *_figures(drift)]
    if findings.readings is not None:
        told = spread(findings.readings).replace("\n  ", " ") + " Its description does not settle one number."
        blocks.append(Paragraph(told, "Another model."))
        ranges = findings.readings.charts().get("ranges")
        if ranges is not None:
            caption = (
                "Where each actor may end, over all readings of the other model; a tick marks the start."
            )
            rows = _ends(findings.readings)
            blocks.append(Figure("readings", caption, ranges, Table("Ends by the other model", rows)))
    blocks += _levers(drift)
    return Section("forecast", "Where it would drift without a package", tuple(blocks))


def _baselines(drift: ForecastResult) -> Table:
    base = drift.base
    named = {
        "weighted mean": base.mean, "weighted median": base.median, "bargaining solution": base.bargaining,
    }  # fmt: skip
    rows = tuple(
        {
            "issue": drift.label(issue),
            **{name: number(float(drift.inputs.on_scale(values)[0, k])) for name, values in named.items()},
        }
        for k, issue in enumerate(drift.inputs.issues)
    )
    note = "Weights are capability times salience. A model is worth no more than it adds to these."
    return Table("Baselines: where weights alone would put it", rows, note)


def _course(drift: ForecastResult) -> str:
    parts = []
    for k, issue in enumerate(drift.inputs.issues):
        start, end = drift.result[0, 0, k], drift.result[-1, 0, k]
        at = drift.positions[-1, 0, :, k]
        parts.append(
            f"{drift.label(issue)}: the weighted mean of positions goes from {number(float(start))} to {number(float(end))}, "
            f"and actors end between {number(float(at.min()))} and {number(float(at.max()))}"
        )
    return f"After {drift.turns} turns, {'. '.join(parts)}."


def _figures(drift: ForecastResult) -> list[Block]:
    charts = drift.charts()
    moved = Table("Who moved whom most", _moved(drift))
    ends = Table("Where each actor starts and ends", _ends(drift))
    captions: dict[str, tuple[str, str, Table | None]] = {
        "positions": ("drift", "Positions over turns; larger dots care more.", ends),
        "influence": ("influence", "Who moved whom, as a share of the scale, over all turns.", moved),
        "histogram": ("weight", "Where capability times salience stands, at the start and at the end.", None),
        "map": ("map", "The way of each actor over the first two issues.", None),
    }
    return [
        Figure(name, caption, charts[key], table)
        for key, (name, caption, table) in captions.items()
        if key in charts
    ]


def _moved(drift: ForecastResult) -> tuple[dict[str, str], ...]:
    rows = influence_rows(drift)[:MOST_ROWS]
    return tuple({**row, "share of the scale": f"{row['share of the scale']:.0%}"} for row in rows)


def _ends(drift: ForecastResult) -> tuple[dict[str, str], ...]:
    """A row for each actor: from where to where on each issue, a range where there are several ends."""
    rows = []
    for i, actor in enumerate(drift.actors):
        row = {"actor": drift.label(actor)}
        for k, issue in enumerate(drift.inputs.issues):
            at = drift.positions[:, :, i, k]
            low, high = number(float(at[-1].min())), number(float(at[-1].max()))
            end = f"to {low}" if low == high else f"to between {low} and {high}"
            row[drift.label(issue)] = f"from {number(float(at[0, 0]))} {end}"
        rows.append(row)
    return tuple(rows)


def _levers(drift: ForecastResult) -> list[Block]:
    if len(drift.actors) < 2:
        return []
    if work(drift) > QUICK_WORK:
        told = "Whose change of position would matter most was not asked: `detente forecast --levers` takes longer."
        return [Paragraph(told, "What would move it.")]
    found = drift.levers()
    rows = _rows(lever_rows(drift, found, 10))
    blocks: list[Block] = [Paragraph(levers_text(drift, found))]
    if rows:
        note = "A tenth of the scale each way; the result is the weighted mean of positions at the end."
        blocks.append(Table("One actor elsewhere at the start", rows, note))
    return blocks


def _rows(rows: list[Mapping[str, Any]]) -> tuple[dict[str, str], ...]:
    return tuple({key: show(value) for key, value in row.items()} for row in rows)
