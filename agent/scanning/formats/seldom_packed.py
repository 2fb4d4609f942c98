"""Single files packed in ways that are seldom met: ``compress`` (.Z), lzip (.lz) and lz4; each a stream to read.

Reading raises `EOFError` or `ValueError` where the bytes break off or make no sense.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from typing import IO

_STEP = 64 * 1024
_MOST_BITS = 16
_CLEAR = 256
_LZ4_WINDOW = 64 * 1024
_LZ4_SKIPPED = range(0x184D2A50, 0x184D2A60)


class Unpacked:
    """What comes out, piece by piece."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._ready = b""

    def read(self, size: int = _STEP, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        while not self._ready:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._ready = part
        data, self._ready = self._ready[:size], self._ready[size:]
        return data


def opened(stream: IO[bytes], magic: bytes) -> Unpacked | None:
    """The file as it was before it was packed; None where it begins otherwise. The stream is at its start."""
    if magic.startswith(b"LZIP"):
        return Unpacked(_lzip(stream))
    if magic.startswith(b"\x04\x22\x4d\x18"):
        return Unpacked(_lz4(stream))
    return Unpacked(_compress(stream)) if magic.startswith(b"\x1f\x9d") else None


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _lzip(stream: IO[bytes]) -> Iterator[bytes]:
    """Members one after another: LZMA with its usual settings, a dictionary of a size that the head tells."""
    while (head := stream.read(6)).startswith(b"LZIP"):
        if len(head) < 6:
            raise EOFError
        power = head[5] & 0x1F
        if not 12 <= power <= 29:
            raise ValueError(power)
        size = (1 << power) - (head[5] >> 5) * (1 << power >> 4)
        usual = {"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": 3, "lp": 0, "pb": 2}
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[usual])
        while not unpacker.eof:
            packed = stream.read(_STEP) if unpacker.needs_input else b""
            if unpacker.needs_input and not packed:
                raise EOFError
            if data := unpacker.decompress(packed, _STEP):
                yield data
        rest = len(unpacker.unused_data)
        stream.seek(20 - rest, 1)  # the member's checksum and sizes


def _lz4(stream: IO[bytes]) -> Iterator[bytes]:
    """Frames one after another (LZ4 Frame Format 1.6)."""
    while head := stream.read(4):
        magic = int.from_bytes(head, "little")
        if magic in _LZ4_SKIPPED:
            stream.seek(int.from_bytes(_exactly(stream, 4), "little"), 1)
            continue
        if magic != 0x184D2204:
            return  # what stands behind the last frame is none of it
        flags = _exactly(stream, 2)[0]
        if flags >> 6 != 1 or flags & 1:  # another version, or a dictionary that is elsewhere
            raise ValueError(flags)
        _exactly(stream, (8 if flags & 8 else 0) + 1)
        window = b""
        while size := int.from_bytes(_exactly(stream, 4), "little"):
            block = _exactly(stream, size & 0x7FFFFFFF)
            data = block if size >> 31 else _lz4_block(block, window)
            _exactly(stream, 4 if flags & 16 else 0)
            window = (window + data)[-_LZ4_WINDOW:]
            yield data
        _exactly(stream, 4 if flags & 4 else 0)


_LZ4_BLOCK = 8 * 1024 * 1024
"""Bytes above which no block may unpack: the frame format's largest is half of it."""


def _lz4_block(block: bytes, window: bytes) -> bytes:
    """One block unpacked; ``window`` is what went before."""
    out = bytearray(window)
    at = 0
    while at < len(block):
        token = block[at]
        count, at = _lz4_count(block, at + 1, token >> 4)
        out += block[at : at + count]
        at += count
        if at >= len(block):
            break
        back = int.from_bytes(block[at : at + 2], "little")
        count, at = _lz4_count(block, at + 2, token & 15)
        if not 0 < back <= len(out) or len(out) > _LZ4_BLOCK:
            raise ValueError(back)
        seen = bytes(out[-back:][: count + 4])
        out += (seen * ((count + 4) // len(seen) + 1))[: count + 4]
    return bytes(out[len(window) :])


def _lz4_count(block: bytes, at: int, count: int) -> tuple[int, int]:
    """A number that began in four bits, and where it ends."""
    if count == 15:
        while at < len(block):
            count += block[at]
            at += 1
            if block[at - 1] != 255:
                break
    return count, at


def _compress(stream: IO[bytes]) -> Iterator[bytes]:
    """LZW as ``compress`` writes it: codes of 9 bits to as many as the head says, in groups of eight."""
    head = _exactly(stream, 3)
    most = head[2] & 0x1F
    if not 9 <= most <= _MOST_BITS:
        raise ValueError(most)
    words = _Words(1 << most, clears=bool(head[2] & 0x80))
    bits, out = 9, bytearray()
    while group := stream.read(bits):
        number = int.from_bytes(group, "little")
        for place in range(len(group) * 8 // bits):
            code = number >> place * bits & (1 << bits) - 1
            if words.clears and code == _CLEAR:
                words = _Words(1 << most, clears=True)
                bits = 9
                break  # the rest of the group is nothing
            out += words.next(code)
            if words.count >= 1 << bits and bits < most:
                bits += 1
                break  # so is it where codes grow longer
        if len(out) >= _STEP:
            yield bytes(out)
            out.clear()
    yield bytes(out)


class _Words:
    """The words met so far, each another one and one byte more: kept whole they could take gigabytes."""

    def __init__(self, most: int, *, clears: bool) -> None:
        self.clears = clears
        self._most = most
        self._shorter: list[int] = [0] * (_CLEAR + clears)
        self._last = bytearray(range(_CLEAR)) + bytes(clears)
        self._before = -1
        self._first = 0
        """The first byte of the last word."""

    @property
    def count(self) -> int:
        """How many there are, the clearing code among them."""
        return len(self._shorter)

    def next(self, code: int) -> bytes:
        """The word of the next code. Raises `ValueError` where there is none."""
        if code > self.count or (code == self.count and self._before < 0):
            raise ValueError(code)
        if self._before >= 0 and self.count < self._most:
            # What is learnt is the last word and the first byte of this one, which may be the very word learnt.
            self._shorter.append(self._before)
            self._last.append(self._first if code == self.count - 1 else self._begin(code))
        elif code == self.count:
            raise ValueError(code)
        word = self._spelled(code)
        self._before, self._first = code, word[0]
        return word

    def _begin(self, code: int) -> int:
        while code >= _CLEAR:
            code = self._shorter[code]
        return code & 0xFF

    def _spelled(self, code: int) -> bytes:
        word = bytearray()
        while code >= _CLEAR:
            word.append(self._last[code])
            code = self._shorter[code]
        word.append(code)
        word.reverse()
        return bytes(word)
