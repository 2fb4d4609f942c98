"""Single files under gzip, bzip2, xz, lzma, zstd, lzip, lz4 or compress, and tar archives under any of them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator

import zstandard

from agent.scanning.formats import seldom_packed, tar, zipnames
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from protocol.records import Reason

NAME = "compressed"
MEDIA_TYPES = (
    "application/gzip",
    "application/x-bzip2",
    "application/x-xz",
    "application/x-lzma",
    "application/zstd",
    "application/x-lzip",
    "application/x-lz4",
    "application/x-compress",
)
LIMITS = {"bytes of a single file": 128 * MiB, "bytes of a file in a tar": 128 * MiB, "memory for unpacking": 256 * MiB}
LIMITATIONS = (
    "A single file is called what gzip keeps as its name, else what is left of the outer name.",
    "Dictionaries of zstd and lz4 that lie elsewhere, and files of lzop, lrzip, zpaq and Brotli, are not read.",
    "Of a file of compress (.Z) nothing tells that it breaks off.",
)

_STEP = 256 * 1024
_SIP = 1024
_BROKEN = (EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the one file inside, or each file of the tar inside.

    Raises `NotExamined`: ``damaged`` after what could be unpacked, ``bomb`` or ``too-large``.
    """
    unpacked = _Unpacked(source, reading)
    head = unpacked.peek(512)
    if tar.looks_like_one(head):
        yield from tar.members(unpacked, reading, LIMITS["bytes of a file in a tar"])
    else:
        limit = LIMITS["bytes of a single file"]
        data = bytearray()
        while (more := unpacked.read(_STEP)) and len(data) <= limit:
            data += more
        if len(data) > limit:
            raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
        if data or unpacked.problem is None:
            yield Member(_name(source) or _called_after(reading.name), bytes(data), len(data))
    if unpacked.problem is not None:
        raise unpacked.problem


class _Unpacked:
    """The bytes inside, as a stream. What breaks ends it, and is in ``problem``."""

    def __init__(self, source: Source, reading: Reading) -> None:
        self._source = source
        self._budget = reading.budget
        self._had = 0
        self._ahead = b""
        self.problem: NotExamined | None = None
        source.stream.seek(0)
        self._inner = _opened(source)

    def peek(self, size: int) -> bytes:
        """The first bytes, which will be read again."""
        while len(self._ahead) < size and (more := self._next(size)):
            self._ahead += more
        return self._ahead

    def read(self, size: int = _STEP, /) -> bytes:
        """Up to ``size`` bytes; none at the end, and where the bytes break off."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._next(size)

    def _next(self, size: int) -> bytes:
        if self.problem is not None:
            return b""
        try:
            data = self._inner.read(min(size, _STEP))
        except _BROKEN:
            data = b""
            self.problem = NotExamined(Reason.DAMAGED, "the compressed bytes are damaged")
        except OSError as error:
            if error.errno is not None:
                raise  # the medium, not the file
            data = b""
            self.problem = NotExamined(Reason.DAMAGED, "the compressed bytes are damaged")
        self._had += len(data)
        self._budget.spend(len(data))
        if self._had > MiB and self._had > self._budget.ratio * max(self._source.stream.tell(), 1):
            raise NotExamined(Reason.BOMB, "it unpacks to many times its size")
        return data


def _opened(source: Source) -> tar.Stream:
    magic = source.stream.read(6)
    source.stream.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=source.stream)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(source.stream)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return _Zstd(source)
    return seldom_packed.opened(source.stream, magic) or _Lzma(source)


class _Lzma:
    """xz and lzma, several streams one after another, within a limit of memory."""

    def __init__(self, source: Source) -> None:
        self._stream = source.stream
        self._decompressor = self._fresh()
        self._started = False

    @staticmethod
    def _fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(memlimit=LIMITS["memory for unpacking"])

    def read(self, size: int = _STEP, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        while True:
            packed = b""
            if self._decompressor.eof:
                packed = self._decompressor.unused_data.lstrip(b"\0") or self._stream.read(_STEP).lstrip(b"\0")
                if not packed:
                    return b""
                self._decompressor = self._fresh()
            elif self._decompressor.needs_input:
                packed = self._stream.read(_STEP)
                if not packed:
                    raise EOFError
            if data := self._decompressor.decompress(packed, size):
                return data


class _Zstd:
    """zstd, several frames one after another. A frame that just ends is an error, which the library's reader hides."""

    def __init__(self, source: Source) -> None:
        self._stream = source.stream
        self._context = zstandard.ZstdDecompressor(max_window_size=LIMITS["memory for unpacking"] // 2)
        self._decompressor = self._context.decompressobj()
        self._packed = b""
        self._at = 0
        self._plain = b""

    def read(self, size: int = _STEP, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        while not self._plain:
            if self._at >= len(self._packed):
                self._packed, self._at = self._stream.read(_STEP), 0
            if self._decompressor.eof:
                if not self._packed:
                    return b""
                self._decompressor = self._context.decompressobj()
            if not self._packed:
                raise EOFError
            # Four bytes may stand for 128 KiB: little is given at a time, as all of it comes out at once.
            sip = self._packed[self._at : self._at + _SIP]
            self._plain = self._decompressor.decompress(sip)
            self._at += len(sip) - len(self._decompressor.unused_data)
        data, self._plain = self._plain[:size], self._plain[size:]
        return data


_ENDINGS = {"gz": "", "gzip": "", "bz2": "", "bz": "", "xz": "", "lzma": "", "zst": "", "zstd": "", "tgz": ".tar"}
_ENDINGS |= {"z": "", "lz": "", "lz4": "", "tlz": ".tar"}


def _called_after(outer: str) -> str:
    """The name of the file inside by that of the file around it: ``report.doc`` of ``report.doc.gz``."""
    stem, dot, ending = outer.rpartition(".")
    return stem + _ENDINGS[ending.lower()] if dot and stem and ending.lower() in _ENDINGS else "content"


def _name(source: Source) -> str:
    """The name that gzip keeps of the file (RFC 1952, 2.3.1); empty where it keeps none."""
    head = source.head(4096)
    if len(head) < 12 or not head.startswith(b"\x1f\x8b") or not head[3] & 8:
        return ""
    start = 10
    if head[3] & 4:
        start += 2 + int.from_bytes(head[10:12], "little")
    return zipnames.decoded(head[start:].split(b"\0")[0])
