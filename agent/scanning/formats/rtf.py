"""Rich Text Format (.rtf, and many a .doc that is one): RTF 1.x of Word, WPS, LibreOffice and WordPad."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import metafile, ole_objects, ole_properties, word_story
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.corners import Told
from agent.scanning.formats.ole_objects import MEMBER_BYTES
from agent.scanning.formats.rtf_reader import Reader
from agent.scanning.formats.rtf_words import plain_texts, readable
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "rtf"
MEDIA_TYPES = ("application/rtf",)
FILE_BYTES = 128 * MiB
LIMITS = {"file bytes": FILE_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures are read (with OCR) only where the document has little text.",
    "Of drawings of Windows (EMF, WMF) the texts are read.",
    "Where a page ends is told only by breaks in the file and by the amount of text.",
    "What mail programs keep of HTML is not read.",
    "Hidden text counts as text.",
)

_SEARCHED = frozenset({"utf-8", "gb18030", "big5", "ent"})
_OBJECT = re.compile(rb"\\objdata\b(?:\s*\\bin(\d{1,10}) ?|([0-9a-fA-F\s]+))")
_LONGEST_GROUP = 64 * 1024
"""Bytes of a group that nobody reads, up to which it is looked at: longer ones hold pictures."""
_CHOICES = b"formfield"
"""What offers a level to be chosen; what was chosen stands in the text."""
_BRACES = re.compile(rb"[{}]")
_BESIDE_TEXT = re.compile("[\x00-\x1f\x7f\ufffd]")
_NUMBER = "(?:[0-9０-９]{1,3}|[a-zA-Z]|[ivxIVX]{1,6}|[一二三四五六七八九十]{1,3}|[①-⑳])"
_NUMBERED = re.compile(rf"^[^\w★☆]*{_NUMBER}[.．、)）\s]+|[\s(（]*{_NUMBER}[.．、)）\s]*$")
"""The number of an item of a list, before or behind what else stands there."""
_SHOWN_NUMBERS = (b"\\listtext", b"\\pntext")
_BANDS = {
    "header": (Zone.HEADER, 2), "footer": (Zone.FOOTER, 2),
    "first header": (Zone.HEADER, 1), "first footer": (Zone.FOOTER, 1),
}  # fmt: skip


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage with its zone."""
    data = source.read(FILE_BYTES)
    if b"\\objdata" in data:
        yield from _members(data, reading)
    yield from metafile.in_rtf(data, reading)
    if not any(reading.worth(text, encodings=_SEARCHED) for text in plain_texts(data)):
        if data.count(b"{") > data.count(b"}"):
            raise NotExamined(Reason.DAMAGED, "the document ends too early")
        return
    reader = Reader(data)
    told = Told()
    yield from told.through(_passages(reader))
    yield from _corners(data, reader.skipped, reading, told)
    if reader.damaged:
        raise NotExamined(Reason.DAMAGED, "the document ends too early, or its groups are too deep")


def _passages(reader: Reader) -> Iterator[Passage]:
    yield from word_story.body(reader.body.blocks, reader.styles)
    for story in reader.stories:
        if story.kind in _BANDS:
            zone, pages = _BANDS[story.kind]
            yield from word_story.band(story.blocks, zone, pages)
        else:
            yield from word_story.notes(story.blocks, story.kind)
    yield from ole_properties.passages(reader.properties)


def _corners(data: bytes, groups: list[tuple[int, int]], reading: Reading, told: Told) -> Iterator[Passage]:
    """Values in groups that no reader sees, as `corners` tells them of XML: prefixes of lists, names, authors."""
    known = (
        (data[begin:end], data[max(0, begin - 12) : begin].rstrip())
        for begin, end in groups
        if end - begin <= _LONGEST_GROUP
    )
    short = [(group, begun) for group, begun in known if not begun.endswith(_CHOICES)]
    whole = b"\\par ".join(group for group, _ in short)
    if not any(reading.worth(text, encodings=_SEARCHED) for text in plain_texts(whole)):
        return
    for group, begun in short:
        if not any(reading.worth(text, encodings=_SEARCHED) for text in plain_texts(group)):
            continue
        for part in _BRACES.split(group):
            for text in plain_texts(part):
                value = _BESIDE_TEXT.sub("", readable(text)).strip(" ;.")
                # Some programs write what a list puts before each item only as it is shown, with its number.
                values = {value, _NUMBERED.sub("", value)} if begun.endswith(_SHOWN_NUMBERS) else {value}
                for each in sorted(values, key=len):
                    if (
                        each
                        and not told.has(each)
                        and reading.worth(each.encode("utf-8", "replace"), encodings=_SEARCHED)
                    ):
                        yield Passage(Zone.BODY, each, Place(part="setting"))


def _members(data: bytes, reading: Reading) -> Iterator[Member]:
    """Embedded objects, each in the form of OLE 1 (MS-OLEDS 2.2.5)."""
    for number, found in enumerate(_OBJECT.finditer(data), 1):
        name = f"object{number}"
        if found[1] is not None:
            raw = data[found.end() : found.end() + min(int(found[1]), MEMBER_BYTES)]
        else:
            digits = found[2].translate(None, b" \t\r\n\v\f")
            raw = bytes.fromhex(digits[: len(digits) & ~1].decode("ascii"))
        inside = _native_data(raw)
        if not inside:
            continue
        try:
            reading.budget.spend(len(inside))
        except NotExamined as problem:
            yield Member(name, None, len(inside), problem)
            continue
        if inside[:2] == b"\x02\x00":
            own, inside = ole_objects.native_file(len(inside).to_bytes(4, "little") + inside)
            name = f"{name}/{own}" if own else name
        yield from ole_objects.unwrapped(name, inside, reading)


def _native_data(raw: bytes) -> bytes:
    """The data of an embedded object; nothing where it is a link or damaged."""
    if int.from_bytes(raw[4:8], "little") != 2:
        return b""
    at = 8
    for _ in range(3):  # the names of class, topic and item
        at += 4 + int.from_bytes(raw[at : at + 4], "little")
        if at > len(raw):
            return b""
    size = int.from_bytes(raw[at : at + 4], "little")
    return raw[at + 4 : at + 4 + size]
