"""Files and folders as adapters see them: read once, bounded, never left.

Files come from strangers. A file has at most `MAX_BYTES`, a folder at most `MAX_FILES` files of which none lies
outside it; JSON is read without duplicate keys and without deep nesting.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from detente.case.tree import MAX_BYTES, MAX_DEPTH, decode
from detente.errors import CaseError, Problem

MAX_FILES = 1_000
GLANCE = 1 << 16
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")


@dataclass(frozen=True)
class Source:
    """One file or folder."""

    path: Path

    @property
    def name(self) -> str:
        """The path as messages show it."""
        return str(self.path)

    @property
    def stem(self) -> str:
        """The file's name without its ending; the folder's name."""
        return (self.path.name or self.path.resolve().name) if self.folder else self.path.stem

    @cached_property
    def folder(self) -> bool:
        return self.path.is_dir()

    @cached_property
    def files(self) -> tuple[Source, ...]:
        """The files of a folder, by name; hidden ones and links that lead out of it are left out."""
        try:
            with os.scandir(self.path) as entries:
                names = sorted(
                    e.name for e in entries if not e.name.startswith(".") and _inside(e, self.path)
                )
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror}") from error
        if len(names) > MAX_FILES:
            raise self.error("too many files for one scenario", f"at most {MAX_FILES:,}", f"{len(names):,}")
        return tuple(Source(self.path / name) for name in names)

    @cached_property
    def raw(self) -> bytes:
        """The bytes of the file; a `CaseError` where it is too large or cannot be read."""
        try:
            size = self.path.stat().st_size
            if size > MAX_BYTES:
                raise self.error("the file is too large", f"at most {MAX_BYTES:,} bytes", f"{size:,}")
            return self.path.read_bytes()
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror}") from error

    @cached_property
    def glance(self) -> str:
        """The beginning of the file, read leniently: for telling formats apart. Never raises."""
        if "raw" in self.__dict__:
            head = self.raw[:GLANCE]
        else:
            try:
                with open(self.path, "rb") as file:
                    head = file.read(GLANCE)
            except OSError:
                return ""
            if len(head) < GLANCE:
                self.__dict__["raw"] = head
        encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        return head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")

    @cached_property
    def text(self) -> str:
        """The file as UTF-8 text; a `CaseError` says where it is not."""
        return decode(self.raw, self.name)

    @cached_property
    def loose_text(self) -> str:
        """The file as text in its declared encoding, UTF-8, or else the one byte a sign of older tools."""
        raw = self.raw
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            names = ["utf-16"]
        else:
            declared = _DECLARED.search(raw[:400])
            names = ["utf-8-sig", *([declared[1].decode("ascii")] if declared else []), "cp1252", "latin-1"]
        for name in names:
            try:
                return raw.decode(name)
            except (UnicodeError, LookupError):
                continue
        raise self.error("the text has no known encoding", "UTF-8")

    @cached_property
    def json(self) -> Any:
        """The file's JSON; a `CaseError` where it is none, nests too deep, or repeats a key."""
        text = self.text
        try:
            data = json.loads(text, object_pairs_hook=_once)
        except RecursionError:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep") from None
        except json.JSONDecodeError as error:
            raise CaseError(
                [Problem("", f"not JSON: {error.msg}", line=error.lineno, column=error.colno)], self.name
            ) from None
        except ValueError as error:
            raise self.error(f"not JSON that is read here: {error}") from None
        _check_depth(self, data)
        return data

    def error(self, what: str, allowed: str = "", got: str = "") -> CaseError:
        """A `CaseError` about this file as a whole."""
        return CaseError([Problem("", what, allowed, got)], self.name)


def _inside(entry: os.DirEntry[str], folder: Path) -> bool:
    """Whether an entry is a file of the folder; a link counts where it stays inside."""
    if not entry.is_symlink():
        return entry.is_file()
    return entry.is_file() and Path(entry.path).resolve().is_relative_to(folder.resolve())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key '{next(k for k in keys if keys.count(k) > 1)[:80]}' stands twice")
    return found


def _check_depth(source: Source, data: Any) -> None:
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise source.error(f"nested more than {MAX_DEPTH} levels deep")
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
            if isinstance(inner, dict | list)
        ]


@dataclass
class Findings:
    """What reading a file turned up: problems that stop it, and remarks that go with the case."""

    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def wrong(self, source: Source, path: str, what: str, allowed: str = "", got: object = None, line: int = 0) -> None:  # fmt: skip
        """Notes a problem of a file."""
        shown = "" if got is None else repr(got)[:80]
        self.problems.append(
            Problem(path, what, allowed, shown, line=line, column=1 if line else 0, file=source.name)
        )

    def remark(self, text: str) -> None:
        """Notes what should be said, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def check(self, source: Source) -> None:
        """Raises a `CaseError` with every problem, where there are any."""
        if self.problems:
            raise CaseError(self.problems, source.name)


def as_number(data: Any) -> float | None:
    """A number as files write it, as text too; None where it is none. Infinities are numbers, NaN is not."""
    if isinstance(data, bool) or not isinstance(data, int | float | str):
        return None
    try:
        value = float(data)
    except (ValueError, OverflowError):
        named = {".inf": float("inf"), "-.inf": float("-inf"), "+.inf": float("inf")}
        return named.get(str(data).strip().lower())
    return None if value != value else value


def as_mapping(data: Any) -> dict[str, Any]:
    """A mapping, or an empty one."""
    return data if isinstance(data, dict) else {}


def as_list(data: Any) -> list[Any]:
    """A list, or an empty one."""
    return data if isinstance(data, list) else []
