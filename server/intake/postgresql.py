"""What PostgreSQL does otherwise than SQLite with many rows: one COPY or one statement for all of them.

SQLite binds each row to a statement that is compiled once. PostgreSQL would be sent a statement for each, read it and
plan it, which costs three times what storing the row does. Here rows travel as one array for each column, in
statements that are prepared once for each connection. `server.intake.sql` decides, nothing else calls this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper

_UNIQUE_VIOLATION = "23505"
Columns = Mapping[str, str]
"""Quoted name of each column → its type, without length: a cast would cut a value short unsaid."""
Rows = Sequence[Sequence[Any]]


def copy(connection: BaseDatabaseWrapper, table: str, columns: Columns, rows: Rows) -> bool:
    """Store rows that should all be new; False where one of them is not: the transaction is to be rolled back."""
    try:
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as stream,
        ):
            for row in rows:
                stream.write_row(row)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != _UNIQUE_VIOLATION:
            raise
        return False
    return True


def insert(connection: BaseDatabaseWrapper, table: str, columns: Columns, rows: Rows, conflict: str) -> None:
    """Store rows; ``conflict`` is what follows ``ON CONFLICT``. The first column is the key: its last row counts."""
    execute(
        connection,
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({_arrays(columns)}) ON CONFLICT {conflict}",  # noqa: S608 (our models' names)
        _turned({row[0]: row for row in rows}.values()),
    )


def update(connection: BaseDatabaseWrapper, table: str, columns: Columns, rows: Rows) -> None:
    """Write these columns of rows that exist. The last column is the primary key: the last row of each counts."""
    *told, key = columns
    execute(
        connection,
        f"UPDATE {table} SET {', '.join(f'{column} = told.{column}' for column in told)} "  # noqa: S608 (our models' names)
        f"FROM unnest({_arrays(columns)}) AS told ({', '.join(columns)}) WHERE {table}.{key} = told.{key}",
        _turned({row[-1]: row for row in rows}.values()),
    )


def execute(connection: BaseDatabaseWrapper, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Execute a statement that is prepared the first time; its rows. Raises `django.db.DatabaseError`."""
    from psycopg import Cursor  # of the extra 'postgresql'; Django's own cursor would write values into the text

    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _arrays(columns: Columns) -> str:
    return ", ".join(f"{'%b' if type_ == 'bytea' else '%s'}::{type_}[]" for type_ in columns.values())


def _turned(rows: Any) -> list[list[Any]]:
    """The values of each column."""
    return [list(values) for values in zip(*rows, strict=True)]
