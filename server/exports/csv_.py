"""CSV in UTF-8 with a byte-order mark, as spreadsheet programs want it. No cell is ever a formula (CWE-1236)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from server.exports.rows import Row

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """The export, piece by piece."""
    yield b"\xef\xbb\xbf" + _line(list(Row.__struct_fields__))
    for row in rows:
        values = msgspec.to_builtins(row)
        yield _line([_cell(str(values[name])) for name in Row.__struct_fields__])


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Any small table as a whole file."""
    made = (_line([_cell(text) for text in row]) for row in (heading, *rows))
    return b"\xef\xbb\xbf" + b"".join(made)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text


def _line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
