"""Withdrawing a computer's enrolment."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from server.accounts.models import Right
from server.ledger.actions import LedgerMistakes, revoke
from server.ledger.kinds import COMPUTERS
from server.ledger.models import Computer
from server.web.ledgers import entry_of
from server.web.pages import SignedInRequest, page_for
from server.web.views.entry import show_entry


@page_for(Right.ENROL)
@require_POST
def computer_revoke(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse this computer's envelopes from now on; the reason goes into the audit log."""
    row = entry_of(COMPUTERS, request.user, pk)
    assert isinstance(row, Computer)  # noqa: S101 (what the ledger of computers holds)
    try:
        revoke(row, by=request.user, reason=request.POST.get("reason", ""))
    except LedgerMistakes as wrong:
        return show_entry(request, COMPUTERS, row, {"revoke_mistake": str(wrong)}, status=422)
    messages.success(request, _("The enrolment was withdrawn: its envelopes are refused from now on."))
    return HttpResponseRedirect(reverse("web:computer", args=[row.pk]))
