"""The ledger of computers: what people entered, and what agents saw of it."""

from __future__ import annotations

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.ledger.kinds import COMPUTERS
from server.ledger.models import Status
from server.ledger.reconciliation import SILENT_AFTER
from server.ledger.scope import computers_of
from server.violations.models import OPEN_STATES, Group
from server.web import words
from server.web.ledgers import LedgerFilter, department_choices, last_self_checks
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of


@page
@require_safe
def computers(request: SignedInRequest) -> HttpResponse:
    """Show one page of the computers, with class, person, status, last report and self-check, and open violations."""
    chosen = LedgerFilter.read(request.GET)
    silent_since = timezone.now() - SILENT_AFTER
    found = chosen.narrow(COMPUTERS, computers_of(request.user), request.user)
    if chosen.silent:
        silent = Q(last_seen_at=None) | Q(last_seen_at__lt=silent_since)
        found = found.filter(silent, revoked_at=None, enrolled_at__isnull=False)
    open_here = (
        Group.objects.filter(state__in=OPEN_STATES, computer=OuterRef("pk"))
        .order_by()
        .values("computer")
        .annotate(n=Count("*"))
        .values("n")
    )
    listed = (
        found.annotate(open_violations=Coalesce(Subquery(open_here), 0))
        .select_related("person", "department")
        .defer("public_key")
        .order_by("name", "id")
    )
    page_ = page_of(listed, request.GET.get("after"), request.GET.get("before"))
    context = {
        "ledger": COMPUTERS,
        "page": page_,
        "self_checks": last_self_checks(computer.pk for computer in page_),
        "total": counted(count_up_to(found)),
        "chosen": chosen,
        "classes": words.CLASSES,
        "statuses": dict(Status.choices),
        "departments": department_choices(request.user),
        "silent_since": silent_since,
        "may_edit": request.user.may(Right.LEDGER),
    }
    return show(request, "web/computers.html", context, at="computers")
