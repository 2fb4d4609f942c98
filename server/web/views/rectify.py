"""Saying what was done about a violation."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from server.violations import transitions
from server.web.actions import Action, answer, note_of
from server.web.pages import SignedInRequest, page

ACTION = Action(
    title=gettext_lazy("Mark as rectified"),
    lead=gettext_lazy("Only a later clean check of the computer verifies it; until then it stays open."),
    button=gettext_lazy("Mark as rectified"),
    done=gettext_lazy("Marked as rectified; the next clean check verifies it."),
    note_label=gettext_lazy("What was done"),
)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def rectify(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form, or mark the violation as rectified with the note that was given."""
    if not request.user.may_triage:
        raise PermissionDenied
    return answer(
        request, pk, ACTION, lambda group: transitions.mark_rectified(group, by=request.user, note=note_of(request))
    )
