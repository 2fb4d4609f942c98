"""The annual summary (年度汇总): a year by regime, by department and by month (controls CHECK-07, CHECK-13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.db.models import Count, Q
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from server.reports import controls
from server.reports.blocks import Block, Cell, Column, Heading, Lines, Paragraph, Table
from server.reports.extent import Extent
from server.reports.kinds import rows
from server.reports.kinds.base import Kind
from server.violations.models import CheckReport
from signatures.register import register


def overview(extent: Extent) -> Iterable[Block]:
    """The year in numbers, beside the year before."""
    yield Heading(_("1. The year in numbers"))
    year = extent.since.year
    before = replace(extent, since=date(year - 1, 1, 1), until=date(year - 1, 12, 31))
    told, earlier = _numbers(extent), _numbers(before)
    lines: list[list[Cell]] = [[name, told[name], earlier[name]] for name in told]
    yield Table((Column("", 3), Column(str(year)), Column(str(year - 1))), lines)


def _numbers(extent: Extent) -> dict[str, int]:
    checks = extent.checks().filter(control="CHECK-01")
    return {
        _("Violations found"): extent.found().count(),
        _("Put right"): _ended(extent),
        _("Scans"): extent.scans().count(),
        _("Self-checks"): checks.count(),
        _("Computers with a self-check"): checks.order_by().values("computer").distinct().count(),
        _("Waivers approved"): extent.waivers()
        .filter(decided_at__gte=extent.start, decided_at__lt=extent.end)
        .exclude(state="refused")
        .count(),
    }


def _ended(extent: Extent) -> int:
    """How many violations were verified or closed."""
    steps = extent.steps().filter(to_state__in=rows.DONE).exclude(from_state__in=rows.DONE)
    return steps.order_by().values("group").distinct().count()


def regimes(extent: Extent) -> Iterable[Block]:
    """Each regime with its violations and the results of its checks; one without either is told as such."""
    yield Heading(_("2. By regime"))
    found, still, right = Counter[str](), Counter[str](), Counter[str]()
    for row in (
        extent.found()
        .order_by()
        .values("control")
        .annotate(
            n=Count("id"), still=Count("id", filter=Q(is_open=True)), done=Count("id", filter=Q(state__in=rows.DONE))
        )
    ):
        regime = controls.regime(row["control"])
        found[regime] += row["n"]
        still[regime] += row["still"]
        right[regime] += row["done"]
    passed, failed = Counter[str](), Counter[str]()
    for told in extent.checks().order_by().values("control", "outcome").annotate(n=Count("id")):
        regime = controls.regime(told["control"])
        passed[regime] += told["n"] if told["outcome"] == CheckReport.Outcome.PASS else 0
        failed[regime] += told["n"] if told["outcome"] == CheckReport.Outcome.FAIL else 0
    language = get_language() or "zh"
    rules = Counter(entry.regime.pick(language) for entry in register().values())
    names = [*rules, *([""] if found[""] or passed[""] or failed[""] else [])]
    lines: list[list[Cell]] = [
        [name or _("Others"), rules[name], found[name], right[name], still[name], passed[name], failed[name]]
        for name in names
    ]
    columns = (
        Column(_("Regime"), 3.6),
        Column(_("Requirements"), 1.1),
        Column(_("Found")),
        Column(_("Put right")),
        Column(_("Open")),
        Column(_("Checks passed"), 1.1),
        Column(_("Checks failed"), 1.1),
    )
    yield Table(columns, lines)
    yield Paragraph(
        _("A regime without violations and checks was not tested by this collector; it is not shown to be sound.")
    )


def by_requirement(extent: Extent) -> Iterable[Block]:
    """Each requirement that was broken."""
    yield Heading(_("3. Requirements that were broken"))
    yield rows.by_control(extent.found())


def departments(extent: Extent) -> Iterable[Block]:
    """Each department."""
    yield Heading(_("4. By department"))
    yield rows.by_department(extent.departments(), extent.found())


def months(extent: Extent) -> Iterable[Block]:
    """Each month: found and put right."""
    yield Heading(_("5. By month"))
    year = extent.since.year
    lines: list[list[Cell]] = []
    for month in range(1, 13):
        last = date(year, month + 1, 1) if month < 12 else date(year + 1, 1, 1)
        part = replace(extent, since=date(year, month, 1), until=date.fromordinal(last.toordinal() - 1))
        lines.append([f"{year}-{month:02d}", part.found().count(), _ended(part)])
    yield Table((Column(_("Month")), Column(_("Found")), Column(_("Put right"))), lines)
    yield Lines(_("6. Judgement of the year, and plans for the next"), 6)


ANNUAL = Kind(
    name="annual",
    title=gettext_lazy("Annual summary"),
    tells=gettext_lazy("A year by regime, requirement, department and month, beside the year before."),
    parts=(overview, regimes, by_requirement, departments, months),
    signatures=(gettext_lazy("Written by (signature)"), gettext_lazy("Secrecy office (signature, seal)")),
    by_year=True,
    versions=True,
)
