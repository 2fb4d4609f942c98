"""Taking in sealed files that people bring, with a verdict and a receipt for each; and what goes back to computers."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from protocol.envelope import MAX_ENVELOPE
from protocol.receipts import ReceiptError
from server import audit
from server.accounts.models import Right
from server.intake import policy
from server.intake.models import SpoolEntry
from server.intake.spool import SpoolUnavailable
from server.intake.taking import MOST_FILES, Taken, bundle, take
from server.ledger.models import Computer
from server.rules.bundles import Due, raw_of
from server.web.pages import SignedInRequest, page_for, show

MOST_POLICIES = 2000
"""Computers whose policies go into one file."""


@dataclass(frozen=True)
class Row:
    """One file that was brought, and what became of it."""

    name: str
    taken: Taken | None
    """None where nothing could be stored just then: the file is to be brought again."""


@page_for(Right.ENROL, whole_house=True)
@require_POST
def imports_take(request: SignedInRequest) -> HttpResponse:
    """Take in the files of the form; the script of the page asks for the rows of the answer alone."""
    files = request.FILES.getlist("file")[:MOST_FILES]
    if not files:
        messages.warning(request, _("Nothing is chosen: choose the sealed files first."))
        return HttpResponseRedirect(reverse("web:imports"))
    context = {"rows": [_take(file) for file in files if isinstance(file, UploadedFile)]}
    if request.headers.get("Mijian-Rows") == "1":
        return render(request, "web/parts/taken_rows.html", context)
    return show(request, "web/imports_taken.html", context, at="imports")


@page_for(Right.ENROL, whole_house=True)
@require_POST
def imports_receipts(request: SignedInRequest) -> HttpResponse:
    """All receipts of the form as one file to carry back."""
    try:
        content = bundle(request.POST.getlist("receipt"))
    except ReceiptError:
        messages.error(request, _("There was no receipt of this collector among them."))
        return HttpResponseRedirect(reverse("web:imports"))
    return _download(content, f"receipts-{timezone.localtime():%Y%m%d-%H%M%S}.zip")


@page_for(Right.ENROL, whole_house=True)
@require_POST
def imports_policies(request: SignedInRequest) -> HttpResponse:
    """The signed policies of the computers that report by file, and the rules they name, as one file to carry there."""
    out = io.BytesIO()
    computers = _by_file()[:MOST_POLICIES]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        wanted: dict[int, Due] = {}
        for computer in computers:
            archive.writestr(f"{computer.pk}.policy", policy.carried(computer))
            if due := policy.rules_due(computer):
                wanted[due.version] = due
        for version, due in wanted.items():
            archive.writestr(f"rules-{version}.bundle", raw_of(due))
    if not computers:
        messages.warning(request, _("No computer reports by file."))
        return HttpResponseRedirect(reverse("web:imports"))
    audit.record("policy.carried", actor=request.user, computers=len(computers))
    return _download(out.getvalue(), f"policies-{timezone.localdate():%Y%m%d}.zip")


def _by_file() -> QuerySet[Computer]:
    """The enrolled computers of which an envelope came by file."""
    # The spool has a database of its own, so it cannot be joined.
    brought = SpoolEntry.objects.filter(road="file").order_by("agent_id").values_list("agent_id", flat=True).distinct()
    enrolled = Computer.objects.filter(enrolled_at__isnull=False, revoked_at=None, pk__in=list(brought[:MOST_POLICIES]))
    return enrolled.select_related("department").order_by("name", "id")


def _take(file: UploadedFile[Any]) -> Row:
    name = str(file.name or "")[:200]
    try:
        return Row(name, take(file.read(MAX_ENVELOPE + 1)))
    except SpoolUnavailable:
        return Row(name, None)


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
