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
    only = MOVEMENT if request.GET.get("part") == "movement" and row is not None and ledger != "people" else ()
    lookups = lookups_for(request.user)
    texts, mistakes = texts_of(kind, row, lookups), {}
    if request.method == "POST":
        names = [column.name for column in kind.columns if not only or column.name in only]
        texts |= {name: request.POST[name] for name in names if name in request.POST}
        try:
            stored, changes = save(kind, row, texts, by=request.user, lookups=lookups)
        except LedgerMistakes as wrong:
            mistakes = wrong.by_column
        else:
            messages.success(request, _("Saved.") if changes or row is None else _("Nothing was changed."))
            return HttpResponseRedirect(reverse(ADDRESSES[kind.name], args=[stored.pk]))
    context = {
        "ledger": kind,
        "entry": row,
        "fields": fields_of(kind, texts, mistakes, only),
        "mistake": mistakes.get("", "") or (_("Please mend what is marked below.") if mistakes else ""),
        "movement": bool(only),
        "suggest": suggestions(request.user),
    }
    return show(request, "web/entry_edit.html", context, at=kind.name, status=422 if mistakes else 200)
