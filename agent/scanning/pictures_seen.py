"""What was found in pictures, by the content of the file that shows them: a copy elsewhere is not read again.

Kept in the ledger: verdicts and findings, sealed with a key that only the same content gives again; never text. What
the names of a file say is part of what it is known by, where they say anything; and so is the day of its last change
where something was found, because the date of a marking may hang on it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from datetime import UTC, datetime

import msgspec

from agent.scanning.sealing import opened, sealed
from agent.scanning.wire import Examined

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pictures (key BLOB PRIMARY KEY, at INTEGER NOT NULL, verdict BLOB NOT NULL) WITHOUT ROWID;
"""
_rows = msgspec.msgpack.Decoder(list[Examined])
_encode = msgspec.msgpack.Encoder().encode


class PicturesSeen:
    """What is remembered of files with pictures; used by one thread."""

    def __init__(self, database: sqlite3.Connection, context: str, *, expires: float) -> None:
        """``database`` is the ledger's; ``context`` says what a verdict rests on beside the content.

        ``expires``: seconds after which a verdict is no longer used. Raises sqlite3.Error.
        """
        self._database = database
        self._context = context.encode()
        self._oldest = int(time.time() - expires)
        database.executescript(_SCHEMA)
        database.execute("DELETE FROM pictures WHERE at < ?", (self._oldest,))

    def get(self, content: str, status: os.stat_result) -> list[Examined] | None:
        """The rows of a file of this content, or None. Raises sqlite3.Error, ValueError."""
        for day in ("", day_of(status)):
            key, seal = self._keys(content, day)
            row = self._database.execute("SELECT at, verdict FROM pictures WHERE key = ?", (key,)).fetchone()
            if row is not None and row[0] >= self._oldest:
                return _rows.decode(opened(row[1], seal))
        return None

    def put(self, content: str, status: os.stat_result, rows: list[Examined]) -> None:
        """Remember how a file of this content ended. Raises sqlite3.Error."""
        key, seal = self._keys(content, day_of(status) if any(row.findings for row in rows) else "")
        stored = sealed(_encode(rows), seal, plain=False)
        self._database.execute("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", (key, int(time.time()), stored))

    def _keys(self, content: str, day: str) -> tuple[bytes, bytes]:
        """The key of the record and the key of its seal."""
        what = b"%s\0%s\0%s" % (self._context, content.encode(), day.encode())
        digest = hashlib.blake2b(what, digest_size=48).digest()
        return digest[:16], digest[16:]


def day_of(status: os.stat_result) -> str:
    """The day of a file's last change; ``never`` where no calendar has it."""
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "never"
