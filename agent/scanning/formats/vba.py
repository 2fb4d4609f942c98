"""Macros in Visual Basic: their source as it lies packed in a document, its strings and comments told.

[MS-OVBA] 2.3.4 (streams of a project) and 2.4.1 (how they are packed).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from agent.scanning.formats.base import MiB, NotExamined, Reading, Source
from agent.scanning.formats.charset import decode, rank
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.quoted import values
from protocol.records import Place
from signatures.passages import Passage, Zone

STREAM_BYTES = 16 * MiB
"""Bytes of one module, packed or not; what is beyond is not read."""
_FOLDER = "vba"
_FIRST_WORDS = b"\0Attribut"
"""How the packed source of a module begins, after three bytes; what stands before is for the program only."""
_ENCODINGS = frozenset({"utf-8", "gb18030", "big5", "ent"})
_COMMENT = re.compile(r"(?i)^\s*(?:'|rem\s)\s*(.+)$")


def of_project(data: bytes, reading: Reading) -> Iterator[Passage]:
    """The macros of a ``vbaProject.bin``; nothing where it is none."""
    try:
        file = CompoundFile(Source(io.BytesIO(data), len(data)))
    except NotExamined:
        return
    yield from passages(file, reading)


def passages(file: CompoundFile, reading: Reading) -> Iterator[Passage]:
    """Strings and comments, in the macros of a compound file, that hold a literal of some rule."""
    for entry in file:
        if entry.is_storage or len(entry.path) < 2 or entry.path[-2].lower() != _FOLDER:
            continue
        try:
            packed = file.content(entry, STREAM_BYTES)
        except NotExamined:
            continue  # the document's own reader says that it is damaged
        begin = packed.find(_FIRST_WORDS) - 3
        source = expanded(packed[begin:]) if begin >= 0 else b""
        if source and reading.worth(source, encodings=_ENCODINGS):
            reading.budget.spend(len(source))
            yield from _told(decode(source, rank(source[:65536])[0]), reading)


def _told(source: str, reading: Reading) -> Iterator[Passage]:
    for line in source.splitlines():
        if reading.worth(line.encode("utf-8", "replace"), encodings=_ENCODINGS):
            comment = _COMMENT.match(line)
            for text in [comment[1]] if comment else values(line, code=True):
                yield Passage(Zone.BODY, text.strip(), Place(part="macro"))


def expanded(data: bytes) -> bytes:
    """Unpack a container of [MS-OVBA] 2.4.1; of a damaged one what comes before the damage."""
    out = bytearray()
    at = 1 if data[:1] == b"\1" else len(data)
    while at + 2 < len(data) and len(out) < STREAM_BYTES:
        header = int.from_bytes(data[at : at + 2], "little")
        end = min(at + (header & 0xFFF) + 3, len(data))
        if header & 0x8000:
            _chunk(data, at + 2, end, out)
        else:
            out += data[at + 2 : end]
        at = end
    return bytes(out)


def _chunk(data: bytes, at: int, end: int, out: bytearray) -> None:
    """One packed chunk: bytes as they are, and copies of what came before in this chunk."""
    first = len(out)
    while at < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= end:
                return
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            token = int.from_bytes(data[at : at + 2], "little")
            at += 2
            done = len(out) - first
            width = max(4, (done - 1).bit_length())
            back = (token >> (16 - width)) + 1
            if back > done:
                return
            for _ in range((token & (0xFFFF >> width)) + 3):
                out.append(out[-back])
