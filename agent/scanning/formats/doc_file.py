"""A Word file before Office Open XML, byte by byte (MS-DOC): its head, its pieces of text, its tables of places.

Word 97 to 2003 keep tables in a stream of their own and text in UTF-16 or in one byte per character; Word 2, 6 and
95 keep all in one stream and text in the code page of their language. All text of a file, in the order body,
footnotes, headers, macros, comments, endnotes, text boxes, header boxes, is one sequence of characters; every place
is counted in it. A character that took two bytes of a code page counts twice there: it is followed by U+0000.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import NamedTuple

import msgspec

from agent.scanning.formats.base import MiB, NotExamined
from agent.scanning.formats.charset import plausibility
from agent.scanning.formats.officeart import wide
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_properties import decoded
from protocol.records import Reason

STREAM_BYTES = 128 * MiB
"""Bytes of the main stream or of the tables' stream."""
TEXT_CHARACTERS = 32_000_000
"""Characters of all text together."""
_WORD_97, _WORD_6, _WORD_2 = 0xC0, 0x60, 0x15
"""Least versions (nFib). The file's first two bytes tell less: editions for East Asia have their own."""
_ENCRYPTED, _OBFUSCATED, _TABLE_1, _COMPLEX, _WIDE = 0x0100, 0x8000, 0x0200, 0x0004, 0x1000
_PARTS = ("body", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "header boxes")
_LANGUAGES = {
    0x0804: "gb18030", 0x1004: "gb18030", 0x0404: "big5hkscs", 0x0C04: "big5hkscs", 0x0411: "cp932",
    0x0412: "cp949", 0x0419: "cp1251", 0x0408: "cp1253", 0x041F: "cp1254", 0x040D: "cp1255", 0x0401: "cp1256",
    0x0405: "cp1250", 0x0415: "cp1250", 0x040E: "cp1250", 0x041B: "cp1250", 0x041E: "cp874",
}  # fmt: skip
STYLES, FOOTNOTES, COMMENTS, HEADERS, CHARACTERS, PARAGRAPHS, PIECES = 1, 3, 5, 11, 12, 13, 33
ANCHORS, HEADER_ANCHORS, ENDNOTES, DRAWINGS, BOXES, HEADER_BOXES = 40, 41, 47, 50, 56, 58
"""Numbers of tables in the head (FibRgFcLcb97); the order is the same in Word 6."""


class Piece(NamedTuple):
    """A run of text: its first character, the one past its last, where its bytes are, how many each takes."""

    first: int
    last: int
    offset: int
    width: int


class Part(msgspec.Struct, frozen=True):
    """The characters of the body, of the footnotes and so on: first, and one past the last."""

    first: int
    last: int


class WordFile:
    """The text of one file and the tables about it.

    Raises `NotExamined` ``encrypted``, ``damaged``, ``unsupported`` or ``too-large`` where there is no text to be had.
    """

    def __init__(self, stream: bytes, file: CompoundFile | None) -> None:
        self.stream = stream
        if len(stream) < 0x60:
            raise NotExamined(Reason.DAMAGED, "the head of the document is missing")
        version, flags = struct.unpack_from("<H6xH", stream, 2)
        if version < _WORD_2 or stream[1] not in (0xA5, 0xA6):
            raise NotExamined(Reason.UNSUPPORTED, "a Word document of an unknown age")
        if flags & (_ENCRYPTED | _OBFUSCATED):
            raise NotExamined(Reason.ENCRYPTED)
        self.is_97 = version >= _WORD_97
        old = version < _WORD_6
        self.damaged = False
        language = struct.unpack_from("<H", stream, 6)[0]
        self._codec = "cp1252" if self.is_97 else _LANGUAGES.get(language, "cp1252")
        # Editions of Word 95 for East Asia keep all text in UTF-16.
        self._width = 2 if flags & _WIDE else 1
        if self.is_97:
            name = "1Table" if flags & _TABLE_1 else "0Table"
            self.tables = b"" if file is None else file.read(name, limit=STREAM_BYTES)
            self._counts, self._places = 0x4C, 0x9A
        else:
            self.tables = stream
            self._counts, self._places = 0x34, 0x58
        self.pieces = self._pieces(complex_=bool(flags & _COMPLEX), old=old)
        self._offsets = sorted((piece.offset, piece) for piece in self.pieces)
        self._firsts = [piece.first for piece in self.pieces]
        self.text = self._text()
        self.parts = self._parts(old=old)

    def table(self, number: int) -> bytes:
        """One of the tables the head names; empty where there is none."""
        at = self._places + 8 * number
        if at + 8 > len(self.stream) or (not self.is_97 and number > ANCHORS):
            return b""
        offset, length = struct.unpack_from("<II", self.stream, at)
        return self.tables[offset : offset + length] if 0 < length <= len(self.tables) else b""

    def places(self, number: int, size: int) -> tuple[list[int], list[bytes]]:
        """A table of places (PLC): n + 1 places in the text and n entries of ``size`` bytes."""
        data = self.table(number)
        count = max(0, (len(data) - 4) // (4 + size))
        if not count:
            return [], []
        begin = 4 * (count + 1)
        return list(struct.unpack_from(f"<{count + 1}I", data)), [
            data[begin + size * index : begin + size * (index + 1)] for index in range(count)
        ]

    def ranges(self, number: int, size: int, part: str) -> list[tuple[int, int]]:
        """First and past-the-last characters of each text of a part (each header, each box), in order."""
        places, _ = self.places(number, size)
        here = self.parts[part]
        # Places only ever go up; where they do not, nothing is read twice.
        bounds = accumulate((min(here.first + place, here.last) for place in places), max)
        return list(pairwise(bounds))

    def offset(self, place: int) -> tuple[int, Piece] | None:
        """Where in the stream the character of this place is, and its piece."""
        index = bisect_right(self._firsts, place) - 1
        if index < 0 or place >= self.pieces[index].last:
            return None
        piece = self.pieces[index]
        return piece.offset + (place - piece.first) * piece.width, piece

    # --- text --------------------------------------------------------------------------------------------------

    def _pieces(self, *, complex_: bool, old: bool) -> list[Piece]:
        if self.is_97 or (complex_ and not old):
            found = self._listed_pieces()
            if found or self.is_97:
                return found
        begin, end = struct.unpack_from("<II", self.stream, 0x18)
        end = min(end, len(self.stream))
        if begin >= end:
            raise NotExamined(Reason.DAMAGED, "the document does not say where its text is")
        return [Piece(0, (end - begin) // self._width, begin, self._width)]

    def _listed_pieces(self) -> list[Piece]:
        """The table of pieces at the end of the list of changes (Clx)."""
        data = self.table(PIECES)
        at = 0
        while at + 3 <= len(data) and data[at] == 1:
            at += 3 + struct.unpack_from("<H", data, at + 1)[0]
        if at + 5 > len(data) or data[at] != 2:
            if self.is_97:
                raise NotExamined(Reason.DAMAGED, "the document's table of text is missing")
            return []
        length = min(struct.unpack_from("<I", data, at + 1)[0], len(data) - at - 5)
        count = max(0, (length - 4) // 12)
        firsts = struct.unpack_from(f"<{count + 1}I", data, at + 5) if count else (0,)
        begin = at + 5 + 4 * (count + 1)
        return [
            piece
            for index in range(count)
            if (piece := self._piece(firsts[index], firsts[index + 1], data, begin + 8 * index)) is not None
        ]

    def _piece(self, first: int, last: int, data: bytes, at: int) -> Piece | None:
        offset = struct.unpack_from("<I", data, at + 2)[0]
        width = self._width
        if self.is_97:
            offset, width = ((offset & 0x3FFFFFFF) // 2, 1) if offset & 0x40000000 else (offset, 2)
        room = max(0, len(self.stream) - offset) // width
        if last <= first or room == 0:
            self.damaged |= last > first
            return None
        self.damaged |= last - first > room
        return Piece(first, min(last, first + room), offset, width)

    def _text(self) -> str:
        total = sum(piece.last - piece.first for piece in self.pieces)
        # Pieces may share bytes, but not many times over: that would be a small file with endless text.
        if total > min(TEXT_CHARACTERS, 4 * len(self.stream)):
            raise NotExamined(Reason.TOO_LARGE, "more text than is held at once")
        parts: list[str] = []
        here = 0
        for piece in self.pieces:
            if piece.first != here:
                # Places go up from piece to piece; where they do not, the rest is put where it says, if it can be.
                self.damaged = True
                if piece.first < here or piece.first - here > len(self.stream):
                    continue
                parts.append("\0" * (piece.first - here))
            raw = self.stream[piece.offset : piece.offset + (piece.last - piece.first) * piece.width]
            parts.append(wide(raw) if piece.width == 2 else _counted(raw, self._codec))
            here = piece.last
        return "".join(parts)

    def _parts(self, *, old: bool) -> dict[str, Part]:
        counts = [*struct.unpack_from("<8i", self.stream.ljust(0x80, b"\0"), self._counts)]
        if old:
            counts = [*counts[:3], 0, counts[4], 0, 0, 0]
        parts: dict[str, Part] = {}
        here = 0
        for name, count in zip(_PARTS, counts, strict=True):
            last = min(here + max(0, count), len(self.text))
            parts[name] = Part(here, last)
            here = last
        if not parts["body"].last:
            parts["body"] = Part(0, len(self.text))
        return parts


def _counted(raw: bytes, codec: str) -> str:
    """8-bit text with one character to a byte: what took two bytes is followed by U+0000."""
    if raw.isascii():
        return raw.decode("ascii")
    text = decoded(raw, codec)
    if codec not in ("cp1252", "gb18030") and plausibility(text) < plausibility(raw.decode("cp1252", "replace")):
        text = raw.decode("cp1252", "replace")
    if len(text) == len(raw):
        return text
    used = "gb18030" if codec == "cp1252" else codec
    padded: list[str] = []
    for letter in text:
        size = 1 if letter < "\x80" else len(letter.encode(used, "replace"))
        padded.append(letter + "\0" * (size - 1))
    return "".join(padded)[: len(raw)].ljust(len(raw), "\0")
