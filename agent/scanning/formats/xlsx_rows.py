"""Rows and strings of SpreadsheetML, found by their bytes: only what matters of a large sheet is ever parsed."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats.careful_xml import parsed
from agent.scanning.formats.ooxml import attribute, child, local
from agent.scanning.formats.ooxml_tables import Cell

_STRING = re.compile(rb"<(?:\w++:)?+si(?=[\s/>])[^>]*+>"), re.compile(rb"</(?:si|\w++:si)\s*+>")
_ROW = re.compile(rb"<(?:\w++:)?+row(?=[\s/>])[^>]*+>"), re.compile(rb"</(?:row|\w++:row)\s*+>")
_REFERENCE = re.compile(rb"<(?:v|\w++:v)>\s*+(\d++)\s*+</")
_STRETCH = 128 * 1024
"""Bytes of a sheet that are dealt with in one go."""
_HEADER_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-Za-z&])')


class Strings:
    """The shared strings of a workbook, by number, decoded one at a time."""

    def __init__(self, xml: bytes | bytearray) -> None:
        self._xml = bytes(xml)
        self._bounds = array("L")
        for bounds in _elements(self._xml, *_STRING):
            self._bounds.extend(bounds)

    def __len__(self) -> int:
        return len(self._bounds) // 2

    def between(self, first: int, last: int) -> bytes:
        """The XML of some strings that follow each other, for one look at all of them."""
        return self._xml[self._bounds[2 * first] : self._bounds[2 * last + 1]]

    def raw(self, number: int) -> bytes:
        """The XML of one string."""
        return self._xml[self._bounds[2 * number] : self._bounds[2 * number + 1]]

    def text(self, number: int) -> str:
        """One string, its runs joined; empty where there is none of that number."""
        if not 0 <= number < len(self):
            return ""
        element = fragment(self.raw(number))
        return "" if element is None else rich_text(element)


def end_of_cells(xml: bytes | bytearray) -> int:
    """Where the cells of a sheet end; below 0 where it has none."""
    return xml.rfind(b"sheetData>")


def rows(xml: bytes | bytearray) -> Iterator[tuple[int, bytes]]:
    """The XML of each row that has cells, and where it begins."""
    for begin, end in _elements(xml, *_ROW):
        row = bytes(xml[begin:end])
        if row.find(b"<", 1) > 0:
            yield begin, row


def stretches(xml: bytes | bytearray, begin: int) -> Iterator[bytes]:
    """The XML of the rows from ``begin`` on in long pieces, each of which ends before a row."""
    past = max(begin, end_of_cells(xml))
    past = len(xml) if _ROW[0].search(xml, past) else past
    while begin < past:
        cut = _ROW[0].search(xml, begin + _STRETCH, past)
        end = past if cut is None else cut.start()
        yield bytes(xml[begin:end])
        begin = end


def _elements(
    xml: bytes | bytearray, opening: re.Pattern[bytes], closing: re.Pattern[bytes]
) -> Iterator[tuple[int, int]]:
    """Bounds of each element; one that is never closed ends with the part, so that no input is gone over twice."""
    start = opening.search(xml)
    while start is not None:
        end = start.end()
        if not start.group().endswith(b"/>"):
            stop = closing.search(xml, end)
            end = len(xml) if stop is None else stop.end()
        yield start.start(), end
        start = opening.search(xml, end)


def references(row: bytes) -> set[int]:
    """Numbers in a row that may be those of shared strings."""
    return {int(number) for number in _REFERENCE.findall(row) if len(number) < 10}


def cells(row: bytes, strings: Strings) -> list[Cell]:
    """The cells of a row that hold something, numbers as they are written."""
    element = fragment(row)
    found: list[Cell] = []
    for position, each in enumerate(() if element is None else element):
        if local(each) != "c":
            continue
        text = _value(each, strings).strip()
        if text:
            address = attribute(each, "r")
            found.append(Cell(text, column_of(address) if address else position, address or None))
    return found


def column_of(address: str) -> int:
    """The number of the column in an address such as ``AB12``, from 1; 0 where there is none."""
    number = 0
    for letter in address.upper():
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number


def _value(cell: etree._Element, strings: Strings) -> str:
    kind = attribute(cell, "t")
    if kind == "inlineStr":
        inline = child(cell, "is")
        return "" if inline is None else rich_text(inline)
    value = child(cell, "v")
    text = "" if value is None else (value.text or "")
    if kind == "s":
        return strings.text(int(text)) if text.strip().isdecimal() and len(text) < 10 else ""
    return text


def rich_text(element: etree._Element) -> str:
    """The text of a string with runs; readings (phonetic runs) and struck runs are left out."""
    parts: list[str] = []
    for each in element:
        name = local(each)
        if name == "t":
            parts.append(each.text or "")
        elif name == "r" and child(each, "rPr", "strike") is None:
            text = child(each, "t")
            parts.append("" if text is None else text.text or "")
    return "".join(parts)


def fragment(xml: bytes) -> etree._Element | None:
    """A piece cut out of a part, parsed; its prefixes are not declared, which `local` and recovery put up with."""
    return parsed(xml)[0]


def plain_header(coded: str) -> str:
    """A header or footer of a sheet without its codes: left, middle and right are lines of their own.

    ``&L&C&R`` part it, ``&"font"``, ``&14``, ``&KFF0000`` dress it, ``&P &N &D &T &A &F &Z`` stand for numbers, dates
    and names that Excel puts in; ``&&`` is an ampersand.
    """

    def meant(code: re.Match[str]) -> str:
        letter = code.group()[1:]
        if letter == "&":
            return "&"
        return "\n" if letter.upper() in ("L", "C", "R") else ""

    text = _HEADER_CODE.sub(meant, coded.replace("_x000a_", "\n").replace("\r", "\n"))
    return "\n".join(line for part in text.split("\n") if (line := part.strip()))
