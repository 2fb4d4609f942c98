"""Poisonous files: those that ended the process that read them, twice, or used up its time. Known by their content.

Such a file is not tried again, under whatever name and wherever it lies, until one of the formats that had a hand in
it has changed (see `agent.scanning.versions`), or its record expires. Where the grammar had one too, or nobody had told
yet, any change of the program counts. Kept in the ledger: SHA-256, size, those formats, and how it ended.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Collection, Iterable

from agent.scanning.at_work import GRAMMAR
from agent.scanning.opening import open_to_read
from agent.scanning.program import without_formats
from agent.scanning.versions import version_of
from agent.scanning.walk import Found
from protocol.records import Reason

_STEP = 1024 * 1024

SCHEMA = """
CREATE TABLE IF NOT EXISTS poisonous (
  sha256 BLOB NOT NULL PRIMARY KEY, size INTEGER NOT NULL, formats TEXT NOT NULL, version BLOB NOT NULL,
  at INTEGER NOT NULL, reason TEXT NOT NULL
) WITHOUT ROWID;
"""


class Poison:
    """What is remembered of poisonous files; used by one thread."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """``database`` is the ledger's. Raises sqlite3.Error."""
        self._database = database
        rows = database.execute("SELECT sha256, size, formats, version, reason FROM poisonous").fetchall()
        still = [row for row in rows if _version(row[2].split()) == bytes(row[3])]
        self._known = {bytes(digest): Reason(reason) for digest, _, _, _, reason in still}
        self._sizes = {row[1] for row in still}

    def reason(self, file: Found) -> Reason | None:
        """How this file ended when it was tried, or None where it is not known. Only where the size fits is it read."""
        if file.status.st_size not in self._sizes:
            return None
        digest = _sha256(file)
        return None if digest is None else self._known.get(digest)

    def remember(self, file: Found, reason: Reason, formats: Iterable[str] = ()) -> None:
        """Remember a file that was the end of a worker, and the formats that had a hand in it. Raises sqlite3.Error."""
        digest = _sha256(file)
        if digest is None:
            return  # it has gone meanwhile
        self._known[digest] = reason
        self._sizes.add(file.status.st_size)
        names = sorted(formats)
        row = (digest, file.status.st_size, " ".join(names), _version(names), int(time.time()), str(reason))
        self._database.execute("INSERT OR REPLACE INTO poisonous VALUES (?, ?, ?, ?, ?, ?)", row)


def _version(names: Collection[str]) -> bytes:
    """The version of all that had a hand in a file: where one of them is gone, none that ever was."""
    try:
        version = version_of(name for name in names if name != GRAMMAR)
    except OSError:
        return b""
    return version + bytes.fromhex(without_formats()) if GRAMMAR in names or not names else version


def _sha256(file: Found) -> bytes | None:
    """The digest of a file's bytes, which are not looked at here; None where they cannot be had."""
    digest = hashlib.sha256()
    try:
        descriptor = open_to_read(file.target or file.path)
    except OSError:
        return None
    try:
        while data := os.read(descriptor, _STEP):
            digest.update(data)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return digest.digest()
