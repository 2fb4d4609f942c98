"""The score sheet (考核评分表): how each department did, from counts alone with fixed weights (control CHECK-08)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.ledger.models import Clearance
from server.reports.blocks import Block, Cell, Column, Heading, Lines, Paragraph, Table
from server.reports.extent import Extent
from server.reports.kinds import rows
from server.reports.kinds.base import Kind
from server.violations.models import OPEN_STATES, Severity, State

CHECKED, CLEAN, MENDED, IN_TIME, PLEDGED = "checked", "clean", "mended", "in-time", "pledged"
WEIGHTS: Mapping[str, int] = {CHECKED: 25, CLEAN: 25, MENDED: 25, IN_TIME: 15, PLEDGED: 10}
"""Points of each measure; their sum is 100."""
_GRAVE = (Severity.CRITICAL, Severity.HIGH)
MOST_DEPARTMENTS = 500


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def told(self) -> str:
        """As a table shows it; a dash where there was nothing to measure."""
        return f"{self.part}/{self.whole}" if self.whole else "—"


def score(shares: Mapping[str, Share]) -> str:
    """Points of 100; a measure with nothing to measure neither gives nor takes any."""
    counted = {name: share for name, share in shares.items() if share.whole}
    if not counted:
        return "—"
    points = sum(WEIGHTS[name] * share.part / share.whole for name, share in counted.items())
    return f"{100 * points / sum(WEIGHTS[name] for name in counted):.1f}"


def measures(_extent: Extent) -> Iterable[Block]:
    """What is measured, and what it weighs; the same for every extent."""
    names = _names()
    yield Heading(_("1. What is measured"))
    yield Table(
        (Column(_("What counts"), 5), Column(_("Points"))), [[names[name], points] for name, points in WEIGHTS.items()]
    )
    yield Paragraph(
        _(
            "Each measure is a share of its points. Where a department has nothing to measure, the others count alone. "
            "False alarms and waived violations are left out."
        )
    )


def scores(extent: Extent) -> Iterable[Block]:
    """Each department with its shares and points, without those below it."""
    yield Heading(_("2. Points by department"))
    shares = _shares(extent)
    lines: list[list[Cell]] = []
    for one in extent.departments().order_by("path")[:MOST_DEPARTMENTS]:
        own = {name: shares[name].get(one.pk, Share(0, 0)) for name in WEIGHTS}
        lines.append(["　" * one.depth + one.name, *(own[name].told for name in WEIGHTS), score(own)])
    columns = (
        Column(_("Department"), 2.6),
        Column(_("Self-checked")),
        Column(_("Without grave violation"), 1.3),
        Column(_("Put right")),
        Column(_("In time")),
        Column(_("Pledged")),
        Column(_("Points of 100"), 1.1),
    )
    yield Table(columns, lines, none=_("There is no department yet"))
    yield Lines(_("3. Judgement and what follows from it"), 5)


def _names() -> Mapping[str, str]:
    return {
        CHECKED: _("Computers that checked themselves in the period, of all computers"),
        CLEAN: _("Computers without a critical or high violation first seen in the period, of all computers"),
        MENDED: _("Violations verified or closed, of those first seen in the period"),
        IN_TIME: _("Violations not overdue, of those still open"),
        PLEDGED: _("People with a signed pledge, of those with clearance"),
    }


def _shares(extent: Extent) -> dict[str, dict[Any, Share]]:
    """Measure → department → its share."""
    computers = _count(extent.computers(), "department")
    checks = extent.checks().filter(control="CHECK-01", computer__revoked_at=None)
    checked = _count(checks, "computer__department", "computer")
    found = extent.found().exclude(state__in=(State.FALSE_ALARM, State.WAIVED))
    grave = _count(found.filter(severity__in=_GRAVE, computer__revoked_at=None), "computer__department", "computer")
    all_found = _count(found, "computer__department")
    mended = _count(found.filter(state__in=rows.DONE), "computer__department")
    still = extent.groups().filter(state__in=OPEN_STATES, first_seen_at__lt=extent.end)
    open_ones = _count(still, "computer__department")
    late = _count(still.filter(due_on__lt=extent.until), "computer__department")
    cleared = (
        extent.people().exclude(clearance=Clearance.NONE).filter(Q(leaving_on=None) | Q(leaving_on__gt=extent.until))
    )
    people = _count(cleared, "department")
    pledged = _count(cleared.filter(pledge_on__lte=extent.until), "department")
    return {
        CHECKED: {pk: Share(min(checked[pk], n), n) for pk, n in computers.items()},
        CLEAN: {pk: Share(max(n - grave[pk], 0), n) for pk, n in computers.items()},
        MENDED: {pk: Share(mended[pk], n) for pk, n in all_found.items()},
        IN_TIME: {pk: Share(n - late[pk], n) for pk, n in open_ones.items()},
        PLEDGED: {pk: Share(pledged[pk], n) for pk, n in people.items()},
    }


def _count(queryset: QuerySet[Any], by: str, of: str = "pk") -> Counter[Any]:
    """Department → how many rows, or how many different ``of``."""
    counted = queryset.order_by().values(owner=F(by)).annotate(n=Count(of, distinct=of != "pk"))
    return Counter({row["owner"]: row["n"] for row in counted})


ASSESSMENT = Kind(
    name="assessment",
    title=gettext_lazy("Score sheet of secrecy work"),
    tells=gettext_lazy("Points for each department from counts with fixed weights, for the yearly assessment."),
    parts=(measures, scores),
    signatures=(gettext_lazy("Assessed by (signature)"), gettext_lazy("Secrecy office (signature, seal)")),
)
