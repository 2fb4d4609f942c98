"""``/campaigns``: self-check rounds, how every computer stands in them, and the questionnaires of departments."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from server.accounts.models import Right, User
from server.accounts.scope import departments_of
from server.api.auth import READ, REVIEW, person_of, require
from server.api.bodies import nothing
from server.api.fields import Day, Short, Span, Text, one, part_of
from server.api.problems import Problem
from server.campaigns import actions, attestations, closing, reminders
from server.campaigns.models import Campaign
from server.campaigns.models import Standing as CampaignStanding
from server.campaigns.scope import campaigns_of
from server.campaigns.standing import computers_in, matrix, rows_of
from server.ledger.models import ComputerClass
from server.ledger.scope import computers_of
from server.web.campaigns import department_of

router = Router(tags=["self-check rounds"])
MOST_DEPARTMENTS = 200


class CampaignTold(Schema):
    """One round."""

    id: int
    title: str
    profile: str
    classes: list[str]
    departments: list[int] = Field(description="With all below them; none for the whole house")
    starts_on: date
    deadline: date
    grace_days: int
    inspection_on: date | None
    open: bool
    closed: datetime | None
    closing_note: str
    digest: str = Field(description="SHA-256 over the frozen figures of a closed round")


class Campaigns(Schema):
    """One part of the rounds."""

    campaigns: list[CampaignTold]
    next: str | None


class CampaignLine(Schema):
    """One department of a round, or the sum of all."""

    department: int | None
    standings: dict[str, int] = Field(description="Standing → computers")
    failing: int = Field(description="Computers whose last self-check had a check that failed")


class CampaignWhole(CampaignTold):
    """One round with its matrix."""

    total: CampaignLine
    lines: list[CampaignLine]


class CampaignComputer(Schema):
    """How one computer stands in a round."""

    computer: uuid.UUID
    name: str
    number: str
    department: int | None
    standing: CampaignStanding
    done: datetime | None
    failed: int


class CampaignComputers(Schema):
    """One part of the computers of a round."""

    computers: list[CampaignComputer]
    next: int | None = Field(description="“skip” of the next part")


class CampaignSpan(Schema):
    """Which part of the computers of a round; they stand by name."""

    limit: int = Field(100, ge=1, le=500)
    skip: int = Field(0, ge=0, le=1_000_000)
    standing: CampaignStanding | None = None


class CampaignPlan(Schema):
    """A round as it is to be."""

    title: Short
    starts_on: Day
    deadline: Day
    classes: list[ComputerClass] = Field(max_length=3)
    profile: Short = ""
    departments: list[int] = Field([], max_length=MOST_DEPARTMENTS, description="None for the whole house")
    grace_days: int = Field(0, ge=0, le=actions.MOST_GRACE)
    inspection_on: Day | None = None


class CampaignEnd(Schema):
    """The end of a round."""

    note: Text = Field("", description="What is to be done about computers that are missing")


class CampaignExemption(Schema):
    """Sparing a computer a round, or letting it take part again."""

    reason: Text = ""
    end: bool = False


class CampaignReminder(Schema):
    """What became of a reminder."""

    departments: int
    computers: int
    carried: int = Field(description="Departments whose reminder left; 0 where no channel is set up")


class CampaignAnswer(Schema):
    """The answer to one question."""

    answer: str = Field(max_length=20, description="yes, no or not-applicable")
    note: Text = ""


class CampaignDraft(Schema):
    """Answers to keep, by control."""

    answers: dict[str, CampaignAnswer] = Field(max_length=500)


class CampaignAnswers(Schema):
    """The questionnaire of a department: what is kept, and what was signed last."""

    draft: dict[str, CampaignAnswer] | None
    signed: dict[str, CampaignAnswer] | None
    signed_at: datetime | None
    signed_as: str


def _of(request: HttpRequest, pk: int) -> Campaign:
    return one(campaigns_of(person_of(request)), pk)


def _told(row: Campaign) -> dict[str, object]:
    return {
        "id": row.pk,
        "title": row.title,
        "profile": row.profile,
        "classes": row.classes,
        "departments": [department.pk for department in row.departments.all()],
        "starts_on": row.starts_on,
        "deadline": row.deadline,
        "grace_days": row.grace_days,
        "inspection_on": row.inspection_on,
        "open": row.open,
        "closed": row.closed_at,
        "closing_note": row.closing_note,
        "digest": row.digest,
    }


def _plan(user: User, sent: CampaignPlan) -> actions.Plan:
    departments = list(departments_of(user).filter(pk__in=sent.departments))
    if len(departments) != len(set(sent.departments)):
        raise Problem(422, "mistakes", "choose departments of yours", {"departments": "not all of them are yours"})
    return actions.Plan(
        title=sent.title,
        starts_on=sent.starts_on,
        deadline=sent.deadline,
        profile=sent.profile,
        classes=list(dict.fromkeys(each.value for each in sent.classes)),
        departments=departments,
        grace_days=sent.grace_days,
        inspection_on=sent.inspection_on,
    )


@router.get("", response=Campaigns, auth=READ, url_name="campaigns")
def list_campaigns(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """The rounds in which the own departments take part."""
    found, mark = part_of(campaigns_of(person_of(request)).prefetch_related("departments"), wanted)
    return {"campaigns": [_told(row) for row in found], "next": mark}


@router.post("", response={201: CampaignTold}, auth=REVIEW, url_name="campaign-open")
def open_campaign(request: HttpRequest, sent: CampaignPlan) -> Status[dict[str, object]]:
    """Open a round."""
    user = require(request, Right.CAMPAIGN)
    return Status(201, _told(actions.save(None, _plan(user, sent), by=user)))


@router.get("/{pk}", response=CampaignWhole, auth=READ, url_name="campaign")
def read_campaign(request: HttpRequest, pk: int) -> dict[str, object]:
    """One round, department by department."""
    row = _of(request, pk)
    lines, total = matrix(row, person_of(request))
    told = [
        {"department": each.department and each.department.pk, "standings": each.counts, "failing": each.failing}
        for each in (total, *lines)
    ]
    return {**_told(row), "total": told[0], "lines": told[1:]}


@router.put("/{pk}", response=CampaignTold, auth=REVIEW, url_name="campaign-change")
def change_campaign(request: HttpRequest, pk: int, sent: CampaignPlan) -> dict[str, object]:
    """Change a running round."""
    user = require(request, Right.CAMPAIGN)
    return _told(actions.save(_of(request, pk), _plan(user, sent), by=user))


@router.get("/{pk}/computers", response=CampaignComputers, auth=READ, url_name="campaign-computers")
def list_computers(request: HttpRequest, pk: int, wanted: Query[CampaignSpan]) -> dict[str, object]:
    """How each computer stands; of a closed round, how it stood."""
    rows = rows_of(_of(request, pk), person_of(request))
    if wanted.standing is not None:
        rows = rows.filter(standing=wanted.standing.value)
    found = list(rows[wanted.skip : wanted.skip + wanted.limit + 1])
    more = len(found) > wanted.limit
    told = [
        {
            "computer": row.computer_id,
            "name": row.name,
            "number": row.number,
            "department": row.department_id,
            "standing": row.standing,
            "done": row.done_at,
            "failed": row.failed_count,
        }
        for row in found[: wanted.limit]
    ]
    return {"computers": told, "next": wanted.skip + wanted.limit if more else None}


@router.post("/{pk}/remind", response=CampaignReminder, auth=REVIEW, url_name="campaign-remind")
def remind(request: HttpRequest, pk: int) -> dict[str, object]:
    """Hand out a reminder for each department that has not finished."""
    user = require(request, Right.CAMPAIGN)
    sent = reminders.remind(_of(request, pk), by=user)
    return {"departments": sent.departments, "computers": sent.unfinished, "carried": sent.carried}


@router.post("/{pk}/close", response=CampaignTold, auth=REVIEW, url_name="campaign-close")
def close(request: HttpRequest, pk: int, sent: CampaignEnd) -> dict[str, object]:
    """Freeze the figures of a round."""
    user = require(request, Right.CAMPAIGN)
    return _told(closing.close(_of(request, pk), by=user, note=sent.note))


@router.post("/{pk}/exempt/{computer}", response={204: None}, auth=REVIEW, url_name="campaign-exempt")
def exempt(request: HttpRequest, pk: int, computer: uuid.UUID, sent: CampaignExemption) -> HttpResponse:
    """Spare a computer a round for a reason, or end that."""
    user, row = require(request, Right.APPROVE), _of(request, pk)
    pc = one(computers_of(user).filter(pk__in=computers_in(row).values("pk")), computer)
    if sent.end:
        actions.end_exemption(row, pc, by=user)
    else:
        actions.exempt(row, pc, reason=sent.reason, by=user)
    return nothing()


@router.get("/{pk}/answers/{department}", response=CampaignAnswers, auth=READ, url_name="campaign-answers")
def read_answers(request: HttpRequest, pk: int, department: int) -> dict[str, object]:
    """The questionnaire of a department; 0 for computers of none."""
    row, whose = _of(request, pk), department_of(person_of(request), max(department, 0))
    draft, signed = attestations.latest(row, whose)
    return {
        "draft": None if draft is None else draft.answers,
        "signed": None if signed is None else signed.answers,
        "signed_at": None if signed is None else signed.signed_at,
        "signed_as": "" if signed is None else signed.signed_as,
    }


@router.put("/{pk}/answers/{department}", response=CampaignAnswers, auth=REVIEW, url_name="campaign-answers")
def keep_answers(request: HttpRequest, pk: int, department: int, sent: CampaignDraft) -> dict[str, object]:
    """Keep answers as a draft. Signing them is for a person, on the page."""
    user, row = require(request, Right.CAMPAIGN), _of(request, pk)
    given = {control: attestations.Given(each.answer, each.note) for control, each in sent.answers.items()}
    attestations.save_draft(row, department_of(user, max(department, 0)), given, by=user)
    return read_answers(request, pk, department)
