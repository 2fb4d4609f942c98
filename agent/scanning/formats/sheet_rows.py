"""Rows of a sheet, in whichever form a workbook keeps them: the first ones whole, later ones where they hold a hit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from agent.scanning.formats.ooxml_tables import Row, lone_marks, row_passages, spelled_down, tabular, with_periods
from protocol.records import Place
from signatures.passages import Passage, Zone

_One = TypeVar("_One")
_PARTS = 8

_FEW = 4
"""Cells of a row that each count for themselves, where no table runs through them."""
FIRST_ROWS = 5
"""Rows with cells at the top of a sheet that may hold its head."""


def first_rows(first: Sequence[Row], place: Place) -> Iterator[Passage]:
    """The head of a sheet; one row more than `FIRST_ROWS` tells whether the last of them belongs to a table."""
    joined = with_periods(first)
    yield from spelled_down(first, place)
    for index, row in enumerate(joined[:FIRST_ROWS]):
        data = tabular(joined, index)
        yield from row_passages(row, place, data=data)
        if index == 0 and (data or len(row) > _FEW):  # no head stands above the first row: it is no register's
            marks = [mark for mark in lone_marks(joined, place) if mark in row]
            yield from (passage for mark in marks for passage in row_passages([mark], place, data=False))


def later_row(row: Row, before: Row, place: Place) -> Iterator[Passage]:
    """A row below the head, and the row that was read ``before`` it."""
    data = len(row) > 2 or (bool(before) and tabular((before, row), 1))
    return row_passages(row, place, data=data, zone=Zone.BODY)


def sheet(rows: Sequence[Row], is_hit: Callable[[bytes], bool], place: Place) -> Iterator[Passage]:
    """All that matters of a sheet whose ``rows`` with cells are at hand; ``is_hit`` asks the sieve, in UTF-8."""
    yield from first_rows(rows[: FIRST_ROWS + 1], place)
    before: Row = rows[FIRST_ROWS - 1] if len(rows) > FIRST_ROWS else ()
    for row in rows[FIRST_ROWS:]:
        if is_hit("\n".join(cell.text for cell in row).encode("utf-8", "replace")):
            yield from later_row(row, before, place)
            before = row


def holding(items: Sequence[_One], is_hit: Callable[[Sequence[_One]], bool]) -> list[_One]:
    """Those of these that hold a literal by themselves, as ``is_hit`` says of some at a time: most often few do."""
    if not items or not is_hit(items):
        return []
    return [items[0]] if len(items) == 1 else holding_some(items, is_hit)


def holding_some(items: Sequence[_One], is_hit: Callable[[Sequence[_One]], bool]) -> list[_One]:
    """The same where all of them together were asked already."""
    step = max(1, -(-len(items) // _PARTS))
    return [one for at in range(0, len(items), step) for one in holding(items[at : at + step], is_hit)]
