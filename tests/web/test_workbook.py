"""Editing: undo and redo, comments kept, conflicts shown, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.errors import CaseError, NeedsError
from detente.web.workbook import ConflictError, Workbook, history_of
from tests.web.served import CASE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "case.yaml"
    file.write_text(CASE)
    return file


def opened(path: Path) -> Workbook:
    return Workbook(path, path.read_text(), path.parent / "state" / "history.sqlite3")


def edited(book: Workbook, value: float, path: str = "preferences.mill.values.wage.low") -> None:
    book.edit(book.state.revision, [{"set": path, "to": value}])


def test_edit_undo_redo_save_keep_comments(path: Path) -> None:
    book = opened(path)
    first = book.state
    assert (first.revision, first.dirty, first.can_undo, first.can_redo, first.disk) == (
        1,
        False,
        False,
        False,
        "same",
    )
    edited(book, 20)
    edited(book, 30)
    assert book.case.preferences["mill"].values["wage"]["low"] == 30
    state = book.undo(book.state.revision)
    assert state.file.case.preferences["mill"].values["wage"]["low"] == 20
    assert state.can_redo
    assert state.dirty
    book.undo(book.state.revision)
    state = book.undo(book.state.revision)  # there is nothing before the first
    assert state.file.text == CASE
    assert not state.dirty
    book.redo(state.revision)
    state = book.redo(book.state.revision)
    assert state.file.case.preferences["mill"].values["wage"]["low"] == 30
    assert not state.can_redo
    state = book.save(state.revision)
    assert not state.dirty
    assert path.read_text() == CASE.replace("low: 10", "low: 30")


def test_a_new_edit_ends_what_was_undone(path: Path) -> None:
    book = opened(path)
    edited(book, 20)
    book.undo(book.state.revision)
    edited(book, 25)
    assert not book.state.can_redo
    assert book.undo(book.state.revision).file.text == CASE


def test_an_unsound_edit_changes_nothing(path: Path) -> None:
    book = opened(path)
    with pytest.raises(CaseError, match=r"preferences\.mill\.values\.wage"):
        edited(book, 1, "preferences.mill.values.wage.huge")
    assert book.state.revision == 1
    with pytest.raises(CaseError):
        book.rewrite(1, "detente: 1\nid: [")
    assert book.state.file.text == CASE


def test_an_old_revision_is_refused(path: Path) -> None:
    book = opened(path)
    edited(book, 20)
    with pytest.raises(ConflictError, match="somebody else has changed the case meanwhile"):
        book.edit(1, [{"set": "title", "to": "mine"}])


def test_a_changed_file_is_shown_not_overwritten(path: Path) -> None:
    book = opened(path)
    edited(book, 20)
    theirs = CASE.replace("kept short", "kept by them")
    path.write_text(theirs)
    assert book.state.disk == "changed"
    with pytest.raises(ConflictError, match="has changed on disk") as caught:
        book.save(book.state.revision)
    assert "-title: A mill and its union      # kept by them" in caught.value.found["diff"]
    assert path.read_text() == theirs
    path.write_text(theirs + "\n")  # once more, after it was seen
    with pytest.raises(ConflictError):
        book.save(book.state.revision, caught.value.found["disk"])
    with pytest.raises(ConflictError) as caught:
        book.save(book.state.revision)
    book.save(book.state.revision, caught.value.found["disk"])
    assert path.read_text() == CASE.replace("low: 10", "low: 20")


def test_taking_the_text_on_disk_can_be_undone(path: Path) -> None:
    book = opened(path)
    edited(book, 20)
    theirs = CASE.replace("low: 10", "low: 11")
    path.write_text(theirs)
    state = book.reload(book.state.revision)
    assert state.file.text == theirs
    assert not state.dirty
    assert book.undo(state.revision).file.text == CASE.replace("low: 10", "low: 20")


def test_a_file_that_is_gone_is_written_again(path: Path) -> None:
    book = opened(path)
    path.unlink()
    assert book.state.disk == "gone"
    with pytest.raises(NeedsError, match=r"'case\.yaml' is not there"):
        book.reload(1)
    book.save(1)
    assert path.read_text() == CASE


def test_the_history_outlives_the_server(path: Path) -> None:
    book = opened(path)
    edited(book, 20)
    edited(book, 30)
    book.undo(book.state.revision)
    book.close()
    again = opened(path)
    assert again.state.file.text == CASE.replace("low: 10", "low: 20")
    assert again.state.can_redo
    assert again.state.dirty


def test_a_file_changed_between_runs(path: Path) -> None:
    saved = opened(path)
    edited(saved, 20)
    saved.save(saved.state.revision)
    saved.close()
    path.write_text(CASE.replace("low: 10", "low: 21"))
    again = opened(path)  # nothing unsaved: the file is what counts
    assert again.state.file.text == path.read_text()
    assert not again.state.dirty
    edited(again, 33)
    again.close()
    path.write_text(CASE.replace("low: 10", "low: 22"))
    third = opened(path)  # something unsaved: both are kept, and saving is a conflict
    assert third.case.preferences["mill"].values["wage"]["low"] == 33
    assert third.state.disk == "changed"
    with pytest.raises(ConflictError):
        third.save(third.state.revision)


def test_where_the_history_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    one, other = history_of(tmp_path / "a.yaml"), history_of(tmp_path / "b.yaml")
    assert one.parent == other.parent == tmp_path / "detente"
    assert one != other


def test_a_new_case_does_not_save_over_a_file_that_is_there(tmp_path: Path) -> None:
    """A catalogue case is saved in the current folder, where another file may have its name."""
    target = tmp_path / "mill.yaml"
    target.write_text(CASE.replace("low: 10", "low: 99"))
    book = Workbook(target, CASE, tmp_path / "history.sqlite3")
    assert book.state.disk == "changed"
    with pytest.raises(ConflictError, match=r"'mill\.yaml' has changed on disk"):
        book.save(1)
    assert "low: 99" in target.read_text()


def test_one_workbench_at_a_time(path: Path) -> None:
    book = opened(path)
    with pytest.raises(NeedsError, match=r"^'case\.yaml' is open in another workbench$"):
        opened(path)
    book.close()
    opened(path).close()


def test_a_byte_order_mark_and_crlf_are_no_conflict(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + CASE.replace("\n", "\r\n").encode())
    from detente.case import tree

    for value in (20, 30):
        book = Workbook(path, tree.read_text(path), path.parent / "history.sqlite3")
        assert book.state.disk == "same"
        assert not book.state.dirty
        edited(book, value)
        book.save(book.state.revision)
        book.close()
    assert "low: 30" in path.read_text()


def test_a_kill_between_saving_and_noting_it(path: Path) -> None:
    book = opened(path)
    edited(book, 20)
    book.close()
    path.write_text(CASE.replace("low: 10", "low: 20"))  # the file was written, the note was not
    again = opened(path)
    assert (again.state.dirty, again.state.disk) == (False, "same")


def test_a_kill_before_the_first_note_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: Workbook, key: str, value: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Workbook, "_set", killed)
        with pytest.raises(KeyboardInterrupt):
            opened(path)
    import gc

    gc.collect()
    assert opened(path).state.file.text == CASE
