"""An analysis of every scenario below a folder: on all cores, in chunks that a later run need not do again.

A scenario that cannot be read or answered becomes a row with its error; it never stops the others.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import detente
from detente import adapters
from detente.adapters import Reading, Source
from detente.errors import DetenteError, NeedsError
from detente.workers import Chunk, Job, Report, chunks, cores

if TYPE_CHECKING:
    import polars

    from detente.analysis.agreement import AgreementResult
    from detente.space import Space

PER_CHUNK = 16
"""Scenarios of a chunk."""
MANY = 1_000
"""Collections of more scenarios than this take the compiled path for small additive ones."""
ENDINGS = frozenset({".yaml", ".yml", ".json", ".xml", ".gmcr", ".nfg", ".csv", ".tsv", ".xlsx"})
SOLUTIONS = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")
_FAULTS = (DetenteError, OSError, MemoryError, RecursionError, ValueError, TypeError, LookupError, ArithmeticError)  # fmt: skip
"""What one scenario may raise without stopping the others."""


def scenarios(folder: str | Path) -> tuple[list[str], list[str]]:
    """The scenarios below a folder, and files of a known ending that are none; paths relative to it, sorted.

    A folder that holds a scenario counts once; elsewhere each case file and each file of a foreign format does. Links
    are not followed.
    """
    root = Path(folder)
    if not root.is_dir():
        raise NeedsError(f"'{folder}' is not a folder")
    found: list[str] = []
    unknown: list[str] = []
    for place, inside, files in os.walk(root):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        here = Path(place)
        if any(Path(f).suffix.lower() in ENDINGS for f in files) and _is_scenario(here):
            found.append(str(here.relative_to(root)))
            continue
        for name in sorted(files):
            source = Source(here / name)
            if name.startswith(".") or source.path.suffix.lower() not in ENDINGS or source.path.is_symlink():
                continue
            known = adapters.is_case(source) or adapters.recognise(source) in adapters.READERS
            (found if known else unknown).append(str(source.path.relative_to(root)))
    return found, unknown


def _is_scenario(folder: Path) -> bool:
    try:
        return adapters.recognise(Source(folder)) is not None
    except DetenteError:
        return False


@dataclass(frozen=True)
class Collection:
    """Rows of a table, one a scenario, in the order of their paths; ``unknown`` files were in no known format."""

    rows: list[dict[str, Any]]
    unknown: tuple[str, ...]

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Scenarios without an answer, and why."""
        return [(row["scenario"], row["error"]) for row in self.rows if row["error"]]

    def to_polars(self) -> polars.DataFrame:
        """The rows as a polars frame; utilities are lists in the order of ``parties``."""
        import polars as pl

        lists = pl.List(pl.Float64)
        schema: dict[str, Any] = {
            "scenario": pl.String, "format": pl.String, "parties": pl.List(pl.String), "issues": pl.Int64,
            "outcomes": pl.String, "reservation": lists, "deal": pl.Boolean, "rational": pl.String,
            "front": pl.Int64, "exact": pl.Boolean, "opposition": pl.Float64,
        }  # fmt: skip
        for name in SOLUTIONS:
            schema |= {name: pl.String, f"{name}_utilities": lists}
        schema |= {"warnings": pl.List(pl.String), "seconds": pl.Float64, "error": pl.String}
        return pl.DataFrame(self.rows, schema=schema)

    def write(self, path: str | Path) -> None:
        """Writes the table as ``.parquet``, ``.csv`` (lists as JSON text) or ``.json``."""
        import polars as pl

        path, frame = Path(path), self.to_polars()
        check_output(path)
        try:
            if path.suffix == ".parquet":
                frame.write_parquet(path)
            elif path.suffix == ".json":
                frame.write_json(path)
            else:
                texts = [
                    pl.Series(name, [json.dumps(row.get(name), ensure_ascii=False) for row in self.rows])
                    for name, kind in frame.schema.items()
                    if kind.is_nested()
                ]
                frame.with_columns(texts).write_csv(path)
        except OSError as error:
            raise NeedsError(f"cannot write '{path}': {error.strerror or error}") from error


def check_output(path: Path) -> None:
    """Raises `NeedsError` where a table cannot be written under that name."""
    if path.suffix not in (".parquet", ".csv", ".json"):
        raise NeedsError(f"cannot write '{path.name}': the name ends in .parquet, .csv or .json")
    if not path.resolve().parent.is_dir():
        raise NeedsError(f"cannot write '{path}': its folder is not there")


def agreement_of_all(
    folder: str | Path,
    *,
    no_deal: str = "now",
    rules: str = "detente",
    reading: Reading | None = None,
    limit: int | None = None,
    workers: int | None = None,
    keep: str | Path | None = None,
    report: Report | None = None,
) -> Collection:
    """Whether a deal exists in every scenario below a folder, with front and fair solutions.

    ``workers``: processes, all cores without it; ``keep``: a folder in which finished chunks lie, and are found again
    by a later run over the same files; ``report``: is told of progress. Raises `NeedsError` where there is no
    scenario, or ``keep`` holds another question.
    """
    root = Path(folder).resolve()
    found, unknown = scenarios(root)
    if not found:
        raise NeedsError(f"no scenario in a format that is read lies below '{folder}'")
    short = len(found) > MANY and rules == "detente" and no_deal == "now"
    options = {"no_deal": no_deal, "rules": rules, "reading": reading, "limit": limit, "short": short}
    tasks = [tuple(found[at : at + PER_CHUNK]) for at in range(0, len(found), PER_CHUNK)]
    key = json.dumps([detente.__version__, options, [(name, _stamp(root / name)) for name in found]])
    job = Job(_chunk, (str(root), options), tasks, key)
    workers = min(workers or cores(), len(tasks))
    rows: list[dict[str, Any]] = []
    for chunk in chunks(job, workers=workers, folder=keep, report=report):
        rows += json.loads(chunk["rows"].tobytes())
    return Collection(rows, tuple(unknown))


def _stamp(path: Path) -> list[list[Any]]:
    """What tells whether a scenario is still the same: sizes and times of its files."""
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    return [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in files]


def _chunk(shared: tuple[str, Mapping[str, Any]], task: Sequence[str]) -> Chunk:
    root, options = shared
    rows = [_row(root, name, options) for name in task]
    return {"rows": np.frombuffer(json.dumps(rows, allow_nan=False).encode(), dtype=np.uint8)}


def _row(root: str, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    from detente.analysis.agreement import agreement
    from detente.analysis.agreement.brief import fits
    from detente.loading import load
    from detente.space import compile_case

    begin = time.perf_counter()
    row: dict[str, Any] = {"scenario": name, "error": None}
    try:
        case = load(Path(root) / name, reading=options["reading"])
        space = compile_case(case)
        if options["short"] and fits(space) and case.imported is not None:
            row |= _short_facts(space)
        else:
            others = {key: options[key] for key in ("no_deal", "rules", "limit")}
            row |= _facts(agreement(space, **others))
        row["format"] = case.imported.format if case.imported is not None else "case"
    except _FAULTS as error:
        said = " | ".join(str(error).splitlines()[:3]) or type(error).__name__
        row["error"] = said if isinstance(error, DetenteError) else f"{type(error).__name__}: {said}"
    row["seconds"] = time.perf_counter() - begin
    return row


def _facts(result: AgreementResult) -> dict[str, Any]:
    """One result as the cells of its row."""
    space = result.space
    facts: dict[str, Any] = {
        "parties": list(space.parties),
        "issues": len(space.issues),
        "outcomes": str(space.size),
        "reservation": _plain(result.reservation),
        "deal": bool(result.zone.exists),
        "rational": None if result.zone.count is None else str(result.zone.count),
        "front": result.front.count,
        "exact": result.exact,
        "opposition": result.opposition,
        "warnings": list(result.source.warnings),
    }
    for name in SOLUTIONS:
        found = result.solutions.get(name)
        facts[name] = None if found is None else json.dumps(space.outcome(found.levels), ensure_ascii=False)
        facts[f"{name}_utilities"] = None if found is None else _plain(found.utilities)
    return facts


def _short_facts(space: Space) -> dict[str, Any]:
    """The same cells for a small additive scenario, without the rest of the analysis."""
    from detente.analysis.agreement.brief import brief
    from detente.analysis.agreement.result import scaled

    found, reservation, notes = brief(space)
    ranges = np.array([[space.extreme(p, best) for p in range(space.n_parties)] for best in (False, True)])
    distances = np.sqrt(((1.0 - scaled(found.points, ranges)) ** 2).sum(axis=1))
    facts: dict[str, Any] = {
        "parties": list(space.parties),
        "issues": len(space.issues),
        "outcomes": str(space.size),
        "reservation": _plain(reservation),
        "deal": bool(found.rational and found.gains),
        "rational": str(found.rational),
        "front": len(found.points),
        "exact": not space.sampled,
        "opposition": float(distances.min()),
        "warnings": list(dict.fromkeys([*space.notes, *notes])),
    }
    for name, row in zip(SOLUTIONS, found.chosen.tolist(), strict=True):
        outcome = None if row < 0 else space.outcome(space.levels(int(found.numbers[row])))
        facts[name] = None if outcome is None else json.dumps(outcome, ensure_ascii=False)
        facts[f"{name}_utilities"] = None if row < 0 else _plain(found.points[row])
    return facts


def _plain(numbers: Any) -> list[float | None]:
    """Numbers as JSON holds them."""
    return [float(x) if np.isfinite(x) else None for x in numbers]
