"""Conditions of ``.gmcr`` files: what they are, what they say in our language, and how their text is parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from detente.adapters._names import quoted

State = tuple[int, ...]
"""For each option of the file, 1 for Y and 0 for N."""
MAX_DEPTH = 50
MAX_LENGTH = 10_000


@dataclass(frozen=True)
class Is:
    """An option has a setting."""

    option: int
    yes: bool

    def holds(self, state: State) -> bool:
        return (state[self.option] == 1) == self.yes

    def text(self, names: Sequence[str]) -> str:
        return f"{quoted(names[self.option])} == {'Y' if self.yes else 'N'}"


@dataclass(frozen=True)
class Not:
    """A condition does not hold."""

    part: Node

    def holds(self, state: State) -> bool:
        return not self.part.holds(state)

    def text(self, names: Sequence[str]) -> str:
        return f"not ({self.part.text(names)})"


@dataclass(frozen=True)
class Join:
    """Several conditions joined by ``and``, ``or`` or ``iff`` (two)."""

    word: str
    parts: tuple[Node, ...]

    def holds(self, state: State) -> bool:
        values = [part.holds(state) for part in self.parts]
        return (
            all(values)
            if self.word == "and"
            else any(values)
            if self.word == "or"
            else values[0] == values[1]
        )

    def text(self, names: Sequence[str]) -> str:
        return f" {self.word} ".join(f"({part.text(names)})" for part in self.parts)


Node = Is | Not | Join


class StatementError(ValueError):
    """A statement that does not parse."""


_TOKEN = re.compile(
    r"\s*(?:(?P<word>IFF|IF|AND|OR|NOT)\b|(?P<sign>[-!&|,()])|(?P<number>\d+)|\"(?P<quoted>[^\"]*)\"|(?P<name>[^\W\d]\w*))",
    re.IGNORECASE,
)
_SIGNS = {"AND": "&", ",": "&", "OR": "|", "NOT": "-", "!": "-"}


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Signs, numbers and names; names in a row are one name."""
    position, name = 0, ""
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise StatementError(f"the statement does not parse at character {position + 1}")
        position = match.end()
        kind = str(match.lastgroup)
        if kind == "name":
            name = f"{name} {match['name']}".strip()
            continue
        if name:
            yield "name", name
            name = ""
        if kind in ("word", "sign"):
            sign = match[kind].upper()
            yield "sign", _SIGNS.get(sign, sign)
        else:
            yield ("name" if kind == "quoted" else kind), match[kind].strip()
    if name:
        yield "name", name


class Parser:
    """A text statement. Precedence: not, and, or, then IF and IFF; options by number from 1, or by name."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        if len(text) > MAX_LENGTH:
            raise StatementError("the statement is too long")
        self.names = [name.strip().lower() for name in names]
        self.tokens = list(_tokens(text))
        self.at = self.depth = 0

    def parse(self) -> Node:
        """The condition; `StatementError` where there is none."""
        node = self._rule()
        if self.at < len(self.tokens):
            raise StatementError(f"unexpected '{self.tokens[self.at][1]}' in the statement")
        return node

    def _take(self, *signs: str) -> str | None:
        if (
            self.at < len(self.tokens)
            and self.tokens[self.at][0] == "sign"
            and self.tokens[self.at][1] in signs
        ):
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def _rule(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise StatementError("the statement nests too deep")
        node = self._either()
        turns = 0
        while word := self._take("IF", "IFF"):
            turns += 1
            if turns > MAX_DEPTH:
                raise StatementError("the statement nests too deep")
            other = self._either()
            node = Join("or", (Not(other), node)) if word == "IF" else Join("iff", (node, other))
        self.depth -= 1
        return node

    def _either(self) -> Node:
        return self._chain("|", "or", lambda: self._chain("&", "and", self._inverse))

    def _chain(self, sign: str, word: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self._take(sign):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Join(word, tuple(parts))

    def _inverse(self) -> Node:
        negative = False
        while self._take("-"):
            negative = not negative
        if not self._take("("):
            return Is(self._option(), not negative)
        node = self._rule()
        if not self._take(")"):
            raise StatementError("a bracket is not closed")
        return Not(node) if negative else node

    def _option(self) -> int:
        if self.at >= len(self.tokens):
            raise StatementError("the statement ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number" and len(text) < 9 and 1 <= int(text) <= len(self.names):
            return int(text) - 1
        if kind == "name" and self.names.count(text.lower()) == 1:
            return self.names.index(text.lower())
        raise StatementError(f"no option, or more than one, is called '{text}'")
