"""One file of a report."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from server import audit
from server.accounts.models import Right
from server.reports import shelf
from server.reports.extent import reports_of
from server.reports.models import ReportFile
from server.reports.writers import WRITERS
from server.web.pages import SignedInRequest, page_for


@page_for(Right.REPORTS)
@require_safe
def report_file(request: SignedInRequest, pk: int, form: str) -> HttpResponse:
    """Send a file as it was written; that it was fetched is in the audit log."""
    about = reports_of(request.user).filter(pk=min(pk, 2**62))
    file = get_object_or_404(ReportFile.objects.select_related("report"), report__in=about, form=form)
    try:
        content = shelf.take(file)
    except shelf.FileGone as gone:
        audit.record("report.gone", actor=request.user, obj=file.report, form=form, reason=gone.reason)
        if gone.reason == "altered":
            why = _("This file was altered on the collector’s disk and is not given out. Ask for a new report.")
        else:
            why = _("This file is no longer on the collector’s disk. Ask for a new report.")
        messages.error(request, why)
        return HttpResponseRedirect(reverse("web:reports"))
    audit.record("report.fetch", actor=request.user, obj=file.report, number=file.report.number, form=form)
    response = HttpResponse(content, content_type=WRITERS[form][0])
    response.headers["Content-Disposition"] = f'attachment; filename="{file.report.kind}-{file.report.number}.{form}"'
    return response
