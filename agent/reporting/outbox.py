"""The outbox: what is still to be told, on disk, from the moment it is seen until the collector's signed receipt.

One SQLite file (WAL, synchronous=FULL). A record is durable when `Outbox.put` returns. `Outbox.lease` closes waiting
records into an envelope in one transaction and stores the envelope's bytes: those same bytes are sent until a good
receipt comes, so that a lost answer is answered with ``duplicate`` and nothing is told twice. A crash at any instant
loses nothing: record ids are minted once, before the record comes here.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from agent.reporting import eviction, marks, places
from agent.reporting.identity import Identity, make_private
from agent.reporting.marks import SeenMark
from protocol.envelope import FIRST_PREVIOUS, EnvelopeError, parse
from protocol.receipts import Answer, Receipt
from protocol.records import MediaSessionSeen, Record, ScanDone, decode_record, encode_record

FILE = "outbox.sqlite3"
MAX_RECORDS = 500
MAX_LINES = 256 * 1000
"""Bytes of records in one envelope before packing, one larger record aside: a slow line gets each through."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    priority INTEGER NOT NULL, size INTEGER NOT NULL, line BLOB NOT NULL, envelope INTEGER);
CREATE INDEX IF NOT EXISTS waiting ON records (envelope, priority, number);
CREATE TABLE IF NOT EXISTS envelopes (
    sequence INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, raw BLOB NOT NULL, left_here INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS room (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO room VALUES (1, 0);
CREATE TRIGGER IF NOT EXISTS more AFTER INSERT ON records BEGIN UPDATE room SET bytes = bytes + new.size; END;
CREATE TRIGGER IF NOT EXISTS less AFTER DELETE ON records BEGIN UPDATE room SET bytes = bytes - old.size; END;
CREATE TRIGGER IF NOT EXISTS other AFTER UPDATE OF size ON records
    BEGIN UPDATE room SET bytes = bytes + new.size - old.size; END;
CREATE TABLE IF NOT EXISTS words (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
    session TEXT PRIMARY KEY, mark TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
"""


class OutboxUnavailable(Exception):
    """The outbox cannot be written or read now (disk full, file locked, disk fault). Try again later."""


class OutboxDamaged(OutboxUnavailable):
    """The file is no sound database any more. The agent sets it aside and begins a new one (`agent.reporting.mend`)."""


@dataclass(frozen=True, slots=True)
class Leased:
    """An envelope on its way: these bytes and no others until its receipt."""

    sequence: int
    digest: str
    raw: bytes


class Outbox:
    """The store. Safe to use from several threads and from several processes at once."""

    def __init__(self, state: Path, *, max_bytes: int = 200_000_000, read_only: bool = False) -> None:
        """Open or make the outbox below ``state``; ``read_only`` needs it to exist. Raises `OutboxUnavailable`."""
        self.state = state
        self.damaged = False
        """Whether the file has turned out to be damaged since it was opened."""
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        with self._told():
            if read_only:
                self._db = sqlite3.connect(f"{(state / FILE).as_uri()}?mode=ro", uri=True, timeout=15)
            else:
                self._open()

    def _open(self) -> None:
        make_private(self.state)
        (self.state / FILE).touch(mode=0o600)
        self._db = sqlite3.connect(self.state / FILE, timeout=15, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA journal_size_limit=16777216")
            self._db.executescript(_SCHEMA + marks.SCHEMA + places.SCHEMA)
        except sqlite3.Error:
            self._db.close()
            raise

    def examine(self) -> None:
        """Read the whole file once. Raises `OutboxDamaged` where it is not sound."""
        verdict = self._all("PRAGMA quick_check(1)")
        if verdict != [("ok",)]:
            raise OutboxDamaged(_DAMAGED)

    def replace(self, aside: Callable[[], object]) -> None:
        """Close the file, let ``aside`` move it away, and go on with a new one. Raises `OutboxUnavailable`."""
        with self._lock, self._told():
            self._db.close()
            aside()
            self._open()
            self.damaged = False

    def take_over(self, lines: Iterable[bytes], seen: Iterable[SeenMark], open_: Iterable[tuple[str, bytes]]) -> None:
        """Take what could be read of a damaged outbox: records, marks and open sessions. Raises `OutboxUnavailable`."""
        with self._transaction() as db:
            self._insert(db, tuple(decode_record(line) for line in lines))
            marks.take_all(db, seen)
            for mark, record in open_:
                first = msgspec.json.decode(record, type=MediaSessionSeen)
                db.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", (first.session, mark, record))

    def close(self) -> None:
        """Close the file; nothing is lost."""
        with self._lock:
            self._db.close()

    # --- in ----------------------------------------------------------------------------------------------------

    def put(self, *records: Record) -> None:
        """Take records; durable on return. A record whose id is here already is taken once.

        Raises `OutboxUnavailable`; then none of them was taken.
        """
        with self._transaction() as db:
            self._insert(db, records)

    def put_once(self, record: Record, mark: SeenMark) -> bool:
        """Take a record unless one with the same mark was taken before; says whether it was. Raises as `put`."""
        with self._transaction() as db:
            fresh = marks.take(db, mark)
            if fresh:
                self._insert(db, (record,))
            return fresh

    def put_scan(self, done: ScanDone, session: str) -> None:
        """Take the sum of a scan; what it tells to be gone counts as not yet told in this session. Raises as `put`."""
        with self._transaction() as db:
            places.forget_told(db, session, done.gone)
            self._insert(db, (done,))

    def keep_places(self, found: Iterable[places.Place]) -> None:
        """Remember where violations lie. Raises as `put`."""
        with self._transaction() as db:
            places.keep(db, found)

    def known_places(self) -> list[places.Place]:
        """What `keep_places` was told. Raises `OutboxUnavailable`."""
        return [places.Place(*row) for row in self._all(places.ALL)]

    def approvals(self, mark: SeenMark) -> tuple[str, ...]:
        """Ids of the waivers under which a violation of a file was told before. Raises `OutboxUnavailable`."""
        rows = self._all(marks.APPROVALS, mark.session, mark.content_hash, mark.path_hash, mark.control.split(" ")[0])
        return tuple(str(row[0]) for row in rows)

    def _insert(self, db: sqlite3.Connection, records: tuple[Record, ...]) -> None:
        for record in records:
            line = encode_record(record)
            db.execute(
                "INSERT OR IGNORE INTO records (id, type, priority, size, line) VALUES (?, ?, ?, ?, ?)",
                (record.id, eviction.type_of(record), eviction.priority(record), len(line), line),
            )
        eviction.make_room(db, self._max_bytes)

    # --- media sessions that are open -----------------------------------------------------------------------------

    def session_open(self, mark: str, record: MediaSessionSeen) -> None:
        """Take the first record of a media session, and remember the session by ``mark`` over a crash.

        Raises `OutboxUnavailable`.
        """
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", (record.session, mark, encode_record(record))
            )
            self._insert(db, (record,))

    def session_end(self, session: str, *records: Record) -> None:
        """Forget a media session and what was seen in it, and take its last records. Raises `OutboxUnavailable`."""
        with self._transaction() as db:
            db.execute("DELETE FROM sessions WHERE session = ?", (session,))
            db.execute("DELETE FROM seen WHERE session = ?", (session,))
            self._insert(db, records)

    def sessions(self) -> list[tuple[str, MediaSessionSeen]]:
        """(mark, first record) of each open session, oldest first."""
        rows = self._all("SELECT mark, record FROM sessions ORDER BY session")
        return [(mark, msgspec.json.decode(record, type=MediaSessionSeen)) for mark, record in rows]

    # --- out ---------------------------------------------------------------------------------------------------

    def lease(self, identity: Identity, *, max_records: int = MAX_RECORDS, max_lines: int = MAX_LINES) -> Leased | None:
        """The oldest envelope without a receipt; else a new one of what waits; None where nothing waits."""
        with self._transaction() as db:
            self._open_spoilt(db)
            row = db.execute("SELECT sequence, digest, raw FROM envelopes ORDER BY sequence LIMIT 1").fetchone()
            return Leased(*row) if row else self._build(db, identity, max_records, max_lines)

    def lease_all(self, identity: Identity, *, max_records: int, max_lines: int) -> list[Leased]:
        """Everything that waits, as envelopes that are now taken to have left this computer, oldest first.

        Envelopes that certainly never left are opened again first, so that a file carried by hand holds as few
        envelopes as can be.
        """
        with self._transaction() as db:
            self._open_spoilt(db)
            self._dissolve(db, "left_here = 0")
            while self._build(db, identity, max_records, max_lines):
                pass
            db.execute("UPDATE envelopes SET left_here = 1")
            rows = db.execute("SELECT sequence, digest, raw FROM envelopes ORDER BY sequence").fetchall()
            return [Leased(*row) for row in rows]

    def mark_left(self, leased: Leased) -> None:
        """Note, before its first byte is sent, that an envelope may have left this computer."""
        with self._transaction() as db:
            db.execute("UPDATE envelopes SET left_here = 1 WHERE digest = ? AND left_here = 0", (leased.digest,))

    def _build(self, db: sqlite3.Connection, identity: Identity, max_records: int, max_lines: int) -> Leased | None:
        limit = min(max_records, int(self._word(db, "limit", str(max_records))))
        chosen: dict[int, Record] = {}
        total = 0
        rows = db.execute(
            "SELECT number, type, line FROM records WHERE envelope IS NULL ORDER BY number LIMIT ?", (max(limit, 1),)
        ).fetchall()
        for number, kind, line in rows:
            total += len(line) + 1
            if chosen and total > max_lines:
                break
            try:
                chosen[number] = decode_record(line)
            except (msgspec.DecodeError, UnicodeDecodeError):  # the disk's fault; it must not hold up all others
                eviction.give_up(db, number, kind)
        if not chosen:
            return self._build(db, identity, max_records, max_lines) if rows else None
        sequence, previous = self._tail(db)
        records = list(chosen.values())
        raw = identity.envelope(sequence + 1, previous, datetime.now(UTC), records)
        leased = Leased(sequence + 1, parse(raw).digest, raw)
        db.execute(
            "INSERT INTO envelopes (sequence, digest, raw) VALUES (?, ?, ?)", (leased.sequence, leased.digest, raw)
        )
        db.executemany("UPDATE records SET envelope = ? WHERE number = ?", [(leased.sequence, n) for n in chosen])
        self._set_tail(db, leased.sequence, leased.digest)
        return leased

    def commit(self, receipt: Receipt) -> bool:
        """Let go of an envelope that the collector has durably taken; says whether it was one of ours.

        ``receipt`` must be verified already (`protocol.receipts.open_receipt`) and must not be a refusal.
        """
        if receipt.answer is Answer.REFUSED:
            raise ValueError("a refused envelope is kept")
        with self._transaction() as db:
            row = db.execute(
                "SELECT sequence FROM envelopes WHERE digest = ? AND sequence = ?", (receipt.digest, receipt.sequence)
            ).fetchone()
            if row:
                db.execute("DELETE FROM records WHERE envelope = ?", row)
                db.execute("DELETE FROM envelopes WHERE sequence = ?", row)
                db.execute("DELETE FROM words WHERE name IN ('limit', 'refusal', 'error')")
                self._set_word(db, "receipt", f"{receipt.received.isoformat()} {receipt.answer} {receipt.sequence}")
            return bool(row)

    def rebase(self, sequence: int, previous: str) -> None:
        """Fall in again where the collector stands: open all envelopes and close them anew from ``sequence`` on.

        Records keep their ids, so that whatever the collector holds already is not stored twice.
        """
        with self._transaction() as db:
            self._dissolve(db, "1")
            self._set_tail(db, sequence - 1, previous or FIRST_PREVIOUS)

    def split(self, leased: Leased) -> bool:
        """Close smaller envelopes from now on, for one was too large; says False where it cannot be smaller."""
        with self._transaction() as db:
            (count,) = db.execute("SELECT count(*) FROM records WHERE envelope = ?", (leased.sequence,)).fetchone()
            if count <= 1:
                return False
            self._dissolve(db, "sequence >= ?", leased.sequence)
            self._set_word(db, "limit", str(count // 2))
            return True

    def _dissolve(self, db: sqlite3.Connection, which: str, *values: int) -> None:
        """Open envelopes again, from the first that ``which`` fits to the newest: a chain has no holes."""
        (first,) = db.execute(f"SELECT min(sequence) FROM envelopes WHERE {which}", values).fetchone()  # noqa: S608
        if first is None:
            return
        (raw,) = db.execute("SELECT raw FROM envelopes WHERE sequence = ?", (first,)).fetchone()
        try:
            previous = parse(raw).header.previous
        except EnvelopeError:  # spoilt on this disk; where the row stands, the collector will say
            previous = FIRST_PREVIOUS
        db.execute("UPDATE records SET envelope = NULL WHERE envelope >= ?", (first,))
        db.execute("DELETE FROM envelopes WHERE sequence >= ?", (first,))
        self._set_tail(db, first - 1, previous)

    def _open_spoilt(self, db: sqlite3.Connection) -> None:
        """Open an envelope again whose bytes are no longer those that were closed: nobody would ever take it."""
        for sequence, digest, raw in db.execute("SELECT sequence, digest, raw FROM envelopes ORDER BY sequence"):
            if hashlib.sha256(raw).hexdigest() != digest:
                self._dissolve(db, "sequence >= ?", sequence)
                return

    def find(self, digest: str) -> Leased | None:
        """The envelope with this digest, where it still waits here for its receipt."""
        rows = self._all("SELECT sequence, digest, raw FROM envelopes WHERE digest = ?", digest)
        return Leased(*rows[0]) if rows else None

    def holds(self, sequence: int) -> bool:
        """Whether an envelope of this sequence still waits here for its receipt."""
        return bool(self._all("SELECT 1 FROM envelopes WHERE sequence = ?", sequence))

    # --- what stands here ------------------------------------------------------------------------------------------

    def waiting(self) -> dict[str, int]:
        """Type of record → how many wait, those on their way included."""
        return dict(self._all("SELECT type, count(*) FROM records GROUP BY type"))

    @property
    def fill(self) -> float:
        """How much of the room is taken, 0 to 1."""
        return float(self._all("SELECT bytes FROM room")[0][0]) / self._max_bytes

    def word(self, name: str) -> str:
        """A remembered word (``receipt``, ``refusal``, ``error`` …); empty where there is none."""
        rows = self._all("SELECT value FROM words WHERE name = ?", name)
        return str(rows[0][0]) if rows else ""

    def remember(self, name: str, value: str) -> None:
        """Remember a word for `mijian status`; an empty one is forgotten."""
        with self._transaction() as db:
            self._set_word(db, name, value)

    # --- below -------------------------------------------------------------------------------------------------

    def _tail(self, db: sqlite3.Connection) -> tuple[int, str]:
        return int(self._word(db, "sequence", "0")), self._word(db, "previous", FIRST_PREVIOUS)

    def _set_tail(self, db: sqlite3.Connection, sequence: int, previous: str) -> None:
        self._set_word(db, "sequence", str(sequence))
        self._set_word(db, "previous", previous)

    @staticmethod
    def _word(db: sqlite3.Connection, name: str, default: str) -> str:
        row = db.execute("SELECT value FROM words WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    @staticmethod
    def _set_word(db: sqlite3.Connection, name: str, value: str) -> None:
        if value:
            db.execute("INSERT OR REPLACE INTO words VALUES (?, ?)", (name, value))
        else:
            db.execute("DELETE FROM words WHERE name = ?", (name,))

    def _all(self, question: str, *values: object) -> list[Any]:
        with self._lock, self._told():
            return self._db.execute(question, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One IMMEDIATE transaction: all of it or nothing, also where the disk is full."""
        with self._lock, self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if (
                    self._db.in_transaction
                ):  # SQLite has rolled back by itself after some errors, a full disk among them
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite and the file system say into `OutboxUnavailable`."""
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
            raise OutboxUnavailable(f"the outbox cannot be used now: {error}") from error
        except sqlite3.Error as error:
            self.damaged = True
            raise OutboxDamaged(_DAMAGED) from error
        except OSError as error:
            raise OutboxUnavailable(f"the outbox cannot be opened: {error.strerror}") from error


_DAMAGED = f"the outbox ({FILE} in the state folder) is damaged: start the agent, which sets it aside and begins anew"
