"""The ``.gmcr`` files of gmcr-py and GMCR+: JSON with decision makers, yes-or-no options, infeasible patterns.

Each option becomes an issue with the levels N and Y, in the file's order, owned by its decision maker; an option of
nobody becomes a term. ``fwd`` (only N to Y) becomes a retreat floor at Y, ``back`` (only Y to N) a pace of 0 upward.
Preferences are statements, most important first, or a ranking with ties of the numbers that the tool gives to
feasible states: ascending by the sum of 2^k over the options k that are Y, counted from 1, options ordered by
decision maker. A statement is a pattern ``[[option, "Y"], ...]``, several patterns of which one must fit, or text:
options by number (from 1) or name, ``-`` or ``!`` not, ``&`` or ``,`` and, ``|`` or, ``A IF B``, ``A IFF B``.

What we settled: a decision maker without any preference is indifferent; an option of several decision makers is
moved by them together (the tool gives wrong moves then); merged coalitions of the file are not applied, and the
case's note says so. *Misperceptions* mean what the tool makes of them: their holder makes no move out of or into
such a state. Issues cannot say that, so the case then is a graph, its outcomes named by their Y/N strings.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.adapters._gmcr_text import Is, Join, Node, Parser, State, StatementError
from detente.adapters._names import distinct
from detente.adapters._source import Source
from detente.case import Case, from_data
from detente.errors import CaseError, Problem

if TYPE_CHECKING:
    from detente.space import Space

MAX_OPTIONS = 1_000
MAX_LISTED = 18
"""Options up to which states are listed, which rankings and misperceptions need."""
MAX_MOVES = 2_000_000
_YN = ("N", "Y")


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a file."""
    return loads(source.text, source.name)


def loads(text: str, name: str = "conflict.gmcr") -> Case:
    """The case in a text; a `CaseError` lists what does not fit the format."""
    try:
        data = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        what = "nested too deep" if isinstance(error, RecursionError) else f"not JSON: {error}"
        raise CaseError([Problem("", what)], name) from None
    reader = _Reader()
    model = reader.model(data)
    if not reader.problems:
        builder = _Builder(model, Path(name).stem)
        built = builder.data()
        if not builder.problems:
            return from_data(built, name)
        reader.problems = builder.problems
    raise CaseError(reader.problems, name)


@dataclass
class _Option:
    name: str
    direction: str
    owners: list[int] = field(default_factory=list)


@dataclass
class _Maker:
    name: str
    options: list[int]
    statements: list[Node]
    ranking: list[list[int]] | None
    misperceived: list[Node]


@dataclass
class _Model:
    options: list[_Option]
    makers: list[_Maker]
    infeasible: list[Node]
    merged: list[Any]


class _Reader:
    """JSON to `_Model`; every problem is noted, none raised."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.options: list[_Option] = []

    def wrong(self, path: str, what: str, allowed: str = "", got: object = None) -> None:
        self.problems.append(Problem(path, what, allowed, "" if got is None else repr(got)[:80]))

    def list_at(self, data: Any, path: str) -> list[Any]:
        if isinstance(data, list):
            return data
        self.wrong(path, "not a list", got=data)
        return []

    def model(self, data: Any) -> _Model:
        if not isinstance(data, dict):
            self.wrong("", "not an object of a conflict")
            data = {}
        options = self.list_at(data.get("options"), "options")
        if not 1 <= len(options) <= MAX_OPTIONS:
            self.wrong("options", f"1 to {MAX_OPTIONS:,} options are read", got=len(options))
        self.options = [self.option(item, f"options[{n}]") for n, item in enumerate(options[:MAX_OPTIONS])]
        manual = bool(data.get("useManualPreferenceRanking", data.get("useManualPreferenceVectors", False)))
        listed = self.list_at(data.get("decisionMakers"), "decisionMakers")
        if not 1 <= len(listed) <= MAX_OPTIONS:
            self.wrong("decisionMakers", f"1 to {MAX_OPTIONS:,} decision makers are read", got=len(listed))
        makers = [self.maker(item, n, manual) for n, item in enumerate(listed[:MAX_OPTIONS])]
        infeasible = self.conditions(data.get("infeasibles") or [], "infeasibles", empty=False)
        coalitions = data.get("coalitions")
        merged = (
            [g for g in coalitions if isinstance(g, list) and len(g) > 1]
            if isinstance(coalitions, list)
            else []
        )
        return _Model(self.options, makers, infeasible, merged)

    def option(self, item: Any, path: str) -> _Option:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            self.wrong(path, "an option has a name", got=item)
            return _Option("?", "both")
        direction = item.get("permittedDirection", "both")
        if direction not in ("both", "fwd", "back"):
            self.wrong(f"{path}.permittedDirection", "unknown direction", "both, fwd or back", direction)
        return _Option(item["name"], direction)

    def maker(self, item: Any, n: int, manual: bool) -> _Maker:
        path = f"decisionMakers[{n}]"
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            self.wrong(path, "a decision maker has a name", got=item)
            return _Maker("?", [], [], None, [])
        own: list[int] = []
        for k, index in enumerate(self.list_at(item.get("options"), f"{path}.options")):
            if self.index(index, f"{path}.options[{k}]") and index not in own:
                own.append(index)
                self.options[index].owners.append(n)
        vector = item.get("preferenceRanking", item.get("preferenceVector")) if manual else None
        if manual and vector is None:
            self.wrong(path, "preferences are by ranking, and there is none", "preferenceRanking")
        ranking = None if vector is None else self.ranking(vector, f"{path}.preferenceRanking")
        statements = [] if manual else self.conditions(item.get("preferences") or [], f"{path}.preferences")
        misperceived = self.conditions(item.get("misperceptions") or [], f"{path}.misperceptions")
        return _Maker(item["name"], own, statements, ranking, misperceived)

    def index(self, index: Any, path: str) -> bool:
        good = isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(self.options)
        if not good:
            self.wrong(path, "no such option", f"0 to {len(self.options) - 1}", index)
        return good

    def ranking(self, vector: Any, path: str) -> list[list[int]]:
        groups = []
        for n, entry in enumerate(self.list_at(vector, path)):
            group = entry if isinstance(entry, list) else [entry]
            if group and all(isinstance(s, int) and not isinstance(s, bool) for s in group):
                groups.append(group)
            else:
                self.wrong(f"{path}[{n}]", "a rank is a state's number, or a list of them", got=entry)
        return groups

    def conditions(self, items: Any, path: str, empty: bool = True) -> list[Node]:
        found = []
        for n, item in enumerate(self.list_at(items, path)):
            node = self.condition(item, f"{path}[{n}]")
            if node is not None:
                found.append(node)
            elif not empty and not item:
                self.wrong(f"{path}[{n}]", "an empty pattern rules out everything")
        return found

    def condition(self, item: Any, path: str) -> Node | None:
        """A pattern, several of them, or text; None where it fits everything, or is wrong."""
        if isinstance(item, str):
            try:
                return Parser(item, [option.name for option in self.options]).parse()
            except StatementError as error:
                self.wrong(path, str(error), got=item)
                return None
        if isinstance(item, dict):
            members = self.list_at(item.get("members"), f"{path}.members")
            parts = [self.pattern(member, f"{path}.members[{n}]") for n, member in enumerate(members)]
            known = tuple(part for part in parts if part is not None)
            if not known or len(known) < len(parts):
                return None
            return known[0] if len(known) == 1 else Join("or", known)
        return self.pattern(item, path)

    def pattern(self, item: Any, path: str) -> Node | None:
        literals: list[Node] = []
        for n, pair in enumerate(self.list_at(item, path)):
            at = f"{path}[{n}]"
            if not isinstance(pair, list) or len(pair) != 2 or pair[1] not in ("Y", "N"):
                self.wrong(at, "a literal is an option and Y or N", '[0, "Y"]', pair)
            elif self.index(pair[0], at):
                literals.append(Is(pair[0], pair[1] == "Y"))
        if not literals:
            return None
        return literals[0] if len(literals) == 1 else Join("and", tuple(literals))


def tool_order(count: int, owned: Sequence[Sequence[int]]) -> list[int]:
    """The options as the tool orders them before it numbers states: as its loading moves them about."""
    order, moved = list(range(count)), 0
    seen: set[int] = set()
    for option in itertools.chain.from_iterable(owned):
        if option not in seen:
            seen.add(option)
            moved += 1
            order.remove(option)
            order.insert(moved, option)
    return order


class _Builder:
    """`_Model` to the data of a case."""

    def __init__(self, model: _Model, stem: str) -> None:
        self.model = model
        self.problems: list[Problem] = []
        self.stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-") or "conflict"
        self.parties = distinct([maker.name for maker in model.makers], [])
        owners = [" and ".join(self.parties[n] for n in option.owners) for option in model.options]
        self.issues = distinct([option.name for option in model.options], owners, taken=self.parties)

    def data(self) -> dict[str, Any]:
        model = self.model
        notes = [f"Converted from a .gmcr file with {len(model.options)} options."]
        if model.merged:
            notes.append("The file merges decision makers into coalitions; here each decides alone.")
        blind = any(maker.misperceived for maker in model.makers)
        if blind:
            notes.append("Decision makers make no move out of or into a state that they misperceive.")
        return {
            "detente": 1,
            "id": self.stem,
            "title": self.stem,
            "note": " ".join(notes),
            "parties": {
                p: {"label": m.name} if m.name.strip() not in (p, "") else {}
                for p, m in zip(self.parties, model.makers, strict=True)
            },
            **(self._graph() if blind else self._options()),
        }

    def _options(self) -> dict[str, Any]:
        model = self.model
        impossible = [{"when": node.text(self.issues)} for node in model.infeasible]
        return {
            "issues": {name: self._issue(o) for name, o in zip(self.issues, model.options, strict=True)},
            **({"impossible": impossible} if impossible else {}),
            "preferences": {p: self._preference(m) for p, m in zip(self.parties, model.makers, strict=True)},
        }

    def _issue(self, option: _Option) -> dict[str, Any]:
        found: dict[str, Any] = {"levels": list(_YN)}
        if option.owners:
            found["by"] = [self.parties[n] for n in option.owners]
        if option.direction == "fwd":
            found["retreat"] = {"Y": "Y"}
        if option.direction == "back":
            found["pace"] = {"up": 0}
        return found

    def _preference(self, maker: _Maker) -> dict[str, Any]:
        if maker.ranking is None:
            return {"priorities": [node.text(self.issues) for node in maker.statements]}
        return {"ranking": [[[_YN[x] for x in s] for s in group] for group in self._ranked(maker)]}

    # states -------------------------------------------------------------------------------------

    def _feasible(self) -> list[State]:
        """Feasible states in the order of outcome numbers: the first option slowest, N before Y."""
        if len(self.model.options) > MAX_LISTED:
            what = f"states of more than {MAX_LISTED} options are not listed, which rankings and misperceptions need"
            self.problems = [Problem("options", what)]
            return []
        states = itertools.product((0, 1), repeat=len(self.model.options))
        return [s for s in states if not any(node.holds(s) for node in self.model.infeasible)]

    def _ranked(self, maker: _Maker) -> list[list[State]]:
        order = tool_order(len(self.model.options), [m.options for m in self.model.makers])
        numbered = sorted(
            self._feasible(), key=lambda s: sum(s[option] << bit for bit, option in enumerate(order))
        )
        listed = sorted(s for group in maker.ranking or [] for s in group)
        if listed != list(range(1, len(numbered) + 1)):
            what = (
                f"the ranking of {maker.name} does not list each of the {len(numbered)} feasible states once"
            )
            if not self.problems:
                self.problems.append(Problem("decisionMakers", what))
            return []
        return [[numbered[s - 1] for s in group] for group in maker.ranking or []]

    def _graph(self) -> dict[str, Any]:
        states = self._feasible()
        names = {s: "".join(_YN[x] for x in s) for s in states}
        moves = {}
        for k, maker in enumerate(self.model.makers):
            seen = [s for s in states if not any(node.holds(s) for node in maker.misperceived)]
            moves[self.parties[k]] = [[names[a], names[b]] for a, b in self._moves(k, seen)]
        return {
            "outcomes": list(names.values()),
            "moves": moves,
            "preferences": {
                p: {"ranking": [[names[s] for s in group] for group in self._order(m, states)]}
                for p, m in zip(self.parties, self.model.makers, strict=True)
            },
        }

    def _moves(self, maker: int, states: Sequence[State]) -> Iterator[tuple[State, State]]:
        own = [option.owners == [maker] for option in self.model.options]
        sides: dict[State, list[State]] = {}
        for s in states:
            sides.setdefault(tuple(-1 if mine else x for mine, x in zip(own, s, strict=True)), []).append(s)
        if sum(len(side) ** 2 for side in sides.values()) > MAX_MOVES:
            self.problems = [
                Problem("options", f"more than {MAX_MOVES:,} moves, which misperceptions make us list")
            ]
            return
        for side in sides.values():
            for a, b in itertools.permutations(side, 2):
                if all(_may(option, x, y) for option, x, y in zip(self.model.options, a, b, strict=True)):
                    yield a, b

    def _order(self, maker: _Maker, states: Sequence[State]) -> list[list[State]]:
        if maker.ranking is not None:
            return self._ranked(maker)
        groups: dict[tuple[bool, ...], list[State]] = {}
        for s in states:
            groups.setdefault(tuple(not node.holds(s) for node in maker.statements), []).append(s)
        return [groups[key] for key in sorted(groups)]


def _may(option: _Option, old: int, new: int) -> bool:
    return old == new or option.direction == "both" or (option.direction == "fwd") == (new > old)


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes the conflict with its preferences as rankings; returns what the format cannot hold."""
    from detente.adapters import _gmcr_out

    return _gmcr_out.write(case, space, path)
