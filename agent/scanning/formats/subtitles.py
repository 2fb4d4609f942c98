"""Subtitles of SubStation Alpha (.ass, .ssa): what is shown, without times and styles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import text
from agent.scanning.formats.base import MiB, Piece, Reading, Source
from agent.scanning.formats.markup import plain_bytes

NAME = "subtitles"
MEDIA_TYPES = ("text/x-ssa",)
LIMITS = {"file bytes": 32 * MiB}
LIMITATIONS = ("Files larger than 32 MiB are searched as plain text.",)

_EVENT = re.compile(rb"^(?:Dialogue|Comment):(?:[^,\r\n]*,){9}", re.MULTILINE)
_OVERRIDE = re.compile(rb"\{[^{}\r\n]{0,1000}\}")
_BREAK = re.compile(rb"\\[Nn]")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of what is shown."""
    if source.size <= LIMITS["file bytes"]:
        data = plain_bytes(source.read(LIMITS["file bytes"]))
        # Remarks of the translator stand in braces too, without a backslash.
        data = _OVERRIDE.sub(lambda found: b"" if b"\\" in found[0] else b"\n" + found[0][1:-1] + b"\n", data)
        source = Source.of(_BREAK.sub(b"\n", _EVENT.sub(b"", data)))
    yield from text.pieces(source, reading)
