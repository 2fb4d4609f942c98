"""Text that is kept, where that is allowed, so that new rules are held against it and no document is read again.

Off by default, never on a computer for classified work, and never for what lies on a medium: there hashes and
verdicts are all that stays. What is kept is the text of office documents, PDF, OFD and archives of these in which
nothing was found; plain text is read as quickly as this is. Each record is sealed with a key that only the same
unchanged file in the same place gives, the file is its owner's alone, and its size has a bound.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from agent.scanning.formats import FORMATS
from agent.scanning.sealing import opened, sealed
from agent.scanning.versions import parts_of
from agent.scanning.wire import KEPT, Examined
from protocol.records import ComputerClass, Reason, Verdict

_BY_LITERALS = frozenset({"lines", "text", "text_talk"})
"""Parts of formats that look only where a literal stands: what they gave is not all there is."""

_VALUES = frozenset({"binary", "sqlite", "dbf"})
"""Formats that do the same: others only ask them for what stands beside their text."""
_UNCHANGING = frozenset({None, Reason.ENCRYPTED, Reason.UNSUPPORTED})

_SCHEMA = """
CREATE TABLE IF NOT EXISTS passages (
  key BLOB NOT NULL PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL, record BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS passages_at ON passages (at);
"""


def where_allowed(folder: Path | None, megabytes: float, computer_class: ComputerClass) -> Path | None:
    """Where in a folder text may be kept on a computer of this class; None where it may not.

    Then none that was kept before stays. Raises OSError where it cannot be removed.
    """
    if folder is None:
        return None
    path = folder / "passages.sqlite"
    if megabytes > 0 and computer_class is not ComputerClass.CONFIDENTIAL:
        return path
    for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        one.unlink(missing_ok=True)
    return None


class KeptPassages:
    """The text kept on this computer, open for one scan; used by one thread."""

    def __init__(self, path: Path, most: int, *, oldest: int) -> None:
        """``most``: bytes of all records together. What was kept before ``oldest`` goes.

        Raises OSError, sqlite3.Error.
        """
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        path.chmod(0o600)
        self._most = most
        self._database = sqlite3.connect(path, timeout=2.0, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute("PRAGMA secure_delete = ON")  # what is let go of is not to be found on the disk
        self._database.executescript(_SCHEMA)
        self._database.execute("DELETE FROM passages WHERE at < ?", (oldest,))
        self._size = int(self._database.execute("SELECT coalesce(sum(size), 0) FROM passages").fetchone()[0])
        self._keep_within()

    def get(self, key: bytes, seal: bytes) -> bytes | None:
        """What was kept of a file, as the worker gave it. Raises sqlite3.Error, ValueError."""
        row = self._database.execute("SELECT record FROM passages WHERE key = ?", (key,)).fetchone()
        return None if row is None else opened(row[0], seal)

    def put(self, key: bytes, seal: bytes, rows: list[Examined], text: bytes) -> None:
        """Keep the text of a file that ended like this, where it is all of its text. Raises sqlite3.Error."""
        if len(text) > KEPT or not all(_whole(row) for row in rows):
            return
        stored = sealed(text, seal, plain=False)
        self._database.execute("DELETE FROM passages WHERE key = ?", (key,))
        row = (key, int(time.time()), len(stored), stored)
        self._database.execute("INSERT INTO passages VALUES (?, ?, ?, ?)", row)
        self._size += len(stored)
        self._keep_within()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _keep_within(self) -> None:
        """Let the oldest go until there is some room again."""
        if self._size <= self._most:
            return
        rows = self._database.execute("SELECT key, size FROM passages ORDER BY at").fetchall()
        self._size = sum(size for _, size in rows)
        for key, size in rows:
            if self._size <= self._most * 3 // 4:
                return
            self._database.execute("DELETE FROM passages WHERE key = ?", (key,))
            self._size -= size


def _whole(row: Examined) -> bool:
    """Whether what was read of one file or member is all there is, and will be the same next time."""
    if row.verdict is Verdict.FINDING or row.pictures or row.reason not in _UNCHANGING:
        return False
    format_name = FORMATS.get(row.media_type)
    if format_name is None:
        return True
    return format_name not in _VALUES and not parts_of(format_name) & _BY_LITERALS
