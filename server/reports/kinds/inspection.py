"""The inspection report (检查报告): what was examined, found and put right (controls CHECK-01, CHECK-05)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.ledger.models import ComputerClass
from server.reports.blocks import Block, Cell, Column, Facts, Heading, Lines, Table
from server.reports.extent import Extent
from server.reports.kinds import rows
from server.reports.kinds.base import Kind
from server.violations.models import IS_OPEN, CheckReport, Severity, State

SELF_CHECK = "CHECK-01"
"""The control whose rows say that there was a self-check."""
MOST_NAMED = 500


def scope(extent: Extent) -> Iterable[Block]:
    """What belongs to the scope."""
    yield Heading(_("1. What belongs to the scope"))
    computers = extent.computers().order_by().values("computer_class")
    counted = computers.annotate(all=Count("id"), enrolled=Count("id", filter=Q(enrolled_at__isnull=False)))
    numbers = {row["computer_class"]: row for row in counted}
    media = {
        row["medium_class"]: row["all"]
        for row in extent.media().order_by().values("medium_class").annotate(all=Count("id"))
    }
    lines: list[list[Cell]] = []
    for code, name in ComputerClass.choices:
        row = numbers.get(code, {"all": 0, "enrolled": 0})
        lines.append([str(name), row["all"], row["enrolled"], media.get(code, 0)])
    columns = (
        Column(_("Class"), 2),
        Column(_("Computers")),
        Column(_("of these with an agent"), 1.5),
        Column(_("Media of the ledger"), 1.5),
    )
    yield Facts([(_("Departments"), extent.departments().count()), (_("People"), extent.people().count())])
    yield Table(columns, lines)


def examined(extent: Extent) -> Iterable[Block]:
    """What was scanned and checked in the period, and which computers told nothing."""
    yield Heading(_("2. What was examined"))
    sums = extent.scans().aggregate(
        scans=Count("id"),
        computers=Count("computer", distinct=True),
        files=Sum("enumerated", default=0),
        clean=Sum("clean_count", default=0),
        findings=Sum("finding_count", default=0),
        unexamined=Sum("not_examined_count", default=0),
        cut=Count("id", filter=Q(complete=False)),
    )
    checks = extent.checks().filter(control=SELF_CHECK)
    checked = checks.aggregate(
        all=Count("id"),
        computers=Count("computer", distinct=True),
        failed=Count("id", filter=Q(outcome=CheckReport.Outcome.FAIL)),
    )
    yield Facts(
        [
            (_("Scans"), _("%(n)d on %(computers)d computers") % {"n": sums["scans"], "computers": sums["computers"]}),
            (_("of these cut short"), sums["cut"]),
            (_("Files"), sums["files"]),
            (_("clean"), sums["clean"]),
            (_("with findings"), sums["findings"]),
            (_("not examined"), sums["unexamined"]),
            (
                _("Self-checks"),
                _("%(n)d on %(computers)d computers") % {"n": checked["all"], "computers": checked["computers"]},
            ),
            (_("of these with something failed"), checked["failed"]),
        ]
    )
    enrolled = extent.computers().filter(enrolled_at__isnull=False)
    silent = enrolled.filter(Q(last_seen_at=None) | Q(last_seen_at__lt=extent.start))
    unchecked = enrolled.exclude(pk__in=checks.order_by().values("computer"))
    for name, found in (
        (_("Computers that were silent for the whole period"), silent),
        (_("Computers without a self-check in the period"), unchecked),
    ):
        yield Heading(name)
        columns = (
            Column(_("Computer"), 2),
            Column(_("Asset number")),
            Column(_("Department"), 1.5),
            Column(_("Last report")),
        )
        listed = found.select_related("department").order_by("department__path", "name", "id")
        lines: list[list[Cell]] = [
            [one.name, one.number, "" if one.department is None else one.department.name, rows.day(one.last_seen_at)]
            for one in listed.defer("public_key")[:MOST_NAMED]
        ]
        yield Table(columns, lines, none=_("None."))
        yield from rows.cut(len(lines), MOST_NAMED, found)


def found(extent: Extent) -> Iterable[Block]:
    """The violations that were first seen in the period, counted."""
    yield Heading(_("3. What was found"))
    yield rows.by_severity(extent.found())
    yield Heading(_("By requirement"))
    yield rows.by_control(extent.found())


def grave(extent: Extent) -> Iterable[Block]:
    """Each grave violation of the period by itself."""
    yield Heading(_("4. Critical and high violations, one by one"))
    worst = extent.found().filter(severity__in=(Severity.CRITICAL, Severity.HIGH))
    columns = (
        Column(_("No."), 0.5),
        Column(_("What was found"), 3.4),
        Column(_("Where"), 2),
        Column(_("Department, person"), 1.6),
        Column(_("First seen"), 1.2),
        Column(_("Due"), 1.2),
        Column(_("State"), 1),
    )
    lines: list[list[Cell]] = [
        [
            number,
            rows.what(one),
            rows.where(one),
            rows.whose(one),
            rows.day(one.first_seen_at),
            rows.day(one.due_on),
            str(one.get_state_display()),
        ]
        for number, one in enumerate(rows.listed(worst), 1)
    ]
    yield Table(columns, lines, none=_("None."))
    yield from rows.cut(len(lines), rows.MOST_LISTED, worst)


def mended(extent: Extent) -> Iterable[Block]:
    """What was done in the period, and what is still to be done; then room for the words of those who inspect."""
    yield Heading(_("5. Rectification"))
    moves = extent.steps().exclude(from_state=F("to_state")).order_by().values("to_state").annotate(n=Count("id"))
    into = Counter({row["to_state"]: row["n"] for row in moves})
    still = extent.groups().filter(IS_OPEN)
    today = timezone.localdate()
    yield Facts(
        [
            (_("Called rectified"), into[State.RECTIFIED]),
            (_("Verified by a later scan or check"), into[State.VERIFIED]),
            (_("Closed"), into[State.CLOSED]),
            (_("Called false alarms"), into[State.FALSE_ALARM]),
            (_("Open on the day of this report"), still.count()),
            (_("of these overdue"), still.filter(due_on__lt=today).count()),
            (
                _("Waivers in force"),
                extent.waivers().filter(state="approved", expires_on__gte=today).count(),
            ),
        ]
    )
    yield Lines(_("6. Conclusion of the inspection"), 5)
    yield Lines(_("7. What is demanded, and until when"), 5)


INSPECTION = Kind(
    name="inspection",
    title=gettext_lazy("Inspection report"),
    tells=gettext_lazy("What was examined, found and put right in a period, with room for conclusion and demands."),
    parts=(scope, examined, found, grave, mended),
    signatures=(
        gettext_lazy("Inspected by (signature)"),
        gettext_lazy("For the inspected department (signature)"),
        gettext_lazy("Secrecy office (signature, seal)"),
    ),
    versions=True,
)
