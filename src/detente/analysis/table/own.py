"""A person's own strategy at the table: a class in a Python file, run apart, within time, with a limited view.

The how-to on strategies shows one in twenty lines. It runs in a process of its own (`guest`), which is told the
outcomes, what they are worth to its own party, and the offers; the process ends when a call takes too long. Whatever
goes wrong is a *fault*: it is recorded, the party leaves that negotiation, and everything else goes on.
"""

from __future__ import annotations

import inspect
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente.errors import CostError, NeedsError

LARGEST = 200_000
"""Outcomes of the largest case that an own strategy is told of."""
LIMIT = 1.0
"""Seconds that a call may take."""
_START, _BEGIN = 20.0, 5.0
"""Seconds more for starting the process, and for loading the strategy before each negotiation."""
MOST_FAULTS = 1_000


@dataclass(frozen=True)
class Fault:
    """Something that went wrong in an own strategy: in which round (-1: at the start), and what."""

    strategy: str
    round: int
    what: str


@dataclass(eq=False)
class Own:
    """A person's own strategy: class ``name`` of the file ``path``; ``limit`` seconds a call; ``faults`` so far."""

    path: str
    name: str
    limit: float = LIMIT
    faults: list[Fault] = field(default_factory=list, repr=False)
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _lines: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue, repr=False)

    timed = False
    about = "a strategy of your own"

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "name": self.name, "limit": self.limit, "faults": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _process=None, _lines=queue.SimpleQueue())

    def ask(self, question: dict[str, Any], round: int) -> dict[str, Any] | None:
        """The answer to a question; None, and a fault recorded, where there is none in time."""
        starting = self._process is None
        if starting:
            self._start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = self._lines.get(
                timeout=self.limit + (_START if starting else _BEGIN if round < 0 else 0.0)
            )
        except queue.Empty:
            return self._fault(round, f"took longer than {self.limit:g} s")
        except OSError:
            line = None
        if line is None:
            return self._fault(round, "its process ended")
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            return self._fault(round, answer["problem"], end=False)
        return answer

    def _start(self) -> None:
        guest = Path(__file__).with_name("guest.py")
        self._lines = queue.SimpleQueue()
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter that runs this, on a file that the user named
            [sys.executable, "-I", str(guest), self.path, self.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env={key: value for key, value in os.environ.items() if key in ("PATH", "SYSTEMROOT", "LANG")},
        )  # fmt: skip
        threading.Thread(target=_read, args=(self._process, self._lines), daemon=True).start()

    def _fault(self, round: int, what: str, end: bool = True) -> dict[str, Any] | None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(self.name, round, what))
        if end:
            self.close()
        return None

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def __del__(self) -> None:
        self.close()


def _read(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    """Passes a process's answers on, and None when there are no more."""
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
    except ValueError:
        pass
    lines.put(None)


def own(source: str | type, limit: float = LIMIT) -> Own:
    """An own strategy from ``file.py:Class``, or from a class that is defined in a file."""
    if isinstance(source, str):
        path, _, name = source.rpartition(":")
        name = name.strip()
    else:
        found = inspect.getsourcefile(source) if source.__module__ != "builtins" else None
        path, name = found or "", source.__qualname__
    if not path or not Path(path).is_file():
        raise NeedsError(f"an own strategy is a class in a file, named file.py:Class; got '{source}'")
    if not name.isidentifier():
        raise NeedsError(f"an own strategy is a class at the top of its file; got '{name}'")
    return Own(str(Path(path).resolve()), name, limit)


class Seat:
    """An own strategy in a seat: it sees its own list and the offers, and nothing else."""

    def __init__(self, own: Own, told: dict[str, Any], order: list[int]) -> None:
        if len(order) > LARGEST:
            raise CostError(
                "telling an own strategy of every outcome", f"{len(order):,}", f"up to {LARGEST:,}"
            )
        self.own, self.order, self.me = own, order, told["me"]
        self.places = {outcome: place for place, outcome in enumerate(order)}
        self.heard: list[list[int]] = []
        self.takes = False
        self.lost = self.own.ask({"do": "begin", **told}, -1) is None

    def plan(self, round: int) -> int | None:
        """Asks what it does this turn; None for leaving, also after a fault."""
        self.takes = False
        if self.lost:
            return None
        standing = self.heard[-1][2] if self.heard else None
        answer = self.own.ask(
            {"do": "turn", "me": self.me, "round": round, "heard": self.heard, "standing": standing}, round
        )
        self.heard = self.heard[-1:] if answer is None else []
        if answer is None:
            self.lost = True
            return None
        self.takes = bool(answer["takes"])
        offer = answer.get("offer")
        return None if offer is None else self.order[offer]

    def accepts(self, round: int, offer: int) -> bool:
        """Whether it took the standing offer this turn."""
        return self.takes

    def proposed(self, outcome: int) -> None:
        """Its offer is on the table."""

    def hears(self, round: int, offer: int, by: int) -> None:
        """Another's offer is on the table: told at its next turn."""
        self.heard.append([round, by, self.places[offer]])
