"""A case compiled to arrays, and the only thing that analyses compute on."""

from detente.space.moves import Moves, Prerequisite
from detente.space.order import SNAP, snap
from detente.space.space import NoDealName, Ordinal, Space, compile_case
from detente.space.tables import Factor

__all__ = [
    "SNAP",
    "Factor",
    "Moves",
    "NoDealName",
    "Ordinal",
    "Prerequisite",
    "Space",
    "compile_case",
    "snap",
]
