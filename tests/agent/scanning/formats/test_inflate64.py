"""Deflate64: all that Deflate can say, and the longer repeats and further distances that only it has."""

from __future__ import annotations

import random
import zlib

import pytest

from agent.scanning.formats.inflate64 import inflated


class Bits:
    """Writes bits, the lowest of each byte first; codes from their highest bit on."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def number(self, value: int, count: int) -> None:
        self.bits += [value >> place & 1 for place in range(count)]

    def code(self, value: int, count: int) -> None:
        self.bits += [value >> place & 1 for place in reversed(range(count))]

    def symbol(self, symbol: int) -> None:
        """A symbol of the fixed code (RFC 1951, 3.2.6)."""
        if symbol < 144:
            self.code(0x30 + symbol, 8)
        elif symbol < 256:
            self.code(0x190 + symbol - 144, 9)
        elif symbol < 280:
            self.code(symbol - 256, 7)
        else:
            self.code(0xC0 + symbol - 280, 8)

    def data(self) -> bytes:
        padded = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(
            sum(bit << place for place, bit in enumerate(padded[at : at + 8])) for at in range(0, len(padded), 8)
        )


def unpacked(data: bytes, step: int = 1000) -> bytes:
    return b"".join(inflated(data[at : at + step] for at in range(0, len(data), step)))


@pytest.mark.parametrize("level", [0, 1, 9])
def test_what_is_the_same_in_deflate_comes_out_the_same(level: int) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret hangs on it
    data = " ".join(str(chance.randrange(10**6)) for _ in range(8000)).encode()
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    assert unpacked(packed) == data
    assert unpacked(packed, 1) == data


def test_a_repeat_of_tens_of_thousands_and_a_far_distance_are_understood() -> None:
    bits = Bits()
    bits.number(0b011, 3)  # the last block, with the fixed codes
    for letter in b"ab":
        bits.symbol(letter)
    bits.symbol(285)
    bits.number(60_000, 16)  # 60,003 letters
    bits.code(1, 5)  # two back
    bits.symbol(257)  # three letters
    bits.code(31, 5)
    bits.number(60_001 - 49_153, 14)
    bits.symbol(256)
    expected = b"ab" + (b"ab" * 30_002)[:60_003]
    expected += expected[-60_001:][:3]
    assert unpacked(bits.data()) == expected


@pytest.mark.parametrize("data", [b"\x07", b"\x01\x05\x00\x00\x00abcde", b"\x05" + b"\xff" * 40])
def test_what_is_no_such_stream_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        unpacked(data)


def test_a_stream_that_breaks_off_says_so() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"some text, some more text" * 20) + packer.flush()
    for cut in range(1, len(packed) - 1):
        with pytest.raises((ValueError, EOFError)):
            unpacked(packed[:cut])
