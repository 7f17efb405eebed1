"""The stability kernels against the naive twin: every path, on every random conflict."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest

from detente.analysis.standoff import arcs, model
from detente.analysis.standoff.model import Conflict, conflict_of
from detente.case import Case
from detente.errors import NeedsError
from detente.kernels import _targets
from detente.kernels import stability as kernel
from detente.space import compile_case
from tests.analysis.standoff.conflicts import random_case
from tests.naive import stability as naive

COUNT = 1_000
SWEEP = 20_000


def expected(case: Case, conflict: Conflict) -> np.ndarray:
    stability, _ = naive.analyse(naive.of_case(case))
    flags = np.zeros((len(conflict.parties), conflict.size), dtype=np.uint8)
    for bit, concept in enumerate(kernel.CONCEPTS):
        for i, party in enumerate(conflict.parties):
            flags[i, stability[concept][party]] |= 1 << bit
    return flags


def answers(conflict: Conflict) -> dict[str, np.ndarray]:
    """The verdicts by every path that applies."""
    graph = conflict._listed
    found = {"chosen": conflict.verdicts()}
    for many in (1, 1 << 62):  # classes wherever they serve; tables alone
        with mock.patch.multiple(arcs, MANY=many, CLASS=0):
            tables = replace(conflict)._tables
        if tables is not None:
            for together in (1, _targets.CACHED):
                with mock.patch.object(_targets, "CACHED", together):
                    flags = kernel.graph_stability(conflict.scores, tables, conflict.own)
                found[f"tables, classes from {many}, by {together}"] = flags
    for compiled in (False, True):
        found[f"graph, compiled {compiled}"] = kernel.graph_stability(
            conflict.scores, graph, conflict.own, compiled=compiled
        )
        if conflict.separable:
            table, movers = conflict._product
            flags = kernel.product_stability(table, movers, conflict.own, compiled=compiled)
            found[f"product, compiled {compiled}"] = conflict._numbered(flags)
    return found


def check(seeds: range) -> int:
    forms = 0
    for seed in seeds:
        case = random_case(random.Random(seed))
        try:
            conflict = conflict_of(compile_case(case))
        except NeedsError:
            continue  # no outcome is possible
        want = expected(case, conflict)
        for path, flags in answers(conflict).items():
            assert np.array_equal(flags, want), (seed, path, case.to_data())
        forms += conflict.separable
    return forms


def test_every_path_agrees_with_the_definitions() -> None:
    forms = check(range(COUNT))
    assert COUNT / 4 < forms < COUNT * 3 / 4, "both forms are met"


@pytest.mark.slow
def test_twenty_thousand_random_conflicts() -> None:
    check(range(1_000_000, 1_000_000 + SWEEP))


def test_worth_agrees_between_paths_and_with_the_verdicts() -> None:
    for seed in range(2_000_000, 2_000_250):
        try:
            conflict = conflict_of(compile_case(random_case(random.Random(seed))))
        except NeedsError:
            continue
        flags = conflict.verdicts()
        possible = conflict.possible
        for i in range(len(conflict.parties)):
            ways = {
                compiled: kernel.graph_worth(
                    conflict.scores, conflict._listed, conflict.own, i, compiled=compiled
                )
                for compiled in (False, True)
            }
            if conflict.separable:
                table, movers = conflict._product
                for compiled in (False, True):
                    worth = kernel.product_worth(table, movers, conflict.own, i, compiled=compiled)
                    ways[f"product {compiled}"] = conflict._numbered(worth)
            for worth in ways.values():
                assert np.array_equal(worth[:, possible], ways[False][:, possible]), seed
            for s in np.flatnonzero(possible):
                targets = conflict.targets(conflict.own[i], int(s)) if conflict.own[i] >= 0 else []
                for bit in range(5):
                    stays = len(targets) == 0 or ways[False][bit, targets].max() <= conflict.scores[i, s]
                    assert stays == bool(flags[i, s] >> bit & 1), (seed, i, s, bit)


def big(widths: list[int], restricted: bool, holes: bool, seed: int) -> tuple[np.ndarray, list[kernel.Mover]]:
    """A product large enough to use radix sorting, tiles and several blocks."""
    rng = np.random.default_rng(seed)
    size, n = int(np.prod(widths)), len(widths)
    scores = rng.integers(1, rng.choice([5, 300, 70_000]), (n, size)).astype(np.int32)
    if holes:
        scores[:, rng.random(size) < 0.2] = 0
    movers, outer = [], 1
    for k, width in enumerate(widths):
        inner = size // outer // width
        if restricted and width % 2 == 0:
            up = np.triu(np.ones((2, 2), dtype=bool))
            axes = (
                kernel.Axis(outer, width // 2, inner * 2),
                kernel.Axis(outer * (width // 2), 2, inner, up),
            )
        else:
            axes = (kernel.Axis(outer, width, inner),)
        movers.append(kernel.Mover((k,), axes))
        outer *= width
    return scores, movers


@pytest.mark.parametrize("widths", [[64, 100], [3, 128, 5], [70, 6, 20], [4, 8, 4, 8], [200, 2], [2, 5000]])
@pytest.mark.parametrize(
    ("restricted", "holes"), [(False, False), (False, True), (True, False), (True, True)]
)
def test_compiled_and_plain_agree_on_larger_products(
    widths: list[int], restricted: bool, holes: bool
) -> None:
    scores, movers = big(widths, restricted, holes, seed=sum(widths))
    own = list(range(len(widths)))
    plain = kernel.product_stability(scores, movers, own, compiled=False)
    for workers in (1, 2):
        assert np.array_equal(
            kernel.product_stability(scores, movers, own, compiled=True, workers=workers), plain
        )


def test_the_clock_of_changes_may_start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many movers it does so in the middle of a round."""
    from detente.kernels import _stability_loops as loops

    scores, movers = big([2] * 11, False, True, 3)
    own = list(range(11))
    plain = kernel.product_stability(scores, movers, own, compiled=False)
    for turns in (1, 4, 7, loops.TURNS):
        monkeypatch.setattr(loops, "TURNS", turns)
        assert np.array_equal(kernel.product_stability(scores, movers, own, compiled=True), plain)


def test_compiled_and_plain_agree_on_larger_graphs() -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        size, n = 400, int(rng.integers(2, 6))
        scores = rng.integers(1, 400, (n, size)).astype(np.int32)
        movers = []
        for k in range(n):
            pairs = np.unique(rng.integers(0, size, (900, 2)), axis=0)
            pairs = pairs[pairs[:, 0] != pairs[:, 1]]
            starts = np.searchsorted(pairs[:, 0], np.arange(size + 1))
            movers.append(kernel.Mover((k,), starts=starts, ends=pairs[:, 1].astype(np.int32)))
        own = list(range(n))
        plain = kernel.graph_stability(scores, movers, own, compiled=False)
        assert np.array_equal(kernel.graph_stability(scores, movers, own, compiled=True), plain)


def test_uncompiled_loops_agree_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loops as plain Python, which is what coverage sees."""
    from detente.kernels import _stability_loops as loops

    for name, value in list(vars(loops).items()):
        if hasattr(value, "py_func"):
            monkeypatch.setattr(loops, name, value.py_func)
    monkeypatch.setattr(kernel, "in_threads", lambda tasks, workers: [task() for task in tasks])
    with np.errstate(over="ignore"):
        check(range(3_000_000, 3_000_040))
        scores, movers = big([60, 6], True, True, 1)
        plain = kernel.product_stability(scores, movers, [0, 1], compiled=False)
        assert np.array_equal(kernel.product_stability(scores, movers, [0, 1], compiled=True), plain)


def test_small_conflicts_import_no_compiler() -> None:
    import subprocess

    code = (
        "import sys, detente; from detente.analysis.standoff import standoff;"
        "standoff(detente.load('cuba-1962')).to_json(); standoff(detente.load('elmira-1991')).to_json();"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_memory_is_stated_before_it_is_taken() -> None:
    assert model.bytes_per_outcome(2, 2) * 2**27 <= 4.0e9, "27 binary options of two parties fit into 4 GB"
