"""Tables in SYLK (.slk), which Excel and its kin still write: cells by row and column, their texts in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import sheet_rows
from agent.scanning.formats.base import MiB, Piece, Reading, Source
from agent.scanning.formats.charset import TEXT_ENCODINGS, byte_order_mark, decode, rank
from agent.scanning.formats.ooxml_tables import Cell, filled
from protocol.records import Place

NAME = "sylk"
MEDIA_TYPES = ("text/x-sylk",)
LIMITS = {"file bytes": 64 * MiB, "rows": 200_000}
LIMITATIONS = ("Formulas, names and formats are not read.",)

_SEARCHED = frozenset(TEXT_ENCODINGS)
_UTF8 = frozenset({"utf-8"})
_FIELD = re.compile(r";([A-Z])((?:[^;]|;;)*)")
_FAR = 10_000_000


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the head of the table and the rows with a literal of some rule in them."""
    data = source.read(LIMITS["file bytes"])
    if not reading.worth(data, encodings=_SEARCHED):
        return
    mark, size = byte_order_mark(data[:4])
    text = decode(data[size:], rank(data[:65_536], mark)[0])
    rows: dict[int, list[Cell]] = {}
    across = down = 1
    for line in text.splitlines():
        if not line.startswith(("C;", "F;")):
            continue
        fields = dict(_FIELD.findall(line))
        across, down = _number(fields.get("X"), across), _number(fields.get("Y"), down)
        value = fields.get("K", "").replace(";;", ";").strip('"')
        if line[0] == "C" and value and (down in rows or len(rows) < LIMITS["rows"]):
            rows.setdefault(down, []).append(Cell(value, across))
    table = [row for _, cells in sorted(rows.items()) if (row := filled(sorted(cells, key=lambda each: each.column)))]
    yield from sheet_rows.sheet(table, lambda text: reading.worth(text, encodings=_UTF8), Place(sheet=1))


def _number(said: str | None, otherwise: int) -> int:
    """A place in the table; where none is said it is that of the cell before."""
    return int(said) if said and said.isascii() and said.isdecimal() and int(said) < _FAR else otherwise
