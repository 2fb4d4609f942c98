"""Deflate64, which Windows uses for zips of more than 2 GiB (APPNOTE 4.4.5, method 9): Deflate with a larger window.

In plain Python, as no kept-up library with a permissive licence has it: slow (about a megabyte a second) and only
used where nothing else will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

STEP = 256 * 1024
_WINDOW = 65_536
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_LENGTHS = [(3 + n, 0) for n in range(8)]
_LENGTHS += [((1 << bits + 2) + (n << bits) + 3, bits) for bits in range(1, 6) for n in range(4)] + [(3, 16)]
_DISTANCES = [(1 + n, 0) for n in range(4)]
_DISTANCES += [((1 << bits + 1) + (n << bits) + 1, bits) for bits in range(1, 15) for n in (0, 1)]
_FIXED = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
_LONGEST = 15

Code = tuple[dict[int, int], int]
"""Symbols by their code with its length before it (a 1 and then the bits); and the least length."""


def inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a Deflate64 stream, some at a time.

    Raises `ValueError` where the stream is no such, `EOFError` where it breaks off.
    """
    bits = _Bits(iter(chunks))
    out = bytearray()
    last = False
    while not last:
        last = bool(bits.take(1))
        kind = bits.take(2)
        if kind == 3:
            raise ValueError("no kind of block")
        block = _stored(bits) if kind == 0 else _packed(bits, *(_fixed() if kind == 1 else _described(bits)))
        for piece in block:
            if isinstance(piece, bytes):
                out += piece
            else:
                _repeat(out, *piece)
            if len(out) >= STEP + _WINDOW:
                yield bytes(out[:-_WINDOW])
                del out[:-_WINDOW]
    yield bytes(out)


class _Bits:
    """The bits of a stream, the lowest of each byte first."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._data = b""
        self._at = 0
        self._held = 0
        self._count = 0

    def byte(self) -> int:
        """The next byte; `EOFError` where there is none."""
        while self._at >= len(self._data):
            chunk = next(self._chunks, None)
            if chunk is None:
                raise EOFError
            self._data, self._at = chunk, 0
        self._at += 1
        return self._data[self._at - 1]

    def take(self, count: int) -> int:
        """A number of so many bits."""
        while self._count < count:
            self._held |= self.byte() << self._count
            self._count += 8
        value = self._held & ((1 << count) - 1)
        self._held >>= count
        self._count -= count
        return value

    def align(self) -> None:
        """Drop what is left of the byte that was begun."""
        rest = self._count % 8
        self._held >>= rest
        self._count -= rest

    def symbol(self, code: Code) -> int:
        """The next symbol of a code."""
        table, least = code
        key = 1
        for length in range(1, _LONGEST + 1):
            key = key << 1 | self.take(1)
            if length >= least and key in table:
                return table[key]
        raise ValueError("no symbol has this code")


def _code(lengths: list[int]) -> Code:
    """The canonical code of symbols by the lengths of their codes (RFC 1951, 3.2.2)."""
    table: dict[int, int] = {}
    value = 0
    for length in range(1, _LONGEST + 1):
        for symbol, own in enumerate(lengths):
            if own == length:
                table[1 << length | value] = symbol
                value += 1
        if value > 1 << length:
            raise ValueError("more codes than fit")
        value <<= 1
    return table, min((own for own in lengths if own), default=_LONGEST)


def _fixed() -> tuple[Code, Code]:
    return _code(_FIXED), _code([5] * 32)


def _described(bits: _Bits) -> tuple[Code, Code]:
    """The codes that a block describes at its beginning."""
    letters, distances, lengths = bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4
    own = [0] * 19
    for place in _ORDER[:lengths]:
        own[place] = bits.take(3)
    code = _code(own)
    found: list[int] = []
    while len(found) < letters + distances:
        symbol = bits.symbol(code)
        if symbol < 16:
            found.append(symbol)
        elif symbol == 16:
            if not found:
                raise ValueError("nothing to repeat")
            found += [found[-1]] * (3 + bits.take(2))
        else:
            found += [0] * (3 + bits.take(3) if symbol == 17 else 11 + bits.take(7))
    if len(found) > letters + distances:
        raise ValueError("more lengths than there are symbols")
    return _code(found[:letters]), _code(found[letters:])


def _stored(bits: _Bits) -> Iterator[bytes]:
    bits.align()
    size, check = bits.take(16), bits.take(16)
    if size ^ check != 0xFFFF:
        raise ValueError("the length of a block is wrong")
    yield bytes(bits.take(8) for _ in range(size))


def _packed(bits: _Bits, letters: Code, distances: Code) -> Iterator[bytes | tuple[int, int]]:
    """Single bytes, and (length, distance) of what is repeated."""
    while True:
        symbol = bits.symbol(letters)
        if symbol < 256:
            yield bytes((symbol,))
            continue
        if symbol == 256:
            return
        if symbol > 285:
            raise ValueError("no such length")
        length, more = _LENGTHS[symbol - 257]
        length += bits.take(more)
        distance, more = _DISTANCES[bits.symbol(distances)]
        yield length, distance + bits.take(more)


def _repeat(out: bytearray, length: int, distance: int) -> None:
    if distance > len(out):
        raise ValueError("further back than there is anything")
    begin = len(out) - distance
    while length > 0:
        piece = out[begin : begin + min(length, distance)]
        out += piece
        length -= len(piece)
