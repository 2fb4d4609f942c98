"""What presses, in numbers beside the entries of the rail, in the title and in the sign of the tab.

Looked up at most twice a minute for each scope and role, and only as far as anybody reads such a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.utils import timezone

from server.accounts.models import Right, User
from server.incidents.scope import overdue_of
from server.intake.models import SpoolEntry
from server.violations.models import IS_OPEN, Waiver
from server.violations.scope import visible_by_the_shorter_way, waivers_of
from server.web.paging import count_many, counted

if TYPE_CHECKING:
    from django.db.models import QuerySet

KEPT = 30
"""Seconds."""
MOST = 99


@dataclass(frozen=True)
class Pressing:
    """How much presses, up to one more than `MOST` of each."""

    violations: int = 0
    """Open ones whose due day is over."""
    incidents: int = 0
    """Those with a duty whose time is over."""
    waivers: int = 0
    """Those that wait for a decision, for who may decide."""
    imports: int = 0
    """Envelopes that are held or unreadable, for who looks after them."""

    @property
    def late(self) -> str:
        """What is overdue, as the title of a page says it; empty for nothing."""
        number = self.violations + self.incidents
        return counted(number, MOST) if number else ""

    def beside(self, entry: str) -> str:
        """The number beside an entry of the rail; empty for none."""
        number = getattr(self, entry, 0) if entry in ("violations", "incidents", "waivers", "imports") else 0
        return counted(number, MOST) if number else ""


def pressing(user: User) -> Pressing:
    """What presses within the scope of this person."""
    scope = "all" if user.sees_everything else user.department_id
    key = f"pressing:{scope}:{user.role}"
    found = cache.get(key)
    if found is None:
        found = _count(user)
        cache.set(key, found, KEPT)
    return Pressing(*found)


def _count(user: User) -> tuple[int, ...]:
    """The numbers of `Pressing`, in one query."""
    bad = [SpoolEntry.State.HELD, SpoolEntry.State.BAD]
    lists: list[QuerySet[Any]] = [
        visible_by_the_shorter_way(user).filter(IS_OPEN, due_on__lt=timezone.localdate()),
        overdue_of(user),
        waivers_of(user).filter(state=Waiver.State.ASKED) if user.may(Right.APPROVE) else Waiver.objects.none(),
    ]
    operates = user.may(Right.OPERATE) and user.sees_everything
    # The spool is a database of its own.
    held = SpoolEntry.objects.order_by().filter(state__in=bad).values("pk")[: MOST + 1]
    return (*count_many(lists, MOST), len(held) if operates else 0)
