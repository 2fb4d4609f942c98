"""The closing report of an incident, for printing."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.web.controls import control
from server.web.incidents import belongings, clock_of, find
from server.web.pages import SignedInRequest, page, show


@page
@require_safe
def incident_report(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the report; of an incident that is not closed, as it stands."""
    row = find(request, pk)
    sides = belongings(row, request.user)
    context = {
        "incident": row,
        "clock": clock_of(row),
        "measures": row.measures.all(),
        **sides,
        "groups": [(group, control(group.control)) for group in sides["groups"]],
        "now": timezone.now(),
    }
    return show(request, "web/incident_report.html", context, at="incidents")
