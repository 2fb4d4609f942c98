"""The draw for an unannounced check (抽查单): computers by lot, with room for what was seen (CHECK-09, CHECK-10)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.ledger.models import GONE
from server.reports.blocks import Block, Cell, Column, Heading, Lines, Paragraph, Table
from server.reports.extent import Extent
from server.reports.kinds import rows
from server.reports.kinds.base import Kind
from server.violations.models import OPEN_STATES

ONE_IN = 20
LEAST, MOST = 3, 50
"""One computer in twenty is drawn, at least three (or all there are) and at most fifty."""


def drawn(extent: Extent) -> Iterable[Block]:
    """The computers that the lot fell on, with what is known of each before anybody goes there."""
    yield Heading(_("1. Drawn by lot"))
    there = extent.computers().filter(replaced_by=None).exclude(status__in=GONE)
    keys = list(there.order_by("pk").values_list("pk", flat=True))
    count = min(len(keys), MOST, max(LEAST, -(-len(keys) // ONE_IN)))
    yield Paragraph(
        _("%(n)d of %(all)d computers, drawn by the collector when this list was made; nobody chose them.")
        % {"n": count, "all": len(keys)}
    )
    chosen = there.filter(pk__in=secrets.SystemRandom().sample(keys, count)).annotate(
        checked=Max("checks__seen_at", filter=Q(checks__control="CHECK-01")),
    )
    still = dict(
        extent.groups().filter(state__in=OPEN_STATES, computer__in=chosen.values("pk"))
        .order_by().values_list("computer").annotate(n=Count("pk"))
    )  # fmt: skip
    lines: list[list[Cell]] = []
    for number, one in enumerate(chosen.select_related("department", "person").order_by("department__path", "name"), 1):
        department = "" if one.department is None else one.department.name
        person = "" if one.person is None else one.person.name
        lines.append(
            [
                number,
                "\n".join(filter(None, (one.name, one.number))),
                str(one.get_computer_class_display()),
                "\n".join(filter(None, (department, person))),
                one.place,
                rows.day(one.checked) or "—",
                still.get(one.pk, 0),
                "",
                "",
            ]
        )
    columns = (
        Column(_("No."), 0.5),
        Column(_("Computer"), 2),
        Column(_("Class"), 1.2),
        Column(_("Department, person"), 1.6),
        Column(_("Place"), 1),
        Column(_("Last self-check"), 1.2),
        Column(_("Open violations"), 0.9),
        Column(_("What was seen there"), 3),
        Column(_("Signed"), 1.2),
    )
    yield Table(columns, lines, none=_("There is no computer to draw from."))


def there_too(_extent: Extent) -> Iterable[Block]:
    """What no program sees and the people who go there look at."""
    yield Heading(_("2. To be looked at on the spot"))
    yield Table(
        (Column(_("Looked at"), 4), Column(_("What was seen there"), 4)),
        [
            [_("Secret papers and media are locked away; the safe is closed."), ""],
            [_("Media at hand are those of the ledger; none lies about unregistered."), ""],
            [_("The screen is locked when nobody sits there; no password is written down."), ""],
            [_("No private computer, phone or wireless device is connected."), ""],
        ],
    )
    yield Lines(_("3. What is demanded, and until when"), 4)


SPOTCHECK = Kind(
    name="spotcheck",
    title=gettext_lazy("Unannounced check"),
    tells=gettext_lazy("Computers drawn by lot, with room for what was seen on the spot."),
    parts=(drawn, there_too),
    signatures=(gettext_lazy("Inspected by (signature)"), gettext_lazy("For the inspected department (signature)")),
    landscape=True,
)
