"""Verdicts by content: a document that was examined before is known again under another name and in another place.

Kept in the ledger for what takes longer to read than to hash: documents, mail and archives, not plain text. A record
is found by a keyed hash of all bytes (GMAC with a key that never leaves the ledger: whoever brings a file cannot make
it look like another one), the ending of the name, the rules and the format's version. It is made only where the name
and the folders say nothing by themselves, and used only where a worker has found the same of the new ones. What a
record says of findings and members is sealed with a key that only the same content gives again.

The bytes are hashed here, by the scanner: a worker that was taken over by one file must not speak for another.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time

import msgspec

from agent.scanning.folders import facts
from agent.scanning.formats import FORMATS
from agent.scanning.media_types import EXTENSIONS, TEXT_EXTENSIONS
from agent.scanning.opening import open_to_read
from agent.scanning.pictures_seen import day_of
from agent.scanning.sealing import opened, sealed
from agent.scanning.versions import made_by
from agent.scanning.walk import Found
from agent.scanning.wire import Examined
from agent.scanning.workforce import Known
from protocol.records import Verdict

READ_WHOLE = 4 * 1024 * 1024
"""Bytes up to which a worker has read all of a file anyway (see `agent.scanning.worker`): hashing it costs no disk."""

LARGEST = 64 * 1024 * 1024
"""Bytes up to which containers are hashed too, which are read from end to end."""

_QUICK = frozenset({"text", "escaped", "html", "picture", "not_read"})
"""Formats that are read as fast as they are hashed, and pictures (see `agent.scanning.pictures_seen`)."""

_STEP = 1024 * 1024

SCHEMA = """
CREATE TABLE IF NOT EXISTS content (
  hint BLOB NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL, verdict BLOB NOT NULL, PRIMARY KEY (hint, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS content_at ON content (at);
CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL);
"""


class _Record(msgspec.Struct, frozen=True, array_like=True):
    made_by: bytes
    rows: list[Examined]


_records = msgspec.msgpack.Decoder(_Record)
_encode = msgspec.msgpack.Encoder().encode


class Contents:
    """The verdicts by content in one ledger; used by one thread."""

    def __init__(self, database: sqlite3.Connection, context: bytes, oldest: int) -> None:
        """``database`` is the ledger's. ``context``: as the `Ledger`'s. What was made before ``oldest`` is not used.

        Raises sqlite3.Error.
        """
        self._database = database
        self._context = context
        self._oldest = oldest
        database.execute("INSERT OR IGNORE INTO secret VALUES (1, ?)", (os.urandom(32),))
        self._secret = bytes(database.execute("SELECT key FROM secret").fetchone()[0])
        self._any = database.execute("SELECT 1 FROM content LIMIT 1").fetchone() is not None
        self._waiting: list[tuple[bytes, bytes, int, bytes]] = []

    def known(self, name: str, status: os.stat_result, descriptor: int) -> Known | None:
        """What this content was found to be, or None. Its bytes are read only where size and ending fit a record.

        Raises OSError, sqlite3.Error, ValueError.
        """
        if not self._any or not 0 < status.st_size <= LARGEST or (ending := _ending(name)) in TEXT_EXTENSIONS:
            return None
        called = name if _names_its_member(ending) else ending
        hint = self._hint(status.st_size, called)
        if self._database.execute("SELECT 1 FROM content WHERE hint = ? LIMIT 1", (hint,)).fetchone() is None:
            return None
        tag = self._hashed(descriptor, status)
        for day in ("", day_of(status)) if tag is not None else ():
            key, seal = self._keys(tag or b"", called, day)
            found = self._database.execute(
                "SELECT at, verdict FROM content WHERE hint = ? AND key = ?", (hint, key)
            ).fetchone()
            if found is not None and found[0] >= self._oldest:
                record = _records.decode(opened(found[1], seal))
                if record.made_by == made_by(row.media_type for row in record.rows):
                    return Known(record.rows, found[0])
        return None

    def put(self, file: Found, status: os.stat_result, rows: list[Examined]) -> None:
        """Remember what a file's content was found to be. ``status`` is that of the descriptor that was read.

        The file is read once more, from the page cache most often, and not remembered where it has changed since.
        """
        format_name = FORMATS.get(rows[0].media_type, "text")
        if format_name in _QUICK:
            return
        ending = _ending(file.name)
        called = file.name if _names_its_member(ending) else ending
        if format_name == "compressed" and called == ending:
            return
        if status.st_size > (READ_WHOLE if len(rows) == 1 else LARGEST):
            return
        tag = self._hashed_again(file, status)
        if tag is None:
            return
        key, seal = self._keys(tag, called, day_of(status) if any(row.findings for row in rows) else "")
        record = _encode(_Record(made_by(row.media_type for row in rows), rows))
        stored = sealed(record, seal, plain=says_nothing(rows))
        self._waiting.append((self._hint(status.st_size, called), key, int(time.time()), stored))

    def waiting(self) -> list[tuple[bytes, bytes, int, bytes]]:
        """The rows that are to be written, which are let go of here."""
        rows, self._waiting = self._waiting, []
        self._any = self._any or bool(rows)
        return rows

    def _hashed_again(self, file: Found, status: os.stat_result) -> bytes | None:
        try:
            descriptor = open_to_read(file.target or file.path)
        except OSError:
            return None
        try:
            if facts(os.fstat(descriptor)) != facts(status):
                return None
            tag = self._hashed(descriptor, status)
            return tag if facts(os.fstat(descriptor)) == facts(status) else None
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def _hashed(self, descriptor: int, status: os.stat_result) -> bytes | None:
        """The keyed hash of all bytes; None where there are not as many as there should be. Raises OSError."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # here: many a scan never needs it

        # One nonce for all is sound here: nothing is encrypted, and the tags are shown to nobody.
        mac = Cipher(algorithms.AES256(self._secret), modes.GCM(bytes(12))).encryptor()
        at = 0
        while at <= status.st_size and (data := os.pread(descriptor, _STEP, at)):
            mac.authenticate_additional_data(data)
            at += len(data)
        mac.finalize()
        return mac.tag if at == status.st_size else None

    def _hint(self, size: int, called: str) -> bytes:
        what = b"%d\0%s" % (size, called.encode("utf-8", "surrogateescape"))
        return hashlib.blake2b(what, key=self._secret, digest_size=8).digest()

    def _keys(self, tag: bytes, called: str, day: str) -> tuple[bytes, bytes]:
        """The key of the record and the key of its seal."""
        what = b"%s\0%s\0%s\0%s" % (self._context, tag, called.encode("utf-8", "surrogateescape"), day.encode())
        digest = hashlib.blake2b(what, key=self._secret, digest_size=48).digest()
        return digest[:16], digest[16:]


def says_nothing(rows: list[Examined]) -> bool:
    """Whether a record holds neither findings nor names of members."""
    return len(rows) == 1 and rows[0].verdict is not Verdict.FINDING


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _names_its_member(ending: str) -> bool:
    """Whether what is inside takes its name from the file's, so that a verdict holds for this name alone."""
    return FORMATS.get(EXTENSIONS.get(ending, ("",))[0]) == "compressed"
