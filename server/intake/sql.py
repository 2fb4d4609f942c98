"""Plain SELECT, INSERT and UPDATE for many rows at once: several times as fast as by way of objects."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, TypeVar

from django.db import OperationalError, connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

from protocol.ids import canonical, minted
from server.intake import postgresql

MAX_VARIABLES = 900
"""Values of one statement: below what any SQLite was built for."""

T = TypeVar("T")


def chunks(items: Sequence[T], size: int = MAX_VARIABLES) -> Iterator[Sequence[T]]:
    """The items in portions a statement can carry."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_new(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, keyed by field name; a row whose key is there already is left as it is."""
    if rows:
        prepares = [prepare for _, _, prepare in _columns(model, rows[0], connection_of(model))]
        prepared = [
            [prepare(value) for prepare, value in zip(prepares, row.values(), strict=True)] for row in _in_order(rows)
        ]
        insert_prepared(model, list(rows[0]), prepared)


def _in_order(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows, each with its fields in the order of the first one."""
    names = list(rows[0])
    return (row if list(row) == names else {name: row[name] for name in names} for row in rows)


class Overtaken(OperationalError):
    """Another worker has stored one of these rows since it was looked for: roll back, and look again."""


def insert_prepared(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, all_new: bool = False
) -> None:
    """Insert rows whose values are as the database wants them (`moment`, `identity`), in the order of ``names``.

    A row whose key is there already is left as it is; where all must be new, `Overtaken` is raised. With SQLite nobody
    else could have stored one: it need not look before each row, and the error would be an `IntegrityError`.
    """
    if not rows:
        return
    connection = connection_of(model)
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "postgresql":
        typed = _typed(model, tuple(names))
        if not all_new:
            postgresql.insert(connection, table, typed, rows, "DO NOTHING")
        elif not postgresql.copy(connection, table, typed, rows):
            raise Overtaken("rows that were new a moment ago are stored already")
        return
    columns = ", ".join(column for _, column, _ in _columns(model, names, connection))
    one = f"({', '.join(['%s'] * len(names))})"
    there = "" if all_new else " ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES {one}{there}",  # noqa: S608 (our models' names)
            rows,
        )


def upsert_prepared(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, or write what they say over those that are there; the first name is the primary key's."""
    if not rows:
        return
    connection = connection_of(model)
    table = connection.ops.quote_name(model._meta.db_table)
    key, *others = (column for _, column, _ in _columns(model, names, connection))
    conflict = f"({key}) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in others)}"
    if connection.vendor == "postgresql":
        last = {row[0]: row for row in rows}  # one statement may not write over a row twice
        postgresql.insert(connection, table, _typed(model, tuple(names)), list(last.values()), conflict)
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join((key, *others))}) VALUES ({', '.join(['%s'] * len(names))}) "  # noqa: S608 (our models' names)
            f"ON CONFLICT {conflict}",
            rows,
        )


def update_prepared(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write the named fields of rows that exist: each row's values are prepared, the primary key is the last one.

    Fields that an index holds cost most: name only what changes.
    """
    if not rows:
        return
    connection = connection_of(model)
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "postgresql":
        typed = _typed(model, (*names, model._meta.pk.name))
        postgresql.update(connection, table, typed, rows)
        return
    settings = ", ".join(f"{column} = %s" for _, column, _ in _columns(model, names, connection))
    key = connection.ops.quote_name(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {settings} WHERE {key} = %s", rows)  # noqa: S608 (our models' names)


def rows_of(
    model: type[models.Model],
    names: Sequence[str],
    key: str,
    values: Sequence[Any],
    *,
    also: tuple[str, Any] | None = None,
    lock: bool = False,
) -> list[tuple[Any, ...]]:
    """Rows whose field ``key`` is one of these prepared values; what is read is as `moment` and `identity` make it.

    ``also`` is a second field and the value it must have. Where the database locks rows, ``lock`` keeps others from
    changing them meanwhile: give the values in order.
    """
    connection = connection_of(model)
    by_name = {field.name: field for field in model._meta.concrete_fields}
    column_of_key = connection.ops.quote_name(str(by_name[key].column))
    locked = f" ORDER BY {column_of_key} FOR NO KEY UPDATE" if lock and connection.vendor == "postgresql" else ""
    quote = connection.ops.quote_name
    told = []
    for name in names:
        column = quote(str(by_name[name].column))
        told.append(_as_text(column, _told_by(by_name[name]), connection))
    further = "" if also is None else f" AND {quote(str(by_name[also[0]].column))} = %s"
    found: list[tuple[Any, ...]] = []
    select = f"SELECT {', '.join(told)} FROM {quote(model._meta.db_table)} WHERE {column_of_key}"  # noqa: S608 (our models' names)
    if connection.vendor == "postgresql":
        (type_,) = _typed(model, (key,)).values()
        asked = f"{select} = ANY(%s::{type_}[]){further}{locked}"
        return postgresql.execute(connection, asked, [postgresql.array(values), *(also or ())[1:]]) if values else []
    with connection.cursor() as cursor:
        for part in chunks(values):
            asked = f"{select} IN ({', '.join(['%s'] * len(part))}){further}"
            cursor.execute(asked, [*part, *(also or ())[1:]])
            found += cursor.fetchall()
    return found


def _as_text(column: str, field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    """What is selected of a column: text for ids and moments, of which objects would be built else (`Prepared`)."""
    if isinstance(field, models.DateTimeField):
        return f"CAST({column} AS TEXT)" if connection.vendor == "sqlite" else _MOMENT.format(column)
    if isinstance(field, models.UUIDField) and connection.vendor == "postgresql":
        return f"CAST({column} AS TEXT)"
    return column


def connection_of(model: type[models.Model]) -> BaseDatabaseWrapper:
    """The connection of this thread to the database in which a model's table lives."""
    return connections[router.db_for_write(model)]


class Prepared:
    """What moments and ids look like in the database: both sort by time.

    Ids are text: without hyphens in SQLite, with them in PostgreSQL. So are moments: a `datetime` costs PostgreSQL's
    driver more than all else of a row, and each is written several times.
    """

    def __init__(self, model: type[models.Model]) -> None:
        native = connection_of(model).features.has_native_uuid_field
        self.moment: Callable[[datetime], str] = _moment_with_zone if native else _moment_text
        self.identity: Callable[[str], Any] = _canonical if native else _plain_hex
        """Of an id in any form that `uuid.UUID` reads."""
        self.uuid: Callable[[uuid.UUID], Any] = str if native else _hex
        self._native = native

    def fresh(self, count: int) -> list[Any]:
        """So many new ids."""
        digits = minted(count)
        return [canonical(each) for each in digits] if self._native else digits


CANONICAL_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""How our own agents write an id."""


def _canonical(text: str) -> str:
    return text if CANONICAL_UUID.fullmatch(text) else str(uuid.UUID(text))


def _plain_hex(text: str) -> str:
    return text.replace("-", "") if CANONICAL_UUID.fullmatch(text) else uuid.UUID(text).hex


def _moment_text(moment: datetime) -> str:
    """As Django writes it into SQLite: UTC, without a zone."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(" ")


_MOMENT = "TO_CHAR({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00')"
"""How PostgreSQL says what `_moment_with_zone` does."""


def _moment_with_zone(moment: datetime) -> str:
    """As PostgreSQL reads it, whatever its settings, and always of the same length: it sorts by time."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:-3]


def update_by_pk(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the named fields of rows that exist; every row names the same fields, ``pk`` among them."""
    if rows:
        names = [name for name in rows[0] if name != "pk"]
        prepares = [prepare for _, _, prepare in _columns(model, [*names, model._meta.pk.name], connection_of(model))]
        prepared = [
            [prepare(row[name]) for prepare, name in zip(prepares, [*names, "pk"], strict=True)] for row in rows
        ]
        update_prepared(model, names, prepared)


_Column = tuple[str, str, Callable[[Any], Any]]
"""A field's name, its quoted column, and what makes its values fit for the database."""


def _columns(model: type[models.Model], names: Iterable[str], connection: BaseDatabaseWrapper) -> list[_Column]:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    quote = connection.ops.quote_name
    return [(name, quote(str(by_name[name].column)), _preparer(by_name[name], connection)) for name in names]


@cache
def _typed(model: type[models.Model], names: tuple[str, ...]) -> dict[str, str]:
    """The quoted column of each of these fields, with what PostgreSQL calls its type."""
    connection = connection_of(model)
    by_name = {field.name: field for field in model._meta.concrete_fields}
    fields = [by_name[name] for name in names]
    quote = connection.ops.quote_name
    return {quote(str(field.column)): str(field.cast_db_type(connection)).partition("(")[0] for field in fields}


def _told_by(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """The field whose values a field holds: its own, or those of the row it refers to."""
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _preparer(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Callable[[Any], Any]:
    """What `Field.get_db_prep_save` would do, found out once and not for every value."""
    target = _told_by(field)
    if isinstance(target, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value if connection.vendor != "sqlite" else _maybe_moment
    if isinstance(target, models.UUIDField) and not connection.features.has_native_uuid_field:
        return _hex
    if isinstance(target, models.CharField | models.TextField | models.IntegerField | models.FloatField):
        return _same
    return partial(target.get_db_prep_save, connection=connection)


def _maybe_moment(value: datetime | None) -> str | None:
    return None if value is None else _moment_text(value)


def _same(value: Any) -> Any:
    return value


def _hex(value: Any) -> Any:
    return None if value is None else value.hex
