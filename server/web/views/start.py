"""Today: the numbers that ask for work, each a link, and what this person should look at first."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.intake.models import SpoolEntry
from server.ledger.reconciliation import QUESTIONS, SILENT_AFTER
from server.ledger.scope import computers_of
from server.violations.models import SEVERITY_RANK, Severity, State, Waiver
from server.violations.scope import visible_to, waivers_of
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_many, counted
from server.web.views.violations import decorate, with_names

SHOWN = 8


@page
@require_safe
def start(request: SignedInRequest) -> HttpResponse:
    """Show the numbers that ask for work, one's own list by due date, and the worst open violations."""
    user, today = request.user, timezone.localdate()
    still_open = visible_to(user).filter(is_open=True)
    mine = still_open.filter(assignee=user)
    grave = [question for question in QUESTIONS if question.grave]
    lists: dict[str, QuerySet[Any]] = {
        "critical": still_open.filter(severity_rank=SEVERITY_RANK[Severity.CRITICAL]),
        "overdue": still_open.filter(due_on__lt=today),
        "new": still_open.filter(state=State.NEW),
        "mine": mine,
        "verify": still_open.filter(state=State.RECTIFIED),
        "open": still_open,
        "waivers": waivers_of(user).filter(state=Waiver.State.ASKED),
        **{question.key: question.rows(user) for question in grave},
    }
    numbers = dict(zip(lists, count_many(list(lists.values())), strict=True))
    silent_since = timezone.now() - SILENT_AFTER
    computers = (
        computers_of(user)
        .filter(revoked_at=None, enrolled_at__isnull=False)
        .aggregate(
            all=Count("id"),
            silent=Count("id", filter=Q(last_seen_at=None) | Q(last_seen_at__lt=silent_since)),
        )
    )
    operates = user.may(Right.OPERATE) and user.sees_everything
    bad = [SpoolEntry.State.HELD, SpoolEntry.State.BAD]
    by_due = with_names(mine).order_by(F("due_on").asc(nulls_last=True), "severity_rank", "-id")
    context = {
        "numbers": {key: counted(number) for key, number in numbers.items()},
        "alarm": {key: bool(numbers[key]) for key in ("critical", "overdue")},
        "overdue": counted(numbers["overdue"]) if numbers["overdue"] else "",
        "computers": computers,
        "operates": operates,
        "troubles": SpoolEntry.objects.filter(state__in=bad).count() if operates else 0,
        "alarms": [question for question in grave if numbers[question.key]],
        "own": decorate(list(by_due[:SHOWN]), user.may_triage),
        "rows": decorate(list(with_names(still_open)[:SHOWN]), user.may_triage),
        "enrolled": bool(computers["all"]),
    }
    return show(request, "web/start.html", context, at="start")
