"""What a report is about: a department with all below it, or the whole organisation, and a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from server.accounts.models import Department, User
from server.accounts.scope import Anybody, departments_of
from server.ledger.models import Computer, Medium, Person
from server.reports.models import Report
from server.violations.models import CheckReport, Group, ScanReport, Step, Waiver


@dataclass(frozen=True)
class Extent:
    """The rows a report may speak of: every list of a report starts from one of these querysets."""

    department: Department | None
    since: date
    until: date
    ledger: str = ""

    @property
    def start(self) -> datetime:
        """The first moment of the period."""
        return timezone.make_aware(datetime.combine(self.since, time.min))

    @property
    def end(self) -> datetime:
        """The first moment after the period."""
        return timezone.make_aware(datetime.combine(self.until + timedelta(days=1), time.min))

    @property
    def organisation(self) -> str:
        """Who speaks: the department at the top of the tree, else what the collector is called."""
        if self.department is not None:
            return Department.objects.get(path=self.department.path[:9]).name
        roots = list(Department.objects.filter(parent=None).values_list("name", flat=True)[:2])
        return roots[0] if len(roots) == 1 else settings.MIJIAN_NAME

    @property
    def scope(self) -> str:
        """The scope in words: the department with all above it."""
        if self.department is None:
            return _("the whole organisation")
        above = [self.department.path[: 9 * steps] for steps in range(1, self.department.depth + 2)]
        names = Department.objects.filter(path__in=above).order_by("path").values_list("name", flat=True)
        return _("%(department)s and all below it") % {"department": "/".join(names)}

    def departments(self) -> QuerySet[Department]:
        """The departments."""
        return Department.objects.filter(**self._below("path"))

    def computers(self) -> QuerySet[Computer]:
        """The computers, those withdrawn aside."""
        return Computer.objects.filter(revoked_at=None, **self._below("department__path"))

    def media(self) -> QuerySet[Medium]:
        """The media of the ledger."""
        return Medium.objects.filter(registered_at__isnull=False, **self._below("department__path"))

    def people(self) -> QuerySet[Person]:
        """The people."""
        return Person.objects.filter(**self._below("department__path"))

    def groups(self) -> QuerySet[Group]:
        """The violations, of any time."""
        return Group.objects.filter(**self._below("computer__department__path"))

    def found(self) -> QuerySet[Group]:
        """The violations that were first seen in the period."""
        return self.groups().filter(first_seen_at__gte=self.start, first_seen_at__lt=self.end)

    def steps(self) -> QuerySet[Step]:
        """What was done about violations in the period."""
        below = self._below("group__computer__department__path")
        return Step.objects.filter(at__gte=self.start, at__lt=self.end, **below)

    def scans(self) -> QuerySet[ScanReport]:
        """The scans of the period."""
        below = self._below("computer__department__path")
        return ScanReport.objects.filter(started_at__gte=self.start, started_at__lt=self.end, **below)

    def checks(self) -> QuerySet[CheckReport]:
        """The results of checks of the period."""
        below = self._below("computer__department__path")
        return CheckReport.objects.filter(seen_at__gte=self.start, seen_at__lt=self.end, **below)

    def waivers(self) -> QuerySet[Waiver]:
        """The waivers."""
        return Waiver.objects.filter(**self._below("department__path"))

    def _below(self, field: str) -> dict[str, str]:
        return {} if self.department is None else {f"{field}__startswith": self.department.path}


def extent_of(report: Report) -> Extent:
    """What a report is about."""
    return Extent(report.department, report.since, report.until, report.ledger)


def reports_of(user: Anybody) -> QuerySet[Report]:
    """The reports this person may see: those about the own departments alone; all without a department."""
    if not isinstance(user, User) or not user.is_current:
        return Report.objects.none()
    if user.sees_everything:
        return Report.objects.all()
    return Report.objects.filter(department__in=departments_of(user))
