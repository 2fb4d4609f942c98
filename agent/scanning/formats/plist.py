"""Property lists in binary form, as Apple's programs keep settings, and saved web pages (.webarchive)."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from xml.parsers.expat import ExpatError

from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.identify import Kind, identify
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "plist"
MEDIA_TYPES = ("application/x-bplist",)
LIMITS = {"file bytes": 32 * MiB, "values": 200_000, "depth": 100}
LIMITATIONS = ("Of property lists texts are read where they are a marking by themselves, and files kept in them.",)

_UTF8 = frozenset({"utf-8"})
_FILES = frozenset({Kind.DOCUMENT, Kind.CONTAINER, Kind.TEXT})
_SMALLEST = 16
"""Bytes from which on data may be a file."""
_ENDINGS = {"text/html": "html", "text/plain": "txt", "application/pdf": "pdf", "image/svg+xml": "svg"}
_LONGEST = 400


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the values in which there is a literal, and the files inside."""
    data = source.read(LIMITS["file bytes"])
    try:
        root = plistlib.loads(data, fmt=plistlib.FMT_BINARY)
    except (plistlib.InvalidFileException, ValueError, TypeError, KeyError, OverflowError, RecursionError, ExpatError):
        raise NotExamined(Reason.DAMAGED, "the property list cannot be read") from None
    texts: list[str] = []
    files: list[tuple[str, bytes]] = []
    _walk(root, texts, files)
    number = 0
    for kind, inside in files:
        name = f"data{number + 1}.{_ENDINGS.get(kind, 'bin')}"
        if identify(Source.of(inside), name).kind in _FILES:
            number += 1
            reading.budget.spend(len(inside))
            yield Member(name, inside, len(inside))
    for value in dict.fromkeys(line.strip() for text in texts for line in text.split("\n")):
        if value and reading.worth(value.encode("utf-8", "replace"), encodings=_UTF8):
            yield Passage(Zone.BODY, value[:_LONGEST], Place(part="setting"))


def _walk(root: object, texts: list[str], files: list[tuple[str, bytes]]) -> None:
    """Gather the texts and the data of a list, however deep, each object once."""
    waiting: list[tuple[object, int]] = [(root, 0)]
    seen: set[int] = set()
    while waiting and len(seen) < LIMITS["values"]:
        each, depth = waiting.pop()
        if isinstance(each, str):
            texts.append(each)
        elif isinstance(each, dict | list) and id(each) not in seen and depth < LIMITS["depth"]:
            seen.add(id(each))
            if isinstance(each, list):
                waiting += [(one, depth + 1) for one in each]
                continue
            waiting += [(key, depth + 1) for key in each]
            kind = each.get("WebResourceMIMEType")
            for value in each.values():
                if isinstance(value, bytes):
                    if len(value) >= _SMALLEST:
                        files.append((kind if isinstance(kind, str) else "", value))
                else:
                    waiting.append((value, depth + 1))
        elif isinstance(each, bytes) and len(each) >= _SMALLEST:
            files.append(("", each))
