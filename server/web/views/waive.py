"""Asking for a waiver of a violation."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right
from server.violations import waivers
from server.violations.models import Waiver
from server.web.actions import Action, answer, day_of, note_of
from server.web.pages import SignedInRequest, page_for

ACTION = Action(
    title=gettext_lazy("Ask for a waiver"),
    lead=gettext_lazy("Somebody else has to approve it. It ends by itself on its last day."),
    button=gettext_lazy("Ask for a waiver"),
    done=gettext_lazy("The waiver waits for approval."),
    note_label=gettext_lazy("Reason"),
)


@page_for(Right.TRIAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form, or ask for the waiver."""
    scope = request.POST.get("scope", Waiver.Scope.VIOLATION)
    extra = {"scopes": Waiver.Scope.choices, "scope": scope, "until": request.POST.get("until", ""), "ask_until": True}
    return answer(
        request,
        pk,
        ACTION,
        lambda group: waivers.ask(
            group, scope=scope, reason=note_of(request), expires_on=day_of(request, "until"), by=request.user
        ),
        extra,
    )
