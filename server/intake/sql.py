"""Plain INSERT and UPDATE for many rows at once: about four times as fast as saving objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

MAX_VARIABLES = 900
"""Values of one statement: below what any SQLite was built for."""

T = TypeVar("T")


def chunks(items: Sequence[T], size: int = MAX_VARIABLES) -> Iterator[Sequence[T]]:
    """The items in portions a statement can carry."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_new(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, keyed by field name; a row whose key is there already is left as it is."""
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    columns = _columns(model, rows[0], connection)
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(column for _, column, _ in columns)
    one = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES {one} ON CONFLICT DO NOTHING",  # noqa: S608 (names are our models')
            [[prepare(row[name]) for name, _, prepare in columns] for row in rows],
        )


def update_by_pk(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the named fields of rows that exist; every row names the same fields, ``pk`` among them."""
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    ((_, key, prepare_key),) = _columns(model, [model._meta.pk.name], connection)
    columns = _columns(model, [name for name in rows[0] if name != "pk"], connection)
    table = connection.ops.quote_name(model._meta.db_table)
    settings = ", ".join(f"{column} = %s" for _, column, _ in columns)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {settings} WHERE {key} = %s",  # noqa: S608 (names are our models')
            [[*(prepare(row[name]) for name, _, prepare in columns), prepare_key(row["pk"])] for row in rows],
        )


_Column = tuple[str, str, Callable[[Any], Any]]
"""A field's name, its quoted column, and what makes its values fit for the database."""


def _columns(model: type[models.Model], names: Iterable[str], connection: BaseDatabaseWrapper) -> list[_Column]:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    quote = connection.ops.quote_name
    return [(name, quote(str(by_name[name].column)), _preparer(by_name[name], connection)) for name in names]


def _preparer(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Callable[[Any], Any]:
    """What `Field.get_db_prep_save` would do, found out once and not for every value."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(target, models.UUIDField) and not connection.features.has_native_uuid_field:
        return _hex
    if isinstance(target, models.CharField | models.TextField | models.IntegerField | models.FloatField):
        return _same
    return partial(target.get_db_prep_save, connection=connection)


def _same(value: Any) -> Any:
    return value


def _hex(value: Any) -> Any:
    return None if value is None else value.hex
