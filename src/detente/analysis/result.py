"""What every result shares: provenance, JSON by the contract, tables, figures, and how it shows itself."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

import detente
from detente.case import Case
from detente.case.uncertain import Number, mode
from detente.errors import MissingExtraError, NeedsError
from detente.space import Space, compile_case

if TYPE_CHECKING:
    import pandas
    import polars

MAX_LIST = 1_000_000
"""A JSON list of more entries than this is null beside its count."""
MAX_SAFE = 2**53
"""Whole numbers above this are written as text, because JSON readers lose their last digits."""

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a result comes from: the case as it was, and the options as they were."""

    case: str
    case_hash: str
    title: str
    parties: tuple[str, ...]
    issues: tuple[str, ...]
    labels: Mapping[str, str]
    options: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    seed: int | None = None


def space_of(case: Case | Space, read: Callable[[Number], float] = mode) -> Space:
    """The space that a question is asked of: a case is compiled, ``read`` turning its uncertain numbers into values.

    Raises `NeedsError` where a negotiator has no preferences: only other roles may be without.
    """
    space = case if isinstance(case, Space) else compile_case(case, read=read)
    silent = [
        name
        for name, party in space.case.parties.items()
        if "negotiator" in party.roles and name not in space.case.preferences
    ]
    if silent:
        names = ", ".join(f"'{name}'" for name in silent)
        raise NeedsError(
            f"the case '{space.case.id}' has no preferences for {names}: this analysis needs those of every negotiator "
            f"(preferences.{silent[0]}); a party that takes no side has another role, such as convener or affected"
        )
    return space


def provenance(
    space: Space, options: Mapping[str, Any], warnings: Sequence[str] = (), seed: int | None = None
) -> Provenance:
    """The provenance of a result computed on a space; its notes come first among the warnings."""
    case = space.case
    return Provenance(
        case=case.id,
        case_hash=case.hash,
        title=case.title,
        parties=tuple(case.parties),
        issues=tuple(case.issues),
        labels={name: case.label(name) for name in (*case.parties, *case.issues)},
        options=dict(options),
        warnings=tuple(dict.fromkeys([*space.notes, *warnings])),
        seed=seed,
    )


@dataclass(frozen=True, kw_only=True)
class Result:
    """The base of every result. ``exact`` is false where ``bound`` limits the error; ``method`` says how."""

    analysis: ClassVar[str] = ""

    source: Provenance = field(repr=False)
    exact: bool = True
    bound: float | None = None
    method: str = ""

    def document(self) -> dict[str, Any]:
        """What the analysis adds to the JSON contract."""
        raise NotImplementedError

    def explain(self) -> str:
        """The answer in words, for people."""
        raise NotImplementedError

    def tables(self) -> dict[str, list[Row]]:
        """The result as tables: rows by name of table, the main one first."""
        raise NotImplementedError

    def charts(self) -> dict[str, dict[str, Any]]:
        """The result as figures: Vega-Lite specifications by name, the main one first."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's document, as plain data."""
        source = self.source
        head = {
            "detente": detente.__version__,
            "analysis": self.analysis,
            "case": source.case,
            "case_hash": source.case_hash,
            "parties": source.parties,
            "issues": source.issues,
            "options": source.options,
            "warnings": source.warnings,
            "seed": source.seed,
            "exact": self.exact,
            "bound": self.bound,
            "method": self.method,
        }
        plain: dict[str, Any] = to_plain({**head, **self.document()})
        return plain

    def to_json(self, indent: int | None = None) -> str:
        """The JSON contract's document, as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, allow_nan=False)

    def table(self, name: str | None = None) -> list[Row]:
        """One of the tables; the main one without a name."""
        rows: list[Row] = _pick(self.tables(), name, "table")
        return rows

    def to_polars(self, name: str | None = None) -> polars.DataFrame:
        """One of the tables as a polars frame."""
        import polars

        return polars.DataFrame([to_plain(row) for row in self.table(name)], infer_schema_length=None)

    def to_pandas(self, name: str | None = None) -> pandas.DataFrame:
        """One of the tables as a pandas frame (needs the extra ``pandas``)."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "pandas") from error
        return pandas.DataFrame([to_plain(row) for row in self.table(name)])

    def chart(self, name: str | None = None) -> dict[str, Any]:
        """One of the figures as a Vega-Lite specification; the main one without a name."""
        spec: dict[str, Any] = _pick(self.charts(), name, "figure")
        return spec

    def _repr_html_(self) -> str:
        paragraphs = "".join(
            f"<p>{html.escape(part)}</p>" for part in self.explain().split("\n") if part.strip()
        )
        return f"<div class='detente'>{paragraphs}{html_table(self.table())}</div>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.explain(), "text/html": self._repr_html_()}
        if charts := self.charts():
            bundle["application/vnd.vegalite.v5+json"] = next(iter(charts.values()))
        return bundle


def _pick(named: Mapping[str, Any], name: str | None, what: str) -> Any:
    if not named:
        raise NeedsError(f"this result has no {what}")
    if name is None:
        return next(iter(named.values()))
    if name not in named:
        raise NeedsError(f"unknown {what} '{name}'; there are {', '.join(named)}")
    return named[name]


def html_table(rows: Sequence[Row], most: int = 50) -> str:
    """Rows as an HTML table; says how many are left out."""
    if not rows:
        return ""
    columns = list(rows[0])
    head = "".join(f"<th scope='col'>{html.escape(str(c))}</th>" for c in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(show(row.get(c)))}</td>" for c in columns) + "</tr>"
        for row in rows[:most]
    )
    rest = f"<p>{len(rows) - most:,} more rows.</p>" if len(rows) > most else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def show(value: Any) -> str:
    """A value as people read it: four significant digits, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def to_plain(value: Any) -> Any:
    """Data of the JSON contract: NumPy to Python, no infinities, no minus zero, no unsafe integers,
    no overlong lists."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | np.integer):
        return int(value) if abs(int(value)) <= MAX_SAFE else str(int(value))
    if isinstance(value, float | np.floating):
        return float(value) + 0.0 if math.isfinite(value) else None
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        if value.size > MAX_LIST:
            return None
        safe = value.dtype.kind == "b" or (
            value.dtype.kind in "iu"
            and (not value.size or -MAX_SAFE <= value.min() <= value.max() <= MAX_SAFE)
        )
        return value.tolist() if safe else to_plain(value.tolist())
    if isinstance(value, Sequence):
        return None if len(value) > MAX_LIST else [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} does not belong into a result")
