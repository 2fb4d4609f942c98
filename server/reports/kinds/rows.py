"""Rows of violations as reports tell them: no path, no name of a file, no text of a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from server.accounts.models import Department
from server.reports import controls
from server.reports.blocks import Cell, Column, Paragraph, Table
from server.violations.models import SEVERITY_RANK, Group, Severity, State

MOST_LISTED = 20_000
"""Violations that one report lists; what it counts has no bound."""
DONE = (State.VERIFIED, State.CLOSED)


def listed(groups: QuerySet[Group]) -> Sequence[Group]:
    """The violations with what their rows name, worst first."""
    names = ("computer__department", "computer__person", "medium", "assignee")
    bare = ("computer__public_key", "sealed_place", "medium__serial_hash")
    ordered = groups.select_related(*names).defer(*bare).order_by("severity_rank", "first_seen_at", "id")
    return list(ordered[:MOST_LISTED])


def cut(shown: int, most: int, rows: QuerySet[Any]) -> Iterable[Paragraph]:
    """The sentence under a list that ends before its rows do; nothing where all are listed."""
    if shown >= most and (all_ := rows.count()) > shown:
        yield Paragraph(_("Only the first %(shown)d are listed here; there are %(n)d.") % {"shown": shown, "n": all_})


def what(group: Group) -> str:
    """What was found: the control, and the marking in normalised form where there is one."""
    return "\n".join(filter(None, (f"{group.control} {controls.title(group.control)}", group.marking)))


def where(group: Group) -> str:
    """Where it was found: computer and medium by name and number in the ledger."""
    computer = "\n".join(filter(None, (group.computer.name, group.computer.number)))
    medium = "" if group.medium is None else " ".join(filter(None, (str(group.medium), group.medium.number)))
    return "\n".join(filter(None, (computer, medium)))


def whose(group: Group) -> str:
    """Department and responsible person."""
    department = group.computer.department
    person = group.computer.person.name if group.computer.person else group.person
    return "\n".join(filter(None, ("" if department is None else department.name, person)))


def day(when: date | datetime | None) -> str:
    """A day as reports write it; empty where there is none."""
    if isinstance(when, datetime):
        when = timezone.localtime(when).date()
    return "" if when is None else date_format(when, "DATE_FORMAT")


def by_control(groups: QuerySet[Group]) -> Table:
    """How many violations of each control there are, and how they stand."""
    counted = (
        groups.order_by()
        .values("control", "severity")
        .annotate(
            found=Count("id"),
            still=Count("id", filter=Q(is_open=True)),
            done=Count("id", filter=Q(state__in=DONE)),
            other=Count("id", filter=Q(state__in=(State.FALSE_ALARM, State.WAIVED))),
        )
    )
    rows: list[list[Cell]] = []
    for row in sorted(counted, key=lambda row: (SEVERITY_RANK.get(row["severity"], 9), -row["found"], row["control"])):
        severity = str(dict(Severity.choices).get(row["severity"], row["severity"]))
        named = f"{controls.title(row['control'])}\n{controls.clause(row['control'])}".strip()
        rows.append([row["control"], named, severity, row["found"], row["still"], row["done"], row["other"]])
    columns = (
        Column(_("Control"), 1.5),
        Column(_("Requirement and clause"), 5),
        Column(_("Severity"), 1.1),
        Column(_("Found"), 0.9),
        Column(_("Open"), 0.9),
        Column(_("Put right"), 1),
        Column(_("False alarm or waived"), 1.2),
    )
    return Table(columns, rows, none=_("No violation was found in the period."))


def by_severity(groups: QuerySet[Group]) -> Table:
    """Severity by state."""
    counted = groups.order_by().values("severity", "state").annotate(found=Count("id"))
    numbers = {(row["severity"], row["state"]): row["found"] for row in counted}
    rows: list[list[Cell]] = []
    for severity, name in Severity.choices:
        of_states = [numbers.get((severity, state), 0) for state in State.values]
        if sum(of_states):
            rows.append([str(name), *of_states, sum(of_states)])
    if rows:
        rows.append([_("Sum"), *(sum(int(row[place]) for row in rows) for place in range(1, len(State.values) + 2))])
    columns = [Column(_("Severity"), 1.4), *(Column(str(name)) for name in State.labels), Column(_("Sum"))]
    return Table(columns, rows, none=_("No violation was found in the period."))


def by_department(departments: QuerySet[Department], groups: QuerySet[Group], most: int = 500) -> Table:
    """How each department stands: its own computers and violations, without those of departments below it."""
    today = timezone.localdate()
    counted = {
        row["computer__department"]: row
        for row in groups.order_by()
        .values("computer__department")
        .annotate(
            found=Count("id"),
            still=Count("id", filter=Q(is_open=True)),
            late=Count("id", filter=Q(is_open=True, due_on__lt=today)),
            done=Count("id", filter=Q(state__in=DONE)),
        )
    }
    computers = departments.annotate(owned=Count("computers", filter=Q(computers__revoked_at=None)))
    rows: list[list[Cell]] = []
    for one in computers.order_by("path")[:most]:
        row = counted.get(one.pk, {"found": 0, "still": 0, "late": 0, "done": 0})
        named = "　" * one.depth + one.name
        rows.append([named, one.owned, row["found"], row["still"], row["late"], row["done"]])
    columns = (
        Column(_("Department"), 3),
        Column(_("Computers")),
        Column(_("Found")),
        Column(_("Open")),
        Column(_("Overdue")),
        Column(_("Put right")),
    )
    return Table(columns, rows, none=_("There is no department yet"))
