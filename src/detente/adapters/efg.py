"""Gambit's extensive games, ``.efg``, out: the bargaining tree of a small case.

Parties take turns. The one whose turn it is offers any possible outcome, the others accept or refuse one after the
other; the first refusal ends the round, and after the last round there is no deal, whose utility is the reservation
value. There are as many rounds as parties, fewer where the tree would be too large. A ``discount`` per round of the
case is applied; nothing else that has time in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from detente.adapters._outgoing import private, uncertain
from detente.adapters.nfg import quote
from detente.case import Case
from detente.case.uncertain import mode
from detente.errors import CostError, NeedsError

if TYPE_CHECKING:
    from detente.space import Space

MAX_NODES = 200_000
LARGEST = 10_000
"""Outcomes that are looked through at most."""


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes the tree; returns what it cannot hold. Raises `CostError` where even one round is too large."""
    if space is None or len(space.parties) < 2:
        raise NeedsError(
            f"a bargaining tree needs outcomes and two parties with preferences; not in '{case.id}'"
        )
    if space.size > LARGEST:
        raise CostError("writing the bargaining tree", f"{space.size:,} outcomes", "write a smaller case")
    tree = _Tree(case, space)
    lines = [f"EFG 2 R {quote(case.title)} {{ {' '.join(map(quote, space.parties))} }}", '""', ""]
    path.write_text("\n".join([*lines, *tree.lines()]) + "\n", encoding="utf-8")
    return tree.losses()


class _Tree:
    def __init__(self, case: Case, space: Space) -> None:
        self.case, self.space = case, space
        self.offers = [n for n in range(space.size) if space.possible(space.levels(n))]
        self.count = len(space.parties)
        self.reservation, self.notes = space.reservation("now")
        self.infosets = [0] * self.count
        self.outcomes = 0
        self.rounds = next((r for r in range(self.count, 0, -1) if self.nodes(r) <= MAX_NODES), 0)
        if not self.offers:
            raise NeedsError(f"no outcome of '{case.id}' is possible: there is no tree")
        if not self.rounds:
            raise CostError("writing the bargaining tree", f"{self.nodes(1):,} nodes", "write a smaller case")
        self.factors = [
            mode(found.factor)
            if (found := case.discount.get(p)) is not None and found.per == "round"
            else 1.0
            for p in space.parties
        ]

    def nodes(self, rounds: int) -> int:
        """Nodes of the tree: an offer, the answers to it, and what follows each refusal."""
        below = 1
        for _ in range(rounds):
            below = 1 + len(self.offers) * (self.count + (self.count - 1) * below)
        return below

    def lines(self) -> Iterator[str]:
        """The nodes in prefix order; kept as a stack, so that depth does not matter."""
        stack: list[tuple[str, int, int, int]] = [("offer", 0, 0, 0)]
        names = [self.name(n) for n in self.offers]
        while stack:
            kind, turn, answer, place = stack.pop()
            proposer = turn % self.count
            if kind == "offer" and turn == self.rounds:
                yield self.leaf("no deal", self.reservation, turn)
            elif kind == "offer":
                yield self.node(proposer, names)
                stack += [("answer", turn, 1, k) for k in reversed(range(len(names)))]
            elif answer == self.count:
                utilities = self.space.utility(self.space.levels(self.offers[place]))
                yield self.leaf(names[place], utilities, turn)
            else:
                yield self.node((proposer + answer) % self.count, ["accept", "refuse"])
                stack += [("offer", turn + 1, 0, 0), ("answer", turn, answer + 1, place)]

    def name(self, number: int) -> str:
        outcome = self.space.outcome(self.space.levels(number))
        return outcome if isinstance(outcome, str) else ", ".join(outcome.values())

    def node(self, player: int, actions: list[str]) -> str:
        self.infosets[player] += 1
        listed = " ".join(map(quote, actions))
        return f'p "" {player + 1} {self.infosets[player]} "" {{ {listed} }} 0'

    def leaf(self, name: str, utilities: object, turn: int) -> str:
        self.outcomes += 1
        worth = [float(u) * f**turn for u, f in zip(utilities, self.factors, strict=True)]  # type: ignore[call-overload]
        return f't "" {self.outcomes} {quote(name)} {{ {", ".join(map(repr, worth))} }}'

    def losses(self) -> list[str]:
        """What the tree cannot hold, item by item."""
        found = [f"no_deal: {note}" for note in self.notes]
        found += [*uncertain(self.case), *private(self.case, "a bargaining tree")]
        block = self.case.no_deal
        found += [
            f"no_deal.{key}: not held by a bargaining tree"
            for key in ("at_deadline", "walk_away")
            if block is not None and getattr(block, key)
        ]
        if self.rounds < self.count:
            found.append(f"the tree has {self.rounds} of {self.count} rounds: more would be too large")
        for party, scale in self.space.scale.items():
            if scale == "ordinal":
                found.append(f"preferences.{party}: only ranks outcomes; payoffs are minus its ranks")
        for party, stated in self.case.discount.items():
            if stated.per != "round":
                found.append(f"discount.{party}: per {stated.per}, which rounds do not hold")
        found += [
            f"parties.{name}: has no preferences, so it does not bargain"
            for name in self.case.parties
            if name not in self.space.parties
        ]
        kept = ("detente", "id", "title", "imported", "parties", "issues", "impossible", "preferences",
                "status_quo", "no_deal", "discount", "outcomes", "moves")  # fmt: skip
        found += [f"{key}: not held by a bargaining tree" for key in self.case.to_data() if key not in kept]
        found += [
            f"issues.{name}.{key}: not held by a bargaining tree"
            for name, issue in self.case.issues.items()
            for key in ("by", "retreat", "pace", "takes", "requires", "proof")
            if key in issue.model_fields_set
        ]
        return found
