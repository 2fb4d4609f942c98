"""Diagrams of diagrams.net (.drawio): pages that are packed are unpacked, then read as XML with labels in HTML."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from agent.scanning.formats import markup
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.mime import base64_bytes
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "drawio"
MEDIA_TYPES = ("application/vnd.jgraph.mxfile",)
LIMITS = {"file bytes": 32 * MiB, "bytes of a page": 32 * MiB}
LIMITATIONS = ("Pictures in diagrams are not read.",)

_PAGE = re.compile(rb"<diagram\b[^>]*>([^<]*)</diagram>")
_LABEL = re.compile(r"""\b(?:value|label|name|tooltip)\s*=\s*["']([^"']+)["']""")
_PAGE_BYTES = LIMITS["bytes of a page"]


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the labels in which there is a literal of some rule."""
    raw = markup.plain_bytes(source.read(LIMITS["file bytes"]))
    damaged = False
    yield from _labels(_PAGE.sub(b"", raw), reading)
    for packed in _PAGE.findall(raw):
        if not packed.strip():
            continue
        page = _unpacked(packed)
        if page is None:
            damaged = True
            continue
        reading.budget.spend(len(page))
        yield from _labels(page, reading)
    yield from markup.xml_passages(Source.of(raw), reading)
    if damaged:
        raise NotExamined(Reason.DAMAGED, "a page of the diagram cannot be unpacked")


def _unpacked(packed: bytes) -> bytes | None:
    """A page: Base64 of deflated letters written as in an address; None where it is none."""
    unpacker = zlib.decompressobj(-15)
    try:
        data = unpacker.decompress(base64_bytes(packed), _PAGE_BYTES)
    except zlib.error:
        return None
    if unpacker.unconsumed_tail:
        raise NotExamined(Reason.BOMB, "a page of the diagram unpacks to more than is allowed")
    return unquote_to_bytes(data)


def _labels(page: bytes, reading: Reading) -> Iterator[Passage]:
    """What stands in and beside shapes, without the tags it is dressed with."""
    if not markup.worth(page, reading) and b"&lt;" not in page:
        return
    told = page.decode("utf-8", "replace")
    for label in dict.fromkeys(_LABEL.findall(told)):
        lines = markup.xml_lines("".join(markup.xml_lines(label)))
        said = "\n".join(lines)
        if said and reading.worth(said.encode("utf-8", "replace"), encodings=frozenset({"utf-8"})):
            yield Passage(Zone.BODY, said, Place(part="drawing"))
