"""What a negotiation is: the model, its file format, its language of conditions, its checks."""

from detente.case.basis import assumptions, warnings
from detente.case.edit import CaseFile
from detente.case.model import Case
from detente.case.read import check_variants, from_data, load_file, loads, with_changes, with_variant
from detente.case.write import dump, save

__all__ = [
    "Case",
    "CaseFile",
    "assumptions",
    "check_variants",
    "dump",
    "from_data",
    "load_file",
    "loads",
    "save",
    "warnings",
    "with_changes",
    "with_variant",
]
