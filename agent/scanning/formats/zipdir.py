"""The directory of a zip, and the bytes of its members: fast where all is well, careful where it is not.

The central directory is read by our own reader and members are unpacked by libdeflate in one call, which is four to
five times the speed of the standard library; what lies about its size, is huge or uses another method goes through
`zipinflate` in small steps. Names are text here and are never used as a path. A zip whose directory is lost is
searched for its local headers (`zipsalvage`).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from deflate import DeflateError, deflate_decompress

from agent.scanning.formats import zipnames
from agent.scanning.formats.base import Budget, MiB, NotExamined, Source
from agent.scanning.formats.zipentry import Entry
from agent.scanning.formats.zipinflate import BROKEN, METHODS
from agent.scanning.formats.zipsalvage import local_entries
from protocol.records import Reason

MOST_ENTRIES = 100_000
"""Entries of one directory that are taken in."""
_MOST_DIRECTORY = 64 * MiB
_IN_MEMORY = 1 * MiB
_ONE_CALL = 16 * MiB
_CHUNK = 256 * 1024
_MOST_DEFLATE = 1032
"""Bytes that one byte of deflate can become; a greater size in the directory is a lie."""
_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR = b"PK\x06\x07"
_END_SIZE = 22
_MOST_COMMENTS = 10_000
_CENTRAL_HEADER = struct.Struct("<4s4xHH4xIIIHHHH6xI")
_FULL = 0xFFFFFFFF


class ZipDirectory:
    """A zip: its entries, and the bytes of each. ``problem`` tells what of the whole could not be had."""

    def __init__(self, source: Source) -> None:
        self._stream = source.stream
        self._size = source.size
        self.problem: NotExamined | None = None
        self._data = source.read(_IN_MEMORY) if source.size <= _IN_MEMORY else None
        self._shift = 0
        self._disk = 0
        self.comments: list[bytes] = []
        """What is remarked on the zip and on its members."""
        self.entries: list[Entry] = self._directory()

    def at(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset``, fewer where the file ends."""
        if offset < 0 or count <= 0:
            return b""
        if self._data is not None:
            return self._data[offset : offset + count]
        self._stream.seek(offset)
        return self._stream.read(count)

    def mark_damaged(self, detail: str) -> None:
        """Remember that a part was lost; the first remark stays."""
        if self.problem is None:
            self.problem = NotExamined(Reason.DAMAGED, detail)

    # --- the directory -----------------------------------------------------------------------------------------

    def _directory(self) -> list[Entry]:
        empty = False
        for end in self._ends():
            entries = self._entries_before(end)
            if entries:
                return entries
            empty |= entries is not None  # or a comment that looks like the end of an empty zip: look further
        if empty:
            return []
        self.mark_damaged("the directory of the zip is lost")
        return local_entries(self.at, self._size, MOST_ENTRIES)

    def _ends(self) -> Iterator[int]:
        """Where an end record may stand, last first."""
        for reach in (1024, 65_535 + _END_SIZE + 1024):
            start = max(0, self._size - reach)
            tail = self.at(start, self._size - start)
            at = len(tail)
            while (at := tail.rfind(_END, 0, at)) >= 0:
                # More members behind the end record: it is that of a zip inside, and our own is lost.
                if at + _END_SIZE <= len(tail) and not any(mark in tail[at + 4 :] for mark in (_LOCAL, _CENTRAL)):
                    yield start + at
            if start == 0:
                return

    def _entries_before(self, end: int) -> list[Entry] | None:
        """The entries of the directory that this end record speaks of; None where there is no directory."""
        self._disk, _, _, total, size, offset, remark = struct.unpack_from("<HHHHIIH", self.at(end, _END_SIZE), 4)
        self.comments = [self.at(end + _END_SIZE, remark)] if remark else []
        stop = end
        if _FULL in (size, offset) or 0xFFFF in (total, self._disk):
            large = self._zip64(end)
            if large is not None:
                self._disk, total, size, offset, stop = large
        # Bytes may stand before the zip (self-extracting programs): then every offset is short by as many.
        for begin in (stop - size, offset):
            if total == 0 and begin == stop:
                return []
            if 0 <= begin < stop and self.at(begin, 4) == _CENTRAL:
                self._shift = 0 if self._disk else begin - offset
                return self._parsed(begin, stop, total)
        return None

    def _zip64(self, end: int) -> tuple[int, int, int, int, int] | None:
        locator = self.at(end - 20, 20)
        if locator[:4] != _LOCATOR:
            return None
        told = int.from_bytes(locator[8:16], "little")
        for begin in (end - 76, told):
            record = self.at(begin, 56)
            if record[:4] == _END64 and len(record) == 56:
                disk, _, _, total, size, offset = struct.unpack_from("<IIQQQQ", record, 16)
                return disk, total, size, offset, begin
        return None

    def _parsed(self, begin: int, stop: int, total: int) -> list[Entry]:
        if stop - begin > _MOST_DIRECTORY:
            self.problem = NotExamined(Reason.TOO_LARGE, "the directory of the zip is too large")
        data = self.at(begin, min(stop - begin, _MOST_DIRECTORY))
        entries: list[Entry] = []
        at, most = 0, len(data) - 46
        unpack, shift = _CENTRAL_HEADER.unpack_from, self._shift
        while at <= most:
            signature, flags, method, crc, packed, size, named, extra, comment, disk, offset = unpack(data, at)
            if signature != _CENTRAL:
                break
            begin_extra = at + 46 + named
            raw, more = data[at + 46 : begin_extra], data[begin_extra : begin_extra + extra]
            if _FULL in (packed, size, offset):
                packed, size, offset = _large(more, packed, size, offset)
            entries.append(Entry(raw, flags, method, crc, packed, size, offset + shift, disk, more))
            at = begin_extra + extra + comment
            if comment and len(self.comments) < _MOST_COMMENTS:
                self.comments.append(data[at - comment : at])
            if len(entries) >= MOST_ENTRIES:
                self.problem = NotExamined(Reason.TOO_LARGE, "the zip has too many members")
                return entries
        if len(entries) & 0xFFFF != total & 0xFFFF:
            self.mark_damaged("the directory of the zip is cut short")
        return entries

    @cached_property
    def overlapping(self) -> frozenset[int]:
        """Offsets of entries whose bytes run into another's: the mark of a bomb, never of an honest zip."""
        if self._disk:
            return frozenset()
        ordered = sorted({entry.offset: entry for entry in self.entries}.values(), key=lambda entry: entry.offset)
        found = set()
        for this, following in pairwise(ordered):
            if this.offset + 30 + len(this.raw) + max(this.packed, 0) > following.offset:
                found.add(this.offset)
        return frozenset(found)

    # --- the members -------------------------------------------------------------------------------------------

    def read(self, entry: Entry, budget: Budget, limit: int, *, bombs: bool = True) -> bytes | bytearray:
        """The bytes of one member; what could be unpacked of a damaged one (then ``problem`` is set).

        Raises `NotExamined`: ``encrypted``, ``unsupported`` (method), ``too-large`` (more than ``limit`` bytes),
        ``bomb`` (ratio or budget; without ``bombs`` the budget alone) or ``damaged`` (nothing could be had).
        """
        self._admit(entry, budget, limit, bombs=bombs)
        start = self._start(entry)
        size = entry.size
        if entry.method == 0 and entry.packed <= _ONE_CALL:
            budget.spend(entry.packed)
            data = self.at(start, entry.packed)
            if len(data) < entry.packed:
                self.mark_damaged("a member of the zip is cut short")
            return data
        if entry.method == 8 and 0 <= size <= min(_ONE_CALL, entry.packed * _MOST_DEFLATE + 64):
            budget.spend(size)
            packed = self.at(start, entry.packed)
            try:
                return deflate_decompress(packed, size) if size else b""
            except DeflateError:
                budget.expanded += size  # not had after all: the careful road pays for itself
        return self._careful(entry, start, budget, limit, bombs=bombs)

    def packed(self, entry: Entry, most: int) -> bytes:
        """The packed bytes of a member that is unpacked in one call; empty where it is another's, or they are more.

        Raises nothing: `read` tells what is wrong with a member.
        """
        if entry.method != 8 or entry.encrypted or entry.disk != self._disk or not 0 < entry.packed <= most:
            return b""
        if not 0 <= entry.size <= min(_ONE_CALL, entry.packed * _MOST_DEFLATE + 64):
            return b""
        try:
            return self.at(self._start(entry), entry.packed)
        except NotExamined:
            return b""

    def _admit(self, entry: Entry, budget: Budget, limit: int, *, bombs: bool) -> None:
        if entry.encrypted:
            raise NotExamined(Reason.ENCRYPTED, "a password is needed")
        if entry.disk != self._disk and entry.disk != 0xFFFF:
            raise NotExamined(Reason.UNSUPPORTED, "it lies in another part of a split zip")
        if entry.method not in METHODS:
            raise NotExamined(Reason.UNSUPPORTED, "compression method not known")
        if bombs and _is_bomb(entry.size, entry.packed, budget):
            raise NotExamined(Reason.BOMB, "it unpacks to many times its size")
        if entry.size > limit or (entry.method == 0 and entry.packed > limit):
            raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")

    def _start(self, entry: Entry) -> int:
        """Where the packed bytes begin; the local header's own lengths count."""
        # With bytes before the zip, some writers shift the directory's offsets themselves.
        for offset in (entry.offset, entry.offset - self._shift):
            head = self.at(offset, 30)
            if head[:4] == _LOCAL and len(head) == 30:
                break
        else:
            raise NotExamined(Reason.DAMAGED, "a member of the zip is not where the directory says")
        return offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")

    def _chunks(self, start: int, packed: int) -> Iterator[bytes]:
        end = min(start + packed, self._size)
        while start < end:
            chunk = self.at(start, min(_CHUNK, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk

    def _careful(self, entry: Entry, start: int, budget: Budget, limit: int, *, bombs: bool) -> bytes:
        if entry.packed > limit:
            raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
        out = io.BytesIO()
        had = 0
        try:
            for piece in METHODS[entry.method](self._chunks(start, entry.packed)):
                had += len(piece)
                if entry.method == 14 and entry.size >= 0 and had >= entry.size:
                    out.write(piece[: len(piece) - (had - entry.size)])
                    return out.getvalue()
                budget.spend(len(piece))
                if bombs and _is_bomb(had, entry.packed, budget):
                    raise NotExamined(Reason.BOMB, "it unpacks to many times its size")
                if had > limit:
                    raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
                out.write(piece)
        except BROKEN:
            self.mark_damaged("a member of the zip is damaged")
            if not had:
                raise NotExamined(Reason.DAMAGED, "nothing of it could be unpacked") from None
        return out.getvalue()


def _is_bomb(size: int, packed: int, budget: Budget) -> bool:
    return size > MiB and size > packed * budget.ratio


def _large(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """The true figures from the Zip64 field: those that did not fit stand in it, in this order."""
    for kind, body in zipnames.fields(extra):
        if kind != 1:
            continue
        figures = [int.from_bytes(body[at : at + 8], "little") for at in range(0, len(body) - 7, 8)]
        if size == _FULL and figures:
            size = figures.pop(0)
        if packed == _FULL and figures:
            packed = figures.pop(0)
        if offset == _FULL and figures:
            offset = figures.pop(0)
    return packed, size, offset
