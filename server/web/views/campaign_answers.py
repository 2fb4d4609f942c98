"""The questionnaire of one department in a round: answering, keeping a draft, signing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.peers import client_address
from server.campaigns.actions import CampaignMistakes
from server.campaigns.attestations import Given, latest, may_sign, save_draft, sign
from server.campaigns.models import Attestation, Campaign
from server.campaigns.questions import questions_of
from server.web.campaigns import department_of, facts, find
from server.web.pages import SignedInRequest, page, show

ANSWERS = (
    ("yes", gettext_lazy("Yes")),
    ("no", gettext_lazy("No")),
    ("not-applicable", gettext_lazy("Not applicable")),
)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_answers(request: SignedInRequest, pk: int, department: int) -> HttpResponse:
    """Show the questions with what was answered; keep answers as a draft, or sign them."""
    row = find(request, pk)
    whose = department_of(request.user, department)
    may = may_sign(request.user, row, whose)
    mistakes: dict[str, str] = {}
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        given = _given(request, row)
        try:
            if request.POST.get("sign"):
                password = request.POST.get("password", "")
                sign(row, whose, given, by=request.user, password=password, address=client_address(request.META))
            else:
                save_draft(row, whose, given, by=request.user)
        except CampaignMistakes as wrong:
            mistakes = wrong.by_field
        else:
            messages.success(request, _("Signed.") if request.POST.get("sign") else _("Kept. Nothing is signed yet."))
            return HttpResponseRedirect(reverse("web:campaign", args=[row.pk]))
    draft, signed = latest(row, whose)
    shown = draft if may and draft is not None else signed
    context = {
        **facts(request, row),
        "department": whose,
        "key": department,
        "may_sign": may,
        "asks_password": request.user.has_usable_password(),
        "questions": _questions(row, shown, mistakes),
        "choices": ANSWERS,
        "draft": draft,
        "signed": signed,
        "mistakes": mistakes,
        "mistake": mistakes.get("", "") or (_("Please mend what is marked below.") if mistakes else ""),
    }
    return show(request, "web/campaign_answers.html", context, at="campaigns", status=422 if mistakes else 200)


def _given(request: SignedInRequest, row: Campaign) -> dict[str, Given]:
    return {
        one.control: Given(request.POST.get(f"a-{one.control}", ""), request.POST.get(f"n-{one.control}", ""))
        for one in questions_of(row)
    }


def _questions(row: Campaign, shown: Attestation | None, mistakes: dict[str, str]) -> list[dict[str, Any]]:
    """The questions as they are asked now; of a closed round, as they were signed."""
    zh = (get_language() or "zh").startswith("zh")
    if row.open or shown is None:
        asked = [(one.control, one.ask.zh if zh else one.ask.en) for one in questions_of(row)]
    else:
        asked = [(one["control"], one["zh" if zh else "en"]) for one in shown.asked]
    answers = {} if shown is None else shown.answers
    return [
        {
            "control": control,
            "text": text,
            "answer": answers.get(control, {}).get("answer", ""),
            "note": answers.get(control, {}).get("note", ""),
            "mistake": mistakes.get(control, ""),
        }
        for control, text in asked
    ]
