"""A class or workshop: participants join with a code and enter results or preferences; the leader sees them together."""

from __future__ import annotations

import csv
import io
import random
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from detente.analysis.agreement import agreement
from detente.analysis.agreement.figures import shown
from detente.analysis.result import to_plain
from detente.case import Case, with_changes
from detente.errors import NeedsError
from detente.space import compile_case
from detente.web.guard import same

MOST = 500
"""Participants of a class."""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass
class Participant:
    """Who has joined: what they call themselves, and what they entered last."""

    name: str
    outcome: dict[str, str] | str | None = None
    party: str | None = None
    values: dict[str, dict[str, float]] | None = None


@dataclass(eq=False)
class Classroom:
    """Those who joined by the code, by token. Kept in memory only: a class ends with the server."""

    code: str = field(default_factory=lambda: "".join(secrets.choice(LETTERS) for _ in range(6)))
    people: dict[str, Participant] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def join(self, code: str, name: str) -> str:
        """The token of a new participant."""
        if not same(code.strip().upper(), self.code):
            raise NeedsError("this code is not the one of the class")
        name = " ".join(name.split())[:60]
        if not name:
            raise NeedsError("say a name, or a group's")
        with self._lock:
            if len(self.people) >= MOST:
                raise NeedsError(f"a class has {MOST} participants at most")
            token = secrets.token_urlsafe(24)
            self.people[token] = Participant(name)
        return token

    def enter(self, token: str, case: Case, entry: dict[str, Any]) -> None:
        """Takes a result (``outcome``), or preferences (``party`` and ``values`` by issue and level)."""
        someone = self.people[token]
        if "outcome" in entry:
            if not isinstance(entry["outcome"], str | dict):
                raise NeedsError("outcome: a level by issue, or the name of an outcome")
            space = compile_case(case)
            levels = space.positions(entry["outcome"])
            if not space.possible(levels):
                raise NeedsError("this outcome is impossible in the case")
            someone.outcome = space.outcome(levels)
        elif "party" in entry and "values" in entry:
            party, values = str(entry["party"]), entry["values"]
            if party not in case.preferences:
                raise NeedsError(f"unknown party '{party}'; there are {', '.join(case.preferences)}")
            with_changes(case, [{"set": f"preferences.{party}", "to": {"values": values}}])
            someone.party, someone.values = party, values
        else:
            raise NeedsError("enter an outcome, or a party and values")

    def overview(self, case: Case) -> dict[str, Any]:
        """What the leader sees: who has entered what, and where the results lie (0..100 of each party's scale)."""
        space = compile_case(case)
        result = agreement(space)
        rows = []
        for someone in self.people.values():
            worth = gain = None
            if someone.outcome is not None:
                utilities = space.utility(space.positions(someone.outcome))
                worth = dict(
                    zip(space.parties, shown(result, utilities[None])[0].round(1).tolist(), strict=True)
                )
                gain = bool((utilities >= result.reservation).all())
            rows.append({"name": someone.name, "outcome": someone.outcome, "worth": worth, "acceptable": gain,
                         "party": someone.party, "values": someone.values})  # fmt: skip
        plain: dict[str, Any] = to_plain(
            {"code": self.code, "participants": rows, "parties": list(space.parties)}
        )
        return plain

    def export(self, case: Case) -> str:
        """Results and preferences as CSV, without names and in an order of chance."""
        overview = self.overview(case)
        rows = [
            row for row in overview["participants"] if row["outcome"] is not None or row["values"] is not None
        ]
        random.SystemRandom().shuffle(rows)
        parties = overview["parties"]
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(
            [
                "result",
                *[f"worth to {p}, 0..100" for p in parties],
                "acceptable to all",
                "played",
                "preferences",
            ]
        )
        for row in rows:
            worth = row["worth"] or {}
            outcome = row["outcome"]
            said = (
                outcome
                if isinstance(outcome, str)
                else "; ".join(f"{k}={v}" for k, v in (outcome or {}).items())
            )
            values = "; ".join(
                f"{i}.{level}={v}"
                for i, levels in (row["values"] or {}).items()
                for level, v in levels.items()
            )
            writer.writerow(
                [said, *[worth.get(p, "") for p in parties], row["acceptable"], row["party"] or "", values]
            )
        return out.getvalue()
