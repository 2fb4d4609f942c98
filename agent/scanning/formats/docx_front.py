"""The first page of a Word document: which of its lines are the block at the top, the title, a cover, or text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec
from lxml import etree

from agent.scanning.formats.docx_paragraphs import Paragraph
from agent.scanning.formats.ooxml import attribute, child, local
from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.ooxml_tables import passages as table_passages
from agent.scanning.formats.page_heads import width
from protocol.records import Place
from signatures.passages import Passage, Zone

_TOP_LINES = 12
_SHORT_TITLE = 12
_SHORT_FIRST = 48
"""Columns of a first line that may be a sentence and yet no prose: ``Confidential. Do not distribute.``"""
_COVER_LINES = 40
_COVER_CHARACTERS = 400
_PAGE_CHARACTERS = 1_400
_PAGE_PARAGRAPHS = 45
_DOCUMENT_NUMBER = re.compile(r"[〔\[［(（]\s*(?:19|20)\d\d\s*[〕\]］)）]\s*(?:第\s*)?\d+\s*号")
_RED_HEAD = re.compile(r"(?:文\s*件|纪\s*要|简\s*报|令|函|通\s*报)$")
_PROSE = re.compile(r"[。；！？]|[,，].*[,，]|[a-z]{2}[.;] |[a-z]\.$")
_BRACKET = re.compile(r"[(（【〔\[［〈]")
_WHOLE_BRACKET = re.compile(r"^[(（【〔\[［].{1,40}[)）】〕\]］]$")
_DATE = re.compile(r"[12\d〇○零一二]{4}\s*年.{1,4}月.{1,4}日$")
_CAPTION = re.compile(r"^\s*[图表]\s*\d+|^(?:Figure|Table|Map)\s+\d+", re.IGNORECASE)


class Style(msgspec.Struct, frozen=True):
    """What a paragraph style says that zones depend on."""

    name: str
    size: int
    centred: bool

    @property
    def is_title(self) -> bool:
        """Whether it is a title's."""
        return self.name in ("title", "heading 1", "标题", "标题 1")


Styles = dict[str, Style]


class StyleSource(Protocol):
    """What knows paragraph styles by their id: `Styles`, or something that reads them when they are asked for."""

    def get(self, style: str, otherwise: Style, /) -> Style:
        """The style of this id, or ``otherwise`` where there is none."""
        ...


_NO_STYLE = Style("", 0, centred=False)


def read_styles(root: etree._Element | None) -> Styles:
    """Paragraph styles by their id; empty where the part is not there."""
    styles: Styles = {}
    for each in () if root is None else root:
        if local(each) != "style":
            continue
        name = child(each, "name")
        size = child(each, "rPr", "sz")
        alignment = child(each, "pPr", "jc")
        value = "" if size is None else attribute(size, "val")
        styles[attribute(each, "styleId")] = Style(
            "" if name is None else attribute(name, "val").lower(),
            int(value) if value.isdecimal() else 0,
            centred=alignment is not None and attribute(alignment, "val") == "center",
        )
    return styles


def is_title(paragraph: Paragraph, styles: StyleSource) -> bool:
    """Whether a paragraph is the document's title, by its style or by being large and in the middle."""
    style = styles.get(paragraph.style, _NO_STYLE)
    if style.is_title or paragraph.style.lower() in ("title", "heading1"):
        return True
    return paragraph.large_centred and len(paragraph.text) <= 80 and not _DOCUMENT_NUMBER.search(paragraph.text)


def is_red_head(paragraph: Paragraph) -> bool:
    """Whether a large line names the office that issues the paper (发文机关标志) rather than the paper itself."""
    return paragraph.large_centred and (paragraph.red or _RED_HEAD.search(paragraph.text) is not None)


def is_prose(text: str) -> bool:
    """Whether a line is running text, with which the head of the page has ended."""
    return len(text) > 90 or (len(text) > 24 and _PROSE.search(text) is not None)


def body_zone(paragraph: Paragraph, styles: StyleSource, previous: str) -> Zone:
    """The zone of a paragraph that is not in the block at the top."""
    text = paragraph.text
    if is_title(paragraph, styles):
        return Zone.TITLE
    if styles.get(paragraph.style, _NO_STYLE).name in ("caption", "题注") or (len(text) < 60 and _CAPTION.match(text)):
        return Zone.CAPTION
    if _WHOLE_BRACKET.match(text) and _DATE.search(previous):
        return Zone.NOTE_END
    return Zone.PARA_LEAD if _BRACKET.match(text) else Zone.BODY


def hanging(paragraph: Paragraph, box: Zone, line: Zone, place: Place, *, pages: int = 1) -> Iterator[Passage]:
    """What hangs on a paragraph: lettering, text boxes (zone ``box``), struck text (``line``), alternative texts."""
    for text in paragraph.watermarks:
        yield Passage(Zone.WATERMARK, text, place, pages=pages)
    for each in paragraph.boxes:
        if text := split_at_tabs(each.text):
            zone = Zone.WATERMARK if each.watermark else box
            yield Passage(zone, text, place, pages=pages, emphasis=each.emphasis)
        for inner in each.paragraphs:
            if inner.struck:
                yield Passage(box, inner.struck, place, pages=pages, struck=True)
        for rows in each.tables:
            yield from (one for one in table_passages(rows, place) if one.zone is Zone.TABLE_FIELD)
    if paragraph.struck:
        yield Passage(line, paragraph.struck, place, pages=pages, struck=True)
    for text in paragraph.descriptions:
        yield Passage(Zone.CAPTION, text, place)


def split_at_tabs(text: str) -> str:
    """The same with every stretch between tabs on a line of its own, as they stand apart on the page."""
    return "\n".join(part for line in text.split("\n") for each in line.split("\t") if (part := each.strip()))


class _Item(msgspec.Struct):
    paragraph: Paragraph | None
    rows: list[list[Cell]]
    paragraphs: Sequence[Paragraph]
    number: int


class Front:
    """Gathers the head of the first page until it is over, then says what each line of it is.

    ``take`` and ``take_table`` return False once the head is over; ``flush`` then yields it, once.
    """

    def __init__(self, styles: StyleSource) -> None:
        self.styles = styles
        self.first_page = True
        self.previous = ""
        self._items: list[_Item] = []
        self._lines = 0
        self._characters = 0
        self._paragraphs = 0
        self._open = True
        self._page_ended = False
        self.flushed = False

    def take(self, paragraph: Paragraph, number: int) -> bool:
        """Take a paragraph into the head; False where it belongs to the text after it."""
        self._turn_page(paragraph.breaks_before)
        if self._open and is_prose(paragraph.text) and not (self._lines == 0 and width(paragraph.text) <= _SHORT_FIRST):
            self._open = False
        taken = self._open
        if taken:
            self._items.append(_Item(paragraph, [], (paragraph,), number))
            self._lines += bool(paragraph.text) or any(box.text for box in paragraph.boxes)
            self._open = self._lines < _COVER_LINES
        self._count(len(paragraph.text))
        self._turn_page(paragraph.breaks_after)
        return taken

    def take_table(self, rows: list[list[Cell]], paragraphs: Sequence[Paragraph], number: int) -> bool:
        """Take a table into the head; False where it belongs to the text after it."""
        if self._open and (len(rows) > 8 or any(is_prose(cell.text) for row in rows for cell in row)):
            self._open = False
        taken = self._open
        if taken:
            self._items.append(_Item(None, rows, paragraphs, number))
            self._lines += sum(map(len, rows))
        self._count(sum(len(cell.text) for row in rows for cell in row))
        self._turn_page(any(paragraph.breaks_after for paragraph in paragraphs))
        return taken

    def _count(self, characters: int) -> None:
        self._characters += characters
        self._paragraphs += 1
        if self._characters > _PAGE_CHARACTERS or self._paragraphs > _PAGE_PARAGRAPHS:
            self.first_page = False

    def _turn_page(self, turned: bool) -> None:
        if turned and self._characters:
            self._page_ended |= self.first_page and self._open
            self._open = self.first_page = False

    def flush(self) -> Iterator[Passage]:
        """The passages of the head; nothing the second time."""
        if self.flushed:
            return
        self.flushed = True
        self._open = False
        characters = sum(len(item.paragraph.text) for item in self._items if item.paragraph is not None)
        if self._page_ended and 0 < characters <= _COVER_CHARACTERS:
            yield from self._cover()
        else:
            yield from self._head()

    def _cover(self) -> Iterator[Passage]:
        """A page with little on it before a page break: all of it is the cover."""
        lines: list[str] = []
        for item in self._items:
            if item.paragraph is None:
                yield from self._loose(item)
                yield from table_passages(item.rows, Place(page=1, paragraph=item.number), zone=Zone.COVER)
                continue
            yield from self._loose(item, boxes=False)
            lines += [*self._box_lines(item), item.paragraph.text]
            if is_title(item.paragraph, self.styles) and item.paragraph.text:
                yield Passage(Zone.TITLE, item.paragraph.text, Place(page=1, paragraph=item.number), emphasis=True)
        yield from self._block(Zone.COVER, lines, 1)

    def _head(self) -> Iterator[Passage]:
        """Lines up to the title or the document number are the top left; the rest of the first twelve is around it."""
        top: list[str] = []
        rest: list[str] = []
        lines, counted = top, 0
        emphasis = False
        title = self._title()
        for item in self._items:
            place = Place(page=1, paragraph=item.number)
            if item.paragraph is None:
                yield from self._loose(item)
                counted += sum(map(len, item.rows))
                if lines is top and _is_layout(item.rows):
                    top += [cell.text for row in item.rows for cell in row]
                    yield from (each for each in table_passages(item.rows, place) if each.zone is Zone.TABLE_FIELD)
                else:
                    yield from table_passages(item.rows, place)
                continue
            paragraph = item.paragraph
            yield from self._loose(item, boxes=lines is not top)
            if lines is top:
                top += self._box_lines(item)
                emphasis |= any(box.emphasis for box in paragraph.boxes)
            text = paragraph.text
            if not text:
                continue
            counted += 1
            zone = body_zone(paragraph, self.styles, self.previous)
            self.previous = text
            if paragraph is title:
                yield Passage(Zone.TITLE, text, place, emphasis=True)
                if not top and len(text) <= _SHORT_TITLE:
                    top.append(text)  # one short large line over the text may well be a marking
                lines = rest
            elif counted > _TOP_LINES:
                yield Passage(zone, text, place, emphasis=paragraph.emphasis)
            else:
                lines.append(text)
                emphasis |= paragraph.emphasis and lines is top
                if _DOCUMENT_NUMBER.search(text):
                    lines = rest
        yield from self._block(Zone.P1_TOP_LEFT, top, self._items[0].number if self._items else 1, emphasis=emphasis)
        yield from self._block(Zone.P1_BLOCK, rest, self._items[0].number if self._items else 1)

    def _title(self) -> Paragraph | None:
        """The title: the last of the first lines in a row that look like one, for a large banner may stand above."""
        found: Paragraph | None = None
        for item in self._items:
            paragraph = item.paragraph
            if paragraph is None or not paragraph.text or is_red_head(paragraph):
                continue
            if is_title(paragraph, self.styles):
                found = paragraph
            elif found is not None:
                break
        return found

    def _loose(self, item: _Item, *, boxes: bool = True) -> Iterator[Passage]:
        for paragraph in item.paragraphs:
            kept = paragraph.boxes
            if not boxes:
                paragraph.boxes = [box for box in kept if box.watermark]
            yield from hanging(paragraph, Zone.P1_TOP_LEFT, Zone.P1_TOP_LEFT, Place(page=1, paragraph=item.number))
            paragraph.boxes = kept

    @staticmethod
    def _box_lines(item: _Item) -> list[str]:
        """Lines of the text boxes that hang on a paragraph at the top: they stand there too."""
        boxes = () if item.paragraph is None else item.paragraph.boxes
        return [text for box in boxes if not box.watermark and (text := split_at_tabs(box.text))]

    @staticmethod
    def _block(zone: Zone, lines: list[str], number: int, *, emphasis: bool = False) -> Iterator[Passage]:
        text = "\n".join(line for line in lines if line)
        if text:
            yield Passage(zone, split_at_tabs(text), Place(page=1, paragraph=number), emphasis=emphasis)


def _is_layout(rows: list[list[Cell]]) -> bool:
    """Whether a table only sets the lines of the head beside each other."""
    cells = [cell for row in rows for cell in row]
    return 0 < len(cells) <= 8 and len(rows) <= 4 and all(len(cell.text) <= 40 for cell in cells)
