"""Drawings of Windows: EMF with EMF+ (MS-EMF, MS-EMFPLUS) and WMF (MS-WMF), by the texts that are drawn in them.

Charts, equations and drawings are pasted into documents in this form. A text is often drawn in several steps, so what
stands at one height is one line, and letters that follow each other each on a line of its own are one too.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from agent.scanning.formats import rtf_pictures
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.charset import decode
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "metafile"
MEDIA_TYPES = ("image/emf", "image/wmf")
LIMITS = {"file bytes": 64 * MiB, "records": 500_000, "texts": 20_000}
LIMITATIONS = (
    "Of drawings of Windows (EMF, WMF) the texts are read; words drawn as outlines and pictures inside them are not.",
    "A drawing in which no text is kept is told as not examined.",
)

_BLIPS = ((b"\x3d\x1a\xf0", 0x40), (b"\x21\x1b\xf0", 0x60))
"""The end of a record's head for EMF and WMF, and the byte before it where one digest follows; two, where 16 more."""
_IN_RTF = re.compile(rb"\\(?:emfblip|wmetafile\d*)\b")
_PLACE = Place(part="drawing")
_WORDS, _LONG = struct.Struct("<IH").unpack_from, struct.Struct("<II").unpack_from
_PLUS = struct.Struct("<HHII").unpack_from
_POINT, _SHORTS = struct.Struct("<ii").unpack_from, struct.Struct("<hh").unpack_from
_TEXT_HEAD = struct.Struct("<iiII").unpack_from
_CODE_PAGES = {128: "cp932", 129: "cp949", 136: "big5", 204: "cp1251", 238: "cp1250"}
"""Of a font's character set (MS-WMF 2.1.1.5); all others are taken for Chinese, which holds ASCII."""
_SHORT = 4
"""Letters of a line that may be one step of a text that runs down, or at an angle."""
_GAP = 2.5
"""Widths of a letter, of blank, from which on what follows at the same height is another text."""


_Point = tuple[int, int] | None


class _Said(NamedTuple):
    """A text, and where it stands."""

    down: float | None
    """None where it goes on where the pen was left."""
    text: str
    across: int = 0
    width: int = 0
    """0 where the drawing does not say."""

    @classmethod
    def at(cls, across: int, down: int, pen: _Point, text: str, width: int) -> _Said:
        """A text at a point; one of zeros may mean where the pen was put."""
        if pen is not None and not across and not down:
            across, down = pen
        elif not across and not down:
            return cls(None, text, 0, 0)
        return cls(down, text, across, width)

    def goes_on(self, before: _Said) -> bool:
        """Whether this is the next step of a text rather than another beside it."""
        if self.down is None:
            return True
        if self.down != before.down:
            return False
        letter = before.width / max(1, len(before.text))
        if not letter:
            return self.across >= before.across
        return -letter < self.across - before.across - before.width < _GAP * letter


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the lines in which there is a literal. Raises `NotExamined` where no text is in the drawing."""
    data = source.read(LIMITS["file bytes"])
    said = lines(data)
    yield from _passages(said, reading)
    if not said:
        raise NotExamined(Reason.UNSUPPORTED, "a drawing in which no text is kept")


def passages(data: bytes, reading: Reading) -> Iterator[Passage]:
    """The same for a drawing inside a document; it may be packed by gzip, as .emz and .wmz are."""
    if data[:2] == b"\x1f\x8b":
        yield from _unpacked(data, reading, zlib.MAX_WBITS | 16)
    else:
        yield from _passages(lines(data), reading)


def in_records(stream: bytes, reading: Reading) -> Iterator[Passage]:
    """What drawings say that lie among the records of old documents of Office (MS-ODRAW 2.2.24 and 2.2.25)."""
    for sign, one_digest in _BLIPS:
        at = stream.find(sign)
        while at > 0:
            digests = 16 if stream[at - 1] == one_digest else 32 if stream[at - 1] == one_digest + 16 else 0
            head = stream[at + 7 + digests : at + 41 + digests]
            if digests and len(head) == 34 and head[33] == 0xFE:
                begin = at + 41 + digests
                data = stream[begin : begin + int.from_bytes(head[28:32], "little")]
                yield from _unpacked(data, reading, zlib.MAX_WBITS) if not head[32] else passages(data, reading)
            at = stream.find(sign, at + 1)


def in_rtf(data: bytes, reading: Reading) -> Iterator[Passage]:
    """What drawings say that stand in an RTF."""
    if b"\\emfblip" in data or b"\\wmetafile" in data:
        for begin, end, letters in rtf_pictures.places(data, _IN_RTF):
            yield from passages(rtf_pictures.raw(data, begin, end, letters=letters), reading)


def _unpacked(data: bytes, reading: Reading, window: int) -> Iterator[Passage]:
    """A packed drawing, as far as it can be unpacked."""
    try:
        data = zlib.decompressobj(window).decompress(data, LIMITS["file bytes"])
        reading.budget.spend(len(data))
    except zlib.error:
        return
    yield from _passages(lines(data), reading)


def _passages(said: list[str], reading: Reading) -> Iterator[Passage]:
    if reading.worth("\n".join(said).encode("utf-8", "replace"), encodings=frozenset({"utf-8"})):
        # All of them, or new rules could not be held against what was kept of the document it stands in.
        for line in said:
            yield Passage(Zone.BODY, line, _PLACE)


def lines(data: bytes) -> list[str]:
    """The texts of a drawing, line by line; what cannot be read of a damaged one is left out."""
    said = list(_enhanced(data) if data[40:44] == b" EMF" else _plain(data))
    found: list[str] = []
    before: _Said | None = None
    for each in said[: LIMITS["texts"]]:
        if before is not None and each.goes_on(before):
            found[-1] += each.text
        else:
            found.append(each.text)
        before = each if each.down is not None or before is None else _Said(before.down, each.text)
    found = [line for text in found if (line := " ".join(text.replace("\0", " ").split()))]
    return found + _downwards(found)


def _downwards(found: list[str]) -> list[str]:
    """Texts whose letters stand each on a line."""
    runs: list[list[str]] = [[]]
    for line in found:
        if len(line) <= _SHORT:
            runs[-1].append(line)
        elif runs[-1]:
            runs.append([])
    return ["".join(run) for run in runs if len(run) > 1]


def _enhanced(data: bytes) -> Iterator[_Said]:
    """The texts of an EMF. A font that is made says in which code page the texts of single bytes are."""
    at, charset = 0, 0
    pen: _Point = None
    for _ in range(LIMITS["records"]):
        if at + 8 > len(data):
            return
        kind, size = _LONG(data, at)
        if size < 8 or kind == 14:
            return
        end = min(at + size, len(data))
        if kind in (83, 84) and size >= 76 <= end - at:  # EMR_EXTTEXTOUTA and W
            yield from _drawn(data, at, at + 36, wide=kind == 84, charset=charset, pen=pen)
            pen = None
        elif kind in (96, 97) and size >= 40 <= end - at:  # EMR_POLYTEXTOUTA and W
            count = int.from_bytes(data[at + 36 : at + 40], "little")
            for begin in range(at + 40, min(end - 40, at + 40 + 40 * count) + 1, 40):
                yield from _drawn(data, at, begin, wide=kind == 97, charset=charset, pen=pen)
        elif kind == 108 and size >= 36 <= end - at:  # EMR_SMALLTEXTOUT: bounds are left out where bit 8 is set
            _, down, count, options = _TEXT_HEAD(data, at + 8)
            begin = at + (36 if options & 0x100 else 52)
            yield _Said(down, _letters(data[begin:end], count, wide=not options & 0x200, charset=charset))
        elif kind == 27 and end - at >= 16:
            pen = _POINT(data, at + 8)
        elif kind == 82 and end - at > 35:
            charset = data[at + 35]
        elif kind == 70 and data[at + 12 : at + 16] == b"EMF+":
            yield from _plus(data, at + 16, end)
        at += size


def _drawn(data: bytes, record: int, begin: int, *, wide: bool, charset: int, pen: _Point) -> Iterator[_Said]:
    """The text that an EmrText at ``begin`` names (MS-EMF 2.2.5); a point of zeros may mean where the pen stands."""
    across, down, count, offset = _TEXT_HEAD(data, begin)
    if offset >= 40 and count < len(data):
        text = _letters(data[record + offset : record + offset + 2 * count], count, wide=wide, charset=charset)
        steps = begin + 36
        first = record + int.from_bytes(data[steps : steps + 4], "little")
        told = data[first : first + 4 * count]
        width = sum(struct.unpack(f"<{count}I", told)) if wide and first > record and len(told) == 4 * count else 0
        yield _Said.at(across, down, pen, text, min(width, 1 << 30))


def _plus(data: bytes, at: int, end: int) -> Iterator[_Said]:
    """The texts of the EMF+ records in a comment: DrawString and DrawDriverString (MS-EMFPLUS 2.3.4)."""
    while at + 12 <= end:
        kind, _, size, _ = _PLUS(data, at)
        if size < 12:
            return
        if kind == 0x401C and at + 40 <= end:
            count = int.from_bytes(data[at + 20 : at + 24], "little")
            down = struct.unpack_from("<f", data, at + 28)[0]
            yield _Said(down, _letters(data[at + 40 : min(at + size, end)], count, wide=True, charset=0))
        elif kind == 0x4036 and at + 28 <= end and data[at + 16] & 1:
            count = int.from_bytes(data[at + 24 : at + 28], "little")
            yield _Said(-1, _letters(data[at + 28 : min(at + size, end)], count, wide=True, charset=0))
        at += size


def _plain(data: bytes) -> Iterator[_Said]:
    """The texts of a WMF."""
    at = 22 if data.startswith(b"\xd7\xcd\xc6\x9a") else 0
    at += 2 * int.from_bytes(data[at + 2 : at + 4], "little")
    charset = 0
    pen: _Point = None
    for _ in range(LIMITS["records"]):
        if at + 6 > len(data):
            return
        words, kind = _WORDS(data, at)
        if words < 3 or kind == 0:
            return
        end = min(at + 2 * words, len(data))
        if kind == 0x0A32 and end - at >= 14:  # META_EXTTEXTOUT
            down, across, count, options = struct.unpack_from("<hhhH", data, at + 6)
            begin = at + (22 if options & 6 else 14)
            text = _letters(data[begin:end], count, wide=False, charset=charset)
            steps = data[begin + count + count % 2 : end] if count > 0 else b""
            width = sum(struct.unpack_from(f"<{count}h", steps)) if count > 0 and len(steps) >= 2 * count else 0
            yield _Said.at(across, down, pen, text, max(width, 0))
            pen = None
        elif kind == 0x0521 and end - at >= 8:  # META_TEXTOUT
            count = int.from_bytes(data[at + 6 : at + 8], "little")
            after = at + 8 + count + count % 2
            down, across = _SHORTS(data, after) if after + 4 <= end else (0, 0)
            yield _Said.at(across, down, pen, _letters(data[at + 8 : end], count, wide=False, charset=charset), 0)
            pen = None
        elif kind == 0x0214 and end - at >= 10:
            pen = _SHORTS(data, at + 6)[::-1]
        elif kind == 0x02FB and end - at > 19:
            charset = data[at + 19]
        at += 2 * words


def _letters(raw: bytes, count: int, *, wide: bool, charset: int) -> str:
    if wide:
        return decode(raw[: 2 * max(count, 0)], "utf-16-le")
    return decode(raw[: max(count, 0)], _CODE_PAGES.get(charset, "gb18030"))
