"""NegoLog domains: a folder with ``profileA.json`` and ``profileB.json`` (and more), utility the sum of weight x value.

``specs.json``, the tool's own figures, is not read.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from detente.adapters._names import level_name
from detente.adapters._outgoing import Outgoing, folder, scaled
from detente.adapters._scenario import IssueIn, ProfileIn, Scenario
from detente.adapters._source import Findings, Source, as_mapping, as_number
from detente.case import Case

if TYPE_CHECKING:
    from detente.space import Space


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a folder, or in one profile; a `CaseError` lists every problem of every file."""
    findings = Findings()
    files = [f for f in (source.files if source.folder else (source,)) if f.path.suffix.lower() == ".json"]
    profiles = []
    issues: list[IssueIn] = []
    for file in files:
        data = as_mapping(file.json)
        if not isinstance(data.get("issues"), dict) or "issueWeights" not in data:
            findings.remark(f"the file {file.path.name} is no profile: it is not used")
            continue
        listed = {level_name(name): as_mapping(levels) for name, levels in data["issues"].items()}
        if not issues:
            issues = [IssueIn(name, tuple(map(level_name, levels))) for name, levels in listed.items()]
        if {i.name: set(i.listed) for i in issues} != {n: set(map(level_name, v)) for n, v in listed.items()}:
            findings.wrong(file, "issues", "the issues and values differ from those of the first profile")
            continue
        profiles.append(_profile(file, data, listed, issues, findings))
    if not profiles:
        findings.wrong(source, "", "no profile was found", "issueWeights and issues")
    return Scenario(source, "negolog", source.stem, issues, profiles, findings).case()


def _profile(
    source: Source,
    data: dict[str, object],
    listed: dict[str, dict[str, object]],
    issues: list[IssueIn],
    findings: Findings,
) -> ProfileIn:
    profile = ProfileIn(source.path.stem)
    weights = {level_name(k): as_number(v) for k, v in as_mapping(data["issueWeights"]).items()}
    for issue in issues:
        weight = weights.get(issue.name)
        if weight is None or not math.isfinite(weight):
            findings.wrong(source, f"issueWeights.{issue.name}", "not a finite number", got=weight)
            weight = 0.0
        values = {}
        for key, value in listed[issue.name].items():
            u = as_number(value)
            if u is None or not math.isfinite(u):
                findings.wrong(source, f"issues.{issue.name}.{key}", "not a finite number", got=value)
            else:
                values[level_name(key)] = weight * u
        profile.values.append(values)
    total = sum(w for w in weights.values() if w is not None)
    if abs(total - 1) > 1e-3:
        findings.remark(f"{profile.name}: the weights sum to {total:.6g}, not 1; they are taken as written")
    stated = data.get("reservationValue")
    if stated is not None:
        profile.reservation = as_number(stated)
        if profile.reservation is None or profile.reservation == math.inf:
            findings.wrong(source, "reservationValue", "not a number", got=stated)
    return profile


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes a folder with a profile for each party; returns what it cannot hold."""
    out = Outgoing(case, space, "a NegoLog domain")
    home = folder(path)
    for party, letter in zip(out.parties, _letters(len(out.parties)), strict=True):
        form = scaled(party, out.gone, whole=True)
        profile = {
            "reservationValue": form.reservation,
            "issueWeights": dict(zip((name for name, _ in out.issues), form.weights, strict=True)),
            "issues": {
                name: {
                    level: u
                    for k, (level, u) in enumerate(zip(levels, form.evaluations[n], strict=True))
                    if k not in out.gone[n]
                }
                for n, (name, levels) in enumerate(out.issues)
            },
        }
        text = json.dumps(profile, ensure_ascii=False, indent=1)
        (home / f"profile{letter}.json").write_text(text + "\n", encoding="utf-8")
        out.lost += [form.lost] if form.lost else []
        out.lost.append(f"parties.{party.name}: a profile is named by its file, profile{letter}.json")
    for n, gone in enumerate(out.gone):
        if gone:
            out.lost.append(f"issues.{out.issues[n][0]}: {len(gone)} levels that are impossible are left out")
    return out.losses(discount=False, scales=False)


def _letters(count: int) -> list[str]:
    return [chr(65 + n) if count <= 26 else f"{n + 1:03d}" for n in range(count)]
