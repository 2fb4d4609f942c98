"""What SQLite knows of how much the indexes of violations narrow: without it a list may be sorted whole for one page.

PostgreSQL sees to that by itself.
"""

from __future__ import annotations

from django.db import connection

from server.violations.models import Group

FEWEST = 1_000
"""Rows below which every plan is good enough."""


def renew() -> bool:
    """Have SQLite count anew where there are twice as many violations as when it counted last; whether it did.

    It takes about a second for half a million of them, in which nothing else is written beside the spool.
    """
    if connection.vendor != "sqlite":
        return False
    table = Group._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT MAX(rowid) FROM "{table}"')  # noqa: S608 (our model's name)
        rows = cursor.fetchone()[0] or 0
        if rows < FEWEST or rows < 2 * _told(table):
            return False
        cursor.execute(f'ANALYZE "{table}"')
    return True


def _told(table: str) -> int:
    """How many rows there were when it counted last; 0 where it never did, or where an index is new since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return 0
        cursor.execute("SELECT idx, CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = %s", [table])
        told = dict(cursor.fetchall())
    whole = [told.get(index.name, 0) for index in Group._meta.indexes if index.condition is None]
    return min(whole, default=0)
