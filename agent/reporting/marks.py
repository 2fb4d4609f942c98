"""Marks of what was told: a violation of a file is the same one, told once, within a media session or on the disks.

A sighting that a waiver covers has a mark of its own, ``CONTROL WAIVER``: once the waiver has ended the same file is
told again, as what it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    session TEXT, content_hash TEXT, path_hash TEXT, control TEXT,
    PRIMARY KEY (session, content_hash, path_hash, control)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_place ON seen (session, path_hash);
"""


@dataclass(frozen=True, slots=True)
class SeenMark:
    """What makes a violation of a file the same one within a media session."""

    session: str
    content_hash: str
    path_hash: str
    control: str
    """The control, and after a space the id of the waiver that covers it, if one does."""


def take(db: sqlite3.Connection, mark: SeenMark) -> bool:
    """Keep a mark; says whether it is new. What is approved now is to be told again after that: its plain mark goes."""
    row = (mark.session, mark.content_hash, mark.path_hash, mark.control)
    fresh = db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)", row).rowcount
    control, space, _ = mark.control.partition(" ")
    if space:
        db.execute(
            "DELETE FROM seen WHERE session = ? AND content_hash = ? AND path_hash = ? AND control = ?",
            (*row[:3], control),
        )
    return bool(fresh)


def take_all(db: sqlite3.Connection, found: Iterable[SeenMark]) -> None:
    """Keep marks that were read elsewhere, as they are."""
    db.executemany(
        "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)",
        [(one.session, one.content_hash, one.path_hash, one.control) for one in found],
    )


APPROVALS = """
SELECT DISTINCT substr(control, instr(control, ' ') + 1) FROM seen
WHERE session = ?1 AND (content_hash = ?2 OR path_hash = ?3) AND control GLOB ?4 || ' *' ORDER BY 1"""
"""Ids of the waivers under which a file, by its content or its place, was told before."""
