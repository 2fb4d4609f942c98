"""What the exact readers of Word, Excel and PowerPoint before Office Open XML pass over: names, labels, choices.

A program keeps far more than its paragraphs and cells: the prefix of a list, the name of a bookmark or of a show, the
default of a form, a scenario. They stand in UTF-16 among bytes of other kinds. Where a literal of some rule is in such
a value and nobody has told it yet, the value is a passage of its own; see `corners`, which does the same for XML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.scanning.formats.base import MiB, Reading
from agent.scanning.formats.binary import values
from agent.scanning.formats.corners import Told, constants
from protocol.records import Place
from signatures.passages import Passage, Zone

MOST_BYTES = 4 * MiB
"""Bytes of one stream that are looked at: what is larger holds pictures."""
_WIDE = frozenset({"utf-16-le"})


def passages(streams: Iterable[bytes], reading: Reading, told: Told) -> Iterator[Passage]:
    """Yield the values in these streams that hold a literal and were not told yet."""
    for stream in streams:
        if len(stream) > MOST_BYTES:
            continue
        for data in (stream, stream[1:]):  # they begin at any byte
            for found in values(data, reading.sieve.spans(data, encodings=_WIDE)):
                for value in constants(found):
                    if not told.has(value):
                        yield Passage(Zone.BODY, value, Place(part="setting"))
