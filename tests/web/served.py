"""A workbench served as a process of its own, and how tests talk to it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

CASE = """\
# A mill and its union.
detente: 1
id: mill
title: A mill and its union      # kept short
parties: {mill: {label: The mill, patience: 0.9}, union: {label: The union, patience: 0.8}}
issues:
  wage: {by: mill, levels: [low, middle, high], retreat: {high: high}}
  shifts: {by: union, levels: [old, new]}
no_deal: {now: status_quo}
preferences:
  mill:
    values: {wage: {low: 10, middle: 6, high: 1.5}, shifts: {old: 0, new: 12}}   # [see the annex]
  union:
    values: {wage: {low: 0, middle: 5, high: 9}, shifts: {old: 7, new: 0}}
variants:
  poor-year: [{set: preferences.mill.values.wage.high, to: 0}]
"""

SECRET = CASE.replace("id: mill\n", "id: mill\nconfidential: [{path: preferences.mill, to: []}]\n").replace(
    "10, middle: 6", "7391.25, middle: 6482.75"
).replace("# [see the annex]", "# our walk-away is SECRETWORD")  # fmt: skip


@dataclass(eq=False)
class Served:
    """A running workbench."""

    process: subprocess.Popen[str]
    address: str
    token: str
    code: str

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.address, headers={"authorization": f"Bearer {self.token}"}, timeout=60
        )

    @property
    def page(self) -> str:
        return f"{self.address}/?token={self.token}"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(path: Path, state: Path, *options: str) -> Iterator[Served]:
    """Serves a case until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "detente", "serve", str(path), "--no-browser", *options],
        stdout=subprocess.PIPE, text=True, cwd=path.parent if path.exists() else state,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.match(r"(http://\S+?)/\?token=(\S+)", line)
        assert found is not None, line
        code = process.stdout.readline().split()[-1] if "--class" in options else ""
        served = Served(process, found[1], found[2], code)
        with served.client() as client:
            for _ in range(100):
                try:
                    client.get("/api/openapi.json")
                    break
                except httpx.ConnectError:
                    continue
        yield served
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
