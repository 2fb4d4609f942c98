"""The purge: in small transactions, each with its count in the audit log; what is purged is overwritten in the file."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connections, transaction
from django.utils import timezone

from server import audit
from server.audit.models import Entry
from server.intake.sql import chunks
from server.retention.kinds import KINDS, Rows
from server.retention.settings import Retention
from server.violations.models import Group

ACTION = "retention.purge"
"""Under which each step stands in the audit log: ``kind``, ``count``, ``before``."""
BATCH = 2000
"""Rows of one transaction: others write in between."""
MOST_KEYS = 100_000
"""Keys that are held at once: some ten megabytes."""
ASKED = 250
"""Keys in one question: for many more PostgreSQL would rather look through all that is due than look them up."""
EVERY = 24 * 3600.0
"""Seconds between two purges of a running collector."""

_next_purge = 0.0


def due(now: datetime | None = None, only: Collection[str] = ()) -> dict[str, int]:
    """Kind → how many rows a purge would delete now. Deletes nothing."""
    return {kind: sum(rows.count() for rows in KINDS[kind](cut)) for kind, cut in _cuts(now, only)}


def purge(now: datetime | None = None, only: Collection[str] = (), by: str = "") -> dict[str, int]:
    """Delete what has been kept long enough; kind → how many rows (of violations: without what belongs to each).

    ``by`` is the account of the system where a person asked for it. What was deleted before a failure stands in the
    audit log; the next purge goes on. Raises `django.db.DatabaseError`.
    """
    done: dict[str, int] = {}
    for kind, cut in _cuts(now, only):
        done[kind] = sum(_purge(kind, rows, cut, by) for rows in KINDS[kind](cut))
    with transaction.atomic():
        Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return done


def purge_daily() -> int:
    """Purge once a day, the first time when the collector starts; how many rows were deleted."""
    global _next_purge
    if time.monotonic() < _next_purge:
        return 0
    _next_purge = time.monotonic() + EVERY
    return sum(purge().values())


def purged_since(moment: datetime) -> dict[str, int]:
    """Kind → how many rows were purged since, by the audit log."""
    counts: dict[str, int] = {}
    for detail in Entry.objects.filter(action=ACTION, at__gte=moment).values_list("detail", flat=True).iterator():
        counts[detail["kind"]] = counts.get(detail["kind"], 0) + detail["count"]
    return counts


def _cuts(now: datetime | None, only: Collection[str]) -> Iterator[tuple[str, datetime]]:
    """Each kind that is purged, with the moment before which it is."""
    kept: Retention = settings.MIJIAN_RETENTION
    for kind, days in kept.days.items():
        if not only or kind in only:
            yield kind, (now or timezone.now()) - timedelta(days=days)


def _purge(kind: str, rows: Rows, cut: datetime, by: str) -> int:
    """Delete these rows, oldest key first, batch by batch."""
    total = 0
    alias, before = rows.db, cut.isoformat(timespec="seconds")
    _overwrite(alias)
    for batch in _batches(rows):
        with transaction.atomic(), transaction.atomic(using=alias):
            still = [pk for part in chunks(batch, ASKED) for pk in _still(rows.filter(pk__in=part))]
            rows.model._default_manager.using(alias).filter(pk__in=still).delete()
            if still:
                audit.record(ACTION, kind=kind, count=len(still), before=before, by=by or None)
        total += len(still)
    return total


def _still(rows: Rows) -> list[Any]:
    """The keys of those that are over even now: what was opened anew in the meantime stays.

    They are held until they are gone, in the order of the fan-out, which adds nothing to them meanwhile; with SQLite
    this transaction is the only one that writes.
    """
    ordered = rows.order_by("fingerprint" if rows.model is Group else "pk").only("pk")
    return [row.pk for row in ordered.select_for_update(of=("self",))]


def _batches(rows: Rows) -> Iterator[Sequence[Any]]:
    """The keys of these rows, in order, a batch at a time; asked for many batches at once.

    Each question may look through all that is due, where a database finds the rows by other ways than their keys.
    """
    keys = rows.order_by("pk").values_list("pk", flat=True)
    found = list(keys[:MOST_KEYS])
    while found:
        yield from chunks(found, BATCH)
        found = list(keys.filter(pk__gt=found[-1])[:MOST_KEYS])


def _overwrite(alias: str) -> None:
    """Have SQLite write zeros over what is deleted: else it stays readable in the file until its room is needed."""
    if connections[alias].vendor == "sqlite":
        with connections[alias].cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")
