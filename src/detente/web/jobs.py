"""Slow work in processes of its own: progress while it runs, a stop that ends it, and the newest of a channel wins."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from detente.errors import CaseError, CostError, DetenteError, NeedsError

MOST_FINISHED = 50
"""Answers kept for whoever asks for them."""
MOST_RUNNING = 4
"""Pieces of work at a time; the others wait."""
STEP = 0.02
"""Seconds between looks at whether work should stop."""


@dataclass(eq=False)
class Job:
    """A piece of work. ``state`` is waiting, running, done, failed or stopped."""

    number: int
    channel: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    begun: float = 0.0
    took: float = 0.0
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    ended: threading.Event = field(default_factory=threading.Event, repr=False)
    stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "stopped")

    def to_data(self) -> dict[str, Any]:
        spent = (time.monotonic() - self.begun) if self.begun else 0.0
        left = spent / self.done * (self.total - self.done) if self.done and not self.over else None
        return {"id": self.number, "state": self.state, "done": self.done, "total": self.total, "left": left,
                "took": self.took or spent, "result": self.result, "error": self.error}  # fmt: skip


class Jobs:
    """Work in hand. Processes that have finished their work wait for the next, so that starting costs nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._idle: list[_Hand] = []
        self._room = threading.Semaphore(MOST_RUNNING)
        self._next = 1

    def warm(self) -> None:
        """Starts a process before there is work for it."""
        with self._lock:
            self._idle.append(_Hand())

    def start(self, kind: str, arguments: Mapping[str, Any], channel: str) -> Job:
        """Begins a piece of work; an older one of the same channel is stopped."""
        with self._lock:
            for old in self._jobs.values():
                if channel and old.channel == channel and not old.over:
                    old.stopped.set()
            job = self._jobs[self._next] = Job(self._next, channel)
            self._next += 1
            finished = [number for number, old in self._jobs.items() if old.over]
            for number in finished[:-MOST_FINISHED]:
                del self._jobs[number]
        threading.Thread(target=self._run, args=(job, kind, dict(arguments)), daemon=True).start()
        return job

    def get(self, number: int) -> Job:
        try:
            return self._jobs[number]
        except KeyError:
            raise NeedsError(f"there is no job {number}") from None

    def stop(self, number: int) -> Job:
        """Ends a piece of work: its process is killed."""
        job = self.get(number)
        job.stopped.set()
        job.ended.wait()
        return job

    def close(self) -> None:
        for job in list(self._jobs.values()):
            job.stopped.set()
        for hand in self._idle:
            hand.kill()

    def _run(self, job: Job, kind: str, arguments: dict[str, Any]) -> None:
        while not self._room.acquire(timeout=STEP):
            if job.stopped.is_set():
                self._end(job, "stopped")
                return
        hand = self._hand()
        try:
            job.begun, job.state = time.monotonic(), "running"
            state = self._follow(job, hand, kind, arguments)
        except (EOFError, OSError):
            job.error = {"kind": "fault", "message": "the process that did this work has died"}
            state = "failed"
            hand.kill()
        finally:
            self._room.release()
        self._end(job, state)

    def _hand(self) -> _Hand:
        """A process that waits for work, or a new one."""
        with self._lock:
            while self._idle:
                hand = self._idle.pop()
                if hand.process.is_alive():
                    return hand
                hand.kill()
        return _Hand()

    def _follow(self, job: Job, hand: _Hand, kind: str, arguments: dict[str, Any]) -> str:
        """Sees a piece of work through; the state that it ends in."""
        hand.pipe.send((kind, arguments))
        while not job.stopped.is_set():
            if not hand.pipe.poll(STEP):
                continue
            what, value = hand.pipe.recv()
            if what == "progress":
                job.done, job.total = value
                continue
            with self._lock:
                self._idle.append(hand)
            if what == "done":
                job.result = value
            else:
                job.error = value
            return str(what)
        hand.kill()
        return "stopped"

    def _end(self, job: Job, state: str) -> None:
        job.took = time.monotonic() - job.begun if job.begun else 0.0
        job.state = state
        job.ended.set()


class _Hand:
    """A process that does one piece of work after the other."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection) -> None:
    import detente.analysis.agreement
    import detente.report.draw  # noqa: F401  what most work needs, before it is asked for
    from detente.web.ask import work

    def tell(done: int, total: int) -> None:
        pipe.send(("progress", (done, total)))

    while True:
        try:
            kind, arguments = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            pipe.send(("done", work(kind, arguments, tell)))
        except DetenteError as error:
            pipe.send(("failed", told(error)))


def told(error: DetenteError) -> dict[str, Any]:
    """An error of ours as data."""
    if isinstance(error, CaseError):
        problems = [
            {"path": p.path, "line": p.line, "column": p.column, "message": str(p)} for p in error.problems
        ]
        return {"kind": "case", "message": str(error), "problems": problems}
    kind = "cost" if isinstance(error, CostError) else "needs"
    return {"kind": kind, "message": str(error)}
