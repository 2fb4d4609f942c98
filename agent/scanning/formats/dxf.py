r"""Drawings in AutoCAD's exchange form (.dxf) in letters: texts without their codes, ``\U+673A`` as a character."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import escapes, text
from agent.scanning.formats.base import MiB, Piece, Reading, Source

NAME = "dxf"
MEDIA_TYPES = ("image/vnd.dxf",)
LIMITS = {"file bytes": 64 * MiB}
LIMITATIONS = (
    "Drawings larger than 64 MiB are searched as plain text.",
    "Drawings in AutoCAD's own form (.dwg) are not read, and told so.",
)

_CODE = re.compile(rb"\\[fFHCQTWAp][^;\\\r\n]{0,80};|\\[LlOoKk]|(?<!\\)[{}]")
_END = re.compile(rb"\\P")
_OLD = re.compile(rb"(?:\\M\+([1-5])([0-9A-Fa-f]{4}))+")
_OLD_ONE = re.compile(rb"\\M\+([1-5])([0-9A-Fa-f]{4})")
_PAGES = {b"1": "cp932", b"2": "big5hkscs", b"3": "cp949", b"4": "johab", b"5": "gb18030"}


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of the texts as they are meant."""
    if source.size <= LIMITS["file bytes"]:
        data = source.read(LIMITS["file bytes"])
        if b"\\" in data:
            data = _OLD.sub(_old, escapes.plain(_END.sub(b"\n", _CODE.sub(b"", data))))
            source = Source.of(data)
    yield from text.pieces(source, reading)


def _old(run: re.Match[bytes]) -> bytes:
    said = (
        bytes.fromhex(digits.decode("ascii")).decode(_PAGES[page], "replace")
        for page, digits in _OLD_ONE.findall(run[0])
    )
    return "".join(said).encode("utf-8", "replace")
