"""Entering something into a ledger, and changing an entry."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right
from server.ledger.actions import LedgerMistakes, lookups_for, save, texts_of
from server.ledger.models import LedgerEntry
from server.web.ledgers import ADDRESSES, entry_of, fields_of, ledger_named, suggestions
from server.web.pages import SignedInRequest, page_for, show

MOVEMENT = ("status", "holder", "place", "issued_on", "return_due")
"""The columns that issuing, lending, returning and repairing change."""


@page_for(Right.LEDGER)
@require_http_methods(["GET", "HEAD", "POST"])
def entry_edit(request: SignedInRequest, ledger: str, pk: uuid.UUID | int | None = None) -> HttpResponse:
    """Show the form of an entry, or store it; ``?part=movement`` shows the columns of a movement alone."""
    kind = ledger_named(ledger)
    row = None if pk is None else entry_of(kind, request.user, pk)
    moved = request.GET.get("part") == "movement" and isinstance(row, LedgerEntry) and row.registered
    only = MOVEMENT if moved else ()
    lookups = lookups_for(request.user)
    now = texts_of(kind, row, lookups)
    texts, mistakes = dict(now), {}
    if request.method == "POST":
        names = [column.name for column in kind.columns if not only or column.name in only]
        typed = {name: request.POST[name] for name in names if name in request.POST}
        seen = {name: request.POST[f"was-{name}"] for name in names if f"was-{name}" in request.POST}
        texts |= typed
        try:
            stored, changes = save(kind, row, typed, by=request.user, lookups=lookups, seen=seen)
        except LedgerMistakes as wrong:
            mistakes = wrong.by_column
            only = only if set(mistakes) <= {"", *only} else ()  # what is to be mended must be there to be mended
        else:
            messages.success(request, _("Saved.") if changes or row is None else _("Nothing was changed."))
            return HttpResponseRedirect(reverse(ADDRESSES[kind.name], args=[stored.pk]))
    context = {
        "ledger": kind,
        "entry": row,
        "fields": fields_of(kind, texts, mistakes, only),
        "seen": {} if row is None else {name: text for name, text in now.items() if not only or name in only},
        "mistake": mistakes.get("", "") or (_("Please mend what is marked below.") if mistakes else ""),
        "movement": bool(only),
        "suggest": suggestions(request.user),
    }
    return show(request, "web/entry_edit.html", context, at=kind.name, status=422 if mistakes else 200)
