"""Violations counted by department for the drawings: by week, by age and severity, and by state.

A house with few of them is counted whenever somebody asks. In a large one that takes seconds: there the sums are kept,
renewed by the clock of the fan-out, and no page waits for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from server.accounts.models import User
from server.accounts.scope import departments_of
from server.violations.models import OPEN_STATES, DepartmentSums, Group, Severity, State, Step
from server.violations.scope import sees_all, visible_to

WEEKS = 12
AGES = (7, 30, 90)
"""Days up to which an open violation belongs to a group; what is older is the fourth."""
FEWEST = 5_000
"""Violations from which on the sums are kept."""
RENEWED = 120.0
"""Seconds after which kept sums are renewed."""
_REST = 50
"""So many times as long as the counting took nothing is counted again: it takes a fiftieth of the time at most."""


@dataclass
class Sums:
    """The numbers of one department, without those below it."""

    opened: list[int] = field(default_factory=lambda: [0] * WEEKS)
    """First seen in each of the last weeks, Monday to Sunday."""
    closed: list[int] = field(default_factory=lambda: [0] * WEEKS)
    """Left the open states in each of them."""
    ages: dict[str, list[int]] = field(default_factory=dict)
    """Severity → how many open ones of each age."""
    states: list[int] = field(default_factory=lambda: [0] * len(OPEN_STATES))
    """How many in each open state."""


@dataclass(frozen=True)
class Counted:
    """The sums that a person may see."""

    at: datetime
    monday: date
    """First day of the last of the weeks."""
    of: dict[int | None, Sums]
    """By department; None: of computers that belong to none."""
    kept: bool
    """Whether they were counted earlier."""

    @property
    def weeks(self) -> list[date]:
        """First day of each week."""
        return [self.monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]

    def by_week(self) -> tuple[list[int], list[int]]:
        """Opened and closed, of all departments."""
        none, every = [0] * WEEKS, self.of.values()
        return _added([none, *(one.opened for one in every)]), _added([none, *(one.closed for one in every)])

    def ages(self) -> dict[str, list[int]]:
        """Severity → how many open ones of each age, of all departments."""
        none, every = [0] * (len(AGES) + 1), self.of.values()
        return {each: _added([none, *(one.ages.get(each, none) for one in every)]) for each in Severity.values}


def sums_for(user: User) -> Counted:
    """What a person may see of them: kept ones where there are any, else counted now."""
    rows = DepartmentSums.objects.all()
    if not user.sees_everything:
        rows = rows.filter(department__in=departments_of(user))
    if kept := list(rows):
        told = {row.department_id: Sums(**row.numbers) for row in kept}
        return Counted(kept[0].counted_at, kept[0].monday, told, kept=True)
    return count(visible_to(user), whole=sees_all(user))


def count(groups: QuerySet[Group], *, whole: bool) -> Counted:
    """Count these violations; ``whole``: they are all there are."""
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=midnight.weekday())
    starts = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    told: dict[int | None, Sums] = {}
    new = groups.order_by().filter(first_seen_at__gte=starts[0])
    for department, *numbers in _by_week(new, "computer__department", "first_seen_at", starts):
        told.setdefault(department, Sums()).opened = numbers
    left = Step.objects.order_by().filter(at__gte=starts[0], from_state__in=OPEN_STATES)
    left = left.exclude(to_state__in=OPEN_STATES)
    if not whole:
        left = left.filter(group__in=groups)
    for department, *numbers in _by_week(left, "group__computer__department", "at", starts):
        told.setdefault(department, Sums()).closed = numbers
    for department, severity, state, *numbers in _open(groups, now):
        one = told.setdefault(department, Sums())
        one.ages[severity] = _added([one.ages.get(severity, [0] * len(numbers)), numbers])
        one.states[OPEN_STATES.index(State(state))] += sum(numbers)
    return Counted(now, monday.date(), told, kept=False)


def _by_week(
    rows: QuerySet[Group] | QuerySet[Step], department: str, field: str, starts: Sequence[datetime]
) -> Iterable[Any]:
    """Department and one number for each week, in a single pass over the rows."""
    week = timedelta(weeks=1)
    spans = {
        f"span{place}": Q(**{f"{field}__gte": start, f"{field}__lt": start + week})
        for place, start in enumerate(starts)
    }
    return rows.values_list(department).annotate(**{name: Count("pk", filter=span) for name, span in spans.items()})


def _open(groups: QuerySet[Group], now: datetime) -> Iterable[Any]:
    """Department, severity, state and one number for each age, of those that are open."""
    ages = [now - timedelta(days=days) for days in AGES]
    spans = [Q(first_seen_at__gte=ages[0])]
    spans += [Q(first_seen_at__lt=younger, first_seen_at__gte=older) for younger, older in pairwise(ages)]
    spans.append(Q(first_seen_at__lt=ages[-1]))
    still = groups.order_by().filter(state__in=OPEN_STATES).values_list("computer__department", "severity", "state")
    return still.annotate(**{f"age{place}": Count("pk", filter=span) for place, span in enumerate(spans)})


def _added(lists: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*lists, strict=True)]


class Keeper:
    """Renews the kept sums, at most once in `RENEWED` seconds; of several processes only one has one at work."""

    def __init__(self) -> None:
        self._next = 0.0

    def renew(self) -> bool:
        """Count anew where it is time; whether it did."""
        began = time.monotonic()
        if began < self._next:
            return False
        few = Group.objects.order_by()[:FEWEST].count() < FEWEST
        if few:
            DepartmentSums.objects.all().delete()
        else:
            keep(count(Group.objects.all(), whole=True))
        took = time.monotonic() - began
        self._next = began + max(RENEWED, _REST * took)
        return not few


def keep(counted: Counted) -> None:
    """Put these sums in the place of those that were kept."""
    rows = [
        DepartmentSums(department_id=key, numbers=asdict(one), monday=counted.monday, counted_at=counted.at)
        for key, one in counted.of.items()
    ]
    with transaction.atomic():
        DepartmentSums.objects.all().delete()
        DepartmentSums.objects.bulk_create(rows, batch_size=500)
