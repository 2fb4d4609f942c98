"""Opening a violation again."""

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
    title=gettext_lazy("Open again"),
    lead=gettext_lazy("It goes back to the new ones, with nobody assigned."),
    button=gettext_lazy("Open again"),
    done=gettext_lazy("The violation is open again."),
    note_label=gettext_lazy("Reason"),
)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form, or open the violation again with the reason that was given."""
    if not request.user.may_triage:
        raise PermissionDenied
    return answer(
        request, pk, ACTION, lambda group: transitions.reopen(group, by=request.user, reason=note_of(request))
    )
