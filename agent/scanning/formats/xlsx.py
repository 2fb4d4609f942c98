"""Excel workbooks in Office Open XML (.xlsx, .xlsm, .xltx, .xltm), transitional and strict.

A sheet whose text is all in the shared strings is not even stripped: its cells hold numbers only. Where there is a
hit, only the first rows and the rows that refer to it are parsed, however large the sheet.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import msgspec

from agent.scanning.formats.base import Piece, Reading, Source
from agent.scanning.formats.corners import Told
from agent.scanning.formats.ooxml import (
    MEMBER_BYTES,
    PART_BYTES,
    Package,
    attribute,
    local,
    stripped,
    without_page_numbers,
)
from agent.scanning.formats.ooxml_drawing import text_bodies
from agent.scanning.formats.ooxml_properties import properties
from agent.scanning.formats.ooxml_tables import Row
from agent.scanning.formats.sheet_rows import FIRST_ROWS, first_rows, holding, holding_some, later_row
from agent.scanning.formats.xlsx_rows import (
    Strings,
    cells,
    end_of_cells,
    plain_header,
    references,
    rich_text,
    rows,
    stretches,
)
from protocol.records import Place
from signatures.passages import Passage, Zone

NAME = "xlsx"
MEDIA_TYPES = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
    "application/vnd.ms-excel.sheet.macroEnabled.12",
    "application/vnd.ms-excel.template.macroEnabled.12",
)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures, forms of macros and the records of pivot caches are not read.",
    "How a cell is formatted (large, red, struck through as a whole) is not looked at.",
    "Beyond a sheet's first five rows only rows that hold a literal of some rule are read.",
)

_SHEET = re.compile(r"(?i)^xl/\w+sheets/[^/]+\.xml$")
_ALL_BUT_SHEETS = re.compile(r"(?i)^(?!xl/(?:\w+sheets/[^/]+|workbook|sharedstrings)\.xml$)")
_DRAWING = re.compile(r"(?i)^xl/(?:drawings/[^/]+\.(?:xml|vml)|charts/[^/]+\.xml|diagrams/[^/]+\.xml)$")
_COMMENTS = re.compile(r"(?i)^xl/(?:comments[^/]*|comments/[^/]+|threadedcomments/[^/]+)\.xml$")
_VALIDATION = re.compile(rb"<(?:\w+:)?(?:dataValidation|hyperlink)\b[^>]*>")
_PROMPT = re.compile(rb"\b(?:promptTitle|prompt|errorTitle|error|tooltip)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_HEADER = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)\b[^>]*>([^<]*)</")
_FORMULA = re.compile(rb"<f")  # quicker than ``in`` where there is none
_IN_CELLS = frozenset({b"t", b"v"})
_BATCH = 256
_WORKBOOK = "xl/workbook.xml"
_STRINGS = "xl/sharedStrings.xml"


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage that may matter."""
    package = Package(source, reading)
    yield from package.members()
    yield from package.macros()
    yield from package.drawings()
    sheets = package.names(_SHEET)
    if package.worth((_for_sieve(package, name) for name in (_WORKBOOK, _STRINGS, *sheets)), _ALL_BUT_SHEETS):
        told = Told()
        yield from told.through(_Workbook(package, sheets).passages())
        # What stands in cells was told, but for what is struck through.
        yield from package.corners(told, but=dict.fromkeys((package.spelled(_STRINGS), *sheets), _IN_CELLS))
    package.finish("xl/")


def _for_sieve(package: Package, name: str) -> bytes:
    """What of a sheet, of the shared strings or of the workbook's own part the sieve must see."""
    xml = package.read(name)
    if name == _WORKBOOK:
        return bytes(xml)  # the names of the sheets are attributes
    if name == _STRINGS:
        return stripped(xml, attributes=False)
    after = _after_cells(xml)
    headers = "\n".join((*_headers(after), *_prompts(after))).encode("utf-8", "replace")
    # Where every cell is a number or refers to a shared string, only what follows the cells has text.
    text = stripped(xml if _has_text_in_cells(xml) else after, attributes=False)
    return b"\0".join((text, headers, bytes(xml if _FORMULA.search(xml) else after)))


def _after_cells(xml: bytes | bytearray) -> bytes | bytearray:
    """What stands behind the cells of a sheet: headers and footers, rules, links; all of it where it has no cells."""
    end = end_of_cells(xml)
    return xml if end < 0 else xml[end:]


def _has_text_in_cells(xml: bytes | bytearray) -> bool:
    return b"inlineStr" in xml or b'"str"' in xml or (b"'" in xml and b"'str'" in xml)


def _headers(xml: bytes | bytearray) -> list[str]:
    """Headers and footers of a sheet, without codes and page numbers."""
    coded = (html.unescape(found[1].decode("utf-8", "replace")) for found in _HEADER.finditer(xml))
    return [text for each in coded if (text := without_page_numbers(plain_header(each)))]


def _prompts(xml: bytes | bytearray) -> list[str]:
    """What is shown of a cell beside its text: prompts and errors of data validation, tips of links."""
    texts = []
    for rule in _VALIDATION.finditer(xml):
        said = (
            html.unescape((found[1] or found[2] or b"").decode("utf-8", "replace"))
            for found in _PROMPT.finditer(rule[0])
        )
        texts.append("\n".join(text for each in said if (text := each.strip())))
    return [text for text in texts if text]


class _Workbook:
    """The way through one package."""

    def __init__(self, package: Package, sheets: list[str]) -> None:
        self._package = package
        self._sheets = sheets
        self._strings = Strings(package.read(_STRINGS))
        self._hits: set[int] = set()
        for first in range(0, len(self._strings), _BATCH):
            numbers = range(first, min(first + _BATCH, len(self._strings)))
            self._hits.update(holding(numbers, lambda some: self._is_hit(self._strings.between(some[0], some[-1]))))

    def _is_hit(self, xml: bytes) -> bool:
        return self._package.hit(stripped(xml))

    def passages(self) -> Iterator[Passage]:
        """The names of the sheets, each sheet, drawings, comments and properties."""
        numbers: dict[str, int] = {}
        relations = self._package.relations(_WORKBOOK)
        root = self._package.tree(_WORKBOOK)
        names = [each for each in root.iter() if local(each) == "sheet"] if root is not None else []
        for number, sheet in enumerate(names, 1):
            numbers[relations.get(attribute(sheet, "id"), "")] = number
            yield Passage(Zone.SHEET_TAB, attribute(sheet, "name"), Place(sheet=number))
        for name in self._sheets:
            yield from self._sheet(name, Place(sheet=numbers.get(name)))
        for name in self._package.names(_DRAWING):
            drawing = self._package.tree(name)
            if drawing is not None:
                zone = Zone.P1_BLOCK if local(drawing) in ("wsDr", "xml") else Zone.BODY
                yield from text_bodies(drawing, zone, Place(part="drawing"))
        for name in self._package.names(_COMMENTS):
            yield from self._comments(name)
        yield from properties(self._package)

    def _sheet(self, name: str, place: Place) -> Iterator[Passage]:
        xml = self._package.read(name)
        for text in _headers(_after_cells(xml)):
            yield Passage(Zone.SHEET_HEADER, text, place, pages=2)
        for text in _prompts(_after_cells(xml)):
            yield Passage(Zone.BODY, text, msgspec.structs.replace(place, part="validation"))
        inline = _has_text_in_cells(xml)
        first: list[Row] = []
        below: int | None = None
        for begin, row in rows(xml):
            if found := cells(row, self._strings):
                first.append(found)
                if len(first) > FIRST_ROWS:
                    # One row more than is used: whether a row belongs to a table is seen by its neighbours.
                    below = begin
                    break
        yield from first_rows(first, place)
        before = first[FIRST_ROWS - 1] if below is not None else ()
        for stretch in () if below is None else stretches(xml, below):
            if not self._matters(stretch, inline):
                continue  # so most often nobody asks where one of its rows ends
            some_rows = [row for _, row in rows(stretch)]
            for row in holding_some(some_rows, lambda some: self._matters(b"".join(some), inline)):
                here = cells(row, self._strings)
                yield from later_row(here, before, place)
                before = here

    def _matters(self, xml: bytes, inline: bool) -> bool:
        """Whether a row, or some rows, refer to a string with a hit or hold one themselves."""
        return bool(self._hits and self._hits & references(xml)) or (inline and self._is_hit(xml))

    def _comments(self, name: str) -> Iterator[Passage]:
        root = self._package.tree(name)
        for each in () if root is None else root.iter():
            if local(each) == "text":
                text = (rich_text(each) or (each.text or "")).strip()
                parent = each.getparent()
                cell = "" if parent is None else attribute(parent, "ref")
                if text:
                    yield Passage(Zone.BODY, text, Place(cell=cell or None, part="comments"))
