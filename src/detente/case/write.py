"""A case as YAML text, and saving it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import yaml

from detente.case.model import Case
from detente.case.tree import parse

_WIDTH = 100
_SHORT = 70


class _Dumper(yaml.SafeDumper):
    """Writes short collections of plain values on one line, and everything else in blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _mapping(dumper: _Dumper, data: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=_fits(data))


def _sequence(dumper: _Dumper, data: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=_fits(data))


def _text(dumper: _Dumper, data: str) -> yaml.Node:
    """Text is quoted wherever the reader would take it for something else."""
    plain = (
        data.isprintable()
        and data != ""
        and parse(f'"a": "{_escaped(data)}"')["a"] == data
        and _reads_as_text(data)
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=None if plain else '"')


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _reads_as_text(text: str) -> bool:
    from detente.case.tree import _resolve

    return isinstance(_resolve(text), str)


def _number(dumper: _Dumper, data: float) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", getattr(data, "text", repr(data)))


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(float, _number)
_Dumper.add_representer(float, _number)


def _fits(data: Any) -> bool:
    """Whether a collection is short and flat enough for one line."""
    values = list(data.values()) if isinstance(data, dict) else list(data)
    flat = all(
        not isinstance(v, dict | list) or not any(isinstance(x, dict | list) for x in v) for v in values
    )
    return flat and len(str(data)) <= _SHORT


def dump(case: Case) -> str:
    """The case as the text of a case file: ``loads(dump(case)) == case``."""
    text: str = yaml.dump(case.to_data(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def save(case: Case, path: str | Path) -> None:
    """Writes the case to a file, atomically: the file is either the old one or the new one, never half of it."""
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(dump(case))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
