"""Workbooks of Excel 2003 as one XML file (SpreadsheetML 2003): cells, sheet names, headers, comments, properties."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats import corners, markup, sheet_rows
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8
from agent.scanning.formats.corners import Told
from agent.scanning.formats.ooxml import all_text, attribute, child, local, stripped, without_page_numbers
from agent.scanning.formats.ooxml_properties import office_2003
from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.xls_cells import address
from agent.scanning.formats.xlsx_rows import plain_header
from agent.scanning.formats.xmlzip import Parser
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "spreadsheetml"
MEDIA_TYPES = ("application/vnd.ms-spreadsheetml+xml",)
LIMITS = {"file bytes": 128 * MiB}
LIMITATIONS = (
    "How a cell is formatted (large, red, struck through) is not looked at.",
    "Beyond a sheet's first five rows only rows that hold a literal of some rule are read.",
)
_MOST = 1_000_000
"""The highest number of a row or column that is believed."""


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield, where a rule's literal is in the file, every passage that may matter; ``damaged`` where it breaks off."""
    raw = in_utf8(markup.plain_bytes(source.read(LIMITS["file bytes"])))
    parser = Parser(reading)
    if not (parser.hit(stripped(raw)) or parser.hit(bytes(raw))):
        if not raw.rstrip().endswith(b">"):
            raise NotExamined(Reason.DAMAGED, "the workbook ends too early")
        return
    root = parser.parsed(raw)
    if root is not None:
        told = Told()
        yield from told.through(_passages(root, parser))
        yield from corners.values(raw, reading, told)
    if parser.broken:
        raise NotExamined(Reason.DAMAGED, "a part of the workbook is damaged")


def _passages(root: etree._Element, parser: Parser) -> Iterator[Passage]:
    sheets = [each for each in root if local(each) == "Worksheet"]
    for number, sheet in enumerate(sheets, 1):
        yield Passage(Zone.SHEET_TAB, attribute(sheet, "Name"), Place(sheet=number))
        yield from _sheet(sheet, Place(sheet=number), parser)
    yield from office_2003(root)


def _sheet(sheet: etree._Element, place: Place, parser: Parser) -> Iterator[Passage]:
    page = child(sheet, "WorksheetOptions", "PageSetup")
    for each in () if page is None else page:
        if local(each) in ("Header", "Footer"):
            text = without_page_numbers(plain_header(attribute(each, "Data")))
            if text:
                yield Passage(Zone.SHEET_HEADER, text, place, pages=2)
    table = child(sheet, "Table")
    rows = [] if table is None else [row for row in _rows(table) if row]
    yield from sheet_rows.sheet(rows, parser.hit, place)
    for comment in sheet.iter("{*}Comment"):
        text = "".join(all_text(comment)).strip()
        if text:
            yield Passage(Zone.BODY, text, Place(sheet=place.sheet, part="comments"))


def _rows(table: etree._Element) -> Iterator[list[Cell]]:
    """The cells that hold something, row by row, each at the place that it or its neighbours give it."""
    number = -1
    for row in table:
        if local(row) != "Row":
            continue
        number = _index(row, number)
        column = -1
        cells: list[Cell] = []
        for cell in row:
            if local(cell) != "Cell":
                continue
            column = _index(cell, column)
            data = child(cell, "Data")
            text = "" if data is None else "".join(all_text(data)).strip()
            if text:
                cells.append(Cell(text, column + 1, address(number, column)))
            merged = attribute(cell, "MergeAcross")
            column += int(merged) if merged.isdecimal() and len(merged) < 6 else 0
        yield cells


def _index(element: etree._Element, before: int) -> int:
    """The number of a row or cell from 0: what it says itself, else the next."""
    said = attribute(element, "Index")
    return int(said) - 1 if said.isdecimal() and len(said) < 8 and 0 < int(said) <= _MOST else before + 1
