"""Tables of dBASE, FoxPro and their kind (.dbf): the text fields, each value by itself."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.binary import values
from agent.scanning.formats.charset import TEXT_ENCODINGS, decode, rank
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "dbf"
MEDIA_TYPES = ("application/x-dbf",)
LIMITS = {"file bytes": 128 * MiB, "values told": 2_000}
LIMITATIONS = (
    "Of tables text fields are read where they are a marking by themselves.",
    "Remarks that lie in a file beside the table (.dbt, .fpt) are read with that file.",
)

_SEARCHED = frozenset(TEXT_ENCODINGS)
_FIELD = 32


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the values, and the names of fields, in which there is a literal of some rule."""
    data = source.read(LIMITS["file bytes"])
    spans = reading.sieve.spans(data, encodings=_SEARCHED)
    if not spans:
        return
    begin, size = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    fields = list(_fields(data, begin))
    if not fields or size < 2:
        yield from (_passage(value) for value in dict.fromkeys(values(data, spans)))
        raise NotExamined(Reason.DAMAGED, "the table has no fields")
    told: set[str] = set()
    for start, end, encoding in spans:
        if start < begin:
            found = values(data, [(start, end, encoding)])
        else:
            row, place = divmod(start - begin, size)
            found = (
                decode(raw, rank(raw, "", {encoding, "utf-8"})[0]).strip("\0 \ufffd")
                for low, high in fields
                if low <= place < high
                for raw in (data[begin + row * size + low : begin + row * size + high],)
            )
        for value in found:
            if value and value not in told and len(told) < LIMITS["values told"]:
                told.add(value)
                yield _passage(value)


def _fields(data: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Where in a row each field begins and ends; every row begins with a sign that tells whether it was deleted."""
    at, low = _FIELD, 1
    while at + _FIELD <= min(begin, len(data)) and data[at] != 0x0D:
        kind, size = data[at + 11 : at + 12], data[at + 16]
        if kind == b"C":
            size += data[at + 17] << 8
        yield low, low + size
        low += size
        at += _FIELD


def _passage(value: str) -> Passage:
    return Passage(Zone.BODY, value, Place(part="setting"))
