"""Unpacking one member of a zip in small steps: every method that is met, nothing ever larger than asked for."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, cast

import zstandard
from isal import isal_zlib

from agent.scanning.formats.inflate64 import inflated

STEP = 256 * 1024
"""Bytes given out at a time."""
_MOST_MEMORY = 128 * 1024 * 1024

BROKEN: tuple[type[Exception], ...] = (
    cast("type[Exception]", isal_zlib.error),  # its stub calls the class an instance
    OSError,
    EOFError,
    ValueError,
    lzma.LZMAError,
    zstandard.ZstdError,
)
"""What an unpacker raises on data that is not what it should be."""


class _Stepwise(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _stored(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from chunks


def _deflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = isal_zlib.decompressobj(-15)
    for chunk in chunks:
        rest = chunk
        while rest:
            yield unpacker.decompress(rest, STEP)
            if unpacker.eof:
                return
            rest = unpacker.unconsumed_tail
    yield unpacker.flush()
    if not unpacker.eof:
        raise EOFError


def _stepwise(unpacker: _Stepwise, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        data = chunk
        while True:
            yield unpacker.decompress(data, STEP)
            if unpacker.eof:
                return
            if unpacker.needs_input:
                break
            data = b""
    raise EOFError


def _bzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    return _stepwise(bz2.BZ2Decompressor(), chunks)


def _xz(chunks: Iterable[bytes]) -> Iterator[bytes]:
    return _stepwise(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY), chunks)


def _lzma(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """LZMA as zip has it: version (2), length of properties (2), properties (5), then the bare stream."""

    def with_header() -> Iterator[bytes]:
        """The chunks with the head that a stand-alone stream has in place of that of the zip."""
        rest = iter(chunks)
        first = next(rest, b"")
        # The stand-alone header wants the size after the properties; eight FF say "until the end mark".
        yield first[4:9] + b"\xff" * 8 + first[9:]
        yield from rest

    return _stepwise_to_end(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MOST_MEMORY), with_header())


def _stepwise_to_end(unpacker: _Stepwise, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """As `_stepwise`, but an absent end mark is no damage: many writers of LZMA in zip leave it out."""
    try:
        yield from _stepwise(unpacker, chunks)
    except EOFError:
        return


def _zstandard(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MOST_MEMORY)
    yield from unpacker.read_to_iter(b"".join(chunks), write_size=STEP)


METHODS: dict[int, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    0: _stored,
    8: _deflated,
    9: inflated,
    12: _bzipped,
    14: _lzma,
    93: _zstandard,
    20: _zstandard,
    95: _xz,
}
"""Compression methods by their number in the zip (APPNOTE 4.4.5); 20 is the number Zstandard had first."""
