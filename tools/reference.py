"""The generated reference pages: `python -m tools.reference` writes them, a test says whether they are up to date."""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import typer

from detente import cli, errors
from detente.case import schema as schemas

HOME = Path(__file__).parent.parent / "docs" / "reference"
MODULES = (
    "detente",
    "detente.case",
    "detente.space",
    "detente.analysis.agreement",
    "detente.analysis.standoff",
    "detente.analysis.roadmap",
    "detente.analysis.table",
    "detente.analysis.forecast",
    "detente.analysis.confidence",
    "detente.report",
    "detente.workers",
)
NOTE = "<!-- Made by `python -m tools.reference`; change the docstrings, not this page. -->"


def pages() -> dict[str, str]:
    """The text of every generated page, by file name."""
    return {"api.md": api(), "cli.md": commands(), "schema.md": schema(), "errors.md": error_list()}


# API ----------------------------------------------------------------------------------------------


def api() -> str:
    """Every public name of the public modules with its signature and docstring."""
    parts = ["# The Python API", NOTE, "Every name below is stable within a version of the case format."]
    for name in MODULES:
        module = importlib.import_module(name)
        parts += [f"## `{name}`", _text(module.__doc__)]
        for public in _public(module):
            parts += _entry(public, getattr(module, public))
    return "\n\n".join(part for part in parts if part) + "\n"


def _public(module: Any) -> list[str]:
    names = [n for n in getattr(module, "__all__", ()) if not n.startswith("_")]
    return sorted(names, key=lambda n: (not inspect.isfunction(getattr(module, n)), n.lower()))


def _entry(name: str, thing: Any) -> list[str]:
    if inspect.ismodule(thing):
        return []
    if inspect.isclass(thing):
        members = [f"- `{name}`: {told}" for name, told in _members(thing)]
        head = f"### class `{name}`"
        return [head, _text(thing.__doc__), "\n".join(members)]
    if callable(thing):
        return [f"### `{name}`", f"```text\n{name}{_signature(thing)}\n```", _text(thing.__doc__)]
    return [f"### `{name}`", "A constant or a type."]


def _members(thing: type) -> Iterator[tuple[str, str]]:
    """The documented methods, with their signatures, and properties of a class."""
    for name, value in list(vars(thing).items()):
        signed = True
        if isinstance(value, property):
            inner, signed = value.fget, False
        elif isinstance(value, cached_property):
            inner, signed = value.func, False
        elif isinstance(value, classmethod | staticmethod):
            inner = value.__func__
        else:
            inner = value
        if not name.startswith("_") and inspect.isfunction(inner) and inner.__doc__:
            first = " ".join(_text(inner.__doc__).split("\n\n")[0].split())
            yield (f"{name}{_signature(inner)}" if signed else name), first


def _signature(thing: Any) -> str:
    try:
        said = re.sub(r" at 0x[0-9a-f]+", "", str(inspect.signature(thing)))
        return re.sub(r"(: |-> )'([^']*)'", r"\1\2", said)
    except (TypeError, ValueError):
        return "(...)"


def _text(doc: str | None) -> str:
    """A docstring as Markdown: NumPy's sections become headings in bold with lists, examples become code."""
    lines, out = [*inspect.cleandoc(doc or "").splitlines(), ""], []
    section, example = "", False
    for line, following in itertools.pairwise([*lines, ""]):
        if set(line) == {"-"} and len(line) > 3:
            continue
        if line.startswith(">>> ") and not example:
            out.append("```python")
            example = True
        if example:
            out += [line] if line else ["", "```", ""]
            example = bool(line)
        elif set(following) == {"-"} and len(following) > 3:
            section = line
            out += [f"**{line}**", ""]
        elif section and following.startswith("  ") and not line.startswith(" "):
            out.append(f"- `{line}`:")
        elif section and line.startswith(" "):
            out.append(f"  {line.strip()}")
        else:
            section = section if not line else ""
            out.append(line)
    text = "\n".join(line if line.startswith("```") else line.replace("``", "`") for line in out)
    return text.strip()


# commands -----------------------------------------------------------------------------------------


def commands() -> str:
    """Every command with its arguments and options."""
    group = typer.main.get_command(cli.build())
    parts = [
        "# The command line",
        NOTE,
        "Every command ends with 0; with 2 where the input or an option is wrong; with 3 where the question is too large.",
    ]
    for name, command in sorted(getattr(group, "commands").items()):  # noqa: B009
        parts += [f"## `detente {name}`", " ".join(inspect.cleandoc(command.help or "").split())]
        rows = [_option(option) for option in command.params if getattr(option, "name", "") != "help"]
        if rows:
            parts.append("| argument or option | meaning |\n|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _option(option: Any) -> str:
    names = (
        " / ".join([*option.opts, *option.secondary_opts])
        if option.opts[0].startswith("-")
        else option.metavar
    )
    metavar = option.metavar or "" if option.opts[0].startswith("-") else ""
    choices = [str(choice) for choice in get_args(option.type_descriptor.annotation)]
    said = " ".join((option.help or "").split())
    if choices and option.type_descriptor.annotation is not bool and not all(c in said for c in choices):
        said += f" One of {', '.join(choices)}."
    if option.default not in (None, False, True, ()):
        said += f" Default: {option.default}."
    return f"| `{names}{' ' + metavar if metavar else ''}` | {said.replace('|', chr(92) + '|')} |"


# schema -------------------------------------------------------------------------------------------


def schema() -> str:
    """The keys of the case format as the JSON Schema has them."""
    document = schemas.schema()
    parts = [
        "# The case schema",
        NOTE,
        "The keys of a case file, from the same model that reads them; `detente schema` prints it as JSON Schema for an editor. "
        "[The case format](case-format.md) says what they mean.",
        "## A case",
        _keys(document),
    ]
    for name, part in sorted(document.get("$defs", {}).items()):
        told = _keys(part) if "properties" in part else f"{_kind(part).capitalize()}."
        parts += [f"## {name}", " ".join(part.get("description", "").split()), told]
    return "\n\n".join(part for part in parts if part) + "\n"


def _keys(part: dict[str, Any]) -> str:
    rows = ["| key | what | required |", "|---|---|---|"]
    for key, value in part.get("properties", {}).items():
        needed = "yes" if key in part.get("required", ()) else ""
        rows.append(f"| `{key}` | {_kind(value)} | {needed} |")
    return "\n".join(rows)


def _kind(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "const" in value or "enum" in value:
        return " or ".join(f"`{json.dumps(x)}`" for x in value.get("enum", [value.get("const")]))
    for several in ("anyOf", "oneOf", "allOf"):
        if several in value:
            return " or ".join(dict.fromkeys(_kind(one) for one in value[several]))
    kind = value.get("type", "anything")
    if kind == "array" and isinstance(value.get("items"), dict):
        return f"list of {_kind(value['items'])}"
    if kind == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"mapping to {_kind(value['additionalProperties'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


# errors -------------------------------------------------------------------------------------------


def error_list() -> str:
    """Every exception that detente raises on purpose."""
    parts = [
        "# Errors",
        NOTE,
        "Everything that detente raises on purpose is a `DetenteError`. Every error carries fields, so that a program need not "
        "read its text. The command line prints the text and ends with 2, or 3 for a `CostError`; it never shows a traceback for bad input.",
    ]
    kinds = [x for x in vars(errors).values() if inspect.isclass(x) and issubclass(x, errors.DetenteError)]
    for kind in kinds:
        base = kind.__bases__[0].__name__
        parts += [f"## `{kind.__name__}`", f"A `{base}`. {_text(kind.__doc__)}"]
    parts += ["## `Problem`", _text(errors.Problem.__doc__)]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Writes the pages."""
    for name, text in pages().items():
        (HOME / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
