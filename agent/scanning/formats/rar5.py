"""Which files of a RAR 5 archive lie behind a password: libarchive does not tell, and reads them as noise."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats.base import Source

_MAGIC = b"Rar!\x1a\x07\x01\x00"
_FILE, _END = 2, 5
_HAS_EXTRA, _HAS_DATA = 1, 2
_ENCRYPTION = 1
"""Type of the extra record of a file whose bytes are encrypted."""
_MOST_BLOCKS = 100_000
_LONGEST_HEADER = 2 * 1024 * 1024


def encrypted_files(source: Source) -> Iterator[int]:
    """The numbers, from 0 and in order, of the files (folders counted in) whose bytes are encrypted."""
    if source.head(8) != _MAGIC:
        return
    stream, at, number = source.stream, len(_MAGIC), 0
    for _ in range(_MOST_BLOCKS):
        if at >= source.size:  # as long as it may say: more than can be sought to
            break
        stream.seek(at)
        start = stream.read(7)  # a checksum of four bytes, then the size of the header
        size, length = _number(start, 4)
        if not length or not 0 < size <= _LONGEST_HEADER:
            break
        stream.seek(at + 4 + length)
        header = stream.read(size)
        kind, flags, extra, data = _block(header)
        if kind == _FILE:
            if _ENCRYPTION in _records(header[len(header) - extra :] if extra else b""):
                yield number
            number += 1
        if kind == _END:
            break
        at += 4 + length + size + (data if flags & _HAS_DATA else 0)
    stream.seek(0)


def _block(header: bytes) -> tuple[int, int, int, int]:
    """Type, flags, bytes of extra records, bytes of data behind the header."""
    kind, first = _number(header, 0)
    flags, second = _number(header, first)
    at, extra, data = first + second, 0, 0
    if flags & _HAS_EXTRA:
        extra, length = _number(header, at)
        at += length
    if flags & _HAS_DATA:
        data, _ = _number(header, at)
    return kind, flags, min(extra, len(header)), data


def _records(extra: bytes) -> set[int]:
    """The types of the extra records."""
    kinds: set[int] = set()
    at = 0
    while at < len(extra):
        size, length = _number(extra, at)
        if not length or not size:
            break
        kinds.add(_number(extra, at + length)[0])
        at += length + size
    return kinds


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits to a byte, low ones first, and how many bytes it takes; no bytes where it is none."""
    value = 0
    for count in range(1, 11):
        if at + count > len(data):
            return 0, 0
        byte = data[at + count - 1]
        value |= (byte & 0x7F) << (7 * (count - 1))
        if byte < 0x80:
            return value, count
    return 0, 0
