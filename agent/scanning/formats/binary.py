"""Values of text in binary files: tags of sound and film, shortcuts of Windows, and what nobody knows by its bytes.

Such files hold no text that a reader goes through, but names, titles and remarks that a person wrote. The sieve
looks at the places where these stand; a value in which it finds a literal is a passage of its own. It counts only
where it is a marking by itself: see the grammar on `Zone.BODY`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.charset import TEXT_ENCODINGS, decode
from protocol.records import Place, Reason
from signatures.engine import Span
from signatures.passages import Passage, Zone

NAME = "binary"
_SHORTCUT = "application/x-ms-shortcut"
MEDIA_TYPES = (
    "application/octet-stream",
    _SHORTCUT,
    "audio/amr",
    "audio/flac",
    "audio/midi",
    "audio/mpeg",
    "audio/ogg",
    "audio/x-wav",
    "image/vnd.dxf; format=binary",
    "video/mp4",
    "video/mpeg",
    "video/x-flv",
    "video/x-matroska",
    "video/x-ms-asf",
    "video/x-msvideo",
)
LIMITS = {
    "bytes of a file of unknown kind": 256 * MiB,
    "bytes at the start and at the end of sound, film and larger files": 64 * 1024,
    "bytes of tags": 4 * MiB,
    "values told": 2_000,
}
LIMITATIONS = (
    "Of sound and film the tags are read (ID3, MP4, FLAC, Ogg, RIFF, ASF, Matroska), not what is said or shown.",
    "Files of unknown kind are searched for values that are a marking by themselves; what is packed is not read.",
    "Of larger ones the start and the end are searched; where nothing is found there, they are told as not examined.",
    "Programs and fonts are examined by their names only.",
)

_WHOLE = LIMITS["bytes of a file of unknown kind"]
_SLICE, _SHARED = 16 * MiB, 4096
"""How much of a large file is searched at once, and what two such pieces have in common."""
_EDGE = LIMITS["bytes at the start and at the end of sound, film and larger files"]
_TAGS = LIMITS["bytes of tags"]
_SEARCHED = frozenset(TEXT_ENCODINGS)
_AROUND = 400
"""Bytes before and after a literal that a value may take."""
_NO_VALUE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd\ufeff\ufffe\uffff\ue000-\uf8ff]|[ \u3000]{3,}")
"""What stands between values."""
_LABEL = re.compile(r"[A-Za-z][A-Za-z _-]{0,39}=")
"""What stands before a value in tags of Ogg and FLAC."""
_LEAST = 3
"""Characters of a value; less may be chance among bytes that are no text."""
_FOREIGN = "\u2e80"
"""From here on are characters of Chinese."""
_LONGEST_COUNTED = 60
_MOST_BOXES = 1_000
_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the values in which there is a literal of some rule."""
    told: set[str] = set()
    shortcut = source.head(4) == b"\x4c\0\0\0"
    for begin, size in _regions(source):
        for value in found_in(_read(source, begin, size), reading):
            if value in told or len(told) >= LIMITS["values told"]:
                continue
            told.add(value)
            if shortcut:
                *folders, last = re.split(r"[\\/]", value)
                yield from (Passage(Zone.PATH, folder) for folder in folders if folder)
                yield Passage(Zone.FILENAME, last)
            else:
                yield Passage(Zone.BODY, value, Place(part="setting"))
    if source.size > _WHOLE and not _is_media(source.head(64)):
        raise NotExamined(Reason.TOO_LARGE, "larger than what is searched of a file of unknown kind")


def found_in(data: bytes, reading: Reading) -> list[str]:
    """The values in these bytes that hold a literal of some rule, in whatever encoding."""
    found = list(values(data, reading.sieve.spans(data, encodings=_SEARCHED)))
    # Between other values those of two bytes a character begin at any byte.
    shifted = reading.sieve.spans(data[1:], encodings=_SEARCHED)
    return found + list(values(data[1:], [span for span in shifted if span[2].startswith("utf-16")]))


def values(data: bytes, spans: list[Span]) -> Iterator[str]:
    """The texts around these places, each as far as its characters go on being ones that a person writes."""
    past: dict[str, int] = {}
    for start, end, encoding in spans:
        if start < past.get(encoding, 0):
            continue
        found, past[encoding] = _around(data, start, end, encoding)
        if encoding == "utf-16-le":
            found |= dict.fromkeys(_counted(data, start, end))
        for value in found:
            value = _LABEL.sub("", value, count=1) if _LABEL.match(value) else value
            if len(value) >= _LEAST:
                yield value
                if value[0] < "\x7f" and value[1] >= _FOREIGN:  # most often the length of what follows
                    yield value[1:]


def _around(data: bytes, start: int, end: int, encoding: str) -> tuple[dict[str, None], int]:
    """The value around one place, as long as a length before it says too; and where it ends.

    That length may be none: a line end after zeros looks like one.
    """
    wide = encoding.startswith("utf-16")
    low = max(0, start - _AROUND)
    low += (start - low) % 2 if wide else 0
    before = data[low:start]
    if not wide:  # where a character begins can be told from a control character on only
        cut = max((before.rfind(bytes([control])) for control in range(32) if control != 0x1B), default=-1) + 1
        before = before[cut:]
    front = _NO_VALUE.split(decode(before, encoding))[-1]
    back = _NO_VALUE.split(decode(data[start : end + _AROUND], encoding), maxsplit=1)[0]
    size = len((front + back).encode(encoding, "replace"))
    begin = start - len(front.encode(encoding, "replace"))
    found = {front + back: None}
    if said := _said_length(data, begin, size, wide=wide):
        found[front + decode(data[start : begin + said], encoding).rstrip("\ufffd")] = None
        size = said
    return {" ".join(text.split()): None for text in found}, max(end, begin + size)


def _counted(data: bytes, start: int, end: int) -> Iterator[str]:
    """Texts in UTF-16 that take in a place by the number of characters before them, where letters stand before that."""
    for begin in range(start, max(2, start - 2 * _LONGEST_COUNTED), -2):
        counts = {int.from_bytes(data[begin - 2 : begin], "little")}
        if data[begin - 1] == 1 and begin > 2:  # as in workbooks: a sign for two bytes to the character
            counts.add(int.from_bytes(data[begin - 3 : begin - 1], "little"))
        for count in counts:
            if _LEAST <= count <= _LONGEST_COUNTED and begin + 2 * count >= end:
                text = decode(data[begin : begin + 2 * count], "utf-16-le")
                if len(text) == count and not _NO_VALUE.search(text):
                    yield text.strip()


def _said_length(data: bytes, begin: int, size: int, *, wide: bool) -> int:
    """The bytes of a value by the length that stands before it; 0 where none does that could be true."""
    for width, most in ((4, size), (2, 4)):
        for order in _ORDERS:
            said = int.from_bytes(data[max(0, begin - width) : begin], order)
            said *= 2 if wide and width == 2 else 1
            if 4 <= said <= size and size - said <= most:
                return said
    return 0


def _read(source: Source, begin: int, size: int) -> bytes:
    if source.data is not None:
        return source.data[begin : begin + size]
    source.stream.seek(begin)
    return source.stream.read(size)


def _regions(source: Source) -> list[tuple[int, int]]:
    """Where in a file values may stand: offset and number of bytes."""
    head = source.head(64)
    if head[4:8] == b"ftyp":
        return list(_mp4(source))
    if not _is_media(head) and source.size <= _WHOLE:
        return [(begin, _SLICE + _SHARED) for begin in range(0, max(source.size, 1), _SLICE)]
    if head.startswith(b"fLaC"):
        return list(_flac(source))
    tags = [*_id3(source, head), *_id3_of_old(source)]
    if tags or source.size <= 2 * _EDGE:
        return tags or [(0, source.size)]
    return [(0, _EDGE), (source.size - _EDGE, _EDGE)]


_MEDIA = (
    b"ID3", b"\xff\xfb", b"\xff\xf3", b"OggS", b"fLaC", b"#!AMR", b"MThd", b"\x1a\x45\xdf\xa3", b"FLV\x01", b"RIFF",
    b"\0\0\x01\xba", b"\0\0\x01\xb3", b"\x30\x26\xb2\x75",
)  # fmt: skip


def _is_media(head: bytes) -> bool:
    return head.startswith(_MEDIA) or head[4:8] == b"ftyp"


def _id3(source: Source, head: bytes) -> Iterator[tuple[int, int]]:
    """The frames of a tag before the sound, but for pictures (ID3v2.2 to 2.4)."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return
    old, new = head[3] == 2, head[3] == 4
    at, end = 10, 10 + _seven(head[6:10])
    while at + 10 <= min(end, source.size):
        frame = _read(source, at, 10)
        if not frame[0]:
            return
        sized = frame[3:6] if old else frame[4:8]
        size = _seven(sized) if new else int.from_bytes(sized, "big")
        length = 6 if old else 10
        if frame[:3] not in (b"PIC", b"API", b"GEO"):
            yield at + length + 1, min(size - 1, _TAGS)  # the first byte says in which encoding
        at += length + max(size, 1)


def _id3_of_old(source: Source) -> list[tuple[int, int]]:
    """The fields of a tag behind the sound (ID3v1)."""
    at = source.size - 128
    if at < 0 or _read(source, at, 3) != b"TAG":
        return []
    return [(at + 3, 30), (at + 33, 30), (at + 63, 30), (at + 97, 30)]


def _seven(raw: bytes) -> int:
    """A number of seven bits to the byte."""
    number = 0
    for byte in raw:
        number = number << 7 | byte & 0x7F
    return number


def _flac(source: Source) -> Iterator[tuple[int, int]]:
    """The blocks before the sound, but for pictures (RFC 9639, 8)."""
    at = 4
    for _ in range(128):
        head = _read(source, at, 4)
        if len(head) < 4:
            return
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F != 6:
            yield at, min(4 + size, _TAGS)
        at += 4 + size
        if head[0] & 0x80:
            return


def _mp4(source: Source) -> Iterator[tuple[int, int]]:
    """The boxes of a film that hold no film (ISO/IEC 14496-12, 4.2): at the top and in ``moov``, but for its tracks."""
    waiting = [(0, source.size)]
    for _ in range(_MOST_BOXES):
        if not waiting:
            return
        at, end = waiting.pop()
        head = _read(source, at, 16)
        if len(head) < 8:
            continue
        size, kind, length = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1 and len(head) == 16:
            size, length = int.from_bytes(head[8:], "big"), 16
        size = end - at if size == 0 else size
        if size < length or at + size > end:
            size = end - at
        if at + size < end:
            waiting.append((at + size, end))
        if kind == b"moov" and size > length:
            waiting.append((at + length, at + size))
        elif kind not in (b"mdat", b"trak", b"free", b"moof"):
            yield at, min(size, _TAGS)
