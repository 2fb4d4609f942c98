"""The policy: what computers of each class, and all of them, are told to follow."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right
from server.ledger.models import ComputerClass
from server.rules import policy as policies
from server.rules.models import ClassPolicy, HousePolicy
from server.web.pages import SignedInRequest, page_for, show

FIELDS = ("profile", "cron", "quarterly", "before_holidays", "before_inspection", "allowed_networks")
HOUSE = "house"
"""Name of the form that is for all classes."""


@page_for(Right.POLICY, whole_house=True)
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: SignedInRequest) -> HttpResponse:
    """Show the forms, one for each class and one for all, or store one of them."""
    part, mistakes = request.POST.get("part", ""), {}
    if request.method == "POST":
        told = {name: request.POST.get(name, "")[:4000] for name in (*FIELDS, "holidays", "inspection")}
        try:
            if part == HOUSE:
                policies.set_house(told, by=request.user)
            else:
                policies.set_class(part, told, by=request.user)
        except policies.PolicyMistakes as wrong:
            mistakes = wrong.by_field
        else:
            messages.success(request, _("Saved. Computers are told when they ask next."))
            return HttpResponseRedirect(reverse("web:policy"))
    context = {
        "classes": [_class(request, code, part, mistakes) for code in ComputerClass.values],
        "house": _house(request, part),
        "house_mistakes": mistakes if part == HOUSE else {},
        "mistakes": mistakes,
    }
    return show(request, "web/policy.html", context, at="rules", status=422 if mistakes else 200)


def _class(request: SignedInRequest, code: str, part: str, mistakes: dict[str, str]) -> dict[str, Any]:
    """The form of a class: what is stored, or what was just filled in wrongly."""
    if part == code:
        told = {name: request.POST.get(name, "") for name in FIELDS}
    else:
        row = ClassPolicy.objects.filter(pk=code).first() or ClassPolicy(computer_class=code)
        told = {
            "profile": row.profile,
            "cron": row.cron,
            "quarterly": "1" if row.quarterly else "",
            "before_holidays": _number(row.before_holidays),
            "before_inspection": _number(row.before_inspection),
            "allowed_networks": "\n".join(row.allowed_networks),
        }
    language = get_language() or "zh"
    profiles = [(one.id, f"{one.title.pick(language)} ({one.version})") for one in policies.profiles_for(code)]
    return {"code": code, "told": told, "profiles": profiles, "mistakes": mistakes if part == code else {}}


def _house(request: SignedInRequest, part: str) -> dict[str, str]:
    if part == HOUSE:
        return {name: request.POST.get(name, "") for name in ("holidays", "inspection")}
    row = HousePolicy.objects.first() or HousePolicy()
    return {
        "holidays": "\n".join(row.holidays),
        "inspection": "" if row.inspection is None else row.inspection.isoformat(),
    }


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
