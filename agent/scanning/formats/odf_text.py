"""Paragraphs, text boxes and tables of OpenDocument as they look to a reader, in the terms of the Word reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats.docx_paragraphs import Box, Paragraph
from agent.scanning.formats.odf_styles import StyleSheet, emphasised, is_behind, is_red_type, is_struck, type_size
from agent.scanning.formats.ooxml import all_text, attribute, child, local
from agent.scanning.formats.ooxml_tables import Cell

SHAPES = frozenset(
    re.findall(
        r"[\w-]+",
        """frame custom-shape rect ellipse circle g line polyline polygon regular-polygon path connector caption measure
    text-box image object object-ole page-thumbnail control""",
    )
)
"""Elements of the draw namespace that stand in the place of a picture."""
_THROUGH = frozenset(
    re.findall(
        r"[\w-]+",
        """section list list-item list-header numbered-paragraph index-body index-title table-of-content
    illustration-index table-index object-index user-index alphabetical-index bibliography table-header-rows
    table-rows table-row-group table-row table-cell region-left region-center region-right""",
    )
)
_SILENT = frozenset(
    re.findall(
        r"[\w-]+",
        """tracked-changes sequence-decls variable-decls user-field-decls dde-connection-decls forms note-citation
    ruby-text binary-data enhanced-geometry glue-point thumbnail event-listeners script annotation-end
    bookmark bookmark-start bookmark-end reference-mark reference-mark-start reference-mark-end""",
    )
)
_NUMBERS = frozenset({"page-number", "page-count", "page-continuation"})
_BLANKS = re.compile(r"[ \t\r\n]+")
_DEEPEST = 100
_MOST_BLANKS = 40
_SLANT = re.compile(r"rotate\s*\(\s*([-+\d.eE]+)")


class Reader:
    """Reads paragraphs and tables of one body; gathers its notes and comments on the way."""

    def __init__(self, styles: StyleSheet, body: etree._Element | None = None) -> None:
        self._styles = styles
        self._depth = 0
        self.notes: list[tuple[str, etree._Element]] = []
        """Footnotes and comments met so far, each with the word for its part."""
        self._deleted: dict[str, etree._Element] = {}
        for region in () if body is None else body.iter("{*}changed-region"):
            deletion = child(region, "deletion")
            if deletion is not None:
                self._deleted[attribute(region, "id")] = deletion

    def paragraph(self, element: etree._Element) -> Paragraph:
        """A ``text:p`` or ``text:h``; a shape that stands for itself becomes a paragraph with nothing but its box."""
        paragraph = Paragraph()
        name = local(element)
        if name not in ("p", "h"):
            self._shape(element, paragraph)
            return paragraph
        look = self._styles.look("paragraph", attribute(element, "style-name"))
        paragraph.style = self._styles.chosen("paragraph", attribute(element, "style-name"))
        if name == "h" and attribute(element, "outline-level") in ("", "1"):
            paragraph.style = "heading1"
        paragraph.centred = look.get("text-align") == "center"
        paragraph.breaks_before = look.get("break-before") == "page" or bool(look.get("master-page-name"))
        paragraph.breaks_after = look.get("break-after") == "page"
        self._into(element, paragraph, look, struck=False)
        return paragraph

    def blocks(self, container: etree._Element, depth: int = 0) -> Iterator[etree._Element]:
        """The paragraphs, tables and free shapes of a body, header, note or box, in order."""
        for each in container:
            name = local(each)
            if name in ("p", "h", "table") or name in SHAPES:
                yield each
            elif name in _THROUGH and depth < _DEEPEST:
                yield from self.blocks(each, depth + 1)

    def table(self, element: etree._Element) -> tuple[list[list[Cell]], list[Paragraph]]:
        """The rows of a table with the cells that hold text, and all its paragraphs."""
        rows: list[list[Cell]] = []
        paragraphs: list[Paragraph] = []
        if self._depth > _DEEPEST:
            return rows, paragraphs
        self._depth += 3
        for row in self._rows(element):
            cells: list[Cell] = []
            inner: list[list[Cell]] = []
            column = 0
            for cell in row:
                if local(cell) not in ("table-cell", "covered-table-cell"):
                    continue
                here: list[Paragraph] = []
                for block in self.blocks(cell):
                    if local(block) == "table":
                        nested_rows, nested_paragraphs = self.table(block)
                        inner += nested_rows
                        paragraphs += nested_paragraphs
                    else:
                        here.append(self.paragraph(block))
                paragraphs += here
                text = "\n".join(paragraph.text for paragraph in here if paragraph.text)
                if text:
                    cells.append(Cell(text, column, None, any(paragraph.emphasis for paragraph in here)))
                column += repeated(cell, "number-columns-repeated")
            rows += [cells, *inner]
        self._depth -= 3
        return [row for row in rows if row], paragraphs

    def _rows(self, table: etree._Element, depth: int = 0) -> Iterator[etree._Element]:
        for each in table:
            name = local(each)
            if name == "table-row":
                yield each
            elif name in ("table-header-rows", "table-rows", "table-row-group") and depth < _DEEPEST:
                yield from self._rows(each, depth + 1)

    # --- inside a paragraph ------------------------------------------------------------------------------------

    def _into(self, element: etree._Element, paragraph: Paragraph, look: dict[str, str], *, struck: bool) -> None:
        if self._depth > _DEEPEST:
            return
        self._depth += 1
        struck = struck or is_struck(look)
        self._text(element.text, paragraph, look, struck=struck)
        for each in element:
            self._element(each, paragraph, look, struck=struck)
            self._text(each.tail, paragraph, look, struck=struck)
        self._depth -= 1

    def _text(self, text: str | None, paragraph: Paragraph, look: dict[str, str], *, struck: bool) -> None:
        if not text:
            return
        text = _BLANKS.sub(" ", text)
        (paragraph.struck_parts if struck else paragraph.parts).append(text)
        if text.strip() and not struck:
            paragraph.size = max(paragraph.size, type_size(look))
            paragraph.bold |= emphasised(look)
            paragraph.red |= is_red_type(look)

    def _element(self, each: etree._Element, paragraph: Paragraph, look: dict[str, str], *, struck: bool) -> None:
        name = local(each)
        parts = paragraph.struck_parts if struck else paragraph.parts
        if name in SHAPES:
            self._shape(each, paragraph)
        elif name == "s":
            parts.append(" " * min(int(count) if (count := attribute(each, "c")).isdecimal() else 1, _MOST_BLANKS))
        elif name == "tab":
            parts.append("\t")
        elif name == "line-break" or name in _NUMBERS:
            parts.append("\n")
        elif name == "soft-page-break":
            paragraph.breaks_after |= bool(paragraph.parts)
            paragraph.breaks_before |= not paragraph.parts
        elif name == "note":
            self.notes.append(("endnotes" if attribute(each, "note-class") == "endnote" else "footnotes", each))
        elif name == "annotation":
            self.notes.append(("comments", each))
        elif name == "change":
            self._deletion(attribute(each, "change-id"), paragraph)
        elif name == "span":
            own = self._styles.look("text", attribute(each, "style-name"))
            self._into(each, paragraph, {**look, **own} if own else look, struck=struck)
        elif name and name not in _SILENT:
            self._into(each, paragraph, look, struck=struck)

    def _deletion(self, change: str, paragraph: Paragraph) -> None:
        """What a tracked change took out here. Each is told once, so that none can hold itself."""
        deletion = self._deleted.pop(change, None)
        if deletion is None:
            return
        for text in self._plain(deletion):
            paragraph.struck_parts += [text, "\n"]

    def left_deletions(self) -> Iterator[str]:
        """Texts of tracked deletions that no place in the text refers to."""
        while self._deleted:
            _, deletion = self._deleted.popitem()
            if text := "\n".join(self._plain(deletion)):
                yield text

    def _plain(self, container: etree._Element) -> Iterator[str]:
        for block in self.blocks(container):
            paragraphs = self.table(block)[1] if local(block) == "table" else [self.paragraph(block)]
            yield from (text for each in paragraphs if (text := each.text or each.struck))

    # --- shapes ------------------------------------------------------------------------------------------------

    def _shape(self, shape: etree._Element, paragraph: Paragraph) -> None:
        """A frame, a shape with text in it, or a group: its text becomes a box of the paragraph."""
        if self._depth > _DEEPEST:
            return
        self._depth += 3
        box = Box([], [], self.is_lettering(shape))
        for each in shape:
            name = local(each)
            if name in ("p", "h"):
                box.paragraphs.append(self.paragraph(each))
            elif name in ("list", "text-box"):
                self._boxed(each, box)
            elif name == "table":
                box.tables.append(self.table(each)[0])
            elif name in ("title", "desc"):
                if (word := "".join(all_text(each)).strip()) and word not in paragraph.descriptions:
                    paragraph.descriptions.append(word)
            elif name in SHAPES or name == "a":
                self._shape(each, paragraph)
        for inner in box.paragraphs:
            paragraph.boxes += inner.boxes
            paragraph.watermarks += inner.watermarks
        if box.paragraphs or box.tables:
            paragraph.boxes.append(box)
        self._depth -= 3

    def _boxed(self, container: etree._Element, box: Box) -> None:
        for block in self.blocks(container):
            if local(block) == "table":
                box.tables.append(self.table(block)[0])
            else:
                box.paragraphs.append(self.paragraph(block))

    def is_lettering(self, shape: etree._Element) -> bool:
        """Whether a shape is a watermark: lettering (fontwork), slanted, behind the text, or called one."""
        if "watermark" in (name := attribute(shape, "name").lower()) or "水印" in name:
            return True
        geometry = child(shape, "enhanced-geometry")
        if geometry is not None and (
            attribute(geometry, "type").startswith("fontwork") or attribute(geometry, "text-path") == "true"
        ):
            return True
        if is_slanted(shape):
            return True
        return is_behind(self._styles.look("graphic", attribute(shape, "style-name")))


def is_slanted(shape: etree._Element) -> bool:
    """Whether a shape is turned by anything but right angles. ``draw:transform`` counts in radians."""
    turned = _SLANT.search(attribute(shape, "transform"))
    if turned is None:
        return False
    try:
        quarters = float(turned[1]) / 1.5707963
    except ValueError:
        return False
    return abs(quarters) < 1e6 and abs(quarters - round(quarters)) > 0.06


def repeated(element: etree._Element, name: str) -> int:
    """How often a row or cell stands for itself; 1 where it does not say or says nonsense."""
    value = attribute(element, name)
    return max(1, int(value)) if value.isdecimal() and len(value) < 8 else 1
