"""Runs a person's own strategy in a process of its own: reads questions, writes answers, one line of JSON each.

It is started as a script, needs the standard library alone, and knows nothing but what it is told: the outcomes of its
party, what they are worth to that party, and what is said at the table.
"""

from __future__ import annotations

import json
import os
import random
import runpy
import sys
import traceback
from typing import Any


class View:
    """What a strategy may see.

    ``outcomes``: all possible outcomes, best first, as ``{issue: level}`` (in graph form, names); ``utilities`` of
    these; ``reservation``, the utility of no deal; ``rounds`` until the deadline; ``parties`` and ``me``, the seats;
    ``issues`` with their levels; ``heard``: ``(round, seat, outcome)`` of every offer of the others, oldest first;
    ``random``: a generator that is the same for the same seed.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self.outcomes = told["outcomes"]
        self.utilities = told["utilities"]
        self.reservation = told["reservation"]
        self.rounds, self.parties, self.me = told["rounds"], told["parties"], told["me"]
        self.issues = told["issues"]
        self.random = random.Random(told["seed"])  # noqa: S311
        self.heard: list[tuple[int, int, Any]] = []
        self._places = {_key(outcome): place for place, outcome in enumerate(self.outcomes)}

    def place(self, outcome: Any) -> int:
        """Where an outcome stands on the list, 0 for the best; `KeyError` for what is no outcome."""
        return int(self._places[_key(outcome)])

    def utility(self, outcome: Any) -> float:
        """What an outcome is worth to this party."""
        return float(self.utilities[self.place(outcome)])


def _key(outcome: Any) -> Any:
    return outcome if isinstance(outcome, str) else tuple(sorted(outcome.items()))


class _Host:
    def __init__(self, path: str, name: str) -> None:
        self.path, self.name = path, name
        self.seated: dict[int, tuple[View, Any]] = {}

    def begin(self, told: dict[str, Any]) -> dict[str, Any]:
        self.seated.pop(told["me"], None)
        view = View(told)
        self.seated[told["me"]] = view, runpy.run_path(self.path, run_name="detente_guest")[self.name](view)
        return {}

    def turn(self, told: dict[str, Any]) -> dict[str, Any]:
        if told["me"] not in self.seated:
            return {"problem": "its process had ended in another seat"}
        view, strategy = self.seated[told["me"]]
        for at, by, place in told["heard"]:
            view.heard.append((at, by, view.outcomes[place]))
            if hasattr(strategy, "hears"):
                strategy.hears(at, view.outcomes[place], by)
        standing = told["standing"]
        if standing is not None and strategy.accepts(told["round"], view.outcomes[standing]):
            return {"takes": True}
        offer = strategy.offers(told["round"])
        return {"takes": False, "offer": None if offer is None else view.place(offer)}


def _problem(error: Exception) -> str:
    """What went wrong, and in which line of the strategy's own file."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, KeyError) and frames and frames[-1].name == "place":
        return f"what it offered is no outcome of the case: {error.args[0]!r}"[:300]
    theirs = [frame.lineno for frame in frames if frame.filename not in (__file__, runpy.__file__)]
    return (f"{type(error).__name__}: {error}" + (f" (line {theirs[-1]})" if theirs else ""))[:300]


def main(path: str, name: str) -> None:
    """Answers questions until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    host = _Host(path, name)
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer = host.begin(told) if told["do"] == "begin" else host.turn(told)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises is reported, not raised
            answer = {"problem": _problem(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
