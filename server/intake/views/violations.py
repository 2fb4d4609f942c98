"""``GET /api/v1/violations``: what the collector holds, for programs with an API key."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.api_keys import holder
from server.intake.views import answers
from server.violations.models import Group, State
from server.violations.scope import visible_to

DEFAULT_LIMIT = 100
MAX_LIMIT = 500


@require_safe
def violations(request: HttpRequest) -> HttpResponse:
    """Groups by id, oldest first: ``?after=ID`` for the next page, ``limit``, ``state``, ``control``, ``computer``."""
    user = holder(request.headers.get("Authorization", ""))
    if user is None:
        response = answers.refusal("not-authorised", "show an API key: Authorization: Bearer …", 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    groups = visible_to(user).select_related("computer", "medium").order_by("id")
    try:
        limit = min(max(int(request.GET.get("limit", DEFAULT_LIMIT)), 1), MAX_LIMIT)
        if after := request.GET.get("after"):
            groups = groups.filter(id__gt=uuid.UUID(after))
        if computer := request.GET.get("computer"):
            groups = groups.filter(computer=uuid.UUID(computer))
    except ValueError:
        return answers.refusal("malformed", "after and computer are ids, limit is a number", 400)
    if state := request.GET.get("state"):
        if state not in State.values:
            return answers.refusal("malformed", f"state is one of {', '.join(State.values)}", 400)
        groups = groups.filter(state=state)
    if control := request.GET.get("control"):
        groups = groups.filter(control=control)
    page = list(groups[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    return answers.json_answer(
        {"violations": [_told(group) for group in page], "next": str(page[-1].id) if more else None}
    )


def _told(group: Group) -> dict[str, Any]:
    medium = group.medium
    return {
        "id": str(group.id),
        "fingerprint": group.fingerprint,
        "control": group.control,
        "severity": group.severity,
        "state": group.state,
        "computer": {
            "id": str(group.computer.id),
            "name": group.computer.name,
            "class": group.computer.computer_class,
        },
        "medium": None
        if medium is None
        else {
            "key": medium.key,
            "bus": medium.bus,
            "vendor": medium.vendor,
            "model": medium.model,
            "serial_tail": medium.serial_tail,
            "label": medium.label,
        },
        "person": group.person,
        "content_hash": group.content_hash,
        "path_hash": group.path_hash,
        "marking": group.marking,
        "family": group.family,
        "level": group.level or None,
        "zone": group.zone,
        "extension": group.extension,
        "media_type": group.media_type,
        "occurrences": group.occurrence_count,
        "first_seen": group.first_seen_at,
        "last_seen": group.last_seen_at,
        "regressed": group.regressed_at,
    }
