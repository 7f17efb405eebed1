"""Runs a question over the draws of a plan, in chunks, and counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import detente
from detente.analysis.confidence.answers import Answers, Question, joined
from detente.analysis.confidence.draws import SAMPLINGS, Sampling, block_sizes
from detente.analysis.confidence.estimates import Share, share_of
from detente.analysis.confidence.worlds import Plan, outcome_text
from detente.errors import NeedsError
from detente.workers import Chunk, Engine, Job, Report, chunks

Array = NDArray[Any]
LEAST_BLOCKS = 10
"""Blocks that are drawn before the stopping rule is asked."""


@dataclass(frozen=True)
class Means:
    """How a run is computed: nothing here changes its result."""

    workers: int = 1
    engine: Engine = "processes"
    folder: str | Path | None = None
    report: Report | None = None


@dataclass(frozen=True)
class Sample:
    """What is drawn. ``draws`` None: as many as are usual for the question. ``error``: stop once the interval of the main answer is this narrow on each side."""

    draws: int | None = None
    seed: int = 0
    sampling: Sampling = "latin"
    error: float | None = None

    def __post_init__(self) -> None:
        if self.draws is not None and self.draws < 1:
            raise NeedsError(f"the number of draws is 1 or more; got {self.draws}")
        if self.seed < 0:
            raise NeedsError(f"a seed is a whole number of 0 or more; got {self.seed}")
        if self.sampling not in SAMPLINGS:
            raise NeedsError(f"unknown sampling '{self.sampling}'; there are {', '.join(SAMPLINGS)}")
        if self.error is not None and not 0 < self.error < 1:
            raise NeedsError(f"the error to stop at is a share between 0 and 1; got {self.error}")


@dataclass(frozen=True, eq=False)
class Counts:
    """What came out. ``yes`` bool (n, answers) and ``numbers`` (n, numbers) draw by draw, with the ``block`` and the
    ``world`` of each; ``members[family][outcome]`` draws of each block in which an outcome is a member.
    """

    plan: Plan
    question: Question
    sample: Sample
    sizes: Array
    block: Array
    world: Array
    yes: Array
    numbers: Array
    members: Mapping[str, Mapping[str, Array]]
    stopped: bool = False
    watched: tuple[tuple[str, str], ...] = ()
    seen: Array = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))

    @property
    def draws(self) -> int:
        return len(self.block)

    def share(self, name: str) -> Share:
        """The share of draws with a yes/no answer."""
        return self.share_where(self.truth(name))

    def truth(self, name: str) -> Array:
        """A yes/no answer draw by draw: one of the question's, or a watched ``family:outcome``."""
        if name in self.question.yes:
            return np.asarray(self.yes[:, self.question.yes.index(name)])
        for place, (family, outcome) in enumerate(self.watched):
            if name == f"{family}:{outcome}":
                return np.asarray(self.seen[:, place])
        known = ", ".join(self.question.yes[:12]) or "none"
        raise NeedsError(f"unknown answer '{name}'; there are {known}, and family:outcome")

    def share_where(self, truth: Array) -> Share:
        counts = np.bincount(self.block, weights=truth, minlength=len(self.sizes))
        return share_of(counts.astype(np.int64), self.sizes, self.sample.sampling != "random")

    def member_share(self, family: str, outcome: str) -> Share:
        """The share of draws in which an outcome is a member of a family."""
        counts = self.members[family].get(outcome, np.zeros(len(self.sizes), dtype=np.int64))
        return share_of(counts, self.sizes, self.sample.sampling != "random")

    def uniform(self) -> Array:
        """The uniform draws behind the answers, made again: (n, inputs)."""
        parts = [
            self.plan.draw(int(size), self.sample.seed, block, self.sample.sampling)
            for block, size in enumerate(self.sizes)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.plan.inputs)))


@dataclass(frozen=True, eq=False)
class _Shared:
    """What goes to each worker once."""

    plan: Plan
    question: Question
    sample: Sample
    sizes: tuple[int, ...]
    watched: tuple[tuple[str, str], ...]


def run(
    plan: Plan, question: Question, sample: Sample, means: Means | None = None, watch: Sequence[str] = ()
) -> Counts:
    """Asks a question of every draw. The question has been prepared with the plan's worlds."""
    means = means or Means()
    sizes = block_sizes(sample.draws or question.usual)
    watched = tuple((family, outcome) for family, _, outcome in (name.partition(":") for name in watch))
    tasks = [
        (block, start, min(start + question.piece, size))
        for block, size in enumerate(sizes)
        for start in range(0, size, question.piece)
    ]
    shared = _Shared(plan, question, sample, tuple(sizes), watched)
    job = Job(_work, shared, tasks, _key(plan, question, sample, watch))
    found, blocks, stopped = [], [], False
    stream = chunks(job, workers=means.workers, engine=means.engine, folder=means.folder, report=means.report)
    for (block, _start, stop), chunk in zip(tasks, stream, strict=False):
        found.append(chunk)
        blocks.append(block)
        if stop == sizes[block] and _enough(sample, question, found, blocks, sizes):
            stopped = len(found) < len(tasks)
            stream.close()  # type: ignore[attr-defined]
            break
    return _counted(shared, found, blocks, stopped)


def _key(plan: Plan, question: Question, sample: Sample, watch: Sequence[str]) -> str:
    said = {
        "detente": detente.__version__,
        "case": plan.case.hash,
        "question": [question.name, dict(question.options)],
        "draws": [sample.draws, sample.seed, sample.sampling],
        "inputs": [(i.name, str(i.number), i.choices, i.shares) for i in plan.inputs],
        "watch": list(watch),
    }
    return json.dumps(said, sort_keys=True, default=str)


def _enough(
    sample: Sample, question: Question, found: Sequence[Chunk], blocks: Sequence[int], sizes: Sequence[int]
) -> bool:
    """Whether the main answer is known well enough to stop. Asked at the end of a block, so order cannot matter."""
    done = blocks[-1] + 1
    if sample.error is None or done < LEAST_BLOCKS or not question.main:
        return False
    place = question.yes.index(question.main)
    counts = np.zeros(done, dtype=np.int64)
    for chunk, block in zip(found, blocks, strict=True):
        counts[block] += int(chunk["yes"][:, place].sum())
    known = share_of(counts, np.array(sizes[:done]), sample.sampling != "random")
    return known.error <= sample.error


def _work(shared: _Shared, task: tuple[int, int, int]) -> Chunk:
    """The answers of one piece of a block."""
    block, start, stop = task
    plan, sample = shared.plan, shared.sample
    u = plan.draw(shared.sizes[block], sample.seed, block, sample.sampling)[start:stop]
    return evaluate(plan, shared.question, u, shared.watched)


def evaluate(
    plan: Plan, question: Question, u: Array, watched: Sequence[tuple[str, str]] = ()
) -> dict[str, Array]:
    """The answers at uniform draws (n, inputs), as named arrays."""
    worlds = np.zeros(len(u), dtype=np.int64) if plan.single else plan.assign(u)
    parts: list[tuple[Array, Answers]] = []
    out: dict[str, Array] = {}
    seen = np.zeros((len(u), len(watched)), dtype=bool)
    for w in np.unique(worlds):
        rows, world = np.flatnonzero(worlds == w), plan.worlds[w]
        answers = question(world, world.values(u[rows]), len(rows))
        parts.append((rows, answers))
        for family, sets in answers.sets.items():
            levels, counts = sets.counts()
            out[f"levels.{family}.{w}"], out[f"counts.{family}.{w}"] = levels, counts
        for place, (family, text) in enumerate(watched):
            if family in answers.sets and (at := _levels(world.space, text)) is not None:
                seen[rows, place] = answers.sets[family].member(at)
    yes, numbers = joined(parts, len(u), len(question.yes), len(question.numbers))
    return {"yes": yes, "numbers": numbers, "world": worlds, "seen": seen, **out}


def _levels(space: Any, text: str) -> tuple[int, ...] | None:
    """The level positions of an outcome as `outcome_text` writes it; None where this world does not have it."""
    try:
        if space.case.graph_form:
            return tuple(space.positions(text))
        return tuple(space.positions(dict(part.split("=", 1) for part in text.split(","))))
    except (NeedsError, ValueError):
        return None


def _counted(shared: _Shared, found: Sequence[Chunk], blocks: Sequence[int], stopped: bool) -> Counts:
    plan, question = shared.plan, shared.question
    done = max(blocks, default=-1) + 1
    members: dict[str, dict[str, Array]] = {}
    for chunk, block in zip(found, blocks, strict=True):
        for name in chunk:
            kind, _, rest = name.partition(".")
            if kind != "levels":
                continue
            family, _, world = rest.rpartition(".")
            space = plan.worlds[int(world)].space
            assert space is not None
            mine = members.setdefault(family, {})
            for levels, count in zip(chunk[name], chunk[f"counts.{rest}"], strict=True):
                text = outcome_text(space, levels)
                mine.setdefault(text, np.zeros(done, dtype=np.int64))[block] += int(count)
    lengths = [len(chunk["yes"]) for chunk in found]
    return Counts(
        plan,
        question,
        shared.sample,
        np.array(shared.sizes[:done], dtype=np.int64),
        np.repeat(np.array(blocks, dtype=np.int64), lengths),
        np.concatenate([chunk["world"] for chunk in found]),
        np.concatenate([chunk["yes"] for chunk in found]),
        np.concatenate([chunk["numbers"] for chunk in found]),
        members,
        stopped,
        shared.watched,
        np.concatenate([chunk["seen"] for chunk in found]),
    )
