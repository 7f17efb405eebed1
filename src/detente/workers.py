"""Long work in chunks: on one process, on many, or on a Ray cluster; stopped at any time, it goes on where it was.

A `Job` is one function, what all its tasks share, and the tasks. Each task gives a *chunk*: named arrays. Chunks come
out in the order of the tasks whoever computed them, so a job whose tasks carry their own seeds (see `seeds`) has the
same result whatever the number of workers. With a folder to keep them in, finished chunks are on disk (a temporary
file, fsync, rename), and a later run of the same job computes only the others: nothing is lost with a kill but the
chunks under way, and nothing is counted twice, because a chunk's place is its number. A chunk file holds arrays and
nothing that could be executed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from detente.errors import MissingExtraError, NeedsError, WorkerError

Array = NDArray[Any]
Chunk = Mapping[str, Array]
Engine = Literal["processes", "ray"]
Report = Callable[[int, int], None]
"""Is told how many chunks are done, and of how many."""

ENGINES: tuple[Engine, ...] = ("processes", "ray")
AHEAD = 4
"""Chunks for each worker that may be under way or waiting for their turn: what bounds memory."""
MANIFEST = "job.json"


@dataclass(frozen=True)
class Job:
    """Work to be done: ``work(shared, task)`` for each task.

    ``work`` is a function of a module (worker processes import it) that returns named arrays; ``shared`` goes to each
    worker once, a task each time, both by pickling. ``key`` names everything that the result depends on: chunks kept
    under another key are refused.
    """

    work: Callable[[Any, Any], Chunk]
    shared: Any
    tasks: Sequence[Any]
    key: str


def seeds(seed: int, count: int) -> list[np.random.SeedSequence]:
    """Independent seeds for so many tasks, the same for the same seed: the first ones do not depend on ``count``."""
    return np.random.SeedSequence(seed).spawn(count)


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def chunks(
    job: Job,
    *,
    workers: int = 1,
    engine: Engine = "processes",
    folder: str | Path | None = None,
    report: Report | None = None,
) -> Iterator[Chunk]:
    """The chunks of a job, in the order of its tasks.

    Parameters
    ----------
    workers
        Processes; 1 computes in this one. On a Ray cluster, tasks under way at once.
    engine
        ``processes`` (spawned, on this machine) or ``ray`` (the cluster of ``RAY_ADDRESS``, else a local one).
    folder
        Where finished chunks are kept, and found again.
    report
        Is told of progress.

    Raises
    ------
    NeedsError
        Where an option does not fit, or the folder holds another job.
    MissingExtraError
        Where Ray is asked for and not installed.
    WorkerError
        Where a worker process dies. Chunks that were finished stay in the folder.

    At most `AHEAD` chunks for each worker are held in memory. Closing the iterator early stops the work.
    """
    if workers < 1:
        raise NeedsError(f"workers is a count from 1; got {workers}")
    if engine not in ENGINES:
        raise NeedsError(f"unknown engine '{engine}'; there are {' and '.join(ENGINES)}")
    store = None if folder is None else _Store(Path(folder), job)
    pool: _Pool
    if engine == "ray":
        pool = _Ray(job)
    elif workers == 1:
        pool = _Here(job)
    else:
        pool = _Processes(job, workers)
    with contextlib.closing(pool):
        yield from _ordered(job, pool, store, workers, report)


def _ordered(
    job: Job, pool: _Pool, store: _Store | None, workers: int, report: Report | None
) -> Iterator[Chunk]:
    total = len(job.tasks)
    kept = set() if store is None else store.kept()
    ready: dict[int, Chunk] = {}
    given, under_way, done = 0, 0, len(kept)
    window = AHEAD * workers if workers > 1 else 1
    if report is not None:
        report(done, total)
    for place in range(total):
        while place not in kept and place not in ready:
            while given < min(total, place + window) and under_way < 2 * workers:
                if given not in kept:
                    pool.give(given, job.tasks[given])
                    under_way += 1
                given += 1
            number, chunk = pool.take()
            under_way -= 1
            done += 1
            if store is not None:
                store.write(number, chunk)
            ready[number] = chunk
            if report is not None:
                report(done, total)
        if place in ready:
            yield ready.pop(place)
        elif store is not None:
            given = max(given, place + 1)
            yield store.read(place)


# where chunks are kept ----------------------------------------------------------------------------


class _Store:
    """A folder with a manifest that says whose chunks it holds, and a file for each chunk."""

    def __init__(self, folder: Path, job: Job) -> None:
        self.folder, self.count = folder, len(job.tasks)
        mark = {"key": hashlib.sha256(job.key.encode()).hexdigest(), "format": 1}
        manifest = folder / MANIFEST
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not manifest.exists():
                _replace(manifest, lambda file: file.write(json.dumps(mark).encode()))
            found = json.loads(manifest.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NeedsError(f"cannot keep results in '{folder}': {error}") from error
        if found != mark:
            raise NeedsError(
                f"'{folder}' holds the results of another question; name an empty folder, or ask the same question"
            )

    def path(self, number: int) -> Path:
        return self.folder / f"chunk-{number:08d}.npz"

    def kept(self) -> set[int]:
        """Numbers of the chunks that are there and whole."""
        return {n for n in range(self.count) if self.path(n).exists() and zipfile.is_zipfile(self.path(n))}

    def read(self, number: int) -> Chunk:
        with np.load(self.path(number), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def write(self, number: int, chunk: Chunk) -> None:
        arrays: dict[str, Any] = {name: np.asarray(array) for name, array in chunk.items()}
        try:
            _replace(self.path(number), lambda file: np.savez(file, allow_pickle=False, **arrays))
        except OSError as error:
            raise NeedsError(f"cannot keep results in '{self.folder}': {error}") from error


def _replace(path: Path, write: Callable[[Any], Any]) -> None:
    """Writes a file so that it is there whole or not at all, also after a power cut."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# who computes -------------------------------------------------------------------------------------


class _Pool(Protocol):
    """Takes numbered tasks, gives back numbered chunks in any order."""

    def give(self, number: int, task: Any) -> None: ...

    def take(self) -> tuple[int, Chunk]: ...

    def close(self) -> None: ...


class _Here:
    """This process."""

    def __init__(self, job: Job) -> None:
        self.job, self.waiting = job, list[tuple[int, Any]]()

    def give(self, number: int, task: Any) -> None:
        self.waiting.append((number, task))

    def take(self) -> tuple[int, Chunk]:
        number, task = self.waiting.pop(0)
        return number, self.job.work(self.job.shared, task)

    def close(self) -> None:
        self.waiting.clear()


class _Processes:
    """Spawned processes of this machine."""

    def __init__(self, job: Job, workers: int) -> None:
        from multiprocessing import get_context

        self.pool = ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_settle, initargs=(job.work, job.shared)
        )
        self.futures: dict[Future[Chunk], int] = {}

    def give(self, number: int, task: Any) -> None:
        try:
            self.futures[self.pool.submit(_one, task)] = number
        except BrokenProcessPool as error:
            raise _died() from error

    def take(self) -> tuple[int, Chunk]:
        done = next(iter(wait(self.futures, return_when=FIRST_COMPLETED).done))
        number = self.futures.pop(done)
        try:
            return number, done.result()
        except BrokenProcessPool as error:
            raise _died() from error

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)


def _died() -> WorkerError:
    return WorkerError(
        "a worker process ended unexpectedly, perhaps for want of memory; finished chunks are kept where a folder was named"
    )


_here: dict[str, Any] = {}
"""In a worker process: its function and what all tasks share."""


def _settle(work: Callable[[Any, Any], Chunk], shared: Any) -> None:
    _here.update(work=work, shared=shared)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A worker whose parent was killed leaves too, instead of waiting for tasks for ever."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _one(task: Any) -> Chunk:
    found: Chunk = _here["work"](_here["shared"], task)
    return found


class _Ray:
    """A Ray cluster, of one machine or many."""

    def __init__(self, job: Job) -> None:
        try:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machines
            import ray
        except ImportError as error:
            raise MissingExtraError("ray", "ray") from error
        self.ray, self.mine = ray, not ray.is_initialized()
        if self.mine:
            ray.init(log_to_driver=False, configure_logging=False)
        self.work, self.shared = ray.remote(job.work), ray.put(job.shared)
        self.refs: dict[Any, int] = {}

    def give(self, number: int, task: Any) -> None:
        self.refs[self.work.remote(self.shared, task)] = number

    def take(self) -> tuple[int, Chunk]:
        (ref, *_), _rest = self.ray.wait(list(self.refs), num_returns=1)
        number = self.refs.pop(ref)
        try:
            return number, self.ray.get(ref)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause or error from None
        except self.ray.exceptions.WorkerCrashedError as error:
            raise _died() from error

    def close(self) -> None:
        for ref in self.refs:
            self.ray.cancel(ref)
        if self.mine:
            self.ray.shutdown()
