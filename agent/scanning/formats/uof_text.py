"""Paragraphs, tables and boxes of the Uniform Office Format, in the terms of the other Word readers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from agent.scanning.formats.docx_paragraphs import Box, Paragraph
from agent.scanning.formats.ooxml import local
from agent.scanning.formats.ooxml_drawing import is_red
from agent.scanning.formats.word_story import Block, Table, rows_of_cells

_NUMBERED = re.compile(r"_[0-9A-F]{4}$")
_DEEPEST = 60
_BLANK = {"制表符": "\t", "换行符": "\n", "空格符": " "}
_APART = frozenset({"脚注", "尾注", "批注", "域代码", "节属性", "句属性", "段落属性", "修订信息"})
"""What lies within a text without being part of it."""


def named(element: etree._Element) -> str:
    """The Chinese name of an element, without namespace and number."""
    return _NUMBERED.sub("", local(element))


def said(element: etree._Element, name: str) -> str:
    """The value of an attribute by its Chinese name; empty where there is none."""
    for key, value in element.items() if local(element) else ():
        if _NUMBERED.sub("", str(key).rpartition("}")[2]) == name:
            return str(value)
    return ""


class Text:
    """Reads stretches of one document's text; ``shapes`` are its boxes by their names."""

    def __init__(self, shapes: Mapping[str, etree._Element]) -> None:
        self._shapes = shapes
        self._hung: set[str] = set()
        self._revisions: dict[str, bool] = {}
        """Of each open change whether it struck out."""

    def blocks(self, container: etree._Element, depth: int = 0) -> Iterator[Block]:
        """The paragraphs and tables in an element, in order."""
        for each in container:
            name = named(each)
            if name == "段落":
                yield self._paragraph(each, depth)
            elif name == "文字表":
                yield self._table(each, depth)
            elif name not in _APART and name not in ("图形", "锚点") and depth < _DEEPEST:
                yield from self.blocks(each, depth + 1)

    def lines(self, container: etree._Element) -> list[str]:
        """The lines of an element, those of its tables too; where sentences lie in it without a paragraph, one line."""
        found: list[str] = []
        for block in self.blocks(container):
            if isinstance(block, Table):
                found += [cell.text for row in block.rows for cell in row]
            elif block.text:
                found.append(block.text)
        if not found:
            paragraph = Paragraph()
            self._into(container, paragraph, 0)
            found = [paragraph.text] if paragraph.text else []
        return found

    def shape(self, name: str) -> tuple[list[Table], list[str]]:
        """The tables and the lines of a shape."""
        element = self._shapes.get(name)
        if element is None:
            return [], []
        blocks = list(self.blocks(element))
        tables = [block for block in blocks if isinstance(block, Table)]
        return tables, [block.text for block in blocks if isinstance(block, Paragraph) and block.text]

    def loose(self) -> Iterator[Paragraph]:
        """The boxes that hung on no letter of what was read, each on a paragraph of its own."""
        for name in self._shapes:
            if name not in self._hung and (box := self._box(name, 0)) is not None:
                yield Paragraph(boxes=[box])

    def _table(self, table: etree._Element, depth: int) -> Table:
        rows: list[list[list[Paragraph]]] = []
        for row in table:
            if named(row) != "行":
                continue
            cells: list[list[Paragraph]] = []
            for cell in row:
                if named(cell) == "单元格":
                    inside = list(self.blocks(cell, depth + 1)) if depth < _DEEPEST else []
                    cells.append([each for each in inside if isinstance(each, Paragraph)])
                    for nested in inside:
                        cells[-1] += nested.paragraphs if isinstance(nested, Table) else []
            rows.append(cells)
        return rows_of_cells(rows)

    def _paragraph(self, element: etree._Element, depth: int) -> Paragraph:
        paragraph = Paragraph()
        for each in element:
            if named(each) == "段落属性":
                paragraph.centred = any(named(one) == "对齐" and said(one, "水平对齐") == "center" for one in each)
        self._into(element, paragraph, depth)
        return paragraph

    def _into(self, element: etree._Element, paragraph: Paragraph, depth: int) -> None:
        """Gather the sentences in an element."""
        for each in element:
            name = named(each)
            struck = any(self._revisions.values())
            parts = paragraph.struck_parts if struck else paragraph.parts
            if name == "文本串":
                parts.append(each.text or "")
            elif name in _BLANK:
                parts.append(_BLANK[name])
            elif name == "分页符":
                paragraph.breaks_after = True
            elif name == "修订开始":
                self._revisions[said(each, "标识符")] = said(each, "类型") == "delete"
            elif name == "修订结束":
                self._revisions.pop(said(each, "开始标记引用") or said(each, "标识符"), None)
            elif name == "锚点":
                self._hang(said(each, "图形引用"), paragraph, depth)
            elif name == "句属性":
                _dress(each, paragraph)
            elif name not in _APART and depth < _DEEPEST:
                self._into(each, paragraph, depth + 1)

    def _hang(self, name: str, paragraph: Paragraph, depth: int) -> None:
        if name in self._hung or depth >= _DEEPEST:
            return
        self._hung.add(name)
        if (box := self._box(name, depth + 1)) is not None:
            paragraph.boxes.append(box)

    def _box(self, name: str, depth: int) -> Box | None:
        element = self._shapes.get(name)
        if element is None or depth >= _DEEPEST:
            return None
        box = Box([], [])
        for block in self.blocks(element, depth):
            if isinstance(block, Table):
                box.tables.append(block.rows)
            else:
                box.paragraphs.append(block)
        return box if box.text else None


def _dress(properties: etree._Element, paragraph: Paragraph) -> None:
    """Size, weight and colour of a sentence; the paragraph keeps the largest."""
    for each in properties:
        name = named(each)
        if name == "字体":
            size = said(each, "字号")
            if re.fullmatch(r"\d{1,3}(?:\.\d{1,3})?", size):
                paragraph.size = max(paragraph.size, int(2 * float(size)))
            paragraph.red |= is_red(said(each, "颜色").removeprefix("#").upper())
        elif name == "粗体":
            paragraph.bold |= (said(each, "值") or each.text or "") == "true"
