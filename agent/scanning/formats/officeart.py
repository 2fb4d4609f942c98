"""Office drawings (MS-ODRAW) of the binary formats: records in records, and texts that shapes have as properties."""

from __future__ import annotations

import struct
from codecs import utf_16_le_decode
from collections.abc import Iterator
from typing import NamedTuple

from signatures.passages import Zone

CONTAINER = 0xF
"""The version of a record that holds records."""
_DEEPEST = 64
_HEAD = struct.Struct("<HHI").unpack_from
OPTIONS = frozenset({0xF00B, 0xF121, 0xF122})
"""Kinds of the records with the properties of a shape."""
_LETTERING = 0x00C0
_DESCRIPTION = 0x0381
_TURNED = 0x0004


class Record(NamedTuple):
    """One record: where its contents begin and end."""

    version: int
    instance: int
    kind: int
    begin: int
    end: int


def records(data: bytes, begin: int, end: int) -> Iterator[Record]:
    """The records of one stretch, in order; the last ends with the stretch, whatever it says."""
    end = min(end, len(data))
    while begin + 8 <= end:
        first, kind, length = _HEAD(data, begin)
        begin += 8
        yield Record(first & 15, first >> 4, kind, begin, min(begin + length, end))
        begin += length


def all_records(
    data: bytes, begin: int = 0, end: int | None = None, *, kinds: frozenset[int] | None = None
) -> Iterator[Record]:
    """Every record at any depth, or all of some ``kinds``, containers before what they hold.

    Each begins at a place of its own, so that there are never more than an eighth of the bytes.
    """
    end = len(data) if end is None else min(end, len(data))
    around: list[tuple[int, int]] = []
    """Of each container around: its end, and where what follows it begins."""
    at = begin
    while True:
        while at + 8 > end:
            if not around:
                return
            at = around[-1][1]
            end = around.pop()[0]
        first, kind, length = _HEAD(data, at)
        begin = at + 8
        after = begin + length
        stop = after if after < end else end
        if kinds is None or kind in kinds:
            yield Record(first & 15, first >> 4, kind, begin, stop)
        if first & 15 == CONTAINER and len(around) < _DEEPEST:
            around.append((end, after))
            at, end = begin, stop
        else:
            at = after


def options(data: bytes, record: Record) -> dict[int, tuple[int, bytes]]:
    """The properties of a shape: identifier to its value and, of complex ones, the bytes."""
    found: dict[int, tuple[int, bytes]] = {}
    count = min(record.instance, (record.end - record.begin) // 6)
    at = record.begin + 6 * count
    for index in range(count):
        identifier, value = struct.unpack_from("<HI", data, record.begin + 6 * index)
        raw = b""
        if identifier & 0x8000:
            raw = data[at : min(at + value, record.end)]
            at += value
        found[identifier & 0x3FFF] = value, raw
    return found


def words(data: bytes, record: Record) -> Iterator[tuple[Zone, str]]:
    """The texts that a shape's properties carry: lettering (WordArt, as watermarks are) and alternative texts."""
    if record.kind not in OPTIONS:
        return
    found = options(data, record)
    for identifier, zone in ((_LETTERING, Zone.WATERMARK), (_DESCRIPTION, Zone.CAPTION)):
        raw = found.get(identifier, (0, b""))[1]
        text = wide(raw).partition("\0")[0].replace("\r", "\n").strip()
        if text:
            yield zone, text


def is_turned(data: bytes, record: Record) -> bool:
    """Whether the properties of a shape slant it."""
    turned = options(data, record).get(_TURNED) if record.kind in OPTIONS else None
    return turned is not None and is_slanted(turned[0] / 0x10000)


def is_slanted(degrees: float) -> bool:
    """Whether a turn is more than a hand's tremor off any right angle, as watermarks hang and other boxes do not."""
    return 5 < degrees % 90 < 85


def shape_texts(data: bytes, begin: int = 0, end: int | None = None) -> list[tuple[Zone, str]]:
    """The same of every shape in a stretch of drawing data."""
    return [each for record in all_records(data, begin, end, kinds=OPTIONS) for each in words(data, record)]


def wide(data: bytes | memoryview) -> str:
    """UTF-16 as text that every encoder takes: lone surrogates are replaced."""
    return utf_16_le_decode(data, "replace", True)[0]
