"""What is done to a running round: reminding, exempting a computer, closing."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from server.accounts.models import Right
from server.campaigns import actions, closing, reminders
from server.campaigns.actions import CampaignMistakes
from server.campaigns.models import Exemption
from server.campaigns.scope import may_change
from server.campaigns.standing import computers_in
from server.ledger.scope import computers_of
from server.web.campaigns import facts, find, in_numbers
from server.web.pages import SignedInRequest, page_for, show


@page_for(Right.CAMPAIGN)
@require_POST
def campaign_remind(request: SignedInRequest, pk: int) -> HttpResponse:
    """Hand a reminder out for each department that has not finished."""
    row = find(request, pk)
    try:
        sent = reminders.remind(row, by=request.user)
    except CampaignMistakes as wrong:
        messages.warning(request, str(wrong))
    else:
        told = {"departments": sent.departments, "computers": sent.unfinished}
        if sent.carried:
            messages.success(request, _("%(departments)d departments were reminded of %(computers)d computers.") % told)
        else:
            messages.warning(
                request,
                _("No notifications are set up here: print or export this list. The reminder is on record.") % told,
            )
    return HttpResponseRedirect(reverse("web:campaign-members", args=[row.pk]))


@page_for(Right.APPROVE)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_exempt(request: SignedInRequest, pk: int, computer: uuid.UUID) -> HttpResponse:
    """Show the form, exempt a computer from a round, or end its exemption."""
    row = find(request, pk)
    pc = get_object_or_404(computers_of(request.user).filter(pk__in=computers_in(row).values("pk")), pk=computer)
    spared = Exemption.objects.filter(campaign=row, computer=pc).select_related("by").first()
    mistake = ""
    if request.method == "POST":
        try:
            if request.POST.get("end"):
                actions.end_exemption(row, pc, by=request.user)
            else:
                actions.exempt(row, pc, reason=request.POST.get("reason", ""), by=request.user)
        except CampaignMistakes as wrong:
            mistake = str(wrong)
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("web:campaign-members", args=[row.pk]))
    context = {**facts(request, row), "computer": pc, "spared": spared, "mistake": mistake}
    return show(request, "web/campaign_exempt.html", context, at="campaigns", status=422 if mistake else 200)


@page_for(Right.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_close(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what closing means, or close the round."""
    row = find(request, pk)
    if not may_change(request.user, row):
        raise PermissionDenied
    mistake = ""
    if request.method == "POST":
        try:
            closing.close(row, by=request.user, note=request.POST.get("note", ""))
        except CampaignMistakes as wrong:
            mistake = str(wrong)
        else:
            messages.success(request, _("The round is closed: its figures stand. Print the sign-off sheet."))
            return HttpResponseRedirect(reverse("web:campaign", args=[row.pk]))
    _lines, total, _counts = in_numbers(row, request.user)
    note = request.POST.get("note", "")
    context = {**facts(request, row), "total": total, "note": note, "mistake": mistake}
    return show(request, "web/campaign_close.html", context, at="campaigns", status=422 if mistake else 200)
