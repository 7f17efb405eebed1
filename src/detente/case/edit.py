"""Editing a case file: change one value, keep the comments, order and layout of everything else.

>>> from detente.case import CaseFile
>>> file = CaseFile.parse('''detente: 1
... id: sale
... title: A sale      # of two machines
... parties: {buyer: , seller: }
... issues: {price: {levels: [low, high]}}
... ''')
>>> new = file.set("parties.buyer.patience", 0.9).set("title", "A sale of machines")
>>> print(new.text)
detente: 1
id: sale
title: A sale of machines      # of two machines
parties: {buyer: {patience: 0.9}, seller: }
issues: {price: {levels: [low, high]}}
<BLANKLINE>
>>> file.case.title
'A sale'

A `CaseFile` never changes, so undoing is going back to the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente.case import tree
from detente.case.migrate import migrated
from detente.case.model import Case, Change
from detente.case.paths import PathError, apply_change, parse_path
from detente.case.read import from_data, loads
from detente.case.splice import Splicer
from detente.case.tree import Route
from detente.case.write import dump_data, write_text
from detente.errors import CaseError, Problem


@dataclass(frozen=True)
class CaseFile:
    """A case together with the text that it stands in. Get one by `read` or `parse`; nothing in it changes."""

    case: Case
    text: str = field(repr=False)
    path: Path | None = None

    @classmethod
    def read(cls, path: str | Path) -> CaseFile:
        """The case file at a path; a `CaseError` lists everything that is wrong with it."""
        path = Path(path)
        text = tree.read_text(path)
        return cls(loads(text, str(path), path.parent), text, path)

    @classmethod
    def parse(cls, text: str, folder: Path | None = None) -> CaseFile:
        """A case file that is only a text so far; ``folder`` is where its table files lie."""
        return cls(loads(text, folder=folder), text)

    def set(self, path: str, to: Any) -> CaseFile:
        """The file with a value replaced, or stated where it had its default.

        ``path`` is dotted, as in variants: ``preferences.buyer.values.price.low``. Raises `CaseError` where the
        path leads nowhere or the case would no longer be sound; so do `add` and `remove`.
        """
        return self.change({"set": path, "to": to})

    def add(self, path: str, to: Any) -> CaseFile:
        """The file with a value appended to the list at ``path``, or put there as a new key."""
        return self.change({"add": path, "to": to})

    def remove(self, path: str) -> CaseFile:
        """The file without what stands at ``path``."""
        return self.change({"remove": path})

    def change(self, *changes: Change | dict[str, Any]) -> CaseFile:
        """The file with several changes made, one after the other; the case need only be sound at the end.

        A file of an older version of the format becomes one of the newest.
        """
        made = [c if isinstance(c, Change) else Change.model_validate(c) for c in changes]
        name = str(self.path or self.case.id)
        data, before = self.case.to_data(), _newest(self.text)
        for change in made:
            try:
                data = apply_change(data, change)
            except PathError as error:
                raise CaseError([Problem(change.path, str(error))], name) from error
        wanted = from_data(data, name, self._folder)
        text = before
        for change in made:
            text = _edited(text, change)
        case = _reads(text, wanted, self._folder)
        if case is None:
            text = _rewritten(before, wanted, self._folder)
            case = loads(text, name, self._folder)
        return CaseFile(case, text, self.path)

    def save(self, path: str | Path | None = None) -> CaseFile:
        """Writes the text, atomically, to ``path`` or to where it came from; the file as it now is on disk."""
        target = self.path if path is None else Path(path)
        if target is None:
            raise ValueError("this case file came from no path: say where to save it")
        write_text(self.text, target)
        return CaseFile(self.case, self.text, target)

    @property
    def _folder(self) -> Path | None:
        return None if self.path is None else self.path.parent


def _reads(text: str, wanted: Case, folder: Path | None) -> Case | None:
    """The case in a text, where it is the wanted one."""
    try:
        case = loads(text, folder=folder)
    except CaseError:
        return None
    return case if case == wanted else None


def _edited(text: str, change: Change) -> str:
    """A text with one change made where it stands; the text as it was where that cannot be done."""
    raw = tree.parse(text)
    steps = parse_path(change.path)
    plain = _plain(raw)
    if plain is None:
        return text
    route, whole = _meeting(raw, plain, steps)
    splicer = Splicer(text)
    try:
        if whole is not None:
            return splicer.replace(route, _below(whole, steps[len(route) :], change))
        if change.remove is not None:
            return splicer.remove(route)
        there = _at(raw, route)
        if change.add is not None and isinstance(there, list):
            return splicer.append(route, change.to)
        new = _below(None, steps[len(route) :], change)
        if len(route) == len(steps):
            return splicer.replace(route, change.to)
        return splicer.insert(route, steps[len(route)], new)
    except (KeyError, PathError):
        return text


def _plain(raw: Any) -> dict[str, Any] | None:
    """The data of a text in its normal form, or None where it is (for the moment) no case."""
    try:
        return from_data(raw).to_data()
    except CaseError:
        return raw if isinstance(raw, dict) else None


def _meeting(raw: Any, plain: Any, steps: Sequence[str]) -> tuple[Route, Any]:
    """How far a path leads into the text: the route so far, and the normal form of a short form met there.

    The second is None where the text goes on as its normal form does: what is missing from there is new.
    """
    route: list[str | int] = []
    for step in steps:
        inner = plain.get(step) if isinstance(plain, dict) else None
        if isinstance(raw, list) and isinstance(plain, list) and step.isdecimal() and int(step) < len(raw):
            raw, plain = raw[int(step)], plain[int(step)]
            route.append(int(step))
        elif isinstance(raw, dict) and step in raw and (inner is not None or not isinstance(plain, dict)):
            raw, plain = raw[step], inner
            route.append(step)
        elif isinstance(raw, dict) and step in raw:
            raw, plain = raw[step], raw[step]
            route.append(step)
        elif isinstance(raw, dict) and isinstance(plain, dict) and inner is None:
            return tuple(route), None
        else:
            return tuple(route), plain if plain is not None else {}
    return tuple(route), None


def _below(whole: Any, steps: Sequence[str], change: Change) -> Any:
    """A value with the change made below it; a new one from nothing."""
    if not steps:
        return change.to
    inner = Change.model_construct(**{**change.__dict__, "set_": None, "add": None, "remove": None})
    verb = "remove" if change.remove is not None else "add" if change.add is not None else "set_"
    rest = steps if whole is not None else steps[1:]
    if not rest:
        return apply_change({}, _verb(inner, verb, steps))[steps[0]]
    return apply_change({} if whole is None else whole, _verb(inner, verb, rest))


def _verb(change: Change, verb: str, steps: Sequence[str]) -> Change:
    from detente.case.paths import format_path

    return change.model_copy(update={verb: format_path(tuple(steps))})


def _at(data: Any, route: Route) -> Any:
    for step in route:
        data = data[step]
    return data


def _rewritten(text: str, wanted: Case, folder: Path | None) -> str:
    """The text with the sections that differ from the wanted case written anew; all of it as a last resort."""
    data = wanted.to_data()
    text = _resaid(text, _plain(tree.parse(text)) or {}, data)
    return dump_data(data) if _reads(text, wanted, folder) is None else text


def _newest(text: str) -> str:
    """A sound text in the newest version of the format: the sections that an older one says otherwise written anew."""
    raw = tree.parse(text)
    return _resaid(text, raw, migrated(raw))


def _resaid(text: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """A text that says ``old`` with every section that ``new`` has otherwise written anew."""
    for section in dict.fromkeys([*old, *new]):
        if old.get(section) == new.get(section):
            continue
        splicer = Splicer(text)
        if section not in new:
            text = splicer.remove((section,))
        elif section in tree.parse(text):
            text = splicer.replace((section,), new[section])
        else:
            text = splicer.insert((), section, new[section])
    return text
