"""JSON Lines: one violation a line, with the field names of `server.exports.rows.Row`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from server.exports.rows import Row


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """The export, piece by piece."""
    encoder = msgspec.json.Encoder()
    for row in rows:
        yield encoder.encode(row) + b"\n"
