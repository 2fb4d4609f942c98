"""The ledger of what was seen: a file that has not changed since it was examined is not examined again.

A verdict is used only where all of these agree: device, inode, size, time of last modification and of last change,
the file's place and name, the rules, the program itself and the settings that bear on the verdict. The key is a hash
over them, so the ledger holds no path; what a record says of findings and members is sealed with a key that only
the same file in the same place gives again. Failures that belong to the file (encrypted, damaged …) are remembered
too; those that belong to the moment (crashed, timeout, vanished, unreadable) never are.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from pathlib import Path
from types import TracebackType

import msgspec

from agent.scanning.walk import Found
from agent.scanning.wire import Examined
from protocol.records import Reason, Verdict

log = logging.getLogger(__name__)

EXPIRES = 30 * 24 * 3600
"""Seconds after which a verdict is no longer used."""

UNSETTLED = 2.0
"""Seconds since a file's last change within which it may change again without its times showing it."""

BATCH = 500
"""Verdicts written in one transaction."""

OF_THE_MOMENT = frozenset({Reason.CRASHED, Reason.TIMEOUT, Reason.VANISHED, Reason.UNREADABLE, Reason.SPECIAL_FILE})
"""Reasons that say nothing of the file as such."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL, verdict BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
"""

_rows = msgspec.msgpack.Decoder(list[Examined])
_encode = msgspec.msgpack.Encoder().encode


class Ledger:
    """One ledger file, open for one scan; used by one thread."""

    def __init__(self, path: Path, context: str, *, expires: float = EXPIRES) -> None:
        """Open or make the ledger at ``path``.

        ``context`` says what a verdict rests on beside the file: rules digest, program, settings. Raises OSError or
        sqlite3.Error where it cannot be had; a ledger is a convenience, the caller goes on without.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        self._database = sqlite3.connect(path, timeout=2.0, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # a lost verdict costs a second look, no more
        self._database.executescript(_SCHEMA)
        self._context = context.encode()
        self._oldest = int(time.time() - expires)
        self._new: list[tuple[bytes, int, bytes]] = []
        self._broken = False
        self._database.execute("DELETE FROM seen WHERE at < ?", (self._oldest,))

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        self._database.close()

    def get(self, file: Found) -> list[Examined] | None:
        """The rows of this very file as they were found before, or None."""
        if self._broken:
            return None
        key, seal = self._keys(file, file.status)
        try:
            row = self._database.execute("SELECT at, verdict FROM seen WHERE key = ?", (key,)).fetchone()
            if row is None or row[0] < self._oldest:
                return None
            return _rows.decode(_opened(row[1], seal))
        except (sqlite3.Error, msgspec.DecodeError, ValueError) as error:
            self._give_up(error)
            return None

    def put(self, file: Found, status: os.stat_result, rows: list[Examined]) -> None:
        """Remember how a file ended. ``status`` is that of the descriptor that was read."""
        if self._broken or any(row.reason in OF_THE_MOMENT for row in rows):
            return
        if time.time() - max(status.st_mtime, status.st_ctime) < UNSETTLED:
            return
        key, seal = self._keys(file, status)
        self._new.append((key, int(time.time()), _sealed(_encode(rows), seal, plain=_says_nothing(rows))))
        if len(self._new) >= BATCH:
            self._write()

    def _keys(self, file: Found, status: os.stat_result) -> tuple[bytes, bytes]:
        """The key of the record and the key of its seal, both from all that the verdict rests on."""
        what = b"%s\0%d %d %d %d %d\0%s\0%s" % (
            self._context,
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            file.folder.encode("utf-8", "surrogateescape"),
            file.name.encode("utf-8", "surrogateescape"),
        )
        digest = hashlib.blake2b(what, digest_size=48).digest()
        return digest[:16], digest[16:]

    def _write(self) -> None:
        if not self._new or self._broken:
            return
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", self._new)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)
        self._new.clear()

    def _give_up(self, error: Exception) -> None:
        """Go on without the ledger for the rest of this scan: a full disk or a damaged file must not end it."""
        self._broken = True
        log.warning("the ledger of what was seen cannot be used: %s", type(error).__name__)


def _says_nothing(rows: list[Examined]) -> bool:
    """Whether a record holds neither findings nor names of members."""
    return len(rows) == 1 and rows[0].verdict is not Verdict.FINDING


def _sealed(record: bytes, key: bytes, *, plain: bool) -> bytes:
    """A record as it is stored: one that names nothing as it is, any other encrypted."""
    if plain:
        return b"\0" + record
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # here: most scans never need it

    nonce = os.urandom(12)
    return b"\1" + nonce + ChaCha20Poly1305(key).encrypt(nonce, record, None)


def _opened(stored: bytes, key: bytes) -> bytes:
    """The record again. Raises ValueError where it is not what was sealed with this key."""
    if stored[:1] == b"\0":
        return stored[1:]
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        return ChaCha20Poly1305(key).decrypt(stored[1:13], stored[13:], None)
    except InvalidTag as error:
        raise ValueError("the record was altered") from error
