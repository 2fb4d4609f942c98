"""The ledger extract (台帐摘录): computers and media, classified and not, as they stand (LEDGER-01, MEDIA-01)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.models import Department
from server.ledger.actions import texts_of
from server.ledger.columns import Lookups, shown
from server.ledger.kinds import COMPUTERS, MEDIA, PEOPLE, Ledger
from server.ledger.models import ComputerClass, Person
from server.reports.blocks import Block, Cell, Column, Heading, Table
from server.reports.extent import Extent
from server.reports.kinds.base import Kind
from server.reports.kinds.rows import MOST_LISTED, cut

_SHARES = {"number": 1.2, "name": 1.3, "department": 1.7, "serial": 1.4, "place": 1.2}


def computers(extent: Extent) -> Iterable[Block]:
    """The computers of the ledger, classified ones first."""
    if extent.ledger in ("", COMPUTERS.name):
        entered = extent.computers().filter(registered_at__isnull=False).defer("public_key")
        classified = entered.filter(computer_class=ComputerClass.CONFIDENTIAL)
        yield from _ledger(COMPUTERS, _("Classified computers"), classified)
        others = entered.exclude(computer_class=ComputerClass.CONFIDENTIAL)
        yield from _ledger(COMPUTERS, _("Computers that are not classified"), others)


def media(extent: Extent) -> Iterable[Block]:
    """The media of the ledger, classified ones first."""
    if extent.ledger in ("", MEDIA.name):
        classified = extent.media().filter(medium_class=ComputerClass.CONFIDENTIAL)
        yield from _ledger(MEDIA, _("Classified media"), classified)
        others = extent.media().exclude(medium_class=ComputerClass.CONFIDENTIAL)
        yield from _ledger(MEDIA, _("Media that are not classified"), others)


def people(extent: Extent) -> Iterable[Block]:
    """The people of the ledger, where they were asked for."""
    if extent.ledger == PEOPLE.name:
        yield from _ledger(PEOPLE, _("People"), extent.people())


def _ledger(ledger: Ledger, name: str, entries: QuerySet[Any]) -> Iterable[Block]:
    yield Heading(name)
    related = [column.name for column in ledger.columns if column.kind in ("person", "department")]
    # Names are looked up for telling only: nothing is parsed, so nobody's scope is asked for.
    lookups = Lookups(Person.objects.none(), Department.objects.none())
    lines: list[list[Cell]] = []
    for number, entry in enumerate(entries.select_related(*related).order_by("number", "pk")[:MOST_LISTED], 1):
        texts = texts_of(ledger, entry, lookups)
        lines.append([number, *(shown(column, texts[column.name]) for column in ledger.columns)])
    columns = [Column(_("No."), 0.5)]
    columns += [Column(str(column.label), _SHARES.get(column.name, 1.0)) for column in ledger.columns]
    yield Table(columns, lines, none=_("No entry."))
    yield from cut(len(lines), MOST_LISTED, entries)


EXTRACT = Kind(
    name="ledger",
    title=gettext_lazy("Ledger extract"),
    tells=gettext_lazy("The ledgers of computers and media, classified and not, or of people, as they stand today."),
    parts=(computers, media, people),
    signatures=(gettext_lazy("Kept by (signature)"), gettext_lazy("Checked by (signature)")),
    landscape=True,
)
