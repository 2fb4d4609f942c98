"""``/waivers``: the exceptions asked for and in force, and deciding them."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from server.api import schemas
from server.api.auth import READ, REVIEW, person_of
from server.api.fields import Span, Text, one, part_of
from server.violations import waivers as acts
from server.violations.scope import waivers_of

router = Router(tags=["waivers"])
WaiverState = Literal["asked", "approved", "refused", "ended", "expired"]


class WaiversWanted(Span):
    """Which part of which waivers."""

    state: WaiverState | None = None


class Waivers(Schema):
    """One part of the list of waivers."""

    waivers: list[schemas.WaiverTold]
    next: str | None


class Decision(Schema):
    """What is decided about a waiver."""

    decision: Literal["approve", "refuse", "end"]
    note: Text = ""


@router.get("", response=Waivers, auth=READ, url_name="waivers")
def list_waivers(request: HttpRequest, wanted: Query[WaiversWanted]) -> dict[str, object]:
    """Waivers by number."""
    rows = waivers_of(person_of(request)).select_related("requested_by", "decided_by")
    if wanted.state is not None:
        rows = rows.filter(state=wanted.state)
    found, mark = part_of(rows, wanted)
    return {"waivers": [schemas.waiver(row) for row in found], "next": mark}


@router.post("/{pk}/decision", response=schemas.WaiverTold, auth=REVIEW, url_name="waiver-decision")
def decide(request: HttpRequest, pk: int, told: Decision) -> dict[str, object]:
    """Approve or refuse one that somebody else asked for, or end one before its time."""
    user = person_of(request)
    waiver = one(waivers_of(user), pk)
    if told.decision == "end":
        acts.end(waiver, by=user, note=told.note)
    else:
        acts.decide(waiver, approve=told.decision == "approve", by=user, note=told.note)
    return schemas.waiver(one(waivers_of(user).select_related("requested_by", "decided_by"), pk))
