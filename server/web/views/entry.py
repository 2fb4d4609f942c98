"""One entry of a ledger: what people entered, what agents saw, what is open, and every change of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.models import Right, User
from server.incidents.scope import incidents_of
from server.ledger.actions import lookups_for, texts_of
from server.ledger.kinds import Entry, Ledger
from server.ledger.models import Computer, MediaSession, Medium, Note
from server.ledger.scope import computers_of, media_of
from server.violations.models import IS_OPEN
from server.violations.scope import visible_to
from server.web.ledgers import entry_of, fields_of, history_of, ledger_named, linked
from server.web.pages import SignedInRequest, page, show
from server.web.views.violations import decorate, with_names

SHOWN = 20


@page
@require_safe
def entry(request: SignedInRequest, ledger: str, pk: uuid.UUID | int) -> HttpResponse:
    """Show one entry."""
    kind = ledger_named(ledger)
    return show_entry(request, kind, entry_of(kind, request.user, pk))


def show_entry(
    request: SignedInRequest, ledger: Ledger, row: Entry, extra: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page of an entry, with what an action on it has to add (a token that was minted, a mistake in a form)."""
    user = request.user
    notes = Note.objects.filter(kind=ledger.name, entry_id=str(row.pk)).select_related("author")
    title, subtitle = _names(row)
    context = {
        "ledger": ledger,
        "entry": row,
        "title": title,
        "subtitle": subtitle,
        "fields": linked(ledger, row, fields_of(ledger, texts_of(ledger, row, lookups_for(user))), user),
        "history": history_of(ledger, row),
        "notes": notes[:SHOWN],
        "may_edit": user.may(Right.LEDGER),
        "may_enrol": user.may(Right.ENROL) and isinstance(row, Computer),
        **_around(row, user),
        **(extra or {}),
    }
    return show(request, "web/entry.html", context, at=ledger.name, status=status)


def _names(row: Entry) -> tuple[str, str]:
    """What an entry is called: a medium by its number in the ledger first, then by what it is."""
    if isinstance(row, Medium):
        return (row.number, str(row)) if row.number and str(row) != row.number else (str(row), "")
    return str(row), ""


def _told(computer: Computer) -> dict[str, Any]:
    """The newest scan of a computer's own disks or of a medium in it, and its newest self-check."""
    return {
        "last_scan": computer.scans.order_by("-started_at").first(),
        "last_check": computer.self_checks.order_by("-seen_at").first(),
    }


def _around(row: Entry, user: User) -> dict[str, Any]:
    """What else is known of an entry: sessions and open violations of a thing, the things of a person."""
    if isinstance(row, Computer | Medium):
        which = {"computer": row} if isinstance(row, Computer) else {"medium": row}
        about = {"computers": row} if isinstance(row, Computer) else {"media": row}
        sessions = MediaSession.objects.filter(**which, computer__in=computers_of(user))
        groups = visible_to(user).filter(IS_OPEN, **which)
        return {
            "is_computer": isinstance(row, Computer),
            "is_medium": isinstance(row, Medium),
            "incidents": incidents_of(user).filter(**about)[:SHOWN],
            "sessions": sessions.select_related("computer", "medium")[:SHOWN],
            "rows": decorate(list(with_names(groups)[:SHOWN]), False),
            **(_told(row) if isinstance(row, Computer) else {}),
        }
    return {
        "is_person": True,
        "things": [
            *computers_of(user).filter(person=row).defer("public_key")[:SHOWN],
            *computers_of(user).filter(holder=row).exclude(person=row).defer("public_key")[:SHOWN],
        ],
        "own_media": media_of(user).filter(Q(person=row) | Q(holder=row))[:SHOWN],
    }
