"""Media and their sessions, computers that came up: the ledgers' share of what agents tell."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from protocol.records import AgentStarted, MediaSessionSeen, Medium
from server.intake.records import Delivery
from server.intake.refusals import printable
from server.intake.sql import chunks, insert_new, update_by_pk
from server.ledger import models as ledger
from server.ledger.models import Computer, MediaSession


def store_media(seen: Iterable[tuple[Medium, datetime]]) -> dict[str, int]:
    """Enter media into the ledger, or when they were seen; the ledger's id of each key."""
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    told: dict[str, Medium] = {}
    for medium, at in seen:
        key = medium.key
        if key not in last or at >= last[key]:
            last[key], told[key] = at, medium
        first[key] = min(at, first.get(key, at))
    if not told:
        return {}
    _adopt(told)
    insert_new(
        ledger.Medium,
        [
            {
                "key": key,
                "first_seen_at": first[key],
                "last_seen_at": last[key],
                **_ENTRY_DEFAULTS,
                **_identity(medium),
            }
            for key, medium in told.items()
        ],
    )
    ids: dict[str, int] = {}
    changed: list[dict[str, Any]] = []
    for part in chunks(list(told)):
        for row in ledger.Medium.objects.filter(key__in=part):
            ids[str(row.key)] = row.pk
            known = {name: getattr(row, name) for name in _identity(told[str(row.key)])}
            # An empty field of a later sighting (another port, another system) forgets nothing.
            fresh = {name: value or known[name] for name, value in _identity(told[str(row.key)]).items()}
            key = str(row.key)
            since = min(row.first_seen_at or first[key], first[key])
            until = max(row.last_seen_at or last[key], last[key])
            if (fresh, since, until) != (known, row.first_seen_at, row.last_seen_at):
                changed.append({"pk": row.pk, "first_seen_at": since, "last_seen_at": until, **fresh})
    update_by_pk(ledger.Medium, changed)
    return ids


def _adopt(told: Mapping[str, Medium]) -> None:
    """Give entries of the ledger that were never seen their key, where the maker's serial number fits exactly one."""
    by_serial = {medium.serial_hash: key for key, medium in told.items() if medium.serial_hash}
    known: set[str] = set()
    for part in chunks(list(told)):
        known |= {str(key) for key in ledger.Medium.objects.filter(key__in=part).values_list("key", flat=True)}
    for serials in chunks([serial for serial, key in by_serial.items() if key not in known]):
        waiting = ledger.Medium.objects.filter(serial_hash__in=serials, key=None).order_by("id")
        # Of several entries with one serial number (makers do that) none is taken for the other: people decide.
        entries: dict[str, list[int]] = {}
        for pk, serial in waiting.values_list("pk", "serial_hash"):
            entries.setdefault(serial, []).append(pk)
        fitting = [{"pk": pks[0], "key": by_serial[serial]} for serial, pks in entries.items() if len(pks) == 1]
        update_by_pk(ledger.Medium, fitting)


_ENTRY_DEFAULTS = {
    "number": "",
    "level": "",
    "person": None,
    "holder": None,
    "department": None,
    "place": "",
    "serial": "",
    "kind": "",
    "status": ledger.Status.IN_USE.value,
    "medium_class": "",
    "use": "",
}
"""What the ledger says of a medium that nobody has entered yet."""


def _identity(medium: Medium) -> dict[str, Any]:
    return {
        "serial_hash": printable(medium.serial_hash or "", 64),
        "bus": printable(medium.bus, 32),
        "vendor": printable(medium.vendor, 100),
        "model": printable(medium.model, 100),
        "serial_tail": printable(medium.serial_tail, 16),
        "filesystem": printable(medium.filesystem, 32),
        "label": printable(medium.label, 100),
        "capacity": medium.capacity,
    }


def store_sessions(deliveries: Sequence[Delivery], media: dict[str, int]) -> None:
    """Enter media sessions; each is told at its start, when it is held and at its end, in any order, repeatedly."""
    rows: dict[uuid.UUID, dict[str, Any]] = {}
    for delivery in deliveries:
        for record in delivery.records:
            if not isinstance(record, MediaSessionSeen):
                continue
            id_ = uuid.UUID(record.session)
            row = {
                "id": id_,
                "computer": delivery.agent,
                "medium": media[record.medium.key],
                "mounted_at": record.mounted_at,
                "ended_at": record.ended_at,
                "ending": record.ending,
                "hold": "",
                "access": "",
            }
            before = rows.get(id_)
            if before is None or (record.ended_at is not None and before["computer"] == delivery.agent):
                rows[id_] = row
    insert_new(MediaSession, list(rows.values()))
    ended = {pk: row for pk, row in rows.items() if row["ended_at"] is not None}
    for part in chunks(list(ended)):
        # Only the computer that opened a session may end it, and only once.
        open_ones = MediaSession.objects.filter(pk__in=part, ended_at=None).values_list("pk", "computer_id")
        update_by_pk(
            MediaSession,
            [
                {"pk": pk, "ended_at": ended[pk]["ended_at"], "ending": ended[pk]["ending"]}
                for pk, owner in open_ones
                if owner == ended[pk]["computer"]
            ],
        )
    _store_access(deliveries)


def _store_access(deliveries: Iterable[Delivery]) -> None:
    """Note how held media were found to stand; of what one computer told of its session the newest counts."""
    told: dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID, MediaSessionSeen]] = {}
    for delivery in deliveries:
        for record in delivery.records:
            if isinstance(record, MediaSessionSeen) and record.access:
                id_, number = uuid.UUID(record.session), uuid.UUID(record.id)
                if id_ not in told or number > told[id_][1]:
                    told[id_] = delivery.agent, number, record
    for part in chunks(list(told)):
        known = MediaSession.objects.filter(pk__in=part).values_list("pk", "computer_id", "access_told")
        update_by_pk(
            MediaSession,
            [
                {"pk": pk, "hold": told[pk][2].hold, "access": told[pk][2].access, "access_told": told[pk][1]}
                for pk, owner, before in known
                if owner == told[pk][0] and (before is None or told[pk][1] > before)
            ],
        )


def store_starts(deliveries: Iterable[Delivery]) -> None:
    """Note on each computer what its agent said when it came up last."""
    latest: dict[uuid.UUID, AgentStarted] = {}
    for delivery in deliveries:
        for record in delivery.records:
            if isinstance(record, AgentStarted):
                before = latest.get(delivery.agent)
                if before is None or record.seen_at >= before.seen_at:
                    latest[delivery.agent] = record
    update_by_pk(
        Computer,
        [
            {
                "pk": agent,
                "agent_version": printable(record.version, 64),
                "rules": printable(record.rules, 100),
                "cage": record.cage,
                "platform": printable(record.platform, 200),
            }
            for agent, record in latest.items()
        ],
    )
