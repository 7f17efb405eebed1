"""Which format a file or folder is in, told from its content. Cheap, and never raising."""

from __future__ import annotations

import re
from collections.abc import Callable

from detente.adapters._source import Source

_OWN = re.compile(r"^[\"'{\s]*detente[\"']?\s*:|\"detente\"\s*:", re.MULTILINE)
_ISSUES = re.compile(r"^[\"'{\s]*issues[\"']?\s*:|\"issues\"\s*:", re.MULTILINE)
_OUTCOME_SPACE = re.compile(r"type[\"']?\s*:\s*[\"']?[\w.]*OutcomeSpace|type[\"']?\s*:\s*[\"']?[\w.]*Issue\b")
_UTILITY = re.compile(r"^[\"'{\s]*type[\"']?\s*:\s*[\"']?[\w.]*(UtilityFunction|UFun)\b", re.MULTILINE)
_SPACE = re.compile(r"<\s*(negotiation_template|utility_space)\b")
_KTAB = re.compile(r"^\s*\"?actor\"?\s*,.*(power|influence|capabilit).*(position|pstn|pos)", re.I | re.M)
ARCHIVE = "PK\x03\x04"


def is_case(source: Source) -> bool:
    """Whether a file is one of ours."""
    return not source.folder and "detente" in source.glance and _OWN.search(source.glance) is not None


def _json(source: Source) -> bool:
    return not source.folder and source.glance[:1] == "{"


def _gmcr(source: Source) -> bool:
    return _json(source) and any(
        '"decisionMakers"' in t and '"options"' in t for t in (source.glance, _whole(source))
    )


def _whole(source: Source) -> str:
    """All of a text that may have its telling words late."""
    if len(source.glance) < 1000 or source.path.stat().st_size > 20_000_000:
        return ""
    return source.raw.decode("utf-8", errors="replace")


def _geniusweb(source: Source) -> bool:
    words = ('"issuesValues"', '"LinearAdditiveUtilitySpace"', '"DefaultPartialOrdering"')
    return _json(source) and any(word in source.glance for word in words)


def _negolog(source: Source) -> bool:
    return _json(source) and '"issueWeights"' in source.glance and '"issues"' in source.glance


def _genius(source: Source) -> bool:
    return not source.folder and source.glance[:1] == "<" and _SPACE.search(source.glance) is not None


def _negmas(source: Source) -> bool:
    text = "" if source.folder else source.glance
    if "issues" in text and _ISSUES.search(text) and _OUTCOME_SPACE.search(text):
        return True
    return ("UtilityFunction" in text or "UFun" in text) and _UTILITY.search(text) is not None


def _nfg(source: Source) -> bool:
    return not source.folder and source.glance.startswith("NFG 1")


def _efg(source: Source) -> bool:
    return not source.folder and source.glance.startswith("EFG 2")


def _ktab(source: Source) -> bool:
    return (
        not source.folder
        and "actor" in source.glance[:4000].lower()
        and _KTAB.search(source.glance[:4000]) is not None
    )


def _sheet(source: Source) -> bool:
    if source.folder:
        return False
    if source.glance.startswith(ARCHIVE):
        return True
    lines = [line for line in source.glance.splitlines()[:20] if line.strip()]
    return len(lines) > 2 and any(
        sum(sign in line for line in lines) >= 0.6 * len(lines) for sign in (",", ";", "\t")
    )


FILES: dict[str, Callable[[Source], bool]] = {
    "genius": _genius,
    "gmcr": _gmcr,
    "geniusweb": _geniusweb,
    "negolog": _negolog,
    "negmas": _negmas,
    "nfg": _nfg,
    "efg": _efg,
    "ktab": _ktab,
}
"""Formats by the test of one file, in the order in which they are asked."""

FOLDERS = ("negmas", "genius", "geniusweb", "negolog")
"""Formats of which a scenario is a folder, in the order in which they are asked."""
_ENDINGS = frozenset({".yml", ".yaml", ".json", ".xml"})


def recognise(source: Source) -> str | None:
    """The name of the format that a file or folder is in; None for a case file, or what is not known."""
    if source.folder:
        found = {
            kind
            for file in source.files
            if file.path.suffix.lower() in _ENDINGS and (kind := recognise(file)) is not None
        }
        return next((kind for kind in FOLDERS if kind in found), None)
    if is_case(source):
        return None
    found_file = next((kind for kind, test in FILES.items() if test(source)), None)
    if found_file is not None:
        return found_file
    return (
        "sheet"
        if source.path.suffix.lower() in (".csv", ".tsv", ".xlsx", ".xlsm") and _sheet(source)
        else None
    )
