"""A damaged outbox: kept aside, what can still be read of it taken over, and the collector told.

Only the running agent mends, for it alone holds the lock of the state folder.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from agent.reporting.marks import SeenMark
from agent.reporting.outbox import FILE, Outbox, OutboxDamaged
from protocol.ids import uuid7
from protocol.records import RecordsDropped, decode_record

KIND = "outbox-damaged"
"""Stands in `RecordsDropped.counts`: how often the outbox was damaged; what it held besides is not known."""

log = logging.getLogger(__name__)


def open_outbox(state: Path, *, max_bytes: int) -> Outbox:
    """Open the outbox; a damaged one is mended. Raises `OutboxUnavailable` where there is no writing now."""
    try:
        outbox = Outbox(state, max_bytes=max_bytes)
        outbox.examine()
    except OutboxDamaged:
        aside = _set_aside(state)
        outbox = Outbox(state, max_bytes=max_bytes)
        _take_over(outbox, aside)
    return outbox


def mend(outbox: Outbox) -> None:
    """Mend an outbox that is in use. Raises `OutboxUnavailable`."""
    kept: list[Path] = []
    outbox.replace(lambda: kept.append(_set_aside(outbox.state)))
    _take_over(outbox, kept[0])


def _set_aside(state: Path) -> Path:
    """Move the file, and what SQLite keeps beside it, to a name of its own."""
    aside = state / f"outbox.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid7()[-4:]}.sqlite3"
    for ending in ("-wal", "-shm", ""):
        file = state / (FILE + ending)
        if file.exists():
            file.rename(f"{aside}{ending}")
    log.error("the outbox is damaged: it was set aside as %s, and a new one was begun", aside.name)
    return aside


def _take_over(outbox: Outbox, aside: Path) -> None:
    lines: dict[int, bytes] = {}
    marks: set[SeenMark] = set()
    sessions: dict[str, bytes] = {}
    try:
        with closing(sqlite3.connect(aside, timeout=1)) as db:
            for number, line in _rows(db, "SELECT number, line FROM records ORDER BY number"):
                if isinstance(number, int) and _is_record(line):
                    lines[number] = line
            for row in _rows(db, "SELECT session, content_hash, path_hash, control FROM seen ORDER BY session"):
                if all(isinstance(value, str) for value in row):
                    marks.add(SeenMark(*row))
            for mark, line in _rows(db, "SELECT mark, record FROM sessions ORDER BY session"):
                if isinstance(mark, str) and _is_record(line):
                    sessions[mark] = line
    except sqlite3.Error:
        log.warning("nothing more can be read of the damaged outbox")
    outbox.take_over([lines[number] for number in sorted(lines)], marks, sessions.items())
    outbox.put(RecordsDropped(id=uuid7(), seen_at=datetime.now(UTC), counts={KIND: 1}))
    log.warning("%d records of the damaged outbox could be saved", len(lines))


def _rows(db: sqlite3.Connection, question: str) -> Iterator[tuple[Any, ...]]:
    """What can be read of a table: from its beginning up to the damage, and from its end back to it."""
    for order in ("", " DESC"):
        try:
            yield from db.execute(question + order)
        except sqlite3.Error:
            continue
        return


def _is_record(line: Any) -> bool:
    try:
        decode_record(line)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        return False
    return True
