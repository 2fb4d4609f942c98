"""Room in the outbox: when it is full, records of low priority are given up and counted; violations go last."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import msgspec

from protocol.ids import uuid7
from protocol.records import Record, RecordsDropped, Severity, ViolationSeen, encode_record

_BY_TYPE = {"scan": 0, "started": 1, "media-session": 2, "check": 3, "self-check": 4, "dropped": 90}
_BY_SEVERITY = {Severity.INFO: 10, Severity.LOW: 11, Severity.MEDIUM: 12, Severity.HIGH: 13, Severity.CRITICAL: 14}
_KEPT = 90
"""Never given up: the account of what was."""


def type_of(record: Record) -> str:
    """The tag under which a record travels."""
    return str(record.__struct_config__.tag)


def priority(record: Record) -> int:
    """How long a record is kept when room is short: low goes first."""
    if isinstance(record, ViolationSeen):
        return _BY_SEVERITY[record.severity]
    return _BY_TYPE[type_of(record)]


def make_room(db: sqlite3.Connection, max_bytes: int) -> None:
    """Give up waiting records, lowest priority and oldest first, until the rest fits; keep one count of them.

    Runs inside the caller's transaction. Records that are in an envelope stay.
    """
    (total,) = db.execute("SELECT bytes FROM room").fetchone()
    if total <= max_bytes:
        return
    counts: dict[str, int] = {}
    gone: list[tuple[int]] = []
    for number, kind, size in db.execute(
        "SELECT number, type, size FROM records WHERE envelope IS NULL AND priority < ? ORDER BY priority, number",
        (_KEPT,),
    ):
        if total <= max_bytes:
            break
        total -= size
        counts[kind] = counts.get(kind, 0) + 1
        gone.append((number,))
    if gone:
        db.executemany("DELETE FROM records WHERE number = ?", gone)
        _count(db, counts)


def give_up(db: sqlite3.Connection, number: int, kind: str) -> None:
    """Give up one record that cannot be read any more, and count it."""
    db.execute("DELETE FROM records WHERE number = ?", (number,))
    _count(db, {kind: 1})


def _count(db: sqlite3.Connection, counts: dict[str, int]) -> None:
    """Add to the one waiting `RecordsDropped`, or make it."""
    row = db.execute("SELECT number, line FROM records WHERE type = 'dropped' AND envelope IS NULL").fetchone()
    if row:
        dropped = msgspec.json.decode(row[1], type=RecordsDropped)
        merged = {kind: dropped.counts.get(kind, 0) + counts.get(kind, 0) for kind in {*dropped.counts, *counts}}
        line = encode_record(msgspec.structs.replace(dropped, counts=merged))
        db.execute("UPDATE records SET line = ?, size = ? WHERE number = ?", (line, len(line), row[0]))
        return
    dropped = RecordsDropped(id=uuid7(), seen_at=datetime.now(UTC), counts=counts)
    line = encode_record(dropped)
    db.execute(
        "INSERT INTO records (id, type, priority, size, line) VALUES (?, 'dropped', ?, ?, ?)",
        (dropped.id, _KEPT, len(line), line),
    )
