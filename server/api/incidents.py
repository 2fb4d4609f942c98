"""``/incidents``: the register of incidents, their duties and measures, and the way from state to state."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from server.accounts.models import Right, User
from server.accounts.scope import departments_of
from server.api.auth import READ, REVIEW, person_of, require
from server.api.bodies import nothing
from server.api.fields import Day, Moment, Reason, Short, Span, Text, one, part_of
from server.incidents import actions, states
from server.incidents.actions import Told
from server.incidents.models import Assessed, Cause, Decision, Incident
from server.incidents.models import Kind as IncidentKind
from server.incidents.models import State as IncidentState
from server.incidents.scope import incidents_of
from server.ledger.scope import computers_of, media_of
from server.violations.scope import visible_to

router = Router(tags=["incidents"])
_WORDS = ("title", "kind", "level", "facts", "harm", "cause_kind", "cause", "responsibility", "decision", "prevention")
_BIG = 2**62
MOST_THINGS = 1000
"""Things of one kind that an answer names."""


class IncidentDuty(Schema):
    """One duty, and how it was met."""

    key: str
    due: datetime
    met: datetime | None
    spared: bool
    note: str


class IncidentMeasure(Schema):
    """One measure."""

    id: int
    text: str
    responsible: str
    due_on: date | None
    done_on: date | None


class IncidentTold(Schema):
    """One incident."""

    id: int
    number: str
    state: IncidentState
    title: str
    kind: str
    level: str
    department: int | None
    discovered: datetime
    occurred: datetime | None
    facts: str
    harm: str
    cause_kind: str
    cause: str
    responsibility: str
    decision: str
    prevention: str
    closed: datetime | None
    digest: str


class IncidentWhole(IncidentTold):
    """One incident with its clock, its measures, and what belongs to it as far as the person sees that."""

    duties: list[IncidentDuty]
    measures: list[IncidentMeasure]
    violations: list[uuid.UUID]
    computers: list[uuid.UUID]
    media: list[int]


class Incidents(Schema):
    """One part of the incidents."""

    incidents: list[IncidentTold]
    next: str | None


class IncidentsWanted(Span):
    """Which part of which incidents."""

    state: IncidentState | None = None


class IncidentThings(Schema):
    """What belongs to an incident."""

    violations: list[uuid.UUID] = Field([], max_length=100)
    computers: list[uuid.UUID] = Field([], max_length=100)
    media: list[int] = Field([], max_length=100)


class IncidentWanted(IncidentThings):
    """An incident that is opened."""

    title: Short
    kind: IncidentKind
    discovered: Moment
    department: int | None = Field(None, ge=1, lt=2**31)
    facts: Text = ""


class IncidentChange(Schema):
    """What an incident says from now on; what is left away stays."""

    title: Short | None = None
    kind: IncidentKind | None = None
    level: Assessed | None = None
    discovered: Moment | None = None
    occurred: Moment | None = None
    facts: Text | None = None
    harm: Text | None = None
    cause_kind: Cause | None = None
    cause: Text | None = None
    responsibility: Text | None = None
    decision: Decision | None = None
    prevention: Text | None = None


class IncidentDutyMet(Schema):
    """When, how and to whom a duty was met; or, spared, why it does not arise."""

    note: Text
    at: Moment | None = None
    spared: bool = False


class IncidentMeasureWanted(Schema):
    """A measure to be taken."""

    text: Text
    responsible: Short = ""
    due_on: Day | None = None


class IncidentNote(Schema):
    """A note for the history."""

    note: Text


class IncidentStep(Reason):
    """A step from state to state; “dismiss” and “reopen” need a reason."""

    step: Literal["verify", "handle", "close", "dismiss", "reopen"]
    reason: Text = ""


def _of(request: HttpRequest, pk: int) -> Incident:
    return one(incidents_of(person_of(request)), pk)


def _told(row: Incident) -> dict[str, object]:
    words = {name: getattr(row, name) for name in _WORDS}
    return {
        **words,
        "id": row.pk,
        "number": row.number,
        "state": row.state,
        "department": row.department_id,
        "discovered": row.discovered_at,
        "occurred": row.occurred_at,
        "closed": row.closed_at,
        "digest": row.digest,
    }


def _whole(request: HttpRequest, pk: int) -> dict[str, object]:
    row, user = _of(request, pk), person_of(request)
    return {
        **_told(row),
        "duties": [
            {"key": each.key, "due": each.due_at, "met": each.met_at, "spared": each.spared, "note": each.note}
            for each in row.duties.all()
        ],
        "measures": list(row.measures.all()),
        "violations": _keys(row.groups.filter(pk__in=visible_to(user).values("pk"))),
        "computers": _keys(row.computers.filter(pk__in=computers_of(user).values("pk"))),
        "media": _keys(row.media.filter(pk__in=media_of(user).values("pk"))),
    }


def _keys(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.values_list("pk", flat=True)[:MOST_THINGS])


def _things(user: User, sent: IncidentThings) -> dict[str, tuple[Any, ...]]:
    """Each of them, where the person sees it. Raises `django.http.Http404` else."""
    groups, media = visible_to(user), media_of(user)
    return {
        "groups": tuple(one(groups, pk) for pk in sent.violations),
        "computers": tuple(one(computers_of(user), pk) for pk in sent.computers),
        "media": tuple(one(media, pk) for pk in sent.media),
    }


@router.get("", response=Incidents, auth=READ, url_name="incidents")
def list_incidents(request: HttpRequest, wanted: Query[IncidentsWanted]) -> dict[str, object]:
    """The incidents of the own departments."""
    rows = incidents_of(person_of(request))
    found, mark = part_of(rows if wanted.state is None else rows.filter(state=wanted.state), wanted)
    return {"incidents": [_told(row) for row in found], "next": mark}


@router.post("", response={201: IncidentWhole}, auth=REVIEW, url_name="incident-open")
def open_incident(request: HttpRequest, sent: IncidentWanted) -> Status[dict[str, object]]:
    """Open an incident: its clock runs from the discovery."""
    user = require(request, Right.TRIAGE)
    department = None if sent.department is None else one(departments_of(user), sent.department)
    told = Told(
        title=sent.title,
        kind=sent.kind.value,
        discovered_at=sent.discovered,
        department=department,
        facts=sent.facts,
        **_things(user, sent),
    )
    return Status(201, _whole(request, actions.open_incident(told, by=user).pk))


@router.get("/{pk}", response=IncidentWhole, auth=READ, url_name="incident")
def read_incident(request: HttpRequest, pk: int) -> dict[str, object]:
    """One incident."""
    return _whole(request, pk)


@router.patch("/{pk}", response=IncidentWhole, auth=REVIEW, url_name="incident-change")
def change_incident(request: HttpRequest, pk: int, sent: IncidentChange) -> dict[str, object]:
    """Change what an incident says."""
    moments = {"discovered": "discovered_at", "occurred": "occurred_at"}
    values = {moments.get(name, name): value for name, value in sent.dict(exclude_none=True).items()}
    values = {name: getattr(value, "value", value) for name, value in values.items()}
    actions.change(_of(request, pk), values, by=require(request, Right.INCIDENT))
    return _whole(request, pk)


@router.post("/{pk}/duties/{key}", response=IncidentWhole, auth=REVIEW, url_name="incident-duty")
def meet_duty(request: HttpRequest, pk: int, key: str, sent: IncidentDutyMet) -> dict[str, object]:
    """Say how a duty was met."""
    user = require(request, Right.INCIDENT)
    actions.meet_duty(_of(request, pk), key, at=sent.at, note=sent.note, by=user, spared=sent.spared)
    return _whole(request, pk)


@router.post("/{pk}/measures", response=IncidentWhole, auth=REVIEW, url_name="incident-measure")
def add_measure(request: HttpRequest, pk: int, sent: IncidentMeasureWanted) -> dict[str, object]:
    """Write down a measure."""
    user = require(request, Right.INCIDENT)
    actions.add_measure(_of(request, pk), text=sent.text, by=user, responsible=sent.responsible, due_on=sent.due_on)
    return _whole(request, pk)


@router.post("/{pk}/measures/{measure}/done", response=IncidentWhole, auth=REVIEW, url_name="incident-measure-done")
def finish_measure(request: HttpRequest, pk: int, measure: int) -> dict[str, object]:
    """Say that a measure has been taken."""
    user = require(request, Right.INCIDENT)
    actions.finish_measure(_of(request, pk), max(0, min(measure, _BIG)), by=user)
    return _whole(request, pk)


@router.post("/{pk}/notes", response={204: None}, auth=REVIEW, url_name="incident-note")
def comment(request: HttpRequest, pk: int, sent: IncidentNote) -> HttpResponse:
    """Write into its history."""
    actions.comment(_of(request, pk), note=sent.note, by=require(request, Right.INCIDENT))
    return nothing()


@router.post("/{pk}/links", response=IncidentWhole, auth=REVIEW, url_name="incident-link")
def link(request: HttpRequest, pk: int, sent: IncidentThings) -> dict[str, object]:
    """Say that violations, computers or media belong to it."""
    user, row = require(request, Right.INCIDENT), _of(request, pk)
    for things in _things(user, sent).values():
        for thing in things:
            actions.link(row, thing, by=user)
    return _whole(request, pk)


@router.post("/{pk}/unlink", response=IncidentWhole, auth=REVIEW, url_name="incident-unlink")
def unlink(request: HttpRequest, pk: int, sent: IncidentThings) -> dict[str, object]:
    """Take links back."""
    user, row = require(request, Right.INCIDENT), _of(request, pk)
    for things in _things(user, sent).values():
        for thing in things:
            actions.unlink(row, thing, by=user)
    return _whole(request, pk)


@router.post("/{pk}/step", response=IncidentWhole, auth=REVIEW, url_name="incident-step")
def step(request: HttpRequest, pk: int, sent: IncidentStep) -> dict[str, object]:
    """Move it to its next state, file it with its closing report, dismiss it or open it again."""
    user, row = person_of(request), _of(request, pk)
    if sent.step in ("dismiss", "reopen"):
        (states.dismiss if sent.step == "dismiss" else states.reopen)(row, by=user, reason=sent.reason)
    else:
        {"verify": states.verify, "handle": states.handle, "close": states.close}[sent.step](row, by=user)
    return _whole(request, pk)
