"""A report that failed, tried once more."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from server.accounts.models import Right
from server.reports import making
from server.reports.extent import reports_of
from server.web.pages import SignedInRequest, page_for


@page_for(Right.ISSUE)
@require_POST
def report_retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Queue it again, under its number."""
    making.retry(get_object_or_404(reports_of(request.user), pk=min(pk, 2**62)), by=request.user)
    return HttpResponseRedirect(reverse("web:reports"))
