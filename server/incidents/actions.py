"""What people do about an incident: one function for each act, with permission, history and audit in one place.

Every function looks at the stored incident in its own transaction. Raises `PermissionDenied` for a person without the
right or out of scope, `IncidentMistakes` for values that cannot be stored. What a closed incident says stands, until
it is opened again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Department, Right, User
from server.accounts.scope import covers
from server.incidents.duties import duties
from server.incidents.models import Assessed, Cause, Decision, Duty, Incident, Kind, Measure, Step
from server.incidents.scope import incidents_of
from server.ledger.models import Computer, Medium
from server.ledger.scope import computers_of, media_of
from server.violations.models import Group
from server.violations.scope import visible_to

Thing = Group | Computer | Medium
"""What may belong to an incident."""
MAX_TITLE = 150
MAX_TEXT = 10_000
MAX_NOTE = 500
TEXTS = ("facts", "harm", "cause", "responsibility", "prevention")
"""Fields in which people write freely."""
CHOICES: Mapping[str, frozenset[str]] = {
    "kind": frozenset(Kind.values),
    "level": frozenset(Assessed.values),
    "cause_kind": frozenset(Cause.values),
    "decision": frozenset(Decision.values),
}


class IncidentMistakes(ValueError):
    """Values that cannot be stored, or an act that does not fit. ``by_field`` says what is wrong, ``""`` for all."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        super().__init__("; ".join(by_field.values()))
        self.by_field = dict(by_field)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is told of an incident when it is opened."""

    title: str
    kind: str
    discovered_at: datetime | None
    department: Department | None = None
    facts: str = ""
    groups: tuple[Group, ...] = ()
    computers: tuple[Computer, ...] = ()
    media: tuple[Medium, ...] = ()


def open_incident(told: Told, *, by: User) -> Incident:
    """Open an incident; its clock runs from the discovery. Whoever may review violations may open one."""
    if not (by.may(Right.INCIDENT) or by.may(Right.TRIAGE)):
        raise PermissionDenied
    wrong = _wrong({"title": told.title, "kind": told.kind, "discovered_at": told.discovered_at, "facts": told.facts})
    if not covers(by, None if told.department is None else told.department.pk):
        wrong["department"] = _("Choose a department of yours.")
    if wrong:
        raise IncidentMistakes(wrong)
    assert told.discovered_at is not None  # noqa: S101 (told by _wrong)
    with transaction.atomic():
        year = timezone.localtime(told.discovered_at).year
        taken = Incident.objects.filter(year=year).aggregate(last=Max("sequence"))["last"] or 0
        incident = Incident.objects.create(
            year=year,
            sequence=taken + 1,
            title=told.title.strip(),
            kind=told.kind,
            department=told.department,
            discovered_at=told.discovered_at,
            facts=told.facts.strip(),
            opened_at=timezone.now(),
            opened_by=by,
        )
        wind_clock(incident)
        record(incident, "incident.open", by, number=incident.number, kind=incident.kind)
        things: tuple[Thing, ...] = (*told.groups, *told.computers, *told.media)
        for thing in things:
            _link(incident, thing, by)
    return incident


def change(incident: Incident, values: Mapping[str, Any], *, by: User) -> Incident:
    """Change what an incident says: any of title, kind, level, discovered_at, occurred_at, `TEXTS`, cause, decision."""
    with transaction.atomic():
        stored = workable(incident, by)
        wrong = _wrong(values)
        if wrong:
            raise IncidentMistakes(wrong)
        changed = []
        for name, value in values.items():
            value = value.strip() if isinstance(value, str) else value
            if getattr(stored, name) != value:
                setattr(stored, name, value)
                changed.append(name)
        if changed:
            stored.save(update_fields=changed)
            wind_clock(stored)
            record(stored, "incident.change", by, fields=", ".join(sorted(changed)))
    return stored


def meet_duty(incident: Incident, key: str, *, at: datetime | None, note: str, by: User, spared: bool = False) -> Duty:
    """Say when, how and to whom a duty was met; or, ``spared``, why it does not arise."""
    note = note.strip()[:MAX_NOTE]
    if not note:
        raise IncidentMistakes({"": _("Say to whom it was reported and how, or why it does not arise.")})
    with transaction.atomic():
        stored = workable(incident, by)
        duty = stored.duties.select_for_update().filter(key=key).first()
        if duty is None or duty.met_at is not None:
            raise IncidentMistakes({"": _("This duty has been met already.")})
        at = at or timezone.now()
        # Forms tell minutes: one that began within the same minute is no mistake.
        if at > timezone.now() or at < stored.discovered_at.replace(second=0, microsecond=0):
            raise IncidentMistakes({"": _("The time lies between the discovery and now.")})
        duty.met_at, duty.met_by, duty.note, duty.spared = at, by, note, spared
        duty.save()
        action = "incident.duty-spared" if spared else "incident.duty"
        record(stored, action, by, note, what=key, at=at.isoformat(), late=duty.late)
    return duty


def add_measure(
    incident: Incident, *, text: str, by: User, responsible: str = "", due_on: date | None = None
) -> Measure:
    """Write down a measure that is to be taken."""
    text = text.strip()
    if not text or len(text) > MAX_NOTE:
        raise IncidentMistakes({"": _("A measure is told in at most %(limit)d characters.") % {"limit": MAX_NOTE}})
    with transaction.atomic():
        stored = workable(incident, by)
        measure = Measure.objects.create(
            incident=stored, text=text, responsible=responsible.strip()[:100], due_on=due_on
        )
        record(stored, "incident.measure", by, text, measure=measure.pk)
    return measure


def finish_measure(incident: Incident, pk: int, *, by: User) -> Measure:
    """Say that a measure has been taken."""
    with transaction.atomic():
        stored = workable(incident, by)
        measure = stored.measures.select_for_update().filter(pk=pk, done_on=None).first()
        if measure is None:
            raise IncidentMistakes({"": _("This measure has been taken already.")})
        measure.done_on = timezone.localdate()
        measure.save(update_fields=("done_on",))
        record(stored, "incident.measure-done", by, measure.text, measure=measure.pk)
    return measure


def comment(incident: Incident, *, note: str, by: User) -> None:
    """Write a note into the history."""
    note = note.strip()
    if not note or len(note) > MAX_TEXT:
        raise IncidentMistakes({"": _("Please write a note.")})
    with transaction.atomic():
        record(workable(incident, by), "incident.note", by, note)


def link(incident: Incident, thing: Thing, *, by: User) -> None:
    """Say that a violation, computer or medium belongs to an incident. Both must be within the person's scope."""
    with transaction.atomic():
        _link(workable(incident, by), thing, by)


def unlink(incident: Incident, thing: Thing, *, by: User) -> None:
    """Take a link back; that it stood stays in the history."""
    with transaction.atomic():
        stored = workable(incident, by)
        _side(stored, thing).remove(thing)
        record(stored, "incident.unlink", by, what=_word(thing), key=str(thing.pk))


def workable(incident: Incident, by: User, right: Right = Right.INCIDENT, *, closed_too: bool = False) -> Incident:
    """The incident as it stands now, under the write lock, for somebody who may work on it."""
    if not by.may(right):
        raise PermissionDenied
    stored = incidents_of(by).select_for_update().filter(pk=incident.pk).first()
    if stored is None:
        raise PermissionDenied
    if not stored.active and not closed_too:
        raise IncidentMistakes({"": _("This incident is closed: open it again to change it.")})
    return stored


def wind_clock(incident: Incident) -> None:
    """Give an incident the duties of its kind and level; those that no longer apply and were not met go."""
    wanted = {key: duty for key, duty in duties().items() if duty.applies(incident.kind, incident.level)}
    incident.duties.filter(met_at=None).exclude(key__in=wanted).delete()
    for duty in incident.duties.filter(met_at=None):
        due_at = wanted[duty.key].due(incident.discovered_at)
        if duty.due_at != due_at:
            duty.due_at = due_at
            duty.save(update_fields=("due_at",))
    known = set(incident.duties.values_list("key", flat=True))
    Duty.objects.bulk_create(
        Duty(incident=incident, key=key, due_at=duty.due(incident.discovered_at))
        for key, duty in wanted.items()
        if key not in known
    )


def record(
    incident: Incident, action: str, by: User, note: str = "", *, what: str = "", **detail: audit.Detail
) -> None:
    """One line of the history and one of the audit log; what people wrote stays out of the log."""
    Step.objects.create(incident=incident, at=timezone.now(), actor=by, action=action, what=what, note=note)
    audit.record(action, actor=by, obj=incident, **({"what": what} if what else {}), **detail)


def _link(incident: Incident, thing: Thing, by: User) -> None:
    scopes: Iterable[tuple[type[Model], Any]] = ((Group, visible_to), (Computer, computers_of), (Medium, media_of))
    seen = next(scope(by) for model, scope in scopes if isinstance(thing, model))
    if not seen.filter(pk=thing.pk).exists():
        raise PermissionDenied
    side = _side(incident, thing)
    if not side.filter(pk=thing.pk).exists():
        side.add(thing)
        record(incident, "incident.link", by, what=_word(thing), key=str(thing.pk))


def _word(thing: Thing) -> str:
    """What the history calls it: its name is for those alone who may see it."""
    return str(thing._meta.model_name)


def _side(incident: Incident, thing: Thing) -> Any:
    if isinstance(thing, Group):
        return incident.groups
    return incident.computers if isinstance(thing, Computer) else incident.media


def _wrong(values: Mapping[str, Any]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    title = values.get("title", "x").strip()
    if not title or len(title) > MAX_TITLE:
        wrong["title"] = _("An incident needs a title of at most %(limit)d characters.") % {"limit": MAX_TITLE}
    for name, allowed in CHOICES.items():
        if name in values and values[name] not in allowed | ({""} if name != "kind" else set()):
            wrong[name] = _("Choose from the list.")
    for name in ("discovered_at", "occurred_at"):
        at = values.get(name)
        if at is not None and at > timezone.now():
            wrong[name] = _("This time lies in the future.")
    if "discovered_at" in values and values["discovered_at"] is None:
        wrong["discovered_at"] = _("Say when it was discovered: the clock runs from then.")
    for name in TEXTS:
        if len(values.get(name, "")) > MAX_TEXT:
            wrong[name] = _("Please keep it below %(limit)d characters.") % {"limit": MAX_TEXT}
    return wrong
