"""Naming a file that proves something about a violation, by its hash alone."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from server.accounts.models import Right
from server.violations import attachments
from server.violations.transitions import TransitionError
from server.web.pages import SignedInRequest, page_for
from server.web.views.violation import find, show_violation


@page_for(Right.TRIAGE)
@require_POST
def attach(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Store name, hash and size; the form has no field that could carry the file."""
    group = find(request, pk)
    name, sha256, size = (request.POST.get(field, "") for field in ("name", "sha256", "size"))
    number = int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None
    try:
        attachments.attach(group, name=name, sha256=sha256, size=number, by=request.user)
    except TransitionError as error:
        extra = {"attach_mistake": str(error), "attach_name": name[:200], "attach_hash": sha256[:200]}
        return show_violation(request, group, extra, status=422)
    return HttpResponseRedirect(reverse("web:violation", args=[group.pk]) + "#attachments")
