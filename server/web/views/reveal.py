"""Showing the sealed path of a file, once, to the right role, for a reason that is logged."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from server.violations.reveal import RevealError
from server.violations.reveal import reveal as open_place
from server.web.pages import SignedInRequest, page
from server.web.views.violation import find, show_violation


@page
@require_POST
def reveal(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the violation with its path. The path is in this answer only, which no cache may keep (`page`)."""
    group = find(request, pk)
    reason = request.POST.get("reason", "")
    try:
        place = open_place(group, by=request.user, reason=reason)
    except RevealError as error:
        return show_violation(request, group, {"reveal_mistake": str(error), "reveal_reason": reason}, status=422)
    return show_violation(request, group, {"place": place})
