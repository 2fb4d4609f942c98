"""Opening an incident: by hand, or from a violation, a computer or a medium."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right
from server.incidents.actions import IncidentMistakes, Told, open_incident
from server.incidents.models import Kind
from server.ledger.models import GONE, Computer, Medium
from server.ledger.scope import computers_of, media_of
from server.violations.models import Group
from server.violations.scope import visible_to
from server.web.controls import control
from server.web.incidents import as_field, department_named, moment_of
from server.web.ledgers import department_choices
from server.web.pages import SignedInRequest, page_for, show

_Origin = dict[str, Group | Computer | Medium | None]


@page_for(Right.INCIDENT, Right.TRIAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def incident_new(request: SignedInRequest) -> HttpResponse:
    """Show the form, filled from what the address names, or open the incident."""
    origin = _origin(request)
    texts, mistakes = _proposed(request, origin), {}
    if request.method == "POST":
        texts |= {name: request.POST.get(name, "") for name in texts}
        try:
            made = open_incident(_told(request, origin), by=request.user)
        except IncidentMistakes as wrong:
            mistakes = wrong.by_field
        else:
            messages.success(request, _("The incident was opened: its clock runs."))
            return HttpResponseRedirect(reverse("web:incident", args=[made.pk]))
    context = {
        "texts": texts,
        "mistakes": mistakes,
        "mistake": mistakes.get("", "") or (_("Please mend what is marked below.") if mistakes else ""),
        "kinds": Kind.choices,
        "departments": department_choices(request.user),
        "may_top": request.user.sees_everything,
        **origin,
    }
    return show(request, "web/incident_new.html", context, at="incidents", status=422 if mistakes else 200)


def _told(request: SignedInRequest, origin: _Origin) -> Told:
    group, computer, medium = origin["group"], origin["computer"], origin["medium"]
    if isinstance(group, Group):
        computer, medium = group.computer, group.medium
    return Told(
        title=request.POST.get("title", ""),
        kind=request.POST.get("kind", ""),
        discovered_at=moment_of(request, "discovered_at"),
        department=department_named(request.user, request.POST.get("department", "")),
        facts=request.POST.get("facts", ""),
        groups=(group,) if isinstance(group, Group) else (),
        computers=(computer,) if isinstance(computer, Computer) else (),
        media=(medium,) if isinstance(medium, Medium) and _seen(request, medium) else (),
    )


def _seen(request: SignedInRequest, medium: Medium) -> bool:
    return media_of(request.user).filter(pk=medium.pk).exists()


def _origin(request: SignedInRequest) -> _Origin:
    """The violation, computer and medium that the address names, where this person sees them."""
    told = {name: request.POST.get(name) or request.GET.get(name, "") for name in ("violation", "computer", "medium")}
    groups = visible_to(request.user).select_related("computer__department", "medium")
    number = told["medium"]
    medium = int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0
    return {
        "group": groups.filter(pk=_uuid(told["violation"])).first(),
        "computer": computers_of(request.user).filter(pk=_uuid(told["computer"])).first(),
        "medium": media_of(request.user).filter(pk=medium).first(),
    }


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _proposed(request: SignedInRequest, origin: _Origin) -> dict[str, Any]:
    group, thing = origin["group"], origin["computer"] or origin["medium"]
    own = request.user.department_id
    texts = {"title": "", "kind": Kind.POSSIBLE.value, "facts": "", "discovered_at": as_field(timezone.now())}
    if isinstance(group, Group):
        where = group.computer
        texts["title"] = f"{group.control} {control(group.control).title} · {where.name}"[:150]
        texts["discovered_at"] = as_field(group.first_seen_at)
        own = where.department_id
    elif isinstance(thing, Computer | Medium):
        lost = thing.status in GONE
        texts["kind"] = Kind.LOSS.value if lost else Kind.POSSIBLE.value
        texts["title"] = f"{thing.get_status_display() if lost else ''} {thing} {thing.number}".strip()[:150]
        own = thing.department_id
    return {**texts, "department": "" if own is None else str(own)}
