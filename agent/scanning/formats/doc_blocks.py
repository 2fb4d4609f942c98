"""Paragraphs and tables of a Word 97–2003 file as they look to a reader, in the terms of the other Word readers."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from agent.scanning.formats.doc_file import WordFile
from agent.scanning.formats.doc_looks import Formatting, Layout, Looks
from agent.scanning.formats.docx_paragraphs import Box, Paragraph
from agent.scanning.formats.word_story import SYMBOLS, Block, Fields, Table, rows_of_cells

_PARAGRAPH = re.compile(r"[^\r\x07\x0c]*(?:[\r\x07\x0c]|$)")
_RUN = re.compile("[^\0-\x08\x0b\x0e-\x1f\xad]+|[\x08\x0b\x0e\x13-\x15\x1e]")
_CELL = "\x07"
_BREAK = "\x0c"
Boxes = dict[int, Box]
"""Text boxes by the place of the character they hang on."""


class Blocks:
    """Reads stretches of one file's text."""

    def __init__(self, word: WordFile) -> None:
        self._word = word
        self._formatting = Formatting(word)

    def between(self, first: int, last: int, boxes: Boxes | None = None) -> Iterator[Block]:
        """The paragraphs and tables of a stretch of text. ``boxes`` hang on characters of it."""
        fields = Fields()
        rows: list[list[list[Paragraph]]] = []
        row: list[list[Paragraph]] = []
        cell: list[Paragraph] = []
        ended_cell = False
        for begin, end in self._paragraphs(first, last):
            layout = self._formatting.layout(end - 1)
            is_cell_end = self._word.text[end - 1] == _CELL
            if is_cell_end and (layout.ends_row or (ended_cell and end - begin == 1 and not layout.in_table)):
                rows.append(row)
                row = []
                continue
            paragraph = self._paragraph(begin, end, layout, fields, boxes or {})
            ended_cell = is_cell_end
            if is_cell_end or layout.in_table:
                cell.append(paragraph)
                if is_cell_end:
                    row.append(cell)
                    cell = []
                continue
            if rows or row or cell:
                yield _table(rows, row, cell)
                rows, row, cell = [], [], []
            yield paragraph
        if rows or row or cell:
            yield _table(rows, row, cell)

    def boxes(self, anchors: int, texts: int, story: str, part: str) -> tuple[Boxes, list[Box]]:
        """Text boxes of the part ``part``: those that hang on characters of ``story``, and those of groups.

        ``anchors`` and ``texts`` number the tables of shapes' places and of boxes (MS-DOC 2.8.37, 2.8.32).
        """
        places, shapes = self._word.places(anchors, 26)
        at = {
            struct.unpack_from("<I", shape)[0]: self._word.parts[story].first + place
            for place, shape in zip(places, shapes, strict=False)
        }
        _, entries = self._word.places(texts, 22)
        anchored: Boxes = {}
        loose: list[Box] = []
        for (first, last), entry in zip(self._word.ranges(texts, 22, part), entries, strict=False):
            box = Box([], [])
            for block in self.between(first, last):
                if isinstance(block, Table):
                    box.tables.append(block.rows)
                else:
                    box.paragraphs.append(block)
            place = at.get(struct.unpack_from("<I", entry, 14)[0])
            if place is None or place in anchored:
                loose.append(box)
            else:
                anchored[place] = box
        return anchored, [box for box in loose if box.text]

    def _paragraphs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        while first < last:
            found = _PARAGRAPH.match(self._word.text, first, last)
            end = found.end() if found else last
            if end <= first:
                return
            yield first, end
            first = end

    def _paragraph(self, first: int, last: int, layout: Layout, fields: Fields, boxes: Boxes) -> Paragraph:
        text = self._word.text
        paragraph = Paragraph(str(layout.style), layout.centred, breaks_before=layout.breaks_before)
        paragraph.breaks_after = text[last - 1] == _BREAK
        for begin, end, looks in self._formatting.looks(first, last):
            for run in _RUN.finditer(text, begin, end):
                letters = run.group()
                if letters == "\x08" and run.start() in boxes:
                    paragraph.boxes.append(boxes[run.start()])
                    continue
                in_field = letters in _MARKS
                shown = fields.mark(letters) if in_field else fields.shown(_as_seen(letters, looks))
                if shown:
                    _add(paragraph, shown, looks)
        return paragraph


_MARKS = frozenset("\x13\x14\x15")
_AS_SEEN = {"\x08": "", "\x0b": "\n", "\x0e": "\n", "\x1e": "-"}


def _as_seen(letters: str, looks: Looks) -> str:
    if looks.symbol and letters == "(":
        return SYMBOLS.get(looks.symbol, "")
    return _AS_SEEN.get(letters, letters).strip("\r\x07\x0c")


def _add(paragraph: Paragraph, text: str, looks: Looks) -> None:
    if looks.struck:
        paragraph.struck_parts.append(text)
        return
    paragraph.parts.append(text)
    if text.strip():
        paragraph.bold |= looks.bold
        paragraph.red |= looks.red
        paragraph.size = max(paragraph.size, looks.size)


def _table(rows: list[list[list[Paragraph]]], row: list[list[Paragraph]], cell: list[Paragraph]) -> Table:
    """The table that has come to an end, with what a damaged file left open."""
    if cell:
        row = [*row, cell]
    return rows_of_cells([*rows, row] if row else rows)
