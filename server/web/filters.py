"""The filters of the list of violations: read from the address, applied to the query, told back as an address."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from server.accounts.models import Department
from server.violations.models import IS_OPEN, OPEN_STATES, SEVERITY_RANK, Group, Severity, State
from server.web.paging import MOST_COUNTED, count_many, counted
from server.web.searching import with_text

if TYPE_CHECKING:
    from django.http import QueryDict

OPEN, ALL = "open", "all"
"""Tabs that stand for several states."""
SORTS: Mapping[str, tuple[str, ...]] = {
    "severity": ("severity_rank", "-last_seen_at", "-id"),
    "last": ("-last_seen_at", "-id"),
    "first": ("-first_seen_at", "-id"),
    "count": ("-occurrence_count", "-last_seen_at", "-id"),
    "due": ("due_on", "severity_rank", "-last_seen_at", "-id"),
}
"""Orders of the list; the first is worst and newest first."""
_LONGEST_TEXT = 100
_MOST_FOUND = 1_000
"""Up to which those in which a text is found are counted: each of them has to be looked at."""


class TabCounts:
    """How many groups each tab holds; of no state are more counted than anybody reads."""

    def __init__(self, of_state: Mapping[str, int], most: int) -> None:
        still_open = sum(of_state[state] for state in OPEN_STATES)
        self._numbers = {**of_state, ALL: sum(of_state.values()), OPEN: still_open}
        self._most = most

    def any_in(self, tab: str) -> bool:
        """Whether a tab holds anything."""
        return bool(self._numbers[tab])

    def told(self, tab: str) -> str:
        """The number of a tab as people read it."""
        return counted(self._numbers[tab], self._most)


@dataclass(frozen=True)
class ViolationFilter:
    """What a reader has chosen. Values nobody can have meant are dropped, never an error: addresses are shared."""

    text: str = ""
    tab: str = OPEN
    severities: tuple[str, ...] = ()
    family: str = ""
    control: str = ""
    computer: str = ""
    """Id of a computer, or part of its name or asset number."""
    medium: int | None = None
    """Key of a removable medium."""
    assignee: str = ""
    """``me``, ``none`` or empty."""
    sort: str = "severity"
    overdue: bool = False
    department: int | None = None
    """A department, with all below it."""
    user_id: int | None = field(default=None, kw_only=True)

    @classmethod
    def read(cls, query: QueryDict, user_id: int | None) -> ViolationFilter:
        """The filter an address asks for."""
        tab = query.get("state", OPEN)
        sort = query.get("sort", "severity")
        assignee = query.get("assignee", "")
        return cls(
            text=_clean(query.get("q", "")),
            tab=tab if tab in (OPEN, ALL) or tab in State.values else OPEN,
            severities=tuple(s for s in Severity.values if s in query.getlist("severity")),
            family=_clean(query.get("family", "")),
            control=_clean(query.get("control", "")),
            computer=_clean(query.get("computer", "")),
            medium=_number(query.get("medium", "")),
            assignee=assignee if assignee in ("me", "none") else "",
            sort=sort if sort in SORTS else "severity",
            overdue=query.get("due") == "overdue",
            department=_number(query.get("department", "")),
            user_id=user_id,
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything but tab and order was chosen."""
        chosen = (self.text, self.severities, self.family, self.control, self.computer, self.assignee)
        return any(chosen) or self.overdue or self.department is not None or self.medium is not None

    def narrow(self, groups: QuerySet[Group]) -> QuerySet[Group]:
        """The groups that fit, of every state."""
        return self._narrow(groups)[0]

    def narrow_and_count(self, groups: QuerySet[Group]) -> tuple[QuerySet[Group], TabCounts]:
        """The groups that fit, and how many each tab holds, in one query."""
        fitting, few = self._narrow(groups)
        if few:  # looked up once, they are all counted
            told = fitting.order_by().values_list("state").annotate(number=Count("pk"))
            return fitting, TabCounts(dict.fromkeys(State.values, 0) | dict(told), MOST_COUNTED)
        most = _MOST_FOUND if self.text else MOST_COUNTED
        parts = [fitting.filter(state=state) for state in State.values]
        return fitting, TabCounts(dict(zip(State.values, count_many(parts, most), strict=True)), most)

    def _narrow(self, groups: QuerySet[Group]) -> tuple[QuerySet[Group], bool]:
        """The groups that fit, and whether few enough are known to be in question to look at all of them."""
        if self.severities:
            groups = groups.filter(severity_rank__in=[SEVERITY_RANK[each] for each in self.severities])
        if self.family:
            groups = groups.filter(family=self.family)
        if self.control:
            groups = groups.filter(control=self.control)
        if self.computer:
            groups = groups.filter(_computer(self.computer))
        if self.medium is not None:
            groups = groups.filter(medium_id=self.medium)
        if self.assignee:
            groups = groups.filter(assignee_id=self.user_id if self.assignee == "me" else None)
        if self.overdue:
            groups = groups.filter(IS_OPEN, due_on__lt=timezone.localdate())
        if self.department is not None:
            top = Department.objects.filter(pk=self.department).values_list("path", flat=True).first()
            groups = groups.filter(computer__department__path__startswith=top) if top else groups.none()
        return with_text(groups, self.text) if self.text else (groups, False)

    def in_tab(self, groups: QuerySet[Group]) -> QuerySet[Group]:
        """Of these groups, those of the chosen tab, in the chosen order."""
        if self.tab == OPEN:
            groups = groups.filter(IS_OPEN)
        elif self.tab != ALL:
            groups = groups.filter(state=self.tab)
        if self.sort == "due":
            groups = groups.filter(due_on__isnull=False)
        return groups.order_by(*SORTS[self.sort])


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:_LONGEST_TEXT]


def _number(text: str) -> int | None:
    """The key that an address names; None for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _computer(wanted: str) -> Q:
    try:
        return Q(computer_id=uuid.UUID(wanted))
    except ValueError:
        return Q(computer__name__icontains=wanted) | Q(computer__number__icontains=wanted)
