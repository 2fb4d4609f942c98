"""The overview: a few numbers that are links, and what is worst."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.intake.models import SpoolEntry
from server.ledger.models import Computer
from server.violations.models import Severity, State
from server.violations.scope import visible_to
from server.web import words
from server.web.pages import SignedInRequest, page, show
from server.web.views.violations import decorate, with_names

SILENT_AFTER = timedelta(days=7)
"""A computer that has not reported for so long is counted as silent: that is no sign that all is well."""
SHOWN = 8


@page
@require_safe
def start(request: SignedInRequest) -> HttpResponse:
    """Show the numbers that ask for work, and the worst open violations."""
    still_open = visible_to(request.user).filter(state__in=words.OPEN_STATES)
    numbers = still_open.order_by().aggregate(
        new=Count("id", filter=Q(state=State.NEW)),
        critical=Count("id", filter=Q(severity=Severity.CRITICAL)),
        mine=Count("id", filter=Q(assignee=request.user)),
        open=Count("id"),
    )
    silent_since = timezone.now() - SILENT_AFTER
    computers = Computer.objects.filter(revoked_at=None).aggregate(
        all=Count("id"),
        silent=Count("id", filter=Q(last_seen_at=None) | Q(last_seen_at__lt=silent_since)),
    )
    troubles = SpoolEntry.objects.filter(state__in=[SpoolEntry.State.HELD, SpoolEntry.State.BAD]).count()
    context = {
        "numbers": numbers,
        "computers": computers,
        "troubles": troubles,
        "rows": decorate(list(with_names(still_open)[:SHOWN]), request.user.may_triage),
        "enrolled": bool(computers["all"]),
    }
    return show(request, "web/start.html", context, at="start")
