"""``/media-sessions``: which medium was in which computer, from when until when, and how it was held."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from server.api.auth import READ, person_of
from server.api.fields import Span, part_of
from server.ledger.models import MediaSession
from server.ledger.scope import computers_of

router = Router(tags=["media sessions"])


class SessionsWanted(Span):
    """Which part of which sessions; what is left away narrows nothing."""

    computer: uuid.UUID | None = None
    medium: int | None = Field(None, ge=1, lt=2**63, description="Id of its entry in the ledger of media")
    open: bool | None = Field(None, description="Whether its end was not reported yet")


class SessionTold(Schema):
    """One insertion of a medium."""

    id: uuid.UUID
    computer: uuid.UUID
    medium: int
    mounted: datetime
    ended: datetime | None
    ending: str = Field(description="unmounted, removed or agent-stopped; empty while it lasts")
    hold: str = Field(description="What policy wanted when that was told last: read-only, block, or empty for nothing")
    access: str = Field(description="How it was found to stand then: writable, read-only, unmounted; empty: not looked")


class Sessions(Schema):
    """One part of the sessions."""

    sessions: list[SessionTold]
    next: str | None


@router.get("", response=Sessions, auth=READ, url_name="media-sessions")
def list_sessions(request: HttpRequest, wanted: Query[SessionsWanted]) -> dict[str, object]:
    """Sessions in the order in which they began."""
    rows = MediaSession.objects.filter(computer__in=computers_of(person_of(request)))
    if wanted.computer is not None:
        rows = rows.filter(computer=wanted.computer)
    if wanted.medium is not None:
        rows = rows.filter(medium=wanted.medium)
    if wanted.open is not None:
        rows = rows.filter(ended_at__isnull=wanted.open)
    found, mark = part_of(rows, wanted)
    return {"sessions": [_told(row) for row in found], "next": mark}


def _told(row: MediaSession) -> dict[str, object]:
    same = {name: getattr(row, name) for name in ("id", "ending", "hold", "access")}
    ids = {"computer": row.computer_id, "medium": row.medium_id}
    return {**same, **ids, "mounted": row.mounted_at, "ended": row.ended_at}
