"""Vega-Lite specifications to SVG, without a browser and without a network.

Drawing happens in two processes of its own: their JavaScript starts up while the analyses still run, they draw side
by side, and whoever waits for a figure does not hold up other threads. This file is also the program that they run.
"""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Spec = Mapping[str, Any]
PENS = 1
"""Processes that draw."""


def svg(spec: Spec) -> str:
    """The figure as an SVG element."""
    return drawings([spec])[0]


def drawings(specs: Sequence[Spec]) -> list[str]:
    """The figures as SVG elements."""
    rest = enumerate(specs)
    turn = threading.Lock()

    def taken() -> Iterator[tuple[int, Spec]]:
        while True:
            with turn:
                following = next(rest, None)
            if following is None:
                return
            yield following

    with ThreadPoolExecutor(PENS) as pool:
        done = pool.map(lambda pen: [(place, pen.draw(spec)) for place, spec in taken()], pens())
        return [text for _, text in sorted(pair for part in done for pair in part)]


@functools.cache
def pens() -> tuple[_Pen, ...]:
    """The processes that draw, started at the first call; they end with this one."""
    return tuple(_Pen() for _ in range(PENS))


class _Pen:
    """One process that draws: a specification a line in, an SVG a line out, both as JSON."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  the interpreter that runs this, on this file
            [sys.executable, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._free = threading.Lock()
        atexit.register(self._end)

    def draw(self, spec: Spec) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._free:
            self._process.stdin.write(json.dumps(spec).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise OSError(f"the process that draws figures ended with code {self._process.wait()}")
        drawn: dict[str, str] = json.loads(line)
        if "error" in drawn:
            raise ValueError(f"a figure could not be drawn: {drawn['error']}")
        return drawn["svg"]

    def _end(self) -> None:
        self._process.communicate()


def _serve() -> None:
    """Draws what comes in on standard input until it ends."""
    import vl_convert

    vl_convert.vegalite_to_svg('{"mark": "point"}', vl_version="5.20")  # loads what every figure needs
    for line in sys.stdin.buffer:
        try:
            drawn = {"svg": vl_convert.vegalite_to_svg(line.decode(), vl_version="5.20")}
        except ValueError as error:
            drawn = {"error": str(error)}
        sys.stdout.buffer.write(json.dumps(drawn).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
