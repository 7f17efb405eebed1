"""Uncertain numbers: one grammar wherever a number may stand in a case.

``x`` is certain. ``[low, high]`` and ``[low, mode, high]`` are ranges, ``{normal: [mean, sd]}`` and
``{discrete: [[value, share], ...]}`` are distributions. A single run uses `mode`; draws are the business of
the confidence analysis.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["range", "triangle", "normal", "discrete"]
LARGEST = 1e150
"""Numbers beyond this are refused: products of a few of them would no longer be finite."""

FORMS = "a number, [low, high], [low, mode, high], {normal: [mean, sd]} or {discrete: [[value, share], ...]}"


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A number that is not known exactly; ``args`` are the numbers of its form, in the order written."""

    kind: Kind
    args: tuple[float, ...]

    @property
    def mode(self) -> float:
        """The value that a single run uses: mode, middle of a range, mean, or value of the largest share."""
        if self.kind == "range":
            return (self.args[0] + self.args[1]) / 2
        if self.kind == "triangle":
            return self.args[1]
        if self.kind == "normal":
            return self.args[0]
        shares = self.args[1::2]
        return self.args[0::2][shares.index(max(shares))]

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value; of a normal distribution, four standard deviations each way."""
        if self.kind == "normal":
            mean, sd = self.args
            return mean - 4 * sd, mean + 4 * sd
        values = self.args[0::2] if self.kind == "discrete" else self.args
        return min(values), max(values)

    def to_data(self) -> Any:
        """The number as a case file writes it."""
        if self.kind in ("range", "triangle"):
            return list(self.args)
        if self.kind == "normal":
            return {"normal": list(self.args)}
        return {"discrete": [list(pair) for pair in zip(self.args[0::2], self.args[1::2], strict=True)]}


Number = float | Uncertain


def mode(number: Number) -> float:
    """The value that a single run uses."""
    return number.mode if isinstance(number, Uncertain) else number


def bounds(number: Number) -> tuple[float, float]:
    """Least and greatest value that the number may take."""
    return number.bounds if isinstance(number, Uncertain) else (number, number)


class NumberError(ValueError):
    """Data that is no number: ``what`` is wrong and what was ``got``."""

    def __init__(self, what: str, got: str = "") -> None:
        self.what, self.got = what, got
        super().__init__(what)


def read_number(data: Any) -> Number:
    """A number of a case file; raises `NumberError`."""
    if isinstance(data, Uncertain):
        return data
    if isinstance(data, list | tuple):
        return _read_range([_plain(x) for x in data])
    if isinstance(data, dict):
        return _read_distribution(data)
    return _plain(data)


def _plain(data: Any) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise NumberError("not a number", show(data))
    if not abs(data) <= LARGEST:
        raise NumberError("not a finite number of a reasonable size", show(data))
    return int(data) if isinstance(data, int) else float(data)


def _read_range(values: Sequence[float]) -> Uncertain:
    if len(values) not in (2, 3):
        raise NumberError("a range has two or three numbers", f"{len(values)} of them")
    if any(low > high for low, high in itertools.pairwise(values)):
        raise NumberError("a range runs from low to high", show(list(values)))
    return Uncertain("range" if len(values) == 2 else "triangle", tuple(values))


def _read_distribution(data: dict[str, Any]) -> Uncertain:
    if set(data) == {"normal"} and isinstance(data["normal"], list) and len(data["normal"]) == 2:
        mean, sd = (_plain(x) for x in data["normal"])
        if sd < 0:
            raise NumberError("a standard deviation is not negative", show(sd))
        return Uncertain("normal", (mean, sd))
    if set(data) == {"discrete"} and isinstance(data["discrete"], list) and data["discrete"]:
        return _read_discrete(data["discrete"])
    raise NumberError("not a number", show(data))


def _read_discrete(pairs: list[Any]) -> Uncertain:
    args: list[float] = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise NumberError("discrete takes [value, share] pairs", show(pair))
        args += [_plain(pair[0]), _plain(pair[1])]
    shares = args[1::2]
    if min(shares) < 0 or not math.isclose(sum(shares), 1, abs_tol=1e-6):
        raise NumberError("shares are not negative and sum to 1", f"a sum of {sum(shares):g}")
    return Uncertain("discrete", tuple(args))


def show(data: Any) -> str:
    """Data as a short text for messages."""
    if data is None:
        return "nothing"
    text = str(data) if isinstance(data, float) else repr(data)
    return text if len(text) <= 60 else text[:57] + "..."
