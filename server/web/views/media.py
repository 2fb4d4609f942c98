"""The ledger of removable media: what people entered, and what agents saw of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.ledger.kinds import MEDIA
from server.ledger.models import Status
from server.ledger.scope import media_of
from server.web import words
from server.web.ledgers import LedgerFilter, department_choices
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of


@page
@require_safe
def media(request: SignedInRequest) -> HttpResponse:
    """Show one page of the media, with class, status, holder, place and the last sighting."""
    chosen = LedgerFilter.read(request.GET)
    found = chosen.narrow(MEDIA, media_of(request.user), request.user)
    listed = found.select_related("person", "holder", "department").order_by("number", "id")
    context = {
        "ledger": MEDIA,
        "page": page_of(listed, request.GET.get("after"), request.GET.get("before")),
        "total": counted(count_up_to(found)),
        "chosen": chosen,
        "classes": words.CLASSES,
        "statuses": dict(Status.choices),
        "departments": department_choices(request.user),
        "may_edit": request.user.may(Right.LEDGER),
    }
    return show(request, "web/media.html", context, at="media")
