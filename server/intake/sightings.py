"""Sightings of violations into occurrences and groups: each record counts once, however often it arrives.

Values are brought into the form the database wants once (`server.intake.sql.Prepared`), rows are read and written by
plain SQL, and of a group that is known only those fields are written that change: most of its indices stay untouched.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from server.intake.records import Delivery
from server.intake.sighting import TOLD, Sighting
from server.intake.sql import Prepared, chunks, insert_prepared, rows_of, update_prepared
from server.ledger.models import Computer
from server.ledger.models import Medium as LedgerMedium
from server.violations.due import due_on
from server.violations.models import Group, Occurrence, Severity, State, Step
from server.violations.waivers import cover_new

_TOLD = (*TOLD, "medium", "person")
"""Fields that the newest sighting says, and that seldom change."""
_PLACE = ("path_hash", "sealed_place")
"""Fields that the newest sighting says anew each time."""
_STANDING = ("state", "state_at", "opened_at", "assignee", "verified_at")
"""Fields that a sighting changes of what had been put right or was over."""
_READ = (
    "id",
    "fingerprint",
    "occurrence_count",
    "first_seen_at",
    "last_seen_at",
    "state",
    "state_at",
    "assignee",
    "verified_at",
    *_TOLD,
)
_OCCURRENCE = ("id", "group", "computer", "seen_at", "received_at", "session_id", "evidence", "sealed_place")
_STEP = ("group", "at", "actor", "from_state", "to_state", "assignee", "note")
_NEW = (
    "id",
    "fingerprint",
    "control",
    "updated_at",
    "state",
    "state_at",
    "due_on",
    "first_seen_at",
    "last_seen_at",
    "opened_at",
    "occurrence_count",
    *_TOLD,
    *_PLACE,
)
"""Fields of a new group; those that are left out are null."""
_FIRST, _LAST, _OPENED, _COUNT = (
    _NEW.index(name) for name in ("first_seen_at", "last_seen_at", "opened_at", "occurrence_count")
)
_IS_NEW = State.NEW.value
_TELLING = _NEW.index(_TOLD[0])
"""Where `_TOLD` and `_PLACE` begin."""


@dataclass(slots=True)
class _Group:
    """A group that is known, while a batch is worked off; ids and moments as the database has them."""

    id: Any
    fingerprint: str
    occurrence_count: int
    first_seen_at: Any
    last_seen_at: Any
    state: str
    state_at: Any
    assignee: int | None
    verified_at: Any
    told: tuple[Any, ...]
    """Values of `_TOLD`."""
    place: tuple[str, str] | None = None
    """Values of `_PLACE`; None while no newer sighting has told one."""
    opened_at: Any = None
    """When it came up again; None where it did not."""
    regressed_at: Any = None
    due_on: str | None = None
    retold: bool = False
    """Whether what is told of it changed."""
    moved: bool = False
    """Whether its state changed."""
    opened_again: bool = False


def store_sightings(deliveries: Iterable[Delivery], media: Mapping[str, int]) -> int:
    """Store the sightings that are not stored yet and bring their groups up to date; how many they were."""
    as_stored = Prepared(Occurrence)
    fresh = _fresh(deliveries)
    if not fresh:
        return 0
    now = as_stored.moment(timezone.now())
    groups = _known_groups({each.fingerprint for each, _ in fresh})
    persons = _Persons({delivery.agent for _, delivery in fresh}, set(media.values()))
    due = {severity.value: _due(severity.value) for severity in Severity}
    created: dict[str, list[Any]] = {}
    touched: dict[str, _Group] = {}
    steps: list[tuple[Any, ...]] = []
    occurrences: list[tuple[Any, ...]] = []
    before: Delivery | None = None
    computer = received = None
    person, own_disk = "", (None, "")
    for each, delivery in fresh:
        if delivery is not before:
            before = delivery
            computer, received = as_stored.uuid(delivery.agent), as_stored.moment(delivery.received_at)
            person = persons.of(delivery.agent)
            own_disk = (None, person)
        if each.medium is None:
            told = each.told + own_disk
        else:
            medium = media[each.medium]
            told = (*each.told, medium, persons.holder(medium) or person)
        known = each.fingerprint
        if (row := created.get(known)) is not None:
            _fold_new(row, each, told)
            group = row[0]
        elif known in groups:
            _fold(groups[known], each, told, steps, now)
            touched[known] = groups[known]
            group = groups[known].id
        else:
            created[known] = _as_new(each, told, due[told[0]], now)
            group = each.group
        occurrences.append(
            (each.id, group, computer, each.seen_at, received, each.session, each.evidence, each.place[1])
        )
    insert_prepared(Group, _NEW, list(created.values()), all_new=True)
    _write_touched(touched.values(), now)
    insert_prepared(Occurrence, _OCCURRENCE, occurrences, all_new=True)
    insert_prepared(Step, _STEP, steps)
    again = [group.id for group in touched.values() if group.opened_again]
    cover_new((row[0] for row in created.values()), again)
    return len(occurrences)


def _fresh(deliveries: Iterable[Delivery]) -> list[tuple[Sighting, Delivery]]:
    """Sightings without those that are stored already. The write lock makes look and write one."""
    told: dict[Any, tuple[Sighting, Delivery]] = {}
    for delivery in deliveries:
        for each in delivery.sightings:
            told.setdefault(each.id, (each, delivery))
    for (stored,) in rows_of(Occurrence, ("id",), "id", list(told)):
        del told[stored]
    return list(told.values())


def _known_groups(prints: set[str]) -> dict[str, _Group]:
    count = len(_READ) - len(_TOLD)
    rows = rows_of(Group, _READ, "fingerprint", sorted(prints), lock=True)
    return {row[1]: _Group(*(*row[:count], row[count:])) for row in rows}


class _Persons:
    """Who is responsible for computers and media, by the ledger."""

    def __init__(self, computers: set[uuid.UUID], media: set[int]) -> None:
        self._computers = dict(Computer.objects.filter(pk__in=computers).values_list("pk", "person__name"))
        self._media = {
            pk: holder
            for part in chunks(sorted(media))
            for pk, holder in LedgerMedium.objects.filter(pk__in=part).values_list("pk", "holder__name")
        }

    def of(self, computer: uuid.UUID) -> str:
        """The person of a computer; empty where none is known."""
        return self._computers.get(computer) or ""

    def holder(self, medium: int) -> str:
        """The holder of a medium, who answers for it before the person of any computer; empty where none is known."""
        return self._media.get(medium) or ""


def _as_new(each: Sighting, told: tuple[Any, ...], due: str | None, now: Any) -> list[Any]:
    """Values of `_NEW`."""
    return [
        each.group,
        each.fingerprint,
        each.control,
        now,
        _IS_NEW,
        now,
        due,
        each.seen_at,
        each.seen_at,
        each.seen_at,
        1,
        *told,
        *each.place,
    ]


def _fold_new(row: list[Any], each: Sighting, told: tuple[Any, ...]) -> None:
    """Add one more sighting to a group that is new (`_NEW`)."""
    row[_COUNT] += 1
    if each.seen_at < row[_FIRST]:
        row[_FIRST] = row[_OPENED] = each.seen_at
    if each.seen_at >= row[_LAST]:
        row[_LAST] = each.seen_at
        row[_TELLING:] = (*told, *each.place)


def _fold(group: _Group, each: Sighting, told: tuple[Any, ...], steps: list[tuple[Any, ...]], now: Any) -> None:
    """Add one more sighting to a group that is known."""
    group.occurrence_count += 1
    if each.seen_at < group.first_seen_at:
        group.first_seen_at, group.retold = each.seen_at, True
    if each.seen_at >= group.last_seen_at:
        group.last_seen_at, group.place = each.seen_at, each.place
        if told != group.told:
            group.told, group.retold = told, True
    if (state := _state_after(group, each.seen_at)) is not None:
        steps.append((group.id, now, None, group.state, state.value, None, ""))
        if group.state in (State.VERIFIED, State.CLOSED):
            group.regressed_at, group.opened_again = each.seen_at, True
            group.due_on = _due(told[0])
        group.state, group.state_at, group.verified_at, group.moved = state.value, now, None, True
        group.opened_at = each.seen_at
        if state is State.NEW:
            group.assignee = None


def _state_after(group: _Group, seen_at: Any) -> State | None:
    """The state a new sighting puts a group back into; None where it stays.

    A sighting that is older than the clean check, and only came late, reopens nothing.
    """
    if group.state in (State.VERIFIED, State.CLOSED):
        return State.NEW if seen_at > (group.verified_at or group.state_at) else None
    if group.state == State.RECTIFIED and seen_at > group.state_at:
        return State.NEW if group.assignee is None else State.ASSIGNED
    return None


def _due(severity: str) -> str | None:
    day = due_on(severity)
    return None if day is None else day.isoformat()


def _write_touched(groups: Iterable[_Group], now: Any) -> None:
    """Write what changed of groups that are known."""
    seen, late, retold, moved, reopened = [], [], [], [], []
    for group in groups:
        if group.place is None:
            late.append((group.occurrence_count, now, group.id))
        else:
            seen.append((group.occurrence_count, group.last_seen_at, now, *group.place, group.id))
        if group.retold:
            retold.append((group.first_seen_at, *group.told, group.id))
        if group.moved:
            moved.append((group.state, group.state_at, group.opened_at, group.assignee, group.verified_at, group.id))
        if group.opened_again:
            reopened.append((group.regressed_at, group.due_on, group.id))
    update_prepared(Group, ("occurrence_count", "last_seen_at", "updated_at", *_PLACE), seen)
    update_prepared(Group, ("occurrence_count", "updated_at"), late)
    update_prepared(Group, ("first_seen_at", *_TOLD), retold)
    update_prepared(Group, _STANDING, moved)
    update_prepared(Group, ("regressed_at", "due_on"), reopened)
