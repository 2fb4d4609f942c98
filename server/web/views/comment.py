"""Writing a comment into a violation's history."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from server.violations import transitions
from server.web.pages import SignedInRequest, page
from server.web.views.violation import find, show_violation


@page
@require_POST
def comment(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Store the comment and show the history again; a comment that cannot be stored is shown with the reason."""
    group = find(request, pk)
    note = request.POST.get("note", "")
    try:
        transitions.comment(group, by=request.user, note=note)
    except transitions.TransitionError as error:
        return show_violation(request, group, {"comment_mistake": str(error), "comment": note}, status=422)
    return HttpResponseRedirect(reverse("web:violation", args=[group.pk]) + "#history")
