"""The kinds of value that a case file writes: text, level names, numbers, conditions, outcomes, dates.

Each is a pydantic annotation that accepts every short form of the format, normalises it, and explains what
is wrong with anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from detente.case.conditions import Condition, ConditionError, parse
from detente.case.uncertain import FORMS, Number, NumberError, Uncertain, bounds, read_number, show

K = TypeVar("K")
V = TypeVar("V")

MAX_TEXT = 100_000
SHAPE_TAGS = frozenset({"<text>", "<list>", "<mapping>"})
"""Marks of a choice by shape; they appear in pydantic's error locations and are no part of a path."""


def wrong(what: str, allowed: str = "", got: str = "", hint: str = "") -> PydanticCustomError:
    """An error that carries the parts of a `detente.errors.Problem`."""
    parts = {"what": what, "allowed": allowed, "got": got, "hint": hint}
    return PydanticCustomError("detente", "{what}", parts)


class FrozenDict(dict[K, V]):
    """A mapping that cannot be changed: a case is immutable."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a case is immutable; make a new one with `detente.case.with_changes`")

    __setitem__ = __delitem__ = _refuse
    clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce__(self) -> Any:
        return FrozenDict, (dict(self),)


Table = Annotated[dict[K, V], AfterValidator(FrozenDict)]


def _text(data: Any) -> str:
    if isinstance(data, str):
        text = data
    elif isinstance(data, int | float) and not isinstance(data, bool):
        text = getattr(data, "text", str(data))
    else:
        raise wrong("not text", got=show(data))
    if len(text) > MAX_TEXT:
        raise wrong("the text is too long", f"at most {MAX_TEXT:,} characters")
    return text


def _name(data: Any) -> str:
    text = _text(data)
    if (
        not text.strip()
        or text != text.strip()
        or (not text.isprintable() and any(ord(sign) < 32 for sign in text))
        or len(text) > 200
    ):
        raise wrong("not a usable name", "1 to 200 characters, no space at the ends", show(text))
    return text


def _number(data: Any) -> Number:
    try:
        return read_number(data)
    except NumberError as error:
        raise wrong(error.what, FORMS, error.got) from None


def _sure(data: Any) -> int | float:
    number = _number(data)
    if isinstance(number, Uncertain):
        raise wrong("a certain number is needed here", "a number", show(data))
    return data if isinstance(data, float) else number


def _within(low: float, high: float, what: str) -> Callable[[Number], Number]:
    def check(number: Number) -> Number:
        least, most = bounds(number)
        if isinstance(number, Uncertain) and number.kind == "normal":
            least = most = number.mode
        if not (low <= least and most <= high):
            raise wrong(
                "out of range", what, show(number.to_data() if isinstance(number, Uncertain) else number)
            )
        return number

    return check


def _condition(data: Any) -> Condition:
    if isinstance(data, Condition):
        return data
    if not isinstance(data, str):
        raise wrong("not a condition", 'text such as "wage >= 3 and not overtime == none"', show(data))
    try:
        parse(data)
    except ConditionError as error:
        raise wrong(
            f"the condition {error.what}" if error.what.startswith(("is ", "ends ", "has ")) else
            f"the condition does not parse: {error.what}",
            got=f"{show(data)}, column {error.column}",
        ) from None  # fmt: skip
    return Condition(data)


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_PARTIAL_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}\Z")


def _day(data: Any) -> date:
    if isinstance(data, date):
        return data
    try:
        return date.fromisoformat(_text(data) if _DATE.match(str(data)) else "")
    except ValueError:
        raise wrong("not a date", "YYYY-MM-DD", show(data)) from None


def _when(data: Any) -> str:
    text = data.isoformat() if isinstance(data, date) else _text(data)
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :] if _PARTIAL_DATE.match(text) else "")
    except ValueError:
        raise wrong("not a date", "YYYY-MM-DD, YYYY-MM or YYYY", show(data)) from None
    return text


def listed(data: Any) -> Any:
    """A list, where one item may be written without it."""
    return [data] if isinstance(data, str | int | float) else data


def shape(data: Any) -> str:
    """The tag of a value's shape, for a choice between forms."""
    if isinstance(data, list | tuple):
        return "<list>"
    return "<mapping>" if isinstance(data, dict) or hasattr(data, "model_fields_set") else "<text>"


BY_SHAPE = Discriminator(shape)
AsText = Tag("<text>")
AsList = Tag("<list>")
AsMapping = Tag("<mapping>")


def _number_schema(**bounds: float) -> dict[str, Any]:
    """The forms of a number, with JSON Schema bounds on its values."""
    number = {"type": "number", **bounds}
    pair = {"type": "array", "minItems": 2, "maxItems": 2}
    return {
        "anyOf": [
            number,
            {"type": "array", "items": number, "minItems": 2, "maxItems": 3},
            {
                "type": "object", "required": ["normal"], "additionalProperties": False,
                "properties": {"normal": {**pair, "items": {"type": "number"}}},
            },
            {
                "type": "object", "required": ["discrete"], "additionalProperties": False,
                "properties": {"discrete": {"type": "array", "minItems": 1, "items": {
                    **pair, "prefixItems": [number, {"type": "number", "minimum": 0, "maximum": 1}]}}},
            },
        ]
    }  # fmt: skip


_SCALAR_SCHEMA = {"type": ["string", "number"]}

Text = Annotated[str, PlainValidator(_text), WithJsonSchema(_SCALAR_SCHEMA)]
_NAME_SCHEMA = {"type": ["string", "number"], "pattern": r"^\S(.*\S)?$", "maxLength": 200}
Id = Annotated[str, PlainValidator(_name), WithJsonSchema(_NAME_SCHEMA)]
Level = Annotated[str, PlainValidator(_name), WithJsonSchema(_NAME_SCHEMA)]
Num = Annotated[
    Number,
    PlainValidator(_number),
    PlainSerializer(lambda n: n.to_data() if isinstance(n, Uncertain) else n),
    WithJsonSchema(_number_schema()),
]
Plain = Annotated[float, PlainValidator(_sure), WithJsonSchema({"type": "number"})]
"""A number that has no range."""
Share = Annotated[
    Num,
    AfterValidator(_within(0, 1, "a share from 0 to 1")),
    WithJsonSchema(_number_schema(minimum=0, maximum=1)),
]
Patience = Annotated[
    Num,
    AfterValidator(_within(1e-12, 1, "a discount factor above 0, up to 1")),
    WithJsonSchema(_number_schema(exclusiveMinimum=0, maximum=1)),
]
NotNegative = Annotated[
    Num,
    AfterValidator(_within(0, 1e150, "a number of 0 or more")),
    WithJsonSchema(_number_schema(minimum=0)),
]
When = Annotated[
    Condition,
    PlainValidator(_condition),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
Day = Annotated[
    date,
    PlainValidator(_day),
    PlainSerializer(date.isoformat),
    WithJsonSchema({"type": "string", "format": "date"}),
]
PartialDay = Annotated[
    str,
    PlainValidator(_when),
    WithJsonSchema({"type": ["string", "integer"], "pattern": "^[0-9]{4}(-[0-9]{2}){0,2}$"}),
]
Ids = Annotated[
    tuple[Id, ...],
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
