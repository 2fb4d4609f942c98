"""Word documents of Word 2003 as one XML file (WordprocessingML 2003): paragraphs as in .docx."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats import corners, markup, ole_objects, word_story
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8
from agent.scanning.formats.corners import Told
from agent.scanning.formats.docx_front import read_styles
from agent.scanning.formats.docx_paragraphs import blocks, read_paragraph, read_table
from agent.scanning.formats.ole import MAGIC
from agent.scanning.formats.ooxml import attribute, child, local, stripped
from agent.scanning.formats.ooxml_properties import office_2003
from agent.scanning.formats.word_story import Block, Table
from agent.scanning.formats.xmlzip import Parser
from protocol.records import Reason
from signatures.passages import Passage, Zone

NAME = "wordml"
MEDIA_TYPES = ("application/vnd.ms-wordml+xml",)
LIMITS = {"file bytes": 128 * MiB, "member bytes": ole_objects.MEMBER_BYTES}
LIMITATIONS = (
    "Pictures are read (with OCR) only where the document has little text.",
    "Where a page ends is told only by breaks in the file and by the amount of text.",
    "Macros are not read.",
)

_BINARY = re.compile(rb"(<(?:\w+:)?binData\b[^>]*>)([^<]*)(?=</)")
_OBJECTS = re.compile(rb"""name=["'](?:oledata|editdata)\.mso["']""", re.IGNORECASE)
_BANDS = {"hdr": Zone.HEADER, "ftr": Zone.FOOTER}


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage with its zone."""
    raw = bytes(in_utf8(markup.plain_bytes(source.read(LIMITS["file bytes"]))))
    for found in _BINARY.finditer(raw):
        if _OBJECTS.search(found[1]):
            yield from _members(found[2], reading)
    xml = _BINARY.sub(rb"\1", raw)
    parser = Parser(reading)
    if not (parser.hit(stripped(xml)) or parser.hit(xml)):
        if not xml.rstrip().endswith(b">"):
            raise NotExamined(Reason.DAMAGED, "the document ends too early")
        return
    root = parser.parsed(xml)
    if root is not None:
        told = Told()
        yield from told.through(_passages(root))
        yield from corners.values(xml, reading, told)
    if parser.broken:
        raise NotExamined(Reason.DAMAGED, "a part of the document is damaged")


def _members(coded: bytes, reading: Reading) -> Iterator[Member]:
    """The objects of a document, which lie together in one compound file."""
    name = "oledata.mso"
    try:
        data = base64.b64decode(coded.translate(None, b" \t\r\n"))
        data = ole_objects.active_mime(data, LIMITS["member bytes"]) or data
        reading.budget.spend(len(data))
    except NotExamined as problem:
        yield Member(name, None, len(coded), problem)
        return
    except binascii.Error:
        yield Member(name, None, len(coded), NotExamined(Reason.DAMAGED, "an embedded object is damaged"))
        return
    if data.startswith(MAGIC):
        yield from ole_objects.unwrapped(name, data, reading)


def _passages(root: etree._Element) -> Iterator[Passage]:
    """The body, headers and footers, notes and comments, properties."""
    asides = _taken_out(root)
    body = child(root, "body")
    if body is not None:
        yield from word_story.body(_blocks(body), read_styles(child(root, "styles")))
    for kind, element in asides:
        if kind in _BANDS:
            pages = 1 if attribute(element, "type") == "first" else 2
            yield from word_story.band(_blocks(element), _BANDS[kind], pages)
        else:
            yield from word_story.notes(_blocks(element), kind)
    yield from office_2003(root)


def _taken_out(root: etree._Element) -> list[tuple[str, etree._Element]]:
    """Headers, notes and comments, which lie in the midst of the text they belong to; taken out of it."""
    found: list[tuple[str, etree._Element]] = []
    for each in list(root.iter("{*}hdr", "{*}ftr", "{*}footnote", "{*}endnote", "{*}annotation")):
        name = local(each)
        if name == "annotation":
            if not attribute(each, "type").endswith("Comment"):
                continue
            name = "comment"
        parent = each.getparent()
        if parent is not None and local(parent) not in ("footnotePr", "endnotePr"):
            found.append((f"{name}s" if name not in _BANDS else name, each))
    for _, each in found:
        parent = each.getparent()
        if parent is not None:
            each.tail = None
            parent.remove(each)
    return found


def _blocks(container: etree._Element) -> Iterator[Block]:
    for block in blocks(container):
        if local(block) == "p":
            yield read_paragraph(block)
        elif local(block) == "tbl":
            rows, paragraphs = read_table(block)
            yield Table(rows, paragraphs)
