"""Vega-Lite specifications to SVG, PNG and PDF, without a browser and without a network.

A process of its own draws: its JavaScript starts up while the analyses still run, what is known early is drawn ahead,
and nobody's thread is held up. This file is also the program which that process runs.
"""

from __future__ import annotations

import atexit
import base64
import functools
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

Spec = Mapping[str, Any]
FORMS = ("svg", "png", "pdf")
SHARP = 3
"""Pixels of a PNG for each unit of a figure: 216 to the inch."""


def svg(spec: Spec) -> str:
    """The figure as an SVG element."""
    return picture(spec, "svg").decode()


def picture(spec: Spec, form: str) -> bytes:
    """The figure as a file of one of the forms ``svg``, ``png``, ``pdf``."""
    return _pen().draw(form, json.dumps(spec)).result()


class Drawings:
    """The drawings of one document: what is asked for ahead is there when it is wanted."""

    def __init__(self) -> None:
        self._drawn: dict[str, Future[bytes]] = {}
        _pen()

    def ahead(self, specs: Iterable[Spec]) -> None:
        """Has figures drawn as SVG, without waiting for them."""
        for text in map(json.dumps, specs):
            if text not in self._drawn:
                self._drawn[text] = _pen().draw("svg", text)

    def of(self, specs: Sequence[Spec]) -> list[str]:
        """The figures as SVG elements."""
        self.ahead(specs)
        return [self._drawn[json.dumps(spec)].result().decode() for spec in specs]


class _Pen:
    """The process that draws: a form and a specification a line in, a file a line out. It ends with this one."""

    def __init__(self) -> None:
        self._queue = ThreadPoolExecutor(1)
        self._process = self._begun()
        atexit.register(lambda: self._process.communicate())

    def _begun(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  the interpreter that runs this, on this file
            [sys.executable, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def draw(self, form: str, spec: str) -> Future[bytes]:
        return self._queue.submit(self._draw, form, spec)

    def _draw(self, form: str, spec: str) -> bytes:
        if self._process.poll() is not None:  # killed from outside
            self._process.communicate()
            self._process = self._begun()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{form} {spec}\n".encode())
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise OSError(f"the process that draws figures ended with code {self._process.wait()}")
        kind, _, what = line.decode().partition(" ")
        if kind == "error":
            raise ValueError(f"a figure could not be drawn: {json.loads(what)}")
        return base64.b64decode(what)


@functools.cache
def _pen() -> _Pen:
    return _Pen()


def _serve() -> None:
    """Draws what comes in on standard input until it ends."""
    import vl_convert

    draw = {
        "svg": lambda spec: vl_convert.vegalite_to_svg(spec, vl_version="5.20").encode(),
        "png": lambda spec: vl_convert.vegalite_to_png(spec, vl_version="5.20", scale=SHARP),
        "pdf": lambda spec: vl_convert.vegalite_to_pdf(spec, vl_version="5.20"),
    }
    draw["svg"]('{"mark": "point"}')  # loads what every figure needs
    for line in sys.stdin.buffer:
        form, _, spec = line.decode().partition(" ")
        try:
            answer = b"done " + base64.b64encode(draw[form](spec))
        except ValueError as error:
            answer = b"error " + json.dumps(str(error)).encode()
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
