"""Kinds of values that requests may hold, each within bounds, and the pages of long lists."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils import timezone
from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from server.api.problems import Problem

M = TypeVar("M", bound=Model)
LARGEST_KEY = 2**63 - 1
MOST_ROWS = 500
_EARLIEST, _LATEST = 1970, 2999


def _plain(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text holds no NUL")
    return text


def _moment(moment: datetime) -> datetime:
    if not _EARLIEST <= moment.year <= _LATEST:
        raise ValueError(f"a moment lies between {_EARLIEST} and {_LATEST}")
    return moment if moment.tzinfo is not None else timezone.make_aware(moment)


def _day(day: date) -> date:
    if not _EARLIEST <= day.year <= _LATEST:
        raise ValueError(f"a day lies between {_EARLIEST} and {_LATEST}")
    return day


Short = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain)]
"""A name or a word."""
Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_plain)]
"""A note or a reason; what is too long for its field is refused there with a sentence."""
Moment = Annotated[datetime, AfterValidator(_moment)]
"""A moment; without a zone, one of the collector's own."""
Day = Annotated[date, AfterValidator(_day)]


class Span(Schema):
    """Which part of a list is wanted."""

    limit: int = Field(100, ge=1, le=MOST_ROWS, description="Rows of one answer")
    after: Short = Field("", description="“next” of the answer before; empty for the first")


class Reason(Schema):
    """Why something is done; it stays in the audit log or in the history."""

    reason: Text


def part_of(rows: QuerySet[M], span: Span) -> tuple[list[M], str | None]:
    """The rows that come after the mark, by primary key, and the mark of the next part; None at the end.

    A list that grows meanwhile neither repeats nor hides a row. Raises `Problem` for a mark that is none.
    """
    rows = rows.order_by("pk")
    if span.after:
        rows = rows.filter(pk__gt=_key(rows.model, span.after))
    found = list(rows[: span.limit + 1])
    more = len(found) > span.limit
    found = found[: span.limit]
    return found, str(found[-1].pk) if more else None


def one(rows: QuerySet[M], pk: uuid.UUID | int) -> M:
    """The row of this key, where it is among those the person may see. Raises `Http404` else."""
    if isinstance(pk, int) and not 0 <= pk <= LARGEST_KEY:
        raise Http404
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _key(model: type[Model], text: str) -> Any:
    kind = model._meta.pk.get_internal_type() if model._meta.pk is not None else ""
    try:
        if kind == "UUIDField":
            return uuid.UUID(text)
        if text.isascii() and text.isdigit() and int(text) <= LARGEST_KEY:
            return int(text)
    except ValueError:
        pass
    raise Problem(400, "malformed", "“after” is the “next” of an earlier answer")
