"""Published equilibria: section 6 of the theory. Codes and s-names are turned into outcome numbers."""

from __future__ import annotations

import pytest

import detente
from detente.analysis.standoff import standoff

PUBLISHED = {
    # Xu (2007) data; s1 is outcome 0
    "elmira-1991": {
        "nash": [4, 7, 8], "seq": [4, 7, 8], "sseq": [4, 7, 8], "gmr": [0, 3, 4, 7, 8], "smr": [0, 3, 4, 7, 8],
    },
    # Fraser and Hipel (1984), decimal codes
    "cuba-1962": {
        "nash": [5], "seq": [4, 5, 6], "sseq": [4, 5, 6],
        "gmr": [0, 1, 2, 4, 5, 6, 7], "smr": [0, 1, 2, 4, 5, 6, 7],
    },
    # Jacobi (2017), decimal codes
    "north-korea-2017": {"nash": [0, 5], "seq": [0, 5, 10], "gmr": [0, 4, 5, 10, 12], "smr": [0, 4, 5, 10, 12]},
}  # fmt: skip

BY_LEVELS = {
    # Hipel, Kilgour and Kinsara (2014): release water, escalate, attack
    "syria-iraq-1975": {
        "nash": ["NYY"], "smr": ["NYY"], "seq": ["NYY"], "sseq": ["NYY"], "gmr": ["NNN", "NYY"],
    },
    # Luce and Raiffa (1957): the first level is defection
    "prisoners-dilemma": {"nash": ["00"], "gmr": ["00", "11"], "smr": ["00", "11"], "seq": ["00", "11"], "sseq": ["00", "11"]},
    # Rapoport and Chammah (1966): the first level is to swerve
    "chicken": {
        "nash": ["01", "10"], "seq": ["01", "10"], "sseq": ["01", "10"],
        "gmr": ["00", "01", "10"], "smr": ["00", "01", "10"],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_numbers(name: str) -> None:
    result = standoff(detente.load(name))
    for concept, numbers in PUBLISHED[name].items():
        assert result.equilibria(concept).tolist() == numbers, concept


@pytest.mark.parametrize("name", BY_LEVELS)
def test_levels(name: str) -> None:
    result = standoff(detente.load(name))
    space = result.conflict.space
    signs = "NY" if name == "syria-iraq-1975" else "01"
    order = [space.issues.index(i) for i in ("water", "escalation", "war")] if signs == "NY" else [0, 1]
    for concept, outcomes in BY_LEVELS[name].items():
        found = []
        for number in result.equilibria(concept):
            levels = space.levels(int(number))
            found.append("".join(signs[levels[i]] for i in order))
        assert sorted(found) == sorted(outcomes), concept
