"""Editing a case file: one value changes, everything else keeps every byte; saving is atomic."""

from __future__ import annotations

import difflib
import os
import random

import pytest

from detente import catalog
from detente.case import Case, CaseFile, loads, with_changes, with_variant
from detente.case.paths import format_path
from detente.errors import CaseError

TEXT = """\
# A case to edit.
detente: 1
id: sale
title: A sale   # of two machines

parties:
  # whoever pays
  buyer: {label: Buyer, patience: 0.9}   # patient
  seller:
  bank: {roles: [guarantor]}

absent:
  - Tax office        # always
  - label: Neighbours
    why: noise

issues:
  price:
    levels: {from: 90, to: 110, step: 5, unit: EUR}
  delivery:
    by: seller            # carries it out
    levels:
      - eight weeks       # usual
      - four weeks
      - two weeks
    requires: {two weeks: price >= 95}

impossible:
  - when: delivery == "two weeks" and price == 90
    why: the seller cannot rush at that price
  # and nothing else

no_deal: {buyer: 2, seller: 3}

preferences:
  buyer:
    values:
      price: {90: 10, 110: 0}
      delivery: {eight weeks: 0, four weeks: 3, two weeks: [3, 4, 6]}
  seller:
    values:
      price: {90: 0, 110: 10}     # linear
"""


def changed(before: str, after: str) -> list[str]:
    """The lines taken out and put in."""
    return [
        line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[:2] in ("- ", "+ ")
    ]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"set": "title", "to": "A sale: two"}, ["- title: A sale   # of two machines", "+ title: 'A sale: two'   # of two machines"]),
        ({"set": "parties.buyer.patience", "to": [0.8, 0.9]}, ["-   buyer: {label: Buyer, patience: 0.9}   # patient", "+   buyer: {label: Buyer, patience: [0.8, 0.9]}   # patient"]),
        ({"set": "parties.seller.patience", "to": 0.5}, ["-   seller:", "+   seller: {patience: 0.5}"]),
        ({"add": "parties.bank.roles", "to": "verifier"}, ["-   bank: {roles: [guarantor]}", "+   bank: {roles: [guarantor, verifier]}"]),
        ({"set": "parties.shop", "to": {}}, ["+   shop: {}"]),
        ({"add": "absent", "to": "The press"}, ["+   - The press"]),
        ({"set": "absent.0.why", "to": "late"}, ["-   - Tax office        # always", "+   - {label: Tax office, why: late}        # always"]),
        ({"remove": "absent.0"}, ["-   - Tax office        # always"]),
        ({"remove": "absent.1"}, ["-   - label: Neighbours", "-     why: noise"]),
        ({"set": "absent.1.label", "to": "Tenants"}, ["-   - label: Neighbours", "+   - label: Tenants"]),
        ({"remove": "issues.delivery.requires"}, ["-     requires: {two weeks: price >= 95}"]),
        ({"set": "issues.delivery.requires.two weeks.timing", "to": "together"}, ["-     requires: {two weeks: price >= 95}", "+     requires: {two weeks: {when: price >= 95, timing: together}}"]),
        ({"set": "issues.delivery.by", "to": ["buyer", "seller"]}, ["-     by: seller            # carries it out", "+     by: [buyer, seller]            # carries it out"]),
        ({"set": "impossible.0.why", "to": "no, never"}, ["-     why: the seller cannot rush at that price", "+     why: no, never"]),
        ({"add": "impossible", "to": {"when": "price == 110 and delivery == 'four weeks'"}}, ["+   - {when: price == 110 and delivery == 'four weeks'}"]),
        ({"remove": "impossible.0.why"}, ["-     why: the seller cannot rush at that price"]),
        ({"set": "no_deal.now.buyer", "to": 4}, ["- no_deal: {buyer: 2, seller: 3}", "+ no_deal: {now: {buyer: 4, seller: 3}}"]),
        ({"set": "preferences.seller.values.price.110", "to": 12}, ["-       price: {90: 0, 110: 10}     # linear", "+       price: {90: 0, 110: 12}     # linear"]),
        ({"set": "preferences.seller.values.delivery", "to": {"eight weeks": 2, "four weeks": 1, "two weeks": 0}}, ["+       delivery: {eight weeks: 2, four weeks: 1, two weeks: 0}"]),
        ({"remove": "preferences.buyer.values.price"}, ["-       price: {90: 10, 110: 0}"]),
        ({"set": "time.period", "to": "month"}, ["+ time: {period: month}"]),
        ({"set": "note", "to": "two\nlines"}, ['+ note: "two\\nlines"']),
    ],
    ids=lambda value: str(next(iter(value.values()))) if isinstance(value, dict) else "",
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_value_changes_and_every_other_byte_stays(change, lines, newline):
    file = CaseFile.parse(TEXT.replace("\n", newline))
    new = file.change(change)
    assert changed(file.text, new.text) == lines
    assert ("\r\n" in new.text) == (newline == "\r\n")
    assert new.text.count("\n") == new.text.count(newline)
    assert new.case == with_changes(file.case, [change]) == loads(new.text)


def test_a_case_with_a_table_beside_it_keeps_its_folder_and_its_comments(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(
        "detente: 1\nid: x\ntitle: t   # a title\nparties: {A: }\nissues: {p: {levels: [a, b]}}\n"
        "preferences: {A: {table: {file: sub/u.npy}}}\nvariants: {v: [{set: title, to: u}]}\n"
    )
    new = CaseFile.read(path).set("title", "u")
    assert changed(path.read_text(), new.text) == ["- title: t   # a title", "+ title: u   # a title"]
    for case in (new.case, with_variant(new.case, "v")):
        assert case.preferences["A"].table.path == tmp_path / "sub" / "u.npy"


def test_undoing_is_going_back():
    first = CaseFile.parse(TEXT)
    second = first.set("title", "Another")
    assert first.text == TEXT
    assert second.set("title", "A sale").text == TEXT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"set": "issues.price.levels.step", "to": 3}, "the steps do not reach `to`"),
        ({"remove": "issues.colour"}, "no 'colour' in 'issues'"),
        ({"set": "title.long", "to": 1}, "'title' on the way to 'title.long' holds a value"),
        ({"add": "title", "to": "x"}, "'title' is there already"),
        ({"remove": "parties.seller"}, "unknown party 'seller'"),
        ({"set": "..", "to": 1}, "'..' is not a path"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_and_changes_nothing(change, message):
    file = CaseFile.parse(TEXT)
    with pytest.raises(CaseError, match=message):
        file.change(change)
    assert file.text == TEXT


def test_saving_is_atomic_and_keeps_permissions_and_links(tmp_path):
    path, link = tmp_path / "case.yaml", tmp_path / "link.yaml"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    saved = CaseFile.read(link).set("title", "Größer").save()
    assert saved.case.title == "Größer"
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == saved.text == TEXT.replace("A sale ", "Größer ")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["case.yaml", "link.yaml"]
    with pytest.raises(FileNotFoundError):
        saved.save(tmp_path / "nowhere" / "case.yaml")
    assert sorted(os.listdir(tmp_path)) == ["case.yaml", "link.yaml"]


def test_a_bom_and_aliases_do_not_get_in_the_way(tmp_path):
    path = tmp_path / "case.yaml"
    shared = TEXT.replace("price: {90: 10, 110: 0}", "price: &p {90: 10, 110: 0}").replace(
        "price: {90: 0, 110: 10} ", "price: *p "
    )
    path.write_bytes(b"\xef\xbb\xbf" + shared.encode())
    file = CaseFile.read(path)
    one = file.set("preferences.buyer.values.price.110", 1)
    assert one.case.preferences["seller"].values["price"]["110"] == 0
    assert one.case.preferences["buyer"].values["price"]["110"] == 1
    assert "# whoever pays" in one.text


def paths(data, route=()):
    """Every path of plain data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*route, key), value
        yield from paths(value, (*route, key))


@pytest.mark.parametrize("name", catalog.names())
def test_every_number_and_text_of_the_catalogue_can_be_set_and_any_key_removed(name):
    """The text says what the case says, and at most the lines around the change differ."""
    draw = random.Random(name)
    file = CaseFile.read(catalog.find(name))
    everything = list(paths(file.case.to_data()))
    done = 0
    for route, value in draw.sample(everything, min(12, len(everything))):
        path = format_path(route)
        changes = [{"remove": path}, {"set": path, "to": value}]
        if isinstance(value, int | float):
            changes.append({"set": path, "to": value + 1})
        if isinstance(value, str):
            changes.append({"set": path, "to": value + ": more, and # more"})
        for change in changes:
            try:
                wanted: Case = with_changes(file.case, [change])
            except CaseError:
                continue
            new = file.change(change)
            assert new.case == wanted == loads(new.text, folder=file.path.parent)
            done += 1
            if "set" in change and not isinstance(value, dict | list):
                lines = changed(file.text, new.text)
                assert len(lines) <= 2, (change, lines)
    assert done
