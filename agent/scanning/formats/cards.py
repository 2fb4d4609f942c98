"""Calendars and address cards (.ics, .vcs, .vcf): lines put together, letters out of their transfer encoding.

RFC 5545 and 6350, and the older versions 1.0 and 2.1, which write quoted-printable.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from agent.scanning.formats import mime, text
from agent.scanning.formats.base import MiB, Piece, Reading, Source
from agent.scanning.formats.charset import TEXT_ENCODINGS
from protocol.records import Place
from signatures.passages import Passage, Zone

NAME = "cards"
MEDIA_TYPES = ("text/calendar", "text/vcard")
LIMITS = {"bytes put together": 32 * MiB}
LIMITATIONS = (
    "A calendar larger than 32 MiB is searched as plain text.",
    "Pictures and files within cards and calendars are not read.",
)

_UTF8 = frozenset({"utf-8"})
_SEARCHED = frozenset(TEXT_ENCODINGS)
_FOLDED = re.compile(rb"\r?\n[ \t]")
_QUOTED = re.compile(
    rb"^([^:\r\n]{0,200};(?:ENCODING=)?QUOTED-PRINTABLE[^:\r\n]{0,200}):((?:[^\r\n]*=\r?\n)*[^\r\n]*)", re.I | re.M
)
_CHARSET = re.compile(rb"CHARSET=([\w-]{2,40})", re.IGNORECASE)
_SUMMARY = re.compile(r"\s*SUMMARY\s*(?:;|$)", re.IGNORECASE)
"""What a meeting is called, as a mail's subject is."""
_MEANT = re.compile(rb"\\([nN,;\\])")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of the text as it is meant, and each value that is a marking by itself."""
    if source.size > LIMITS["bytes put together"]:
        yield from text.pieces(source, reading)
        return
    data = source.read(LIMITS["bytes put together"])
    if b"\0" not in data:
        data = _QUOTED.sub(_read, _FOLDED.sub(b"", data) if not _QUOTED.search(data) else data)
        data = _MEANT.sub(lambda sign: b"\n" if sign[1] in b"nN" else sign[1], _FOLDED.sub(b"", data))
    yield from text.pieces(Source.of(data), reading)
    if reading.worth(data, encodings=_SEARCHED):
        for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
            name, _, value = line.partition(":")
            value = value.strip()
            if value and reading.worth(value.encode("utf-8", "replace"), encodings=_UTF8):
                zone = Zone.SUBJECT if _SUMMARY.match(name) else Zone.BODY
                yield Passage(zone, value, Place(line=number))


def _read(line: re.Match[bytes]) -> bytes:
    """A line in quoted-printable, in UTF-8."""
    charset = _CHARSET.search(line[1])
    raw = binascii.a2b_qp(line[2])
    said = mime.characters(raw, charset[1].decode("ascii") if charset else "")
    return line[1] + b":" + said.encode("utf-8", "replace")
