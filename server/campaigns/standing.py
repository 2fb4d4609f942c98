"""How every computer of a round stands: one query for running rounds, the frozen rows for closed ones.

Both give rows with the same names: ``computer_id, name, number, computer_class, department, person, standing,
done_at, failed_count, failed_controls``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from server.accounts.models import Department
from server.accounts.scope import Anybody, departments_of
from server.campaigns.models import Campaign, Exemption, SelfCheck, Standing
from server.campaigns.questions import asks_only
from server.campaigns.scope import campaigns_of, results_of
from server.ledger.models import GONE, Computer, Status
from server.ledger.scope import computers_of

UNFINISHED = (Standing.PENDING, Standing.MISSING)
"""Standings in which a computer has made no self-check and has no leave to do without."""
AWAY = (Status.IN_STORE, Status.IN_REPAIR)
"""What stands in a cupboard or a workshop need not check itself."""

MOST_ROUNDS = 50
"""Rounds that are looked through for one computer."""


def computers_in(campaign: Campaign) -> QuerySet[Computer]:
    """The computers that a round is about: those of the ledger or enrolled, of its classes and departments."""
    there = Q(registered_at__isnull=False) | Q(enrolled_at__isnull=False, revoked_at=None)
    rows = Computer.objects.filter(there, computer_class__in=campaign.classes, replaced_by=None)
    rows = rows.exclude(status__in=GONE)
    if campaign.whole_house:
        return rows
    within = Q(pk__in=())
    for department in campaign.departments.all():
        within |= Q(department__path__startswith=department.path)
    return rows.filter(within)


def takes_part(computer: Computer, campaign: Campaign) -> bool:
    """Whether a round is about this computer's class and department (fetch its ``departments`` beforehand)."""
    path = "" if computer.department is None else computer.department.path
    within = campaign.whole_house or any(path.startswith(one.path) for one in campaign.departments.all())
    return within and computer.computer_class in campaign.classes


def rounds_about(computer: Computer, user: Anybody, since: datetime, until: datetime) -> list[Campaign]:
    """The rounds of a computer that ran at some moment between two, as far as a person sees them; newest first."""
    first, last = timezone.localdate(since), timezone.localdate(until)
    rows = campaigns_of(user).filter(starts_on__lte=last).prefetch_related("departments")
    return [one for one in rows[:MOST_ROUNDS] if one.last_day >= first and takes_part(computer, one)]


def rows_of(campaign: Campaign, user: Anybody) -> QuerySet[Any]:
    """The computers of a round that a person sees, each with its standing; ordered by name."""
    if campaign.closed_at is not None:
        return results_of(user).filter(campaign=campaign).order_by("name", "id")
    return standings(campaign).filter(pk__in=computers_of(user).values("pk")).order_by("name", "id")


def standings(campaign: Campaign) -> QuerySet[Any]:
    """Every computer of a running round with its standing as of now."""
    made = SelfCheck.objects.filter(computer=OuterRef("pk"), seen_at__gte=campaign.begins)
    if campaign.profile:
        made = made.filter(profile=campaign.profile)
    else:
        made = made.filter(profile_class__in=(OuterRef("computer_class"), Value("")))
    first, last = made.order_by("seen_at"), made.order_by("-seen_at")
    spared = Exists(Exemption.objects.filter(campaign=campaign, computer=OuterRef("pk")))
    over = timezone.localdate() > campaign.last_day
    return (
        computers_in(campaign)
        .annotate(
            computer_id=F("id"),
            done_at=Subquery(first.values("seen_at")[:1]),
            failed_count=Coalesce(Subquery(last.values("failed_count")[:1]), 0),
            failed_controls=Subquery(last.values("failed_controls")[:1]),
        )
        .annotate(
            standing=Case(
                When(done_at__lt=campaign.in_time_before, then=Value(Standing.DONE.value)),
                When(done_at__isnull=False, then=Value(Standing.LATE.value)),
                When(Q(spared) | Q(status__in=AWAY), then=Value(Standing.EXEMPT.value)),
                default=Value((Standing.MISSING if over else Standing.PENDING).value),
                output_field=CharField(),
            )
        )
    )


@dataclass
class Line:
    """One department of the matrix, or the sum of all."""

    department: Department | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Standing.values, 0))
    failing: int = 0
    """Computers whose last self-check of the round had a check that failed."""
    failed: int = 0
    """Checks that failed in those."""

    @property
    def total(self) -> int:
        """Computers."""
        return sum(self.counts.values())

    @property
    def expected(self) -> int:
        """Computers that are to make a self-check."""
        return self.total - self.counts[Standing.EXEMPT]

    @property
    def made(self) -> int:
        """Computers that made one, late ones too."""
        return self.counts[Standing.DONE] + self.counts[Standing.LATE]

    @property
    def unfinished(self) -> int:
        """Computers that still have to, or have failed to."""
        return self.counts[Standing.PENDING] + self.counts[Standing.MISSING]

    @property
    def share(self) -> int:
        """Per cent of those expected that made one; 100 where none is expected. Never 100 while one is missing."""
        return 100 if not self.expected else self.made * 100 // self.expected

    def add(self, standing: str, computers: int, failing: int, failed: int) -> None:
        """Count computers of one standing in."""
        self.counts[standing] += computers
        self.failing += failing
        self.failed += failed


def matrix(campaign: Campaign, user: Anybody) -> tuple[list[Line], Line]:
    """The departments of a round that a person sees, in the order of the tree, and the sum."""
    lines: dict[int | None, Line] = {}
    total = Line()
    for department, standing, computers, failing, failed in sums(rows_of(campaign, user)):
        lines.setdefault(department, Line()).add(standing, computers, failing, failed)
        total.add(standing, computers, failing, failed)
    if asks_only(campaign.profile):
        lines = {pk: Line() for pk in _answering(campaign, user)}
    departments = Department.objects.in_bulk([pk for pk in lines if pk is not None])
    for pk, line in lines.items():
        line.department = departments.get(pk) if pk is not None else None
    return sorted(lines.values(), key=lambda line: "" if line.department is None else line.department.path), total


def _answering(campaign: Campaign, user: Anybody) -> Iterable[int]:
    """The departments that answer a round without computers: those chosen, or the topmost ones; as a person sees."""
    seen = departments_of(user)
    rows = seen.filter(parent=None) if campaign.whole_house else seen.filter(campaigns=campaign)
    return rows.values_list("pk", flat=True)


def sums(rows: QuerySet[Any]) -> Iterable[tuple[int | None, str, int, int, int]]:
    """Rows summed up: department, standing, computers, computers with a failed check, failed checks."""
    found: Iterable[tuple[int | None, str, int, int, int]] = (
        rows.order_by()
        .values("department_id", "standing")
        .annotate(computers=Count("pk"), failing=Count("pk", filter=Q(failed_count__gt=0)), failed=Sum("failed_count"))
        .values_list("department_id", "standing", "computers", "failing", "failed")
    )
    return found
