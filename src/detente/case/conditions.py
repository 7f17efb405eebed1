"""The language of conditions: ``nuclear >= partial and not relief == none``.

One small language serves everywhere a case says *when*. It is parsed by the grammar in ``conditions.lark``
and evaluated on level positions; nothing is ever executed. Comparisons go by the position of a level in
``levels``, never by its numeric value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from importlib import resources
from typing import Any, Literal

Operator = Literal["==", "!=", "<", "<=", ">", ">="]

MAX_LENGTH = 100_000
MAX_DEPTH = 200


class ConditionError(ValueError):
    """A condition that does not parse: ``column`` (from 1) says where."""

    def __init__(self, what: str, column: int) -> None:
        self.what, self.column = what, column
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Compare:
    """``issue operator level``; `levels` holds one level, or several for ``in``."""

    issue: str
    operator: Operator | Literal["in"]
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """``A iff B``: both hold or neither; more than two associate to the left."""

    left: Node
    right: Node


Node = Compare | Not | All | Any_ | Same

_COMPARE: dict[str, Callable[[Any, int], Any]] = {
    "==": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    "<": lambda have, want: have < want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    ">=": lambda have, want: have >= want,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition; two are equal when they were written alike."""

    text: str

    @property
    def tree(self) -> Node:
        return parse(self.text)

    def comparisons(self) -> Iterator[Compare]:
        """Every comparison in the condition, left to right."""
        yield from _leaves(self.tree)

    def issues(self) -> tuple[str, ...]:
        """The issues that the condition speaks of, each once, in order of appearance."""
        return tuple(dict.fromkeys(leaf.issue for leaf in self.comparisons()))

    def holds(self, levels: Mapping[str, Any], position: Callable[[str, str], int]) -> Any:
        """Whether the condition holds.

        ``levels`` maps an issue to the position of its level (an int, or an integer array: the answer then
        is a boolean array of the broadcast shape); ``position(issue, level)`` gives a level's position.
        """
        return _holds(self.tree, levels, position)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The syntax tree of a condition; `ConditionError` where it does not parse."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"longer than {MAX_LENGTH:,} characters", MAX_LENGTH)
    _check_brackets(text)
    from lark.exceptions import UnexpectedInput

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        column = error.column if isinstance(error.column, int) and error.column > 0 else len(text) + 1
        raise ConditionError(_explain(error, text), column) from None
    return _build(tree)


@lru_cache(maxsize=1)
def _parser() -> Any:
    from lark import Lark

    grammar = resources.files("detente.case").joinpath("conditions.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


def _check_brackets(text: str) -> None:
    depth = 0
    for column, sign in enumerate(text, 1):
        depth += (sign == "(") - (sign == ")")
        if depth > MAX_DEPTH:
            raise ConditionError(f"brackets nest more than {MAX_DEPTH} deep", column)
    if row := re.search(rf"(?:\bnot\s+){{{MAX_DEPTH}}}", text):
        raise ConditionError(f"`not` more than {MAX_DEPTH} times in a row", row.start() + 1)
    if text.count(" then ") > MAX_DEPTH:
        raise ConditionError(f"more than {MAX_DEPTH} times `then`", text.index(" then ") + 2)


def _explain(error: Any, text: str) -> str:
    from lark.exceptions import UnexpectedToken

    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return f"unexpected '{error.token}'"
    if isinstance(error, UnexpectedToken):
        return "ends too early" if text.strip() else "is empty"
    found = text[error.pos_in_stream]
    return "`=` is not a comparison; write `==`" if found == "=" else f"unexpected character '{found}'"


def _build(tree: Any) -> Node:
    parts = tree.children
    match tree.data:
        case "compare":
            return Compare(_unquote(parts[0]), str(parts[1]), (_unquote(parts[2]),))  # type: ignore[arg-type]
        case "member":
            return Compare(_unquote(parts[0]), "in", tuple(_unquote(p) for p in parts[1:]))
        case "negation":
            return Not(_build(parts[0]))
        case "implies":
            return Any_((Not(_build(parts[0])), _build(parts[1])))
        case "iff":
            return reduce(Same, (_build(p) for p in parts))
        case "both":
            return All(tuple(_build(p) for p in parts))
        case _:
            return Any_(tuple(_build(p) for p in parts))


def _unquote(token: Any) -> str:
    return str(token)[1:-1] if token.type == "QUOTED" else str(token)


def _leaves(node: Node) -> Iterator[Compare]:
    match node:
        case Compare():
            yield node
        case Not(part):
            yield from _leaves(part)
        case All(parts) | Any_(parts):
            for part in parts:
                yield from _leaves(part)
        case Same(left, right):
            yield from _leaves(left)
            yield from _leaves(right)


def _holds(node: Node, levels: Mapping[str, Any], position: Callable[[str, str], int]) -> Any:
    match node:
        case Compare(issue, operator, names):
            have = levels[issue]
            if operator == "in":
                return reduce(lambda done, name: done | (have == position(issue, name)), names, have != have)
            return _COMPARE[operator](have, position(issue, names[0]))
        case Not(part):
            return _holds(part, levels, position) ^ True
        case All(parts):
            return reduce(lambda a, b: a & b, (_holds(p, levels, position) for p in parts))
        case Any_(parts):
            return reduce(lambda a, b: a | b, (_holds(p, levels, position) for p in parts))
        case Same(left, right):
            return _holds(left, levels, position) == _holds(right, levels, position)
