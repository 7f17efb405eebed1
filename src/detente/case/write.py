"""A case as YAML text, and saving it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
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


class _Flow(_Dumper):
    """Writes every collection on one line."""


def _mapping(dumper: _Dumper, data: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=_fits(data))


def _sequence(dumper: _Dumper, data: Sequence[Any]) -> yaml.Node:
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
_Dumper.add_multi_representer(dict, _mapping)
_Dumper.add_multi_representer(tuple, _sequence)


def _flow_mapping(dumper: _Flow, data: Mapping[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)


def _flow_sequence(dumper: _Flow, data: Sequence[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


_Flow.add_representer(dict, _flow_mapping)
_Flow.add_representer(list, _flow_sequence)
_Flow.add_multi_representer(dict, _flow_mapping)
_Flow.add_multi_representer(tuple, _flow_sequence)


def _fits(data: Any) -> bool:
    """Whether a collection is short and flat enough for one line."""
    values = list(data.values()) if isinstance(data, dict) else list(data)
    flat = all(
        not isinstance(v, dict | list) or not any(isinstance(x, dict | list) for x in v) for v in values
    )
    return flat and len(str(data)) <= _SHORT


def dump(case: Case) -> str:
    """The case as the text of a case file: ``loads(dump(case)) == case``."""
    return dump_data(case.to_data())


def dump_data(data: Any) -> str:
    """Plain data as YAML text that `tree.parse` reads as the same data."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def block(data: Any) -> str:
    """A collection as it stands on lines of its own; short ones inside it are on one line."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )
    if isinstance(data, dict | list) and _fits(data):
        parts = data.items() if isinstance(data, dict) else (("-", item) for item in data)
        lines = (f"{k if k == '-' else inline(k, True) + ':'} {inline(v, False)}" for k, v in parts)
        return "\n".join(lines) + "\n"
    return text


def inline(data: Any, in_flow: bool) -> str:
    """Data on one line, quoted as needed: inside brackets more is."""
    endless = 1 << 30
    if in_flow or isinstance(data, dict | list | tuple):
        text: str = yaml.dump(
            [data], Dumper=_Flow, sort_keys=False, allow_unicode=True, width=endless, default_flow_style=True
        )
        return text.strip()[1:-1]
    text = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, width=endless)
    return text.removesuffix("...\n").strip()


def save(case: Case, path: str | Path) -> None:
    """Writes the case to a file, atomically. To keep the comments of a file, edit it as a `CaseFile`."""
    write_text(dump(case), path)


def write_text(text: str, path: str | Path) -> None:
    """Writes a file atomically: it is either the old one or the new one, never half of it.

    A symbolic link stays one; the file keeps its permissions.
    """
    path = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
