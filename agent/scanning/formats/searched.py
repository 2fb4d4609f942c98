"""Documents whose form nobody reads here: text that lies open in their bytes is searched, and the rest is told.

Such a file never counts as clean: where no marking lies open in it, it ends as not examined, with its media type.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import binary
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "searched"
MEDIA_TYPES = (
    "application/onenote",
    "application/postscript",
    "application/vnd.apache.arrow.file",
    "application/vnd.apache.avro",
    "application/vnd.apache.orc",
    "application/vnd.apache.parquet",
    "application/vnd.lotus-1-2-3",
    "application/vnd.ms-htmlhelp",
    "application/vnd.ms-project",
    "application/vnd.ms-publisher",
    "application/vnd.ms-works",
    "application/vnd.visio",
    "application/vnd.wordperfect",
    "application/winhlp",
    "application/x-caj",
    "application/x-ceb",
    "application/x-coreldraw",
    "application/x-gd",
    "application/x-gw",
    "application/x-hwp",
    "application/x-indesign",
    "application/x-mobipocket-ebook",
    "application/x-ms-reader",
    "application/x-msaccess",
    "application/x-mswrite",
    "application/x-pdg",
    "application/x-quark",
    "application/x-sas-data",
    "application/x-sep",
    "application/x-spss-sav",
    "application/x-stata-dta",
    "application/x-yozo",
    "image/vnd.adobe.photoshop",
    "image/vnd.djvu",
    "image/vnd.dwg",
    "image/x-xcf",
)
LIMITS = {"bytes searched": 256 * MiB, "bytes searched at once": 8 * MiB, "values told": 2_000}
LIMITATIONS = (
    "Only text that lies open in the file is found, and only where it is a marking by itself; all else is told as not "
    "examined: print such a document into a PDF, or save it in a form that is read.",
)

_STEP = LIMITS["bytes searched at once"]
_OVERLAP = 2048
"""Bytes of one stretch that are searched again with the next: a value may stand across its end."""


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the values in which there is a literal of some rule, then raise `NotExamined` ``unsupported``."""
    told: set[str] = set()
    source.stream.seek(0)
    before = b""
    for _ in range(0, min(source.size, LIMITS["bytes searched"]), _STEP):
        data = before + source.stream.read(_STEP)
        for value in binary.found_in(data, reading):
            if value not in told and len(told) < LIMITS["values told"]:
                told.add(value)
                yield Passage(Zone.BODY, value, Place(part="setting"))
        before = data[-_OVERLAP:]
    raise NotExamined(Reason.UNSUPPORTED, "a form of document that is not read")
