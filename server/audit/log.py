"""Writing and checking the chain of the audit log (OWASP ASVS 5.0, 16.4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from server.audit.models import Entry
from server.locks import Kind, wait_and_hold

FIRST_PREVIOUS = "0" * 64


@dataclass(frozen=True)
class ChainVerdict:
    """What a check of the whole chain found."""

    entries: int
    """How many entries are in order, from the first."""
    head: str
    """Hash of the last entry in order: written down elsewhere, it proves later that nothing was cut off."""
    broken_at: int | None
    """Id of the first entry that does not fit; None where all do."""

    @property
    def whole(self) -> bool:
        """Whether every entry fits the one before it."""
        return self.broken_at is None


def append(action: str, *, actor: Model | None, obj: Model | None, detail: Mapping[str, Any]) -> Entry:
    """Store one entry bound to the last one. See `server.audit.record`."""
    # SQLite's outermost transaction is IMMEDIATE: nobody else can append between the look and the write.
    # PostgreSQL is told to let nobody.
    with transaction.atomic():
        wait_and_hold(Kind.CHAIN, [0])
        last = Entry.objects.order_by("-id").values_list("hash", flat=True).first()
        entry = Entry(
            at=timezone.now(),
            actor_id=None if actor is None else actor.pk,
            action=action,
            object_type="" if obj is None else obj._meta.label_lower,
            object_id="" if obj is None else str(obj.pk),
            detail=dict(detail),
            previous=last or FIRST_PREVIOUS,
        )
        entry.hash = digest(entry)
        entry.save()
    return entry


def digest(entry: Entry) -> str:
    """The hash an entry must have."""
    told = (
        entry.previous,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_id,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.detail,
    )
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


def verify_chain() -> ChainVerdict:
    """Check every entry against the one before it, oldest first."""
    head, entries = FIRST_PREVIOUS, 0
    for entry in Entry.objects.order_by("id").iterator(chunk_size=1000):
        if entry.previous != head or entry.hash != digest(entry):
            return ChainVerdict(entries, head, entry.pk)
        head, entries = entry.hash, entries + 1
    return ChainVerdict(entries, head, None)
