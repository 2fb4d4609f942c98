"""Members of a zip whose directory is lost (cut short, overwritten): found by their local headers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from agent.scanning.formats.base import MiB
from agent.scanning.formats.zipentry import Entry

_LOCAL = b"PK\x03\x04"
_MARKS = (_LOCAL, b"PK\x01\x02", b"PK\x07\x08")
_HEADER = struct.Struct("<4xHHH4xIIIHH")
_WINDOW = 4 * MiB
_SIZES_FOLLOW = 0x8


def local_entries(at: Callable[[int, int], bytes], size: int, most: int) -> list[Entry]:
    """Entries made of the local headers in a file of ``size`` bytes, read through ``at``; at most ``most``.

    A stored member of known size is passed over whole, so that a zip inside is not taken apart. Where the sizes
    stand behind the data, the packed bytes are taken to run up to the next header; unpacking stops where it ends.
    """
    entries: list[Entry] = []
    places = _places(at, size)
    resume = 0
    for place in places:
        if place < resume or len(entries) >= most:
            continue
        head = at(place, 30)
        if len(head) < 30:
            break
        _, flags, method, crc, packed, unpacked, named, extra = _HEADER.unpack(head)
        raw = at(place + 30, named)
        start = place + 30 + named + extra
        if len(raw) < named or start > size or method > 99:
            continue
        if flags & _SIZES_FOLLOW or packed == 0xFFFFFFFF:
            unpacked, packed = -1, _until_next_mark(at, start, size) - start
        else:
            resume = start + packed
        entries.append(Entry(raw, flags, method, crc, min(packed, size - start), unpacked, place, 0, b""))
    return entries


def _places(at: Callable[[int, int], bytes], size: int) -> Iterator[int]:
    """Where local headers may stand."""
    for begin in range(0, size, _WINDOW):
        window = at(begin, _WINDOW + 3)
        found = window.find(_LOCAL)
        while found >= 0:
            if found < _WINDOW:
                yield begin + found
            found = window.find(_LOCAL, found + 4)


def _until_next_mark(at: Callable[[int, int], bytes], start: int, size: int) -> int:
    while start < size:
        window = at(start, _WINDOW + 3)
        found = [place for mark in _MARKS if (place := window.find(mark)) >= 0]
        if found:
            return start + min(found)
        start += _WINDOW
    return size
