"""Films of Flash (.swf), as old courseware has them: values among their tags, unpacked."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator

from agent.scanning.formats import binary
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "flash"
MEDIA_TYPES = ("application/x-shockwave-flash",)
LIMITS = {"file bytes": 64 * MiB, "unpacked bytes": 64 * MiB, "values told": 2_000}
LIMITATIONS = ("Of films of Flash values are read that are a marking by themselves, not letters drawn as shapes.",)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the values in which there is a literal. Raises `NotExamined` where the film cannot be unpacked."""
    data = source.read(LIMITS["file bytes"])
    found = dict.fromkeys(binary.found_in(_unpacked(data, reading), reading))
    for value in list(found)[: LIMITS["values told"]]:
        yield Passage(Zone.BODY, value, Place(part="setting"))


def _unpacked(data: bytes, reading: Reading) -> bytes:
    """The film behind its head: packed by zlib (``CWS``), LZMA (``ZWS``) or not at all (``FWS``)."""
    limit = LIMITS["unpacked bytes"]
    try:
        if data.startswith(b"C"):
            out = zlib.decompressobj().decompress(data[8:], limit)
        elif data.startswith(b"Z"):
            packed = data[12:17] + b"\xff" * 8 + data[17:]
            out = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=limit).decompress(packed, limit)
        else:
            return data[8:]
    except (zlib.error, lzma.LZMAError):
        raise NotExamined(Reason.DAMAGED, "the film cannot be unpacked") from None
    reading.budget.spend(len(out))
    return out
