"""What encoding bytes look to be in, cheaply told from samples: by it the quickest of several ways is chosen."""

from __future__ import annotations

from signatures.engine.engines import Data

LIKELY = ("utf-8", "gb18030")
"""The encodings of which one is taken to be that of a text, unless it is in UTF-16."""

_TOLD = 512
"""Bytes from which on UTF-16 betrays itself."""
_SAMPLE = 2048
_IN_TEXT = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\v\f\r")
_ASCII = bytes(range(128))
_HIGH = bytes([0x00, 0x20, 0x30, *range(0x4E, 0xA0), 0xFF])
"""The upper bytes of nearly all characters of Chinese text."""


def possible(encodings: frozenset[str], data: Data) -> frozenset[str]:
    """Those of the encodings that these bytes can be in, as far as that is cheaply told.

    In UTF-16 every blank, digit, line end and Latin letter has a NUL, and of Chinese one character in ten a control
    byte: a stretch of text without either is in none. And what is ASCII in one encoding is so in all of them.
    """
    raw = bytes(data)
    if len(raw) < _TOLD or b"\0" in raw or raw[:4096].translate(None, _IN_TEXT):
        return encodings
    if "utf-8" in encodings and raw.isascii():
        return frozenset({"utf-8"})
    return encodings - {"utf-16-le", "utf-16-be"}


def likely_of(data: Data) -> str:
    """The encoding that a text most likely is in, of `LIKELY`: only the speed depends on it."""
    middle = len(data) // 2
    for begin in (0, middle):
        sample = bytes(data[begin : begin + _SAMPLE])
        if not sample.isascii():
            return "utf-8" if _in_utf8(sample) else "gb18030"
    return "utf-8"


def in_utf16(data: Data) -> bool:
    """Whether it looks as Chinese text in UTF-16-LE does: only the speed depends on it."""
    if len(data) < _TOLD:
        return False
    middle = len(data) // 4 * 2
    for begin in (0, middle):
        sample = bytes(data[begin : begin + _SAMPLE])
        if 20 * len(sample[1::2].translate(None, _HIGH)) > len(sample[1::2]):
            return False
        if 4 * len(sample[::2].translate(None, _ASCII)) < len(sample[::2]):
            return False
    return True


def _in_utf8(sample: bytes) -> bool:
    """Whether bytes cut out of a text are UTF-8: the first and the last character may be cut in two."""
    begin = next((at for at in range(min(4, len(sample))) if sample[at] & 0xC0 != 0x80), 0)
    try:
        sample[begin:].decode("utf-8")
    except UnicodeDecodeError as problem:
        return problem.start >= len(sample) - begin - 3 and "unexpected end" in problem.reason
    return True


def has_many_nuls(data: Data) -> bool:
    """Whether it looks as ASCII text in UTF-16 does: only the speed depends on it."""
    middle = len(data) // 2
    return any(
        8 * sample.count(b"\0") > len(sample)
        for sample in (bytes(data[begin : begin + _SAMPLE]) for begin in (0, middle))
    )
