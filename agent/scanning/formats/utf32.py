"""Text of four bytes to the character (UTF-32), with or without a mark at its start: read as any other text."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import text
from agent.scanning.formats.base import MiB, Piece, Reading, Source

NAME = "utf32"
MEDIA_TYPES = ("text/plain; charset=utf-32",)
LIMITS = {"file bytes": 256 * MiB}
LIMITATIONS = ("What a text is beyond characters (a table, data, mail) is not asked.",)

_ORDERS = {b"\xff\xfe\0\0": "utf-32-le", b"\0\0\xfe\xff": "utf-32-be"}


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield what `text` does for the same characters in UTF-8."""
    data = source.read(LIMITS["file bytes"])
    # Of a character four bytes wide the first or the last is 0.
    order = _ORDERS.get(data[:4]) or ("utf-32-be" if data[::4].count(0) >= data[3::4].count(0) else "utf-32-le")
    told = data.decode(order, "replace").removeprefix("\ufeff").encode("utf-8", "replace")
    yield from text.pieces(Source.of(told), reading)
