"""Reads a database of another program while that program may be using it, and never touches the original.

Database and write-ahead log are copied into a folder nobody else may enter, again where they changed meanwhile; the
copy is opened, read within limits on time and memory, and deleted.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from agent.checks.traces_base import OUT_OF_TIME, Search
from agent.checks.tree import DAMAGED, TOO_LARGE, Tree, Unreadable

MOST = 512 << 20
"""Bytes of a database that is still read."""
_TRIES = 3
_STEPS = 10_000
"""Instructions of the database engine between two looks at the clock."""


@contextmanager
def copied(search: Search, path: str, table: str) -> Iterator[sqlite3.Connection]:
    """The database at ``path``, to be read. Raises `Unreadable`, also where ``table`` is no table of it."""
    with tempfile.TemporaryDirectory(prefix="mijian-") as folder:
        copy = Path(folder) / "copy.sqlite"
        for _ in range(_TRIES):
            before = _stamp(search.tree, path)
            _copy(search, path, copy)
            _copy(search, path + "-wal", copy.with_name("copy.sqlite-wal"))
            if _stamp(search.tree, path) == before:
                break
        try:
            with closing(sqlite3.connect(copy, timeout=0, isolation_level=None)) as database:
                _confine(search, database)
                kind = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (table,)).fetchone()
                if kind != ("table",):
                    raise Unreadable(path, DAMAGED)
                yield database
        except sqlite3.OperationalError as error:
            raise Unreadable(path, OUT_OF_TIME if search.late() else DAMAGED) from error
        except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
            raise Unreadable(path, DAMAGED) from error


def _confine(search: Search, database: sqlite3.Connection) -> None:
    """A database may be made to harm its reader: no code of its own, little memory, and an end."""
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA query_only = ON")
    database.execute("PRAGMA cell_size_check = ON")
    database.execute("PRAGMA cache_size = -8000")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 8 << 20)
    database.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.set_progress_handler(search.late, _STEPS)


def _copy(search: Search, path: str, to: Path) -> None:
    with search.tree.opened(path) as descriptor:
        if descriptor is None:
            to.unlink(missing_ok=True)
            return
        if os.fstat(descriptor).st_size > MOST:
            raise Unreadable(path, TOO_LARGE)
        with to.open("wb") as file:
            left = MOST
            while left > 0 and (piece := os.read(descriptor, min(left, 1 << 20))):
                file.write(piece)
                left -= len(piece)
                if search.late():
                    raise Unreadable(path, OUT_OF_TIME)


def _stamp(tree: Tree, path: str) -> list[tuple[int, int] | None]:
    found = (tree.status(path), tree.status(path + "-wal"))
    return [None if one is None else (one.st_size, one.st_mtime_ns) for one in found]
