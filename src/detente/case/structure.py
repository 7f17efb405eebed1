"""Plain data to the model: every structural problem at once, and as much of the case as is sound.

pydantic validates; what it complains of is cut out and the rest is validated again, so that the checks
between sections can run on a file that has mistakes elsewhere.
"""

from __future__ import annotations

import difflib
import itertools
import types
import typing
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from detente.case.fields import SHAPE_TAGS
from detente.case.model import Case
from detente.case.tree import Route
from detente.case.uncertain import show

_PLACEHOLDERS = {"detente": 1, "id": "case", "title": "case"}
_ROUNDS = 8
MAX_HINTS = 50
"""Problems that come with a guess at what was meant: guessing takes time."""


@dataclass(frozen=True)
class Finding:
    """A problem at a route of the data; its position in the text is found later."""

    route: Route
    what: str
    allowed: str = ""
    got: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Structure:
    """What validation made of the data: findings, and the sound part (None where nothing is left).

    ``holes`` holds the routes that were cut out; ``kept`` maps the route of a shortened list to the
    positions that its remaining items had.
    """

    findings: list[Finding]
    case: Case | None
    holes: frozenset[Route] = frozenset()
    kept: Mapping[Route, list[int]] = field(default_factory=dict)

    def original(self, route: Route) -> Route:
        """A route in the sound part as a route in the data."""
        out: list[str | int] = []
        for depth, step in enumerate(route):
            positions = self.kept.get(route[:depth])
            out.append(positions[step] if positions is not None and isinstance(step, int) else step)
        return tuple(out)


def validate(data: dict[str, Any], folder: Path | None = None) -> Structure:
    """Validates plain data against the model."""
    parties = data.get("parties")
    outcomes = data.get("outcomes")
    context = {
        "parties": tuple(parties) if isinstance(parties, dict) else (),
        "outcomes": tuple(map(str, outcomes)) if isinstance(outcomes, list) else (),
        "folder": folder,
    }
    findings: dict[Finding, None] = {}
    holes: set[Route] = set()
    result = Structure([], None)
    for _ in range(_ROUNDS):
        kept: dict[Route, list[int]] = {}
        sound = _cut(data, (), (), holes, kept) if holes else data
        if holes:
            sound = {**{k: v for k, v in _PLACEHOLDERS.items() if (k,) in holes}, **sound}
        result = Structure(list(findings), None, frozenset(holes), kept)
        try:
            case = Case.model_validate(sound, context=context)
        except ValidationError as error:
            before = len(holes)
            for item in error.errors(include_url=False):
                loc = tuple(s for s in item["loc"] if s not in SHAPE_TAGS and s != "[key]")
                route = _existing(data, result.original(loc), item["type"] == "missing")
                if route not in holes:
                    findings[_finding(item, route, len(findings) < MAX_HINTS)] = None
                holes.add(_cut_at(item["type"], route))
            if len(holes) == before:
                break
        else:
            return Structure(list(findings), case, frozenset(holes), kept)
    return Structure(list(findings), None, frozenset(holes), result.kept)


def _existing(data: Any, route: Route, missing: bool) -> Route:
    """The route as the file has it: steps that only the normalised form knows are left out."""
    out: list[str | int] = []
    for depth, step in enumerate(route):
        inside = isinstance(data, dict) and step in data
        inside = inside or (isinstance(data, list) and isinstance(step, int) and step < len(data))
        if inside:
            data = data[step]
            out.append(step)
        elif missing and depth == len(route) - 1:
            out.append(step)
    return tuple(out)


def _cut_at(kind: str, route: Route) -> Route:
    """What to cut so that an error goes away: the value, or what lacks a required key."""
    if kind == "missing" and len(route) > 1:
        return route[:-1]
    return route


def _cut(data: Any, route: Route, new: Route, holes: set[Route], kept: dict[Route, list[int]]) -> Any:
    if isinstance(data, dict):
        return {
            k: _cut(v, (*route, k), (*new, k), holes, kept)
            for k, v in data.items()
            if (*route, k) not in holes
        }
    if isinstance(data, list):
        positions = [i for i in range(len(data)) if (*route, i) not in holes]
        if len(positions) < len(data):
            kept[new] = positions
        return [_cut(data[i], (*route, i), (*new, j), holes, kept) for j, i in enumerate(positions)]
    return data


def _finding(item: Any, route: Route, hints: bool) -> Finding:
    kind, got, context = item["type"], show(item["input"]), item.get("ctx", {})
    last = str(route[-1]) if route else ""
    if kind == "detente":
        return Finding(route, context["what"], context["allowed"], context["got"], context["hint"])
    if kind == "extra_forbidden":
        known = keys_at(route[:-1])
        return Finding(
            route, f"unknown key '{last}'", among(known), hint=did_you_mean(last, known) if hints else ""
        )
    if kind == "missing":
        return Finding(route[:-1], f"the key '{last}' is missing")
    if kind == "literal_error":
        known = [word.strip("' ") for word in context["expected"].replace(" or ", ",").split(",")]
        return Finding(route, "unknown value", among(known), got, did_you_mean(str(item["input"]), known))
    if kind in _WHAT:
        return Finding(route, _WHAT[kind], got=got)
    return Finding(route, _plain_words(item["msg"]), got=got)


_WHAT = {
    "dict_type": "a mapping is needed here",
    "model_type": "a mapping is needed here",
    "model_attributes_type": "a mapping is needed here",
    "tuple_type": "a list is needed here",
    "union_tag_invalid": "this form is not possible here",
    "int_type": "a whole number is needed here",
    "int_parsing": "a whole number is needed here",
    "int_from_float": "a whole number is needed here",
    "float_type": "a number is needed here",
    "float_parsing": "a number is needed here",
    "finite_number": "a finite number is needed here",
}


def _plain_words(message: str) -> str:
    return message[0].lower() + message[1:].removeprefix("nput should be ") if message else "not valid"


def among(names: Collection[str], most: int = 12) -> str:
    """Names as a phrase: ``'a', 'b' or 'c'``, cut short with a count where there are many."""
    listed = [f"'{name}'" for name in itertools.islice(names, most)]
    if not listed:
        return ""
    if len(names) > most:
        return ", ".join(listed) + f" or {len(names) - most:,} more"
    return " or ".join(filter(None, [", ".join(listed[:-1]), listed[-1]]))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or nothing."""
    pool = list(known)[:5000]
    folded = {k.casefold(): k for k in pool}
    close = difflib.get_close_matches(name.casefold()[:200], folded, n=1, cutoff=0.6)
    return f"Did you mean '{folded[close[0]]}'?" if close else ""


def keys_at(route: Route) -> list[str]:
    """The keys that the format knows at a route."""
    return _keys(tuple(step if isinstance(step, str) else 0 for step in route))


@lru_cache(maxsize=256)
def _keys(route: Route) -> list[str]:
    found: list[Any] = [Case]
    for step in route:
        found = [inner for kind in found for inner in _step(kind, step)]
    models = [k for kind in found for k in _unwrap(kind) if isinstance(k, type) and issubclass(k, BaseModel)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _step(kind: Any, step: str | int) -> list[Any]:
    out: list[Any] = []
    for inner in _unwrap(kind):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            fields = inner.model_fields.items()
            out += [f.annotation for name, f in fields if step in (f.alias, name)]
        elif typing.get_origin(inner) in (dict, tuple):
            out.append(typing.get_args(inner)[1 if typing.get_origin(inner) is dict else 0])
    return out


def _unwrap(kind: Any) -> list[Any]:
    """The alternatives of an annotation, without `Annotated` and `None`."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _unwrap(typing.get_args(kind)[0])
    if origin in (typing.Union, types.UnionType):
        return [inner for part in typing.get_args(kind) for inner in _unwrap(part)]
    return [kind]
