"""Saying that a finding is no violation at all."""

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
    title=gettext_lazy("Mark as false alarm"),
    lead=gettext_lazy("It leaves the list of open violations. It can be opened again at any time."),
    button=gettext_lazy("Mark as false alarm"),
    done=gettext_lazy("Marked as a false alarm."),
    note_label=gettext_lazy("In your own words"),
    presets=(
        gettext_lazy("The document only talks about secrecy: a regulation, teaching text or test."),
        gettext_lazy("An empty form or template."),
        gettext_lazy("The marking was lifted; the declassification is on record."),
        gettext_lazy("The words mean something else here."),
    ),
)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def false_alarm(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form, or mark the violation as a false alarm with the reason that was given."""
    if not request.user.may_triage:
        raise PermissionDenied
    return answer(
        request,
        pk,
        ACTION,
        lambda group: transitions.mark_false_alarm(group, by=request.user, reason=note_of(request)),
    )
