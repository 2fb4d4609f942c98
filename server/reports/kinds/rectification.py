"""The rectification list (整改清单): what is to be put right, by whom and until when (control CHECK-06)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.reports import controls
from server.reports.blocks import Block, Cell, Column, Heading, Paragraph, Table
from server.reports.extent import Extent
from server.reports.kinds import rows
from server.reports.kinds.base import Kind
from server.violations.models import IS_OPEN, Group, State


def to_do(extent: Extent) -> Iterable[Block]:
    """What is open on the day of the report and was seen before the end of the period."""
    still = extent.groups().filter(IS_OPEN, first_seen_at__lt=extent.end)
    yield Heading(_("1. To be put right"))
    yield Paragraph(_("Open on the day of this report; “rectified” still waits for a later clean scan or check."))
    yield from _table(still, _("Nothing is open."))


def done(extent: Extent) -> Iterable[Block]:
    """What was verified or closed in the period."""
    put_right = extent.groups().filter(
        state__in=(State.VERIFIED, State.CLOSED), state_at__gte=extent.start, state_at__lt=extent.end
    )
    yield Heading(_("2. Put right in the period"))
    yield from _table(put_right, _("Nothing was verified or closed in the period."))


def _table(groups: QuerySet[Group], none: str) -> Iterable[Block]:
    columns = (
        Column(_("No."), 0.5),
        Column(_("What was found"), 3.2),
        Column(_("Where"), 2),
        Column(_("Department, person"), 1.5),
        Column(_("Severity"), 0.9),
        Column(_("What to do"), 4),
        Column(_("Due"), 1.15),
        Column(_("State"), 1),
        Column(_("Assignee"), 1.1),
        Column(_("Signed"), 1.4),
    )
    lines: list[list[Cell]] = [
        [
            number,
            rows.what(one),
            rows.where(one),
            rows.whose(one),
            str(one.get_severity_display()),
            controls.remedy(one.control),
            rows.day(one.due_on),
            f"{one.get_state_display()}\n{rows.day(one.state_at)}",
            "" if one.assignee is None else one.assignee.display_name,
            "",
        ]
        for number, one in enumerate(rows.listed(groups), 1)
    ]
    yield Table(columns, lines, none=none)
    yield from rows.cut(len(lines), rows.MOST_LISTED, groups)


RECTIFICATION = Kind(
    name="rectification",
    title=gettext_lazy("Rectification list"),
    tells=gettext_lazy("Every open violation with what to do, who and until when; then what was put right."),
    parts=(to_do, done),
    signatures=(gettext_lazy("Department in charge (signature)"), gettext_lazy("Secrecy office (signature)")),
    landscape=True,
)
