"""The filters of the list of violations: read from the address, applied to the query, told back as an address."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from server.accounts.models import Department, User
from server.ledger.models import Computer
from server.violations.models import IS_OPEN, OPEN_STATES, SEVERITY_RANK, Group, Severity, State
from server.violations.scope import AsItComes, hold_most, in_departments, sees_all, sees_most, visible_to
from server.web.paging import MOST_COUNTED, count_many, counted
from server.web.searching import short, with_text

if TYPE_CHECKING:
    from django.http import QueryDict

OPEN, ALL = "open", "all"
"""Tabs that stand for several states."""
SORTED = "severity"
"""The order of a list for which none is chosen: worst and newest first."""
SORTS: Mapping[str, tuple[str, ...]] = {
    SORTED: ("severity_rank", "-opened_at", "-id"),
    "last": ("-last_seen_at", "-id"),
    "first": ("-first_seen_at", "-id"),
    "due": ("due_on", "severity_rank", "-opened_at", "-id"),
}
"""Orders of the list."""
GONE = "gone"
"""In place of a person: everybody who has violations and can work on none any more."""
ASSIGNEES = ("me", "none", GONE)
_LONGEST_TEXT = 100
_MOST_FOUND = 1_000
"""Up to which those of departments that hold most computers are counted, and what no index has: each of them has to be
looked at."""
_MOST_WITH_TEXT = 300
"""The same where a text is found in very many: of a rare state, all others that were found are looked at before."""
_MANY = 5_000
"""Violations from which on a list is read in its order until a page is full; fewer are looked up and sorted."""
_MANY_OF_SOME = 50_000
"""The same for departments that hold few of the computers: what is not theirs may stand before it."""


class TabCounts:
    """How many groups each tab holds; of no state are more counted than anybody reads."""

    def __init__(self, of_state: Mapping[str, int], most: int) -> None:
        still_open = sum(of_state[state] for state in OPEN_STATES)
        self._numbers = {**of_state, ALL: sum(of_state.values()), OPEN: still_open}
        self.most = most
        """Up to which they were counted."""

    def any_in(self, tab: str) -> bool:
        """Whether a tab holds anything."""
        return bool(self._numbers[tab])

    def of(self, tab: str) -> int:
        """The number of a tab, as far as it was counted."""
        return self._numbers[tab]

    def told(self, tab: str) -> str:
        """The number of a tab as people read it."""
        return counted(self._numbers[tab], self.most)


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
    """``me``, ``none``, ``gone`` (accounts that cannot work on violations any more) or empty."""
    sort: str = SORTED
    overdue: bool = False
    department: int | None = None
    """A department, with all below it."""
    user_id: int | None = field(default=None, kw_only=True)

    @classmethod
    def read(cls, query: QueryDict, user_id: int | None) -> ViolationFilter:
        """The filter an address asks for."""
        tab = query.get("state", OPEN)
        sort = query.get("sort", SORTED)
        assignee = query.get("assignee", "")
        return cls(
            text=_clean(query.get("q", "")),
            tab=tab if tab in (OPEN, ALL) or tab in State.values else OPEN,
            severities=tuple(s for s in Severity.values if s in query.getlist("severity")),
            family=_clean(query.get("family", "")),
            control=_clean(query.get("control", "")),
            computer=_clean(query.get("computer", "")),
            medium=_number(query.get("medium", "")),
            assignee=assignee if assignee in ASSIGNEES else "",
            sort=sort if sort in SORTS else SORTED,
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

    def listed(self, user: User) -> tuple[Sequence[QuerySet[Group]], TabCounts]:
        """The groups that fit and that this person may see, of the chosen tab, and how many each tab holds.

        They come as parts for `server.web.paging.page_of_parts`, in the order of `SORTS`.
        """
        most = sees_most(user)
        fitting, few = self._narrow(visible_to(user, as_they_come=most))
        top = self._top()
        most |= top is not None and hold_most(top)
        some = not self.text and not most and (top is not None or not sees_all(user))
        looked_at = most or self.family or self.assignee == "none"
        counted = _MOST_WITH_TEXT if self.text else _MOST_FOUND if looked_at else MOST_COUNTED
        counts = self._count(fitting, few or some, counted)
        many = _MANY_OF_SOME if some else min(_MANY, counts.most)
        if few or counts.of(self.tab) <= many:
            return [self.in_tab(fitting)], counts
        if not self.text:
            fitting = self._narrow(visible_to(user, as_they_come=True), in_order=True)[0]
        return self._in_order(fitting), counts

    def _count(self, fitting: QuerySet[Group], at_once: bool, most: int) -> TabCounts:
        """How many groups each tab holds, in one query; ``at_once`` where all of them are looked at."""
        if at_once:
            # Not from the index that has the states in order: each violation of the house would be looked at.
            told = fitting.order_by().values_list(AsItComes("state")).annotate(number=Count("pk"))
            return TabCounts(dict.fromkeys(State.values, 0) | dict(told), MOST_COUNTED)
        parts = [fitting.filter(state=state) for state in State.values]
        return TabCounts(dict(zip(State.values, count_many(parts, most), strict=True)), most)

    def _narrow(self, groups: QuerySet[Group], in_order: bool = False) -> tuple[QuerySet[Group], bool]:
        """The groups that fit, and whether few enough are known to be in question to look at all of them.

        ``in_order``: for a list that is read in its order; no index of anything else then comes in its way.
        """
        lead = in_order and self.sort != SORTED
        if lead:
            groups = groups.alias(rank=AsItComes("severity_rank"), rule=AsItComes("control"))
        if self.severities:
            ranks = [SEVERITY_RANK[each] for each in self.severities]
            groups = groups.filter(**{"rank__in" if lead else "severity_rank__in": ranks})
        if self.family:
            groups = groups.filter(family=self.family)
        if self.control:
            groups = groups.filter(**{"rule" if lead else "control": self.control})
        if self.computer:
            groups = groups.filter(_computer(self.computer))
        if self.medium is not None:
            groups = groups.filter(medium_id=self.medium)
        if self.assignee:
            groups = groups.filter(_assigned(self.assignee, self.user_id))
        if self.overdue:
            groups = groups.alias(unmended=AsItComes("is_open")).filter(
                Q(unmended=True) if in_order else IS_OPEN, due_on__lt=timezone.localdate()
            )
        if self.department is not None:
            groups = self._of_department(groups, in_order)
        return with_text(groups, self.text) if self.text and not in_order else (groups, False)

    def _of_department(self, groups: QuerySet[Group], in_order: bool) -> QuerySet[Group]:
        top = self._top()
        if top is None:
            return groups.none()
        below = Department.objects.filter(path__startswith=top)
        return in_departments(groups, below, as_they_come=in_order or hold_most(top))

    def _top(self) -> str | None:
        """Path of the chosen department; None where none is chosen or it is not there."""
        if self.department is None:
            return None
        return Department.objects.filter(pk=self.department).values_list("path", flat=True).first()

    def _in_order(self, groups: QuerySet[Group]) -> list[QuerySet[Group]]:
        """These groups, of the chosen tab, as parts that an index has in the chosen order."""
        states = OPEN_STATES if self.tab == OPEN else [State(self.tab)] if self.tab != ALL else list(State)
        if self.sort == SORTED:
            ranks = [{"severity_rank": SEVERITY_RANK[each]} for each in self.severities] or [{}]
            return [groups.filter(state=state, **rank) for state in states for rank in ranks]
        if self.sort != "due":
            # Whether it is open stands in the indexes by time, its state does not.
            still, tab = AsItComes("is_open"), {OPEN: Q(still=True), ALL: Q()}.get(self.tab, Q(as_it_comes=self.tab))
            return [groups.alias(still=still, as_it_comes=AsItComes("state")).filter(tab)]
        groups = groups.alias(as_it_comes=AsItComes("state")).filter(as_it_comes__in=states, due_on__isnull=False)
        return [groups.filter(is_open__in=(still,)) for still in {state in OPEN_STATES for state in states}]

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


def _assigned(to: str, user_id: int | None) -> Q:
    if to != GONE:
        return Q(assignee_id=user_id if to == "me" else None)
    return Q(assignee_id__in=[user.pk for user in User.objects.all() if not user.may_triage])


def _computer(wanted: str) -> Q:
    try:
        return Q(computer_id=uuid.UUID(wanted))
    except ValueError:
        named = Computer.objects.order_by().filter(Q(name__icontains=wanted) | Q(number__icontains=wanted))
        return Q(computer__in=short(named.values_list("pk", flat=True)))
