"""Small negotiations whose answers are known in closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from detente.case import from_data
from detente.case.model import Case

DONE = "a=yes,b=yes"


def matrix(cells: Mapping[str, float], delta: float = 0.6, final: bool = False, **more: Any) -> Case:
    """A two-by-two game from mutual refusal P: T tempts, R rewards, S is the sucker's. ``final``: nothing can be taken back."""
    t, r, p, s = (float(cells[k]) for k in "TRPS")
    issue = {"levels": ["no", "yes"], **({"retreat": {"yes": "yes"}} if final else {})}
    return from_data({
        "detente": 1, "id": "matrix", "title": "A two-by-two game",
        "parties": {"A": {"patience": delta}, "B": {"patience": delta}},
        "issues": {"a": {"by": "A", **issue}, "b": {"by": "B", **issue}},
        "status_quo": {"a": "no", "b": "no"},
        "preferences": {"A": {"table": [p, t, s, r]}, "B": {"table": [p, s, t, r]}},
        **more,
    })  # fmt: skip


DILEMMA = {"T": 5, "R": 3, "P": 1, "S": 0}
CHICKEN = {"T": 4, "R": 3, "P": 0, "S": 2}
STAG = {"T": 2, "R": 3, "P": 1, "S": 0}


def ladder(
    done: Sequence[float],
    delta: float = 0.9,
    a: float = 1.0,
    b: float = 2.0,
    final: bool = True,
    other: Sequence[float] | None = None,
    **more: Any,
) -> Case:
    """Two parties that each go from 0 through the shares ``done``: own cost ``a``, benefit ``b`` of the other's, per unit."""
    rows = {"x": [0.0, *done], "y": [0.0, *(other if other is not None else done)]}
    names = {k: [f"s{j}" for j in range(len(v))] for k, v in rows.items()}
    floors = {k: {n: n for n in v} if final else {} for k, v in names.items()}
    worth = {
        "X": {
            "x": dict(zip(names["x"], [-a * v for v in rows["x"]], strict=True)),
            "y": dict(zip(names["y"], [b * v for v in rows["y"]], strict=True)),
        },
        "Y": {
            "x": dict(zip(names["x"], [b * v for v in rows["x"]], strict=True)),
            "y": dict(zip(names["y"], [-a * v for v in rows["y"]], strict=True)),
        },
    }
    return from_data({
        "detente": 1, "id": "ladder", "title": "A ladder of steps",
        "parties": {"X": {"patience": delta}, "Y": {"patience": delta}},
        "issues": {k: {"by": k.upper(), "levels": names[k], "retreat": floors[k]} for k in ("x", "y")},
        "status_quo": {"x": "s0", "y": "s0"},
        "preferences": {p: {"values": v} for p, v in worth.items()},
        "targets": {"top": {"outcome": {k: v[-1] for k, v in names.items()}}},
        **more,
    })  # fmt: skip


def best_shares(n: int, delta: float, a: float = 1.0, b: float = 2.0) -> tuple[list[float], float]:
    """The best n steps of the irreversible pair and the trust they need: theory, section 2.6."""
    k = delta * b / a
    s = [k**j + (1 - delta) * (k**j - 1) / (k - 1) for j in range(n)]
    trust = a / sum(s)
    done, total = [], 0.0
    for j in reversed(range(n)):
        total += trust / a * s[j]
        done.append(total)
    return done, trust


def trade(goods: Sequence[float], money: Sequence[float], c: float = 1.0, v: float = 2.0) -> Case:
    """Goods for money without discounting: shares delivered and amounts paid, neither to be had back."""
    names = {"goods": [f"g{j}" for j in range(len(goods))], "money": [f"m{j}" for j in range(len(money))]}

    def scaled(name: str, values: Sequence[float], unit: float) -> dict[str, float]:
        return dict(zip(names[name], [unit * x for x in values], strict=True))

    return from_data({
        "detente": 1, "id": "trade", "title": "Goods for money",
        "parties": {"Seller": {"patience": 1}, "Buyer": {"patience": 1}},
        "issues": {
            "goods": {"by": "Seller", "levels": names["goods"], "retreat": {n: n for n in names["goods"]}},
            "money": {"by": "Buyer", "levels": names["money"], "retreat": {n: n for n in names["money"]}},
        },
        "status_quo": {"goods": "g0", "money": "m0"},
        "preferences": {
            "Seller": {"values": {"goods": scaled("goods", goods, -c), "money": scaled("money", money, 1)}},
            "Buyer": {"values": {"goods": scaled("goods", goods, v), "money": scaled("money", money, -1)}},
        },
        "targets": {"all": {"outcome": {k: n[-1] for k, n in names.items()}}},
    })  # fmt: skip
