"""The violations to export, as plain rows: what every form is made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from django.db.models import QuerySet

from server.violations.models import Group
from signatures.controls import Control, load_controls

FIELDS = (
    "id",
    "control",
    "severity",
    "state",
    "family",
    "level",
    "marking",
    "zone",
    "extension",
    "computer_id",
    "computer__name",
    "computer__computer_class",
    "medium_id",
    "medium__key",
    "first_seen_at",
    "last_seen_at",
    "updated_at",
    "occurrence_count",
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One violation, all its sightings together."""

    id: str
    control: str
    title: str
    """Of the control, in the language asked for."""
    clause: str
    """Where the control comes from."""
    remedy: str
    severity: str
    state: str
    family: str
    level: str
    marking: str
    """In normalised form; never the text around it."""
    zone: str
    extension: str
    computer: str
    """Name of the computer."""
    computer_id: str
    computer_class: str
    medium: str
    """Keyed hash of the medium's identity; empty where there was none."""
    first_seen: datetime
    last_seen: datetime
    updated: datetime
    sightings: int


def rows(
    *,
    since: datetime | None = None,
    states: frozenset[str] = frozenset(),
    language: str = "en",
    within: QuerySet[Group] | None = None,
) -> Iterator[Row]:
    """The violations that changed at or after ``since`` and are in one of these states, in the order they changed.

    ``within`` is what somebody may see; without it, all of them.
    """
    groups = (Group.objects.all() if within is None else within).order_by("updated_at", "id")
    if since is not None:
        groups = groups.filter(updated_at__gte=since)
    if states:
        groups = groups.filter(state__in=states)
    controls = load_controls()
    for values in groups.values(*FIELDS).iterator(chunk_size=2000):
        yield _row(values, controls.get(values["control"]), language)


def _row(values: dict[str, object], control: Control | None, language: str) -> Row:
    return msgspec.convert(
        {
            "id": str(values["id"]),
            "control": values["control"],
            "title": control.title.pick(language) if control else values["control"],
            "clause": control.clause if control else "",
            "remedy": control.remedy.pick(language) if control else "",
            "computer": values["computer__name"],
            "computer_id": str(values["computer_id"]),
            "computer_class": values["computer__computer_class"],
            "medium": values["medium__key"] or "",
            "first_seen": values["first_seen_at"],
            "last_seen": values["last_seen_at"],
            "updated": values["updated_at"],
            "sightings": values["occurrence_count"],
            **{name: values[name] for name in ("severity", "state", "family", "level", "marking", "zone", "extension")},
        },
        type=Row,
    )
