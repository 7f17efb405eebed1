"""Figures drawn by a process of their own."""

import pytest

from detente.report import draw

BAR = {
    "data": {"values": [{"party": "A", "worth": 3}, {"party": "B", "worth": 1}]},
    "mark": "bar",
    "encoding": {"x": {"field": "worth", "type": "quantitative"}, "y": {"field": "party", "type": "nominal"}},
}


def test_what_is_drawn_ahead_is_what_is_drawn():
    other = BAR | {"mark": "point"}
    drawings = draw.Drawings()
    drawings.ahead([other])
    first, second = drawings.of([BAR, other])
    assert (first, second) == (draw.svg(BAR), draw.svg(other))
    assert first != second
    assert first.startswith("<svg")


def test_a_figure_that_cannot_be_drawn_says_so_and_the_next_one_is_drawn():
    with pytest.raises(ValueError, match="a figure could not be drawn: "):
        draw.svg({"mark": "no such mark"})
    assert draw.svg(BAR).startswith("<svg")


def test_a_drawing_process_that_was_killed_is_replaced():
    before = draw.svg(BAR)
    draw._pen()._process.kill()
    draw._pen()._process.wait()
    assert draw.svg(BAR) == before
