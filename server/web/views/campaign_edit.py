"""Opening a self-check round, and changing a running one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right
from server.accounts.scope import departments_of
from server.campaigns.actions import CampaignMistakes, Plan, save
from server.campaigns.models import Campaign
from server.campaigns.questions import profiles
from server.campaigns.scope import may_change
from server.ledger.models import ComputerClass
from server.web.campaigns import find, profile_name
from server.web.ledgers import department_choices
from server.web.pages import SignedInRequest, page_for, show

USUAL = timedelta(days=20)
"""From start to deadline, where nobody says anything else."""
_DAYS = ("starts_on", "deadline", "inspection_on")


@page_for(Right.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_edit(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    """Show the form of a round, or store it."""
    row = None if pk is None else find(request, pk)
    if row is not None and not may_change(request.user, row):
        raise PermissionDenied
    texts, mistakes = _texts(row), {}
    if request.method == "POST":
        texts = _posted(request)
        try:
            stored = save(row, _plan(request, texts), by=request.user)
        except CampaignMistakes as wrong:
            mistakes = wrong.by_field
        else:
            messages.success(request, _("The round was opened.") if row is None else _("Saved."))
            return HttpResponseRedirect(reverse("web:campaign", args=[stored.pk]))
    context = {
        "campaign": row,
        "texts": texts,
        "mistakes": mistakes,
        "mistake": mistakes.get("", "") or (_("Please mend what is marked below.") if mistakes else ""),
        "classes": ComputerClass.choices,
        "profiles": [(name, profile_name(name)) for name in profiles()],
        "departments": department_choices(request.user),
        "sees_everything": request.user.sees_everything,
    }
    return show(request, "web/campaign_edit.html", context, at="campaigns", status=422 if mistakes else 200)


def _texts(row: Campaign | None) -> dict[str, Any]:
    if row is None:
        today = timezone.localdate()
        usual = {"starts_on": today.isoformat(), "deadline": (today + USUAL).isoformat(), "inspection_on": ""}
        return {"title": "", "profile": "", "classes": [], "departments": [], "grace_days": "3", **usual}
    days = {name: getattr(row, name) for name in _DAYS}
    return {
        "title": row.title,
        "profile": row.profile,
        "classes": row.classes,
        "departments": [str(one.pk) for one in row.departments.all()],
        "grace_days": str(row.grace_days),
        **{name: "" if day is None else day.isoformat() for name, day in days.items()},
    }


def _posted(request: SignedInRequest) -> dict[str, Any]:
    names = ("title", "profile", "grace_days", *_DAYS)
    lists = {name: request.POST.getlist(name) for name in ("classes", "departments")}
    return {**{name: request.POST.get(name, "").strip() for name in names}, **lists}


def _plan(request: SignedInRequest, texts: dict[str, Any]) -> Plan:
    """What the form asks for. Raises `CampaignMistakes` for what cannot even be read."""
    wrong: dict[str, str] = {}
    days: dict[str, date | None] = {}
    for name in _DAYS:
        try:
            days[name] = date.fromisoformat(texts[name]) if texts[name] else None
        except ValueError:
            days[name] = None
            wrong[name] = _("Write a day such as 2026-11-21.")
    wanted = {int(told) for told in texts["departments"] if told.isascii() and told.isdigit() and len(told) < 10}
    departments = list(departments_of(request.user).filter(pk__in=wanted).order_by("path"))
    if len(departments) != len(set(texts["departments"])):
        wrong["departments"] = _("Choose departments of yours.")
    grace = texts["grace_days"] or "0"
    if not (grace.isascii() and grace.isdigit() and len(grace) < 4):
        wrong["grace_days"] = _("Write a number of days.")
    if wrong:
        raise CampaignMistakes(wrong)
    return Plan(
        title=texts["title"],
        profile=texts["profile"],
        classes=list(dict.fromkeys(texts["classes"])),
        departments=departments,
        starts_on=days["starts_on"],
        deadline=days["deadline"],
        inspection_on=days["inspection_on"],
        grace_days=int(grace),
    )
