"""The language of conditions: ``nuclear >= partial and not relief == none``.

One small language serves everywhere a case says *when*. It is parsed by the grammar in ``conditions.lark``
(by its tables, which `tests.case.grammar` makes) and evaluated on level positions; nothing is ever executed. Comparisons go by the position of a level in
``levels``, never by its numeric value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Literal

from detente.case._tables import END, RULES, STATES, TOKEN

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
    states: list[int] = [0]
    nodes: list[Any] = []
    for symbol, word, column in _tokens(text):
        before = list(states)
        while (action := STATES[states[-1]].get(symbol)) is not None and action < 0:
            origin, length, kept, kind = RULES[-1 - action]
            parts = nodes[len(nodes) - length :]
            del states[len(states) - length :], nodes[len(nodes) - length :]
            nodes.append(_node(origin, kind, [parts[i] for i in kept]))
            states.append(STATES[states[-1]][origin])
        if states[-1] == END:
            break
        if action is None:
            raise ConditionError(_explain(symbol, word, before), column)
        states.append(action)
        nodes.append(word)
    node: Node = nodes[0]
    return node


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Symbols of the grammar, with their text (quotes taken off) and column from 1; ``$END`` last."""
    position = 0
    while match := _token().match(text, position):
        symbol, word = str(match.lastgroup), match[match.lastgroup or 0]
        column = match.end() - len(word) + 1
        yield symbol, word[1:-1] if symbol == "QUOTED" else word, column
        position = match.end()
    rest = text[position:].lstrip()
    if rest:
        yield rest[0], rest[0], len(text) - len(rest) + 1
    yield "$END", "", len(text) + 1


@lru_cache(maxsize=1)
def _token() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{TOKEN})")


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


_WORDS = {
    "&": "and",
    "&&": "and",
    "AND": "and",
    "|": "or",
    "||": "or",
    "OR": "or",
    "NOT": "not",
    "->": "if A then B",
}
_SIGNS = {
    "WORD": "a name", "OPERATOR": "a comparison such as '=='", "LSQB": "'['", "RSQB": "']'", "COMMA": "','",
    "AND": "'and'", "OR": "'or'", "THEN": "'then'", "RPAR": "')'",
}  # fmt: skip


def _explain(symbol: str, word: str, states: list[int]) -> str:
    """What is wrong where a symbol cannot stand, after the states that were gone through."""
    if symbol == "=":
        return "`=` is not a comparison; write `==`"
    if symbol in "\"'":
        return "has a quote that is not closed"
    if word in _WORDS:
        return f"unexpected '{word}'; write `{_WORDS[word]}`"
    if symbol == "$END" and len(states) == 1:
        return "is empty"
    wanted = " or ".join(sign for name, sign in _SIGNS.items() if _fits(name, states))
    if symbol == "$END":
        return f"ends too early; {wanted} is missing"
    return f"unexpected '{word}'" + (f"; {wanted} may stand here" if wanted else "")


def _fits(symbol: str, states: list[int]) -> bool:
    """Whether a symbol can come next, whatever reductions it takes."""
    states = list(states)
    while (action := STATES[states[-1]].get(symbol)) is not None and action < 0:
        origin, length, *_ = RULES[-1 - action]
        del states[len(states) - length :]
        states.append(STATES[states[-1]][origin])
    return action is not None


def _node(origin: str, kind: str, parts: list[Any]) -> Any:
    """What a rule of the grammar makes of its parts; helping rules make lists."""
    if origin.startswith("__"):
        return [*parts[0], parts[1]] if len(parts) == 2 else parts
    match kind:
        case "compare":
            return Compare(parts[0], parts[1], (parts[2],))
        case "member":
            return Compare(parts[0], "in", (*parts[1:2], *(parts[2] if len(parts) == 3 else ())))
        case "negation":
            return Not(parts[0])
        case "implies":
            return Any_((Not(parts[0]), parts[1]))
        case "iff":
            return reduce(Same, [parts[0], *parts[1]])
        case "both":
            return All((parts[0], *parts[1]))
        case "either":
            return Any_((parts[0], *parts[1]))
        case _:
            return parts[0]


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
