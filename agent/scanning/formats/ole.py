"""OLE compound files (MS-CFB): the little file system in .doc, .xls, .ppt, .wps, .et, .dps and others.

Bounded by construction: a chain is followed for as many sectors as its stream has bytes, and no stream is longer
than the file; the tree of names is walked without recursion, each entry once. What is broken is read as far as it
goes and said so by ``damaged``.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator

import msgspec

from agent.scanning.formats.base import NotExamined, Source
from protocol.records import Reason

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST = 0xFFFFFFFA
"""The first of the numbers that are no sector (end of chain, free, tables)."""
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_DEEPEST = 32
_MOST_ENTRIES = 100_000


class Entry(msgspec.Struct, frozen=True):
    """One stream or storage of the directory."""

    path: tuple[str, ...]
    """Names from the root down, without the root's own."""
    is_storage: bool
    start: int
    size: int

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]


class CompoundFile:
    """The streams of one OLE file by their paths.

    Raises `NotExamined` ``damaged`` where there is no directory to find anything by.
    """

    def __init__(self, source: Source) -> None:
        self._stream = source.stream
        self._size = source.size
        self.damaged = False
        """Whether a chain was shorter than its stream, or the directory did not hold together."""
        head = source.head(512)
        if len(head) < 512 or not head.startswith(MAGIC):
            raise NotExamined(Reason.DAMAGED, "not a compound file")
        shift, mini_shift = struct.unpack_from("<HH", head, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise NotExamined(Reason.DAMAGED, "the head of the compound file is damaged")
        self._shift = shift
        self._sectors = max(0, (self._size + (1 << shift) - 1 >> shift) - 1)
        self._cutoff, mini_start = struct.unpack_from("<II", head, 56)
        self._table = self._allocation(head)
        self._mini_start = mini_start
        self._mini_table: array[int] | None = None
        self._mini: bytes = b""
        self._root = Entry((), is_storage=True, start=_LAST, size=0)
        self._entries: dict[tuple[str, ...], Entry] = {}
        self._read_directory(struct.unpack_from("<I", head, 48)[0])

    def __iter__(self) -> Iterator[Entry]:
        """All streams and storages, those of one storage together."""
        return iter(self._entries.values())

    def find(self, *path: str) -> Entry | None:
        """The stream of that path, in either case; None where there is none."""
        found = self._entries.get(tuple(name.lower() for name in path))
        return None if found is None or found.is_storage else found

    def read(self, *path: str, limit: int) -> bytes:
        """The bytes of a stream; empty where there is none.

        Raises `NotExamined` ``too-large`` where it has more than ``limit``.
        """
        entry = self.find(*path)
        return b"" if entry is None else self.content(entry, limit)

    def beginning(self, *path: str, count: int) -> bytes:
        """The first bytes of a stream, however long it is."""
        entry = self.find(*path)
        if entry is None or entry.size <= count:
            return b"" if entry is None else self.content(entry, count)
        return self._chain(entry.start, count)

    def content(self, entry: Entry, limit: int) -> bytes:
        """The bytes of a stream of this file, fewer than its size says where its chain breaks."""
        size = entry.size
        if size > self._size:
            self.damaged = True
            size = self._size
        if size > limit:
            raise NotExamined(Reason.TOO_LARGE, f"a stream is larger than {limit} bytes")
        data = self._mini_chain(entry.start, size) if size < self._cutoff else self._chain(entry.start, size)
        self.damaged |= len(data) < size
        return data

    # --- sectors -----------------------------------------------------------------------------------------------

    def _sector(self, number: int, count: int = 1) -> bytes:
        self._stream.seek((number + 1) << self._shift)
        return self._stream.read(count << self._shift)

    def _allocation(self, head: bytes) -> array[int]:
        """The allocation table: its first 109 sectors are named in the head, further ones in a chain of sectors."""
        slots = (1 << self._shift) // 4
        most = self._sectors // slots + 1
        sectors = [number for number in struct.unpack_from("<109I", head, 76) if number < self._sectors]
        following = struct.unpack_from("<I", head, 68)[0]
        steps = 0
        while following < self._sectors and len(sectors) < most and steps <= most:
            steps += 1
            block = _numbers(self._sector(following))
            if len(block) < slots:
                break
            sectors += [number for number in block[:-1] if number < self._sectors]
            following = block[-1]
        return _numbers(b"".join(self._sector(number) for number in sectors[:most]))

    def _chain(self, start: int, size: int) -> bytes:
        """Up to ``size`` bytes from the sector ``start`` on; sectors in a row are read in one go."""
        table, sectors = self._table, self._sectors
        left = (size + (1 << self._shift) - 1) >> self._shift
        parts: list[bytes] = []
        here = start
        while left > 0 and here < sectors:
            first, count = here, 1
            here = table[here] if here < len(table) else _LAST
            while count < left and here == first + count and here < sectors:
                count += 1
                here = table[here] if here < len(table) else _LAST
            parts.append(self._sector(first, count))
            left -= count
        return b"".join(parts)[:size]

    def _mini_chain(self, start: int, size: int) -> bytes:
        """The same among the 64-byte sectors of small streams, which lie in the root's own stream."""
        if self._mini_table is None:
            self._mini_table = _numbers(self._chain(self._mini_start, self._size))
            self._mini = self._chain(self._root.start, min(self._root.size, self._size))
        table, parts, here = self._mini_table, [], start
        for _ in range((size + 63) // 64):
            if here >= _LAST or here << 6 >= len(self._mini):
                break
            parts.append(self._mini[here << 6 : (here << 6) + 64])
            here = table[here] if here < len(table) else _LAST
        return b"".join(parts)[:size]

    # --- directory ---------------------------------------------------------------------------------------------

    def _read_directory(self, start: int) -> None:
        raw = self._chain(start, min(self._size, _MOST_ENTRIES * 128))
        rows = [raw[at : at + 128] for at in range(0, len(raw) - 127, 128)]
        if not rows or rows[0][66] != _ROOT:
            raise NotExamined(Reason.DAMAGED, "the directory of the compound file is damaged")
        start, size = struct.unpack_from("<IQ", rows[0], 116)
        self._root = Entry((), is_storage=True, start=start, size=size & 0xFFFFFFFF)
        seen: set[int] = set()
        waiting: list[tuple[int, tuple[str, ...]]] = [(struct.unpack_from("<I", rows[0], 76)[0], ())]
        while waiting:
            number, folder = waiting.pop()
            if number >= _LAST:
                continue
            if number in seen or number >= len(rows) or len(folder) > _DEEPEST:
                self.damaged = True
                continue
            seen.add(number)
            left, right, child = struct.unpack_from("<III", rows[number], 68)
            entry = self._entry(rows[number], folder)
            waiting += ((right, folder), (left, folder))
            if entry is not None and entry.is_storage:
                waiting.append((child, entry.path))
        if not self._entries:
            # The tree is broken at its root: better all streams in one place than none.
            self.damaged = True
            for row in rows[1:]:
                self._entry(row, ())

    def _entry(self, row: bytes, folder: tuple[str, ...]) -> Entry | None:
        kind = row[66]
        length = min(struct.unpack_from("<H", row, 64)[0], 64)
        if kind not in (_STORAGE, _STREAM) or length < 2:
            return None
        name = row[: length - 2].decode("utf-16-le", "replace").encode("utf-8", "replace").decode()
        begin, size = struct.unpack_from("<IQ", row, 116)
        if self._shift == 9:
            size &= 0xFFFFFFFF
        entry = Entry((*folder, name), is_storage=kind == _STORAGE, start=begin, size=size)
        self._entries.setdefault(tuple(part.lower() for part in entry.path), entry)
        return entry


def _numbers(data: bytes) -> array[int]:
    """Bytes as 32-bit numbers, little-endian."""
    numbers = array("I")
    numbers.frombytes(data[: len(data) & ~3])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
