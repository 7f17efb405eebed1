"""Published cases as data: the path is the citation, the file's name is the name of the case."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(Path(__file__).parent.rglob("*.yaml"))}


def names() -> tuple[str, ...]:
    """The names of all cases in the catalogue, sorted by citation."""
    return tuple(_files())


def find(name: str) -> Path | None:
    """The file of a catalogue case, or None."""
    return _files().get(name)
