"""Changes spliced into the text of a YAML document: every other byte stays where it is.

A `Splicer` knows where each node stands. It does not check what it makes of the text: `detente.case.edit` reads the
result and compares.
"""

from __future__ import annotations

import re
from typing import Any

from detente.case import tree
from detente.case.tree import Route, Span
from detente.case.write import block, inline

_COMMENT = re.compile(r"[ \t]*#[^\n]*")


class Splicer:
    """Edits one text; each method gives a new text. Raises `KeyError` for a route that is not there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = tree.spans(text)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._children: dict[Route, list[Route]] = {}
        for route in self.spans:
            if route:
                self._children.setdefault(route[:-1], []).append(route)

    def replace(self, route: Route, value: Any) -> str:
        """The text with another value at a route."""
        span = self.spans[route]
        start, end = self._content(route)
        if self._in_flow(route) or self._on_one_line(value, span):
            return self._put(start, end, self._gap(start) + inline(value, self._in_flow(route)))
        if isinstance(route[-1], int):
            indent = start - self._line_start(start)
            return self._put(start, end, self._indented(block(value), indent).lstrip())
        comment = _COMMENT.match(self.text, end)
        tail = comment[0] if comment else ""
        indent = self._indent(route) + 2
        text = tail + "\n" + self._indented(block(value), indent)
        return self._put(self._after_colon(span), end + len(tail), text)

    def insert(self, route: Route, key: str, value: Any) -> str:
        """The text with a further key, last in the mapping at a route."""
        return self._further(route, value, inline(key, True) + ":")

    def append(self, route: Route, value: Any) -> str:
        """The text with a further item, last in the list at a route."""
        return self._further(route, value, "-")

    def _further(self, route: Route, value: Any, head: str) -> str:
        span, children = self.spans[route], self._children.get(route, [])
        if not children:
            whole = [value] if head == "-" else {tree.parse(head + " 1").popitem()[0]: value}
            return self.replace(route, whole)
        last = self.spans[children[-1]]
        if span.flow or self._in_flow(route):
            item = inline(value, True) if head == "-" else f"{head} {inline(value, True)}"
            return self._put(last.end, last.end, ", " + item)
        first = self.spans[children[0]]
        indent = self._dash(first) if head == "-" else first.key_start - self._line_start(first.key_start)
        end = len(self.text[: max(last.end, last.key_end)].rstrip())
        end = self._line_end(end)
        return self._put(end, end, "\n" + " " * indent + head + self._entry(value, head, indent))

    def _entry(self, value: Any, head: str, indent: int) -> str:
        """What follows a key or a dash."""
        if not isinstance(value, dict | list) or not value or len(inline(value, True)) <= 90:
            return " " + inline(value, False)
        if head == "-":
            return " " + self._indented(block(value), indent + 2).lstrip()
        return "\n" + self._indented(block(value), indent + 2)

    def remove(self, route: Route) -> str:
        """The text without a key or an item."""
        siblings = self._children[route[:-1]]
        span, at = self.spans[route], siblings.index(route)
        if len(siblings) == 1:
            return self.replace(route[:-1], [] if isinstance(route[-1], int) else {})
        parent = self.spans[route[:-1]]
        if parent.flow or self._in_flow(route[:-1]):
            if at + 1 < len(siblings):
                return self._put(span.key_start, self.spans[siblings[at + 1]].key_start, "")
            return self._put(self.spans[siblings[at - 1]].end, max(span.end, span.key_end), "")
        start = self._line_start(span.key_start)
        before = self.text[start : span.key_start]
        if before.strip() not in ("", "-") or (before.strip() and not isinstance(route[-1], int)):
            return self._put(span.key_start, self.spans[siblings[at + 1]].key_start, "")
        content = max(span.key_end, self._content(route)[1])
        end = self._line_end(len(self.text[:content].rstrip()))
        after = self.text.find("\n", end) + 1
        return self._put(start, after, "") if after else self._put(len(self.text[:start].rstrip()), end, "")

    # places -----------------------------------------------------------------------------------------

    def _put(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new.replace("\n", self._newline) + self.text[end:]

    def _content(self, route: Route) -> tuple[int, int]:
        """Where the value at a route begins and ends, without the blank lines after it."""
        span = self.spans[route]
        start, end = span.start, span.end
        if not self.text[start:end].strip():
            return self._after_colon(span), max(self._after_colon(span), min(start, end))
        end = start + len(self.text[start:end].rstrip())
        if start > span.key_end and "\n" in self.text[span.key_end : start] and not span.flow:
            start = self._after_colon(span)
        return start, end

    def _after_colon(self, span: Span) -> int:
        if span.key_end <= span.key_start:
            return span.start
        colon = self.text.find(":", span.key_end)
        return colon + 1 if colon >= 0 else span.end

    def _gap(self, start: int) -> str:
        """A space where a value would touch the colon before it."""
        return " " if self.text[start - 1 : start] == ":" else ""

    def _on_one_line(self, value: Any, span: Span) -> bool:
        if not isinstance(value, dict | list) or not value:
            return True
        return span.flow or len(inline(value, True)) <= 70

    def _in_flow(self, route: Route) -> bool:
        """Whether a value stands inside brackets."""
        return any(self.spans[route[:depth]].flow for depth in range(len(route)))

    def _indent(self, route: Route) -> int:
        span = self.spans[route]
        return span.key_start - self._line_start(span.key_start)

    def _dash(self, first: Span) -> int:
        """The column of the dash before the first item of a list."""
        start = self._line_start(first.key_start)
        return self.text.rfind("-", start, first.key_start) - start

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        """The end of a line, without its newline."""
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > at and self.text[end - 1] == "\r" else end

    def _indented(self, text: str, indent: int) -> str:
        return "\n".join(" " * indent + line if line else line for line in text.rstrip("\n").split("\n"))
