"""Vega-Lite specifications to SVG, without a browser and without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def svg(spec: Mapping[str, Any]) -> str:
    """The figure as an SVG element."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="5.20")
    return drawn
