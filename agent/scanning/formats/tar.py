"""Tar archives, read in stream: v7, ustar, pax and GNU headers; every file is handed on, to be read in turn.

Our own reader, because a stream of hostile headers must neither loop nor fill memory: each header is 512 bytes, a
name is at most 64 KiB, and nothing is taken from a header but names and sizes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Protocol

from agent.scanning.formats import zipnames
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from protocol.records import Reason
from signatures.passages import Passage, Zone

NAME = "tar"
MEDIA_TYPES = ("application/x-tar",)
LIMITS = {"member bytes": 128 * MiB, "member bytes in an inner archive": 64 * MiB, "entries": 100_000}
LIMITATIONS = (
    "Sparse files are not read; of links, devices and folders only the names are.",
    "What follows a damaged header is not read.",
)

_BLOCK = 512
_LONGEST_NAME = 64 * 1024
_LONGEST_PAX = MiB
_UTF8 = frozenset({"utf-8"})
_PAX = re.compile(rb"(?:^|\n)\d{1,9} (path|size|GNU\.sparse\.\w+)=([^\n]*)")
_STEP = 256 * 1024


class Stream(Protocol):
    """What a tar is read from: bytes, once, in order."""

    def read(self, size: int = ..., /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        ...


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield a `Member` for each file and a passage for the name of a folder or link that may matter."""
    source.stream.seek(0)
    inner = isinstance(source.stream, io.BytesIO)
    limit = LIMITS["member bytes in an inner archive" if inner else "member bytes"]
    yield from members(source.stream, reading, limit, seekable=True)


def members(stream: Stream, reading: Reading, limit: int, *, seekable: bool = False) -> Iterator[Piece]:
    """The files of a tar that comes as a stream. Raises `NotExamined` ``damaged`` where it breaks off."""
    name, size = b"", -1
    sparse = False
    for number in range(LIMITS["entries"] + 1):
        head = _exactly(stream, _BLOCK)
        if not head.strip(b"\0"):
            if number == 0 and len(head) < _BLOCK:
                raise NotExamined(Reason.DAMAGED, "the archive has no entry")
            return
        said = _size(head)
        if len(head) < _BLOCK or said is None or not _checksum_holds(head):
            raise NotExamined(Reason.DAMAGED, "a header of the archive is damaged")
        kind = head[156:157]
        if kind in (b"L", b"x", b"K", b"g"):
            data = _small(stream, said, _LONGEST_NAME if kind in b"LK" else _LONGEST_PAX, seekable=seekable)
            if kind == b"L":
                name = data.split(b"\0")[0]
            elif kind == b"x":
                found = dict(_PAX.findall(data))
                name = found.get(b"path", name)
                size = int(found[b"size"]) if re.fullmatch(rb"\d{1,15}", found.get(b"size", b"")) else size
                sparse = any(key.startswith(b"GNU.sparse") for key in found)
            continue
        length = size if size >= 0 else said
        shown = zipnames.decoded(name or _name(head))
        if kind in (b"0", b"\0", b"7", b"S"):
            member = _member(stream, shown, length, limit, unread=sparse or kind == b"S", seekable=seekable)
            yield member
            if member.problem is not None and member.problem.reason is Reason.DAMAGED:
                raise member.problem
        else:
            if reading.worth(shown.rstrip("/").encode("utf-8", "replace"), encodings=_UTF8):
                yield Passage(Zone.PATH, shown.rstrip("/"))
            if kind not in b"123456":
                _skip(stream, length, seekable=seekable)
        name, size, sparse = b"", -1, False
    raise NotExamined(Reason.TOO_LARGE, "the archive has too many entries")


def _member(stream: Stream, name: str, size: int, limit: int, *, unread: bool, seekable: bool) -> Member:
    if unread or size > limit:
        _skip(stream, size, seekable=seekable)
        reason = Reason.UNSUPPORTED if unread else Reason.TOO_LARGE
        return Member(name, None, size, NotExamined(reason, "a file of the archive is sparse or too large"))
    data = _exactly(stream, size)
    _exactly(stream, -size % _BLOCK)
    if len(data) < size:
        return Member(name, data or None, size, NotExamined(Reason.DAMAGED, "a file of the archive is cut short"))
    return Member(name, data, size)


def looks_like_one(head: bytes) -> bool:
    """Whether these first bytes are a header of a tar."""
    return len(head) >= _BLOCK and head[0] != 0 and _size(head) is not None and _checksum_holds(head[:_BLOCK])


def _checksum_holds(head: bytes) -> bool:
    said = re.fullmatch(rb"[ \0]*([0-7]{1,8})[ \0]*", head[148:156])
    if said is None:
        return False
    rest = head[:148] + b" " * 8 + head[156:_BLOCK]
    signed = sum(byte - 256 if byte > 127 else byte for byte in rest)
    return int(said[1], 8) in (sum(rest), signed)


def _size(head: bytes) -> int | None:
    raw = head[124:136]
    if raw[:1] == b"\x80":
        size = int.from_bytes(raw[1:], "big")
        return size if size < 1 << 60 else None
    said = re.match(rb"[ \0]*([0-7]*)[ \0]*", raw)
    return int(said[1] or b"0", 8) if said else None


def _name(head: bytes) -> bytes:
    name = head[:100].split(b"\0")[0]
    if head[257:263] == b"ustar\0" and head[345] != 0:
        return head[345:500].split(b"\0")[0] + b"/" + name
    return name


def _exactly(stream: Stream, size: int) -> bytes:
    """So many bytes, fewer only where the stream ends."""
    data = bytearray()
    while len(data) < size:
        more = stream.read(min(size - len(data), _STEP))
        if not more:
            break
        data += more
    return bytes(data)


def _small(stream: Stream, size: int, most: int, *, seekable: bool) -> bytes:
    """The bytes of a long name or of pax records; of a giant one the beginning."""
    data = _exactly(stream, min(size, most))
    _skip(stream, size - len(data), seekable=seekable, padding=-size % _BLOCK)
    return data


def _skip(stream: Stream, size: int, *, seekable: bool, padding: int | None = None) -> None:
    left = size + (-size % _BLOCK if padding is None else padding)
    if seekable and isinstance(stream, io.BufferedIOBase):
        stream.seek(left, io.SEEK_CUR)
        return
    while left > 0:
        more = stream.read(min(left, _STEP))
        if not more:
            return
        left -= len(more)
