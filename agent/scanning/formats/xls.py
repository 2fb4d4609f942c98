"""Excel workbooks before Office Open XML (.xls, .xlt, and .et of WPS): BIFF8, BIFF5/7, and BIFF2–4 without a container.

As in `xlsx`, where there is a hit only the first rows and the rows that hold one are put together.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import metafile, ole_corners, ole_objects, ole_properties, vba
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.corners import Told
from agent.scanning.formats.ole import MAGIC, CompoundFile
from agent.scanning.formats.ole_objects import MEMBER_BYTES
from agent.scanning.formats.ole_properties import Property
from agent.scanning.formats.ooxml import without_page_numbers
from agent.scanning.formats.ooxml_tables import Row, row_passages, tabular, with_periods
from agent.scanning.formats.sheet_rows import FIRST_ROWS, first_rows, holding
from agent.scanning.formats.xls_book import Book, Sheet
from agent.scanning.formats.xls_cells import address, hit_rows, rows
from agent.scanning.formats.xlsx_rows import plain_header
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "xls"
MEDIA_TYPES = ("application/vnd.ms-excel",)
STREAM_BYTES = 128 * MiB
LIMITS = {"stream bytes": STREAM_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures are read (with OCR) only where the workbook has little text.",
    "Of drawings of Windows (EMF, WMF) the texts are read.",
    "Of pivot tables and of values kept of other workbooks only what is a marking by itself is told.",
    "Of macros the strings and comments are read, not their forms.",
    "How a cell is formatted (large, red, struck through) is not looked at.",
    "Text boxes of workbooks of Excel 95 and older are not read.",
    "Beyond a sheet's first five rows only rows that hold a literal of some rule are read.",
    "Of encrypted workbooks those that Excel locked with a password of its own are opened, but for XOR obfuscation.",
)

_UTF8 = frozenset({"utf-8"})


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage that may matter."""
    if not source.head(8).startswith(MAGIC):
        yield from _read(source.read(STREAM_BYTES), [], reading)
        return
    file = CompoundFile(source)
    yield from ole_objects.members(file, reading)
    yield from vba.passages(file, reading)
    stream = file.read("Workbook", limit=STREAM_BYTES) or file.read("Book", limit=STREAM_BYTES)
    yield from _read(stream, ole_properties.read_properties(file), reading)
    if file.damaged:
        raise NotExamined(Reason.DAMAGED, "a part of the workbook is damaged")


def _read(stream: bytes, properties: list[Property], reading: Reading) -> Iterator[Passage]:
    book = Book(stream)
    texts = [book.strings.text, *book.names, *book.constants, *(each.value for each in properties)]
    for sheet in book.sheets:
        texts += [*sheet.texts, *(plain_header(coded) for coded in sheet.headers)]
    told = Told()
    if reading.worth("\n".join(texts).encode("utf-8", "replace"), encodings=_UTF8):
        yield from told.through(_passages(book, reading))
        yield from told.through(ole_properties.passages(properties))
        for text in book.constants:
            if _worth(text, reading) and not told.has(text):
                yield Passage(Zone.BODY, text, Place(part="setting"))
    yield from metafile.in_records(book.drawings, reading)
    yield from ole_corners.passages([book.beside()], reading, told)
    if book.problem is not None:
        raise book.problem


def _passages(book: Book, reading: Reading) -> Iterator[Passage]:
    for number, name in enumerate(book.names, 1):
        yield Passage(Zone.SHEET_TAB, name, Place(sheet=number))
    hits = _string_hits(book, reading)
    for sheet in book.sheets:
        place = Place(sheet=sheet.number)
        for coded in sheet.headers:
            if text := without_page_numbers(plain_header(coded)):
                yield Passage(Zone.SHEET_HEADER, text, place, pages=2)
        yield from _rows(book, sheet, hits, place, reading)
        for text in sheet.boxes:
            yield Passage(Zone.P1_BLOCK, text, Place(sheet=sheet.number, part="drawing"))
        for zone, text in sheet.shapes:
            yield Passage(zone, text, Place(sheet=sheet.number, part="drawing"))
        for at, text in sheet.comments:
            cell = address(*at) if at else None
            yield Passage(Zone.BODY, text, Place(sheet=sheet.number, cell=cell, part="comments"))
        for text in sheet.prompts:
            yield Passage(Zone.BODY, text, Place(sheet=sheet.number, part="validation"))
        for text in sheet.chart:
            yield Passage(Zone.BODY, text, Place(sheet=sheet.number, part="chart"))


def _string_hits(book: Book, reading: Reading) -> set[int]:
    """Numbers of the shared strings that hold a literal."""
    strings, found = book.strings, set[int]()
    for first in range(0, len(strings), 256):
        numbers = range(first, min(first + 256, len(strings)))
        found.update(holding(numbers, lambda some: _worth(strings.block(some[0], some[-1] + 1), reading)))
    return found


def _worth(text: str, reading: Reading) -> bool:
    return reading.worth(text.encode("utf-8", "replace"), encodings=_UTF8)


def _rows(book: Book, sheet: Sheet, hits: set[int], place: Place, reading: Reading) -> Iterator[Passage]:
    """The first rows, and of the rest those with a literal."""
    used, hit = hit_rows(book, sheet, hits, lambda text: _worth(text, reading))
    beginning = sorted(used)[: FIRST_ROWS + 1]
    found = rows(book, sheet, {*beginning, *hit})
    first: list[Row] = [found[number] for number in beginning if found.get(number)]
    shown = beginning[: FIRST_ROWS + len(first) - len(with_periods(first))]
    yield from first_rows(first, place)
    before: Row = first[FIRST_ROWS - 1] if len(first) > FIRST_ROWS else ()
    for number in sorted(hit):
        here = found.get(number)
        if here and number not in shown:
            data = len(here) > 2 or (bool(before) and tabular((before, here), 1))
            yield from row_passages(here, place, data=data, zone=Zone.BODY)
            before = here
