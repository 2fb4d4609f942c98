"""What the answers about violations and waivers hold. No path, no file name and no text of a document is in any."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from ninja import Field, Schema

from server.violations.models import Attachment, Group, Occurrence, Step, Waiver


class ComputerShort(Schema):
    """A computer as violations name it."""

    id: uuid.UUID
    name: str
    class_: str = Field(alias="class")


class MediumShort(Schema):
    """A removable medium as violations name it."""

    key: str | None
    bus: str
    vendor: str
    model: str
    serial_tail: str
    label: str


class Violation(Schema):
    """One violation: all its sightings together."""

    id: uuid.UUID
    fingerprint: str
    control: str
    severity: str
    state: str
    state_since: datetime
    computer: ComputerShort
    medium: MediumShort | None
    person: str
    assignee: str | None
    due: date | None
    waiver: int | None
    content_hash: str
    path_hash: str
    marking: str
    family: str
    level: str | None
    zone: str
    extension: str
    media_type: str
    occurrences: int
    first_seen: datetime
    last_seen: datetime
    regressed: datetime | None
    updated: datetime


class StepTold(Schema):
    """One step of a violation's history."""

    at: datetime
    by: str | None
    from_state: str
    to_state: str
    assignee: str | None
    note: str


class Sighting(Schema):
    """One sighting of a violation."""

    id: uuid.UUID
    computer: uuid.UUID
    seen: datetime
    received: datetime


class AttachmentTold(Schema):
    """A file that proves something, by hash alone."""

    name: str
    sha256: str
    size: int | None
    at: datetime
    by: str


class ViolationWhole(Violation):
    """One violation with its history, its newest sightings and its attachments."""

    steps: list[StepTold]
    sightings: list[Sighting]
    attachments: list[AttachmentTold]


class Violations(Schema):
    """One part of the list of violations."""

    violations: list[Violation]
    next: str | None


class WaiverTold(Schema):
    """One exception from a control."""

    id: int
    state: str
    scope: str
    control: str
    violation: uuid.UUID | None
    computer: uuid.UUID | None
    medium: int | None
    department: int | None
    reason: str
    until: date
    asked_by: str
    asked: datetime
    decided_by: str | None
    decided: datetime | None
    decision_note: str


def violation(group: Group) -> dict[str, object]:
    """A violation as it is told."""
    medium = group.medium
    return {
        "id": group.id,
        "fingerprint": group.fingerprint,
        "control": group.control,
        "severity": group.severity,
        "state": group.state,
        "state_since": group.state_at,
        "computer": {
            "id": group.computer.id,
            "name": group.computer.name,
            "class": group.computer.computer_class,
        },
        "medium": None
        if medium is None
        else {name: getattr(medium, name) for name in ("key", "bus", "vendor", "model", "serial_tail", "label")},
        "person": group.person,
        "assignee": None if group.assignee is None else group.assignee.username,
        "due": group.due_on,
        "waiver": group.waiver_id,
        "content_hash": group.content_hash,
        "path_hash": group.path_hash,
        "marking": group.marking,
        "family": group.family,
        "level": group.level or None,
        "zone": group.zone,
        "extension": group.extension,
        "media_type": group.media_type,
        "occurrences": group.occurrence_count,
        "first_seen": group.first_seen_at,
        "last_seen": group.last_seen_at,
        "regressed": group.regressed_at,
        "updated": group.updated_at,
    }


def step(row: Step) -> dict[str, object]:
    """A step as it is told."""
    return {
        "at": row.at,
        "by": None if row.actor is None else row.actor.username,
        "from_state": row.from_state,
        "to_state": row.to_state,
        "assignee": None if row.assignee is None else row.assignee.username,
        "note": row.note,
    }


def sighting(row: Occurrence) -> dict[str, object]:
    """A sighting as it is told."""
    return {"id": row.pk, "computer": row.computer_id, "seen": row.seen_at, "received": row.received_at}


def attachment(row: Attachment) -> dict[str, object]:
    """An attachment as it is told."""
    return {"name": row.name, "sha256": row.sha256, "size": row.size, "at": row.at, "by": row.by.username}


def waiver(row: Waiver) -> dict[str, object]:
    """A waiver as it is told."""
    return {
        "id": row.pk,
        "state": row.state,
        "scope": row.scope,
        "control": row.control,
        "violation": row.group_id,
        "computer": row.computer_id,
        "medium": row.medium_id,
        "department": row.department_id,
        "reason": row.reason,
        "until": row.expires_on,
        "asked_by": row.requested_by.username,
        "asked": row.requested_at,
        "decided_by": None if row.decided_by is None else row.decided_by.username,
        "decided": row.decided_at,
        "decision_note": row.decision_note,
    }
