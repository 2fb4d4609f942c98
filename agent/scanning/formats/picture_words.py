"""What a picture's file says besides its pixels: title, description, comment, keywords (Exif, XMP, IPTC, PNG, GIF)."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from agent.scanning.formats import corners
from agent.scanning.formats.base import MiB, Reading, Source
from agent.scanning.formats.charset import decode, rank
from protocol.records import Place
from signatures.passages import Passage, Zone

_MOST = 4 * MiB
"""Bytes of one block of words; a longer one is passed over."""
_MOST_BLOCKS = 2_000
_LONGEST = 400
_UTF8 = frozenset({"utf-8"})
_XMP = re.compile(rb"<x:xmpmeta\b.{0,4000000}?</x:xmpmeta>", re.DOTALL)
_TAGS = {
    0x010D: "document name", 0x010E: "description", 0x011D: "page name", 0x013B: "artist", 0x8298: "copyright",
    0x9286: "comment", 0x9C9B: "title", 0x9C9C: "comment", 0x9C9E: "keywords", 0x9C9F: "subject",
}  # fmt: skip
"""Fields of TIFF and Exif that hold words."""
_IN_UTF16 = range(0x9C9B, 0x9CA0)
_EXIF, _XMP_TAG, _IPTC_TAG = 0x8769, 700, 33723
_IPTC = re.compile(rb"\x1c\x02(.)(..)", re.DOTALL)
_TIFF_HEADS = (b"II*\0", b"MM\0*")

Word = tuple[str, str]
"""What a field is called, and what it says."""


def passages(source: Source, reading: Reading) -> Iterator[Passage]:
    """Yield each field that holds a literal of some rule, as a property of the document; never raises for damage."""
    head = source.head(16)
    if head.startswith(b"\xff\xd8"):
        words = _jpeg(source)
    elif head.startswith(b"\x89PNG"):
        words = _png(source)
    elif head[:4] == b"RIFF":
        words = _webp(source)
    elif head.startswith(b"GIF8"):
        words = _gif(source)
    elif head.startswith(_TIFF_HEADS):
        words = _tiff(source, 0)
    else:
        return
    for name, text in words:
        said = text.replace("\0", " ").strip()[:_LONGEST] if name != "xmp" else text
        if said and reading.worth(said.encode("utf-8", "replace"), encodings=_UTF8):
            if name != "xmp":
                yield Passage(Zone.DOC_PROPERTY, said, Place(part="picture"), name=name)
                continue
            for passage in corners.values(said.encode("utf-8", "replace"), reading, corners.Told()):
                yield Passage(Zone.DOC_PROPERTY, passage.text, Place(part="picture"), name="xmp")


def _at(source: Source, offset: int, count: int) -> bytes:
    if not 0 <= offset < source.size or not 0 <= count <= _MOST:
        return b""
    source.stream.seek(offset)
    return source.stream.read(count)


def _text(raw: bytes) -> str:
    return decode(raw, rank(raw)[0]) if not raw.isascii() else raw.decode("ascii")


def _xmp(raw: bytes) -> Iterator[Word]:
    for found in _XMP.finditer(raw):
        yield "xmp", found[0].decode("utf-8", "replace")


def _iptc(raw: bytes) -> Iterator[Word]:
    """Fields of the application record of IPTC-IIM, wherever they lie in these bytes."""
    for found in _IPTC.finditer(raw):
        size = int.from_bytes(found[2], "big")
        if 0 < size <= _LONGEST * 4:
            yield "iptc", _text(raw[found.end() : found.end() + size])


def _jpeg(source: Source) -> Iterator[Word]:
    at = 2
    for _ in range(_MOST_BLOCKS):
        head = _at(source, at, 4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (0xD9, 0xDA):
            return
        kind, size = head[1], int.from_bytes(head[2:], "big")
        block = _at(source, at + 4, max(0, size - 2)) if kind in (0xE1, 0xED, 0xFE) else b""
        if kind == 0xFE:
            yield "comment", _text(block)
        elif kind == 0xED:
            yield from _iptc(block)
        elif block.startswith(b"Exif\0\0"):
            yield from _tiff(Source.of(block[6:]), 0)
        elif block:
            yield from _xmp(block)
        at += 2 + max(2, size)


def _png(source: Source) -> Iterator[Word]:
    at = 8
    for _ in range(_MOST_BLOCKS * 10):
        head = _at(source, at, 8)
        if len(head) < 8:
            return
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            block = _at(source, at + 8, size)
            if kind == b"eXIf":
                yield from _tiff(Source.of(block), 0)
            else:
                yield from _png_text(kind, block)
        at += 12 + size


def _png_text(kind: bytes, block: bytes) -> Iterator[Word]:
    name, _, raw = block.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"zTXt":
        raw = raw[1:]
    elif kind == b"iTXt":
        packed = raw[:1] == b"\1"
        raw = raw[2:].partition(b"\0")[2].partition(b"\0")[2]
    if packed:
        try:
            raw = zlib.decompressobj().decompress(raw, _MOST)
        except zlib.error:
            return
    yield from _xmp(raw) if b"<x:xmpmeta" in raw else [(name.decode("latin-1")[:80], _text(raw))]


def _webp(source: Source) -> Iterator[Word]:
    at = 12
    for _ in range(_MOST_BLOCKS):
        head = _at(source, at, 8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little")
        if head[:4] == b"EXIF":
            block = _at(source, at + 8, size)
            yield from _tiff(Source.of(block.removeprefix(b"Exif\0\0")), 0)
        elif head[:4] == b"XMP ":
            yield from _xmp(_at(source, at + 8, size))
        at += 8 + size + size % 2


def _gif(source: Source) -> Iterator[Word]:
    """Comments: blocks of their own before and after the frames."""
    data = _at(source, 0, min(source.size, _MOST))
    at = 0
    while (at := data.find(b"\x21\xfe", at)) >= 0:
        at, parts = at + 2, []
        while at < len(data) and (size := data[at]):
            parts.append(data[at + 1 : at + 1 + size])
            at += 1 + size
        yield "comment", _text(b"".join(parts))
    yield from _xmp(data)


def _tiff(source: Source, depth: int, begin: int = -1) -> Iterator[Word]:
    """The fields of a TIFF file or of an Exif block, directory after directory."""
    head = _at(source, 0, 8)
    if len(head) < 8 or head[:4] not in _TIFF_HEADS:
        return
    order = "<" if head[:2] == b"II" else ">"
    at = struct.unpack(order + "I", head[4:])[0] if begin < 0 else begin
    seen: set[int] = set()
    while at and at not in seen and len(seen) < 200:
        seen.add(at)
        count = int.from_bytes(_at(source, at, 2), "little" if order == "<" else "big")
        table = _at(source, at + 2, 12 * count + 4)
        for place in range(0, min(12 * count, len(table) - 11), 12):
            tag, kind, number, value = struct.unpack_from(order + "HHI4s", table, place)
            yield from _field(source, order, depth, (tag, kind, number, value))
        at = struct.unpack(order + "I", table[12 * count :])[0] if len(table) == 12 * count + 4 else 0


def _field(source: Source, order: str, depth: int, entry: tuple[int, int, int, bytes]) -> Iterator[Word]:
    tag, kind, number, value = entry
    offset = struct.unpack(order + "I", value)[0]
    if tag == _EXIF and depth == 0:
        yield from _tiff(source, 1, offset)
        return
    if tag not in _TAGS and tag not in (_XMP_TAG, _IPTC_TAG):
        return
    size = number * (4 if kind in (4, 9) else 2 if kind in (3, 8) else 1)
    raw = value[:size] if size <= 4 else _at(source, offset, size)
    if tag == _XMP_TAG:
        yield from _xmp(raw)
    elif tag == _IPTC_TAG:
        yield from _iptc(raw)
    elif tag in _IN_UTF16:
        yield _TAGS[tag], raw.decode("utf-16-le", "replace")
    elif raw.startswith(b"UNICODE\0"):
        yield _TAGS[tag], raw[8:].decode("utf-16-le" if order == "<" else "utf-16-be", "replace")
    else:
        yield _TAGS[tag], _text(raw.removeprefix(b"ASCII\0\0\0"))
