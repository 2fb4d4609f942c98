"""OFD, the national page format for official papers (GB/T 33190-2016): pages, templates, notes, properties, files.

A page knows only characters with places, as a PDF's does, and is laid out by the same code: where a line stands, how
large and of what colour it is decides its zone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import cast

from lxml import etree

from agent.scanning.formats import corners, ofd_page, pdf_layout
from agent.scanning.formats.base import Member, NotExamined, OnlyPictures, Piece, Reading, Source
from agent.scanning.formats.corners import Told
from agent.scanning.formats.ofd_file import MOST_PAGES, Document, OfdFile
from agent.scanning.formats.ofd_page import TextPage
from agent.scanning.formats.ooxml import all_text, attribute, child, local
from agent.scanning.formats.pdfium import Page
from agent.scanning.formats.xmlzip import MEMBER_BYTES, PART_BYTES
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "ofd"
MEDIA_TYPES = ("application/ofd",)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES, "pages": MOST_PAGES, "pages laid out": 60}
LIMITATIONS = (
    "Pictures are read by OCR, where it is installed, in a document with little text; without, it is unsupported.",
    "The pictures of seals are not read, nor are earlier versions that a file keeps.",
    "Characters that a page names only by the numbers of their glyphs cannot be read.",
)

_EMBEDDED = re.compile(
    r"(?i)\.(?:docx?|docm|xlsx?|xlsm|xlsb|pptx?|pptm|wps|et|dps|rtf|html?|mht|mhtml|eml|txt|csv|pdf|ofd|odt|ods|odp|zip|rar|7z)$"
)
_WORDLESS = re.compile("[\u00a4\ufffd\ue000-\uf8ff]")
_INFORMATION = {
    "Title": "title",
    "Subject": "subject",
    "Abstract": "description",
    "DocUsage": "category",
    "CreationDate": "created",
}
_LONGEST = 400
_MOST_TAGS = 500
_PICTURE = 0.6
_BESIDE = {"Watermark": Zone.WATERMARK, "Stamp": Zone.STAMP}


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the files inside, and, where a rule's literal is in the text, every passage with its zone."""
    file = OfdFile(source, reading)
    found = False
    handed: set[str] = set()
    unread = glyphs = 0
    body = _Body(file, Document(None))
    for document in file.documents():
        found = True
        for attachment in document.attachments:
            if attachment.part not in handed:
                handed.add(attachment.part)
                member = file.member(attachment.part)
                yield Member(attachment.name, member.data, member.size, member.problem)
        body = _Body(file, document)
        yield from body.passages()
        unread += body.unread
        glyphs += body.glyphs
    if not file.encrypted:
        yield from body.stray(handed)
    for name in file.entries:
        if name not in handed and _EMBEDDED.search(name):
            yield file.member(name)
    if file.encrypted:
        raise NotExamined(Reason.ENCRYPTED, "parts of the document are encrypted")
    if file.problem is not None:
        raise file.problem
    if not found:
        raise NotExamined(Reason.DAMAGED, "the file has no document")
    if glyphs:
        raise NotExamined(Reason.UNSUPPORTED, "the characters of pages have no codes")
    if unread:
        raise OnlyPictures


class _Body:
    """The way through one document of the file."""

    def __init__(self, file: OfdFile, document: Document) -> None:
        self._file = file
        self._document = document
        self._texts: dict[str, bytes] = {}
        self.unread = 0
        """Pages whose text cannot be reached."""
        self.glyphs = 0
        """Of these, pages that show characters without codes."""
        self._without_text = 0
        self._any_picture = False

    def passages(self) -> Iterator[Passage]:
        """The properties, pages, annotations, custom tags and outline of one document."""
        yield from self._properties()
        yield from self._pages()
        yield from self._unused_templates()
        if len(self._document.pages) >= MOST_PAGES:
            raise NotExamined(Reason.TOO_LARGE, "the document has too many pages")
        for identifier, part in self._document.notes:
            yield from self._notes(part, self._document.numbers.get(identifier, 1))
        for word, part in self._document.others:
            yield from self._leaves(word, part)
        titles = "\n".join(self._document.titles)
        if titles and self._hit(titles):
            yield Passage(Zone.BODY, titles, Place(part="outline"))

    def _hit(self, text: str) -> bool:
        return self._file.hit(text.encode("utf-8", "replace"))

    # --- pages -------------------------------------------------------------------------------------------------

    def _pages(self) -> Iterator[Passage]:
        layouts: dict[int, pdf_layout.Layout] = {}
        plain: dict[int, str] = {}
        for number, part in enumerate(self._document.pages, 1):
            if not part:
                continue
            text = self._text(part)
            readable = text.decode("utf-8", "replace")
            if not readable.strip() or 2 * len(_WORDLESS.findall(readable)) > len(readable):
                self._look_at_picture(part, text)
            if self._file.hit(text):
                if len(layouts) < LIMITS["pages laid out"]:
                    layouts[number] = self._laid_out(part, number)
                else:
                    plain[number] = readable
            elif self._file.scattered(part):
                layout = self._laid_out(part, number)
                if self._hit("\n\n\n\n".join(one.text for one in layout.fragments)):
                    layouts[number] = layout
        if self._any_picture and self._without_text == len(self._document.pages):
            self.unread += 1
        if layouts and 1 not in layouts and self._document.pages[0]:
            layouts[1] = self._laid_out(self._document.pages[0], 1)
        repeated = Counter(key for layout in layouts.values() for key in pdf_layout.margin_lines(layout))
        for _, layout in sorted(layouts.items()):
            yield from pdf_layout.passages(layout, repeated)
        for number, readable in plain.items():
            yield Passage(Zone.BODY, readable, Place(page=number))

    def _unused_templates(self) -> Iterator[Passage]:
        """The text of templates that no page names: nobody sees it, but it goes where the file goes."""
        for place in self._document.templates.values():
            if place and place not in self._texts:
                self._texts[place] = text = self._file.text_of(place)
                if self._file.hit(text):
                    lines = (one.text for one in self._laid_out(place, 1).fragments)
                    yield Passage(Zone.BODY, "\n".join(lines), Place(part="template"))

    def stray(self, handed: Collection[str]) -> Iterator[Passage]:
        """What stands in parts that nothing has led to, but for the files that are handed on."""
        told = Told()
        for part in self._file.stray():
            if part in handed:
                continue
            xml = bytes(self._file.read(part))
            paged = b"TextCode" in xml
            if paged and (self._file.hit(self._file.text_of(part)) or self._file.scattered(part)):
                layout = self._laid_out(part, 1)
                yield Passage(Zone.BODY, "\n".join(one.text for one in layout.fragments), Place(part="template"))
            elif self._file.hit(xml):
                yield from corners.values(xml, self._file.reading, told)

    def _text(self, part: str) -> bytes:
        """What the sieve must see of a page: its own text and that of its templates and composites."""
        xml = self._file.read(part)
        texts = [self._file.text_of(part)]
        for template in _TEMPLATE.findall(xml):
            place = self._document.templates.get(template.decode("ascii", "replace"), "")
            if place and place not in self._texts:
                self._texts[place] = self._file.text_of(place)
            texts.append(self._texts.get(place, b""))
        if b"CompositeObject" in xml:
            texts.append(self._document.resource_text)
        return b"\n".join(texts)

    def _look_at_picture(self, part: str, text: bytes) -> None:
        """Whether a page without readable text shows some all the same: a picture all over it, or mere glyphs."""
        self._without_text += 1
        share = self._page(part).picture
        self._any_picture |= share > 0
        self.unread += bool(text.strip()) or share >= _PICTURE
        self.glyphs += bool(text.strip())

    def _page(self, part: str) -> TextPage:
        root = self._file.tree(part)
        area = ofd_page.page_area(root, self._document.area)
        page = TextPage(self._document.resources, area)
        before: list[etree._Element] = []
        after: list[etree._Element] = []
        for each in () if root is None else root:
            if local(each) == "Template":
                place = self._document.templates.get(attribute(each, "TemplateID"), "")
                template = self._file.tree(place) if place else None
                if template is not None:
                    (after if attribute(each, "ZOrder") == "Foreground" else before).append(template)
        for template in before:
            page.add(template)
        if root is not None:
            page.add(root)
        for template in after:
            page.add(template)
        return page

    def _laid_out(self, part: str, number: int) -> pdf_layout.Layout:
        # A text page answers all that is asked of a page while it is laid out.
        return pdf_layout.lay_out(cast("Page", self._page(part)), number)

    # --- notes, properties, tags -------------------------------------------------------------------------------

    def _notes(self, part: str, number: int) -> Iterator[Passage]:
        xml = bytes(self._file.read(part))
        if not self._file.hit(self._file.text_of(part) + b"\0" + xml):
            return
        root = self._file.tree(part)
        marks: set[str] = set()
        for note in () if root is None else root.iter("{*}Annot"):
            kind = attribute(note, "Type")
            appearance = child(note, "Appearance")
            page = TextPage(self._document.resources, ofd_page.page_area(None, self._document.area))
            if appearance is not None:
                page.add(appearance)
            layout = pdf_layout.lay_out(cast("Page", page), number)
            lines = list(dict.fromkeys([*(one.text for one in layout.fragments), *layout.slanted]))
            place = Place(page=number, part="note")
            if lines and kind == "Watermark":
                # A page is often strewn with the same words.
                new = [line for line in lines if line not in marks]
                marks.update(new)
                for line in new:
                    yield Passage(Zone.WATERMARK, line, place, emphasis=True)
            elif lines:
                yield Passage(_BESIDE.get(kind) or self._note_zone(appearance, number), "\n".join(lines), place)
            for remark in (*note.iter("{*}Remark"), *note.iter("{*}Parameter")):
                if (text := "".join(all_text(remark)).strip()) and self._hit(text):
                    yield Passage(Zone.BODY, text[:_LONGEST], place)

    def _note_zone(self, appearance: etree._Element | None, number: int) -> Zone:
        """The zone of a line that was set on a page later on, by where it stands."""
        _, _, width, height = ofd_page.page_area(None, self._document.area)
        box = None if appearance is None else ofd_page.rectangle(attribute(appearance, "Boundary"))
        if box is None:
            return Zone.BODY
        high = 1 - (box[1] + box[3] / 2) / height
        if number == 1:
            is_left = box[0] <= pdf_layout.LEFT * width
            return Zone.P1_TOP_LEFT if high >= pdf_layout.TOP and is_left else Zone.P1_BLOCK
        if high > 1 - pdf_layout.MARGIN:
            return Zone.HEADER
        return Zone.FOOTER if high < pdf_layout.MARGIN else Zone.BODY

    def _properties(self) -> Iterator[Passage]:
        information = self._document.information
        if information is None:
            return
        if not self._file.hit(etree.tostring(information, encoding="utf-8")):
            return
        for each in information.iter():
            name = local(each)
            value = (each.text or "").strip()[:_LONGEST] if name else ""
            if value and name == "CustomData":
                yield Passage(Zone.DOC_PROPERTY, value, Place(part="custom-properties"), name=attribute(each, "Name"))
            elif value and name == "Keyword":
                yield Passage(Zone.DOC_PROPERTY, value, Place(part="properties"), name="keywords")
            elif value and name in _INFORMATION:
                yield Passage(Zone.DOC_PROPERTY, value, Place(part="properties"), name=_INFORMATION[name])

    def _leaves(self, word: str, part: str) -> Iterator[Passage]:
        """Custom tags and extensions: document systems keep the level there, as elements or attributes."""
        if not part or not self._file.hit(bytes(self._file.read(part))):
            return
        root = self._file.tree(part)
        left = _MOST_TAGS
        for each in () if root is None else root.iter():
            pairs = [(local(each), each.text or ""), *((str(key), str(value)) for key, value in each.attrib.items())]
            for name, value in pairs:
                if value.strip() and local(each):
                    left -= 1
                    if left < 0:
                        return
                    yield Passage(Zone.DOC_PROPERTY, value.strip()[:_LONGEST], Place(part=word), name=name)


_TEMPLATE = re.compile(rb"<(?:\w+:)?Template\b[^>]*?TemplateID=[\"'](\w+)[\"']")
