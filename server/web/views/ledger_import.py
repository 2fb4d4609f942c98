"""Bringing a file into a ledger: first a look at what it would change, then the change."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from server import audit
from server.accounts.models import Right
from server.ledger.importing import FileProblem, Outdated, Planned, apply, digest_of, preview, read
from server.ledger.kinds import Ledger
from server.ledger.models import ImportDraft
from server.web.ledgers import ledger_named
from server.web.pages import SignedInRequest, page_for, show

LIFE = timedelta(hours=1)
"""How long a file waits to be looked at."""
MAX_FILE = 2_400 * 1024
"""Bytes of a file (`server.rsgi.LARGEST_TABLE`)."""
SHOWN = 200


@page_for(Right.LEDGER)
@require_http_methods(["GET", "HEAD", "POST"])
def ledger_import(request: SignedInRequest, ledger: str) -> HttpResponse:
    """Show the form, or read the file and show what it would change; nothing is changed here."""
    kind = ledger_named(ledger)
    if request.method != "POST":
        return _form(request, kind)
    file = request.FILES.get("file")
    if file is None:
        return _form(request, kind, _("Please choose a file."))
    if (file.size or 0) > MAX_FILE:
        return _form(request, kind, _("The file is too large: split it."))
    try:
        rows = read(kind, file.read())
    except FileProblem as problem:
        return _form(request, kind, str(problem))
    if not any(rows):
        return _form(request, kind, _("The file has headings and no rows."))
    planned = preview(kind, rows, request.user)
    ImportDraft.objects.filter(at__lt=timezone.now() - LIFE).delete()
    draft = ImportDraft.objects.create(kind=kind.name, by=request.user, at=timezone.now(), rows=rows)
    return _preview(request, kind, draft, planned)


@page_for(Right.LEDGER)
@require_POST
def ledger_import_apply(request: SignedInRequest, ledger: str, draft: int) -> HttpResponse:
    """Store every row of a file that was looked at, or none."""
    kind = ledger_named(ledger)
    fresh = ImportDraft.objects.filter(by=request.user, kind=kind.name, at__gt=timezone.now() - LIFE)
    stored = get_object_or_404(fresh, pk=min(draft, 2**62))
    try:
        counts = apply(kind, stored.rows, by=request.user, looked_at=request.POST.get("looked-at", ""))
    except Outdated as outdated:
        return _preview(request, kind, stored, preview(kind, stored.rows, request.user), str(outdated))
    except FileProblem as problem:
        return _form(request, kind, str(problem))
    stored.delete()
    audit.record("ledger.import", actor=request.user, ledger=kind.name, new=counts["new"], changed=counts["changed"])
    messages.success(request, _("Taken in: %(new)d new, %(changed)d changed.") % counts)
    return HttpResponseRedirect(reverse(f"web:{kind.name}"))


def _form(request: SignedInRequest, ledger: Ledger, mistake: str = "") -> HttpResponse:
    context = {"ledger": ledger, "mistake": mistake, "columns": ledger.columns}
    return show(request, "web/ledger_import.html", context, at=ledger.name, status=422 if mistake else 200)


def _preview(
    request: SignedInRequest, ledger: Ledger, draft: ImportDraft, planned: list[Planned], mistake: str = ""
) -> HttpResponse:
    counts = {outcome: sum(1 for one in planned if one.outcome == outcome) for outcome in ("new", "changed", "same")}
    wrong = [one for one in planned if one.outcome == "wrong"]
    names = {column.name: column.label for column in ledger.columns}
    context = {
        "ledger": ledger,
        "draft": draft,
        "looked_at": digest_of(planned),
        "mistake": mistake,
        "counts": counts,
        "wrong_count": len(wrong),
        "wrong": [(one, [(names.get(name, ""), why) for name, why in one.mistakes.items()]) for one in wrong[:SHOWN]],
        "planned": [one for one in planned if one.outcome in ("new", "changed")][:SHOWN],
        "hidden": max(0, counts["new"] + counts["changed"] - SHOWN),
    }
    return show(request, "web/ledger_preview.html", context, at=ledger.name, status=409 if mistake else 200)
