"""Excel workbooks in the binary form of Office Open XML (.xlsb, MS-XLSB): the package of .xlsx with other sheets."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import msgspec

from agent.scanning.formats.base import Piece, Reading, Source
from agent.scanning.formats.ooxml import MEMBER_BYTES, PART_BYTES, Package, local, without_page_numbers
from agent.scanning.formats.ooxml_drawing import text_bodies
from agent.scanning.formats.ooxml_properties import properties
from agent.scanning.formats.ooxml_tables import Cell, Row
from agent.scanning.formats.sheet_rows import FIRST_ROWS, first_rows, later_row
from agent.scanning.formats.xls_cells import address
from agent.scanning.formats.xls_records import rk_number, written
from agent.scanning.formats.xlsx_rows import plain_header
from protocol.records import Place
from signatures.passages import Passage, Zone

NAME = "xlsb"
MEDIA_TYPES = ("application/vnd.ms-excel.sheet.binary.macroEnabled.12",)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures, pivot caches, values kept of other workbooks, and prompts of data validation are not read.",
    "Of macros the strings and comments are read, not their forms.",
    "How a cell is formatted (large, red, struck through as a whole) is not looked at.",
    "Beyond a sheet's first five rows only rows that hold a literal of some rule are read.",
)

_BINARY_PARTS = re.compile(r"(?i)^xl/(?:workbook|sharedstrings|\w+sheets/[^/]+|comments[^/]*|comments/[^/]+)\.bin$")
_UTF16 = frozenset({"utf-16-le"})
_AMPERSAND = b"&\0"
_SHEET = re.compile(r"(?i)^xl/\w+sheets/[^/]+\.bin$")
_COMMENTS = re.compile(r"(?i)^xl/(?:comments[^/]*|comments/[^/]+)\.bin$")
_DRAWING = re.compile(r"(?i)^xl/(?:drawings/[^/]+\.(?:xml|vml)|charts/[^/]+\.xml|diagrams/[^/]+\.xml)$")
_ROW, _RK, _REAL, _TEXT, _SHARED, _FORMULA_TEXT, _FORMULA_NUMBER, _RICH = 0, 2, 5, 6, 7, 8, 9, 62
_STRING_ITEM, _SHEET_NAME, _HEADERS, _COMMENT, _COMMENT_TEXT = 19, 156, 479, 635, 637
_NUMBER = struct.Struct("<I").unpack_from
_DOUBLE = struct.Struct("<d").unpack_from


class _Sheet(msgspec.Struct):
    """What a sheet holds: rows by number, each cell its column with its text or the number of a shared string."""

    headers: list[str] = msgspec.field(default_factory=list)
    rows: dict[int, dict[int, str | int]] = msgspec.field(default_factory=dict)
    comments: list[tuple[str, str]] = msgspec.field(default_factory=list)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage that may matter."""
    package = Package(source, reading)
    yield from package.members()
    yield from package.macros()
    yield from package.drawings()
    parts = {name: bytes(package.raw(name)) for name in package.others(_BINARY_PARTS)}
    # The bytes first: texts lie in them as they are, but for headers, whose codes may part a word.
    doubt = any(reading.worth(data, encodings=_UTF16) or _AMPERSAND in data for data in parts.values())
    if doubt or package.worth():
        book = _Book(package, parts)
        if package.worth(book.texts()):
            yield from book.passages()
    package.finish()


class _Book:
    """The way through one package."""

    def __init__(self, package: Package, parts: dict[str, bytes]) -> None:
        self._package = package
        self._parts = parts
        self._names = [
            _two_strings(data, begin + 8, end)
            for kind, data, begin, end in self._records("xl/workbook.bin")
            if kind == _SHEET_NAME
        ]
        self._strings = [
            _string(data, begin + 1, end)
            for kind, data, begin, end in self._records("xl/sharedStrings.bin")
            if kind == _STRING_ITEM
        ]
        self._sheets = {name: self._sheet(name) for name in parts if _SHEET.search(name)}
        self._comments = [each for name in parts if _COMMENTS.search(name) for each in self._sheet(name).comments]

    def _records(self, name: str) -> Iterator[tuple[int, bytes, int, int]]:
        """Kind of each record of a part, the part's bytes, where the record's own begin and end (MS-XLSB 2.1.4)."""
        data = self._parts.get(self._package.spelled(name), b"")
        at, stop = 0, len(data)
        while at < stop:
            kind, at = _variable(data, at, 2)
            size, at = _variable(data, at, 4)
            if at + size > stop:
                self._package.mark_damaged()
                return
            yield kind, data, at, at + size
            at += size

    def _sheet(self, name: str) -> _Sheet:
        sheet = _Sheet()
        row: dict[int, str | int] = {}
        cell = ""
        for kind, data, begin, end in self._records(name):
            if kind == _ROW and end - begin >= 4:
                row = sheet.rows.setdefault(_NUMBER(data, begin)[0], {})
            elif kind == _HEADERS:
                sheet.headers += _strings(data, begin + 2, end)
            elif kind == _COMMENT and end - begin >= 20:
                cell = address(_NUMBER(data, begin + 4)[0], _NUMBER(data, begin + 12)[0])
            elif kind == _COMMENT_TEXT:
                sheet.comments.append((cell, _string(data, begin + 1, end)))
            elif end - begin >= 12 and (value := _value(kind, data, begin + 8, end)) is not None:
                row[_NUMBER(data, begin)[0]] = value
        sheet.rows = {number: cells for number, cells in sheet.rows.items() if cells}
        return sheet

    def texts(self) -> Iterator[bytes]:
        """All that people wrote, for the sieve."""
        found = [name for _, name in self._names] + self._strings + [text for _, text in self._comments]
        for sheet in self._sheets.values():
            found += [plain_header(each) for each in sheet.headers]
            found += [value for cells in sheet.rows.values() for value in cells.values() if isinstance(value, str)]
        yield "\n".join(found).encode("utf-8", "replace")

    def passages(self) -> Iterator[Passage]:
        """The passages of the whole workbook."""
        relations = self._package.relations("xl/workbook.bin")
        numbers: dict[str, int] = {}
        for number, (relation, name) in enumerate(self._names, 1):
            numbers[relations.get(relation, "")] = number
            yield Passage(Zone.SHEET_TAB, name, Place(sheet=number))
        hits = {number for number, text in enumerate(self._strings) if self._is_hit(text)}
        for name, sheet in self._sheets.items():
            yield from self._sheet_passages(sheet, Place(sheet=numbers.get(name)), hits)
        for cell, text in self._comments:
            yield Passage(Zone.BODY, text, Place(cell=cell or None, part="comments"))
        for name in self._package.names(_DRAWING):
            drawing = self._package.tree(name)
            if drawing is not None:
                zone = Zone.P1_BLOCK if local(drawing) in ("wsDr", "xml") else Zone.BODY
                yield from text_bodies(drawing, zone, Place(part="drawing"))
        yield from properties(self._package)

    def _is_hit(self, text: str) -> bool:
        return self._package.hit(text.encode("utf-8", "replace"))

    def _sheet_passages(self, sheet: _Sheet, place: Place, hits: set[int]) -> Iterator[Passage]:
        for coded in sheet.headers:
            if text := without_page_numbers(plain_header(coded)):
                yield Passage(Zone.SHEET_HEADER, text, place, pages=2)
        used = sorted(sheet.rows)
        yield from first_rows([self._row(sheet, number) for number in used[: FIRST_ROWS + 1]], place)
        before: Row = self._row(sheet, used[FIRST_ROWS - 1]) if len(used) > FIRST_ROWS else ()
        for number in used[FIRST_ROWS:]:
            values = sheet.rows[number].values()
            if any(value in hits if isinstance(value, int) else self._is_hit(value) for value in values):
                row = self._row(sheet, number)
                yield from later_row(row, before, place)
                before = row

    def _row(self, sheet: _Sheet, number: int) -> list[Cell]:
        cells: list[Cell] = []
        for column, value in sorted(sheet.rows[number].items()):
            if isinstance(value, int):
                value = self._strings[value] if value < len(self._strings) else ""
            if text := value.strip():
                cells.append(Cell(text, column + 1, address(number, column)))
        return cells


def _value(kind: int, data: bytes, at: int, end: int) -> str | int | None:
    """The text of a cell, the number of its shared string, or None where the record is no cell with a value."""
    if kind == _SHARED:
        return int(_NUMBER(data, at)[0])
    if kind in (_TEXT, _FORMULA_TEXT):
        return _string(data, at, end)
    if kind == _RICH:
        return _string(data, at + 1, end)
    if kind == _RK:
        return written(rk_number(_NUMBER(data, at)[0]))
    if kind in (_REAL, _FORMULA_NUMBER) and at + 8 <= end:
        return written(_DOUBLE(data, at)[0])
    return None


def _variable(data: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of up to ``most`` bytes, seven bits in each, the lowest first; and where it ends."""
    value = shift = 0
    for _ in range(most):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, at


def _string(data: bytes, at: int, end: int) -> str:
    """A text with its length before it; empty where there is none, cut where the record ends."""
    if at + 4 > end:
        return ""
    count = _NUMBER(data, at)[0]
    if count == 0xFFFFFFFF:
        return ""
    raw = data[at + 4 : min(at + 4 + 2 * count, end)]
    return raw.decode("utf-16-le", "replace").encode("utf-8", "replace").decode()


def _strings(data: bytes, at: int, end: int) -> list[str]:
    """All texts of a record, one behind the other; those that are not there are left out."""
    found: list[str] = []
    while at + 4 <= end:
        count = _NUMBER(data, at)[0]
        if text := _string(data, at, end):
            found.append(text)
        at += 4 + (0 if count == 0xFFFFFFFF else 2 * count)
    return found


def _two_strings(data: bytes, at: int, end: int) -> tuple[str, str]:
    found = _strings(data, at, end)
    return (found[0], found[1]) if len(found) > 1 else ("", found[0] if found else "")
