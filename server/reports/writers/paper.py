"""What the two writers of paper share: how much of a long table is set, and the words for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from server.reports.blocks import Cell, Table

MOST_ROWS = 2000
"""Rows of one table that are set on paper: some hundred pages. A workbook has more."""


def on_paper(table: Table) -> tuple[Sequence[Sequence[Cell]], str]:
    """The rows to set, and the sentence that says how many more there are; empty where none are left out."""
    if len(table.rows) <= MOST_ROWS:
        return table.rows, ""
    told = _("The first %(shown)d of %(all)d rows; a workbook (XLSX) goes on.")
    return table.rows[:MOST_ROWS], told % {"shown": MOST_ROWS, "all": len(table.rows)}
