"""The ledger of removable media: what people entered, and what agents saw of it."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.ledger.kinds import MEDIA
from server.ledger.models import Status
from server.ledger.scope import media_of
from server.violations.models import IS_OPEN
from server.violations.scope import visible_to
from server.web import words
from server.web.ledgers import LedgerFilter, department_choices
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of


@page
@require_safe
def media(request: SignedInRequest) -> HttpResponse:
    """Show one page of the media, with class, status, holder, place, the last sighting and open violations."""
    chosen = LedgerFilter.read(request.GET)
    found = chosen.narrow(MEDIA, media_of(request.user), request.user)
    listed = found.select_related("person", "holder", "department").order_by("number", "id")
    page_ = page_of(listed, request.GET.get("after"), request.GET.get("before"))
    here = visible_to(request.user).filter(IS_OPEN, medium__in=[medium.pk for medium in page_]).order_by()
    context = {
        "ledger": MEDIA,
        "page": page_,
        "open_violations": dict(here.values_list("medium").annotate(n=Count("pk"))),
        "total": counted(count_up_to(found)),
        "chosen": chosen,
        "classes": words.CLASSES,
        "statuses": dict(Status.choices),
        "departments": department_choices(request.user),
        "may_edit": request.user.may(Right.LEDGER),
    }
    return show(request, "web/media.html", context, at="media")
