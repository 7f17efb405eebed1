"""YAML text to plain data, with positions: the only place that touches the syntax of a file.

Scalars follow the YAML 1.2 core schema, less what a case never needs: whole numbers, decimal numbers, null
and text. There are no booleans (a party called ``no`` stays text), no octal, no dates, no tags. Mapping keys
are always text. A float keeps the text it was written with, because ``1.50`` may be the name of a level.

The text comes from strangers: the file size, the nesting depth, the number of entries and the expansion of
aliases are bounded, and the parser works on events, so that a bound stops it at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from detente.errors import CaseError, Problem

MAX_BYTES = 20_000_000
MAX_DEPTH = 100
MAX_ENTRIES = 1_000_000

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = {".nan": math.nan, ".inf": math.inf, "-.inf": -math.inf, "+.inf": math.inf}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Route = tuple[str | int, ...]


class Decimal64(float):
    """A float that remembers how it was written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Decimal64:
        number = super().__new__(cls, text)
        number.text = text
        return number


@dataclass(frozen=True)
class Span:
    """Where one node stands: 1-based line and column of its start, and offsets into the text.

    ``key_start`` and ``key_end`` are the offsets of the key that the node belongs to (of an item itself, where it
    has none), ``flow`` says whether the node is a ``{...}`` or ``[...]`` collection.
    """

    line: int
    column: int
    start: int
    end: int
    key_start: int
    key_end: int
    flow: bool


def read_text(path: Path) -> str:
    """The text of a case file, or a `CaseError` that says why it has none."""
    name = str(path)
    if path.is_dir():
        raise CaseError([Problem("", "this is a folder, not a case file")], name)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CaseError([_too_large(size)], name)
        raw = path.read_bytes()
    except OSError as error:
        raise CaseError([Problem("", f"cannot be read: {error.strerror}")], name) from error
    return decode(raw, name)


def decode(raw: bytes, name: str) -> str:
    """UTF-8 bytes, with or without a byte order mark, as text."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        problem = Problem(
            "", "the file is not UTF-8 text", got=f"byte 0x{raw[error.start]:02x}",
            hint="Save it as UTF-8.", line=line, column=column,
        )  # fmt: skip
        raise CaseError([problem], name) from error


def parse(text: str, name: str = "case") -> Any:
    """The plain data of a YAML document; a `CaseError` lists what is wrong with its syntax."""
    if len(text) > MAX_BYTES:
        raise CaseError([_too_large(len(text))], name)
    if text.count(",") + text.count("\n") > MAX_ENTRIES:
        raise CaseError([_too_many()], name)
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.YAMLError as error:
        raise CaseError([*builder.problems, _syntax(error, text)], name) from error
    except _Refused as refused:
        raise CaseError([*builder.problems, refused.problem], name) from None
    if builder.documents == 0:
        raise CaseError([_EMPTY], name)
    if builder.problems:
        raise CaseError(builder.problems, name)
    return builder.root


_EMPTY = Problem("", "the file is empty", hint="Start with `detente init`.", line=1, column=1)


def spans(text: str, wanted: Iterable[Route] | None = None) -> dict[Route, Span]:
    """Where the nodes of a well-formed document stand, by path: all, or the wanted ones and those above them."""
    return _Locator(text, wanted).found


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, Loader=_LOADER))


def _resolve(text: str) -> Any:
    """A plain scalar's value."""
    if text in {"", "~", "null"}:
        return None
    first = text[0]
    if first in "-+.0123456789":
        if _INTEGER.match(text) and len(text) < 4000:
            return int(text)
        if _FLOAT.match(text):
            return Decimal64(text)
        return _SPECIAL.get(text.lower(), text)
    return text


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Builder:
    """Builds the data from parser events, with every bound checked on the way."""

    def __init__(self) -> None:
        self.root: Any = None
        self.documents = 0
        self.problems: list[Problem] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._open_anchors: set[str] = set()
        self._entries = 0

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            if self._quick(event):
                return
            self._check_tag(event)
            value = _resolve(event.value) if event.implicit[0] else event.value
            is_key = bool(self._stack) and self._stack[-1].expects_key
            self._place(event.value if is_key else value, 1, event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._check_tag(event)
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            frame = self._stack.pop()
            if frame.anchor:
                self._open_anchors.discard(frame.anchor)
                entries = self._entries - frame.entries_before
                self._anchors[frame.anchor] = (frame.data, entries, frame.height)
            if self._stack:
                self._stack[-1].height = max(self._stack[-1].height, frame.height + 1)
            self._attach(frame.data, frame.event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _Refused(_at(event, "more than one YAML document in the file"))

    def _quick(self, event: Any) -> bool:
        """An item of a list without anchor or tag, which is most of a big file."""
        frame = self._stack[-1] if self._stack else None
        if frame is None or frame.is_mapping or event.anchor or event.tag or self._entries >= MAX_ENTRIES:
            return False
        frame.data.append(_resolve(event.value) if event.implicit[0] else event.value)
        self._entries += 1
        return True

    def _open(self, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise _Refused(_at(event, f"nested more than {MAX_DEPTH} levels deep"))
        data: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        if event.anchor:
            self._open_anchors.add(event.anchor)
        self._stack.append(_Frame(data, event, event.anchor, self._entries))

    def _alias(self, event: Any) -> None:
        if event.anchor in self._open_anchors:
            raise _Refused(_at(event, f"the alias *{event.anchor} contains itself"))
        if event.anchor not in self._anchors:
            raise _Refused(_at(event, f"the alias *{event.anchor} has no anchor before it"))
        value, entries, height = self._anchors[event.anchor]
        if len(self._stack) + height > MAX_DEPTH:
            raise _Refused(_at(event, f"nested more than {MAX_DEPTH} levels deep, by way of *{event.anchor}"))
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, height + 1)
        self._place(value, entries, event)

    def _place(self, value: Any, entries: int, event: Any) -> None:
        self._entries += entries
        if self._entries > MAX_ENTRIES:
            raise _Refused(_too_many(event))
        if getattr(event, "anchor", None) and not isinstance(event, yaml.AliasEvent):
            self._anchors[event.anchor] = (value, entries, 0)
        self._attach(value, event)

    def _attach(self, value: Any, event: Any) -> None:
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        if isinstance(frame.data, list):
            frame.data.append(value)
        elif frame.expects_key:
            self._key(frame, value, event)
        else:
            if frame.key is not None:
                frame.data[frame.key] = value
            frame.expects_key = True

    def _key(self, frame: _Frame, value: Any, event: Any) -> None:
        frame.expects_key = False
        frame.key = value if isinstance(value, str) else None
        if frame.key is None:
            self.problems.append(_at(event, "a key must be text", got=_kind(value)))
        elif frame.key in frame.data:
            self.problems.append(_at(event, f"duplicate key '{frame.key}'", path=self._path()))

    def _path(self) -> str:
        keys = [str(len(f.data)) if isinstance(f.data, list) else str(f.key) for f in self._stack]
        return ".".join(keys)

    def _check_tag(self, event: Any) -> None:
        if event.tag and event.tag != "!":
            self.problems.append(
                _at(event, "tags are not allowed in a case file", got=event.tag, path=self._path())
            )


class _Frame:
    __slots__ = ("anchor", "data", "entries_before", "event", "expects_key", "height", "is_mapping", "key")

    def __init__(self, data: Any, event: Any, anchor: str | None, entries_before: int) -> None:
        self.data, self.event, self.anchor = data, event, anchor
        self.entries_before = entries_before
        self.key: str | None = None
        self.is_mapping = self.expects_key = isinstance(data, dict)
        self.height = 1


_Wanted = dict[str | int, Any] | None
"""A tree of steps; None for everything below."""


class _Locator:
    """Walks the events of a well-formed document and notes the spans of the wanted paths."""

    def __init__(self, text: str, wanted: Iterable[Route] | None) -> None:
        self.found: dict[Route, Span] = {}
        self._events = _events(text)
        below: _Wanted = None
        if wanted is not None:
            below = {}
            for route in wanted:
                at = below
                for step in route:
                    at = at.setdefault(step, {})
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._node(next(self._events), (), None, below)
                break

    def _node(self, event: Any, path: Route, key: Any, below: _Wanted) -> Any:
        """Notes one node and the wanted ones below it; returns the mark of its end."""
        start, end = event.start_mark, event.end_mark
        flow = bool(getattr(event, "flow_style", False))
        if isinstance(event, yaml.MappingStartEvent):
            end = self._mapping(path, end, below)
        elif isinstance(event, yaml.SequenceStartEvent):
            end = self._sequence(path, end, below)
        at = key.start_mark if key is not None else start
        key_end = key.end_mark.index if key is not None else start.index
        span = Span(at.line + 1, at.column + 1, start.index, end.index, at.index, key_end, flow)
        self.found[path] = span
        return end

    def _mapping(self, path: Route, end: Any, below: _Wanted) -> Any:
        last = end
        while True:
            key: Any = next(self._events)
            if isinstance(key, yaml.MappingEndEvent):
                return _later(key, last)
            value = next(self._events)
            if below is not None and key.value not in below:
                last = self._skip(value)
            else:
                inner = None if below is None else below[key.value]
                last = self._node(value, (*path, key.value), key, inner)

    def _sequence(self, path: Route, end: Any, below: _Wanted) -> Any:
        last, index = end, 0
        while True:
            item: Any = next(self._events)
            if isinstance(item, yaml.SequenceEndEvent):
                return _later(item, last)
            if below is not None and index not in below:
                last = self._skip(item)
            else:
                last = self._node(item, (*path, index), None, None if below is None else below[index])
            index += 1

    def _skip(self, event: Any) -> Any:
        """Passes over a node; returns the mark of its end."""
        depth, last = 0, event.end_mark
        while True:
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
                last = _later(event, last)
            else:
                last = event.end_mark
            if depth == 0:
                return last
            event = next(self._events)


def _later(closing: Any, last: Any) -> Any:
    """The end of a collection: its bracket, or the end of its last item where it has none."""
    return closing.end_mark if closing.end_mark.index > closing.start_mark.index else last


def _kind(value: Any) -> str:
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value), repr(value))


def _at(event: Any, what: str, got: str = "", path: str = "") -> Problem:
    mark = event.start_mark
    return Problem(path, what, got=got, line=mark.line + 1, column=mark.column + 1)


def _syntax(error: yaml.YAMLError, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        return _unreadable(text, str(what))
    line, column = mark.line + 1, mark.column + 1
    at_tab = text[mark.index : mark.index + 1] == "\t"
    hint = "YAML indents with spaces, not tabs." if at_tab else ""
    return Problem("", f"not YAML: {what}", hint=hint, line=line, column=column)


_PRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _unreadable(text: str, what: str) -> Problem:
    """A sign that no YAML file may hold."""
    found = _PRINTABLE.search(text)
    at = found.start() if found else 0
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    got = f"U+{ord(found[0]):04X}" if found else ""
    return Problem("", f"not YAML: {what}", got=got, line=line, column=column)


def _too_large(size: int) -> Problem:
    return Problem("", "the file is too large", f"at most {MAX_BYTES:,} bytes", f"{size:,}")


def _too_many(event: Any = None) -> Problem:
    line, column = (event.start_mark.line + 1, event.start_mark.column + 1) if event else (0, 0)
    hint = "Keep a big table beside the case: `table: {file: utilities.npy}`."
    return Problem(
        "", "the file has too many entries", f"at most {MAX_ENTRIES:,}", hint=hint, line=line, column=column
    )
