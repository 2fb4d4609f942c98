"""The ledger of people, beside the tree of departments."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.ledger.kinds import PEOPLE
from server.ledger.scope import people_of
from server.web.ledgers import LedgerFilter, department_choices
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of


@page
@require_safe
def people(request: SignedInRequest) -> HttpResponse:
    """Show one page of the people, and the departments they can be narrowed to."""
    chosen = LedgerFilter.read(request.GET)
    found = chosen.narrow(PEOPLE, people_of(request.user), request.user)
    listed = found.select_related("department").order_by("name", "id")
    context = {
        "ledger": PEOPLE,
        "page": page_of(listed, request.GET.get("after"), request.GET.get("before")),
        "total": counted(count_up_to(found)),
        "chosen": chosen,
        "departments": department_choices(request.user),
        "today": timezone.localdate(),
        "may_edit": request.user.may(Right.LEDGER),
        "may_departments": request.user.may(Right.LEDGER) or request.user.may_administer,
    }
    return show(request, "web/people.html", context, at="people")
