"""Progress of long work: one line on stderr, on a terminal only, with the time left."""

from __future__ import annotations

import sys
import time
from typing import TextIO

EVERY = 0.2
"""Seconds between two looks at the line."""


class Progress:
    """Told how many chunks are done, and of how many, it keeps one line up to date; silent where nobody looks."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self.what = what
        self.stream = sys.stderr if stream is None else stream
        self.shown = self.stream.isatty()
        self.begin: float | None = None
        self.first = 0
        self.last = 0.0

    def __call__(self, done: int, total: int) -> None:
        if not self.shown:
            return
        now = time.monotonic()
        if self.begin is None:
            self.begin, self.first = now, done
        if done < total and now - self.last < EVERY:
            return
        self.last = now
        left = ""
        if self.first < done < total:
            seconds = (now - self.begin) / (done - self.first) * (total - done)
            left = f", {span(seconds)} left"
        self.stream.write(f"\r\x1b[K{self.what}: {100 * done // max(total, 1)} %{left}")
        self.stream.flush()

    def clear(self) -> None:
        """Takes the line away."""
        if self.shown and self.begin is not None:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def span(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
