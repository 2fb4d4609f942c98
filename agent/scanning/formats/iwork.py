"""Pages, Numbers and Keynote: texts in their archives (.iwa, Snappy over Protocol Buffers) and in the XML of 2009.

Nobody describes the records, which differ from version to version. But every text in them stands whole, in UTF-8,
behind its length; so the sieve finds where a literal is, and the length says from where to where the text goes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from agent.scanning.formats import markup
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.snappy import unpacked
from agent.scanning.formats.zipdir import ZipDirectory
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "iwork"
MEDIA_TYPES = ("application/vnd.apple.iwork",)
LIMITS = {"part bytes": 64 * MiB, "member bytes": 64 * MiB, "bytes of a text": 64 * 1024, "texts told": 2_000}
LIMITATIONS = (
    "Which text is a header or stands first on a page is not told: a text counts where it is a marking by itself.",
    "Pictures in the document are not read.",
)

_ARCHIVE = re.compile(r"(?i)\.iwa$")
_XML = re.compile(r"(?i)(?:^|/)index\.(?:xml|apxl)(?:\.gz)?$")
_FILE = re.compile(r"(?i)(?:^|/)(?:index\.zip|quicklook/[^/]+\.pdf|data/[^/]+\.(?:pdf|docx?|xlsx?|pptx?|zip))$")
_LOCKED = re.compile(r"(?i)(?:^|/)\.iwp(?:h|v2)$")
_UTF8 = frozenset({"utf-8"})
_RUN = re.compile(rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+")
_AROUND = LIMITS["bytes of a text"]
_MOST = LIMITS["texts told"]


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the texts in which there is a literal of some rule, and the files inside that hold text of their own.

    Raises `NotExamined`: ``encrypted``, ``damaged``, or ``unsupported`` where nothing is known in it.
    """
    if not source.head(4).startswith(b"PK"):
        yield from _texts(_records(source.read(LIMITS["part bytes"]), reading), reading)
        return
    directory = ZipDirectory(source)
    entries = [(entry.name.replace("\\", "/"), entry) for entry in directory.entries if not entry.is_folder]
    if any(_LOCKED.search(name) for name, _ in entries):
        raise NotExamined(Reason.ENCRYPTED, "an iWork document behind a password")
    known = 0
    problem: NotExamined | None = None
    for name, entry in entries:
        is_file = _FILE.search(name)
        if not is_file and not _ARCHIVE.search(name) and not _XML.search(name):
            continue
        known += 1
        try:
            limit = LIMITS["member bytes" if is_file else "part bytes"]
            data = bytes(directory.read(entry, reading.budget, limit, bombs=False))
            if is_file:
                yield Member(name, data, len(data))
            elif _ARCHIVE.search(name):
                yield from _texts(_records(data, reading), reading)
            else:
                yield from markup.xml_passages(Source.of(_plain(data, reading)), reading)
        except NotExamined as lost:
            problem = problem or lost
    if problem := problem or directory.problem:
        raise problem
    if not known:
        raise NotExamined(Reason.UNSUPPORTED, "an iWork document without a part that is known")


def _plain(data: bytes, reading: Reading) -> bytes:
    """XML as it was before gzip. Raises `NotExamined`."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(31)
    try:
        xml = unpacker.decompress(data, LIMITS["part bytes"])
    except zlib.error as error:
        raise NotExamined(Reason.DAMAGED, "a part of the document is damaged") from error
    if unpacker.unconsumed_tail:
        raise NotExamined(Reason.TOO_LARGE, "a part of the document is too large")
    reading.budget.spend(len(xml))
    return xml


def _records(data: bytes, reading: Reading) -> bytes:
    """What an archive holds: chunks, each of a type (0), three bytes of length, and Snappy. Raises `NotExamined`."""
    found = bytearray()
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "little")
        if data[at] or at + 4 + size > len(data):
            raise NotExamined(Reason.DAMAGED, "an archive of the document breaks off")
        part = unpacked(data[at + 4 : at + 4 + size], LIMITS["part bytes"] - len(found))
        reading.budget.spend(len(part))
        found += part
        at += 4 + size
    return bytes(found)


def _texts(records: bytes, reading: Reading) -> Iterator[Passage]:
    """The texts in these records that hold a literal, each once."""
    told: set[tuple[int, int]] = set()
    bounds = (0, 0)
    for start, end, _ in reading.sieve.spans(records, encodings=_UTF8):
        if bounds[0] <= start and end <= bounds[1]:
            continue  # in the text of the one before
        bounds = _bounds(records, start, end)
        if bounds in told:
            continue
        if len(told) >= _MOST:
            return
        told.add(bounds)
        text = records[slice(*bounds)].decode("utf-8", "replace").replace("\u2028", "\n").strip()
        if text:
            yield Passage(Zone.BODY, text, Place(part="text"))


def _bounds(records: bytes, start: int, end: int) -> tuple[int, int]:
    """From where to where the text around a place goes: as its length says, else as far as characters go."""
    low = max(0, start - _AROUND)
    low += next((at for at, byte in enumerate(records[low : low + 4]) if byte & 0xC0 != 0x80), 0)
    begin = stop = start
    for run in _RUN.finditer(records, low, min(len(records), end + _AROUND)):
        if run.start() <= start < run.end():
            begin, stop = run.span()
            break
    for first in (begin, begin + 1):  # a length from 32 to 126 looks like a letter
        size = _length_before(records, first)
        if first <= start and first + size >= end and size <= stop - first:
            return first, first + size
    return begin, max(stop, end)


def _length_before(records: bytes, at: int) -> int:
    """The number that ends before a place (Protocol Buffers, base 128); 0 where none does."""
    if at < 2 or records[at - 1] & 0x80:
        return 0
    begin = at - 1
    while begin > 1 and at - begin < 4 and records[begin - 1] & 0x80:
        begin -= 1
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(records[begin:at]))
