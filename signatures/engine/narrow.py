"""ASCII text in UTF-16, which engines are slow with: every other byte is NUL, as in the strings they look for.

Searched as what it says, half as long and in one byte a character, it takes a third of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from signatures.engine.engines import Data
from signatures.engine.likely import has_many_nuls

_TOLD = 512
"""Bytes from which on it is worth the trouble."""
_MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


def is_seen_narrow(texts: Iterable[str]) -> bool:
    """Whether all of these, where they stand in ASCII text in UTF-16, stand there as ASCII in that very UTF-16.

    Not so a single ASCII character, which is a byte of it as well, nor one all of whose characters are U+xx00: read
    with its bytes the other way round, such text is of these.
    """
    return _seen_otherwise().search("\n".join(texts)) is None


@lru_cache(maxsize=1)
def _seen_otherwise() -> re.Pattern[str]:
    """One of several lines that is seen otherwise: all at once, as there may be tens of thousands."""
    low = "".join(f"\\u{high:02x}00" for high in range(256))
    return re.compile(rf"^[^\S\n]*(?:[\x00-\x7f]|[{low}]+)[^\S\n]*$", re.MULTILINE)


def narrowed(data: Data, encodings: frozenset[str]) -> tuple[bytes, int, str] | None:
    """The ASCII text that these bytes are in UTF-16, from which byte on and in which of ``encodings``; else None."""
    if len(data) < _TOLD:
        return None
    head = bytes(data[:_TOLD])
    if head[2::2].count(0) < len(head) // 2 - 1 and head[3::2].count(0) < len(head) // 2 - 1:
        return None  # seen without looking at all of it
    if not has_many_nuls(data):
        return None
    raw = bytes(data)
    for encoding, mark in _MARKS.items():
        begin = len(mark) if raw.startswith(mark) else 0
        if encoding not in encodings or bool(raw[begin]) is (encoding == "utf-16-be"):
            continue
        upper = raw[begin + (encoding == "utf-16-le") : _TOLD : 2]
        if upper.count(0) < len(upper):
            continue  # seen without decoding all of it
        try:
            text = raw[begin : begin + (len(raw) - begin) // 2 * 2].decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isascii():
            return text.encode("ascii"), begin, encoding
    return None
