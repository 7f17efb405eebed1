"""Where the command line and the workbench keep what took long to compute and would come out the same again."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import detente

MONTH = 30 * 24 * 3600.0


def kept() -> Path | None:
    """A folder of this state of the program below the user's cache; None where none can be made. Those of other states are
    removed when they have not been used for a month.
    """
    try:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "detente"
        folder = root / f"{detente.__version__}-{_state()}"
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        for other in root.iterdir():
            if time.time() - other.stat().st_mtime > MONTH:
                shutil.rmtree(other, ignore_errors=True)
    except (OSError, RuntimeError):  # the latter where nobody's home folder is known
        return None
    return folder if os.access(folder, os.W_OK) else None


def _state() -> str:
    """What changes with any file of the program."""
    code = Path(detente.__file__).parent
    files = sorted(path for path in code.rglob("*.py"))
    said = [(str(path.relative_to(code)), path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]
