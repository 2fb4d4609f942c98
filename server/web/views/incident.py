"""One incident: its facts, the clock of duties, measures, what belongs to it, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.incidents.models import Incident, State
from server.web.incidents import as_field, belongings, clock_of, find
from server.web.pages import SignedInRequest, page, show

THINGS = {
    "group": gettext_lazy("a violation"),
    "computer": gettext_lazy("a computer"),
    "medium": gettext_lazy("a removable medium"),
}
"""What may belong to an incident, as its history tells it."""
LIFE = (State.OPEN, State.VERIFIED, State.HANDLED, State.CLOSED)


@page
@require_safe
def incident(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one incident."""
    return show_incident(request, find(request, pk))


def show_incident(
    request: SignedInRequest, row: Incident, extra: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page of an incident, with what an act on it has to add (a mistake, what was typed)."""
    user = request.user
    may_work = row.active and user.may(Right.INCIDENT)
    clock = clock_of(row)
    reached = LIFE.index(State(row.state)) if row.state in LIFE else -1
    context = {
        "incident": row,
        "life": [
            {"name": state.label, "past": index < reached, "now": index == reached} for index, state in enumerate(LIFE)
        ]
        if reached >= 0
        else [],
        "clock": clock,
        "whats": {**THINGS, **{one.row.key: one.title for one in clock}},
        "measures": list(row.measures.all()),
        "steps": row.steps.select_related("actor"),
        "may_work": may_work,
        "may_verify": may_work and row.state == State.OPEN,
        "may_handle": may_work and row.state == State.VERIFIED,
        "may_close": row.state == State.HANDLED and user.may(Right.APPROVE),
        "may_dismiss": row.state in (State.OPEN, State.VERIFIED) and user.may(Right.APPROVE),
        "may_reopen": not row.active and user.may(Right.APPROVE),
        "now_field": as_field(timezone.now()),
        "today": timezone.localdate(),
        **belongings(row, user),
        **(extra or {}),
    }
    return show(request, "web/incident.html", context, at="incidents", status=status)
