"""Paragraphs and tables of WordprocessingML as they look to a reader: text, text boxes, watermarks, what is struck."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from lxml import etree
from msgspec.structs import replace

from agent.scanning.formats.ooxml import all_text, attribute, child, local
from agent.scanning.formats.ooxml_drawing import is_red, is_turned
from agent.scanning.formats.ooxml_tables import Cell

_LARGE = 28
"""Half-points: 14 pt, the size from which type counts as emphasis."""
_VERY_LARGE = 32
"""Half-points: size 3 (三号), from which a centred line is taken for a title."""
_SYMBOLS = {"F0AA": "✦", "F0AB": "★", "F0AC": "✶", "F0AD": "✴", "F0B6": "☆", "F0A8": "□", "F0FE": "☑", "F052": "☑"}
"""Characters of the Wingdings fonts that mean something to the grammar."""
_SILENT = frozenset({"rPr", "pPr", "sdtPr", "sdtEndPr", "instrText", "delInstrText", "tblPr", "trPr", "tcPr"})
_FRAMES = frozenset(
    {"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "AlternateContent", "Choice"}
    | {"sect", "sub-section", "pBdrGroup", "annotation", "content"}
)
"""What paragraphs and tables may be wrapped in; the last five in the one-file form of Word 2003."""
_STRUCK = frozenset({"del", "moveFrom"})
_PLAIN = (["t"], ["rPr", "t"])
"""What a run has that is text and nothing else."""
_PAGE_FIELD = re.compile(r"\b(?:PAGE|NUMPAGES|SECTIONPAGES)\b")
_DEEPEST = 200
_TORN = re.compile(
    r"(?<=密[★☆])[ \u3000]*\n[ \u3000]*(?=长期|長期|至?[\d０-９一二三四五六七八九十]{1,4}\s?(?:年|个?月|個月))"
    r"|(?<=密)[ \u3000]*\n[ \u3000]*(?=[★☆][ \u3000]*(?:长期|長期|至?[\d０-９一二三四五六七八九十]))"
)
"""A line break within a mark, between its level and its period."""


class Box(msgspec.Struct):
    """A text box: its lines, and whether it is a watermark (lettering behind the text)."""

    paragraphs: list[Paragraph]
    tables: list[list[list[Cell]]]
    watermark: bool = False

    @property
    def text(self) -> str:
        """Its lines, top to bottom; those of its tables last."""
        lines = [paragraph.text for paragraph in self.paragraphs if paragraph.text]
        lines += [cell.text for rows in self.tables for row in rows for cell in row]
        return "\n".join(lines)

    @property
    def emphasis(self) -> bool:
        """Whether any of it is large, bold or red."""
        cells = (cell for rows in self.tables for row in rows for cell in row)
        return any(paragraph.emphasis for paragraph in self.paragraphs) or any(cell.emphasis for cell in cells)


class Paragraph(msgspec.Struct):
    """One paragraph. ``text`` is what stands, ``struck`` what was struck through or deleted."""

    style: str = ""
    centred: bool = False
    size: int = 0
    """Largest type in half-points; 0 where only the style tells."""
    bold: bool = False
    red: bool = False
    breaks_before: bool = False
    breaks_after: bool = False
    parts: list[str] = msgspec.field(default_factory=list)
    page_ends: list[int] = msgspec.field(default_factory=list)
    """Before which of its parts a page that was broken by hand ends."""
    struck_parts: list[str] = msgspec.field(default_factory=list)
    boxes: list[Box] = msgspec.field(default_factory=list)
    watermarks: list[str] = msgspec.field(default_factory=list)
    descriptions: list[str] = msgspec.field(default_factory=list)

    whole: str | None = None
    """The text, once all parts are there."""

    @property
    def text(self) -> str:
        """The text that stands, lines trimmed, empty ones dropped."""
        return _lines("".join(self.parts)) if self.whole is None else self.whole

    @property
    def struck(self) -> str:
        """The text that was struck through or deleted."""
        return _lines("".join(self.struck_parts)) if self.struck_parts else ""

    @property
    def emphasis(self) -> bool:
        """Whether it is large, bold or red."""
        return self.bold or self.red or self.size >= _LARGE

    @property
    def hung_with(self) -> bool:
        """Whether something hangs on it that is not in its line: boxes, lettering, struck text, alternative texts."""
        return bool(self.boxes or self.watermarks or self.struck_parts or self.descriptions)

    @property
    def large_centred(self) -> bool:
        """Whether it looks like a title or a red head."""
        return self.centred and self.size >= _VERY_LARGE


def read_paragraph(element: etree._Element) -> Paragraph:
    """A ``w:p`` as a reader sees it."""
    paragraph = Paragraph()
    properties = child(element, "pPr")
    for each in () if properties is None else properties:
        match local(each):
            case "pStyle":
                paragraph.style = attribute(each, "val")
            case "jc":
                paragraph.centred = attribute(each, "val") == "center"
            case "pageBreakBefore":
                paragraph.breaks_before = _on(each)
            case "sectPr":
                kind = child(each, "type")
                paragraph.breaks_after = kind is None or attribute(kind, "val") != "continuous"
    _Walk(paragraph).into(element, struck=False, depth=0)
    paragraph.whole = paragraph.text
    return paragraph


def at_page_breaks(paragraph: Paragraph) -> list[Paragraph]:
    """The paragraph, cut in two where text follows the last page break in it; its boxes stay with the first part."""
    cut = paragraph.page_ends[-1] if paragraph.page_ends else 0
    after = paragraph.parts[cut:]
    if not cut or not _lines("".join(after)):
        return [paragraph]
    first = replace(paragraph, parts=paragraph.parts[:cut], whole=None, page_ends=[], breaks_after=True)
    second = replace(paragraph, parts=after, whole=None, page_ends=[], breaks_before=False, breaks_after=False)
    second.struck_parts, second.boxes, second.watermarks, second.descriptions = [], [], [], []
    return [first, second]


def read_table(element: etree._Element) -> tuple[list[list[Cell]], list[Paragraph]]:
    """The rows of a ``w:tbl`` with the cells that hold text, and all its paragraphs (for their boxes and strikes)."""
    rows: list[list[Cell]] = []
    paragraphs: list[Paragraph] = []
    for row in _inside(element, "tr"):
        cells: list[Cell] = []
        inner: list[list[Cell]] = []
        column = 0
        for cell in _inside(row, "tc"):
            here = [read_paragraph(each) for each in _inside(cell, "p")]
            for nested in _inside(cell, "tbl"):
                nested_rows, nested_paragraphs = read_table(nested)
                inner += nested_rows
                paragraphs += nested_paragraphs
            paragraphs += here
            text = "\n".join(paragraph.text for paragraph in here if paragraph.text)
            if text:
                cells.append(Cell(text, column, None, any(paragraph.emphasis for paragraph in here)))
            column += _span(cell)
        rows += [cells, *inner]
    return [row for row in rows if row], paragraphs


def blocks(container: etree._Element) -> Iterator[etree._Element]:
    """The paragraphs and tables of a body, header, note or box, in order, through content controls and insertions."""
    for each in container:
        name = local(each)
        if name in ("p", "tbl", "sectPr"):
            yield each
        elif name in _FRAMES:
            yield from blocks(each)


class _Walk:
    """One way through a paragraph; collects into it."""

    def __init__(self, paragraph: Paragraph) -> None:
        self._paragraph = paragraph
        self._fields: list[str] = []
        """What the open fields say they are; text of a page number is no text."""
        self._results = 0
        """How many of the open fields, from the outermost, have a result of their own."""

    def into(self, element: etree._Element, *, struck: bool, depth: int) -> None:
        if depth > _DEEPEST:
            return
        for each in element:
            name = local(each)
            if name in ("t", "delText"):
                self._text(each.text or "", struck=struck or name == "delText")
            elif name == "r":
                self._run(each, struck=struck, depth=depth)
            elif name == "AlternateContent":
                self._alternatives(each, struck=struck, depth=depth)
            elif name == "fldSimple" and _PAGE_FIELD.search(attribute(each, "instr")):
                self._text("\n", struck=struck)
            elif name in _STRUCK:
                self.into(each, struck=True, depth=depth + 1)
            elif not self._special(each, name, struck=struck) and name not in _SILENT:
                self.into(each, struck=struck, depth=depth + 1)

    def _special(self, each: etree._Element, name: str, *, struck: bool) -> bool:
        """Deal with what has no text of its own to walk into; False where there may be some."""
        paragraph = self._paragraph
        match name:
            case "tab" | "ptab":
                self._text("\t", struck=struck)
            case "br" | "cr":
                self._text("\n", struck=struck)
                if attribute(each, "type") == "page":
                    paragraph.page_ends.append(len(paragraph.parts))
                    paragraph.breaks_after = True
            case "lastRenderedPageBreak":
                paragraph.breaks_before |= not paragraph.parts
                paragraph.breaks_after |= bool(paragraph.parts)
            case "noBreakHyphen":
                self._text("-", struck=struck)
            case "sym":
                self._text(_SYMBOLS.get(attribute(each, "char").upper(), ""), struck=struck)
            case "fldChar":
                self._field(attribute(each, "fldCharType"), struck=struck)
                if (form := child(each, "ffData", "ddList")) is not None and self._fields:
                    self._fields[-1] = f'FORMDROPDOWN "{_chosen(form)}"'
            case "instrText":
                if self._fields:
                    self._fields[-1] += each.text or ""
            case "rt":
                reading = "".join(all_text(each)).strip()
                if reading and reading not in paragraph.descriptions:
                    paragraph.descriptions.append(reading)
            case "txbxContent":
                self._box(each)
            case "textpath":
                if (text := attribute(each, "string")).strip() and text not in paragraph.watermarks:
                    paragraph.watermarks.append(text)
            case "docPr" | "cNvPr":
                for word in (attribute(each, "title"), attribute(each, "descr")):
                    if word.strip() and word not in paragraph.descriptions:
                        paragraph.descriptions.append(word)
                return False
            case _:
                return False
        return True

    def _text(self, text: str, *, struck: bool) -> None:
        if self._fields and _PAGE_FIELD.search(self._fields[-1]):
            text = "\n"
        (self._paragraph.struck_parts if struck else self._paragraph.parts).append(text)

    def _run(self, run: etree._Element, *, struck: bool, depth: int) -> None:
        paragraph = self._paragraph
        names = [local(each) for each in run]
        has_text = "t" in names
        for each in run[names.index("rPr")] if "rPr" in names else ():
            match local(each):
                case "strike" | "dstrike":
                    struck = struck or _on(each)
                case "b" if has_text:
                    paragraph.bold |= _on(each)
                case "sz" if has_text:
                    value = attribute(each, "val")
                    paragraph.size = max(paragraph.size, int(value) if value.isdecimal() else 0)
                case "color" if has_text:
                    paragraph.red |= is_red(attribute(each, "val"))
        if names in _PLAIN and depth < _DEEPEST:  # as nearly all are
            self._text(run[-1].text or "", struck=struck)
        else:
            self.into(run, struck=struck, depth=depth + 1)

    def _field(self, kind: str, *, struck: bool) -> None:
        if kind == "begin":
            self._fields.append("")
        elif kind == "separate":
            self._results = len(self._fields)
        elif kind == "end" and self._fields:
            instruction = self._fields.pop()
            if self._results <= len(self._fields):
                self._text(shown_by(instruction), struck=struck)
            self._results = min(self._results, len(self._fields))

    def _alternatives(self, element: etree._Element, *, struck: bool, depth: int) -> None:
        """The choice for new programs and the fallback for old ones hold the same, once; a difference is kept."""
        paragraph = self._paragraph
        before = len(paragraph.parts)
        for each in element:
            if local(each) == "Choice":
                self.into(each, struck=struck, depth=depth + 1)
        for each in element:
            if local(each) == "Fallback":
                other = Paragraph()
                _Walk(other).into(each, struck=struck, depth=depth + 1)
                if len(paragraph.parts) == before:
                    paragraph.parts += other.parts
                known = {box.text for box in paragraph.boxes}
                paragraph.boxes += [box for box in other.boxes if box.text not in known]
                paragraph.watermarks += [text for text in other.watermarks if text not in paragraph.watermarks]

    def _box(self, content: etree._Element) -> None:
        box = Box([], [], _is_lettering(content))
        for block in blocks(content):
            if local(block) == "p":
                box.paragraphs.append(read_paragraph(block))
            elif local(block) == "tbl":
                rows, _ = read_table(block)
                box.tables.append(rows)
        for inner in box.paragraphs:
            self._paragraph.boxes += inner.boxes
            self._paragraph.watermarks += inner.watermarks
        self._paragraph.boxes.append(box)


def shown_by(instruction: str) -> str:
    """What a field without a result shows: texts laid over each other (EQ), a text quoted (QUOTE) or to be clicked."""
    kind = instruction.split(maxsplit=1)[0].upper() if instruction.strip() else ""
    if kind in ("QUOTE", "FORMDROPDOWN"):
        return "".join(_QUOTED.findall(instruction)) or (instruction.split(maxsplit=1)[-1] if kind == "QUOTE" else "")
    if kind == "MACROBUTTON":
        return instruction.split(maxsplit=2)[2].strip() if len(instruction.split()) > 2 else ""
    if kind == "EQ":  # of a reading over a word the word is the longest of the texts
        return max((text.strip() for text in _ARGUMENT_ENDS.split(_SWITCH.sub("", instruction))), key=len)
    return ""


def _chosen(form: etree._Element) -> str:
    """The entry that a drop-down list of a form shows: the one it says, else the first."""
    entries = [attribute(each, "val") for each in form if local(each) == "listEntry"]
    result = child(form, "result")
    number = "0" if result is None else attribute(result, "val")
    at = int(number) if number.isdecimal() and len(number) < 4 else 0
    return entries[at] if at < len(entries) else ""


_QUOTED = re.compile(r'["“]([^"”]*)["”]')
_SWITCH = re.compile(r'^\s*EQ\b|\\\*\s*(?:"[^"]*"|\w+)|\\[a-zA-Z]+\s?\d*', re.IGNORECASE)
_ARGUMENT_ENDS = re.compile(r"[(),;]")


def _on(toggle: etree._Element) -> bool:
    return attribute(toggle, "val").lower() not in ("0", "false", "off", "none")


def _span(cell: etree._Element) -> int:
    span = child(cell, "tcPr", "gridSpan")
    value = "" if span is None else attribute(span, "val")
    return int(value) if value.isdecimal() and len(value) < 4 else 1


def _inside(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Children of that name, through content controls and the like."""
    for each in element:
        here = local(each)
        if here == name:
            yield each
        elif here in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _inside(each, name)


def _is_lettering(content: etree._Element) -> bool:
    """Whether a text box is WordArt, hangs aslant or lies behind the text, as watermarks do."""
    for ancestor in content.iterancestors():
        name = local(ancestor)
        if name == "anchor":
            return attribute(ancestor, "behindDoc") in ("1", "true")
        if name in ("wsp", "shape"):
            warp = child(ancestor, "bodyPr", "prstTxWarp")
            if warp is not None and attribute(warp, "prst") not in ("", "textNoShape"):
                return True
            if "watermark" in attribute(ancestor, "id").lower() or is_turned(ancestor):
                return True
        if name in ("pict", "p", "body"):
            return False
    return False


_BLANKS = " \t\r\n\u3000\u00a0"


def _lines(text: str) -> str:
    if "\n" not in text:
        return text.strip(_BLANKS)
    lines = (line.strip(_BLANKS) for line in _TORN.sub("", text).split("\n"))
    return "\n".join(line for line in lines if line)
