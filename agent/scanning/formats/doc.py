"""Word documents before Office Open XML (.doc, .dot, and .wps of WPS Writer): Word 97–2003, Word 95, 6 and 2."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import docx_front, metafile, ole_corners, ole_objects, ole_properties, vba, word_story
from agent.scanning.formats.base import NotExamined, Piece, Reading, Source
from agent.scanning.formats.corners import Told, constants
from agent.scanning.formats.doc_blocks import Blocks
from agent.scanning.formats.doc_file import (
    ANCHORS,
    BOXES,
    DRAWINGS,
    HEADER_ANCHORS,
    HEADER_BOXES,
    HEADERS,
    STREAM_BYTES,
    TEXT_CHARACTERS,
    WordFile,
)
from agent.scanning.formats.doc_looks import read_styles
from agent.scanning.formats.docx_paragraphs import Paragraph
from agent.scanning.formats.officeart import records, shape_texts
from agent.scanning.formats.ole import MAGIC, CompoundFile
from agent.scanning.formats.ole_objects import MEMBER_BYTES
from agent.scanning.formats.ole_properties import Property
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "doc"
MEDIA_TYPES = ("application/msword",)
LIMITS = {"stream bytes": STREAM_BYTES, "text characters": TEXT_CHARACTERS, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures are read (with OCR) only where the document has little text.",
    "Of drawings of Windows (EMF, WMF) the texts are read.",
    "Where a page ends is told only by breaks in the file and by the amount of text.",
    "Of Word 95 and older only the text is read: no type sizes, and tables only by the ends of their cells.",
    "Word for DOS, Write and the Macintosh's Word before version 98 are not read.",
    "Changes kept apart by a fast save (other than the text itself) are not read.",
    "Of macros the strings and comments are read, not their forms; the default texts of form fields are not read.",
)

_UTF8 = frozenset({"utf-8"})
_BETWEEN_LETTERS = re.compile("\x13[^\x13-\x15]*\x14|[\0-\x06\x08\x0e-\x1d\x1f]")
_INSTRUCTION = re.compile("\x13([^\x13-\x15]*)")
_HYPHEN = "\x1e"
_KINDS = (
    (Zone.HEADER, 2), (Zone.HEADER, 2), (Zone.FOOTER, 2), (Zone.FOOTER, 2), (Zone.HEADER, 1), (Zone.FOOTER, 1),
)  # fmt: skip
"""The six texts of each section, in the order in which they lie: even, odd, first page."""
_SEPARATORS = 6
"""Texts before those of the first section: lines between the body and its notes."""
_PROTECTED = "\tDRMContent"


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage with its zone."""
    if not source.head(8).startswith(MAGIC):
        yield from _Document(WordFile(source.read(STREAM_BYTES), None), []).pieces(reading)
        return
    file = CompoundFile(source)
    properties = ole_properties.read_properties(file)
    try:
        if file.find(_PROTECTED):
            raise NotExamined(Reason.ENCRYPTED, "protected by a rights server")
        stream = file.read("WordDocument", limit=STREAM_BYTES)
        word = WordFile(stream, file)
    except NotExamined:
        # Old encryptions leave the properties as they are.
        yield from ole_properties.worthy_passages(properties, reading)
        raise
    yield from ole_objects.members(file, reading)
    yield from vba.passages(file, reading)
    floating = stream if word.is_97 and word.table(DRAWINGS) else b""
    for part in (floating, file.beginning("Data", count=STREAM_BYTES)):
        yield from metafile.in_records(part, reading)
    yield from _Document(word, properties).pieces(reading)
    if file.damaged:
        raise NotExamined(Reason.DAMAGED, "a part of the document is damaged")


class _Document:
    """The way through one file."""

    def __init__(self, word: WordFile, properties: list[Property]) -> None:
        self._word = word
        self._properties = properties
        self._shapes = _shapes(word.table(DRAWINGS)) if word.is_97 else []

    def pieces(self, reading: Reading) -> Iterator[Piece]:
        """What is worth reading."""
        told = Told()
        if reading.worth(self._for_sieve(), encodings=_UTF8):
            yield from told.through(self._passages())
            for told_by in _INSTRUCTION.findall(self._word.text):
                for text in constants(told_by) if '"' in told_by else ():
                    if reading.worth(text.encode("utf-8", "replace"), encodings=_UTF8) and not told.has(text):
                        yield Passage(Zone.BODY, text, Place(part="setting"))
        yield from ole_corners.passages([self._word.tables] if self._word.is_97 else [], reading, told)
        if self._word.damaged:
            raise NotExamined(Reason.DAMAGED, "a part of the text is missing")

    def _for_sieve(self) -> bytes:
        """All texts, without the marks between letters that nobody sees."""
        text = _BETWEEN_LETTERS.sub("", self._word.text).replace(_HYPHEN, "-").replace("\r", "\n")
        more = [word for _, _, word in self._shapes] + [each.value for each in self._properties]
        return "\n".join([text, *more]).encode("utf-8", "replace")

    def _passages(self) -> Iterator[Passage]:
        word = self._word
        blocks = Blocks(word)
        anchored, loose = blocks.boxes(ANCHORS, BOXES, "body", "boxes")
        body = word.parts["body"]
        yield from word_story.body(blocks.between(body.first, body.last, anchored), read_styles(word))
        for box in loose:
            holder = Paragraph(boxes=[box])
            yield from docx_front.hanging(holder, Zone.P1_BLOCK, Zone.BODY, Place(part="drawing"))
        anchored, loose = blocks.boxes(HEADER_ANCHORS, HEADER_BOXES, "headers", "header boxes")
        for number, (first, last) in enumerate(word.ranges(HEADERS, 0, "headers")):
            zone, pages = _KINDS[(number - _SEPARATORS) % 6] if word.is_97 else (Zone.HEADER, 2)
            if number >= _SEPARATORS or not word.is_97:
                yield from word_story.band(blocks.between(first, last, anchored), zone, pages)
        for box in loose:
            yield from word_story.band([Paragraph(boxes=[box])], Zone.HEADER, 2)
        for name in ("footnotes", "endnotes", "comments"):
            part = word.parts[name]
            yield from word_story.notes(blocks.between(part.first, part.last), name)
        for zone, pages, text in self._shapes:
            yield Passage(zone, text, Place(part="drawing"), pages=pages)
        yield from ole_properties.passages(self._properties)


def _shapes(data: bytes) -> list[tuple[Zone, int, str]]:
    """Lettering and alternative texts of the drawings: zone, pages, text.

    A record of what all drawings share comes first, then for the body and for the headers a byte that says which
    and a record (MS-DOC 2.9.172).
    """
    found: list[tuple[Zone, int, str]] = []
    common = next(records(data, 0, len(data)), None)
    at = len(data) if common is None else common.end
    while at + 9 <= len(data):
        drawing = next(records(data, at + 1, len(data)))
        in_headers = data[at] == 1
        for zone, text in shape_texts(data, at + 1, drawing.end):
            found.append((zone, 2 if in_headers else 1, text))
        at = max(drawing.end, at + 9)
    return found
