"""OpenDocument: text, spreadsheets, presentations, drawings, their templates, flat XML files; and StarOffice XML.

Elements are known by their local names, so that files of OpenOffice 1 (.sxw, .sxc, .sxi), whose names stand in other
namespaces, are read by the same code. ISO/IEC 26300.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats import docx_front, odf_sheets, odf_slides
from agent.scanning.formats.base import NotExamined, Piece, Reading, Source
from agent.scanning.formats.corners import Told
from agent.scanning.formats.docx_front import Front
from agent.scanning.formats.docx_paragraphs import Paragraph
from agent.scanning.formats.odf_file import MEMBER_BYTES, PART_BYTES, OdfFile
from agent.scanning.formats.odf_styles import StyleSheet, style_containers
from agent.scanning.formats.odf_text import Reader
from agent.scanning.formats.ooxml import all_text, attribute, child, local, without_page_numbers
from agent.scanning.formats.ooxml_tables import passages as table_passages
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "odf"
_OASIS = "application/vnd.oasis.opendocument."
_KINDS = ("text", "spreadsheet", "presentation", "graphics")
_SUN = "application/vnd.sun.xml."
MEDIA_TYPES = (
    *(f"{_OASIS}{kind}" for kind in _KINDS),
    *(f"{_OASIS}{kind}-template" for kind in _KINDS),
    *(f"{_OASIS}{kind}-flat-xml" for kind in _KINDS),
    f"{_OASIS}text-master",
    f"{_OASIS}text-web",
    f"{_OASIS}chart",
    *(f"{_SUN}{kind}{more}" for kind in ("writer", "calc", "impress", "draw") for more in ("", ".template")),
    f"{_SUN}writer.global",
)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures are read (with OCR) only where the document has little text.",
    "Databases (.odb) and formulas (.odf) are not read.",
    "Where a page ends is told only by breaks in the file and by the amount of text.",
    "Beyond a sheet's first five rows only rows that hold a literal of some rule are read.",
    "In tracked changes of a spreadsheet the earlier texts of cells are read, not their places.",
)

_PROPERTIES = {
    "title": "title",
    "subject": "subject",
    "description": "description",
    "keyword": "keywords",
    "creation-date": "created",
}
_LONGEST = 400
_FORM_WORDS = ("label", "value", "current-value", "title")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the files inside, and, where a rule's literal is in the text, every passage with its zone."""
    file = OdfFile(source, reading)
    yield from file.members()
    yield from file.drawings()
    if file.worth():
        told = Told()
        yield from told.through(_passages(file))
        yield from file.corners(told)
    if file.problem is not None:
        raise file.problem
    if not file.content.strip():
        raise NotExamined(Reason.DAMAGED, "the document has no text part")


def _passages(file: OdfFile) -> Iterator[Passage]:
    styles = file.styles_root()
    masters = _child_of(styles, "master-styles")
    master_sheet = StyleSheet(style_containers(styles))
    if odf_sheets.is_workbook(file.content):
        yield from odf_sheets.passages(file)
        yield from _bands(masters, master_sheet, sheet=True)
    else:
        content = file.content_root()
        common = [each for each in style_containers(styles) if local(each) == "styles"]
        sheet = StyleSheet([*common, *style_containers(content)])
        body = _child_of(content, "body")
        # In OpenOffice 1 the paragraphs stand in the body itself.
        inner = body if body is None else next((each for each in body if local(each) in _BODIES), body)
        kind = "" if inner is None else local(inner)
        if inner is not None and (kind in _SLIDES or next(inner.iter("{*}page"), None) is not None):
            yield from odf_slides.passages(inner, masters, styles, sheet, master_sheet)
        elif inner is not None:
            yield from _Text(inner, sheet, as_object=kind in _OBJECTS).passages()
            yield from _bands(masters, master_sheet, sheet=False)
    yield from _properties(file.meta_root())


_BODIES = frozenset({"text", "spreadsheet", "presentation", "drawing", "chart", "image", "database"})
_SLIDES = frozenset({"presentation", "drawing"})
_OBJECTS = frozenset({"chart", "image"})


def _child_of(root: etree._Element | None, name: str) -> etree._Element | None:
    return None if root is None else child(root, name)


class _Text:
    """The way through the body of a text document."""

    def __init__(self, body: etree._Element, sheet: StyleSheet, *, as_object: bool) -> None:
        self._body = body
        self._sheet = sheet
        self._as_object = as_object
        self._reader = Reader(sheet, body)
        self._number = 0

    def passages(self) -> Iterator[Passage]:
        """The passages of the whole document: its body, then styles and properties."""
        if self._as_object:
            for each in self._body.iter("{*}p"):
                if text := self._reader.paragraph(each).text:
                    yield Passage(Zone.BODY, text, Place(part="chart"))
            return
        yield from self._flow()
        yield from self._notes()
        for text in self._reader.left_deletions():
            yield Passage(Zone.BODY, text, Place(part="changes"), struck=True)
        yield from _forms(self._body)

    def _flow(self) -> Iterator[Passage]:
        front = Front(self._sheet.as_front())
        vertical: list[str] = []
        for block in self._reader.blocks(self._body):
            self._number += 1
            if local(block) == "table":
                rows, paragraphs = self._reader.table(block)
                if not front.take_table(rows, paragraphs, self._number):
                    yield from front.flush()
                    yield from self._around(paragraphs, front.first_page)
                    yield from table_passages(rows, self._place())
                continue
            paragraph = self._reader.paragraph(block)
            if front.take(paragraph, self._number):
                continue
            yield from front.flush()
            yield from self._around([paragraph], front.first_page)
            if 0 < len(paragraph.text) <= 2:
                vertical.append(paragraph.text)
                continue
            yield from self._vertical(vertical)
            if paragraph.text:
                zone = docx_front.body_zone(paragraph, front.styles, front.previous)
                yield Passage(zone, paragraph.text, self._place(), emphasis=paragraph.emphasis)
                front.previous = paragraph.text
        yield from front.flush()
        yield from self._vertical(vertical)

    def _vertical(self, letters: list[str]) -> Iterator[Passage]:
        """Paragraphs of one or two characters each, one below the other, are one text."""
        if letters:
            yield Passage(Zone.BODY, "\n".join(letters), self._place())
            letters.clear()

    def _around(self, paragraphs: list[Paragraph], first_page: bool) -> Iterator[Passage]:
        box = Zone.P1_TOP_LEFT if first_page else Zone.P1_BLOCK
        for paragraph in paragraphs:
            yield from docx_front.hanging(paragraph, box, Zone.BODY, self._place())

    def _notes(self) -> Iterator[Passage]:
        # A note may hold further notes: the list grows while it is read, and each element is in it once.
        for part, note in self._reader.notes:
            lines = [self._reader.paragraph(each).text for each in self._reader.blocks(_note_body(note))]
            if text := "\n".join(line for line in lines if line):
                yield Passage(Zone.BODY, text, Place(part=part))

    def _place(self) -> Place:
        return Place(paragraph=self._number or None)


def _note_body(note: etree._Element) -> etree._Element:
    body = child(note, "note-body")
    return note if body is None else body


def _bands(masters: etree._Element | None, styles: StyleSheet, *, sheet: bool) -> Iterator[Passage]:
    """Headers and footers of the master pages; of a spreadsheet all are `Zone.SHEET_HEADER`."""
    seen: set[str] = set()
    for band in () if masters is None else masters.iter("{*}header", "{*}footer", *_OTHER_BANDS):
        if attribute(band, "display") == "false" or len(band) == 0:
            continue
        zone = Zone.HEADER if local(band).startswith("header") else Zone.FOOTER
        zone = Zone.SHEET_HEADER if sheet else zone
        pages = 1 if local(band).endswith("-first") else 2
        for passage in _band(band, zone, styles, pages):
            if f"{passage.zone} {passage.text}" not in seen:
                seen.add(f"{passage.zone} {passage.text}")
                yield passage


_OTHER_BANDS = ("{*}header-left", "{*}header-first", "{*}footer-left", "{*}footer-first")


def _band(band: etree._Element, zone: Zone, styles: StyleSheet, pages: int) -> Iterator[Passage]:
    """One header or footer: what stands at its left, middle and right are lines of their own."""
    reader = Reader(styles)
    place = Place(part="header" if local(band).startswith("header") else "footer")
    lines: list[str] = []
    emphasis = False
    for block in reader.blocks(band):
        if local(block) == "table":
            rows, paragraphs = reader.table(block)
            lines += [cell.text for row in rows for cell in row]
        else:
            paragraphs = [reader.paragraph(block)]
            lines.append(paragraphs[0].text)
        for paragraph in paragraphs:
            emphasis |= paragraph.emphasis and bool(paragraph.text)
            yield from docx_front.hanging(paragraph, zone, zone, place, pages=pages)
    text = without_page_numbers(docx_front.split_at_tabs("\n".join(lines)))
    if text:
        yield Passage(zone, text, place, pages=pages, emphasis=emphasis)


def _forms(body: etree._Element) -> Iterator[Passage]:
    """What controls of forms show."""
    for form in body.iter("{*}forms"):
        for each in form.iter():
            for name in _FORM_WORDS:
                if (word := attribute(each, name).strip()) and not word.isdecimal():
                    yield Passage(Zone.BODY, word[:_LONGEST], Place(part="forms"))


def _properties(root: etree._Element | None) -> Iterator[Passage]:
    """Title, subject, keywords, description, and the user's own properties by the names they have in the file."""
    meta = _child_of(root, "meta")
    for each in () if meta is None else meta.iter():
        name = local(each)
        value = "".join(all_text(each)).strip()[:_LONGEST] if name in _PROPERTIES or name == "user-defined" else ""
        if value and name == "user-defined":
            yield Passage(Zone.DOC_PROPERTY, value, Place(part="custom-properties"), name=attribute(each, "name"))
        elif value:
            yield Passage(Zone.DOC_PROPERTY, value, Place(part="core-properties"), name=_PROPERTIES[name])
