"""Vega-Lite specifications to SVG, without a browser and without a network.

A process of its own draws: its JavaScript starts up while the analyses still run, what is known early is drawn ahead,
and nobody's thread is held up. This file is also the program which that process runs.
"""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

Spec = Mapping[str, Any]


def svg(spec: Spec) -> str:
    """The figure as an SVG element."""
    return _pen().draw(json.dumps(spec)).result()


class Drawings:
    """The drawings of one document: what is asked for ahead is there when it is wanted."""

    def __init__(self) -> None:
        self._drawn: dict[str, Future[str]] = {}
        _pen()

    def ahead(self, specs: Iterable[Spec]) -> None:
        """Has figures drawn, without waiting for them."""
        for text in map(json.dumps, specs):
            if text not in self._drawn:
                self._drawn[text] = _pen().draw(text)

    def of(self, specs: Sequence[Spec]) -> list[str]:
        """The figures as SVG elements."""
        self.ahead(specs)
        return [self._drawn[json.dumps(spec)].result() for spec in specs]


class _Pen:
    """The process that draws: a specification a line in, an SVG a line out, both as JSON. It ends with this one."""

    def __init__(self) -> None:
        self._queue = ThreadPoolExecutor(1)
        self._process = self._begun()
        atexit.register(lambda: self._process.communicate())

    def _begun(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  the interpreter that runs this, on this file
            [sys.executable, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def draw(self, spec: str) -> Future[str]:
        return self._queue.submit(self._draw, spec)

    def _draw(self, spec: str) -> str:
        if self._process.poll() is not None:  # killed from outside
            self._process.communicate()
            self._process = self._begun()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(spec.encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise OSError(f"the process that draws figures ended with code {self._process.wait()}")
        drawn: dict[str, str] = json.loads(line)
        if "error" in drawn:
            raise ValueError(f"a figure could not be drawn: {drawn['error']}")
        return drawn["svg"]


@functools.cache
def _pen() -> _Pen:
    return _Pen()


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
