"""Poisonous files: those that ended the process that read them, twice, or used up its time. Known by their content.

Such a file is not tried again, under whatever name and wherever it lies, until the program has changed or its record
expires. Kept in the ledger: SHA-256, size, and how it ended.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time

from agent.scanning.opening import open_to_read
from agent.scanning.walk import Found
from protocol.records import Reason

_STEP = 1024 * 1024


class Poison:
    """What is remembered of poisonous files; used by one thread."""

    def __init__(self, database: sqlite3.Connection, program: str) -> None:
        """``database`` is the ledger's. ``program`` names the version of all that reads files.

        Raises sqlite3.Error.
        """
        self._database = database
        self._program = program
        rows = database.execute("SELECT sha256, size, reason FROM poison WHERE program = ?", (program,)).fetchall()
        self._known = {bytes(digest): Reason(reason) for digest, _, reason in rows}
        self._sizes = {size for _, size, _ in rows}

    def reason(self, file: Found) -> Reason | None:
        """How this file ended when it was tried, or None where it is not known. Only where the size fits is it read."""
        if file.status.st_size not in self._sizes:
            return None
        digest = _sha256(file)
        return None if digest is None else self._known.get(digest)

    def remember(self, file: Found, reason: Reason) -> None:
        """Remember a file that was the end of a worker. Raises sqlite3.Error."""
        digest = _sha256(file)
        if digest is None:
            return  # it has gone meanwhile
        self._known[digest] = reason
        self._sizes.add(file.status.st_size)
        row = (digest, file.status.st_size, self._program, int(time.time()), str(reason))
        self._database.execute("INSERT OR REPLACE INTO poison VALUES (?, ?, ?, ?, ?)", row)


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
