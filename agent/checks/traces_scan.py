"""Looks for a few literals in something large, piece by piece: text logs (also compressed) and binary journals.

Reads forward in bounded pieces and stops when its time is over, so that a log of gigabytes, a sparse file or a
decompression bomb costs seconds and a few megabytes, and what was not read is said.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import zstandard

from agent.checks.traces_base import ONLY_A_PART, ONLY_THE_END, OUT_OF_TIME, Search
from agent.checks.tree import DAMAGED, TOO_LARGE, Unreadable

PIECE = 1 << 20
MOST_PLAIN = 128 << 20
"""Bytes of one plain file that are read: its end."""
MOST_EXPANDED = 64 << 20
"""Bytes that one compressed log may expand to: its beginning is read up to here."""
MOST_HITS = 100_000
LONGEST_LINE = 8192


def lines(search: Search, path: str, literals: tuple[bytes, ...]) -> Iterator[str]:
    """The lines of a log in which one of the literals stands. Raises `Unreadable`."""
    with search.tree.opened(path) as descriptor:
        if descriptor is None:
            return
        rest, hits = b"", 0
        for piece in _pieces(search, path, descriptor):
            data = rest + piece
            end = data.rfind(b"\n") + 1
            rest = data[end:][-LONGEST_LINE:]
            for line in _hits(data, 0, end, literals):
                yield line.decode("utf-8", "replace")
                hits += 1
                if hits > MOST_HITS:
                    raise Unreadable(path, OUT_OF_TIME)
        for line in _hits(rest, 0, len(rest), literals):
            yield line.decode("utf-8", "replace")


def content(search: Search, path: str, most: int) -> bytes:
    """All of a file of modest size, expanded where it is compressed. Raises `Unreadable`, also above ``most`` bytes."""
    with search.tree.opened(path) as descriptor:
        if descriptor is None:
            return b""
        if os.fstat(descriptor).st_size > most:
            raise Unreadable(path, TOO_LARGE)
        taken = bytearray()
        for piece in _pieces(search, path, descriptor):
            taken += piece
            if len(taken) > most:
                raise Unreadable(path, TOO_LARGE)
        return bytes(taken)


def _hits(data: bytes, start: int, end: int, literals: tuple[bytes, ...]) -> list[bytes]:
    """Each line of a piece that holds a literal, once, in order."""
    found: dict[int, bytes] = {}
    for literal in literals:
        at = data.find(literal, start, end)
        while at >= 0:
            first = data.rfind(b"\n", 0, at) + 1
            last = data.find(b"\n", at, end)
            last = end if last < 0 else last
            found[first] = data[max(first, at - LONGEST_LINE) : min(last, at + LONGEST_LINE)]
            at = data.find(literal, last, end)
    return [found[first] for first in sorted(found)]


def _pieces(search: Search, path: str, descriptor: int) -> Iterator[bytes]:
    """The content, expanded where it is compressed, until the bound or the end of the time allowed."""
    with io.FileIO(os.dup(descriptor), "rb") as raw, _expanded(raw) as stream:
        compressed = stream is not raw
        most = MOST_EXPANDED if compressed else MOST_PLAIN
        size = os.fstat(descriptor).st_size
        if not compressed and size > most:
            raw.seek(size - most)
            search.trouble(path, ONLY_THE_END)
        taken = 0
        while taken < most:
            piece = _piece(stream, path, compressed=compressed)
            if not piece:
                return
            taken += len(piece)
            yield piece
            if search.late():
                search.trouble(path, OUT_OF_TIME)
                return
        if compressed:
            search.trouble(path, ONLY_A_PART)


def _piece(stream: Stream, path: str, *, compressed: bool) -> bytes:
    try:
        return stream.read(PIECE)
    except (EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, gzip.BadGzipFile) as error:
        raise Unreadable(path, DAMAGED) from error
    except OSError as error:
        if compressed:  # bz2 tells damage so
            raise Unreadable(path, DAMAGED) from error
        raise


class Stream(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes."""
        ...


def _expanded(raw: io.FileIO) -> AbstractContextManager[Stream]:
    """A stream that expands the file where it is compressed, told by its first bytes and not by its name."""
    head = os.pread(raw.fileno(), 6, 0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw, mode="rb")
    if head.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(raw, "rb")
    if head.startswith(b"BZh"):
        return bz2.BZ2File(raw, "rb")
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw, read_across_frames=True)
    return nullcontext(raw)


# --- binary journals (systemd.io/JOURNAL_FILE_FORMAT)

HEADER = 208
_MAGIC = b"LPKSHHRH"
_COMPACT = 0x10
_DATA, _ENTRY, _ENTRY_ARRAY = 1, 3, 6
_MOST_ARRAYS = 64
_MOST_ENTRIES = 2000


class Journal:
    """One file of a systemd journal, read by its own documented format, without its library.

    Messages shorter than 512 bytes, which those of networks and devices are, lie in it uncompressed.
    """

    def __init__(self, path: str, descriptor: int) -> None:
        """Raises `Unreadable` where this is no journal."""
        self._descriptor = descriptor
        head = os.pread(descriptor, HEADER, 0)
        if len(head) < HEADER or not head.startswith(_MAGIC):
            raise Unreadable(path, DAMAGED)
        self.path = path
        self._compact = bool(struct.unpack_from("<I", head, 12)[0] & _COMPACT)
        self.sequence = head[72:88]
        """Id of the sequence its entries are numbered in."""
        self.first_number = int(struct.unpack_from("<Q", head, 168)[0])
        self.first_time, self.last_time = (one / 1_000_000 for one in struct.unpack_from("<QQ", head, 184))

    def messages(self, search: Search, literals: tuple[bytes, ...]) -> Iterator[tuple[str, float]]:
        """Text and time of each message that holds one of the literals; the same text in order of time."""
        size = os.fstat(self._descriptor).st_size
        at = HEADER
        seen: set[int] = set()
        while at < size:
            piece = os.pread(self._descriptor, PIECE + LONGEST_LINE, at)
            for literal in literals:
                place = piece.find(literal)
                while 0 <= place < PIECE:
                    start = piece.rfind(b"MESSAGE=", max(0, place - 512), place)
                    if start >= 0 and at + start not in seen:
                        seen.add(at + start)
                        yield from self._message(at + start)
                    place = piece.find(literal, place + 1)
            at += PIECE
            if search.late():
                search.trouble(self.path, OUT_OF_TIME)
                return

    def _message(self, payload: int) -> Iterator[tuple[str, float]]:
        """The message whose field begins here, if it is one object and not bytes by chance."""
        fixed = 72 if self._compact else 64
        head = os.pread(self._descriptor, fixed, payload - fixed) if payload >= fixed + HEADER else b""
        if len(head) < fixed or head[0] != _DATA or head[1] != 0:
            return
        size, _, _, _, entry, array, _ = struct.unpack_from("<7Q", head, 8)
        if not fixed < size <= fixed + LONGEST_LINE:
            return
        text = os.pread(self._descriptor, size - fixed, payload)[len(b"MESSAGE=") :].decode("utf-8", "replace")
        for place in (entry, *self._entries(array)):
            at = self._time(place)
            if at:
                yield text, at

    def _time(self, entry: int) -> float:
        head = os.pread(self._descriptor, 32, entry) if HEADER <= entry < 1 << 48 else b""
        if len(head) < 32 or head[0] != _ENTRY:
            return 0
        return float(struct.unpack_from("<Q", head, 24)[0]) / 1_000_000

    def _entries(self, array: int) -> list[int]:
        """The places of the last entries of a chain of arrays."""
        found: list[int] = []
        width = 4 if self._compact else 8
        for _ in range(_MOST_ARRAYS):
            head = os.pread(self._descriptor, 24, array) if HEADER <= array < 1 << 48 else b""
            if len(head) < 24 or head[0] != _ENTRY_ARRAY:
                break
            size, following = struct.unpack_from("<QQ", head, 8)
            items = os.pread(self._descriptor, min(size - 24, 1 << 20), array + 24) if size > 24 else b""
            places = (int.from_bytes(items[at : at + width], "little") for at in range(0, len(items), width))
            found = [*found, *(place for place in places if place)][-_MOST_ENTRIES:]
            if following <= array:  # chains only lead forward
                break
            array = following
        return found
