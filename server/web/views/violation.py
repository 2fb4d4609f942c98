"""One violation: the control it breaks, the evidence, where it was seen, and what was done about it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from server.accounts.models import Right, User
from server.campaigns.standing import rounds_about
from server.incidents.models import ACTIVE
from server.incidents.scope import incidents_of
from server.ledger.models import MediaSession
from server.ledger.scope import media_of
from server.violations.models import Group, Occurrence, State, content_begins
from server.violations.scope import visible_to
from server.web import evidence, words
from server.web.controls import control
from server.web.offers import offers
from server.web.pages import SignedInRequest, page, show

SHOWN_OCCURRENCES = 50
SHOWN_ELSEWHERE = 5
MOST_OFFERED = 50
"""Open incidents that a violation can be added to from its page."""
_LIFE = (State.NEW, State.ASSIGNED, State.RECTIFIED, State.VERIFIED, State.CLOSED)


@page
@require_safe
def violation(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one violation."""
    return show_violation(request, find(request, pk))


def find(request: SignedInRequest, pk: uuid.UUID) -> Group:
    """The violation of an address, where this person may see it. Raises `django.http.Http404` else."""
    visible = visible_to(request.user).select_related(
        "computer__person", "computer__department", "medium__holder", "assignee", "waiver__decided_by"
    )
    return get_object_or_404(visible.defer("computer__public_key"), pk=pk)


def show_violation(
    request: SignedInRequest, group: Group, extra: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page of a violation, with what an action on it has to add (a place that was opened, a mistake in a form)."""
    occurrences = list(group.occurrences.defer("sealed_place").select_related("computer")[:SHOWN_OCCURRENCES])
    sessions = MediaSession.objects.in_bulk({seen.session_id for seen in occurrences if seen.session_id})
    latest = evidence.read(occurrences[0].evidence) if occurrences else evidence.EvidenceShown()
    context = {
        "group": group,
        "control": control(group.control),
        "latest": latest,
        "occurrences": [
            {"seen": seen, "session": sessions.get(seen.session_id) if seen.session_id else None}
            for seen in occurrences
        ],
        "session": _session(occurrences, sessions),
        "hidden_occurrences": group.occurrence_count - len(occurrences),
        "steps": group.steps.select_related("actor", "assignee"),
        "attachments": group.attachments.select_related("by"),
        "elsewhere": _elsewhere(request, group),
        **_belongs(request.user, group),
        "inputs": _fingerprint_inputs(group, latest),
        "life": _life(group),
        **offers(group, request.user.may_triage),
        "may_comment": request.user.may_triage,
        "may_reveal": request.user.may_reveal,
        **(extra or {}),
    }
    return show(request, "web/violation.html", context, at="violations", status=status)


def _session(occurrences: list[Occurrence], sessions: Mapping[uuid.UUID, MediaSession]) -> MediaSession | None:
    """The media session of the newest sighting, where its record has arrived."""
    newest = occurrences[0].session_id if occurrences else None
    return sessions.get(newest) if newest else None


def _elsewhere(request: SignedInRequest, group: Group) -> list[Group]:
    """Other violations about the very same content: the file may have travelled."""
    if not group.content_hash:
        return []
    same = visible_to(request.user).filter(content_begins(group.content_hash)).exclude(pk=group.pk)
    return list(same.select_related("computer", "medium").defer("sealed_place")[:SHOWN_ELSEWHERE])


def _belongs(user: User, group: Group) -> dict[str, object]:
    """The incidents and rounds a violation belongs to, as far as this person sees them, and what may be added."""
    seen = incidents_of(user)
    may_open = user.may(Right.INCIDENT) or user.may(Right.TRIAGE)
    others = seen.filter(state__in=ACTIVE).exclude(groups=group) if user.may(Right.INCIDENT) else seen.none()
    return {
        "incidents": list(seen.filter(groups=group)),
        "rounds": rounds_about(group.computer, user, group.first_seen_at, group.last_seen_at),
        "may_open_incident": may_open,
        "open_incidents": list(others[:MOST_OFFERED]),
        "sees_medium": group.medium_id is not None and media_of(user).filter(pk=group.medium_id).exists(),
    }


def _fingerprint_inputs(group: Group, latest: evidence.EvidenceShown) -> list[tuple[str, str]]:
    """What the fingerprint was made of (`server.violations.fingerprint`), for people to follow."""
    kind = f"check:{latest.check}" if latest.check else latest.kind or "network"
    carrier: tuple[str, str] = (_("Computer"), str(group.computer_id))
    if (group.content_hash or kind == "medium") and group.medium is not None:
        carrier = (_("Removable medium"), group.medium.key or "")
    thing = (_("Content (keyed hash)"), group.content_hash) if group.content_hash else (_("Kind"), kind)
    return [(_("Control"), group.control), carrier, thing]


def _life(group: Group) -> list[dict[str, object]]:
    """The steps from new to closed, and how far this one has come; empty for those that left that road."""
    if group.state not in _LIFE:
        return []
    reached = _LIFE.index(State(group.state))
    return [
        {"name": words.word(words.STATES, state), "past": index < reached, "now": index == reached}
        for index, state in enumerate(_LIFE)
    ]
