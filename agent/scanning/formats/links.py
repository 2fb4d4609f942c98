"""Files that only lead to another (.url, .desktop, .webloc): its name, written as in an address."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import escapes, text
from agent.scanning.formats.base import MiB, Piece, Reading, Source

NAME = "links"
MEDIA_TYPES = ("application/x-url",)
LIMITS = {"file bytes": MiB}
LIMITATIONS = ("A file of addresses larger than 1 MiB is searched as it stands.",)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of the text, and of the names that are written in it as in an address."""
    if source.size <= LIMITS["file bytes"]:
        source = Source.of(escapes.without_percent(source.read(LIMITS["file bytes"])))
    yield from text.pieces(source, reading)
