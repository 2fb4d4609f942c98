"""Minting the token with which one computer of the ledger enrols."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from server.accounts.models import Right
from server.certificate import known_fingerprint
from server.intake.tokens import TokenError, mint
from server.ledger.kinds import COMPUTERS
from server.ledger.models import Computer
from server.web.ledgers import entry_of
from server.web.pages import SignedInRequest, page_for
from server.web.views.entry import show_entry


@page_for(Right.ENROL)
@require_POST
def computer_token(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Mint a token tied to this entry and show it, once: it is in this answer only, which no cache may keep."""
    row = entry_of(COMPUTERS, request.user, pk)
    assert isinstance(row, Computer)  # noqa: S101 (what the ledger of computers holds)
    try:
        token, text = mint(row.computer_class, level=row.level or None, by=request.user, computer=row, note=row.number)
    except TokenError as wrong:
        return show_entry(request, COMPUTERS, row, {"token_mistake": str(wrong)}, status=422)
    made = {"token": text, "token_until": token.expires_at, "fingerprint": known_fingerprint(settings.MIJIAN_HOME)}
    return show_entry(request, COMPUTERS, row, made)
