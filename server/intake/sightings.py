"""Sightings of violations into occurrences and groups: each record counts once, however often it arrives."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone

from protocol.records import FileEvidence, SettingEvidence, ViolationSeen
from server.intake.records import Delivery
from server.intake.refusals import printable
from server.intake.sql import chunks, insert_new, update_by_pk
from server.ledger.models import Computer
from server.ledger.models import Medium as LedgerMedium
from server.violations.due import due_on
from server.violations.fingerprint import fingerprint
from server.violations.models import SEVERITY_RANK, Group, Occurrence, State, Step, new_id
from server.violations.waivers import cover_new

SETTING = "setting"
"""In place of a family of markings: the group is a failed check of a self-check."""
_Row = dict[str, Any]
_TOLD = (
    "severity",
    "severity_rank",
    "computer",
    "medium",
    "person",
    "family",
    "level",
    "marking",
    "zone",
    "extension",
    "media_type",
    "content_hash",
    "path_hash",
    "sealed_place",
)
"""Fields that the newest sighting says."""
_COUNTED = (
    "first_seen_at",
    "last_seen_at",
    "occurrence_count",
    "state",
    "state_at",
    "assignee",
    "verified_at",
    "regressed_at",
    "due_on",
)
"""Fields that all sightings and what people did make together."""


def store_sightings(deliveries: Iterable[Delivery], media: Mapping[str, int]) -> int:
    """Store the sightings that are not stored yet and bring their groups up to date; how many they were."""
    fresh = _fresh(deliveries)
    if not fresh:
        return 0
    prints = {id_: fingerprint(record, str(delivery.agent)) for id_, (record, delivery) in fresh.items()}
    groups = _known_groups(set(prints.values()))
    persons = _Persons({delivery.agent for _, delivery in fresh.values()}, set(media.values()))
    created: dict[str, _Row] = {}
    touched: dict[str, _Row] = {}
    steps: list[_Row] = []
    occurrences: list[_Row] = []
    for id_, (record, delivery) in fresh.items():
        print_ = prints[id_]
        medium = None if record.medium is None else media[record.medium.key]
        told = _told(record, delivery, medium, persons)
        row = groups.get(print_)
        if row is None:
            row = groups[print_] = created[print_] = _new_group(print_, record, told)
        else:
            _fold(row, record, told, steps)
            touched[print_] = row
        occurrences.append(_occurrence(id_, row["id"], record, delivery))
    insert_new(Group, list(created.values()))
    update_by_pk(Group, [_as_update(row) for print_, row in touched.items() if print_ not in created])
    cover_new(row["id"] for row in created.values())
    insert_new(Occurrence, occurrences)
    insert_new(Step, steps)
    return len(occurrences)


def _fresh(deliveries: Iterable[Delivery]) -> dict[uuid.UUID, tuple[ViolationSeen, Delivery]]:
    """Sightings by id, without those that are stored already. The write lock makes look and write one."""
    told: dict[uuid.UUID, tuple[ViolationSeen, Delivery]] = {}
    for delivery in deliveries:
        for record in delivery.records:
            if isinstance(record, ViolationSeen):
                told.setdefault(uuid.UUID(record.id), (record, delivery))
    for part in chunks(list(told)):
        for stored in Occurrence.objects.filter(pk__in=part).values_list("pk", flat=True):
            del told[stored]
    return told


def _known_groups(prints: set[str]) -> dict[str, _Row]:
    found: dict[str, _Row] = {}
    for part in chunks(sorted(prints)):
        for row in Group.objects.filter(fingerprint__in=part).values("id", "fingerprint", *_COUNTED, *_TOLD):
            found[row.pop("fingerprint")] = dict(row)
    return found


class _Persons:
    """Who is responsible for computers and media, by the ledger."""

    def __init__(self, computers: set[uuid.UUID], media: set[int]) -> None:
        self._computers = dict(Computer.objects.filter(pk__in=computers).values_list("pk", "person__name"))
        self._media = {
            pk: holder
            for part in chunks(sorted(media))
            for pk, holder in LedgerMedium.objects.filter(pk__in=part).values_list("pk", "holder__name")
        }

    def of(self, computer: uuid.UUID, medium: int | None) -> str:
        """The holder of the medium where one is known, else the person of the computer."""
        holder = None if medium is None else self._media.get(medium)
        return holder or self._computers.get(computer) or ""


def _told(record: ViolationSeen, delivery: Delivery, medium: int | None, persons: _Persons) -> _Row:
    """What a sighting says of its group: the newest one describes it."""
    row: _Row = dict.fromkeys(_TOLD, "") | {
        "severity": record.severity.value,
        "severity_rank": SEVERITY_RANK[record.severity.value],
        "computer": delivery.agent,
        "medium": medium,
        "person": persons.of(delivery.agent, medium),
    }
    if isinstance(record.evidence, FileEvidence):
        evidence = record.evidence
        row |= {
            "extension": printable(evidence.extension, 32),
            "media_type": printable(evidence.media_type, 127),
            "content_hash": evidence.content_hash,
            "path_hash": evidence.path_hash,
            "sealed_place": evidence.sealed_place,
        }
        if evidence.findings:
            strongest = evidence.findings[0]
            row |= {
                "family": printable(strongest.family, 32),
                "level": printable(strongest.level or "", 8),
                "marking": printable(strongest.marking, 200),
                "zone": printable(strongest.zone, 32),
            }
    elif isinstance(record.evidence, SettingEvidence):
        row |= {"family": SETTING, "marking": printable(record.evidence.title_zh, 200)}
    return row


def _new_group(print_: str, record: ViolationSeen, told: _Row) -> _Row:
    now = timezone.now()
    return {
        "id": new_id(),
        "fingerprint": print_,
        "control": record.control,
        "state": State.NEW.value,
        "state_at": now,
        "first_seen_at": record.seen_at,
        "last_seen_at": record.seen_at,
        "occurrence_count": 1,
        "assignee": None,
        "verified_at": None,
        "regressed_at": None,
        "due_on": due_on(record.severity.value),
        "waiver": None,
        "updated_at": now,
        **told,
    }


def _fold(row: _Row, record: ViolationSeen, told: _Row, steps: list[_Row]) -> None:
    """Add one more sighting to a group that is known."""
    row["occurrence_count"] += 1
    row["first_seen_at"] = min(row["first_seen_at"], record.seen_at)
    if record.seen_at >= row["last_seen_at"]:
        row["last_seen_at"] = record.seen_at
        row.update(told)
    if (state := _state_after(row, record.seen_at)) is not None:
        now = timezone.now()
        steps.append(
            {
                "group": row["id"],
                "at": now,
                "actor": None,
                "from_state": row["state"],
                "to_state": state.value,
                "assignee": None,
                "note": "",
            }
        )
        if row["state"] in (State.VERIFIED, State.CLOSED):
            row["regressed_at"] = record.seen_at
            row["due_on"] = due_on(record.severity.value)
        row |= {"state": state.value, "state_at": now, "verified_at": None}
        if state is State.NEW:
            row["assignee"] = None


def _state_after(row: _Row, seen_at: datetime) -> State | None:
    """The state a new sighting puts a group back into; None where it stays.

    A sighting that is older than the clean check, and only came late, reopens nothing.
    """
    if row["state"] in (State.VERIFIED, State.CLOSED):
        return State.NEW if seen_at > (row["verified_at"] or row["state_at"]) else None
    if row["state"] == State.RECTIFIED and seen_at > row["state_at"]:
        return State.NEW if row["assignee"] is None else State.ASSIGNED
    return None


def _as_update(row: _Row) -> _Row:
    """A known group's row for the UPDATE: every row names the same fields."""
    return {"pk": row["id"], "updated_at": timezone.now(), **{name: row[name] for name in (*_COUNTED, *_TOLD)}}


def _occurrence(id_: uuid.UUID, group: uuid.UUID, record: ViolationSeen, delivery: Delivery) -> _Row:
    evidence = msgspec.to_builtins(record.evidence)
    return {
        "id": id_,
        "group": group,
        "computer": delivery.agent,
        "seen_at": record.seen_at,
        "received_at": delivery.received_at,
        "session_id": None if record.session is None else uuid.UUID(record.session),
        "sealed_place": evidence.pop("sealed_place", ""),
        "evidence": evidence,
    }
