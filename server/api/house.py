"""``/me``, ``/audit``, ``/health`` and ``/saved-views``: the house itself, mostly to be read."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from server.accounts.models import Right
from server.accounts.rights import rights_of
from server.api.auth import READ, REVIEW, key_of, person_of, require
from server.api.bodies import nothing
from server.api.fields import Moment, Short, Span, Text, one, part_of
from server.audit.models import Entry
from server.intake.models import SpoolEntry
from server.violations.models import SavedView
from server.violations.saved_views import keep
from server.violations.scope import saved_views_of

router = Router(tags=["house"])


class Me(Schema):
    """For whom a key acts, and what it may do."""

    user: str
    role: str
    department: int | None
    scopes: list[str]
    rights: list[str]


class Act(Schema):
    """One act in the audit log."""

    id: int
    at: datetime
    actor: str | None
    action: str
    object_type: str
    object_id: str
    detail: dict[str, Any]
    hash: str


class Acts(Schema):
    """One part of the audit log."""

    acts: list[Act]
    next: str | None


class ActsWanted(Span):
    """Which part of which acts."""

    action: Short = Field("", description="An act, or how it begins: “violation.”")
    since: Moment | None = None


class Health(Schema):
    """How the collector fares."""

    waiting: int
    held: int
    bad: int
    oldest_waiting: datetime | None
    disk_free: int = Field(description="Bytes")
    disk_total: int


class ViewTold(Schema):
    """One saved view."""

    id: int
    name: str
    query: str
    owner: str
    shared: bool


class ViewWanted(Schema):
    """A view to keep."""

    name: Short
    query: Text = Field(description="The filters as they stand in the address of the page")
    shared: bool = False


@router.get("/me", response=Me, auth=READ, url_name="me")
def me(request: HttpRequest) -> dict[str, object]:
    """The person of this key."""
    key, user = key_of(request), person_of(request)
    return {
        "user": user.username,
        "role": user.role,
        "department": user.department_id,
        "scopes": key.scopes.split(),
        "rights": sorted(right.value for right in rights_of(user.role)),
    }


@router.get("/audit", response=Acts, auth=READ, url_name="audit")
def list_audit(request: HttpRequest, wanted: Query[ActsWanted]) -> dict[str, object]:
    """The audit log, oldest first; each entry with its hash in the chain."""
    require(request, Right.AUDIT, whole_house=True)
    rows = Entry.objects.select_related("actor")
    if wanted.action:
        rows = rows.filter(action__startswith=wanted.action)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    found, mark = part_of(rows, wanted)
    told = [
        {
            "id": row.pk,
            "at": row.at,
            "actor": None if row.actor is None else row.actor.username,
            "action": row.action,
            "object_type": row.object_type,
            "object_id": row.object_id,
            "detail": row.detail if isinstance(row.detail, dict) else {},
            "hash": row.hash,
        }
        for row in found
    ]
    return {"acts": told, "next": mark}


@router.get("/health", response=Health, auth=READ, url_name="api-health")
def health(request: HttpRequest) -> dict[str, object]:
    """How the collector fares."""
    require(request, Right.OPERATE, whole_house=True)
    states: dict[str, Any] = {
        row["state"]: row
        for row in SpoolEntry.objects.order_by().values("state").annotate(n=Count("id"), oldest=Min("received_at"))
    }
    disk = shutil.disk_usage(Path(settings.MIJIAN_HOME))
    counts = {state.value: states.get(state.value, {}).get("n", 0) for state in SpoolEntry.State}
    return {
        **{name: counts[name] for name in ("waiting", "held", "bad")},
        "oldest_waiting": states.get(SpoolEntry.State.WAITING.value, {}).get("oldest"),
        "disk_free": disk.free,
        "disk_total": disk.total,
    }


@router.get("/saved-views", response=list[ViewTold], auth=READ, url_name="saved-views")
def list_views(request: HttpRequest) -> list[dict[str, object]]:
    """The views this person is offered: the own ones and those that are shared."""
    return [_view(row) for row in saved_views_of(person_of(request)).select_related("owner")]


@router.post("/saved-views", response={201: ViewTold}, auth=REVIEW, url_name="saved-view-keep")
def keep_view(request: HttpRequest, sent: ViewWanted) -> Status[dict[str, object]]:
    """Keep filters under a name."""
    return Status(201, _view(keep(person_of(request), name=sent.name, query=sent.query, shared=sent.shared)))


@router.delete("/saved-views/{pk}", response={204: None}, auth=REVIEW, url_name="saved-view-drop")
def drop_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up a view of one's own."""
    one(SavedView.objects.filter(owner=person_of(request)), pk).delete()
    return nothing()


def _view(row: SavedView) -> dict[str, object]:
    return {"id": row.pk, "name": row.name, "query": row.query, "owner": row.owner.username, "shared": row.shared}
