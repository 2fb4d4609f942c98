"""Objects of other programs in a compound file of their own: the file that is wrapped in one, and its properties."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import ole_objects, ole_properties, searched
from agent.scanning.formats.base import NotExamined, Piece, Reading, Source
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.identify import Kind, identify
from protocol.records import Reason

NAME = "ole_package"
MEDIA_TYPES = ("application/x-ole-storage", "application/x-mso")
LIMITS = {"member bytes": ole_objects.MEMBER_BYTES}
LIMITATIONS = (
    "Of programs whose files nobody describes only the properties, the files inside and what lies open are read.",
)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the files inside and the properties; where no file is wrapped, what `searched` yields and raises."""
    if source.head(len(ole_objects.ACTIVE_MIME)) == ole_objects.ACTIVE_MIME:
        inside = ole_objects.active_mime(source.read(LIMITS["member bytes"]), LIMITS["member bytes"])
        reading.budget.spend(len(inside))
        source = Source.of(inside)
    file = CompoundFile(source)
    yield from ole_properties.worthy_passages(ole_properties.read_properties(file), reading)
    found = False
    for member in ole_objects.inside(file, "object", reading):
        # Bytes without a name that nobody knows are a program's own form of what it shows.
        found |= "/" in member.name or member.data is None or not _is_unknown(member.data)
        yield member
    if file.damaged:
        raise NotExamined(Reason.DAMAGED, "a part of the compound file is damaged")
    if not found:
        yield from searched.pieces(source, reading)


def _is_unknown(data: bytes) -> bool:
    return identify(Source.of(data), "").kind is Kind.BINARY
