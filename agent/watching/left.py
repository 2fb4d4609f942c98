"""Documents left on media that are approved for carrying between networks: since when each lies there (MEDIA-10).

Such a medium is to be empty again once its task is done. What a file system says of the age of a file proves little,
for a copy keeps the time of the original; so the first sighting of each file is kept, over all insertions. Kept are
keyed hashes over place, size and time of modification, never a name: a file that was written anew is another one.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.judging.media import NOTHING_LEFT, Left
from agent.reporting.identity import make_private
from agent.scanning.media_types import EXTENSIONS, TEXT_EXTENSIONS, Kind
from agent.scanning.walk import Found, MissingPath, NotEntered, Walk
from protocol import keys
from protocol.records import Medium, Reason

FILE = "left.sqlite3"
MOST_FILES = 20_000
"""Documents of one medium that are told apart."""
MOST_ROWS = 200_000
"""Documents of all media together; above, those not seen for the longest time are forgotten."""
FORGOTTEN = timedelta(days=400)
"""How long a medium that does not come back is remembered."""
_DOCUMENTS = (
    {ending for ending, (_, kind) in EXTENSIONS.items() if kind is not Kind.BINARY} | set(TEXT_EXTENSIONS) | {"txt"}
)
"""Endings of names under which office information lies; programs, sound and film are none."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS lying (
    medium BLOB, file BLOB, first INTEGER NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY (medium, file)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lying_seen ON lying (seen);
"""

log = logging.getLogger(__name__)


class LeftFiles:
    """Remembers when each document was first seen on a medium. For one thread at a time."""

    def __init__(self, state: Path, organisation_key: bytes, days: float) -> None:
        """``days``: how long a document may lie there. Nothing is opened before the first look."""
        self._file = state / FILE
        self._key = organisation_key
        self._days = timedelta(days=days)
        self.failed = False
        """Whether the last look could not be kept, so that times are not known."""

    def look(self, medium: Medium, path: str, now: datetime | None = None) -> Left:
        """See which documents lie at ``path``, where a medium is mounted, and what has been there for too long.

        What has gone from the medium is forgotten. Where the table cannot be used nothing is told but `failed`.
        """
        at = int((now or datetime.now(UTC)).timestamp() * 1000)
        name = f"{medium.key} {medium.filesystem_uuid_hash or ''}".encode()  # each partition for itself
        met = list(self._documents(name, path))
        whole = None not in met
        there = [one for one in met if one is not None][:MOST_FILES]
        try:
            left = self._kept(self._hash(name), there, at, whole=whole and len(there) < MOST_FILES)
        except (sqlite3.Error, OSError) as error:
            self.failed = True
            log.warning("how long documents lie on media is not known: %s", type(error).__name__)
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                with suppress(OSError):  # damaged: times begin anew
                    self._file.unlink()
            return NOTHING_LEFT
        self.failed = False
        return left

    def _documents(self, medium: bytes, path: str) -> Iterator[bytes | None]:
        """The hash of each document; None for a folder that could not be looked into."""
        try:
            for met in Walk([path]):
                if isinstance(met, NotEntered):
                    if met.reason is not Reason.SPECIAL_FILE:
                        yield None
                elif met.name.rpartition(".")[2].lower() in _DOCUMENTS:
                    yield self._hash(b"%s\0%s" % (medium, _identity(met, path)))
        except MissingPath:  # pulled
            yield None

    def _hash(self, value: bytes) -> bytes:
        return bytes.fromhex(keys.keyed_hash(self._key, b"mijian-left/1\0" + value))[:16]

    def _kept(self, medium: bytes, there: list[bytes], at: int, *, whole: bool) -> Left:
        make_private(self._file.parent)
        self._file.touch(mode=0o600)
        with closing(sqlite3.connect(self._file, timeout=5, isolation_level=None)) as db:
            db.executescript(_SCHEMA)
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "INSERT INTO lying VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seen = excluded.seen",
                [(medium, file, at, at) for file in there],
            )
            if whole:
                db.execute("DELETE FROM lying WHERE medium = ? AND seen <> ?", (medium, at))
            db.execute("DELETE FROM lying WHERE seen < ?", (at - _milliseconds(FORGOTTEN),))
            db.execute(
                "DELETE FROM lying WHERE seen < (SELECT seen FROM lying ORDER BY seen DESC LIMIT 1 OFFSET ?)",
                (MOST_ROWS,),
            )
            row = db.execute(
                "SELECT count(*), min(first) FROM lying WHERE medium = ? AND seen = ? AND first < ?",
                (medium, at, at - _milliseconds(self._days)),
            ).fetchone()
            db.execute("COMMIT")
        files, first = row
        return Left(files, (at - first) // _milliseconds(timedelta(days=1))) if files else NOTHING_LEFT


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def _identity(file: Found, top: str) -> bytes:
    status = file.status
    inside = file.path[len(top.rstrip("/")) :]
    return b"%s\0%d %d" % (os.fsencode(inside), status.st_size, status.st_mtime_ns)
