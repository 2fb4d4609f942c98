"""``/imports``, ``/enrolment-tokens`` and what is done about a computer's enrolment."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from protocol.envelope import MAX_ENVELOPE
from server.accounts.models import Right
from server.api.auth import ADMIN, LEDGER, READ, require
from server.api.bodies import FILE, body_of
from server.api.fields import Reason, Short, Span, one, part_of
from server.api.problems import Problem
from server.intake.models import EnrolmentToken, Refusal, SpoolEntry
from server.intake.release import release_held
from server.intake.spool import SpoolUnavailable
from server.intake.taking import Taken, take
from server.intake.tokens import mint
from server.ledger.actions import revoke
from server.ledger.models import Computer, ComputerClass, Level
from server.ledger.scope import computers_of

router = Router(tags=["imports and enrolment"], by_alias=True)
EnvelopeState = Literal["waiting", "held", "done", "bad"]


class EnvelopesWanted(Span):
    """Which part of which envelopes."""

    state: EnvelopeState | None = None


class EnvelopeTold(Schema):
    """One envelope that came."""

    id: int
    digest: str
    computer: uuid.UUID
    sequence: int
    received: datetime
    size: int
    road: str
    state: str
    reason: str
    message: str


class Envelopes(Schema):
    """One part of the envelopes."""

    envelopes: list[EnvelopeTold]
    next: str | None


class RefusalTold(Schema):
    """What was not taken."""

    id: int
    at: datetime
    digest: str
    claimed_computer: str
    reason: str
    message: str
    size: int


class Refusals(Schema):
    """One part of what was not taken."""

    refusals: list[RefusalTold]
    next: str | None


class VerdictTold(Schema):
    """What became of a sealed file, and the receipt to carry back (base64 of its bytes)."""

    answer: Literal["accepted", "duplicate", "held", "refused"]
    reason: str
    message: str
    digest: str
    receipt: str


class TokenTold(Schema):
    """One enrolment token; never its text."""

    id: int
    class_: str = Field(alias="class")
    level: str | None
    note: str
    created: datetime
    expires: datetime
    used: datetime | None
    computer: uuid.UUID | None


class Tokens(Schema):
    """One part of the enrolment tokens."""

    tokens: list[TokenTold]
    next: str | None


class TokenWanted(Schema):
    """For which computer a token is to be."""

    class_: ComputerClass = Field(alias="class")
    level: Level | None = None
    hours: int = Field(168, ge=1, le=8760)
    note: Short = ""
    computer: uuid.UUID | None = Field(None, description="An entry of the ledger that enrols with it")


class TokenMade(Schema):
    """A new token, whose text is told this once."""

    token: str
    expires: datetime


class Count(Schema):
    """How many."""

    count: int


@router.get("/imports", response=Envelopes, auth=READ, url_name="imports")
def list_imports(request: HttpRequest, wanted: Query[EnvelopesWanted]) -> dict[str, object]:
    """The envelopes that came, by network and by file."""
    require(request, Right.OPERATE, whole_house=True)
    rows = SpoolEntry.objects.defer("raw")
    if wanted.state is not None:
        rows = rows.filter(state=wanted.state)
    found, mark = part_of(rows, wanted)
    told = [
        {
            "id": row.pk,
            "digest": row.digest,
            "computer": row.agent_id,
            "sequence": row.sequence,
            "received": row.received_at,
            "size": row.size,
            "road": row.road,
            "state": row.state,
            "reason": row.reason,
            "message": row.message,
        }
        for row in found
    ]
    return {"envelopes": told, "next": mark}


@router.post("/imports", response=VerdictTold, auth=LEDGER, url_name="imports-take", openapi_extra=FILE)
def take_file(request: HttpRequest) -> dict[str, object]:
    """Take in one sealed file (the body); the answer holds the receipt, also where it was refused."""
    require(request, Right.ENROL, whole_house=True)
    try:
        taken: Taken = take(body_of(request, MAX_ENVELOPE))
    except SpoolUnavailable:
        raise Problem(503, "busy", "nothing could be stored just now: try again") from None
    return {
        "answer": taken.answer,
        "reason": taken.reason,
        "message": taken.message,
        "digest": taken.digest,
        "receipt": taken.receipt_text,
    }


@router.get("/imports/refusals", response=Refusals, auth=READ, url_name="refusals")
def list_refusals(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """What was not taken, and why."""
    require(request, Right.OPERATE, whole_house=True)
    found, mark = part_of(Refusal.objects.all(), wanted)
    told = [
        {
            "id": row.pk,
            "at": row.at,
            "digest": row.digest,
            "claimed_computer": row.agent_id,
            "reason": row.reason,
            "message": row.message,
            "size": row.size,
        }
        for row in found
    ]
    return {"refusals": told, "next": mark}


@router.get("/enrolment-tokens", response=Tokens, auth=READ, url_name="enrolment-tokens")
def list_tokens(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """The tokens that computers enrol with."""
    require(request, Right.ENROL, whole_house=True)
    found, mark = part_of(EnrolmentToken.objects.all(), wanted)
    told = [
        {
            "id": row.pk,
            "class": row.computer_class,
            "level": row.level or None,
            "note": row.note,
            "created": row.created_at,
            "expires": row.expires_at,
            "used": row.used_at,
            "computer": row.used_by_id or row.computer_id,
        }
        for row in found
    ]
    return {"tokens": told, "next": mark}


@router.post("/enrolment-tokens", response={201: TokenMade}, auth=ADMIN, url_name="enrolment-token-mint")
def mint_token(request: HttpRequest, sent: TokenWanted) -> Status[dict[str, object]]:
    """Mint a token for one computer; of the ledger where one is named."""
    user = require(request, Right.ENROL, whole_house=sent.computer is None)
    computer = None if sent.computer is None else one(computers_of(user), sent.computer)
    level = None if sent.level is None else sent.level.value
    life = timedelta(hours=sent.hours)
    token, text = mint(sent.class_.value, level=level, life=life, note=sent.note, by=user, computer=computer)
    return Status(201, {"token": text, "expires": token.expires_at})


@router.post("/computers/{pk}/revoke", response=Count, auth=ADMIN, url_name="computer-revoke")
def withdraw(request: HttpRequest, pk: uuid.UUID, sent: Reason) -> dict[str, object]:
    """Refuse this computer's envelopes from now on."""
    user = require(request, Right.ENROL)
    revoke(one(computers_of(user), pk), by=user, reason=sent.reason)
    return {"count": 1}


@router.post("/computers/{pk}/release", response=Count, auth=ADMIN, url_name="computer-release")
def release(request: HttpRequest, pk: uuid.UUID, sent: Reason) -> dict[str, object]:
    """Take in the envelopes of a computer that wait for one that will never come."""
    user = require(request, Right.ADMINISTER, whole_house=True)
    computer: Computer = one(computers_of(user), pk)
    if not sent.reason.strip():
        raise Problem(422, "note-required", "a gap is ended for a reason: say which")
    return {"count": release_held(computer, by=user, reason=sent.reason)}
