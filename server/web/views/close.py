"""Filing a violation that a later clean scan or check has verified, or that none can verify any more."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right
from server.violations import transitions
from server.violations.models import State
from server.web.actions import Action, answer, note_of
from server.web.pages import SignedInRequest, page_for
from server.web.views.violation import find

ACTION = Action(
    title=gettext_lazy("Close"),
    lead=gettext_lazy(
        "It was verified by a later clean scan or check; closing files it. A new sighting opens it again."
    ),
    button=gettext_lazy("Close"),
    done=gettext_lazy("The violation was closed."),
    note_label=gettext_lazy("Note (optional)"),
    note_required=False,
)
UNSEEN = Action(
    title=gettext_lazy("Close without a scan"),
    lead=gettext_lazy(
        "The ledger says that what it was seen on is lost or destroyed: no scan can verify it any more. Say what proves"
        " that, such as the number of the certificate or of the incident. A new sighting opens it again."
    ),
    button=ACTION.button,
    done=ACTION.done,
    note_label=gettext_lazy("Reason"),
)


@page_for(Right.TRIAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form, or close the violation."""
    action = UNSEEN if find(request, pk).state == State.RECTIFIED else ACTION
    return answer(request, pk, action, lambda group: transitions.close(group, by=request.user, note=note_of(request)))
