"""The short answer for small additive spaces: front, zone and four solutions from plain arrays, in microseconds.

`arrays` turns a space into what `detente.kernels.small.assess` takes; `brief` does both, for runs over thousands of
scenarios. Definitions are those of `agreement`; there is no prose, and no distance of positions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detente.errors import NeedsError
from detente.space import NoDealName, Space
from detente.space.tables import Array

if TYPE_CHECKING:
    from detente.kernels.small import Small

LARGEST = 100_000
"""Outcomes that are listed at most."""


def fits(space: Space) -> bool:
    """Whether a space is additive and small enough."""
    return space.additive and 0 < space.size <= LARGEST and space.n_parties > 0 and space.draws is None


def arrays(space: Space) -> tuple[Array, Array]:
    """``values`` (options, parties) of all issues' levels, one issue after the other, and ``starts`` (issues + 1,).

    Raises `NeedsError` where the space does not fit.
    """
    if not fits(space):
        raise NeedsError(f"'{space.case.id}' is not additive, or has more than {LARGEST:,} outcomes")
    starts = np.cumsum([0, *space.sizes])
    values = np.zeros((int(starts[-1]), space.n_parties))
    for p, factors in enumerate(space.factors):
        for factor in factors or ():
            if factor.issues:
                issue = factor.issues[0]
                values[starts[issue] : starts[issue + 1], p] += factor.table
            else:
                values[: starts[1], p] += factor.table
    return values, starts


def brief(space: Space, no_deal: NoDealName = "now") -> tuple[Small, Array, list[str]]:
    """The assessment, the reservation values, and what should be said about them."""
    from detente.kernels import small

    values, starts = arrays(space)
    reservation, notes = space.reservation(no_deal)
    return small.assess(values, starts, reservation), reservation, notes
