"""Pages of long lists by where the last one ended (keyset), and counts that stop where nobody counts any more.

A page far down costs what the first one costs, and a row that arrives meanwhile neither repeats nor hides another.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import F, Field, Model, Q, QuerySet, Value

M = TypeVar("M", bound=Model)
PAGE_SIZE = 50
_ASKED = PAGE_SIZE + 1
"""Rows that are asked for: one more tells whether there is a next page."""
MOST_COUNTED = 10_000
"""A list that is longer says "10,000+"."""
_LONGEST_MARK = 600


@dataclass(frozen=True)
class Listed(Generic[M]):
    """One page of a list."""

    rows: Sequence[M]
    next_mark: str
    """``after`` of the next page; empty on the last one."""
    previous_mark: str
    """``before`` of the page before; empty on the first one."""

    def __iter__(self) -> Iterator[M]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def page_of(rows: QuerySet[M], after: str | None, before: str | None = None) -> Listed[M]:
    """The page after (or before) a mark; the first one where the mark is none of ours.

    The rows' order must end in a field that is unique; fields of it that may be null are not supported.
    """
    order = [str(name) for name in rows.query.order_by or rows.model._meta.ordering or ()]
    return _page(
        rows.model, order, after, before, lambda order, beyond: list(rows.order_by(*order).filter(beyond)[:_ASKED])
    )


def page_of_parts(
    parts: Sequence[QuerySet[M]], order: Sequence[str], shown: QuerySet[M], after: str | None, before: str | None = None
) -> Listed[M]:
    """The page after (or before) a mark of a list that is made of several, none of which has a row of another.

    Each part is such that an index has it in this order, so that only the rows of one page are read of it; what is
    shown of a row is asked of ``shown`` once it is known which rows they are. The order ends in the primary key.
    """

    def first(order: Sequence[str], beyond: Q) -> list[M]:
        keys = _first_keys([part.filter(beyond) for part in parts], order)
        found = shown.in_bulk(keys)
        return [found[key] for key in keys if key in found]

    return _page(shown.model, order, after, before, first)


def _first_keys(parts: Sequence[QuerySet[Any]], order: Sequence[str]) -> list[Any]:
    """Primary keys of the first rows of all parts together, one more than a page shows."""
    names = {f"key{place}": F(name.removeprefix("-")) for place, name in enumerate(order)}
    selects: list[str] = []
    values: list[Any] = []
    for part in parts:
        try:
            sql, told = part.order_by(*order).values(**names)[:_ASKED].query.sql_with_params()
        except EmptyResultSet:
            continue
        selects.append(f"SELECT * FROM ({sql}) AS part")  # noqa: S608 (made by the ORM, values apart)
        values += told
    if not selects:
        return []
    turns = ", ".join(f"key{place}{' DESC' * name.startswith('-')}" for place, name in enumerate(order))
    together = f"({' UNION ALL '.join(selects)}) AS parts"
    sql = f"SELECT key{len(order) - 1} FROM {together} ORDER BY {turns} LIMIT {_ASKED}"  # noqa: S608
    with connections[parts[0].db].cursor() as cursor:
        cursor.execute(sql, values)
        return [parts[0].model._meta.pk.to_python(key) for (key,) in cursor.fetchall()]


def _page(
    model: type[M],
    order: Sequence[str],
    after: str | None,
    before: str | None,
    first: Callable[[Sequence[str], Q], list[M]],
) -> Listed[M]:
    """The page after or before a mark; ``first`` tells the first rows of an order that stand beyond something."""
    backward = bool(before)
    values = _values(model, order, (before if backward else after) or "")
    if values is None:
        backward = False
        found = first(order, Q())
    elif backward:
        turned = [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order]
        found = first(turned, _beyond(turned, values))
    else:
        found = first(order, _beyond(order, values))
    more = len(found) > PAGE_SIZE
    found = found[:PAGE_SIZE]
    if backward:
        found.reverse()
    onward = bool(found) and (more or backward)
    back = bool(found) and (more if backward else values is not None)
    return Listed(
        rows=found,
        next_mark=_mark(found[-1], order) if onward else "",
        previous_mark=_mark(found[0], order) if back else "",
    )


def count_up_to(rows: QuerySet[Any], most: int = MOST_COUNTED) -> int:
    """How many rows there are; ``most + 1`` where there are more than ``most``."""
    return rows.order_by()[: most + 1].count()


def count_many(lists: Sequence[QuerySet[Any]], most: int = MOST_COUNTED) -> list[int]:
    """How many rows each list has, in one query; ``most + 1`` where there are more than ``most``.

    All of them live in one database.
    """
    selects: list[str] = []
    values: list[Any] = []
    for rows in lists:
        try:
            # No column is asked for: an index alone can then answer.
            one = rows.order_by().annotate(counted=Value(1)).values("counted")
            sql, told = one[: most + 1].query.sql_with_params()
        except EmptyResultSet:  # a list that Django knows to be empty without asking
            selects.append("0")
        else:
            selects.append(f"(SELECT COUNT(*) FROM ({sql}) AS part)")  # noqa: S608 (made by the ORM, values apart)
            values += told
    with connections[lists[0].db].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(selects)}", values)
        return [int(number) for number in cursor.fetchone()]


def counted(number: int, most: int = MOST_COUNTED) -> str:
    """A capped count as people read it."""
    return f"{most:,}+" if number > most else f"{number:,}"


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """The rows that stand after these values in this order."""
    beyond, same = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field, step = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        beyond |= same & Q(**{f"{field}__{step}": value})
        same &= Q(**{field: value})
    # Said once more for the first field alone: it is what lets the database start at the right place of an index.
    first, step = (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    return Q(**{f"{first}__{step}": values[0]}) & beyond


def _mark(row: Model, order: Sequence[str]) -> str:
    values = [_attribute(row, name.removeprefix("-")) for name in order]
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def _attribute(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part)
    return row


def _values(model: type[Model], order: Sequence[str], mark: str) -> list[Any] | None:
    """The values a mark stands for; None for anything that cannot be one."""
    if not mark or len(mark) > _LONGEST_MARK:
        return None
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)), type=list[str | int])
        if len(told) != len(order):
            return None
        return [
            _value(model._meta.get_field(name.removeprefix("-")), one) for name, one in zip(order, told, strict=True)
        ]
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def _value(field: Any, told: str | int) -> Any:
    kind = field.get_internal_type() if isinstance(field, Field) else ""
    if kind == "DateTimeField":
        when = datetime.datetime.fromisoformat(str(told))
        if when.tzinfo is None:
            raise ValueError(told)
        return when
    if kind == "DateField":
        return datetime.date.fromisoformat(str(told))
    if kind == "UUIDField":
        return uuid.UUID(str(told))
    if kind in ("CharField", "TextField"):
        return str(told)
    if isinstance(told, str) or not -(2**63) <= told < 2**63:
        raise ValueError(told)
    return told
