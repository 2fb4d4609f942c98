"""Spreadsheets of OpenDocument: names of sheets, the first rows cell by cell, later rows where a literal stands."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import msgspec
from lxml import etree

from agent.scanning.formats import docx_front
from agent.scanning.formats.docx_paragraphs import Paragraph
from agent.scanning.formats.odf_file import OdfFile
from agent.scanning.formats.odf_styles import StyleSheet
from agent.scanning.formats.odf_text import SHAPES, Reader, repeated
from agent.scanning.formats.ooxml import attribute, local
from agent.scanning.formats.ooxml_tables import Cell, Row, row_passages, tabular
from agent.scanning.formats.sheet_rows import FIRST_ROWS, first_rows
from agent.scanning.formats.xlsx_rows import fragment
from protocol.records import Place
from signatures.passages import Passage, Zone

_WORKBOOK = re.compile(rb"<(?:\w+:)?spreadsheet[\s/>]")
_BATCH = 256
_HEAD = 16 * 1024 * 1024
_TAG = re.compile(
    rb"<(/?)(?:[\w.-]{1,20}:)?(table-row|table|shapes|previous|content-validation|spreadsheet)(?=[\s/>])([^>]*)>"
)
_TABLE_NAME = re.compile(rb"""(?<![\w-])(?:\w+:)?name=(?:"([^"]*)"|'([^']*)')""")
_TIMES = re.compile(rb"""number-rows-repeated=["'](\d{1,7})["']""")


def is_workbook(content: bytes | bytearray) -> bool:
    """Whether this content is that of a spreadsheet."""
    return _WORKBOOK.search(content, 0, _HEAD) is not None


def passages(file: OdfFile) -> Iterator[Passage]:
    """The passages of all sheets. Only the first rows and those with a hit are parsed, however large the file is."""
    walk = _Walk(file)
    yield from walk.passages()
    if not walk.ended:
        file.mark_broken()


class _Sheet(msgspec.Struct):
    """One sheet while it is read."""

    number: int
    row: int = 0
    """Number of the last row, from 1."""
    first: list[Row] = msgspec.field(default_factory=list)
    first_done: bool = False
    waiting: list[tuple[int, bytes]] = msgspec.field(default_factory=list)
    """Later rows that were not looked at yet: number and XML."""
    before: Row = ()


class _Walk:
    """One way through the XML, from tag to tag; what is between the tags of a row is cut out and parsed by itself."""

    def __init__(self, file: OdfFile) -> None:
        self._file = file
        self._xml = file.content
        self._reader = Reader(StyleSheet(()))
        self._sheets = 0
        self._open: list[_Sheet] = []
        self.ended = False

    def passages(self) -> Iterator[Passage]:
        """All passages, in order."""
        inside, depth, start = b"", 0, 0
        for tag in _TAG.finditer(self._xml):
            closing, name, said = tag[1], tag[2], tag[3]
            if inside:
                # In a row, shapes or an earlier text: only its own end counts.
                if name == inside:
                    depth += -1 if closing else 0 if said.endswith(b"/") else 1
                    if not depth:
                        yield from self._piece(inside, bytes(self._xml[start : tag.end()]))
                        inside = b""
            elif name == b"spreadsheet":
                self.ended |= bool(closing) or said.endswith(b"/")
            elif name == b"table":
                if closing and self._open:
                    yield from self._end(self._open.pop())
                elif not closing:
                    yield from self._begin(said)
            elif not closing and said.endswith(b"/"):
                yield from self._piece(name, bytes(tag[0]))
            elif not closing:
                inside, depth, start = name, 1, tag.start()
        while self._open:  # the file ended in the midst of a sheet
            yield from self._end(self._open.pop())

    def _piece(self, name: bytes, xml: bytes) -> Iterator[Passage]:
        if name == b"table-row":
            if self._open:
                yield from self._row(xml, self._open[-1])
            return
        element = fragment(xml)
        if element is None:
            return
        if name == b"shapes":
            yield from self._shapes(element)
            return
        prompt = name == b"content-validation"  # what is shown to who fills in a cell; else an earlier text
        for each in element.iter():
            if local(each) == "p" and (text := self._reader.paragraph(each).text):
                place = Place(part="validation" if prompt else "changes")
                yield Passage(Zone.BODY, text, place, struck=not prompt)

    def _begin(self, said: bytes) -> Iterator[Passage]:
        self._sheets += 1
        self._open.append(_Sheet(self._sheets))
        found = _TABLE_NAME.search(said)
        if found and (name := html.unescape((found[1] or found[2] or b"").decode("utf-8", "replace"))):
            yield Passage(Zone.SHEET_TAB, name, Place(sheet=self._sheets))

    def _end(self, sheet: _Sheet) -> Iterator[Passage]:
        yield from self._first_rows(sheet)
        yield from self._later_rows(sheet)

    def _row(self, xml: bytes, sheet: _Sheet) -> Iterator[Passage]:
        number = sheet.row + 1
        times = _TIMES.search(xml, 0, 4096)
        sheet.row += max(1, int(times[1])) if times and times.start() < xml.find(b">") else 1
        if b"p>" not in xml and b"string-value" not in xml:
            return  # no text in any cell
        if not sheet.first_done:
            row, hanging = self._parsed(xml, number, sheet)
            if row:
                sheet.first.append(row)
            if len(sheet.first) <= FIRST_ROWS:
                yield from hanging
                return
            # One row more than is used: whether a row belongs to a table is seen by its neighbours.
            yield from self._first_rows(sheet)
            sheet.before = sheet.first[FIRST_ROWS - 1]
        sheet.waiting.append((number, xml))
        if len(sheet.waiting) >= _BATCH:
            yield from self._later_rows(sheet)

    def _parsed(self, xml: bytes, number: int, sheet: _Sheet) -> tuple[Row, list[Passage]]:
        """The cells of a row that hold text, and what hangs on its cells."""
        cells: list[Cell] = []
        hanging: list[Passage] = []
        column = 0
        element = fragment(xml)
        for cell in () if element is None else element:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            if len(cell) or attribute(cell, "string-value"):
                address = f"{_letters(column)}{number}"
                text, paragraphs = self._cell(cell)
                if text:
                    cells.append(Cell(text, column, address, any(each.emphasis for each in paragraphs)))
                hanging += self._hanging(cell, paragraphs, Place(sheet=sheet.number, cell=address))
            column += repeated(cell, "number-columns-repeated")
        return cells, hanging

    def _cell(self, cell: etree._Element) -> tuple[str, list[Paragraph]]:
        paragraphs = [self._reader.paragraph(each) for each in cell if local(each) in ("p", "h")]
        text = "\n".join(each.text for each in paragraphs if each.text)
        return text or attribute(cell, "string-value").strip(), paragraphs

    def _hanging(self, cell: etree._Element, paragraphs: list[Paragraph], place: Place) -> Iterator[Passage]:
        """Comments, shapes and struck text of one cell."""
        for paragraph in paragraphs:
            if paragraph.struck:
                yield Passage(Zone.CELL, paragraph.struck, place, struck=True)
        for each in cell:
            name = local(each)
            if name == "annotation":
                lines = [self._reader.paragraph(block).text for block in self._reader.blocks(each)]
                if text := "\n".join(line for line in lines if line):
                    yield Passage(Zone.BODY, text, Place(sheet=place.sheet, cell=place.cell, part="comments"))
            elif name in SHAPES:
                shape = self._reader.paragraph(each)
                yield from docx_front.hanging(shape, Zone.P1_BLOCK, Zone.BODY, Place(sheet=place.sheet, part="drawing"))

    def _shapes(self, element: etree._Element) -> Iterator[Passage]:
        place = Place(sheet=self._sheets or None, part="drawing")
        for block in self._reader.blocks(element):
            yield from docx_front.hanging(self._reader.paragraph(block), Zone.P1_BLOCK, Zone.BODY, place)

    @staticmethod
    def _first_rows(sheet: _Sheet) -> Iterator[Passage]:
        if sheet.first_done:
            return
        sheet.first_done = True
        yield from first_rows(sheet.first, Place(sheet=sheet.number))

    def _later_rows(self, sheet: _Sheet) -> Iterator[Passage]:
        batch, sheet.waiting = sheet.waiting, []
        if not batch or not self._file.hit_xml(b"".join(xml for _, xml in batch)):
            return
        for number, xml in batch:
            if not self._file.hit_xml(xml):
                continue
            row, hanging = self._parsed(xml, number, sheet)
            yield from hanging
            data = len(row) > 2 or (bool(sheet.before) and tabular((sheet.before, row), 1))
            yield from row_passages(row, Place(sheet=sheet.number), data=data, zone=Zone.BODY)
            sheet.before = row


def _letters(column: int) -> str:
    """The letters of a column counted from 0: A, B, …, Z, AA."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name
