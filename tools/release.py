"""A release: wheel and sdist, tried without the source and without a network, with the list of what it depends on.

`make release` (or `python -m tools.release`) writes into ``dist``: the two packages, ``sbom.json`` (CycloneDX 1.6) and
``licences.md``. The wheel is tried on every supported Python that is found, with and without the extras.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
PYTHONS = ("3.11", "3.13")
EXTRAS = ("", "pandas,web,office")
REFUSED = ("AGPL", "GPL")
"""Licences that a dependency of an Apache-2.0 program must not have; the Lesser GPL is not among them."""

QUESTIONS = (
    ("--version",),
    ("examples",),
    ("check", "stockholm-2019"),
    ("agreement", "parts-supply", "--json"),
    ("standoff", "cuba-1962"),
    ("roadmap", "stockholm-2019", "--to", "freeze"),
    ("table", "mill-contract"),
    ("forecast", "car-emissions"),
    ("report", "stockholm-2019", "-o", "report.html"),
)
WITH_EXTRAS = (
    ("report", "flat-share", "-o", "report.pdf"),
    ("report", "flat-share", "-o", "report.docx"),
    ("convert", "parts-supply", "sheet.xlsx"),
    ("agreement", "sheet.xlsx"),
)


def uv() -> list[str]:
    """The command of uv, which the environment brings."""
    found = shutil.which("uv")
    return [found] if found else [sys.executable, "-m", "uv"]


def build(out: Path = DIST) -> tuple[Path, Path]:
    """The wheel and the sdist."""
    subprocess.run([*uv(), "build", "--quiet", "--out-dir", str(out), str(ROOT)], check=True)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def interpreter(version: str) -> str | None:
    """The Python of a version, if this machine has one."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    places = [
        shutil.which(f"python{version}"),
        *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")),
    ]
    for place in places:
        if place and subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0:
            return place
    return None


def alone() -> list[str]:
    """What a command is put behind so that it has no network, where the machine allows that."""
    words = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        return []
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    return words if tried.returncode == 0 else []


def tried(wheel: Path, python: str, extras: str) -> list[str]:
    """Installs the wheel into a new environment and asks it everything, away from the source; what was asked.

    Raises `subprocess.CalledProcessError` where a command fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        subprocess.run([*uv(), "venv", "--quiet", "--python", python, str(home / "env")], check=True)
        what = f"{wheel}[{extras}]" if extras else str(wheel)
        inside = home / "env" / "bin" / "python"
        subprocess.run([*uv(), "pip", "install", "--quiet", "--python", str(inside), what], check=True)
        own = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_CACHE_HOME": str(home / "cache")}
        asked = []
        for words in (*QUESTIONS, *(WITH_EXTRAS if extras else ())):
            subprocess.run(
                [*alone(), str(home / "env" / "bin" / "detente"), *words],
                cwd=home, env=own, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            asked.append(" ".join(words))
        return asked


def dependencies() -> list[metadata.Distribution]:
    """What detente and its extras need, directly or not, as installed here."""
    from packaging.requirements import Requirement

    found: dict[str, metadata.Distribution] = {}
    waiting = [("detente", ["pandas", "web", "office", "docs"])]
    while waiting:
        name, extras = waiting.pop()
        for line in metadata.requires(name) or ():
            need = Requirement(line)
            if need.marker and not any(need.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                continue
            key = need.name.lower().replace("_", "-")
            if key not in found:
                found[key] = metadata.distribution(need.name)
                waiting.append((need.name, list(need.extras)))
    return [found[name] for name in sorted(found) if name != "detente"]


def licence(package: metadata.Distribution) -> str:
    """The licence that a package states, by expression, classifier or field, in this order."""
    about = package.metadata
    stated: str | None = about.get("License-Expression")
    classes = [
        line.rsplit("::", 1)[-1].strip()
        for line in about.get_all("Classifier", [])
        if line.startswith("License")
    ]
    field = (about.get("License") or "").strip().splitlines()
    return stated or " and ".join(dict.fromkeys(classes)) or (field[0] if field else "not stated")


def refused(text: str) -> bool:
    """Whether a licence rules a dependency out."""
    plain = text.replace("LGPL", "").replace("Lesser General Public License", "")
    return (
        any(name in plain for name in (*REFUSED, "GNU General Public License")) and " OR " not in text.upper()
    )


def sbom(packages: list[metadata.Distribution]) -> str:
    """The parts of the program as CycloneDX 1.6, in a stable order and without a date."""
    own = metadata.distribution("detente")
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "detente", "version": own.version,
                                   "licenses": [{"expression": "Apache-2.0"}]}},
        "components": [
            {"type": "library", "name": p.metadata["Name"], "version": p.version,
             "purl": f"pkg:pypi/{p.metadata['Name'].lower()}@{p.version}",
             "licenses": [{"license": {"name": licence(p)}}]}
            for p in packages
        ],
    }  # fmt: skip
    return json.dumps(document, indent=1) + "\n"


def listing(packages: list[metadata.Distribution]) -> str:
    """The licences as a table."""
    rows = [f"| {p.metadata['Name']} | {p.version} | {licence(p)} |" for p in packages]
    return (
        "\n".join(
            [
                "# Licences of what detente depends on",
                "",
                "| package | version | licence |",
                "|---|---|---|",
                *rows,
            ]
        )
        + "\n"
    )


def main() -> None:
    """Builds, tries and lists."""
    shutil.rmtree(DIST, ignore_errors=True)
    wheel, sdist = build()
    print(
        f"{wheel.name} {wheel.stat().st_size / 1024:.0f} KiB, {sdist.name} {sdist.stat().st_size / 1024:.0f} KiB"
    )
    print("without a network" if alone() else "the network cannot be taken away on this machine")
    for version in PYTHONS:
        python = interpreter(version)
        if python is None:
            raise SystemExit(f"Python {version} is not on this machine: the wheel was not tried on it")
        for extras in EXTRAS:
            asked = tried(wheel, python, extras)
            print(f"Python {version}, {extras or 'no extras'}: {len(asked)} commands")
    packages = dependencies()
    (DIST / "sbom.json").write_text(sbom(packages), encoding="utf-8")
    (DIST / "licences.md").write_text(listing(packages), encoding="utf-8")
    bad = [f"{p.metadata['Name']}: {licence(p)}" for p in packages if refused(licence(p))]
    if bad:
        raise SystemExit(f"licences that do not fit: {'; '.join(bad)}")
    print(f"{len(packages)} dependencies, all with licences that fit")


if __name__ == "__main__":
    main()
