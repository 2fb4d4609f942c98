"""Cells of a sheet in the binary workbooks: which rows are used, which hold a literal, and the cells of chosen rows."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from agent.scanning.formats import xls_records as biff
from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.xls_book import Book, Sheet
from agent.scanning.formats.xls_records import Record, rk_number, short_string, written

_OWN_TEXT = frozenset({0x0004, biff.LABEL, biff.RSTRING})
_FORMULAS = frozenset({biff.FORMULA, 0x0206, 0x0406})
_RESULTS = frozenset({0x0007, biff.STRING})
_NUMBERS = frozenset({0x0002, 0x0003, biff.NUMBER, biff.RK, biff.MULRK})
_TWO = struct.Struct("<HH").unpack_from
_LEAST = {0x0002: 9, 0x0003: 15, biff.NUMBER: 14, biff.RK: 10, biff.MULRK: 6, biff.LABELSST: 10}


class _Found(NamedTuple):
    """A record with a cell; of a formula with a text, the record that has the text."""

    row: int
    column: int
    record: Record


def hit_rows(
    book: Book, sheet: Sheet, hits: Collection[int], worth: Callable[[str], bool]
) -> tuple[set[int], set[int]]:
    """Numbers of the rows that hold anything, and of those that hold a literal (``hits``: of the shared strings)."""
    used: set[int] = set()
    hit: set[int] = set()
    for row, _, record in _cells(book, sheet):
        used.add(row)
        if record.kind == biff.LABELSST:
            if struct.unpack_from("<I", book.stream, record.begin + 6)[0] in hits:
                hit.add(row)
        elif (record.kind in _OWN_TEXT or record.kind in _RESULTS) and row not in hit and worth(_text(book, record)):
            hit.add(row)
    return used, hit


def rows(book: Book, sheet: Sheet, wanted: Collection[int]) -> dict[int, list[Cell]]:
    """The cells of the rows asked for that hold something, from left to right."""
    found: dict[int, dict[int, str]] = {}
    for row, column, record in _cells(book, sheet):
        if row in wanted:
            cells = found.setdefault(row, {})
            if record.kind == biff.MULRK:
                for step in range((record.end - record.begin - 6) // 6):
                    value = struct.unpack_from("<I", book.stream, record.begin + 6 + 6 * step)[0]
                    cells[column + step] = written(rk_number(value))
            else:
                cells[column] = _text(book, record).strip()
    return {
        row: [Cell(text, column + 1, address(row, column)) for column, text in sorted(cells.items()) if text]
        for row, cells in found.items()
    }


def address(row: int, column: int) -> str:
    """The address of a cell (``AB12``) from the numbers of its row and column, which count from 0."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row + 1}"


def _cells(book: Book, sheet: Sheet) -> Iterator[_Found]:
    """The cells of one sheet in the order in which they lie; those that a chart keeps are left out."""
    depth = 0
    formula: tuple[int, int] | None = None
    for record in biff.records(book.stream, sheet.begin):
        kind, begin, end = record
        if kind in biff.STARTS:
            depth += 1
        elif kind == biff.EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth > 1 or end - begin < 3:
            continue
        elif kind == biff.LABELSST or kind in _NUMBERS:
            if end - begin >= _LEAST[kind]:
                yield _Found(*_place(book.stream, begin), record)
        elif kind in _OWN_TEXT and end - begin >= 8:
            yield _Found(*_place(book.stream, begin), record)
        elif kind in _FORMULAS and end - begin >= 14:
            formula = _place(book.stream, begin)
            if book.stream[begin + 12 : begin + 14] != b"\xff\xff":
                yield _Found(*formula, record)
        elif kind in _RESULTS and formula is not None:
            yield _Found(*formula, record)


def _place(stream: bytes, begin: int) -> tuple[int, int]:
    row, column = _TWO(stream, begin)
    return row, column


def _text(book: Book, record: Record) -> str:
    kind, begin, end = record
    data = book.stream
    if kind == biff.LABELSST:
        return book.strings[struct.unpack_from("<I", data, begin + 6)[0]]
    if kind in _OWN_TEXT:
        return book.label(record)
    if kind in _RESULTS:
        return short_string(data, begin, end, book.codec, size=1 if kind == 0x0007 else 2)
    if kind == biff.RK:
        return written(rk_number(struct.unpack_from("<I", data, begin + 6)[0]))
    if kind == 0x0002:
        return str(struct.unpack_from("<H", data, begin + 7)[0])
    at = begin + (7 if kind == 0x0003 else 6)
    return written(struct.unpack_from("<d", data, at)[0])
