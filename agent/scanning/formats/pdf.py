"""PDF: text with its place on the page, notes, properties, outline and attached files.

The text of every page goes through the sieve in one call; only pages that hit, and page 1 with them, are laid out
character by character.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from agent.scanning.formats import (
    pdf_corners,
    pdf_drawn,
    pdf_file,
    pdf_layout,
    pdf_lettering,
    pdf_letters,
    pdf_properties,
    pdfium,
)
from agent.scanning.formats.base import Member, MiB, NotExamined, OnlyPictures, Picture, Piece, Reading, Source
from agent.scanning.formats.pdf_objects import CannotTell
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "pdf"
MEDIA_TYPES = ("application/pdf",)
LIMITS = {"document bytes": 2048 * MiB, "pages": 5_000, "pages laid out": 60, "attachment bytes": 256 * MiB}
LIMITATIONS = (
    "pages without text are read by OCR where it is installed; beside text only a large word drawn as outlines on one "
    "of the first three pages is, no picture",
    "from the 61st page with a hit on, text is read without its place on the page",
    "names of layers, labels of pages, tips of fields, strings of scripts, alternative texts and what the file said "
    "before its text was replaced are read in files of up to 32 MiB that need no mending",
    "choices that a form offers are read only where they were chosen",
)

_ALONE = re.compile(r"(?m)\n *[\u2605\u2606\u2e80-\u9fff] *\r?$")
"""A Chinese character or star alone on its line, which is not the first."""
UTF_16 = frozenset({"utf-16-le"})
_PROPERTIES = (
    *("Title", "Subject", "Keywords", "Author", "Creator", "Producer", "Company", "Manager", "Category", "Comments"),
    *(
        "密级",
        "密級",
        "保密期限",
        "定密",
        "标密",
        "秘密等级",
        "涉密等级",
        "公开属性",
        "Classification",
        "classification",
    ),
    *("Sensitivity", "SecurityLevel", "Security", "Confidentiality", "Status"),
)
"""Properties asked for by name where the file's own list of them cannot be read."""
_XMP_ITEM = re.compile(
    r"<([\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>([^<>]+)(?=<)|\s(?!xmlns[:=])(?:[\w.-]+:)?([\w.-]+)\s*=\s*[\"']([^\"']*)[\"']"
)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Passages of a PDF and the files attached to it."""
    if source.size > LIMITS["document bytes"]:
        raise NotExamined(Reason.TOO_LARGE, "the document is too large")
    whole = source.read(pdfium.IN_MEMORY) if source.size <= pdfium.IN_MEMORY else None
    file = pdf_properties.opened(whole) if whole is not None else None
    with pdfium.Document(source, whole) as document:
        yield from _properties(document, whole, file, reading)
        yield from _outline(document, reading)
        yield from _form(document, reading)
        if file is not None:
            yield from pdf_corners.passages(file, reading)
            yield from pdf_corners.past(file, reading)
        pages = _Pages(document, reading)
        yield from pages.pieces()
        yield from pages.attachments(document.attachments())
        pages.say_what_is_missing()


class _Pages:
    """One walk through the pages, then a second look at those that hit."""

    def __init__(self, document: pdfium.Document, reading: Reading) -> None:
        self.document = document
        self.reading = reading
        self.layouts: dict[int, pdf_layout.Layout] = {}
        self.plain: dict[int, str] = {}
        """Text of pages beyond those that are laid out."""
        self.read = 0
        self.without_text = 0
        self.pictures = 0
        """Pages whose text can only be seen: one picture, drawn in outlines, or in letters that name no characters."""
        self.any_picture = False
        self.lettered = False
        self.damaged = document.mended
        self.attached: set[tuple[str, int, int]] = set()

    def pieces(self) -> Iterator[Piece]:
        """Passages of all pages, and the files that hang on them."""
        for number in range(1, min(self.document.pages, LIMITS["pages"]) + 1):
            try:
                page = self.document.page(number)
            except NotExamined:
                self.damaged = True
                continue
            try:
                yield from self._page(page, number)
            finally:
                page.close()
        yield from self._laid_out()

    def _page(self, page: pdfium.Page, number: int) -> Iterator[Piece]:
        self.read += 1
        text = page.text
        characters = len(text.strip(b"\0\r\n \t")) // 2
        unknown = pdf_letters.are_unknown(page.text_page, len(text) // 2, page.letters)
        if unknown or (characters < pdf_drawn.LITTLE and pdf_drawn.shows_more(page)):
            yield Picture(partial(pdf_drawn.drawn, page), number)
        elif not self.lettered and number <= pdf_lettering.PAGES and (word := pdf_lettering.beside(page)):
            self.lettered = True
            yield Picture(partial(pdf_lettering.drawn, word), number, Zone.WATERMARK)
        self.pictures += unknown
        if characters:
            if self.reading.worth(text, encodings=UTF_16):
                if len(self.layouts) < LIMITS["pages laid out"]:
                    self.layouts[number] = pdf_layout.lay_out(page, number)
                else:
                    self.plain[number] = text.decode("utf-16-le", "replace").replace("\r\n", "\n")
            elif len(_ALONE.findall("\n" + page.letters)) > 1:
                self._scattered(page, number)
        else:
            self.without_text += 1
            share = page.picture_share()
            self.any_picture = self.any_picture or share > 0
            self.pictures += share >= pdf_drawn.SHARE or pdf_drawn.outlined(page)
        if page.has_notes:
            yield from self._told(page, number, page.notes())
            yield from self.attachments(page.attachments())
            yield from self._told(page, number, page.looks())

    def _scattered(self, page: pdfium.Page, number: int) -> None:
        """Characters that stand alone on their lines, as in vertical writing: drawn in any order they make a word."""
        layout = pdf_layout.lay_out(page, number)
        text = "\n\n\n\n".join(one.text for one in layout.fragments)
        if self.reading.worth(text.encode("utf-16-le", "replace"), encodings=UTF_16):
            self.layouts[number] = layout

    def _told(self, page: pdfium.Page, number: int, found: Iterable[pdfium.Note]) -> Iterator[Passage]:
        notes = [note for note in found if note.text]
        together = "\n".join(note.text for note in notes).encode("utf-16-le", "replace")
        if not notes or not self.reading.worth(together, encodings=UTF_16):
            return
        left, bottom, right, top, _turned = page.box()
        for note in notes:
            high = (note.top - bottom) / max(top - bottom, 1.0)
            is_left = (note.left - left) / max(right - left, 1.0) <= pdf_layout.LEFT
            yield Passage(_note_zone(note.subtype, number, high, is_left), note.text, Place(page=number, part="note"))

    def _laid_out(self) -> Iterator[Passage]:
        """Passages of the pages that hit. Page 1 comes along: the grammar wants the document's head."""
        if not self.layouts:
            return
        if 1 not in self.layouts and self.document.pages:
            try:
                page = self.document.page(1)
            except NotExamined:
                self.damaged = True
            else:
                try:
                    self.layouts[1] = pdf_layout.lay_out(page, 1)
                finally:
                    page.close()
        repeated = Counter(key for layout in self.layouts.values() for key in pdf_layout.margin_lines(layout))
        for text in self.plain.values():
            repeated.update({key for line in text.split("\n") if (key := pdf_layout.margin_key(line)) in repeated})
        for _number, layout in sorted(self.layouts.items()):
            yield from pdf_layout.passages(layout, repeated)
        for number, text in sorted(self.plain.items()):
            yield Passage(Zone.BODY, text, Place(page=number))

    def attachments(self, attached_files: Iterator[Any]) -> Iterator[Member]:
        """Attached files, each once; what cannot be had of one costs no other."""
        for attached in attached_files:
            member = _attachment(attached, self.reading)
            key = (member.name, member.size, hash(member.data))
            if key not in self.attached:
                self.attached.add(key)
                yield member

    def say_what_is_missing(self) -> None:
        """Raise `NotExamined` where a part of the document could not be read."""
        if self.damaged or not self.document.pages:
            raise NotExamined(Reason.DAMAGED, "some pages cannot be loaded")
        if self.document.pages > LIMITS["pages"]:
            raise NotExamined(Reason.TOO_LARGE, "the document has too many pages")
        if self.pictures or (self.any_picture and self.without_text == self.read):
            raise OnlyPictures


def _note_zone(subtype: int, page: int, high: float, is_left: bool) -> Zone:
    if subtype == pdfium.STAMP:
        return Zone.STAMP
    if subtype == pdfium.WATERMARK:
        return Zone.WATERMARK
    if subtype in (pdfium.FREE_TEXT, pdfium.WIDGET):
        if page == 1:
            return Zone.P1_TOP_LEFT if high >= pdf_layout.TOP and is_left else Zone.P1_BLOCK
        if high > 1 - pdf_layout.MARGIN:
            return Zone.HEADER
        if high < pdf_layout.MARGIN:
            return Zone.FOOTER
    return Zone.BODY


def _properties(
    document: pdfium.Document, whole: bytes | None, file: pdf_file.File | None, reading: Reading
) -> Iterator[Passage]:
    """Properties of the information dictionary and of XMP packets."""
    found: dict[str, str] = {}
    packets = pdf_properties.XMP.findall(whole) if whole and b"<x:xmpmeta" in whole else []
    try:
        if file is None:
            raise CannotTell
        found = pdf_properties.information(file)
        packets += [packet for packet in pdf_properties.metadata(file) if packet not in packets]
    except (CannotTell, RecursionError):
        found = {name: value for name in _PROPERTIES if (value := document.property(name))}
    place = Place(part="properties")
    text = "\n".join((*found.keys(), *found.values()))
    if text and reading.worth(text.encode("utf-16-le", "replace"), encodings=UTF_16):
        for name, value in found.items():
            yield Passage(Zone.DOC_PROPERTY, value, place, name=name)
    for packet in packets:
        if not reading.worth(packet, encodings=frozenset({"utf-8", "ent"})):
            continue
        for _prefix, tag, said, attribute, value in _XMP_ITEM.findall(packet.decode("utf-8", "replace")):
            name, item = (tag, said.strip()) if tag else (attribute, value.strip())
            if item and len(item) <= 500:
                yield Passage(Zone.DOC_PROPERTY, html.unescape(item), place, name=name)


def _outline(document: pdfium.Document, reading: Reading) -> Iterator[Passage]:
    titles = [title for title in document.bookmarks() if title.strip()]
    text = "\n".join(titles)
    if text and reading.worth(text.encode("utf-16-le", "replace"), encodings=UTF_16):
        yield Passage(Zone.BODY, text, Place(part="outline"))


def _form(document: pdfium.Document, reading: Reading) -> Iterator[Passage]:
    for packet in document.form_packets():
        stripped = re.sub(rb"<[^>]{0,4000}>", b"\n", packet)
        if reading.worth(stripped, encodings=frozenset({"utf-8", "ent"})):
            yield Passage(Zone.BODY, stripped.decode("utf-8", "replace"), Place(part="form"))


def _attachment(attached: Any, reading: Reading) -> Member:
    name = pdfium.attachment_name(attached) or "attachment"
    size = pdfium.attachment_size(attached)
    if size is None:
        return Member(name, None, 0, NotExamined(Reason.DAMAGED, "an attached file cannot be reached"))
    if size > LIMITS["attachment bytes"]:
        return Member(name, None, size, NotExamined(Reason.TOO_LARGE, "an attached file is too large"))
    try:
        reading.budget.spend(size)
    except NotExamined as problem:
        return Member(name, None, size, problem)
    data = pdfium.attachment_data(attached, size)
    if data is None:
        return Member(name, None, size, NotExamined(Reason.DAMAGED, "an attached file cannot be reached"))
    return Member(name, data, size)
