"""What a negotiation is: the model, its file format, its language of conditions, its checks."""

from detente.case.checks import assumptions, warnings
from detente.case.model import Case
from detente.case.read import from_data, load_file, loads, with_changes, with_variant

__all__ = [
    "Case",
    "assumptions",
    "from_data",
    "load_file",
    "loads",
    "warnings",
    "with_changes",
    "with_variant",
]
