"""Where violations lie that were told of the computer's own disks: keyed hashes only, kept to say later what is gone.

A file of a medium is told with each insertion anew; one of a disk is told once. Without this the collector could never
learn that it was put right (control CHECK-06).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from protocol.records import GoneFile

SCHEMA = """
CREATE TABLE IF NOT EXISTS places (
    content_hash TEXT, control TEXT, path_hash TEXT, above TEXT NOT NULL,
    PRIMARY KEY (content_hash, control, path_hash)) WITHOUT ROWID;
"""
ALL = "SELECT content_hash, control, path_hash, above FROM places"


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a violation."""

    content_hash: str
    control: str
    path_hash: str
    """Of path and member, as the evidence has it."""
    above: str
    """Hashes of the file on the disk and of each folder above it up to where its disk is mounted, with blanks."""


def keep(db: sqlite3.Connection, places: Iterable[Place]) -> None:
    """Remember places."""
    rows = [(one.content_hash, one.control, one.path_hash, one.above) for one in places]
    db.executemany("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", rows)


def forget_told(db: sqlite3.Connection, session: str, gone: Iterable[GoneFile]) -> None:
    """Let what is gone be told again, should it come back."""
    rows = [(session, one.content_hash, one.control) for one in gone]
    db.executemany("DELETE FROM seen WHERE session = ? AND content_hash = ? AND control = ?", rows)
