"""The questions that a case can be asked, their options, and their answers as the page shows them.

One description of the options serves the page, the server and the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detente.case import Case, from_data, with_changes, with_variant
from detente.case.structure import among
from detente.errors import NeedsError
from detente.report.hide import view_of

Tell = Callable[[int, int], None]
MOST_ROWS = 500
"""Rows of a table that the page is sent; the JSON document has all."""


@dataclass(frozen=True)
class Option:
    """An option of a question: a choice where there are ``choices``, else a whole number or a text by its default."""

    name: str
    label: str
    default: str | int
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 1_000_000

    def read(self, value: Any) -> Any:
        """A value from the page, checked."""
        if self.choices and value not in self.choices:
            raise NeedsError(f"{self.name}: unknown choice {value!r}; there are {among(self.choices)}")
        if isinstance(self.default, int) and not (
            isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high
        ):
            raise NeedsError(f"{self.name}: a whole number from {self.low} to {self.high:,}; got {value!r}")
        if isinstance(self.default, str) and not isinstance(value, str):
            raise NeedsError(f"{self.name}: a text; got {value!r}")
        return value

    def to_data(self) -> dict[str, Any]:
        kind = "choice" if self.choices else "number" if isinstance(self.default, int) else "text"
        return {"name": self.name, "label": self.label, "kind": kind, "default": self.default,
                "choices": list(self.choices), "low": self.low, "high": self.high}  # fmt: skip


def _agreement(case: Case, tell: Tell, no_deal: str) -> Any:
    from detente.analysis.agreement import agreement

    return agreement(case, no_deal=no_deal)  # type: ignore[arg-type]


def _standoff(case: Case, tell: Tell) -> Any:
    from detente.analysis.standoff import standoff

    return standoff(case)


def _roadmap(case: Case, tell: Tell, to: str, order: str, threat: str) -> Any:
    from detente.analysis.roadmap import roadmap

    return roadmap(case, to or "best", order=None if order == "as stated" else order, threat=threat)


def _table(case: Case, tell: Tell, protocol: str, rounds: int, runs: int, seed: int) -> Any:
    from detente.analysis.table import table

    return table(case, protocol=protocol, rounds=rounds, runs=runs, seed=seed)  # type: ignore[arg-type]


def _forecast(case: Case, tell: Tell, model: str, turns: int, seed: int) -> Any:
    from detente.analysis.forecast import forecast

    return forecast(case, model=model, turns=turns or None, seed=seed)  # type: ignore[arg-type]


def _confidence(case: Case, tell: Tell, of: str, to: str, draws: int, seed: int, levers: str) -> Any:
    from detente.analysis.confidence import Means, Sample, confidence

    options: dict[str, Any] = {"to": to} if of == "roadmap" and to else {}
    return confidence(
        case, of, sample=Sample(draws, seed), means=Means(report=tell), levers=levers == "yes", **options
    )


@dataclass(frozen=True)
class Question:
    """One of the six: its tab, what it needs of a case, its options."""

    title: str
    run: Callable[..., Any]
    needs: Callable[[Case], bool]
    options: tuple[Option, ...]


def _negotiable(case: Case) -> bool:
    negotiators = [name for name, party in case.parties.items() if "negotiator" in party.roles]
    return bool(case.issues or case.outcomes) and all(name in case.preferences for name in negotiators)


def _movable(case: Case) -> bool:
    return _negotiable(case) and (bool(case.moves) or any(issue.by for issue in case.issues.values()))


def _in_numbers(case: Case) -> bool:
    kinds = [kind for p in case.preferences.values() for kind in (p.types or {"": p}).values()]
    return (
        _movable(case)
        and not case.graph_form
        and all(k.values is not None or k.table is not None for k in kinds)
    )


SEED = Option("seed", "Seed", 0)
QUESTIONS: Mapping[str, Question] = {
    "agreement": Question("Deal", _agreement, _negotiable, (
        Option("no_deal", "Which no deal", "now", ("now", "deadline", "breakdown")),
    )),
    "standoff": Question("Standoff", _standoff, _movable, ()),
    "roadmap": Question("Roadmap", _roadmap, _in_numbers, (
        Option("to", "Target (a name, issue=level,..., or best)", ""),
        Option("order", "Order", "as stated", ("as stated", "any", "single", "at-once")),
        Option("threat", "What follows a breach", "markov", ("markov", "minmax", "stop", "revert")),
    )),
    "table": Question("Table", _table, _negotiable, (
        Option("protocol", "Protocol", "alternating", ("alternating", "issue-by-issue", "simultaneous", "demand", "text", "rubinstein")),
        Option("rounds", "Rounds", 100, low=1, high=100_000),
        Option("runs", "Runs", 1000, low=1, high=1_000_000),
        SEED,
    )),
    "forecast": Question("Forecast", _forecast, lambda case: case.forecast is not None, (
        Option("model", "Model", "smp", ("smp", "eum", "baselines")),
        Option("turns", "Turns (0: until nothing moves)", 0, high=10_000),
        SEED,
    )),
    "confidence": Question("Confidence", _confidence, lambda case: _negotiable(case) or case.forecast is not None, (
        Option("of", "Of which question", "agreement", ("agreement", "standoff", "roadmap", "forecast")),
        Option("to", "Target, of a roadmap", ""),
        Option("draws", "Draws", 1000, low=1, high=100_000),
        SEED,
        Option("levers", "Look for the cheapest changes that flip it", "no", ("no", "yes")),
    )),
}  # fmt: skip


def menu(case: Case) -> list[dict[str, Any]]:
    """The questions that a case can be asked, with their options; defaults fit the case."""
    found = []
    for name, question in QUESTIONS.items():
        if not question.needs(case):
            continue
        options = [option.to_data() for option in question.options]
        for option in options:
            if option["name"] == "to":
                option["suggestions"] = [*case.targets, "best"]
                option["default"] = (
                    next(iter(case.targets), "best") if name == "roadmap" else next(iter(case.targets), "")
                )
            if option["name"] == "of":
                option["choices"] = [c for c in option["choices"] if QUESTIONS[c].needs(case)]
                option["default"] = option["choices"][0]
        found.append({"name": name, "title": question.title, "options": options})
    return found


def seen_by(case: Case, audience: str | None) -> Case:
    """The case with what this audience may not see removed; ``audience`` is ``party:ID``, or nothing."""
    if audience is None:
        return case
    if not audience.startswith("party:"):
        raise NeedsError(f"unknown audience '{audience}'; it is party:ID")
    return view_of(case, audience.removeprefix("party:"))[0]


def what_if(
    case: Case, changes: list[dict[str, Any]], variant: str | None, audience: str | None = None
) -> Case:
    """The case with a variant and changes made, as an audience may see it.

    The view is taken first: nobody can ask about what they may not see.
    """
    case = seen_by(case, audience)
    if variant is not None:
        case = with_variant(case, variant)
    return with_changes(case, changes) if changes else case


def options_of(analysis: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a question, those given checked."""
    if analysis not in QUESTIONS:
        raise NeedsError(f"unknown question '{analysis}'; there are {among(QUESTIONS)}")
    known = {option.name: option for option in QUESTIONS[analysis].options}
    if unknown := [name for name in given if name not in known]:
        raise NeedsError(f"unknown option '{unknown[0]}' of {analysis}; there are {among(known) or 'none'}")
    return {name: option.read(given.get(name, option.default)) for name, option in known.items()}


def answer(
    data: dict[str, Any],
    folder: str | None,
    analysis: str,
    options: Mapping[str, Any],
    whole: bool,
    tell: Tell,
) -> dict[str, Any]:
    """The answer to a question as the page shows it: words, figures, tables; the JSON document where ``whole``."""
    from detente.analysis.result import to_plain
    from detente.report.draw import svg

    case = from_data(data, str(data.get("id", "case")), None if folder is None else Path(folder))
    result = QUESTIONS[analysis].run(case, tell, **options_of(analysis, options))
    figures = [
        {
            "name": name,
            "title": spec.get("title", name),
            "alt": spec.get("description", ""),
            "svg": svg(spec),
            "rows": to_plain(rows_of(spec)),
        }
        for name, spec in result.charts().items()
    ]
    tables = {
        name: {"rows": to_plain([dict(row) for row in rows[:MOST_ROWS]]), "count": len(rows)}
        for name, rows in result.tables().items()
        if rows
    }
    document = result.to_dict()
    return {
        "analysis": analysis,
        "words": [part.strip() for part in result.explain().split("\n") if part.strip()],
        "figures": figures,
        "tables": tables,
        "warnings": document["warnings"],
        "result": document if whole else None,
    }


def rows_of(spec: Any) -> list[dict[str, Any]]:
    """The data that a figure shows: the rows of all its layers, the layer's own first."""
    found: list[dict[str, Any]] = []
    if isinstance(spec, Mapping):
        values = (spec.get("data") or {}).get("values") if isinstance(spec.get("data"), Mapping) else None
        if isinstance(values, list):
            found += [dict(row) for row in values if isinstance(row, Mapping)]
        for key in ("layer", "hconcat", "vconcat", "concat"):
            for part in spec.get(key, ()):
                found += rows_of(part)
        if isinstance(spec.get("spec"), Mapping):
            found += rows_of(spec["spec"])
    return found


def told(data: dict[str, Any], folder: str | None, form: str, audience: str, tell: Tell) -> dict[str, Any]:
    """The report on a case as text."""
    from detente.report import render
    from detente.report.kept import kept

    case = from_data(data, str(data.get("id", "case")), None if folder is None else Path(folder))
    return {"text": render(case, form=form, audience=audience, keep=kept()), "form": form}


def compared(
    a: dict[str, Any],
    b: dict[str, Any],
    folder: str | None,
    analysis: str,
    options: Mapping[str, Any],
    tell: Tell,
) -> dict[str, Any]:
    """Two states of a case side by side, and where their answers differ."""
    one, two = (answer(data, folder, analysis, options, True, tell) for data in (a, b))
    rows = list(differences(one.pop("result"), two.pop("result")))
    return {"a": one, "b": two, "differences": rows[:MOST_ROWS], "count": len(rows)}


def differences(a: Any, b: Any, path: str = "") -> Any:
    """Where two documents differ: rows of path, a, b, for each leaf; provenance apart."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys([*a, *b]):
            if path or key not in ("case_hash", "options", "warnings", "method", "title"):
                yield from differences(a.get(key), b.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b) <= 100:
        for place, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from differences(left, right, f"{path}[{place}]")
    elif a != b:
        yield {"path": path, "a": _short(a), "b": _short(b)}


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return f"{len(value):,} entries"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_short(item)}" for key, item in list(value.items())[:8])
    return value


WORK: Mapping[str, Callable[..., dict[str, Any]]] = {"ask": answer, "report": told, "compare": compared}
"""What a worker process can be told to do."""


def work(kind: str, arguments: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Does one piece of work; run in a process of its own."""
    return WORK[kind](**arguments, tell=tell)
