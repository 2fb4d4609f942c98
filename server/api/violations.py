"""``/violations``: the list, one of them, and everything people do about it."""

from __future__ import annotations

import uuid
from typing import Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from server.accounts.models import Right, User
from server.api import schemas
from server.api.auth import READ, REVIEW, person_of, require
from server.api.fields import Day, Moment, Reason, Short, Span, Text, one, part_of
from server.violations import attachments, bulk, transitions, waivers
from server.violations.models import Group, Severity, State, Waiver
from server.violations.reveal import reveal as open_place
from server.violations.scope import visible_to
from server.violations.transitions import TransitionError
from server.web.filters import ViolationFilter
from server.web.views.assign import people_for

router = Router(tags=["violations"], by_alias=True)
SHOWN = 50
"""Sightings told of one violation, newest first."""


class Narrowing(Schema):
    """Which violations are meant; what is left away narrows nothing."""

    state: State | None = None
    open: bool | None = Field(None, description="Whether somebody still has something to do about it")
    severity: list[Severity] = Field([], max_length=len(Severity.values))
    control: Short = ""
    family: Short = ""
    computer: uuid.UUID | None = None
    department: int | None = Field(None, ge=1, lt=2**31, description="With all departments below it")
    assignee: Literal["", "me", "none", "gone"] = ""
    overdue: bool = False
    q: Short = Field("", description="Words, as in the search field of the page")
    changed_since: Moment | None = Field(None, description="Only what has changed at or after this moment")


class ViolationsWanted(Narrowing, Span):
    """Which part of which violations."""


class Note(Schema):
    """Words about what was done."""

    note: Text = ""


class Assignment(Note):
    """Whom a violation is given to."""

    person: Short = Field(description="Name of the account")
    due: Day | None = None


class WaiverWanted(Reason):
    """An exception that is asked for."""

    scope: Waiver.Scope
    until: Day = Field(description="Last day it holds")


class AttachmentWanted(Schema):
    """A file, named by its hash; its content stays where it is."""

    name: Short
    sha256: Short
    size: int | None = Field(None, ge=0, le=attachments.LARGEST)


class Many(Note):
    """One act on many violations."""

    action: Literal["assign", "rectified", "false-alarm"]
    ids: list[uuid.UUID] = Field([], max_length=bulk.LARGEST)
    matching: Narrowing | None = Field(None, description="Instead of ids: everything that fits")
    person: Short = Field("", description="Name of the account, to assign")
    due: Day | None = None


class Done(Schema):
    """What became of an act on many."""

    done: int
    left: int = Field(description="Left as they are: their state does not allow it")
    more: bool = Field(description="There are more than one act takes: do it again")


class Place(Schema):
    """An opened path."""

    path: str
    member: str | None


def narrowed(user: User, wanted: Narrowing) -> QuerySet[Group]:
    """The violations that a person may see and that fit."""
    chosen = ViolationFilter(
        text=wanted.q[:100],
        severities=tuple(one.value for one in wanted.severity),
        family=wanted.family,
        control=wanted.control,
        computer="" if wanted.computer is None else str(wanted.computer),
        assignee=wanted.assignee,
        overdue=wanted.overdue,
        department=wanted.department,
        user_id=user.pk,
    )
    rows = chosen.narrow(visible_to(user))
    if wanted.state is not None:
        rows = rows.filter(state=wanted.state)
    if wanted.open is not None:
        rows = rows.filter(is_open__in=(wanted.open,))
    if wanted.changed_since is not None:
        rows = rows.filter(updated_at__gte=wanted.changed_since)
    return rows


def _full(rows: QuerySet[Group]) -> QuerySet[Group]:
    return rows.select_related("computer", "medium", "assignee").defer("sealed_place", "computer__public_key")


def _of(request: HttpRequest, pk: uuid.UUID) -> Group:
    return one(_full(visible_to(person_of(request))), pk)


def _again(request: HttpRequest, pk: uuid.UUID) -> dict[str, object]:
    return schemas.violation(_of(request, pk))


@router.get("", response=schemas.Violations, auth=READ, url_name="violations")
def list_violations(request: HttpRequest, wanted: Query[ViolationsWanted]) -> dict[str, object]:
    """Violations by id, oldest first."""
    rows, mark = part_of(_full(narrowed(person_of(request), wanted)), wanted)
    return {"violations": [schemas.violation(row) for row in rows], "next": mark}


@router.post("/bulk", response=Done, auth=REVIEW, url_name="violations-bulk")
def act_on_many(request: HttpRequest, told: Many) -> dict[str, object]:
    """Assign, mark as rectified or as false alarm: each with its own permission, history and audit row."""
    user = require(request, Right.TRIAGE)
    if not told.ids and told.matching is None:
        raise TransitionError("nothing", _("Nothing is chosen: name ids, or what they match."))
    chosen = visible_to(user).filter(pk__in=told.ids) if told.matching is None else narrowed(user, told.matching)
    chosen = chosen.order_by("id")
    person = _person(user, told.person) if told.action == "assign" else None

    def act(group: Group) -> object:
        if person is not None:
            return transitions.assign(group, to=person, by=user, note=told.note, due=told.due)
        if told.action == "rectified":
            return transitions.mark_rectified(group, by=user, note=told.note)
        return transitions.mark_false_alarm(group, by=user, reason=told.note)

    more = chosen.order_by()[: bulk.LARGEST + 1].count() > bulk.LARGEST
    done, left = bulk.do(chosen, act)
    return {"done": done, "left": left, "more": more}


def _person(user: User, name: str) -> User:
    found = next((person for person in people_for(user) if person.username == name), None)
    if found is None:
        raise TransitionError("assignee", _("This person cannot work on violations: choose another one."))
    return found


@router.get("/{pk}", response=schemas.ViolationWhole, auth=READ, url_name="violation")
def read_violation(request: HttpRequest, pk: uuid.UUID) -> dict[str, object]:
    """One violation with its history."""
    group = _of(request, pk)
    return {
        **schemas.violation(group),
        "steps": [schemas.step(row) for row in group.steps.select_related("actor", "assignee")],
        "sightings": [schemas.sighting(row) for row in group.occurrences.defer("sealed_place", "evidence")[:SHOWN]],
        "attachments": [schemas.attachment(row) for row in group.attachments.select_related("by")],
    }


@router.post("/{pk}/assign", response=schemas.Violation, auth=REVIEW, url_name="violation-assign")
def assign(request: HttpRequest, pk: uuid.UUID, told: Assignment) -> dict[str, object]:
    """Give it to a person, if need be with another due date."""
    user, group = person_of(request), _of(request, pk)
    transitions.assign(group, to=_person(user, told.person), by=user, note=told.note, due=told.due)
    return _again(request, pk)


@router.post("/{pk}/rectified", response=schemas.Violation, auth=REVIEW, url_name="violation-rectified")
def rectified(request: HttpRequest, pk: uuid.UUID, told: Note) -> dict[str, object]:
    """Say what was done about it; only a later clean check verifies it."""
    transitions.mark_rectified(_of(request, pk), by=person_of(request), note=told.note)
    return _again(request, pk)


@router.post("/{pk}/false-alarm", response=schemas.Violation, auth=REVIEW, url_name="violation-false-alarm")
def false_alarm(request: HttpRequest, pk: uuid.UUID, told: Reason) -> dict[str, object]:
    """Say that it is no violation at all."""
    transitions.mark_false_alarm(_of(request, pk), by=person_of(request), reason=told.reason)
    return _again(request, pk)


@router.post("/{pk}/close", response=schemas.Violation, auth=REVIEW, url_name="violation-close")
def close(request: HttpRequest, pk: uuid.UUID, told: Note) -> dict[str, object]:
    """File one that a later clean check has verified."""
    transitions.close(_of(request, pk), by=person_of(request), note=told.note)
    return _again(request, pk)


@router.post("/{pk}/reopen", response=schemas.Violation, auth=REVIEW, url_name="violation-reopen")
def reopen(request: HttpRequest, pk: uuid.UUID, told: Reason) -> dict[str, object]:
    """Open it again."""
    transitions.reopen(_of(request, pk), by=person_of(request), reason=told.reason)
    return _again(request, pk)


@router.post("/{pk}/comments", response={201: schemas.StepTold}, auth=REVIEW, url_name="violation-comments")
def comment(request: HttpRequest, pk: uuid.UUID, told: Note) -> Status[dict[str, object]]:
    """Write into its history."""
    return Status(201, schemas.step(transitions.comment(_of(request, pk), by=person_of(request), note=told.note)))


@router.post("/{pk}/attachments", response={201: schemas.AttachmentTold}, auth=REVIEW, url_name="violation-attach")
def attach(request: HttpRequest, pk: uuid.UUID, told: AttachmentWanted) -> Status[dict[str, object]]:
    """Name a file that proves something, by its SHA-256."""
    group = _of(request, pk)
    made = attachments.attach(group, name=told.name, sha256=told.sha256, size=told.size, by=person_of(request))
    return Status(201, schemas.attachment(made))


@router.post("/{pk}/waivers", response={201: schemas.WaiverTold}, auth=REVIEW, url_name="violation-waivers")
def ask_waiver(request: HttpRequest, pk: uuid.UUID, told: WaiverWanted) -> Status[dict[str, object]]:
    """Ask for an exception; somebody else decides it."""
    group, user = _of(request, pk), person_of(request)
    asked = waivers.ask(group, scope=told.scope.value, reason=told.reason, expires_on=told.until, by=user)
    return Status(201, schemas.waiver(asked))


@router.post("/{pk}/reveal", response=Place, auth=REVIEW, url_name="violation-reveal")
def reveal(request: HttpRequest, pk: uuid.UUID, told: Reason) -> dict[str, object]:
    """Open the sealed path, for a reason that is logged and shown on the violation."""
    place = open_place(_of(request, pk), by=person_of(request), reason=told.reason)
    return {"path": place.path, "member": place.member}
