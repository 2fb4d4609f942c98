"""The ledger of what was seen: a file that has not changed since it was examined is not examined again.

A verdict is used only where all of these agree: device and inode (on a medium: the medium's identity), size, time of
last modification and of last change, the file's place and name, the rules, the version of the format that read it,
the rest of the program and the settings that bear on the verdict. The key is a hash over them, so the ledger holds
no path; what a record says of findings and members is sealed with a key that only the same file in the same place
gives again. Failures that belong to the file (encrypted, damaged …) are remembered too; those that belong to the
moment (vanished, unreadable …) never are.

Beside the verdicts of files stand those of whole folders: where no file in it has changed, one look does for all.
Files that ended the process that read them are remembered by their content (see `agent.scanning.poison`), and so are
documents that need not be read again under another name (see `agent.scanning.contents`).
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from operator import attrgetter
from pathlib import Path
from types import TracebackType

import msgspec

from agent.scanning import contents, poison
from agent.scanning.folders import Account, Settled, kept, settled
from agent.scanning.kept_passages import KeptPassages
from agent.scanning.opening import Done
from agent.scanning.program import program
from agent.scanning.sealing import opened, sealed
from agent.scanning.versions import made_by
from agent.scanning.walk import Found, Listing
from agent.scanning.wire import Examined
from agent.scanning.workforce import Known
from protocol.records import Reason

log = logging.getLogger(__name__)

EXPIRES_DAYS = 90
"""Days after which a verdict is no longer used, where nobody set it otherwise."""

UNSETTLED = 2.0
"""Seconds since a file's last change within which it may change again without its times showing it."""

BATCH = 500
"""Verdicts written in one transaction at most."""

OFTEN = 0.3
"""Seconds after which verdicts are written although there are fewer: what is not written when we are killed is lost."""

MANY = 64
"""Known folders from which on two processes walk."""

MOST_BYTES = 1024 * 1024 * 1024
"""Bytes of records above which the oldest fourth goes, expired or not."""

OF_THE_MOMENT = frozenset({Reason.CRASHED, Reason.TIMEOUT, Reason.VANISHED, Reason.UNREADABLE, Reason.SPECIAL_FILE})
"""Reasons that say nothing of the file as such."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL, verdict BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS folder (key BLOB PRIMARY KEY, at INTEGER NOT NULL, record BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS folder_at ON folder (at);
"""


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of one file."""

    made_by: bytes
    rows: list[Examined]


_FACTS = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")
_FACTS_OF_A_MEDIUM = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns")
_SIZE = attrgetter("st_size")

_records = msgspec.msgpack.Decoder(_Record)
_encode = msgspec.msgpack.Encoder().encode


class Ledger:
    """One ledger file, open for one scan; used by one thread."""

    def __init__(
        self,
        path: Path,
        context: str,
        *,
        medium: str = "",
        expires: float = EXPIRES_DAYS * 86400,
        most: int = MOST_BYTES,
        passages: KeptPassages | None = None,
    ) -> None:
        """Open or make the ledger at ``path``.

        ``context`` says what a verdict rests on beside the file and its format: rules, program, settings.
        ``medium`` is the identity of the medium all files lie on, which then stands for device and inode: these are
        others each time it is plugged in. ``passages``: where text is kept, closed with the ledger.
        Raises OSError or sqlite3.Error where the ledger cannot be had; it is a convenience, the caller goes on without.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        self.database = sqlite3.connect(path, timeout=2.0, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = NORMAL")  # a lost verdict costs a second look, no more
        self.database.executescript(_SCHEMA + contents.SCHEMA + poison.SCHEMA)
        self._context = context.encode()
        self._medium = medium.encode()
        self._oldest = int(time.time() - expires)
        self._files: list[tuple[bytes, int, bytes]] = []
        self._folders: list[tuple[bytes, int, bytes]] = []
        self._written = time.monotonic()
        self._accounts: dict[int, Account] = {}
        self._broken = False
        for table in ("seen", "folder", "content", "poisonous"):
            self.database.execute(f"DELETE FROM {table} WHERE at < ?", (self._oldest,))  # noqa: S608 - our own names
        self._keep_within(most)
        self._contents = contents.Contents(self.database, self._context, self._oldest)
        self._passages = passages
        self._program = program().encode()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        self.database.close()
        if self._passages is not None:
            self._passages.close()

    # -- whole folders -------------------------------------------------------------------------------------------

    def settled(self, listing: Listing) -> Settled | None:
        """How all files of a folder ended before, where not one has changed; else None, and account is kept of them.

        None too where one of them must be examined for any other reason: then they are asked for one by one.
        """
        if self._broken:
            return None
        key, seal, size = self.folder_keys(listing)
        known = self.settled_by(key, seal, size)
        if known is None and not self._broken:
            self._accounts[id(listing)] = Account(listing, key, seal)
        return known

    def settled_by(self, key: bytes, seal: bytes, size: int) -> Settled | None:
        """The same by what `folder_keys` says of the folder; no account is kept."""
        if self._broken:
            return None
        try:
            row = self.database.execute("SELECT at, record FROM folder WHERE key = ?", (key,)).fetchone()
            if row is not None and row[0] >= self._oldest:
                return settled(opened(row[1], seal), size)
        except (sqlite3.Error, msgspec.DecodeError, ValueError) as error:
            self._give_up(error)
        return None

    def knows_many(self) -> bool:
        """Whether so many folders are known that it is worth to look at a tree with two processes."""
        try:
            many = self.database.execute("SELECT count(*) FROM (SELECT 1 FROM folder LIMIT ?)", (MANY,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return False
        return bool(many[0] == MANY)

    def folder_keys(self, listing: Listing) -> tuple[bytes, bytes, int]:
        """The key of a folder's record, the key of its seal, and the bytes of its files."""
        inodes = not self._medium
        place = self._medium or b"%d" % listing.device
        names, statuses = zip(*listing.files, strict=True) if listing.files else ((), ())
        told = list(map(_FACTS if inodes else _FACTS_OF_A_MEDIUM, statuses))
        facts = (self._context, place, listing.inside, names, told)
        size = sum(map(_SIZE, statuses))
        try:
            what = _encode(facts)
        except UnicodeEncodeError:  # a name that is no text
            what = repr(facts).encode("ascii", "backslashreplace")
        digest = hashlib.blake2b(what, digest_size=48).digest()
        return digest[:16], digest[16:], size

    def _account(self, file: Found, status: os.stat_result, rows: list[Examined], *, lasting: bool, at: int) -> None:
        """Note how one file of a folder ended, and keep the whole folder once that is known of all."""
        listing = file.listing
        account = self._accounts.get(id(listing)) if listing is not None else None
        if account is None or not account.add(file, status, rows, lasting=lasting, at=at):
            return
        del self._accounts[id(listing)]
        record = kept(account)
        if record is not None:
            stored = sealed(record, account.seal, plain=not account.others)
            self._folders.append((account.key, account.at, stored))

    # -- single files --------------------------------------------------------------------------------------------

    def get(self, file: Found) -> list[Examined] | None:
        """The rows of this very file as they were found before, or None."""
        if self._broken:
            return None
        key, seal = self._keys(file, file.status)
        try:
            row = self.database.execute("SELECT at, verdict FROM seen WHERE key = ?", (key,)).fetchone()
            if row is None or row[0] < self._oldest:
                return None
            record = _records.decode(opened(row[1], seal))
        except (sqlite3.Error, msgspec.DecodeError, ValueError) as error:
            self._give_up(error)
            return None
        if record.made_by != made_by(row.media_type for row in record.rows):
            return None  # another version of a format reads it now
        self._account(file, file.status, record.rows, lasting=True, at=row[0])
        return record.rows

    def look_up(self, file: Found, status: os.stat_result, descriptor: int) -> Known | bytes | None:
        """What the content behind a descriptor was found to be, in whatever file (see `agent.scanning.contents`).

        Else the text of this very file, where it was kept.
        """
        if self._broken:
            return None
        try:
            known = self._contents.known(file.name, status, descriptor)
            if known is None and self._passages is not None:
                return self._passages.get(*self._keys(file, status, self._program))
            return known
        except OSError:
            return None  # the reader meets the same, and tells it
        except (sqlite3.Error, msgspec.DecodeError, ValueError) as error:
            self._give_up(error)
            return None

    def keep(self, done: Done) -> None:
        """Remember how a file ended that was examined."""
        reply = done.reply
        # What its names say, and what pictures wait for, is not in its bytes alone.
        of_content = not (reply.named or reply.content)
        self.put(done.file, done.status, reply.rows, of_content=of_content, known=done.known, text=reply.kept)

    def put(
        self,
        file: Found,
        status: os.stat_result,
        rows: list[Examined],
        *,
        of_content: bool = False,
        known: Known | None = None,
        text: bytes = b"",
    ) -> None:
        """Remember how a file ended. ``status`` is that of the descriptor that was read.

        ``of_content``: the rows hold for any other file with this content. ``known``: they were made before.
        ``text``: to be kept.
        """
        if self._broken:
            return
        at = int(time.time()) if known is None else known.at
        lasting = not any(row.reason in OF_THE_MOMENT for row in rows)
        settled_long = time.time() - max(status.st_mtime, status.st_ctime) >= UNSETTLED
        self._account(file, status, rows, lasting=lasting and settled_long, at=at)
        if lasting and settled_long:
            key, seal = self._keys(file, status)
            record = _encode(_Record(made_by(row.media_type for row in rows), rows))
            self._files.append((key, at, sealed(record, seal, plain=contents.says_nothing(rows))))
            if of_content and known is None:
                self._contents.put(file, status, rows)
            if text and self._passages is not None:
                self._keep_text(file, status, rows, text)
        if len(self._files) >= BATCH or time.monotonic() - self._written > OFTEN:
            self._write()

    def _keep_text(self, file: Found, status: os.stat_result, rows: list[Examined], text: bytes) -> None:
        try:
            if self._passages is not None:
                self._passages.put(*self._keys(file, status, self._program), rows, text)
        except sqlite3.Error as error:
            log.warning("text cannot be kept any more: %s", type(error).__name__)
            self._passages = None

    def _keys(self, file: Found, status: os.stat_result, context: bytes = b"") -> tuple[bytes, bytes]:
        """The key of the record and the key of its seal, both from all that the verdict rests on.

        ``context``: what that is, beside the file; by default the ledger's.
        """
        place = self._medium or b"%d %d" % (status.st_dev, status.st_ino)
        what = b"%s\0%s %d %d %d\0%s\0%s" % (
            context or self._context,
            place,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            file.folder.encode("utf-8", "surrogateescape"),
            file.name.encode("utf-8", "surrogateescape"),
        )
        digest = hashlib.blake2b(what, digest_size=48).digest()
        return digest[:16], digest[16:]

    # -- the file it is kept in ----------------------------------------------------------------------------------

    def _write(self) -> None:
        self._written = time.monotonic()
        rows = self._contents.waiting()
        if self._broken or not (self._files or self._folders):
            return
        try:
            self.database.execute("BEGIN IMMEDIATE")
            self.database.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", self._files)
            self.database.executemany("INSERT OR REPLACE INTO folder VALUES (?, ?, ?)", self._folders)
            self.database.executemany("INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?)", rows)
            self.database.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)
        self._files.clear()
        self._folders.clear()

    def _keep_within(self, most: int) -> None:
        """Let go of the oldest records where there are too many: nothing grows without bound."""
        pages, free, size = (
            self.database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size <= most:
            return
        for table in ("seen", "folder", "content"):
            count = self.database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            edge = self.database.execute(
                f"SELECT at FROM {table} ORDER BY at LIMIT 1 OFFSET ?",  # noqa: S608
                (count // 4,),
            ).fetchone()
            if edge is not None:
                self.database.execute(f"DELETE FROM {table} WHERE at <= ?", edge)  # noqa: S608

    def _give_up(self, error: Exception) -> None:
        """Go on without the ledger for the rest of this scan: a full disk or a damaged file must not end it."""
        self._broken = True
        log.warning("the ledger of what was seen cannot be used: %s", type(error).__name__)
