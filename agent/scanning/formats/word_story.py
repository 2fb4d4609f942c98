"""What the binary and the rich-text forms of Word share: from paragraphs and tables to passages with their zones.

The front page is judged by the same rules as in Office Open XML (`docx_front`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from agent.scanning.formats import docx_front
from agent.scanning.formats.docx_front import Front, Styles
from agent.scanning.formats.docx_paragraphs import Paragraph, shown_by
from agent.scanning.formats.ooxml import without_page_numbers
from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.ooxml_tables import passages as table_passages
from protocol.records import Place
from signatures.passages import Passage, Zone


class Table(msgspec.Struct):
    """A table: its rows with the cells that hold text, and all its paragraphs."""

    rows: list[list[Cell]]
    paragraphs: list[Paragraph]


Block = Paragraph | Table

SYMBOLS = {0xF0AA: "✦", 0xF0AB: "★", 0xF0AC: "✶", 0xF0AD: "✴", 0xF0B6: "☆", 0xF0A8: "□", 0xF0FE: "☑", 0xF052: "☑"}
"""Characters of the Wingdings fonts that mean something to the grammar."""

PAGE_FIELD = re.compile(r"\b(?:PAGE|NUMPAGES|SECTIONPAGES)\b")
"""Instructions of fields whose result only counts pages."""
_LONGEST_INSTRUCTION = 1_000


class Fields:
    """Fields and their results, one in another: what a reader sees is the result; of page numbers, nothing."""

    def __init__(self) -> None:
        self._open: list[tuple[str, bool]] = []
        """Of each open field what it is to do, and whether its result has begun."""

    def mark(self, letter: str) -> str:
        """A field begins (U+0013), its result begins (U+0014), it ends (U+0015): what it shows without a result."""
        if letter == "\x13":
            self._open.append(("", False))
        elif self._open:
            instruction, has_result = self._open.pop()
            if letter == "\x14":
                self._open.append((instruction, True))
            elif not has_result:
                return self.shown(shown_by(instruction))
        return ""

    def shown(self, text: str) -> str:
        """What of a text is seen where it stands."""
        if not self._open:
            return text
        instruction, in_result = self._open[-1]
        if not in_result:
            if len(instruction) < _LONGEST_INSTRUCTION:
                self._open[-1] = (instruction + text, False)
            return ""
        if not all(begun for _, begun in self._open):
            return ""
        return "\n" if PAGE_FIELD.search(instruction) else text


def rows_of_cells(rows: Iterable[Iterable[list[Paragraph]]]) -> Table:
    """A table from its cells, each a list of paragraphs."""
    found = Table([], [])
    for row in rows:
        cells: list[Cell] = []
        for column, paragraphs in enumerate(row):
            found.paragraphs += paragraphs
            text = "\n".join(paragraph.text for paragraph in paragraphs if paragraph.text)
            if text:
                cells.append(Cell(text, column, None, any(paragraph.emphasis for paragraph in paragraphs)))
        if cells:
            found.rows.append(cells)
    return found


def body(blocks: Iterable[Block], styles: Styles) -> Iterator[Passage]:
    """The passages of a document's body, its first page with the care it deserves."""
    front = Front(styles)
    vertical: list[str] = []
    number = 0
    for number, block in enumerate(blocks, 1):
        place = Place(paragraph=number)
        if isinstance(block, Table):
            if not front.take_table(block.rows, block.paragraphs, number):
                yield from front.flush()
                yield from _around(block.paragraphs, front, place)
                yield from table_passages(block.rows, place)
            continue
        if front.take(block, number):
            continue
        yield from front.flush()
        yield from _around([block], front, place)
        if 0 < len(block.text) <= 2:
            vertical.append(block.text)
            continue
        if vertical:
            yield Passage(Zone.BODY, "\n".join(vertical), place)
            vertical = []
        if block.text:
            zone = docx_front.body_zone(block, front.styles, front.previous)
            yield Passage(zone, block.text, place, emphasis=block.emphasis)
            front.previous = block.text
    yield from front.flush()
    if vertical:
        # Paragraphs of one or two characters each, one below the other, are one text.
        yield Passage(Zone.BODY, "\n".join(vertical), Place(paragraph=number))


def _around(paragraphs: Iterable[Paragraph], front: Front, place: Place) -> Iterator[Passage]:
    zone = Zone.P1_TOP_LEFT if front.first_page else Zone.P1_BLOCK
    for paragraph in paragraphs:
        yield from docx_front.hanging(paragraph, zone, Zone.BODY, place)


def band(blocks: Iterable[Block], zone: Zone, pages: int) -> Iterator[Passage]:
    """A header or footer: what stands at its left, middle and right are lines of their own."""
    place = Place(part=str(zone))
    lines: list[str] = []
    emphasis = False
    for block in blocks:
        paragraphs = block.paragraphs if isinstance(block, Table) else [block]
        lines += [cell.text for row in block.rows for cell in row] if isinstance(block, Table) else [block.text]
        for paragraph in paragraphs:
            emphasis |= paragraph.emphasis and bool(paragraph.text)
            yield from docx_front.hanging(paragraph, zone, zone, place, pages=pages)
    text = without_page_numbers(docx_front.split_at_tabs("\n".join(lines)))
    if text:
        yield Passage(zone, text, place, pages=pages, emphasis=emphasis)


def notes(blocks: Iterable[Block], part: str) -> Iterator[Passage]:
    """Footnotes, endnotes, comments: each paragraph for itself."""
    place = Place(part=part)
    for block in blocks:
        if isinstance(block, Table):
            yield from table_passages(block.rows, place, zone=Zone.BODY)
            continue
        yield from docx_front.hanging(block, Zone.P1_BLOCK, Zone.BODY, place)
        if block.text:
            yield Passage(Zone.BODY, block.text, place)
