"""Adding a violation to an incident that is open already."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from server.accounts.models import Right
from server.incidents import actions
from server.incidents.actions import IncidentMistakes
from server.incidents.scope import incidents_of
from server.web.pages import SignedInRequest, page_for
from server.web.views.violation import find, show_violation


@page_for(Right.INCIDENT)
@require_POST
def violation_incident(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Link the violation to the incident that was chosen."""
    group = find(request, pk)
    told = request.POST.get("incident", "")
    wanted = int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0
    row = get_object_or_404(incidents_of(request.user), pk=wanted)
    try:
        actions.link(row, group, by=request.user)
    except IncidentMistakes as wrong:
        return show_violation(request, group, {"incident_mistake": str(wrong)}, status=422)
    messages.success(request, _("The violation was added to the incident."))
    return HttpResponseRedirect(reverse("web:violation", args=[group.pk]) + "#belongs")
