"""Today: the numbers that ask for work, each a link, and what this person should look at first."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.accounts.models import Right, User
from server.campaigns.scope import campaigns_of
from server.incidents.scope import overdue_of
from server.intake.models import SpoolEntry
from server.ledger.reconciliation import BY_KEY, QUESTIONS, SILENT_AFTER, Question
from server.ledger.scope import computers_of
from server.violations.models import IS_OPEN, OPEN_STATES, SEVERITY_RANK, Severity, State, Waiver
from server.violations.scope import visible_by_the_shorter_way, visible_to, waivers_of
from server.web.filters import OPEN, SORTED, SORTS, ViolationFilter
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_many, counted, page_of_parts
from server.web.pressing import MOST
from server.web.views.violations import decorate, with_names

SHOWN = 8
SHOWN_ROUNDS = 3
ALARMS_KEPT = 60
"""Seconds."""


@page
@require_safe
def start(request: SignedInRequest) -> HttpResponse:
    """Show the numbers that ask for work, one's own list by due date, and the worst open violations."""
    user, today = request.user, timezone.localdate()
    parts, counts = ViolationFilter().listed(user)
    seen, critical = visible_by_the_shorter_way(user), SEVERITY_RANK[Severity.CRITICAL]
    mine = visible_to(user).filter(IS_OPEN, assignee=user)
    lists: dict[str, QuerySet[Any]] = {
        "critical": seen.filter(state__in=OPEN_STATES, severity_rank=critical),
        "overdue": seen.filter(IS_OPEN, due_on__lt=today),
        "mine": mine,
        "waivers": waivers_of(user).filter(state=Waiver.State.ASKED),
        "incidents": overdue_of(user),
    }
    numbers = dict(zip(lists, count_many(list(lists.values()), counts.most), strict=True))
    in_state = {"new": State.NEW, "verify": State.RECTIFIED, "open": OPEN}
    told = {key: counted(number, counts.most) for key, number in numbers.items()}
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
    worst = page_of_parts(parts, SORTS[SORTED], with_names(visible_to(user)), None)
    late = numbers["overdue"] + numbers["incidents"]
    context = {
        "numbers": told | {key: counts.told(tab) for key, tab in in_state.items()},
        "alarm": {key: bool(numbers[key]) for key in ("critical", "overdue")},
        "overdue": counted(late, counts.most) if late else "",
        "late_incidents": numbers["incidents"],
        "rounds": campaigns_of(user).filter(closed_at=None, starts_on__lte=today)[:SHOWN_ROUNDS],
        "computers": computers,
        "operates": operates,
        "troubles": SpoolEntry.objects.filter(state__in=bad).count() if operates else 0,
        "alarms": _alarms(user),
        "own": decorate(list(by_due[:SHOWN]), user.may_triage),
        "rows": decorate(list(worst)[:SHOWN], user.may_triage),
        "enrolled": bool(computers["all"]),
    }
    return show(request, "web/start.html", context, at="start")


def _alarms(user: User) -> list[tuple[Question, str]]:
    """The grave questions of the ledger check with the number of answers; looked up once a minute for each scope."""
    key = f"alarms:{'all' if user.sees_everything else user.department_id}"
    found = cache.get(key)
    if found is None:
        grave = [question for question in QUESTIONS if question.grave]
        counts = count_many([question.rows(user) for question in grave], MOST)
        found = [(question.key, counted(count, MOST)) for question, count in zip(grave, counts, strict=True) if count]
        cache.set(key, found, ALARMS_KEPT)
    return [(BY_KEY[key], number) for key, number in found]
