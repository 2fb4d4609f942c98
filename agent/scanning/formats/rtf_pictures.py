r"""Pictures inside RTF: the bytes behind ``\pngblip``, ``\emfblip`` and their like, in letters or as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DATA = re.compile(rb"(?:\\[a-zA-Z]+-?\d* ?|\{[^{}]{0,4000}\}|[\r\n ])*?(?:\\bin(\d{1,10}) ?|([0-9a-fA-F\s]{64,}))")


def places(data: bytes, signs: re.Pattern[bytes]) -> Iterator[tuple[int, int, bool]]:
    """Where the bytes of each picture behind one of these control words begin and end, and whether in letters."""
    for sign in signs.finditer(data):
        found = _DATA.match(data, sign.end())
        if found is None:
            continue
        if found[1] is not None:
            yield found.end(), found.end() + int(found[1]), False
        else:
            yield found.start(2), found.end(2), True


def raw(data: bytes, begin: int, end: int, *, letters: bool) -> bytes:
    """The bytes of one picture."""
    if not letters:
        return data[begin:end]
    digits = data[begin:end].translate(None, b" \t\r\n\v\f")
    return bytes.fromhex(digits[: len(digits) & ~1].decode("ascii"))
