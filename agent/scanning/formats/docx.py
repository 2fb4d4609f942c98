"""Word documents in Office Open XML (.docx, .docm, .dotx, .dotm), transitional and strict.

Where a marking stands decides what it is worth, so the first page gets most care: GB/T 9704-2012 puts copy number,
level with period and urgency one below the other at the top left, before the red head and the document number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats import docx_front, ooxml
from agent.scanning.formats.base import Piece, Reading, Source
from agent.scanning.formats.docx_front import Front
from agent.scanning.formats.docx_later import Later
from agent.scanning.formats.docx_paragraphs import Paragraph, at_page_breaks, blocks, read_paragraph, read_table
from agent.scanning.formats.docx_styles import StylesOnDemand
from agent.scanning.formats.ooxml import (
    MEMBER_BYTES,
    PART_BYTES,
    Package,
    attribute,
    child,
    local,
    without_page_numbers,
)
from agent.scanning.formats.ooxml_drawing import text_bodies
from agent.scanning.formats.ooxml_properties import properties
from agent.scanning.formats.ooxml_tables import passages as table_passages
from protocol.records import Place
from signatures.passages import Passage, Zone

NAME = "docx"
MEDIA_TYPES = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    "application/vnd.ms-word.document.macroEnabled.12",
    "application/vnd.ms-word.template.macroEnabled.12",
)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures are read (with OCR) only where the document has little text.",
    "Where a page ends is told only by breaks in the file and by the amount of text.",
    "Forms of macros are not read.",
)

_BOOKKEEPING = re.compile(r"(?i)^(?:docprops|customxml)/|\.psmdcp$")
_TEXT_PARTS = re.compile(r"(?i)\.(?:xml|vml)$")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage with its zone."""
    yield from ooxml.pieces(source, reading, "word/", lambda package: _Document(package).passages())


class _Document:
    """The way through one package."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._once: set[str] = set()
        """Header and footer parts that only the first page shows."""
        self._number = 0

    def passages(self) -> Iterator[Passage]:
        """The body, headers and footers, notes and comments, drawings and properties, in this order."""
        roots: dict[str, list[tuple[str, etree._Element]]] = {}
        for name in self._package.names(_TEXT_PARTS):
            if _BOOKKEEPING.search(name):
                continue
            root = self._package.tree(name)
            if root is not None:
                roots.setdefault(local(root), []).append((name, root))
        for name, root in roots.pop("document", []):
            self._find_first_page_parts(name, root)
            yield from self._body(root)
        for kind, zone in (("hdr", Zone.HEADER), ("ftr", Zone.FOOTER)):
            for name, root in roots.pop(kind, []):
                yield from self._band(root, zone, pages=1 if name in self._once else 2)
        for kind in ("footnotes", "endnotes", "comments"):
            for _, root in roots.pop(kind, []):
                for note in root:
                    yield from self._plain(note, kind)
        for kind, others in roots.items():
            for _, root in others:
                yield from text_bodies(root, Zone.BODY, Place(part=_PART_WORDS.get(kind, "drawing")))
        yield from properties(self._package)

    # --- the body ----------------------------------------------------------------------------------------------

    def _body(self, root: etree._Element) -> Iterator[Passage]:
        body = child(root, "body")
        if body is None:
            self._package.mark_damaged()
            return
        styles = bytes(self._package.read("word/styles.xml"))
        front = Front(StylesOnDemand(styles, self._package.parsed))
        later = Later(front.styles)
        for block in blocks(body):
            kind = local(block)
            if kind == "sectPr":
                continue
            self._number += 1
            if kind == "p":
                for paragraph in at_page_breaks(read_paragraph(block)):
                    yield from self._paragraph(paragraph, front, later)
                continue
            rows, paragraphs = read_table(block)
            if not front.take_table(rows, paragraphs, self._number):
                yield from front.flush()
                yield from later.flush()
                yield from self._around(paragraphs, front.first_page)
                yield from table_passages(rows, self._place())
        yield from front.flush()
        yield from later.flush()

    def _paragraph(self, paragraph: Paragraph, front: Front, later: Later) -> Iterator[Passage]:
        taken = front.take(paragraph, self._number)
        if not taken:
            if not front.flushed:
                yield from front.flush()
            if front.previous:  # the last line of the head stands before the first of the text
                later.previous, front.previous = front.previous, ""
            if paragraph.breaks_before:
                yield from later.turn()
            if paragraph.hung_with:
                yield from self._around([paragraph], front.first_page)
            yield from later.take(paragraph, self._place())
        if paragraph.breaks_after:
            yield from later.turn()

    def _around(self, paragraphs: list[Paragraph], first_page: bool) -> Iterator[Passage]:
        """What hangs on paragraphs without being in their line: boxes, lettering, struck text, alternative texts."""
        for paragraph in paragraphs:
            yield from docx_front.hanging(
                paragraph, Zone.P1_TOP_LEFT if first_page else Zone.P1_BLOCK, Zone.BODY, self._place()
            )

    def _place(self, part: str | None = None) -> Place:
        return Place(paragraph=self._number or None, part=part)

    # --- headers, footers, notes -------------------------------------------------------------------------------

    def _find_first_page_parts(self, name: str, root: etree._Element) -> None:
        relations = self._package.relations(name)
        shown: dict[str, set[str]] = {}
        for each in root.iter("{*}headerReference", "{*}footerReference"):
            shown.setdefault(relations.get(attribute(each, "id"), ""), set()).add(attribute(each, "type"))
        self._once = {part for part, kinds in shown.items() if kinds == {"first"}}

    def _band(self, root: etree._Element, zone: Zone, pages: int) -> Iterator[Passage]:
        """A header or footer: what stands at its left, middle and right are lines of their own."""
        place = Place(part=str(zone))
        lines: list[str] = []
        emphasis = False
        for block in blocks(root):
            if local(block) == "tbl":
                rows, paragraphs = read_table(block)
                lines += [cell.text for row in rows for cell in row]
            else:
                paragraphs = [read_paragraph(block)]
                lines.append(paragraphs[0].text)
            for paragraph in paragraphs:
                emphasis |= paragraph.emphasis and bool(paragraph.text)
                yield from docx_front.hanging(paragraph, zone, zone, place, pages=pages)
        text = without_page_numbers(docx_front.split_at_tabs("\n".join(lines)))
        if text:
            yield Passage(zone, text, place, pages=pages, emphasis=emphasis)

    def _plain(self, note: etree._Element, part: str) -> Iterator[Passage]:
        for block in blocks(note):
            if local(block) == "tbl":
                yield from table_passages(read_table(block)[0], Place(part=part), zone=Zone.BODY)
                continue
            paragraph = read_paragraph(block)
            yield from docx_front.hanging(paragraph, Zone.P1_BLOCK, Zone.BODY, Place(part=part))
            if paragraph.text:
                yield Passage(Zone.BODY, paragraph.text, Place(part=part))


_PART_WORDS = {"chartSpace": "chart", "dataModel": "diagram", "drawing": "diagram", "xml": "vml"}
"""Fixed words for the parts of a document that hold drawings, by their root."""
