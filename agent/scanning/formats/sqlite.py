"""SQLite databases: the texts in their tables, each value by itself.

The bytes are offered to the sieve as they are: SQLite keeps texts as they were given, in the encoding that its header
names. Where a literal is in them the library itself reads the tables, from memory and with nothing allowed but that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.binary import values
from agent.scanning.formats.charset import TEXT_ENCODINGS
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "sqlite"
MEDIA_TYPES = ("application/vnd.sqlite3",)
LIMITS = {
    "bytes read as tables": 128 * MiB,
    "bytes searched at once": 4 * MiB,
    "values told": 2_000,
    "steps": 20_000_000,
}
LIMITATIONS = (
    "Of databases texts are read where they are a marking by themselves; documents kept in them as bytes are not.",
    "Databases larger than 128 MiB, and damaged ones, are searched as bytes: values that stand side by side are one.",
    "What lies in a write-ahead log beside the database is not read with it.",
)

_ENCODINGS = {1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}
_SEARCHED = frozenset(TEXT_ENCODINGS)
_UTF8 = frozenset({"utf-8"})
_OVERLAP = 4096
_LONGEST = 400
_TROUBLE = (sqlite3.Error, ValueError, OverflowError)
"""What the library raises for damaged files; `ValueError` where it cannot even say why."""
_AT_ONCE = 10_000
_LIST = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name IS NOT NULL AND sql IS NOT NULL"
)
_READ = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})


def _allowed(action: int, what: str | None, *_: object) -> int:
    """Reading, and asking whether the file is sound; nothing else."""
    allowed = action in _READ or (action == sqlite3.SQLITE_PRAGMA and what == "quick_check")
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the values in which there is a literal of some rule."""
    head = source.head(100)
    encoding = _ENCODINGS.get(int.from_bytes(head[56:60], "big"), "utf-8")
    whole = source.size <= LIMITS["bytes read as tables"]
    found: list[str] = []
    for data in _stretches(source):
        spans = reading.sieve.spans(data, encodings=_SEARCHED)
        if spans := [span for span in spans if span[2] == encoding]:
            if whole:
                yield from _told(source.read(LIMITS["bytes read as tables"]), reading)
                return
            found += values(data, spans)
    for value in list(dict.fromkeys(found))[: LIMITS["values told"]]:
        yield _passage(value)


def _stretches(source: Source) -> Iterator[bytes]:
    """The file in stretches that overlap."""
    size, at = LIMITS["bytes searched at once"], 0
    while at < source.size:
        if source.data is not None:
            yield source.data[at : at + size]
        else:
            source.stream.seek(at)
            yield source.stream.read(size)
        at += size if at + size >= source.size else size - _OVERLAP


def _told(data: bytes, reading: Reading) -> Iterator[Passage]:
    """The values with a literal, by the library; as bytes where it cannot read the file."""
    told: set[str] = set()
    tables = _Tables()
    for value in tables.texts(data):
        if value not in told and reading.worth(value.encode("utf-8", "replace"), encodings=_UTF8):
            told.add(value)
            yield _passage(value)
            if len(told) >= LIMITS["values told"]:
                return
    if not tables.damaged and (told or tables.are_sound(data)):
        return
    spans = reading.sieve.spans(data, encodings=_SEARCHED)
    for value in dict.fromkeys(values(data, spans)):
        if value not in told:
            yield _passage(value)
    if tables.steps <= 0:
        raise NotExamined(Reason.TOO_LARGE, "reading the tables takes too many steps")
    raise NotExamined(Reason.DAMAGED, "a table of the database cannot be read")


class _Tables:
    """All tables of one database, read within a number of steps."""

    def __init__(self) -> None:
        self.damaged = False
        """Whether a table could not be read whole."""
        self.steps = LIMITS["steps"] // _AT_ONCE

    def texts(self, data: bytes) -> Iterator[str]:
        """All texts of all tables, with the statements that made them, which hold names and constants."""
        with closing(sqlite3.connect(":memory:")) as base:
            tables: list[tuple[str, str]] = []
            try:
                self._open(base, data)
                tables = base.execute(_LIST).fetchall()
            except _TROUBLE:
                self.damaged = True
            for name, statement in tables:
                yield from _split(statement)
                yield from self._table(base, name)

    def are_sound(self, data: bytes) -> bool:
        """Whether the library finds nothing wrong with the file: in a damaged one it may pass over rows in silence."""
        with closing(sqlite3.connect(":memory:")) as base:
            try:
                self._open(base, data)
                return bool(base.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)])
            except _TROUBLE:
                return False

    def _open(self, base: sqlite3.Connection, data: bytes) -> None:
        # One that was written with a log beside it is opened as if it had none.
        base.deserialize(data[:18] + b"\x01\x01" + data[20:])
        base.execute("PRAGMA trusted_schema=OFF")
        base.execute("PRAGMA temp_store=MEMORY")
        base.text_factory = lambda raw: raw.decode("utf-8", "replace")
        base.set_progress_handler(self._spent, _AT_ONCE)
        base.set_authorizer(_allowed)

    def _spent(self) -> bool:
        self.steps -= 1
        return self.steps <= 0

    def _table(self, base: sqlite3.Connection, name: str) -> Iterator[str]:
        quoted = name.replace('"', '""')
        try:
            for row in base.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - quoted, and nothing but reading allowed
                for value in row:
                    if isinstance(value, str):
                        yield from _split(value)
        except _TROUBLE:
            self.damaged = True


def _split(value: str) -> list[str]:
    """A text by its lines, since a value may be a letter."""
    return [line.strip()[:_LONGEST] for line in value.split("\n") if line.strip()]


def _passage(value: str) -> Passage:
    return Passage(Zone.BODY, value, Place(part="setting"))
