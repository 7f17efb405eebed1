"""The language of conditions: its tables, its precedence, its messages, and what it means."""

from __future__ import annotations

import random

import pytest
from lark.exceptions import UnexpectedInput

from detente.case import conditions
from detente.case.conditions import All, Any_, Compare, ConditionError, Not, Same, parse
from detente.testing import random_condition
from tests.case import grammar
from tests.naive import conditions as naive

A, B, C, D = (Compare(name, "==", ("x",)) for name in "abcd")


def test_the_tables_are_those_of_the_grammar():
    assert (grammar.HOME / "_tables.py").read_text(encoding="utf-8") == grammar.tables()


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a == x", A),
        ("'a' == \"x\"", A),
        ("a==x", A),
        ("not a == x and b == x", All((Not(A), B))),
        ("not (a == x and b == x)", Not(All((A, B)))),
        ("not not a == x", Not(Not(A))),
        ("a == x or b == x and c == x", Any_((A, All((B, C))))),
        ("(a == x or b == x) and c == x", All((Any_((A, B)), C))),
        ("a == x and b == x and c == x", All((A, B, C))),
        ("if a == x or b == x then c == x", Any_((Not(Any_((A, B))), C))),
        ("if a == x then if b == x then c == x", Any_((Not(A), Any_((Not(B), C))))),
        ("a == x iff b == x", Same(A, B)),
        ("a == x iff b == x iff c == x", Same(Same(A, B), C)),
        ("a == x or b == x iff c == x and d == x", Same(Any_((A, B)), All((C, D)))),
        ("if a == x then b == x iff c == x", Any_((Not(A), Same(B, C)))),
        ("p in [1, 'two words', \"or\"]", Compare("p", "in", ("1", "two words", "or"))),
        ("p in []", Compare("p", "in", ())),
        ("p >= 1.50", Compare("p", ">=", ("1.50",))),
        ("'two words' != -3", Compare("two words", "!=", ("-3",))),
        ("inside == iffy", Compare("inside", "==", ("iffy",))),
        ("on-site < größer", Compare("on-site", "<", ("größer",))),
        ("a == x\n  and b == x", All((A, B))),
    ],
)
def test_what_a_condition_says(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("", "is empty", 1),
        ("   ", "is empty", 4),
        ("a ==", "ends too early; a name is missing", 5),
        ("a = b", "`=` is not a comparison; write `==`", 3),
        ("a b", "unexpected 'b'; a comparison such as '==' may stand here", 3),
        ("a == b c == d", "unexpected 'c'; 'and' or 'or' may stand here", 8),
        ("a == b && c == d", "unexpected '&&'; write `and`", 8),
        ("a == b OR c == d", "unexpected 'OR'; write `or`", 8),
        ("(a == b", "ends too early; 'and' or 'or' or ')' is missing", 8),
        ("a == b)", "unexpected ')'", 7),
        ("if a == b", "ends too early; 'and' or 'or' or 'then' is missing", 10),
        ("a in x", "unexpected 'x'; '[' may stand here", 6),
        ("a in [x", "ends too early; ']' or ',' is missing", 8),
        ("a == 'x", "has a quote that is not closed", 6),
        ("and == x", "unexpected 'and'; a name may stand here", 1),
        ("(" * 201, "brackets nest more than 200 deep", 201),
        ("not " * 201 + "a == b", "`not` more than 200 times in a row", 1),
        ("if a == b then " * 201 + "a == b", "more than 200 times `then`", 11),
        ("a" * 100_001, "longer than 100,000 characters", 100_000),
        ("__import__('os').system('x')", "unexpected", 11),
    ],
)
def test_what_is_wrong_with_a_condition(text, what, column):
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert caught.value.what.startswith(what)
    assert caught.value.column == column


def test_lark_agrees_with_the_tables():
    """The same texts are conditions for Lark, whole and mutilated ones."""
    draw, lark = random.Random(7), grammar.grammar()
    words = [
        "a",
        "b",
        "==",
        "<",
        "in",
        "[",
        "]",
        ",",
        "(",
        ")",
        "and",
        "or",
        "not",
        "if",
        "then",
        "iff",
        "'q r'",
        "$",
        "=",
    ]
    for _ in range(3000):
        if draw.random() < 0.5:
            text = random_condition(draw, {"a": ("x", "y"), "b": ("0", "1")}, 3)
            text = text if draw.random() < 0.5 else " ".join(draw.sample(text.split(), len(text.split())))
        else:
            text = " ".join(draw.choice(words) for _ in range(draw.randrange(1, 9)))
        try:
            lark.parse(text)
            sound = True
        except UnexpectedInput:
            sound = False
        try:
            parse(text)
        except ConditionError:
            assert not sound, text
        else:
            assert sound, text


def test_conditions_mean_what_the_naive_evaluator_says():
    """On every outcome of a small space, one outcome at a time and as an array."""
    import numpy as np

    draw = random.Random(11)
    for _ in range(2000):
        issues = naive.random_issues(draw)
        text = random_condition(draw, issues, draw.randrange(5))
        condition = conditions.Condition(text)
        position = lambda issue, level: issues[issue].index(level)  # noqa: E731, B023
        grid = np.ix_(*(np.arange(len(levels)) for levels in issues.values()))
        table = np.broadcast_to(
            condition.holds(dict(zip(issues, grid, strict=True)), position), [len(x) for x in issues.values()]
        )
        for outcome in naive.outcomes(issues):
            expected = naive.holds(text, outcome, issues)
            at = {name: issues[name].index(level) for name, level in outcome.items()}
            assert bool(condition.holds(at, position)) is expected, text
            assert bool(table[tuple(at.values())]) is expected, text
        assert set(condition.issues()) <= set(issues)
