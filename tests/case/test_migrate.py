"""A case file of an older version of the format is read as the newest; the steps so far are none, so one is made up."""

from __future__ import annotations

import pytest

from detente.case import CaseFile, loads, migrate
from detente.errors import CaseError

OLD = """\
# Kept since long ago.
detente: -1
id: sale   # of a mill
name: Two machines
sides:
  buyer: {patience: 0.9}   # waits
  seller:
issues:
  price: {levels: [low, high]}   # in thousands
variants:
  hasty: [{set: sides.buyer.patience, to: 0.5}]
"""
NEW = (
    OLD.replace("-1", "1")
    .replace("name", "title")
    .replace("sides:", "parties:")
    .replace("sides.", "parties.")
)


def to_0(data):
    """`name` became `title`."""
    return {("title" if key == "name" else key): value for key, value in data.items()}


def to_1(data):
    """`sides` became `parties`, in paths too."""
    new = {("parties" if key == "sides" else key): value for key, value in data.items()}
    if "variants" in data:
        new["variants"] = {
            name: [{**change, "set": change["set"].replace("sides.", "parties.")} for change in changes]
            for name, changes in data["variants"].items()
        }
    return new


@pytest.fixture
def older(monkeypatch):
    """A world in which the format had two versions before this one."""
    monkeypatch.setattr(migrate, "STEPS", {-1: to_0, 0: to_1})


def test_every_version_before_the_newest_has_a_step():
    assert sorted(migrate.STEPS) == list(range(migrate.VERSION - len(migrate.STEPS), migrate.VERSION))
    assert migrate.VERSION == 1  # as the model has it
    assert loads(NEW).detente == migrate.VERSION


@pytest.mark.usefixtures("older")
def test_an_old_file_is_the_same_case():
    assert loads(OLD) == loads(NEW)
    assert loads(OLD).hash == loads(NEW).hash
    assert loads(NEW).detente == 1
    half = OLD.replace("-1", "0").replace("name", "title")
    assert loads(half) == loads(NEW)


@pytest.mark.usefixtures("older")
def test_problems_of_an_old_file_are_found_in_its_lines():
    with pytest.raises(CaseError, match=r"case:9:11 issues\.price\.lefels: unknown key 'lefels'"):
        loads(OLD.replace("levels", "lefels"))


@pytest.mark.usefixtures("older")
def test_an_edit_brings_the_file_to_the_newest_version_and_keeps_what_did_not_change():
    old = CaseFile.parse(OLD)
    assert old.text == OLD
    new = old.set("parties.buyer.patience", 0.8)
    assert new.case == loads(new.text) == CaseFile.parse(NEW).set("parties.buyer.patience", 0.8).case
    for kept in ("# Kept since long ago.\n", "id: sale   # of a mill\n", "  price: {levels: [low, high]}   # in thousands\n"):  # fmt: skip
        assert kept in new.text
    assert "detente: 1\n" in new.text
    assert "sides" not in new.text


def test_without_a_step_an_old_version_is_refused():
    with pytest.raises(CaseError, match="detente: unknown value; expected '1'; got 0"):
        loads("detente: 0\nid: x\ntitle: t\n")


def test_a_newer_file_gets_one_message(tmp_path):
    path = tmp_path / "later.yaml"
    path.write_text("id: x\ndetente: 7\nwhatever: {comes: later}\n", encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        CaseFile.read(path)
    assert str(caught.value) == (
        f"{path}:2:1 detente: version 7 of the format is newer than this detente, which knows 1. "
        "Update detente: `pip install --upgrade detente`."
    )


def test_a_version_may_be_written_in_any_type_and_is_refused_in_words():
    for written in ("1.5", "one", "[1]", "{a: 1}", "2.0"):
        with pytest.raises(CaseError, match="detente: unknown value"):
            loads(f"detente: {written}\nid: x\ntitle: t\n")
