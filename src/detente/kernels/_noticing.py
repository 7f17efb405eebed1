"""Makes numba's disk cache notice changes elsewhere: it knows the file of a loop, not the constants that the loop takes from others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def noticing(*modules: ModuleType) -> Callable[[F], F]:
    """Below a compiling decorator: compiled code is found again only while the sources of ``modules`` are the same."""
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in modules)
    stamp = hashlib.sha256(sources).hexdigest()[:8]

    def named(function: F) -> F:
        function.__qualname__ = f"{function.__qualname__}_{stamp}"  # what the cache files are named after
        return function

    return named
