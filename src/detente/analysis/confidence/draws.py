"""Draws: uniform designs in blocks, and groups of inputs that move together.

Draws come in blocks that are independent of each other; within a block they are spread evenly (a Latin hypercube, or
points of a scrambled Sobol sequence). So the scatter between blocks says how far off an estimate is, whatever the
design. In a Latin hypercube or a random design the column of an input depends on the seed, the block and the input's
name only: the same input takes the same draws in every variant of a case, which is what pairs them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from detente.case import Case
from detente.errors import NeedsError

Array = NDArray[Any]
Sampling = Literal["latin", "sobol", "random"]
SAMPLINGS: tuple[Sampling, ...] = ("latin", "sobol", "random")
BLOCKS = 20
"""Blocks that a run is divided into, at least, where it has as many draws."""
LARGEST_BLOCK = 1_000
MOST_DIMENSIONS = 21_201


def block_sizes(draws: int) -> list[int]:
    """Draws of each block: as equal as can be, about `BLOCKS` blocks or more."""
    count = max(min(draws, BLOCKS), -(-draws // LARGEST_BLOCK))
    return [draws // count + (i < draws % count) for i in range(count)]


def uniform(names: Sequence[str], count: int, seed: int, block: int, sampling: Sampling) -> Array:
    """One block of uniform draws in (0, 1): float64 (count, len(names))."""
    if not names:
        return np.zeros((count, 0))
    if sampling == "sobol":
        return _sobol(len(names), count, seed, block)
    out = np.empty((count, len(names)))
    for column, name in enumerate(names):
        digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, block, digest])))
        if sampling == "random":
            out[:, column] = random.random(count)
        else:
            out[:, column] = (random.permutation(count) + random.random(count)) / count
    return np.clip(out, 1e-12, 1 - 1e-12)


def _sobol(dimensions: int, count: int, seed: int, block: int) -> Array:
    from scipy.stats import qmc

    if dimensions > MOST_DIMENSIONS:
        raise NeedsError(f"a Sobol sequence has up to {MOST_DIMENSIONS:,} inputs; there are {dimensions:,}")
    random = np.random.default_rng(np.random.SeedSequence([seed, block]))
    points = qmc.Sobol(dimensions, scramble=True, rng=random).random_base2(max(count - 1, 1).bit_length())
    return np.asarray(np.clip(points[:count], 1e-12, 1 - 1e-12))


class Copula:
    """Correlated groups of inputs: a Gaussian copula with the correlations that the case states.

    Raises `NeedsError` where correlations contradict each other (the matrix is not positive semidefinite).
    """

    def __init__(self, case: Case, names: Sequence[str]) -> None:
        place = {name: i for i, name in enumerate(names)}
        pairs: dict[tuple[int, int], float] = {}
        for group in case.correlated:
            inside = [place[path] for path in dict.fromkeys(group.paths) if path in place]
            for n, a in enumerate(inside):
                for b in inside[n + 1 :]:
                    key = (min(a, b), max(a, b))
                    if pairs.setdefault(key, float(group.rho)) != float(group.rho):
                        raise NeedsError(
                            f"correlated: {names[a]} and {names[b]} are given two correlations, {pairs[key]:g} and {group.rho:g}"
                        )
        self.columns = sorted({i for pair in pairs for i in pair})
        matrix = np.eye(len(self.columns))
        for (a, b), rho in pairs.items():
            i, j = self.columns.index(a), self.columns.index(b)
            matrix[i, j] = matrix[j, i] = rho
        self.factor = _root(matrix)
        if not np.allclose(self.factor @ self.factor.T, matrix, atol=1e-8):
            least = float(np.linalg.eigvalsh(matrix)[0])
            raise NeedsError(
                f"correlated: these correlations contradict each other (least eigenvalue {least:.3g}); bring them closer to 0"
            )

    def __call__(self, u: Array) -> Array:
        """Uniform draws with the correlations put in: (n, k) to (n, k)."""
        if not self.columns:
            return u
        out = u.copy()
        out[:, self.columns] = np.clip(ndtr(ndtri(u[:, self.columns]) @ self.factor.T), 1e-12, 1 - 1e-12)
        return out


def _root(matrix: Array) -> Array:
    """A lower triangular root of a positive semidefinite matrix (Cholesky, zero pivots allowed)."""
    size = len(matrix)
    root = np.zeros((size, size))
    for j in range(size):
        pivot = matrix[j, j] - root[j, :j] @ root[j, :j]
        root[j, j] = np.sqrt(max(pivot, 0.0))
        if root[j, j] > 1e-9:
            root[j + 1 :, j] = (matrix[j + 1 :, j] - root[j + 1 :, :j] @ root[j, :j]) / root[j, j]
        else:
            root[j, j] = 0.0
    return root
