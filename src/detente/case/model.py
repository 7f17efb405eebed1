"""What a negotiation is: the model of a case file, version 1.

The classes say what each section may hold; whether the sections fit each other is the business of
`detente.case.checks`. Everything is frozen: a change makes a new case.
"""

import hashlib
import json
import math
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from detente.case.fields import (
    BY_SHAPE,
    AsList,
    AsMapping,
    AsText,
    Day,
    FrozenDict,
    Id,
    Ids,
    Level,
    NotNegative,
    Num,
    PartialDay,
    Patience,
    Plain,
    Share,
    Table,
    Text,
    When,
    listed,
    wrong,
)
from detente.case.uncertain import Number, Uncertain, show

Role = Literal[
    "negotiator", "convener", "mediator", "verifier", "guarantor", "ratifier", "spoiler", "affected"
]  # fmt: skip
Order = Literal["any", "single", "at-once"]
MAX_LEVELS = 1_000_000
LARGEST_SCALE = 1e15
DEFAULT_PATIENCE = 0.95
"""Worth today of 1 a year from now, where a case does not say."""


class Part(BaseModel):
    """The base of everything in a case: no unknown keys, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


def _settled(data: Any) -> Any:
    """Plain data that cannot be changed, and holds finite numbers only."""
    if isinstance(data, dict):
        return FrozenDict({key: _settled(value) for key, value in data.items()})
    if isinstance(data, list | tuple):
        return tuple(_settled(item) for item in data)
    if isinstance(data, float) and not math.isfinite(data):
        raise wrong("not a finite number", got=show(data))
    return data


def _thaw(data: Any) -> Any:
    """Plain data that can be changed, in dictionaries and lists."""
    if isinstance(data, dict):
        return {key: _thaw(value) for key, value in data.items()}
    return [_thaw(item) for item in data] if isinstance(data, list | tuple) else data


def _or_empty(data: Any) -> Any:
    return {} if data is None else data


def _titled(data: Any) -> Any:
    return {"title": data} if isinstance(data, str) else data


def _labelled(data: Any) -> Any:
    return {"label": data} if isinstance(data, str) else data


def _when_only(data: Any) -> Any:
    return {"when": data} if isinstance(data, str) else data


class Source(Part):
    """Something that can be cited."""

    title: Text | None = None
    author: Text | None = None
    publisher: Text | None = None
    journal: Text | None = None
    volume: Text | None = None
    edition: Text | None = None
    date: PartialDay | None = None
    accessed: PartialDay | None = None
    language: Text | None = None
    pages: Text | None = None
    isbn: Text | None = None
    doi: Text | None = None
    url: Text | None = None
    note: Text | None = None


class Party(Part):
    """Someone in the case. ``patience`` is the worth today of 1 a year from now."""

    label: Text | None = None
    roles: Annotated[tuple[Role, ...], BeforeValidator(listed)] = ("negotiator",)
    represents: Id | None = Field(default=None, alias="for")
    patience: Patience | None = None
    breach_cost: NotNegative | None = None
    why: Text | None = None
    note: Text | None = None


class Absent(Part):
    """Someone who matters and is not at the table."""

    label: Text
    why: Text | None = None


class Scale(Part):
    """Numeric levels: ``from`` to ``to`` in steps; without a step the issue is continuous."""

    start: Plain = Field(alias="from")
    stop: Plain = Field(alias="to")
    step: Plain | None = None
    unit: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> "Scale":
        if not self.start < self.stop:
            raise wrong("a scale runs upward", "from < to", f"{self.start} to {self.stop}")
        if not abs(self.start) + abs(self.stop) < LARGEST_SCALE:
            raise wrong(
                "a scale of numbers too large", f"below {LARGEST_SCALE:g}", f"{self.start} to {self.stop}"
            )
        if self.step is not None:
            if not 0 < self.step < LARGEST_SCALE:
                raise wrong("a step is above 0", got=show(self.step))
            steps = (_decimal(self.stop) - _decimal(self.start)) / _decimal(self.step)
            if steps > MAX_LEVELS - 1:
                raise wrong("too many levels", f"at most {MAX_LEVELS:,}", f"{int(steps) + 1:,}")
            if steps != int(steps):
                raise wrong("the steps do not reach `to`", got=f"{self.start} to {self.stop} by {self.step}")
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The levels by decimal arithmetic, as text without trailing zeros; empty where continuous."""
        if self.step is None:
            return ()
        first, step, last = (_decimal(number) for number in (self.start, self.step, self.stop))
        digits = max(0, *(-int(number.as_tuple().exponent) for number in (first, step)))
        if digits == 0:
            return tuple(map(str, range(int(first), int(last) + 1, int(step))))
        return tuple(number_name(first + i * step) for i in range(int((last - first) / step) + 1))


def _decimal(number: float) -> Decimal:
    return Decimal(getattr(number, "text", repr(number)))


def number_name(number: Decimal | float | str) -> str:
    """The name of a numeric level: plain notation, no trailing zeros."""
    text = f"{number if isinstance(number, Decimal) else Decimal(str(number)):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


class Pace(Part):
    """Levels per period, up and down; ``any`` is no limit and 0 means never."""

    up: Annotated[int, Field(strict=True, ge=0)] | Literal["any"] = "any"
    down: Annotated[int, Field(strict=True, ge=0)] | Literal["any"] = "any"


class Requirement(Part):
    """What must hold before a level is reached, or in the same step (``together``)."""

    when: When
    timing: Literal["before", "together"] = "before"
    why: Text | None = None


Periods = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class Issue(Part):
    """Something to be settled. With an owner it is a commitment, without one a term of the agreement."""

    label: Text | None = None
    by: Ids | None = None
    levels: Annotated[Annotated[tuple[Level, ...], AsList] | Annotated[Scale, AsMapping], BY_SHAPE]
    retreat: Table[Level, Level] = Field(default_factory=dict)
    pace: Pace = Pace.model_construct()
    takes: Table[Level, Periods] = Field(default_factory=dict)
    requires: Table[Level, Annotated[Requirement, BeforeValidator(_when_only)]] = Field(default_factory=dict)
    proof: Table[Level, Text] = Field(default_factory=dict)
    why: Text | None = None
    note: Text | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levels in order; empty where the issue is continuous."""
        return self.levels.names if isinstance(self.levels, Scale) else self.levels

    @property
    def scale(self) -> Scale | None:
        """The numeric scale, if the issue has one."""
        return self.levels if isinstance(self.levels, Scale) else None

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def position(self, level: str) -> int:
        """Position of a level, from 0; `KeyError` where there is none. ``1.0`` finds ``1`` on a scale."""
        if level not in self._positions and self.scale is not None:
            level = _canonical(level)
        return self._positions[level]


def _canonical(level: str) -> str:
    try:
        return number_name(Decimal(level)) if len(level) < 40 else level
    except ArithmeticError:
        return level


class Impossible(Part):
    """Outcomes that cannot be."""

    when: When
    why: Text | None = None


Outcome = Annotated[Annotated[Level, AsText] | Annotated[Table[Id, Level], AsMapping], BY_SHAPE]
"""One level for each issue, ``{issue: level}``; in graph form the name of the outcome."""

ListedOutcome = Annotated[
    Annotated[Level, AsText] | Annotated[tuple[Level, ...], AsList] | Annotated[Table[Id, Level], AsMapping],
    BY_SHAPE,
]
"""An outcome that may also be written as a list of levels in issue order."""


class Entry(Part):
    """One reading of no deal: an outcome (``{}`` is the status quo), or utilities by party.

    Neither means that everything freezes where it stands.
    """

    outcome: Outcome | None = None
    utilities: Table[Id, Num] | None = None

    @model_serializer
    def _short(self) -> Any:
        if self.utilities is not None:
            return {party: _plain(number) for party, number in self.utilities.items()}
        if self.outcome is None:
            return "freeze"
        return self.outcome or "status_quo"


def _plain(number: Number) -> Any:
    return number.to_data() if isinstance(number, Uncertain) else number


def _entry(data: Any, info: ValidationInfo) -> Any:
    known = info.context or {}
    if isinstance(data, str) and data not in known.get("outcomes", ()) and data in ("status_quo", "freeze"):
        return {"outcome": {}} if data == "status_quo" else {}
    if isinstance(data, dict) and not set(data) <= {"outcome", "utilities"}:
        return {"utilities" if set(data) & set(known.get("parties", ())) else "outcome": data}
    if data == {}:
        return {"outcome": {}}
    return {"outcome": data} if isinstance(data, str | int | float) else data


def _block(data: Any) -> Any:
    if isinstance(data, dict) and set(data) & {"now", "at_deadline", "walk_away"}:
        return data
    return {"now": data} if isinstance(data, str | int | float | dict) else data


class NoDeal(Part):
    """What each party has without agreement: now, after the deadline, and as a permanent way out."""

    now: Annotated[Entry, BeforeValidator(_entry)] | None = None
    at_deadline: Annotated[Entry, BeforeValidator(_entry)] | None = None
    walk_away: Table[Id, Num] = Field(default_factory=dict)
    why: Text | None = None


class Bonus(Part):
    """An amount that a party gains (or loses) where a condition holds."""

    when: When
    add: Num
    why: Text | None = None


class Numeraire(Part):
    """What one point of utility is worth in money."""

    unit: Text
    per_point: NotNegative


class TableFile(Part):
    """A big table of utilities beside the case: a NumPy ``.npy`` file in the folder of the case."""

    file: Text
    _folder: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _inside(self, info: ValidationInfo) -> "TableFile":
        if Path(self.file).is_absolute() or ".." in Path(self.file).parts:
            raise wrong(
                "a table file lies beside the case", "a path inside the folder of the case", self.file
            )
        self._folder = (info.context or {}).get("folder")
        return self

    @property
    def folder(self) -> Path | None:
        """The folder of the case; None for a case that has no file."""
        return self._folder

    @property
    def path(self) -> Path:
        """Where the file is; relative to the working directory for a case that has no file."""
        return (self._folder or Path()) / self.file


KINDS = ("values", "priorities", "ranking", "table", "types")


class Preference(Part):
    """What a party wants: exactly one of values, priorities, ranking, table, types."""

    values: Table[Id, Table[Level, Num]] | None = None
    weights: Table[Id, NotNegative] | None = None
    bonuses: tuple[Bonus, ...] = ()
    numeraire: Numeraire | None = None
    priorities: tuple[When, ...] | None = None
    ranking: tuple[Annotated[tuple[ListedOutcome, ...], BeforeValidator(listed)], ...] | None = None  # fmt: skip
    table: Annotated[
        Annotated[tuple[Num, ...], AsList] | Annotated[TableFile, AsMapping], BY_SHAPE
    ] | None = None  # fmt: skip
    types: "Table[Id, Preference] | None" = None
    why: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Preference":
        stated = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(stated) != 1:
            got = " and ".join(stated) if stated else "none of them"
            raise wrong("exactly one kind of preference is needed", ", ".join(KINDS), got)
        if stated != ["values"] and (self.weights is not None or (self.bonuses and stated != ["table"])):
            extra = "weights" if self.weights is not None else "bonuses"
            raise wrong(f"{extra} go with values", got=f"{extra} with {stated[0]}")
        if self.types is not None and (
            not self.types or any(t.types is not None for t in self.types.values())
        ):
            raise wrong("types are one or more preferences, each of another kind than types")
        return self

    @property
    def kind(self) -> str:
        """Which of the five kinds it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def ordinal(self) -> bool:
        """Whether it says only what is better, not by how much."""
        return self.kind in ("priorities", "ranking")


class Time(Part):
    """Clock and deadline."""

    period: (
        Literal["day", "week", "month", "quarter", "year"]
        | Annotated[float, Field(strict=True, gt=0, le=36525)]
    ) = "year"
    start: Day | None = None
    deadline: Day | None = None
    periods: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] | None = None
    deadline_set_by: Id | None = None
    why: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> "Time":
        if self.periods is not None and self.deadline is not None:
            raise wrong("a deadline is a date or a number of periods, not both")
        if self.deadline is not None and self.start is None:
            raise wrong("a deadline needs a start", hint="Add `start: YYYY-MM-DD`.")
        if self.start is not None and self.deadline is not None and self.deadline < self.start:
            raise wrong("the deadline lies before the start", got=f"{self.start} to {self.deadline}")
        return self


class Verification(Part):
    """How soon and how surely a breach is seen: lag in periods, shares per period."""

    lag: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0
    detection: Share = 1
    false_alarm: Share = 0
    why: Text | None = None


class Statement(Part):
    """Something said or done. Nothing is inferred from it, and everything is sourced."""

    id: Id | None = None
    date: PartialDay | None = None
    party: Ids | None = None
    to: Ids | None = None
    kind: Literal[
        "position", "demand", "offer", "counter", "limit", "threat", "refusal", "acceptance", "invitation", "act"
    ]  # fmt: skip
    outcome: Outcome | None = None
    channel: Text | None = None
    status: Text | None = None
    source: Id | None = None
    locator: Text | None = None
    asserted_by: Ids | None = None
    disputed_by: Ids | None = None
    conditional_on: Text | None = None
    expires: PartialDay | None = None
    reply_to: Text | None = None
    why: Text | None = None
    note: Text | None = None


class Evidence(Part):
    """What an input rests on."""

    supports: Annotated[tuple[Text, ...], BeforeValidator(listed)]
    source: Id
    locator: Text | None = None
    paraphrase: Text | None = None
    reliability: Text | None = None
    why: Text | None = None
    note: Text | None = None


class Change(Part):
    """One change to a case: ``set`` or ``add`` a path ``to`` a value, or ``remove`` it."""

    set_: Text | None = Field(default=None, alias="set")
    add: Text | None = None
    remove: Text | None = None
    to: Annotated[Any, AfterValidator(_settled), PlainSerializer(_thaw)] = None
    why: Text | None = None

    @model_validator(mode="after")
    def _one_verb(self) -> "Change":
        verbs = [v for v in (self.set_, self.add, self.remove) if v is not None]
        if len(verbs) != 1:
            raise wrong("a change does one thing", "one of set, add, remove", f"{len(verbs)} of them")
        if (self.remove is None) != ("to" in self.model_fields_set):
            raise wrong("`set` and `add` need `to`; `remove` has none")
        return self

    @property
    def path(self) -> str:
        """The dotted path that changes."""
        return self.set_ or self.add or self.remove or ""


class Confidential(Part):
    """Who may see an input; everybody where nothing is said."""

    path: Text
    to: Ids = ()
    why: Text | None = None


class Target(Part):
    """An end state that the report asks the roadmap for."""

    label: Text | None = None
    outcome: Outcome
    order: Order = "any"
    why: Text | None = None


class ForecastIssue(Part):
    """A scale on which actors have positions."""

    start: Plain = Field(default=0, alias="from")
    stop: Plain = Field(default=100, alias="to")
    label: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> "ForecastIssue":
        if not self.start < self.stop:
            raise wrong("a scale runs upward", "from < to", f"{self.start} to {self.stop}")
        return self


class Actor(Part):
    """An actor of a forecast: capability, and position and salience by issue."""

    label: Text | None = None
    capability: NotNegative
    position: Table[Id, Num]
    salience: Table[Id, NotNegative]


class Forecast(Part):
    """The input of influence models."""

    issues: Table[Id, ForecastIssue]
    actors: Table[Id, Actor]


class Discount(Part):
    """A discount factor of the bargaining table, per round or over the whole negotiation."""

    factor: Patience
    per: Literal["round", "negotiation"] = "round"
    why: Text | None = None


class Imported(Part):
    """Where a case came from that another tool's file was read into: its format, and what should be said of it."""

    format: Text
    remarks: tuple[Text, ...] = ()


class Correlation(Part):
    """Inputs that move together when drawn."""

    paths: tuple[Text, ...]
    rho: Annotated[float, Field(strict=True, ge=-1, le=1)]
    why: Text | None = None


Pair = Annotated[tuple[ListedOutcome, ...], Field(min_length=2, max_length=2)]


class Case(Part):
    """One negotiation: parties, issues, preferences, moves, record, evidence."""

    detente: Literal[1]
    id: Id
    title: Text
    note: Text | None = None
    imported: Imported | None = None
    sources: Table[Id, Annotated[Source, BeforeValidator(_titled)]] = Field(default_factory=dict)
    parties: Table[Id, Annotated[Party, BeforeValidator(_or_empty)]] = Field(default_factory=dict)
    absent: tuple[Annotated[Absent, BeforeValidator(_labelled)], ...] = ()
    issues: Table[Id, Issue] = Field(default_factory=dict)
    outcomes: tuple[Level, ...] = ()
    moves: Table[Id, tuple[Annotated[tuple[Level, ...], Field(min_length=2, max_length=2)], ...]] = Field(default_factory=dict)  # fmt: skip
    impossible: tuple[Annotated[Impossible, BeforeValidator(_when_only)], ...] = ()
    status_quo: Outcome | None = None
    no_deal: Annotated[NoDeal, BeforeValidator(_block)] | None = None
    preferences: Table[Id, Preference] = Field(default_factory=dict)
    time: Time = Time.model_construct()
    verification: Verification = Verification.model_construct()
    record: tuple[Statement, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    views: Table[Id, tuple[Change, ...]] = Field(default_factory=dict)
    confidential: tuple[Confidential, ...] = ()
    targets: Table[Id, Target] = Field(default_factory=dict)
    strength: Table[Id, tuple[Pair, ...]] = Field(default_factory=dict)
    unknown: Table[Id, tuple[Pair, ...]] = Field(default_factory=dict)
    attitudes: Table[Id, Table[Id, Literal[-1, 0, 1]]] = Field(default_factory=dict)
    discount: Table[Id, Discount] = Field(default_factory=dict)
    correlated: tuple[Correlation, ...] = ()
    forecast: Forecast | None = None
    variants: Table[Id, tuple[Change, ...]] = Field(default_factory=dict)

    def __repr__(self) -> str:
        size = f"{len(self.outcomes)} outcomes" if self.outcomes else f"{len(self.issues)} issues"
        return f"<Case {self.id}: {len(self.parties)} parties, {size}>"

    __str__ = __repr__

    @property
    def graph_form(self) -> bool:
        """Whether outcomes are named and moves listed, in place of issues."""
        return bool(self.outcomes)

    @cached_property
    def start(self) -> Any:
        """The status quo, whole: ``{issue: level}``, or the name of an outcome."""
        if self.graph_form:
            return self.status_quo if self.status_quo is not None else self.outcomes[0]
        stated = self.status_quo if isinstance(self.status_quo, dict) else {}
        return {
            name: stated.get(name, issue.names[0] if issue.names else number_name(issue.scale.start))  # type: ignore[union-attr]
            for name, issue in self.issues.items()
        }

    def patience_of(self, party: str) -> Number:
        """Worth today of 1 a year from now; `DEFAULT_PATIENCE` where the case says nothing."""
        stated = self.parties[party].patience
        return DEFAULT_PATIENCE if stated is None else stated

    def label(self, name: str) -> str:
        """What people call a party or an issue."""
        part = self.parties.get(name) or self.issues.get(name)
        return (part.label if part is not None else None) or name

    def to_data(self) -> dict[str, Any]:
        """The case as plain data, in the form of a case file, defaults left out."""
        return _thaw(self.model_dump(by_alias=True, exclude_defaults=True))  # type: ignore[no-any-return]

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the compact JSON of the case: what a result rests on."""
        compact = json.dumps(self.to_data(), separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(compact.encode()).hexdigest()
