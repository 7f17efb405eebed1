"""Conditions by the book: split at the loosest word outside brackets, down to single comparisons.

The twin of `detente.case.conditions`, without a grammar: ``if``/``iff`` bind loosest, then ``or``, ``and``, ``not``.
"""

from __future__ import annotations

import itertools
import random
import re

_TOKEN = re.compile(r"\s*('[^']*'|\"[^\"]*\"|==|!=|<=|>=|[<>()\[\],]|[^\s()\[\],=!<>'\"]+)")


def holds(text: str, outcome: dict[str, str], issues: dict[str, tuple[str, ...]]) -> bool:
    """Whether a condition (a sound one) holds at an outcome ``{issue: level}``."""
    return _rule(_TOKEN.findall(text), outcome, issues)


def _split(tokens: list[str], word: str) -> list[list[str]]:
    """The tokens between the occurrences of a word that stand outside brackets."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if token == word and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _rule(tokens, outcome, issues) -> bool:
    if tokens[0] == "if":
        premise, *rest = _split(tokens[1:], "then")
        follow: list[str] = []
        for part in rest:
            follow = [*follow, "then", *part] if follow else part
        return not _either(premise, outcome, issues) or _rule(follow, outcome, issues)
    first, *others = (_either(part, outcome, issues) for part in _split(tokens, "iff"))
    for other in others:
        first = first == other
    return first


def _either(tokens, outcome, issues) -> bool:
    return any([_both(part, outcome, issues) for part in _split(tokens, "or")])


def _both(tokens, outcome, issues) -> bool:
    return all([_inverse(part, outcome, issues) for part in _split(tokens, "and")])


def _inverse(tokens, outcome, issues) -> bool:
    if tokens[0] == "not":
        return not _inverse(tokens[1:], outcome, issues)
    if tokens[0] == "(":
        return _rule(tokens[1:-1], outcome, issues)
    issue, sign, *levels = [t[1:-1] if t[0] in "'\"" else t for t in tokens]
    have = issues[issue].index(outcome[issue])
    if sign == "in":
        return outcome[issue] in [level for level in levels if level not in ("[", "]", ",")]
    want = issues[issue].index(levels[0])
    return {
        "==": have == want, "!=": have != want, "<": have < want, "<=": have <= want, ">": have > want, ">=": have >= want,
    }[sign]  # fmt: skip


def outcomes(issues: dict[str, tuple[str, ...]]):
    """All outcomes, in row-major order."""
    for levels in itertools.product(*issues.values()):
        yield dict(zip(issues, levels, strict=True))


def random_issues(draw: random.Random) -> dict[str, tuple[str, ...]]:
    """One to three issues of one to four levels; some names need quotes, some numbers run downward."""
    names = draw.sample(["price", "end date", "in-kind", "q"], draw.randrange(1, 4))
    pool = ["low", "high", "10", "9", "1.50", "or", "two words", "x"]
    return {name: tuple(draw.sample(pool, draw.randrange(1, 5))) for name in names}
