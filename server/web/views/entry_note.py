"""Writing a note beside an entry of a ledger."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from server.accounts.models import Right
from server.ledger.actions import LedgerMistakes, add_note
from server.web.ledgers import ADDRESSES, entry_of, ledger_named
from server.web.pages import SignedInRequest, page_for
from server.web.views.entry import show_entry


@page_for(Right.LEDGER)
@require_POST
def entry_note(request: SignedInRequest, ledger: str, pk: uuid.UUID | int) -> HttpResponse:
    """Store the note and show the entry again."""
    kind = ledger_named(ledger)
    row = entry_of(kind, request.user, pk)
    try:
        add_note(kind, row, by=request.user, text=request.POST.get("text", ""))
    except LedgerMistakes as wrong:
        return show_entry(request, kind, row, {"note_mistake": str(wrong)}, status=422)
    return HttpResponseRedirect(reverse(ADDRESSES[kind.name], args=[row.pk]) + "#notes")
