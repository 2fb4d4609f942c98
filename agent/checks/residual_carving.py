"""Heads of documents and bytes of markings in raw data, whatever file system they once belonged to.

Markings are sought in UTF-8, UTF-16 and GB18030. Inside zip-based documents (docx, xlsx, pptx, OFD …) whose head is
found, the parts that can be inflated are searched too. Nothing that is found is kept.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter

from signatures.engine.engines import Engine, make

HEADS: dict[str, bytes] = {
    "zip (docx, xlsx, pptx, OFD …)": b"PK\x03\x04",
    "OLE (doc, xls, ppt, wps)": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "PDF": b"%PDF-1.",
    "RTF": b"{\\rtf1",
    "7z": b"7z\xbc\xaf\x27\x1c",
    "RAR": b"Rar!\x1a\x07",
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "mail": b"Return-Path: <",
}
SECTOR = 512
_LEVELS = ("绝密", "机密", "秘密")
_STARS = ("★", "☆")
_GAPS = ("", " ", "\u3000")
ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
MOST_ZIPS = 400
MOST_INFLATED = 4 * 1024 * 1024
OVERLAP = 64
"""Bytes that two neighbouring pieces share, so that nothing is torn."""


class Carver:
    """Counts what lies in pieces of raw data."""

    def __init__(self) -> None:
        self.documents: Counter[str] = Counter()
        self.markings: Counter[str] = Counter()
        self._names = [*HEADS, *ENCODINGS]
        expressions = [_escaped(head) for head in HEADS.values()]
        self._marks = [re.compile(_any(encoding), re.DOTALL) for encoding in ENCODINGS]
        expressions += [_any_escaped(encoding) for encoding in ENCODINGS]
        self._engine: Engine = make(expressions)
        self._zips = 0

    def add(self, piece: bytes, offset: int, *, fresh: int = 0) -> None:
        """Look through a piece that begins at ``offset`` of the device; hits that end before ``fresh`` were counted."""
        for number in self._engine.ends(piece):
            name = self._names[number]
            if name in HEADS:
                self._heads(name, piece, offset, fresh)
            else:
                pattern = self._marks[number - len(HEADS)]
                self.markings[name] += sum(match.end() > fresh for match in pattern.finditer(piece))

    def _heads(self, name: str, piece: bytes, offset: int, fresh: int) -> None:
        """Count heads that stand where files begin: at the start of a sector."""
        head, place = HEADS[name], piece.find(HEADS[name])
        while place >= 0:
            if (offset + place) % SECTOR == 0 and place + len(head) > fresh:
                self.documents[name] += 1
                if head == b"PK\x03\x04" and self._zips < MOST_ZIPS:
                    self._zips += 1
                    if any(self.is_marked(part) for part in parts_of_zip(piece[place : place + MOST_INFLATED])):
                        self.markings["in zip"] += 1
            place = piece.find(head, place + 1)

    def is_marked(self, data: bytes) -> bool:
        """Whether a marking stands in these bytes."""
        return any(pattern.search(data) for pattern in self._marks)


def parts_of_zip(data: bytes) -> list[bytes]:
    """The members that can be inflated of what may be the beginning of a zip file; tags are taken out of XML."""
    found: list[bytes] = []
    place = 0
    while len(found) < 50:
        place = data.find(b"PK\x03\x04", place)
        if place < 0 or place + 30 > len(data):
            break
        method, _, _, _, packed, _, name, extra = struct.unpack_from("<HHHIIIHH", data, place + 8)
        begin = place + 30 + name + extra
        body = data[begin : begin + packed] if packed and packed != 0xFFFFFFFF else data[begin:]
        if method == 8:
            found.append(re.sub(rb"<[^>]{0,2000}>", b"", _inflated(body)))
        elif method == 0:
            found.append(body[:MOST_INFLATED])
        place = begin if begin > place else place + 4
    return found


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(body, MOST_INFLATED)
    except zlib.error:
        return b""


def _forms(encoding: str) -> list[bytes]:
    return [f"{level}{gap}{star}".encode(encoding) for level in _LEVELS for gap in _GAPS for star in _STARS]


def _any(encoding: str) -> bytes:
    return b"|".join(re.escape(form) for form in _forms(encoding))


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


def _any_escaped(encoding: str) -> str:
    return "(?:" + "|".join(_escaped(form) for form in _forms(encoding)) + ")"
