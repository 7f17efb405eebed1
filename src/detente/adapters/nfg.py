"""Gambit's strategic games, ``.nfg``: in as graph form, out as the one-shot game of a standoff.

In: an outcome is a strategy for each player, named ``row / column``, the first player's slowest; a move is a player's
change of strategy; payoffs are a table. Both forms of the format are read (payoffs in a row, or outcomes by number,
0 being nothing for everyone).

Out: players are the parties that have preferences and own issues; a strategy is a level for each of its own issues.
Terms, and issues of several owners, stay as in the status quo. A game in graph form is written where its moves are
changes of strategy throughout.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.adapters._names import distinct, level_name, slug
from detente.adapters._outgoing import private, uncertain
from detente.adapters._source import Findings, Source
from detente.case import Case, from_data
from detente.errors import CostError, NeedsError

if TYPE_CHECKING:
    from detente.space import Space

MAX_OUTCOMES = 100_000
MAX_MOVES = 500_000
SEPARATOR = " / "
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}])|([^\s{},"]+)')


def tokens(source: Source) -> list[tuple[str, str]]:
    """Texts, brackets and words of a Gambit file, as (kind, value); a `CaseError` where it does not parse."""
    text = source.loose_text
    found = []
    for match in _TOKEN.finditer(text):
        if match[1] is not None:
            found.append(("text", match[1].replace('\\"', '"').replace("\\\\", "\\")))
        elif match[2] is not None:
            found.append(("bracket", match[2]))
        else:
            found.append(("word", match[3]))
    return found


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a file; a `CaseError` says what does not fit the format."""
    game = _Parser(source).game()
    return from_data(game, source.name)


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source, self.findings = source, Findings()
        self.tokens = tokens(source)
        self.at = 0

    def fail(self, what: str, allowed: str = "") -> Exception:
        got = repr(self.tokens[self.at][1][:40]) if self.at < len(self.tokens) else "the end of the file"
        return self.source.error(what, allowed, got)

    def take(self, kind: str, value: str | None = None) -> str:
        if self.at < len(self.tokens):
            have, text = self.tokens[self.at]
            if have == kind and (value is None or text == value):
                self.at += 1
                return text
        raise self.fail("the file does not parse", value or kind)

    def ahead(self, kind: str, value: str | None = None) -> bool:
        if self.at >= len(self.tokens):
            return False
        have, text = self.tokens[self.at]
        return have == kind and (value is None or text == value)

    def texts(self) -> list[str]:
        """``{ "a" "b" }``."""
        self.take("bracket", "{")
        found = []
        while not self.ahead("bracket", "}"):
            found.append(self.take("text"))
        self.take("bracket", "}")
        return found

    def number(self) -> float:
        text = self.take("word")
        try:
            value = float(Fraction(text)) if "/" in text else float(text)
        except (ValueError, ZeroDivisionError, OverflowError):
            self.at -= 1
            raise self.fail("not a number") from None
        if not math.isfinite(value):
            self.at -= 1
            raise self.fail("not a finite number")
        return value

    def strategies(self, players: Sequence[str]) -> list[list[str]]:
        """``{ 2 3 }``, or names ``{ { "a" "b" } { "c" "d" } }``."""
        self.take("bracket", "{")
        found: list[list[str]] = []
        while not self.ahead("bracket", "}"):
            if self.ahead("bracket", "{"):
                found.append([level_name(name) for name in self.texts()])
                continue
            text = self.take("word")
            count = int(text) if re.fullmatch(r"[0-9]{1,7}", text) else 0
            if not 1 <= count <= MAX_OUTCOMES:
                raise self.source.error("a number of strategies", f"1 to {MAX_OUTCOMES:,}", repr(text[:20]))
            found.append([str(k + 1) for k in range(count)])
        self.take("bracket", "}")
        if len(found) != len(players) or not all(found):
            raise self.source.error("strategies for each player", f"{len(players)}", f"{len(found)}")
        size = math.prod(len(names) for names in found)
        moves = size * sum(len(names) - 1 for names in found)
        if size > MAX_OUTCOMES or moves > MAX_MOVES:
            raise self.source.error("the game is too large", f"{MAX_OUTCOMES:,} outcomes", f"{size:,}")
        return [distinct([name.replace(SEPARATOR, " ") for name in names]) for names in found]

    def game(self) -> dict[str, Any]:
        self.take("word", "NFG")
        self.take("word", "1")
        self.take("word")
        title = self.take("text")
        players = self.texts()
        if not players:
            raise self.source.error("the game has no player")
        strategies = self.strategies(players)
        if self.ahead("text"):
            self.take("text")
        payoffs = self.outcomes(len(players)) if self.ahead("bracket", "{") else None
        size = math.prod(len(names) for names in strategies)
        tables = self.rows(size, len(players), payoffs)
        if self.at < len(self.tokens):
            raise self.fail("more numbers than the game has outcomes", "the end of the file")
        return self.data(title, distinct(players), strategies, tables)

    def outcomes(self, count: int) -> list[list[float]]:
        """The payoffs of numbered outcomes."""
        self.take("bracket", "{")
        found = [[0.0] * count]
        while self.ahead("bracket", "{"):
            self.take("bracket", "{")
            if self.ahead("text"):
                self.take("text")
            found.append([self.number() for _ in range(count)])
            self.take("bracket", "}")
        self.take("bracket", "}")
        return found

    def rows(self, size: int, count: int, outcomes: list[list[float]] | None) -> list[list[float]]:
        """The payoffs of each profile, in the file's order: the first player's strategy fastest."""
        if outcomes is None:
            return [[self.number() for _ in range(count)] for _ in range(size)]
        found = []
        for _ in range(size):
            place = self.number()
            if place != int(place) or not 0 <= place < len(outcomes):
                self.at -= 1
                raise self.fail("no such outcome", f"0 to {len(outcomes) - 1}")
            found.append(outcomes[int(place)])
        return found

    def data(
        self, title: str, players: list[str], strategies: list[list[str]], rows: list[list[float]]
    ) -> dict[str, Any]:
        sizes = [len(names) for names in strategies]
        strides = [math.prod(sizes[:n]) for n in range(len(sizes))]
        profiles = list(itertools.product(*(range(size) for size in sizes)))
        names = {
            profile: SEPARATOR.join(strategies[n][k] for n, k in enumerate(profile)) for profile in profiles
        }
        order = [sum(k * stride for k, stride in zip(p, strides, strict=True)) for p in profiles]
        moves = {
            player: [
                [names[p], names[(*p[:n], k, *p[n + 1 :])]]
                for p in profiles
                for k in range(sizes[n])
                if k != p[n]
            ]
            for n, player in enumerate(players)
        }
        return {
            "detente": 1,
            "id": slug(self.source.stem),
            "title": title.strip() or self.source.stem,
            "imported": {"format": "nfg", "remarks": self.findings.remarks},
            "parties": {player: {} for player in players},
            "outcomes": list(names.values()),
            "moves": moves,
            "preferences": {
                player: {"table": [rows[place][n] for place in order]} for n, player in enumerate(players)
            },
        }


# writing -----------------------------------------------------------------------------------------


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes the one-shot game; returns what it cannot hold. Raises `CostError` for a game too large to list."""
    if space is None:
        raise NeedsError(f"a game needs outcomes, and '{case.id}' has none")
    game = _graph_game(case, space) if case.graph_form else _issue_game(case, space)
    lines = [
        f"NFG 1 R {quote(case.title)} {{ {' '.join(map(quote, game.players))} }}",
        "",
        "{ " + " ".join("{ " + " ".join(map(quote, names)) + " }" for names in game.strategies) + " }",
        '""',
        "",
    ]
    sizes = [len(names) for names in game.strategies]
    backwards = itertools.product(*(range(size) for size in reversed(sizes)))
    lines += [" ".join(map(repr, game.payoffs[profile[::-1]])) for profile in backwards]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return game.lost


def quote(text: str) -> str:
    """A text as Gambit writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Game:
    """Players, their strategies, payoffs by profile, and what was lost."""

    def __init__(self, players: list[str], strategies: list[list[str]]) -> None:
        self.players, self.strategies = players, strategies
        self.payoffs: dict[tuple[int, ...], list[float]] = {}
        self.lost: list[str] = []
        size = math.prod(len(names) for names in strategies)
        if size > MAX_OUTCOMES:
            raise CostError(
                "writing the one-shot game", f"{size:,} profiles", "write a case with fewer issues or levels"
            )


def _issue_game(case: Case, space: Space) -> _Game:
    owned: dict[str, list[int]] = {}
    fixed = []
    for n, name in enumerate(space.issues):
        owners = case.issues[name].by or ()
        if len(owners) == 1 and owners[0] in space.parties:
            owned.setdefault(owners[0], []).append(n)
        else:
            fixed.append(name)
    players = [party for party in space.parties if party in owned]
    if not players:
        raise NeedsError(f"no party of '{case.id}' that has preferences owns an issue: there is no game")
    choices = {p: list(itertools.product(*(range(space.sizes[n]) for n in owned[p]))) for p in players}
    strategies = [
        [", ".join(space.level_names[n][k] for n, k in zip(owned[p], c, strict=True)) for c in choices[p]]
        for p in players
    ]
    game = _Game(players, strategies)
    rows = [space.parties.index(p) for p in players]
    impossible = []
    for profile in itertools.product(*(range(len(names)) for names in strategies)):
        levels = list(space.start)
        for player, k in zip(players, profile, strict=True):
            for n, level in zip(owned[player], choices[player][k], strict=True):
                levels[n] = level
        if space.possible(levels):
            utilities = space.utility(levels)
            game.payoffs[profile] = [float(utilities[row]) for row in rows]
        else:
            impossible.append(profile)
    least = [min((u[n] for u in game.payoffs.values()), default=0.0) - 1 for n in range(len(players))]
    game.payoffs.update(dict.fromkeys(impossible, least))
    _note(case, space, game, fixed, len(impossible))
    return game


def _note(case: Case, space: Space, game: _Game, fixed: Sequence[str], impossible: int) -> None:
    lost = game.lost
    lost += [*uncertain(case), *private(case, "a game")]
    for name in fixed:
        lost.append(f"issues.{name}: nobody moves it alone; it stays as in the status quo")
    if impossible:
        lost.append(
            f"impossible: {impossible:,} profiles are impossible; each player has 1 less than its worst there"
        )
    for party, scale in space.scale.items():
        if party not in game.players:
            lost.append(f"preferences.{party}: owns nothing alone, so it is no player")
        elif scale == "ordinal":
            lost.append(f"preferences.{party}: only ranks outcomes; payoffs are minus its ranks")
    lost += [
        f"parties.{name}: has no preferences, so it is no player"
        for name in case.parties
        if name not in space.parties
    ]
    for name, issue in case.issues.items():
        for key in ("retreat", "pace", "takes", "requires", "proof"):
            if key in issue.model_fields_set and name not in fixed:
                lost.append(f"issues.{name}.{key}: a one-shot game has no sequence of moves")
    lost += [
        f"{key}: not held by a game"
        for key in case.to_data()
        if key
        not in ("detente", "id", "title", "imported", "parties", "issues", "impossible", "preferences", "status_quo", "outcomes", "moves")
    ]  # fmt: skip


def _graph_game(case: Case, space: Space) -> _Game:
    """The game of a graph whose outcomes are named by strategies and whose moves are changes of them."""
    players = [party for party in case.parties if party in case.moves]
    parts = [name.split(SEPARATOR) for name in case.outcomes]
    refusal = NeedsError(
        f"the moves of '{case.id}' are no changes of strategy: the graph is not a game of this kind"
    )
    if any(len(part) != len(players) for part in parts) or set(players) - set(space.parties):
        raise refusal
    strategies = [list(dict.fromkeys(part[n] for part in parts)) for n in range(len(players))]
    game = _Game(players, strategies)
    if math.prod(map(len, strategies)) != len(parts):
        raise refusal
    for n, player in enumerate(players):
        expected = {
            (SEPARATOR.join(part), SEPARATOR.join([*part[:n], name, *part[n + 1 :]]))
            for part in parts
            for name in strategies[n]
            if name != part[n]
        }
        if set(case.moves[player]) != expected:
            raise refusal
    utilities = space.utilities()
    rows = [space.parties.index(player) for player in players]
    for place, part in enumerate(parts):
        profile = tuple(strategies[n].index(name) for n, name in enumerate(part))
        game.payoffs[profile] = [float(utilities[row, place]) for row in rows]
    _note(case, space, game, (), 0)
    return game
