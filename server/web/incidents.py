"""What the pages of incidents share: the incident of an address, its duties in words, times of forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from server.accounts.models import Department, User
from server.accounts.scope import departments_of
from server.incidents.actions import IncidentMistakes
from server.incidents.duties import duties
from server.incidents.models import Duty, Incident
from server.incidents.scope import incidents_of
from server.ledger.scope import computers_of, media_of
from server.violations.scope import visible_to
from server.web.pages import SignedInRequest


@dataclass(frozen=True)
class DutyShown:
    """One duty as a page shows it."""

    row: Duty
    title: str
    clause: str
    control: str
    at_once: bool


def find(request: SignedInRequest, pk: int) -> Incident:
    """The incident of an address, where this person may see it. Raises `django.http.Http404` else."""
    rows = incidents_of(request.user).select_related("department", "opened_by", "closed_by")
    return get_object_or_404(rows, pk=min(pk, 2**62))


def clock_of(incident: Incident) -> list[DutyShown]:
    """The duties of an incident, in the order in which they are due."""
    language, known = get_language() or "zh", duties()
    return [
        DutyShown(row, known[row.key].title.pick(language), known[row.key].clause, known[row.key].control, at_once)
        for row in incident.duties.select_related("met_by")
        if row.key in known
        for at_once in (known[row.key].at_once,)
    ]


def belongings(incident: Incident, user: User) -> dict[str, Any]:
    """The violations, computers and media of an incident, as far as this person sees them."""
    groups = visible_to(user).filter(incidents=incident).select_related("computer", "medium")
    return {
        "groups": groups.defer("sealed_place", "computer__public_key"),
        "computers": computers_of(user).filter(incidents=incident).defer("public_key"),
        "media": media_of(user).filter(incidents=incident),
    }


def moment_of(request: SignedInRequest, name: str) -> datetime | None:
    """The moment a field of the form names, in the collector's time zone; None for an empty one.

    Raises `IncidentMistakes` for what is no moment.
    """
    told = request.POST.get(name, "").strip()
    if not told:
        return None
    try:
        found = datetime.fromisoformat(told)
        return found if found.tzinfo is not None else timezone.make_aware(found)
    except (ValueError, OverflowError):
        raise IncidentMistakes({name: _("Write a time such as 2026-11-21 14:30.")}) from None


def as_field(at: datetime | None) -> str:
    """A moment as a field of kind ``datetime-local`` wants it."""
    return "" if at is None else timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def department_named(user: User, told: str) -> Department | None:
    """The department a form names; None for an empty field. Raises `IncidentMistakes` outside the scope."""
    if not told:
        return None
    wanted = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
    found = departments_of(user).filter(pk=wanted).first()
    if found is None:
        raise IncidentMistakes({"department": _("Choose a department of yours.")})
    return found
