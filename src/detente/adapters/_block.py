"""The plainest YAML, line by line: what tools write when they dump mappings and lists, one entry a line.

Much faster than a whole parser, and it gives up at anything else (comments, flow collections, double quotes, text over
several lines, signs beyond ASCII, repeated keys), whose meaning, or whose fault, the parser of case files then finds.
"""

from __future__ import annotations

import re
from typing import Any

from detente.case.tree import MAX_ENTRIES, _resolve

_FOREIGN = re.compile(r"[^\n\x20-\x7e]| #|^ *#|^---|^\.\.\.|^%", re.MULTILINE)
_QUOTED = re.compile(r"'((?:[^']|'')*)'(:|)(?: +|$)")
_INDICATORS = frozenset("?:,[]{}#&*!|>'\"%@`=")
MAX_DEPTH = 20
MAX_LINE = 1_000

Token = tuple[int, bool, str]
"""Indentation, whether it is the mark of a list's entry, and the text otherwise."""


class _GaveUp(Exception):
    pass


def parse_block(text: str) -> Any:
    """The data of a text in this form, as `detente.case.tree.parse` gives it; None where it gives up."""
    if _FOREIGN.search(text) is not None:
        return None
    tokens: list[Token] = []
    for line in text.split("\n"):
        content = line.lstrip(" ")
        if not content.rstrip():
            continue
        if len(line) > MAX_LINE or len(tokens) > MAX_ENTRIES:
            return None
        indent = len(line) - len(content)
        if content.startswith("- "):
            tokens.append((indent, True, ""))
            rest = content[2:]
            content = rest.lstrip(" ")
            indent += 2 + len(rest) - len(content)
        content = content.rstrip(" ")
        if not content or content == "-" or content.startswith("- "):
            return None
        tokens.append((indent, False, content))
    reader = _Reader(tokens)
    try:
        data = reader.node(0)
    except _GaveUp:
        return None
    return data if reader.at == len(tokens) and isinstance(data, dict | list) else None


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def node(self, depth: int) -> Any:
        """The list, mapping or scalar that begins here."""
        if depth > MAX_DEPTH or self.at >= len(self.tokens):
            raise _GaveUp
        indent, entry, content = self.tokens[self.at]
        if entry:
            return self.items(indent, depth)
        key, _ = _split(content)
        if key is None:
            self.at += 1
            return _scalar(content)
        return self.mapping(indent, depth)

    def items(self, indent: int, depth: int) -> list[Any]:
        found = []
        tokens, count = self.tokens, len(self.tokens)
        while self.at < count and tokens[self.at][1] and tokens[self.at][0] == indent:
            self.at += 1
            found.append(self.node(depth + 1))
        return found

    def mapping(self, indent: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        tokens, count = self.tokens, len(self.tokens)
        while self.at < count:
            at, entry, content = tokens[self.at]
            if at < indent or (entry and at == indent):
                break
            if at > indent or entry:
                raise _GaveUp
            key, value = _split(content)
            if key is None or key in found:
                raise _GaveUp
            self.at += 1
            found[key] = _scalar(value) if value else self.below(indent, depth)
        return found

    def below(self, indent: int, depth: int) -> Any:
        """What belongs to a key that has nothing on its line."""
        if self.at < len(self.tokens):
            at, entry, _ = self.tokens[self.at]
            if at > indent or (entry and at == indent):
                return self.node(depth + 1)
        return None


def _split(content: str) -> tuple[str | None, str]:
    """A key and what stands behind it; no key where the text is a scalar."""
    first = content[0]
    if first == "'":
        match = _QUOTED.match(content)
        if match is None:
            raise _GaveUp
        if match[2]:
            return match[1].replace("''", "'"), content[match.end() :]
        if match.end() < len(content):
            raise _GaveUp
        return None, content
    if first in _INDICATORS:
        raise _GaveUp
    key, sign, value = content.partition(": ")
    if sign:
        return key.rstrip(" "), value.lstrip(" ")
    return (content[:-1].rstrip(" "), "") if content[-1] == ":" else (None, content)


def _scalar(text: str) -> Any:
    if text[0] == "'":
        match = _QUOTED.fullmatch(text)
        if match is None or match[2]:
            raise _GaveUp
        return match[1].replace("''", "'")
    if text[0] in _INDICATORS or ": " in text or text[-1] == ":" or text[:2] in ("- ", "-"):
        raise _GaveUp
    return _resolve(text)
