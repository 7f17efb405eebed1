"""Figures as data: the shared look of every Vega-Lite specification.

A figure is computed as a plain dict and drawn by whoever shows it. Colours are those of Okabe and Ito, which
people with colour-blindness can tell apart; shape or text always says the same as colour does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
HEAT = "cividis"
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"

CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "white",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e4e4e4",
             "labelColor": "#333333", "titleColor": "#222222", "labelLimit": 220},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "orient": "top"},
    "title": {"fontSize": 14, "anchor": "start", "fontWeight": "bold"},
    "range": {"category": list(COLOURS), "heatmap": {"scheme": HEAT}, "ramp": {"scheme": HEAT}},
}  # fmt: skip


def figure(title: str, alt: str, *, layers: Sequence[Mapping[str, Any]], **parts: Any) -> dict[str, Any]:
    """A specification in the house style; ``alt`` is the text for people who do not see the picture."""
    body: dict[str, Any] = {"layer": list(layers)} if len(layers) != 1 else dict(layers[0])
    return {
        "$schema": SCHEMA,
        "title": title,
        "description": alt,
        "width": 420,
        "height": 300,
        "config": CONFIG,
        **body,
        **parts,
    }
