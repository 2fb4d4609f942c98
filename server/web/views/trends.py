"""Three drawings of how things go: opened and closed by week, age by severity, departments by state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from server.accounts.models import User
from server.accounts.scope import departments_of
from server.violations.models import OPEN_STATES, Severity, State, Step
from server.violations.scope import AsItComes, visible_to
from server.web.charts import Chart, Series, columns, stacked
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_many

WEEKS = 12
AGES = ((7, "age-1"), (30, "age-2"), (90, "age-3"))
"""Days up to which an open violation belongs to a group, and its look; what is older is the fourth."""
MOST_DEPARTMENTS = 12
_ALL = 2**53
"""More than there can be: nothing is left uncounted."""
KEPT = 120
"""Seconds for which the numbers are kept for each scope."""


@page
@require_safe
def trends(request: SignedInRequest) -> HttpResponse:
    """Show the drawings, each with its table."""
    user = request.user
    key = f"trends:{'all' if user.sees_everything else user.department_id}:{user.role == 'department'}"
    numbers = cache.get(key)
    if numbers is None:
        numbers = {"weeks": _weeks(user), "ages": _ages(user), "departments": _departments(user)}
        cache.set(key, numbers, KEPT)
    charts = (_by_week(numbers["weeks"]), _by_age(numbers["ages"]), _by_department(numbers["departments"]))
    context = {"charts": charts, "empty": not any(chart.total for chart in charts)}
    return show(request, "web/trends.html", context, at="start")


def _weeks(user: User) -> dict[str, Any]:
    """Opened and closed in each of the last weeks, Monday to Sunday."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    groups = visible_to(user)
    if user.sees_everything:  # one index has them in this order, and then nothing else is looked at
        spans = [_span("first_seen_at", start) for start in starts]
        opened = count_many([groups.filter(span) for span in spans], most=_ALL)
    else:
        told = groups.filter(first_seen_at__gte=starts[0]).aggregate(**_spans("first_seen_at", starts))
        opened = [told[f"span{place}"] for place in range(WEEKS)]
    steps = Step.objects.filter(at__gte=starts[0], from_state__in=OPEN_STATES).exclude(to_state__in=OPEN_STATES)
    if not user.sees_everything:
        steps = steps.filter(group__in=groups)
    closed = steps.order_by().aggregate(**_spans("at", starts))
    return {
        "starts": [start.date() for start in starts],
        "opened": opened,
        "closed": [closed[f"span{place}"] for place in range(WEEKS)],
    }


def _spans(field: str, starts: list[datetime]) -> dict[str, Count]:
    """One count for each week: a single pass over the rows, and no function of the database's own."""
    return {f"span{place}": Count("pk", filter=_span(field, start)) for place, start in enumerate(starts)}


def _span(field: str, start: datetime) -> Q:
    return Q(**{f"{field}__gte": start, f"{field}__lt": start + timedelta(weeks=1)})


def _by_week(numbers: Mapping[str, Any]) -> Chart:
    names = [date_format(start, "MONTH_DAY_FORMAT") for start in numbers["starts"]]
    series = (
        Series(_("opened"), "opened", numbers["opened"]),
        Series(pgettext("violations", "closed"), "closed", numbers["closed"]),
    )
    return columns("weeks", _("Opened and closed by week"), _("Week from"), names, series)


def _ages(user: User) -> dict[str, list[int]]:
    """Severity → how many open violations of each age."""
    now, groups = timezone.now(), visible_to(user).order_by()
    ages = [now - timedelta(days=days) for days, _look in AGES]
    spans = [Q(first_seen_at__gte=ages[0])]
    spans += [Q(first_seen_at__lt=younger, first_seen_at__gte=older) for younger, older in pairwise(ages)]
    spans.append(Q(first_seen_at__lt=ages[-1]))
    told: dict[str, list[int]] = {}
    if not user.sees_everything:
        counts = {f"age{place}": Count("pk", filter=span) for place, span in enumerate(spans)}
        for severity, *numbers in groups.filter(state__in=OPEN_STATES).values_list("severity").annotate(**counts):
            told[severity] = numbers
        return told
    for place, span in enumerate(spans):
        # One index has all three columns: nothing else is looked at.
        still = groups.alias(still=AsItComes("is_open")).filter(span, still=True)
        for rank, number in still.values_list("severity_rank").annotate(n=Count("*")):
            told.setdefault(Severity.values[rank], [0] * len(spans))[place] = number
    return told


def _by_age(numbers: Mapping[str, list[int]]) -> Chart:
    names = [str(name) for _code, name in Severity.choices]
    of_age = [[numbers.get(code, [0] * 4)[place] for code in Severity.values] for place in range(4)]
    words = (_("up to 7 days"), _("8 to 30 days"), _("31 to 90 days"), _("older"))
    looks = (*(look for _days, look in AGES), "age-4")
    series = [Series(word, look, told) for word, look, told in zip(words, looks, of_age, strict=True)]
    return stacked("ages", _("Open violations: age by severity"), _("Severity"), names, series)


def _departments(user: User) -> list[tuple[str, list[int]]]:
    """Departments with their open violations by state, those with most first; the others together."""
    still = visible_to(user).filter(state__in=OPEN_STATES).order_by()  # the states, for an index that has the computers
    rows = still.values_list("computer__department", "state").annotate(n=Count("*"))
    counts: dict[int | None, list[int]] = {}
    for department, state, number in rows:
        counts.setdefault(department, [0] * len(OPEN_STATES))[OPEN_STATES.index(State(state))] = number
    names = dict(departments_of(user).values_list("pk", "name"))
    told = [(names.get(department, "") if department else "", each) for department, each in counts.items()]
    told.sort(key=lambda one: (-sum(one[1]), one[0]))
    rest = told[MOST_DEPARTMENTS:]
    if rest:
        sums = [sum(one[1][place] for one in rest) for place in range(len(OPEN_STATES))]
        return [*told[:MOST_DEPARTMENTS], ("…", sums)]
    return told


def _by_department(numbers: list[tuple[str, list[int]]]) -> Chart:
    said = {"": _("no department"), "…": _("all others")}
    names = [said.get(name, name) for name, _counts in numbers]
    labels = dict(State.choices)
    series = [
        Series(str(labels[state]), f"state-{state}", [counts[place] for _name, counts in numbers])
        for place, state in enumerate(OPEN_STATES)
    ]
    return stacked("departments", _("Open violations: department by state"), _("Department"), names, series)
