"""Case files of older versions of the format, brought to the newest one.

A version of the format that reads older files otherwise than they were meant gets a new number, and a step here that
says the old things in the new words. Steps follow each other, so each knows two versions only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Data = dict[str, Any]

VERSION = 1
"""The newest version of the format, which everything but this module speaks."""
STEPS: Mapping[int, Callable[[Data], Data]] = {}
"""By version: the plain data of a case file of it, as the next version says it. A step changes nothing in what it is given,
and follows renamed keys into the paths of variants, views, evidence and confidential inputs."""


def newer(data: Data) -> bool:
    """Whether the data are of a version that is not known yet."""
    version = data.get("detente")
    return isinstance(version, int) and version > VERSION


def migrated(data: Data) -> Data:
    """The data in the newest version; as they are where there is no step for what they say they are."""
    version = data.get("detente")
    while isinstance(version, int) and version in STEPS:
        data = STEPS[version](data)
        version += 1
        data = {**data, "detente": version}
    return data
