"""Names from other tools' files as ids and level names of a case, each once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from detente.case.model import number_name

MAX_NAME = 120
_RESERVED = frozenset({"not", "and", "or", "if", "iff", "then", "in"})


def quoted(name: str) -> str:
    """A name as the language of conditions takes it."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name not in _RESERVED
    return name if plain else f'"{name}"' if '"' not in name else f"'{name}'"


def level_name(data: object) -> str:
    """What a file calls a level, as a level name: text, without space at its ends, at most 200 characters."""
    if isinstance(data, bool):
        return "true" if data else "false"
    text = data if isinstance(data, str) else str(getattr(data, "text", data))
    if text.isprintable() and text and len(text) <= 200 and '"' not in text:
        return text.strip() or "(empty)"
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:200].strip()
    return (text.replace('"', "'") if '"' in text and "'" in text else text) or "(empty)"


def number(value: float | str | Decimal) -> str:
    """The name of a numeric level."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return number_name(exact) if exact.is_finite() and abs(exact.adjusted()) < 40 else str(value)


def slug(text: str, default: str = "case") -> str:
    """A text as the id of a case."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:MAX_NAME] or default


def distinct(names: Sequence[str], owners: Sequence[str] = (), taken: Sequence[str] = ()) -> list[str]:
    """Usable ids, each once: the name, else with its owner, else with a number."""
    clean = [
        re.sub(r"[\x00-\x1f\x7f\"']+", " ", name).strip()[:MAX_NAME].strip() or "unnamed" for name in names
    ]
    used = set(taken)
    found: list[str] = []
    for n, name in enumerate(clean):
        owned = bool(owners and owners[n]) and (clean.count(name) > 1 or name in taken)
        stem = f"{name} ({owners[n][:40]})" if owned else name
        new, count = stem, 2
        while new in used:
            new, count = f"{stem} {count}", count + 1
        used.add(new)
        found.append(new)
    return found
