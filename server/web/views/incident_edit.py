"""What an incident says: facts, level, harm, cause, responsibility, decision, the lesson."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right
from server.incidents.actions import CHOICES, TEXTS, IncidentMistakes, change
from server.incidents.models import Assessed, Cause, Decision, Incident, Kind
from server.web.incidents import as_field, find, moment_of
from server.web.pages import SignedInRequest, page_for, show

_MOMENTS = ("discovered_at", "occurred_at")


@page_for(Right.INCIDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def incident_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the form, or store it."""
    row = find(request, pk)
    if not row.active:
        raise PermissionDenied
    texts, mistakes = _texts(row), {}
    if request.method == "POST":
        names = [name for name in texts if name in request.POST]
        texts |= {name: request.POST[name] for name in names}
        try:
            values: dict[str, Any] = {name: texts[name] for name in names if name not in _MOMENTS}
            values |= {name: moment_of(request, name) for name in names if name in _MOMENTS}
            change(row, _kept_seconds(row, values), by=request.user)
        except IncidentMistakes as wrong:
            mistakes = wrong.by_field
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("web:incident", args=[row.pk]))
    context = {
        "incident": row,
        "texts": texts,
        "mistakes": mistakes,
        "mistake": mistakes.get("", "") or (_("Please mend what is marked below.") if mistakes else ""),
        "kinds": Kind.choices,
        "levels": Assessed.choices,
        "causes": Cause.choices,
        "decisions": Decision.choices,
    }
    return show(request, "web/incident_edit.html", context, at="incidents", status=422 if mistakes else 200)


def _texts(row: Incident) -> dict[str, str]:
    told = {name: str(getattr(row, name)) for name in ("title", *CHOICES, *TEXTS)}
    return told | {name: as_field(getattr(row, name)) for name in _MOMENTS}


def _kept_seconds(row: Incident, values: dict[str, Any]) -> dict[str, Any]:
    """A moment whose minute was left as it is keeps its seconds: nothing is changed by looking at it."""
    return {
        name: getattr(row, name) if name in _MOMENTS and as_field(value) == as_field(getattr(row, name)) else value
        for name, value in values.items()
    }
