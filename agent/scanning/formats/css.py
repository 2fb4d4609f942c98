"""Style sheets (.css and kin): characters by their numbers, and files written into addresses."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import data_uris, escapes, text
from agent.scanning.formats.base import MiB, Piece, Reading, Source

NAME = "css"
MEDIA_TYPES = ("text/css",)
LIMITS = {"bytes read with their escapes": 32 * MiB}
LIMITATIONS = ("A style sheet larger than 32 MiB is searched as it stands.",)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the files inside, and the passages of the text as it is meant."""
    if source.size <= LIMITS["bytes read with their escapes"]:
        data = source.read(LIMITS["bytes read with their escapes"])
        yield from data_uris.members(data, reading)
        if b"\0" not in data:
            source = Source.of(escapes.style_sheet(data))
    yield from text.pieces(source, reading)
