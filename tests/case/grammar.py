"""Makes `detente.case._tables` from ``conditions.lark``: ``python -m tests.case.grammar`` writes it anew.

Lark works out the LALR tables here, so that reading a case needs neither Lark nor the time to do so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lark import Lark
from lark.lexer import PatternStr

HOME = Path(__file__).parents[2] / "src" / "detente" / "case"
HEAD = '''"""Parse tables of ``conditions.lark``. Made by ``python -m tests.case.grammar``; do not edit."""

# fmt: off
# ruff: noqa
'''


def grammar() -> Lark:
    """The parser that Lark makes of the grammar."""
    text = (HOME / "conditions.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", maybe_placeholders=False)


def tables() -> str:
    """The text of the module with the tables."""
    lark = grammar()
    table = lark.parser.parser._parse_table
    order = _numbered(table, table.start_states["start"])
    rules: dict[Any, int] = {}
    states = []
    for state in order:
        row = {}
        for symbol, (action, what) in sorted(table.states[state].items()):
            if action.name == "Shift":
                row[str(symbol)] = order[what]
            else:
                row[str(symbol)] = -1 - rules.setdefault(what, len(rules))
        states.append(row)
    lines = [
        f"TOKEN = {_tokens(lark)!r}",
        f"END = {order[table.end_states['start']]}",
        "RULES = (",
        *(f"    {_rule(rule)!r}," for rule in rules),
        ")",
        '"""Of each rule: what it makes, the length of its right side, the positions kept, the kind of node."""',
        "STATES: tuple[dict[str, int], ...] = (",
        *(f"    {row!r}," for row in states),
        ")",
        '"""Of each state, by symbol: the state to go to (0 and up), or the rule to reduce by (-1 - rule)."""',
    ]
    return HEAD + "\n".join(lines) + "\n"


def _numbered(table: Any, start: int) -> dict[int, int]:
    """Lark's states in the order in which they are met from the start, which does not vary between runs."""
    order, queue = {start: 0}, [start]
    for state in queue:
        for _, (action, what) in sorted(table.states[state].items()):
            if action.name == "Shift" and what not in order:
                order[what] = len(order)
                queue.append(what)
    return order


def _rule(rule: Any) -> tuple[str, int, tuple[int, ...], str]:
    kept = tuple(i for i, symbol in enumerate(rule.expansion) if not getattr(symbol, "filter_out", False))
    return str(rule.origin.name), len(rule.expansion), kept, str(rule.alias or "")


def _tokens(lark: Lark) -> str:
    """One regular expression for all tokens: words before keywords, which a word is not."""
    patterns = [t for t in lark.terminals if t.name not in lark.ignore_tokens]
    patterns.sort(key=lambda t: (isinstance(t.pattern, PatternStr), -len(t.pattern.value), t.name))
    return "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in patterns)


if __name__ == "__main__":
    (HOME / "_tables.py").write_text(tables(), encoding="utf-8")
