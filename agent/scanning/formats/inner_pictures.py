"""Pictures inside office files that carry no or little text: a scan that was put into a document.

Told apart from the readers of these formats: where text is not the matter, most of them are zips with a folder of
pictures. Those of the binary formats and of RTF are in `old_pictures`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from agent.scanning import formats
from agent.scanning.formats.base import Budget, MiB, NotExamined, Picture, Source
from agent.scanning.formats.zipdir import ZipDirectory
from agent.scanning.formats.zipentry import Entry
from protocol.records import Reason


class _OldPictures(Protocol):
    def of(self, name: str, source: Source, little: int) -> Iterator[Picture]: ...


LITTLE = 400
"""Characters of text below which a document's pictures are what matters in it."""
MOST_PICTURES = 40
PICTURE_BYTES = 64 * MiB
_MOST_TEXT = 2 * MiB
"""Bytes of a part from which it is taken to be full of text, without being unpacked."""

_WHERE: dict[str, tuple[re.Pattern[bytes], re.Pattern[bytes]]] = {
    name: (
        re.compile(rb"(?i)^/?" + pictures + rb"[^/]+\.(?:png|jpe?g|tiff?|bmp|gif|webp|jp2)$"),
        re.compile(rb"(?i)^/?" + texts),
    )
    for name, pictures, texts in (
        ("docx", rb"word/media/", rb"word/(?:document\d*|header\d*|footer\d*)\.xml$"),
        ("pptx", rb"ppt/media/", rb"ppt/slides/[^/]+\.xml$"),
        ("xlsx", rb"xl/media/", rb"xl/(?:sharedstrings|worksheets/[^/]+)\.xml$"),
        ("odf", rb"pictures/", rb"content\.xml$"),
        ("ofd", rb"(?:[^/]+/)*", rb"(?:[^/]+/)*(?:content|template[^/]*)\.xml$"),
        ("epub", rb"(?:[^/]+/)*", rb"(?:[^/]+/)*[^/]+\.x?html?$"),
        ("xps", rb"(?:[^/]+/)*", rb"(?:[^/]+/)*[^/]+\.fpage$"),
        ("uof", rb"(?:[^/]+/)*", rb"(?:[^/]+/)*content\.xml$"),
    )
}
"""By the name of the format: where its pictures lie, and its text."""
_FLAT = frozenset({"wordml", "flat_opc", "odf", "uof"})
"""Formats that are one XML, or may be: their pictures stand in it, coded in letters."""
_CODED = re.compile(rb">\s*((?:iVBORw0KGgo|/9j/|R0lGOD|SUkqA|TU0AK|Qk[0-3])[A-Za-z0-9+/\s]{100,}={0,2})\s*</")
"""A picture in Base64, known by its first bytes."""
_OLD = frozenset({"doc", "xls", "ppt", "rtf"})
_TAGS = re.compile(rb"<[^>]*>|\s+")
_DIGITS = re.compile(r"(\d+)")


def of(name: str | None, source: Source) -> Iterator[Picture]:
    """The pictures of a document that the format ``name`` reads, in order, where it has no or little text."""
    where = _WHERE.get(name or "")
    if name in _FLAT and source.head(2) != b"PK":
        yield from _flat(source)
        return
    if where is None:
        if name in _OLD:
            yield from _old().of(name, source, LITTLE)
        return
    pictures, texts = where
    try:
        directory = ZipDirectory(source)
    except (NotExamined, OSError):
        return  # told by the format itself
    found = [entry for entry in directory.entries if pictures.search(entry.raw) and not entry.encrypted]
    if not found or _text(directory, texts) >= LITTLE:
        return
    found.sort(key=lambda entry: [int(part) if part.isdigit() else part for part in _DIGITS.split(entry.name)])
    budget = Budget()
    for page, entry in enumerate(found[:MOST_PICTURES], 1):
        yield Picture(_loader(directory, entry, budget), page)


def _flat(source: Source) -> Iterator[Picture]:
    """The pictures of a document that is one XML."""
    if source.size > PICTURE_BYTES:
        return
    xml = source.read(PICTURE_BYTES)
    found = [match.span(1) for match in _CODED.finditer(xml)][:MOST_PICTURES]
    if found and len(_TAGS.sub(b"", _CODED.sub(b"></", xml))) < LITTLE:
        for page, (begin, end) in enumerate(found, 1):
            yield Picture(_decoder(xml[begin:end]), page)


def _decoder(coded: bytes) -> Callable[[], bytes]:
    def load() -> bytes:
        try:
            return base64.b64decode(coded)
        except binascii.Error:
            raise NotExamined(Reason.DAMAGED, "a picture is damaged") from None

    return load


def _old() -> _OldPictures:
    """The module for the binary formats, which loads their readers: only once it is asked for."""
    return cast("_OldPictures", formats.load("old_pictures"))


def _loader(directory: ZipDirectory, entry: Entry, budget: Budget) -> Callable[[], bytes]:
    return lambda: bytes(directory.read(entry, budget, PICTURE_BYTES, bombs=False))


def _text(directory: ZipDirectory, texts: re.Pattern[bytes]) -> int:
    """How many bytes of text a document shows, counted up to `LITTLE`; a Chinese character counts for three."""
    count, budget = 0, Budget()
    for entry in directory.entries:
        if count >= LITTLE or not texts.search(entry.raw):
            continue
        if entry.size > _MOST_TEXT:
            return LITTLE
        try:
            data = directory.read(entry, budget, _MOST_TEXT, bombs=False)
        except NotExamined:
            continue
        count += len(_TAGS.sub(b"", bytes(data)))
    return count
