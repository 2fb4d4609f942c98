"""Pictures inside the binary formats of Office and in RTF, where they carry no or little text.

The binary formats keep a picture as a record of Office drawings (MS-ODRAW 2.2.23): its head, one or two digests, a
byte, and the bytes of a png, jpg, tif or bitmap file. The records lie in several streams, at places that other
records name. Here they are found by their heads, so that one in a damaged document is seen too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from agent.scanning.formats import rtf_pictures
from agent.scanning.formats import xls_records as biff
from agent.scanning.formats.base import MiB, NotExamined, Picture, Source
from agent.scanning.formats.doc_file import WordFile
from agent.scanning.formats.ole import MAGIC, CompoundFile
from agent.scanning.formats.ppt_file import Presentation
from agent.scanning.formats.rtf_reader import Reader
from agent.scanning.formats.xls_book import Book

MOST_PICTURES = 40
STREAM_BYTES = 128 * MiB
SMALLEST = 1024
"""Bytes below which a picture has no room for a page of text."""
_RECORD = re.compile(
    rb"(?:[\x1d\x2a]\xf0(?P<jpg>.{4})(?:.{17}|.{33})(?=\xff\xd8\xff)"
    rb"|\x1e\xf0(?P<png>.{4})(?:.{17}|.{33})(?=\x89PNG\r\n\x1a\n)"
    rb"|\x29\xf0(?P<tif>.{4})(?:.{17}|.{33})(?=II\*\0|MM\0\*)"
    rb"|\x1f\xf0(?P<dib>.{4})(?:.{17}|.{33})(?=\x28\0\0\0.{8}\x01\0[\x01\x04\x08\x10\x18\x20]\0))",
    re.DOTALL,
)
_IN_RTF = re.compile(rb"\\(?:png|jpeg)blip\b")
_SPACES = re.compile(r"\s+")


def of(name: str, source: Source, little: int) -> Iterator[Picture]:
    """The pictures of a document that the format ``name`` reads, in order, where its text is below ``little`` bytes."""
    reader = _READERS.get(name)
    if reader is None:
        return
    try:
        loaders, text = reader(source)
        if not loaders or _length(text, little) >= little:
            return
    except (NotExamined, OSError):
        return  # told by the format itself
    for page, load in enumerate(loaders[:MOST_PICTURES], 1):
        yield Picture(load, page)


Found = tuple[list[Callable[[], bytes]], Callable[[], Iterator[str]]]
"""What gives the bytes of each picture, and what gives the texts of the document."""


def _doc(source: Source) -> Found:
    if not source.head(8).startswith(MAGIC):
        return [], lambda: iter(())
    file = CompoundFile(source)
    stream = file.read("WordDocument", limit=STREAM_BYTES)
    tables = [file.read(name, limit=STREAM_BYTES) for name in ("0Table", "1Table")]
    streams = [file.read("Data", limit=STREAM_BYTES), stream, *tables]
    loaders = [load for each in streams for load in _blips(each)]
    return loaders, lambda: iter((WordFile(stream, file).text,))


def _xls(source: Source) -> Found:
    if source.head(8).startswith(MAGIC):
        file = CompoundFile(source)
        stream = file.read("Workbook", limit=STREAM_BYTES) or file.read("Book", limit=STREAM_BYTES)
    else:
        stream = source.read(STREAM_BYTES)

    def texts() -> Iterator[str]:
        book = Book(stream)
        yield book.strings.text
        for sheet in book.sheets:
            yield from sheet.texts

    return _blips(biff.drawing_group(stream)), texts


def _ppt(source: Source) -> Found:
    file = CompoundFile(source)
    loaders = _blips(file.read("Pictures", limit=STREAM_BYTES))

    def texts() -> Iterator[str]:
        stream = file.read("PowerPoint Document", limit=STREAM_BYTES)
        deck = Presentation(stream, file.read("Current User", limit=STREAM_BYTES))
        # What masters say ("click to edit") is no text of the presentation.
        for page in deck.slides:
            yield from (text for _, text in page.outline)
            yield from (deck.text(each) for each in deck.within(page.record) if each.kind in _PPT_TEXTS)

    return loaders, texts


_PPT_TEXTS = frozenset({4000, 4008})


def _rtf(source: Source) -> Found:
    data = source.read(STREAM_BYTES)
    loaders: list[Callable[[], bytes]] = []
    for begin, end, letters in rtf_pictures.places(data, _IN_RTF):
        if not letters or end - begin >= 2 * SMALLEST:
            loaders.append(partial(rtf_pictures.raw, data, begin, end, letters=letters))

    def texts() -> Iterator[str]:
        reader = Reader(data)
        for story in (reader.body, *reader.stories):
            for block in story.blocks:
                for paragraph in getattr(block, "paragraphs", None) or [block]:
                    yield "".join(getattr(paragraph, "parts", ()))

    return loaders, texts


def _blips(data: bytes) -> list[Callable[[], bytes]]:
    """What gives the bytes of each picture among records of drawings."""
    found: list[Callable[[], bytes]] = []
    for record in _RECORD.finditer(data):
        kind = record.lastgroup or ""
        size = int.from_bytes(record[kind], "little") - (record.end() - record.end(kind))
        if size >= SMALLEST:
            found.append(_slice(data, record.end(), size))
    return found


def _slice(data: bytes, begin: int, size: int) -> Callable[[], bytes]:
    return lambda: data[begin : begin + size]


def _length(texts: Callable[[], Iterator[str]], enough: int) -> int:
    """Bytes of text in UTF-8 without spaces, counted up to ``enough``."""
    count = 0
    for text in texts():
        count += len(_SPACES.sub("", text).encode("utf-8", "replace"))
        if count >= enough:
            break
    return count


_READERS: dict[str, Callable[[Source], Found]] = {"doc": _doc, "xls": _xls, "ppt": _ppt, "rtf": _rtf}
