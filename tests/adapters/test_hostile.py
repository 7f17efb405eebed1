"""What strangers may send: a clear message, never a traceback, nothing read from outside."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import detente
from detente.errors import DetenteError
from tests.adapters import files
from tests.adapters.files import folder

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
REMOTE = '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">'


def workbook(parts: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in parts.items():
            book.writestr(name, data)
    return raw.getvalue()


SHEET1 = "xl/worksheets/sheet1.xml"
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "entity bomb": ("p.xml", (BOMB + files.GENIUS_TWO.replace("green", "&b;")).encode(), "for safety"),
    "external entity": ("p.xml", (OUTSIDE + files.GENIUS_TWO.replace("green", "&a;")).encode(), "for safety"),
    "external type": ("p.xml", (REMOTE + files.GENIUS_TWO).encode(), "for safety"),
    "undeclared entity": ("p.xml", files.GENIUS_TWO.replace("green", "&b;").encode(), "not XML"),
    "xml depth": ("p.xml", b"<utility_space>" + b"<objective>" * 5_000, "nested"),
    "xml cut": ("p.xml", files.GENIUS_ONE[:300].encode(), "not XML"),
    "10^9 integers": ("p.xml", files.GENIUS_ONE.replace('"20"', '"1000000000"').encode(), "levels"),
    "huge number": ("p.xml", files.GENIUS_ONE.replace('"20"', '"1e999999999"').encode(), "finite"),
    "no evaluator": ("p.xml", files.GENIUS_ONE.replace("evaluator", "evaluation").encode(), "no evaluator"),
    "utility NaN": ("p.xml", files.GENIUS_ONE.replace('"4"', '"nan"').encode(), "not a number"),
    "max utility 0": ("p.xml", files.NONLINEAR.format(how="sum", top=0).encode(), "maxutility"),
    "aggregation": ("p.xml", files.NONLINEAR.format(how="median", top=1).encode(), "median"),
    "bad index": ("p.xml", files.NONLINEAR.format(how="sum", top=1).replace('<INCLUDES index="1"', '<INCLUDES index="7"').encode(), "index"),
    "json depth": ("p.json", ('{"LinearAdditiveUtilitySpace": ' + "[" * 50_000).encode(), "nested"),
    "json twice": ("p.json", b'{"a": 1, "a": 2, "issuesValues": {}}', "twice"),
    "json long number": ("p.json", ('{"issuesValues": ' + "9" * 6_000 + "}").encode(), "not JSON"),
    "json latin-1": ("p.json", files.WEB_ONE.replace("four", "fünf").encode("latin-1"), "not UTF-8"),
    "json range": ("p.json", files.WEB_ONE.replace('"0.3"', '"0.0000000001"').encode(), "levels"),
    "json step": ("p.json", files.WEB_ONE.replace('"0.3"', '"0"').encode(), "step"),
    "json weights": ("p.json", files.WEB_ONE.replace('"days": 0.4', '"days": "much"').encode(), "issueWeights"),
    "json bid": ("p.json", files.WEB_ONE.replace('{"pay": "12.5"}', '{"days": "six"}').encode(), "reservationBid"),
    "json types": ("p.json", b'{"LinearAdditiveUtilitySpace": {"domain": 3, "issueUtilities": 7}}', "issuesValues"),
    "zip slip": ("w.xlsx", workbook({"../../evil.xml": b"x", SHEET1: b"<worksheet/>"}), "leads outside"),
    "zip absolute": ("w.xlsx", workbook({"/etc/evil": b"x", SHEET1: b"<worksheet/>"}), "leads outside"),
    "zip bomb": ("w.xlsx", workbook({SHEET1: b"<worksheet>" + b" " * 60_000_000}), "too large"),
    "zip entity": ("w.xlsx", workbook({SHEET1: BOMB.encode() + b"<worksheet/>"}), "for safety"),
    "zip empty": ("w.xlsx", workbook({SHEET1: b"<worksheet/>"}), "names the parties"),
    "zip far cell": ("w.xlsx", workbook({SHEET1: b'<worksheet><sheetData><row r="9999999"><c r="A1"/></row></sheetData></worksheet>'}), "too many rows"),
    "no zip": ("w.xlsx", b"PK\x03\x04 broken", "workbook"),
    "ktab numbers": ("k.csv", files.KTAB.replace("50.5", "-1").encode(), "0 or more"),
    "ktab columns": ("k.csv", files.KTAB.replace(",Pace Salience", "").encode(), "salience each"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_a_clear_message(name: str, tmp_path: Path) -> None:
    file, raw, match = HOSTILE[name]
    with pytest.raises(DetenteError, match=match):
        detente.load(folder(tmp_path, {file: raw}) / file)


def test_yaml_bombs_in_scenario_folders(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(DetenteError, match="entries"):
        detente.load(folder(tmp_path, {**files.NEGMAS, "z.yml": bomb}))


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = folder(tmp_path / "out", {"extra.yml": files.BUYER})
    inside = folder(tmp_path / "in", files.NEGMAS)
    (inside / "extra.yml").symlink_to(outside / "extra.yml")
    assert list(detente.load(inside).parties) == ["buyer", "seller"]


def test_folders_without_a_scenario(tmp_path: Path) -> None:
    for content in ({}, {"a.txt": "x"}, {"a.yml": "detente: 1\n"}):
        with pytest.raises(DetenteError, match="this is a folder, and not of a format"):
            detente.load(folder(tmp_path, content))


def test_command_line_ends_with_code_2(tmp_path: Path, monkeypatch, capsys) -> None:
    from detente.cli import main

    path = folder(tmp_path, {"p.xml": (BOMB + files.GENIUS_TWO).encode()}) / "p.xml"
    monkeypatch.setattr("sys.argv", ["detente", "agreement", str(path), "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "p.xml:1:1" in err


SEEDS: dict[str, dict[str, str]] = {
    "negmas": files.NEGMAS, "genius": files.GENIUS, "geniusweb": files.GENIUSWEB, "negolog": files.NEGOLOG,
    "boxes": {"p.xml": files.NONLINEAR.format(how="sum", top=9)},
    "sheet": {"s.csv": files.SHEET}, "ktab": {"k.csv": files.KTAB},
    "nfg": {"g.nfg": files.NFG}, "outcomes": {"g.nfg": files.NFG_OUTCOMES},
}  # fmt: skip
SPLICES = [b"", b"\x00", b"\xff\xfe", b"-1", b"1e400", b"nan", b"-.inf", b"[", b"]]", b"{", b'"', b"<", b"/>", b"&x;",
           b"yes", b": ", b"\n- ", b"!!python/object:x {}", b"999999999999", b"\xe4", b"'", b",,,", b"{}", b"null"]  # fmt: skip


def broken(content: dict[str, str], seed: int) -> dict[str, bytes]:
    """Some files with bytes cut out, doubled or put in, by a seed."""
    rng = random.Random(seed)
    raw = {name: bytearray(text.encode()) for name, text in content.items()}
    for _ in range(rng.randint(1, 4)):
        target = raw[rng.choice(list(raw))]
        at = rng.randrange(len(target) + 1)
        what = rng.randrange(4)
        if what == 0:
            target[at : at + rng.randint(1, 30)] = b""
        elif what == 1:
            target[at:at] = rng.choice(SPLICES)
        elif what == 2:
            target[at : at + rng.randint(1, 6)] = rng.choice(SPLICES)
        else:
            target[at:at] = target[at : at + rng.randint(1, 200)]
    return {name: bytes(text) for name, text in raw.items()}


def loads_or_says_why(name: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        content = broken(SEEDS[name], seed)
        path = folder(Path(home), content)
        with contextlib.suppress(DetenteError):
            case = detente.load(path if len(content) > 1 else path / next(iter(content)))
            json.dumps(case.to_data(), allow_nan=False)


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_broken_files_never_end_in_a_traceback(name: str, seed: int) -> None:
    loads_or_says_why(name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_many_broken_files(name: str) -> None:
    for seed in range(4_000):
        loads_or_says_why(name, seed)
