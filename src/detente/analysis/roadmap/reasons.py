"""Why there is no way, why one step does or does not do where several do: reasons read off the computation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detente.analysis.roadmap.evaluate import EXISTS
from detente.analysis.roadmap.problem import Answer, Order, Problem
from detente.analysis.roadmap.steps import steps


@dataclass(frozen=True)
class Reason:
    """One reason: its ``kind``, and the parties and issues it names."""

    kind: str
    parties: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()


def no_way(problem: Problem, order: Order) -> list[Reason]:
    """Why no way leads to the target at all."""
    model, target = problem.model, problem.target
    lowered = [
        c.name
        for k, c in enumerate(model.commitments)
        if model.position[k][target] < model.position[k][model.start]
    ]
    if lowered:
        return [Reason("lowered", issues=tuple(lowered))]
    if not model.possible[target]:
        return [Reason("impossible")]
    stuck = [
        c.name for k, c in enumerate(model.commitments)
        if model.position[k][target] > model.position[k][model.start] and c.up == 0
    ]  # fmt: skip
    if stuck:
        return [Reason("never", issues=tuple(stuck))]
    walk: Order = "any" if order == "at-once" else order
    if steps(model, target, walk, None).start >= 0:
        return [Reason("deadline")] if order != "at-once" or _fits(problem) else [Reason("one step")]
    free = replace(model, cap={}, ground={})
    if steps(free, target, walk, None).start >= 0:
        tied = sorted({*model.cap, *model.ground})
        return [Reason("prerequisites", issues=tuple(model.commitments[k].name for k in tied))]
    return [Reason("cut off")]


def _fits(problem: Problem) -> bool:
    return bool(problem.changed(horizon=None, collapse=None).together())


def compare(problem: Problem, found: Answer, once: Answer) -> list[Reason]:
    """Why going step by step and doing all at once differ, or fail alike."""
    model = problem.model
    shown = found.shown or once.shown
    out: list[Reason] = []
    if shown is None:
        return out
    rest = [model.parties[i] for i in range(model.n) if shown.gap[i, -1] > EXISTS]
    if rest:
        out.append(Reason("rest", tuple(rest)))
        out += [Reason("no hostage", (p,)) for p in rest if not _hostage(problem, model.parties.index(p))]
    if not found.exists and _ladder(problem):
        out.append(Reason("ladder"))
    if found.exists and once.exists is False:
        if once.shown is None:
            out.append(Reason("no single step"))
        else:
            tempted = [model.parties[i] for i in range(model.n) if once.shown.worst[i] > EXISTS]
            out.append(Reason("steps repair", tuple(tempted)))
    if found.exists and once.exists:
        out.append(Reason("both hold"))
    if once.exists and not found.exists:
        out.append(Reason("only at once"))
    return out


def _hostage(problem: Problem, i: int) -> bool:
    """Whether anybody else could still take something back that party i values at the target."""
    model, x = problem.model, problem.target
    for k, c in enumerate(model.commitments):
        if c.owners == (i,):
            continue
        back = x + int(model.retreats[k][x])
        if back != x and model.u[i, back] < model.u[i, x] - EXISTS:
            return True
    return False


def _ladder(problem: Problem) -> bool:
    """Whether the target is a finite ladder of irreversible acts, each costly to its owner (section 2.5)."""
    model = problem.model
    raised = [
        k
        for k, c in enumerate(model.commitments)
        if model.position[k][problem.target] > model.position[k][model.start]
    ]
    if not raised:
        return False
    box = np.ones(model.size, dtype=bool)
    for k in range(len(model.commitments)):
        box &= (model.position[k] >= model.position[k][model.start]) & (
            model.position[k] <= model.position[k][problem.target]
        )
    inside = np.flatnonzero(box)
    for k in raised:
        c = model.commitments[k]
        i = c.owners[0]
        if (
            len(c.owners) > 1
            or i >= model.n
            or any(c.level[n[0]] < c.level[p] for p, n in enumerate(c.nexts))
        ):
            return False
        below = inside[model.position[k][inside] < model.position[k][problem.target]]
        nexts = np.array([n[-1] for n in c.nexts])
        up = np.minimum(nexts[model.position[k][below]], model.position[k][problem.target])
        higher = below + (up - model.position[k][below]) * model.strides[k]
        changed = model.levels[k][higher] > model.levels[k][below]
        if (model.u[i, higher[changed]] >= model.u[i, below[changed]] - EXISTS).any():
            return False
    return True
