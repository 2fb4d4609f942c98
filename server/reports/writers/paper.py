"""What the two writers of paper share: how much of a long table is set, and how wide its columns are."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

from django.utils.translation import gettext as _

from server.reports.blocks import Cell, Table

MOST_ROWS = 2000
"""Rows of one table that are set on paper: some hundred pages. A workbook has more."""
_SHORT = 92.0
"""Points: what is no wider stays on one line where the others leave the room, such as a date or a number."""
_GIVES = 0.7
"""How much of its share a column of longer texts keeps at least."""
_EDGES = 11.0
"""Points at both sides of a cell's words."""


def on_paper(table: Table) -> tuple[Sequence[Sequence[Cell]], str]:
    """The rows to set, and the sentence that says how many more there are; empty where none are left out."""
    if len(table.rows) <= MOST_ROWS:
        return table.rows, ""
    told = _("The first %(shown)d of %(all)d rows; a workbook (XLSX) goes on.")
    return table.rows[:MOST_ROWS], told % {"shown": MOST_ROWS, "all": len(table.rows)}


def widths(table: Table, wide: float, size: float) -> list[float]:
    """How wide each column is, in points, of ``wide`` in all, set in letters of ``size`` points.

    Each has its share, but dates, numbers and words are not broken where longer texts can give way.
    """
    rows, _rest = on_paper(table)
    total = sum(column.share for column in table.columns)
    shares = [wide * column.share / total for column in table.columns]
    needs = [
        max(_need(words, size, share) for words in (column.name, *(str(row[place]) for row in rows)))
        for place, (column, share) in enumerate(zip(table.columns, shares, strict=True))
    ]
    lack = sum(max(0.0, need - share) for need, share in zip(needs, shares, strict=True))
    spare = sum(max(0.0, share - need) for need, share in zip(needs, shares, strict=True))
    moved = min(lack, spare)
    return [
        share + (need - share) * (moved / lack if need > share else moved / spare if spare else 0.0)
        for need, share in zip(needs, shares, strict=True)
    ]


def counted(table: Table) -> frozenset[int]:
    """The columns that hold nothing but numbers: they are set in the middle."""
    rows, _rest = on_paper(table)
    places = range(len(table.columns) if rows else 0)
    return frozenset(place for place in places if all(isinstance(row[place], int) for row in rows))


def lines(words: str, wide: float, size: float) -> int:
    """About how many lines a text takes in a cell of ``wide`` points."""
    return sum(1 + int(breadth(line, size) / max(1.0, wide - _EDGES)) for line in words.splitlines() or [""])


def breadth(line: str, size: float) -> float:
    """About how wide a line is, in points."""
    return size * sum(1.0 if east_asian_width(char) in "WFA" else 0.72 if char.isupper() else 0.58 for char in line)


def _need(words: str, size: float, share: float) -> float:
    """The width below which a text would be broken within what belongs together, or be a column of single letters."""
    wanted = 0.0
    for line in words.splitlines():
        if (whole := breadth(line, size) + _EDGES) <= _SHORT:
            wanted = max(wanted, whole)
        else:
            tokens = (breadth(one, size) + _EDGES for one in line.split())
            wanted = max([wanted, _GIVES * share, *(one for one in tokens if one <= _SHORT)])
    return wanted
