"""What hides behind what it seems to be: files behind the end of a picture or PDF, names that read otherwise."""

from __future__ import annotations

from agent.scanning.formats.base import Member, MiB, NotExamined, Source
from agent.scanning.identify import Kind, identify
from protocol.records import Reason

TAIL_BYTES = 64 * MiB
"""Bytes behind the end of a file that are handed on; more are told ``too-large``."""
_LAST_MARK = 16 * MiB
"""Bytes at the end of a PDF in which its last ``%%EOF`` is looked for."""
_SMALLEST = 32
"""Bytes behind an end that may be a document; less is what careless programs leave."""
_FILLING = b" \t\r\n\0\x1a"
_TURNS_AROUND, _TURNS_BACK = "\u202e\u2067\u202b", "\u202c\u2069"
"""Marks from which on a name is shown from right to left, and those that end it."""


def behind(source: Source, media_type: str) -> Member | None:
    """The document or archive behind the end of a picture or PDF; None where there is none.

    Cheap where nothing is behind: the parts of a picture are passed over by their lengths.
    """
    find = _ENDS.get(media_type)
    end = 0 if find is None else find(source)
    if not 0 < end < source.size - _SMALLEST:
        return None
    source.stream.seek(end)
    tail = source.stream.read(min(source.size - end, TAIL_BYTES + 1))
    source.stream.seek(0)
    kept = tail.lstrip(_FILLING)
    if len(kept) < _SMALLEST:
        return None
    name = "behind-the-end"
    kind = identify(Source.of(kept), name).kind
    if kind not in (Kind.DOCUMENT, Kind.CONTAINER, Kind.TEXT):
        return None
    if len(tail) > TAIL_BYTES:
        return Member(name, None, source.size - end, NotExamined(Reason.TOO_LARGE, f"more than {TAIL_BYTES} bytes"))
    return Member(name, kept, len(kept))


def shown(name: str) -> list[str]:
    """The name, and what people see of it where marks turn it around: ``a\u202efdp.exe`` is seen as ``aexe.pdf``."""
    if not any(mark in name for mark in _TURNS_AROUND):
        return [name]
    parts: list[str] = []
    place = 0
    while place < len(name):
        begin = next((at for at in range(place, len(name)) if name[at] in _TURNS_AROUND), len(name))
        end = next((at for at in range(begin + 1, len(name)) if name[at] in _TURNS_BACK), len(name))
        parts += [name[place:begin], name[begin + 1 : end][::-1]]
        place = end + 1
    return [name, "".join(parts)]


def _png_end(source: Source) -> int:
    """Where the chunk ``IEND`` ends; 0 where it never comes."""
    at = 8
    while at + 12 <= source.size:
        head = _at(source, at, 8)
        at += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return at
    return 0


def _gif_end(source: Source) -> int:
    """Where the trailer stands behind the last block; 0 where it never comes."""
    data = source.data if source.data is not None else _at(source, 0, min(source.size, TAIL_BYTES))
    if len(data) < 13:
        return 0
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            return at + 1
        if kind == 0x21:
            at += 2
        elif kind == 0x2C and at + 10 < len(data):
            at += 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0)
        else:
            return 0
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return 0


def _jpeg_end(source: Source) -> int:
    """Behind the end mark of the (first) picture; 0 where it never comes."""
    data = source.data if source.data is not None else _at(source, 0, min(source.size, TAIL_BYTES))
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xDA:  # from here on the mark cannot be anything else
            end = data.find(b"\xff\xd9", at)
            return end + 2 if end >= 0 else 0
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0


def _pdf_end(source: Source) -> int:
    """Behind the last ``%%EOF``."""
    start = max(0, source.size - 1024)
    at = _at(source, start, 1024).rfind(b"%%EOF")
    if at < 0:
        start = max(0, source.size - _LAST_MARK)
        at = _at(source, start, _LAST_MARK).rfind(b"%%EOF")
    return start + at + 5 if at >= 0 else 0


_ENDS = {"image/png": _png_end, "image/gif": _gif_end, "image/jpeg": _jpeg_end, "application/pdf": _pdf_end}


def _at(source: Source, offset: int, count: int) -> bytes:
    if source.data is not None:
        return source.data[offset : offset + count]
    source.stream.seek(offset)
    data = source.stream.read(count)
    source.stream.seek(0)
    return data
