"""Uniform Office Format, the Chinese national standard (GB/T 20916; .uof .uot .uos .uop): texts, sheets, slides.

Version 1 is one XML file, version 2 a zip of them. Elements are called by Chinese words, in version 2 with a number
behind each (``段落_416B``), which is dropped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from agent.scanning.formats import corners, docx_front, markup, sheet_rows, word_story
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8
from agent.scanning.formats.corners import Told
from agent.scanning.formats.ooxml import all_text, stripped, without_page_numbers
from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.ooxml_tables import passages as table_passages
from agent.scanning.formats.uof_text import Text, named, said
from agent.scanning.formats.word_story import Table
from agent.scanning.formats.xls_cells import address
from agent.scanning.formats.xmlzip import MEMBER_BYTES, PART_BYTES, Parser, XmlZip
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "uof"
MEDIA_TYPES = ("application/vnd.uof",)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES, "bytes of one XML file": 128 * MiB}
LIMITATIONS = (
    "Pictures are read (with OCR) only where the document has little text; charts only by their values.",
    "Where a page ends is told only by breaks in the file and by the amount of text.",
    "Beyond a sheet's first five rows only rows that hold a literal of some rule are read.",
    "Where on a slide a box stands is not looked at.",
)

_PROPERTIES = {
    "标题": "title", "主题": "subject", "关键字": "keywords", "摘要": "description", "分类": "category",
    "经理名称": "Manager", "公司名称": "Company", "文档模板": "Template",
}  # fmt: skip
_BANDS = {
    f"{page}{kind}": (zone, pages)
    for page, pages in (("首页", 1), ("奇数页", 2), ("偶数页", 2))
    for kind, zone in (("页眉", Zone.HEADER), ("页脚", Zone.FOOTER))
}
_TITLES = frozenset({"title", "centertitle", "ctrtitle", "vertical_title"})
_FOOTERS = frozenset({"header", "footer", "headerfooter"})
_FILLED_IN = frozenset({"date", "number", "datetime", "slidenumber"})
_MOST_INDEX = 1_000_000
_LITTLE = 300


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the files inside, and, where a rule's literal is in the text, every passage with its zone."""
    if source.head(2) == b"PK":
        file = XmlZip(source, reading)
        yield from _embedded(file)
        parts = [bytes(file.read(name)) for name in file.entries if name.lower().endswith(".xml")]
        yield from _read(parts, file)
        if file.problem is not None:
            raise file.problem
        return
    parser = Parser(reading)
    xml = bytes(in_utf8(markup.plain_bytes(source.read(LIMITS["bytes of one XML file"]))))
    yield from _read([xml], parser)
    if parser.broken or not xml.rstrip().endswith(b">"):
        raise NotExamined(Reason.DAMAGED, "the document ends too early")


def _embedded(file: XmlZip) -> Iterator[Member]:
    """Files that are no part of the document's own text, pictures aside."""
    for name in file.entries:
        folder, _, last = name.lower().rpartition("/")
        ending = last.rpartition(".")[2]
        if folder and ending not in ("xml", "jpg", "jpeg", "png", "gif", "bmp", "emf", "wmf", "tif", "rels", "dtd"):
            yield file.member(name)


def _read(parts: list[bytes], parser: Parser) -> Iterator[Passage]:
    if not any(parser.hit(stripped(xml)) or parser.hit(xml) for xml in parts):
        return
    roots = [root for xml in parts if (root := parser.parsed(xml)) is not None]
    told = Told()
    yield from told.through(_Document(roots, parser).passages())
    for xml in parts:
        yield from corners.values(xml, parser.reading, told)


class _Document:
    """The way through one document, whichever of the three it is."""

    def __init__(self, roots: list[etree._Element], parser: Parser) -> None:
        self._roots = roots
        self._parser = parser
        shapes = {said(each, "标识符"): each for each in self._all("图形")}
        self._text = Text(shapes)

    def _all(self, *names: str) -> Iterator[etree._Element]:
        """All elements of these names, in order."""
        for root in self._roots:
            for each in root.iter():
                if named(each) in names:
                    yield each

    def passages(self) -> Iterator[Passage]:
        """The text, the sheets, the slides; then headers and footers and the properties."""
        sheets = list(self._all("工作表"))
        slides = list(self._all("幻灯片"))
        if sheets:
            for number, sheet in enumerate(sheets, 1):
                yield from self._sheet(sheet, Place(sheet=number))
        elif slides:
            yield from self._deck(slides)
        else:
            yield from self._story()
        for each in self._all(*_BANDS):
            zone, pages = _BANDS[named(each)]
            yield from word_story.band(self._text.blocks(each), zone, pages)
        yield from self._properties()

    # --- texts -------------------------------------------------------------------------------------------------

    def _story(self) -> Iterator[Passage]:
        bodies = list(self._all("主体")) or [root for root in self._roots if named(root) == "文字处理文档"]
        blocks = [block for body in bodies for block in self._text.blocks(body)]
        yield from word_story.body(blocks, {})
        for part, notes in (("footnotes", self._all("脚注", "尾注")), ("comments", self._all("批注"))):
            for note in notes:
                yield from word_story.notes(self._text.blocks(note), part)
        yield from self._loose()

    def _loose(self) -> Iterator[Passage]:
        """The boxes that hang on no letter."""
        for paragraph in self._text.loose():
            yield from docx_front.hanging(paragraph, Zone.P1_BLOCK, Zone.BODY, Place(part="drawing"))

    # --- sheets ------------------------------------------------------------------------------------------------

    def _sheet(self, sheet: etree._Element, place: Place) -> Iterator[Passage]:
        yield Passage(Zone.SHEET_TAB, said(sheet, "名称"), place)
        rows = [row for row in self._rows(sheet) if row]
        yield from sheet_rows.sheet(rows, self._parser.hit, place)
        for each in sheet.iter():
            if named(each) == "页眉页脚" and (text := without_page_numbers("\n".join(self._text.lines(each)))):
                yield Passage(Zone.SHEET_HEADER, text, place, pages=2)
            elif named(each) == "批注":
                yield from word_story.notes(self._text.blocks(each), "comments")

    def _rows(self, sheet: etree._Element) -> Iterator[list[Cell]]:
        row_number = 0
        for row in sheet.iter():
            if named(row) != "行":
                continue
            row_number = _index(row, "行号", row_number + 1)
            column = 0
            cells: list[Cell] = []
            for cell in row:
                if named(cell) == "单元格":
                    column = _index(cell, "列号", column + 1)
                    text = "\n".join(self._text.lines(cell)).strip()
                    if text:
                        cells.append(Cell(text, column, address(row_number - 1, column - 1)))
            yield cells

    # --- slides ------------------------------------------------------------------------------------------------

    def _deck(self, slides: list[etree._Element]) -> Iterator[Passage]:
        for number, slide in enumerate(slides, 1):
            yield from self._slide(slide, number)
        for master in self._all("母版"):
            for kind, table, text in self._shapes(master):
                if kind in _FOOTERS or not kind:
                    yield from self._shape(table, text, Zone.SLIDE_MASTER, Place(part="master"), max(2, len(slides)))

    def _slide(self, slide: etree._Element, number: int) -> Iterator[Passage]:
        shapes = list(self._shapes(slide))
        little = sum(len(text) for _, _, text in shapes) <= _LITTLE
        for kind, table, text in shapes:
            if kind in _TITLES:
                zone = Zone.TITLE
            elif kind in _FOOTERS:
                zone = Zone.SLIDE_FOOTER
            elif number == 1:
                zone = Zone.COVER if little else Zone.P1_BLOCK
            else:
                zone = Zone.BODY
            yield from self._shape(table, text, zone, Place(slide=number), 1)
            if number == 1 and zone is Zone.TITLE and text:
                yield Passage(Zone.COVER, text, Place(slide=1), emphasis=True)
        for note in slide:
            if named(note) == "幻灯片备注":
                for _, table, text in self._shapes(note):
                    yield from self._shape(table, text, Zone.BODY, Place(part="notes"), 1)

    @staticmethod
    def _shape(tables: list[Table], text: str, zone: Zone, place: Place, pages: int) -> Iterator[Passage]:
        for table in tables:
            yield from table_passages(table.rows, place)
        if text:
            yield Passage(zone, text, place, pages=pages, emphasis=zone is Zone.TITLE)

    def _shapes(self, page: etree._Element) -> Iterator[tuple[str, list[Table], str]]:
        """What each shape of a page fills (a title, a footer …), its tables and its text."""
        for anchor in page:
            if named(anchor) != "锚点":
                continue
            kind = (said(anchor, "占位符") or _placeholder(anchor)).lower().replace("-", "")
            if kind in _FILLED_IN:
                continue
            tables, lines = self._text.shape(said(anchor, "图形引用"))
            yield kind, tables, "\n".join(lines)

    # --- properties --------------------------------------------------------------------------------------------

    def _properties(self) -> Iterator[Passage]:
        for whole in self._all("元数据"):
            for each in whole.iter():
                name = named(each)
                if name == "用户自定义元数据":
                    yield from _property(said(each, "名称"), "".join(all_text(each)), "custom-properties")
                elif name in _PROPERTIES:
                    yield from _property(_PROPERTIES[name], "".join(all_text(each)), "core-properties")


def _placeholder(anchor: etree._Element) -> str:
    return next((said(each, "类型") for each in anchor if named(each) == "占位符"), "")


def _property(name: str, value: str, part: str) -> Iterable[Passage]:
    if value.strip():
        yield Passage(Zone.DOC_PROPERTY, value.strip()[:400], Place(part=part), name=name)


def _index(element: etree._Element, name: str, following: int) -> int:
    """The number of a row or column from 1: what it says itself, else the next."""
    told = said(element, name)
    return int(told) if told.isdecimal() and 0 < len(told) < 8 and 0 < int(told) <= _MOST_INDEX else following
