"""A case being edited: every edit is on disk before it is acknowledged, and the file on disk is never overwritten unseen.

The history lies beside the user's other state, one SQLite file for each case file: the texts, one after the other, and
which of them is now. A server that was killed goes on from there.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detente.case import Case, CaseFile, loads, tree
from detente.case.write import write_text
from detente.errors import CaseError, DetenteError, NeedsError

MOST_KEPT = 500
"""Texts kept to go back to."""


class ConflictError(DetenteError):
    """An edit or a save that rests on something older than what is there now; ``found`` says what is."""

    def __init__(self, what: str, found: dict[str, Any]) -> None:
        self.found = found
        super().__init__(what)


@dataclass(frozen=True)
class State:
    """Where the editing stands. ``revision`` grows with every change, undoing included."""

    revision: int
    file: CaseFile
    dirty: bool
    can_undo: bool
    can_redo: bool
    disk: str


class Workbook:
    """The text of one case file, its history, and the file on disk at ``path`` (which need not exist yet).

    Safe to use from several threads.
    """

    def __init__(self, path: Path, text: str, history: Path, folder: Path | None = None) -> None:
        """``text`` is what the case starts from; ``folder`` is where its table files lie.

        Raises `NeedsError` where another workbench has the same file open, `CaseError` where the text is no case.
        """
        self.path, self.folder = path, folder or path.parent
        self._lock = threading.RLock()
        history.parent.mkdir(parents=True, exist_ok=True)
        self._store = sqlite3.connect(history, check_same_thread=False, isolation_level=None, timeout=0.2)
        weakref.finalize(self, self._store.close)
        try:
            self._store.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._store.execute("PRAGMA synchronous=FULL")
            self._store.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._store.close()
            raise NeedsError(f"'{path.name}' is open in another workbench") from error
        with self._store:  # all of it, or nothing
            self._store.execute(
                "CREATE TABLE IF NOT EXISTS texts (place INTEGER PRIMARY KEY, text TEXT NOT NULL)"
            )
            self._store.execute("CREATE TABLE IF NOT EXISTS now (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
            self._seen = self._resume(text)
        self._file = self._read(self._text())

    # reading ------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the editing stands now."""
        with self._lock:
            last = self._store.execute("SELECT MAX(place) FROM texts").fetchone()[0]
            first = self._store.execute("SELECT MIN(place) FROM texts").fetchone()[0]
            place, disk = self._place, self._on_disk()
            return State(
                int(self._get("revision") or 0),
                self._file,
                _hash(self._file.text) != self._get("base"),
                place > first,
                place < last,
                "same" if disk == self._seen else "gone" if disk is None else "changed",
            )

    @property
    def case(self) -> Case:
        return self._file.case

    # changing -----------------------------------------------------------------------------------

    def edit(self, revision: int, changes: Sequence[dict[str, Any]]) -> State:
        """Makes changes, in the form that variants have; raises `CaseError` where the case would not be sound."""
        with self._lock:
            self._check(revision)
            return self._put(self._file.change(*changes))

    def rewrite(self, revision: int, text: str) -> State:
        """Replaces the whole text."""
        with self._lock:
            self._check(revision)
            return self._put(self._read(text))

    def undo(self, revision: int) -> State:
        """Goes back to the text before; nothing happens at the first."""
        return self._step(revision, -1)

    def redo(self, revision: int) -> State:
        """Goes forward again."""
        return self._step(revision, 1)

    def save(self, revision: int, overwrite: str | None = None) -> State:
        """Writes the text to the file, atomically.

        Where the file has changed since it was last read, raises `ConflictError` with both texts, unless ``overwrite``
        is the hash of the text on disk that the person saw.
        """
        with self._lock:
            self._check(revision)
            disk = self._on_disk()
            if disk != self._seen and overwrite != disk and disk is not None:
                raise self._conflict(disk)
            try:
                write_text(self._file.text, self.path)
            except OSError as error:
                raise NeedsError(f"cannot write '{self.path.name}': {error.strerror or error}") from error
            self._seen = self._on_disk()
            self._set("base", _hash(self._file.text))
            return self.state

    def reload(self, revision: int) -> State:
        """Takes the text that is on disk now; what was here stays in the history."""
        with self._lock:
            self._check(revision)
            disk = self._on_disk()
            if disk is None:
                raise NeedsError(f"'{self.path.name}' is not there")
            state = self._put(self._read(tree.read_text(self.path)))
            self._seen = disk
            self._set("base", _hash(state.file.text))
            return self.state

    def close(self) -> None:
        self._store.close()

    # inside -------------------------------------------------------------------------------------

    def _resume(self, text: str) -> str | None:
        """Goes on from the history, or begins one; returns the hash of the text on disk that the history knows of.

        A file that has become another one while nobody looked is taken over where nothing is unsaved. Else, and where a
        case that is new here finds a file in its place, it counts as changed: saving shows it.
        """
        disk, base = self._on_disk(), self._get("base")
        if base is None:
            self._store.execute("INSERT INTO texts VALUES (0, ?)", (text,))
            for key, value in (("place", "0"), ("base", _hash(text)), ("revision", "1")):
                self._set(key, value)
            return None if disk is None else _hash(text)
        now = _hash(self._text())
        if disk is None or disk == base:
            return disk
        if disk == now:  # saved, and killed before that was noted
            self._set("base", now)
            return disk
        if now == base and disk == _hash(text):
            self._append(text)
            self._set("base", disk)
            return disk
        return base

    def _read(self, text: str) -> CaseFile:
        return CaseFile(loads(text, self.path.name, self.folder), text, self.path)

    def _put(self, file: CaseFile) -> State:
        if file.text != self._file.text:
            self._store.execute("BEGIN")
            with self._store:
                self._append(file.text)
            self._file = file
        return self.state

    def _append(self, text: str) -> None:
        """The text becomes the newest; those that had been undone are gone. Inside a transaction."""
        place = self._place + 1
        self._store.execute("DELETE FROM texts WHERE place >= ? OR place < ?", (place, place - MOST_KEPT))
        self._store.execute("INSERT INTO texts VALUES (?, ?)", (place, text))
        self._moved(place)

    def _step(self, revision: int, by: int) -> State:
        with self._lock:
            self._check(revision)
            place = self._place + by
            found = self._store.execute("SELECT text FROM texts WHERE place = ?", (place,)).fetchone()
            if found is not None:
                self._store.execute("BEGIN")
                with self._store:
                    self._moved(place)
                self._file = self._read(found[0])
            return self.state

    def _moved(self, place: int) -> None:
        self._set("place", str(place))
        self._set("revision", str(int(self._get("revision") or 0) + 1))

    def _check(self, revision: int) -> None:
        if revision != int(self._get("revision") or 0):
            raise ConflictError(
                "somebody else has changed the case meanwhile", {"revision": self._get("revision")}
            )

    def _conflict(self, disk: str) -> ConflictError:
        theirs = self.path.read_text(encoding="utf-8", errors="replace")
        names = (f"{self.path.name} on disk", f"{self.path.name} here")
        lines = difflib.unified_diff(theirs.splitlines(), self._file.text.splitlines(), *names, lineterm="")
        return ConflictError(
            f"'{self.path.name}' has changed on disk since it was read",
            {"disk": disk, "diff": "\n".join(lines)},
        )

    @property
    def _place(self) -> int:
        return int(self._get("place") or 0)

    def _text(self) -> str:
        found = self._store.execute("SELECT text FROM texts WHERE place = ?", (self._place,)).fetchone()
        return str(found[0])

    def _get(self, key: str) -> str | None:
        found = self._store.execute("SELECT value FROM now WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def _set(self, key: str, value: str) -> None:
        self._store.execute("INSERT OR REPLACE INTO now VALUES (?, ?)", (key, value))

    def _on_disk(self) -> str | None:
        """The hash of the text on disk; of its bytes where they are no text; None where there is no file."""
        if not self.path.is_file():
            return None
        try:
            return _hash(tree.read_text(self.path))
        except CaseError:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def history_of(path: Path) -> Path:
    """Where the history of a case file lies: in the user's state folder, told apart by the file's place."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "detente" / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]}.sqlite3"
