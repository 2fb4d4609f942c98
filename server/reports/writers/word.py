"""A report as a document for Word and WPS (DOCX), on A4."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from typing import Any

from django.utils.translation import gettext as _
from docx import Document as new_document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt
from docx.text.paragraph import Paragraph

from server.reports import blocks
from server.reports.writers.paper import counted, on_paper, widths

FACE_LATIN, FACE_CHINESE = "Times New Roman", "宋体"
MARGIN = Mm(16)
_A4 = (Mm(210), Mm(297))
_CELL = 8.5
"""Points of the letters in a table."""
_LOOSE = 1.18
"""How much wider a line may be set than its letters are: some programs leave room between digits and characters."""
_TWIP = 635
"""EMU of a twentieth of a point, in which tables are measured."""


def write(document: blocks.Document) -> bytes:
    """The whole file."""
    made = new_document()
    wide = _page(made, document)
    _styles(made, document.language)
    made.core_properties.title = blocks.plain(f"{document.title} {document.number}")
    made.core_properties.author = "mijian-server"
    made.core_properties.comments = ""
    title = made.add_paragraph(blocks.plain(document.title))
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.runs[0].font.size = Pt(18)
    _facts(made, document.head, wide)
    for block in document.blocks:
        _block(made, block, wide)
    _signatures(made, document, wide)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _page(made: WordDocument, document: blocks.Document) -> int:
    """Set paper, margins and foot; the width between the margins in EMU."""
    section = made.sections[0]
    width, height = reversed(_A4) if document.landscape else _A4
    section.orientation = WD_ORIENT.LANDSCAPE if document.landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = width, height
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
    foot = section.footer.paragraphs[0]
    foot.style = made.styles["Normal"]  # the library's own for feet has other stops
    foot.add_run(blocks.plain(document.foot))
    # Flush with the margin at the right, as on the other forms.
    foot.paragraph_format.tab_stops.add_tab_stop(Emu(width - 2 * MARGIN), WD_TAB_ALIGNMENT.RIGHT)
    before, between, after = (_("page %(n)s of %(all)s") % {"n": "\0", "all": "\0"}).split("\0")
    foot.add_run(f"\t{before}")
    _number(foot, "PAGE")
    foot.add_run(between)
    _number(foot, "NUMPAGES")
    foot.add_run(after)
    return int(width - 2 * MARGIN)


def _number(paragraph: Paragraph, what: str) -> None:
    """A field that Word and WPS fill with the number of the page, or of all pages."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), what)
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _styles(made: WordDocument, language: str) -> None:
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = FACE_LATIN, Pt(10.5)
    properties = normal.element.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), FACE_CHINESE)
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), "en-US")
    spoken.set(qn("w:eastAsia"), "zh-CN" if language.startswith("zh") else "en-US")
    properties.append(spoken)


def _block(made: WordDocument, block: blocks.Block, wide: int) -> None:
    match block:
        case blocks.Heading(words):
            _heading(made, words)
        case blocks.Paragraph(words):
            made.add_paragraph(blocks.plain(words))
        case blocks.Facts():
            _facts(made, block, wide)
        case blocks.Table():
            _listed(made, block, wide)
        case blocks.Lines(name, count):
            _heading(made, name)
            _table(made, [[""]], (wide,), head=False, high=count * Mm(8))


def _heading(made: WordDocument, words: str) -> None:
    paragraph = made.add_paragraph()
    run = paragraph.add_run(blocks.plain(words))
    run.bold, run.font.size = True, Pt(12)
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(10)
    # Seen by readers' outlines, without the colours of Word's own headings.
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "0")
    paragraph._p.get_or_add_pPr().append(level)


def _facts(made: WordDocument, facts: blocks.Facts, wide: int) -> None:
    if facts.rows:
        name = int(Mm(38))
        _table(made, facts.rows, (name, wide - name), head=False)


def _listed(made: WordDocument, table: blocks.Table, wide: int) -> None:
    if not table.rows:
        made.add_paragraph(blocks.plain(table.none))
        return
    rows, rest = on_paper(table)
    shares = [int(Pt(width)) for width in widths(table, Emu(wide).pt, _CELL * _LOOSE)]
    head = [column.name for column in table.columns]
    _table(made, [head, *rows], shares, head=True, middle=counted(table))
    if rest:
        made.add_paragraph(blocks.plain(rest))


def _table(
    made: WordDocument,
    rows: Sequence[Sequence[blocks.Cell]],
    wide: Sequence[int],
    *,
    head: bool,
    middle: Collection[int] = (),
    high: int = 0,
) -> None:
    """A ruled table, put together row by row: the library's own cells take minutes for a few thousand of them.

    ``middle`` are columns of numbers, ``high`` is the least height of a row in EMU.
    """
    table = made.add_table(rows=0, cols=len(wide), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, wide, strict=True):
        column.width = Emu(width)
    for number, cells in enumerate(rows):
        row = OxmlElement("w:tr")
        row.append(_row_look(first=head and number == 0, high=high))
        for place, (cell, width) in enumerate(zip(cells, wide, strict=True)):
            bold = number == 0 if head else place == 0
            row.append(_cell(str(cell), width, bold=bold, middle=place in middle))
        table._tbl.append(row)
    made.add_paragraph().paragraph_format.space_after = Pt(2)


def _row_look(*, first: bool, high: int) -> Any:
    """How a row is set: whole on one page; the first of a table again on each."""
    look = OxmlElement("w:trPr")
    look.append(OxmlElement("w:cantSplit"))
    if high:
        measure = OxmlElement("w:trHeight")
        measure.set(qn("w:val"), str(high // _TWIP))
        look.append(measure)
    if first:
        look.append(OxmlElement("w:tblHeader"))
    return look


def _cell(words: str, width: int, *, bold: bool, middle: bool) -> Any:
    cell, properties, measure = OxmlElement("w:tc"), OxmlElement("w:tcPr"), OxmlElement("w:tcW")
    measure.set(qn("w:w"), str(width // _TWIP))
    measure.set(qn("w:type"), "dxa")
    properties.append(measure)
    cell.append(properties)
    for line in blocks.plain(words).splitlines() or [""]:
        paragraph, run = OxmlElement("w:p"), OxmlElement("w:r")
        look, size = OxmlElement("w:rPr"), OxmlElement("w:sz")
        if middle:
            place, where = OxmlElement("w:pPr"), OxmlElement("w:jc")
            where.set(qn("w:val"), "center")
            place.append(where)
            paragraph.append(place)
        if bold:
            look.append(OxmlElement("w:b"))
        size.set(qn("w:val"), str(int(2 * _CELL)))
        look.append(size)
        text = OxmlElement("w:t")
        text.text = line
        text.set(qn("xml:space"), "preserve")
        run.append(look)
        run.append(text)
        paragraph.append(run)
        cell.append(paragraph)
    return cell


def _signatures(made: WordDocument, document: blocks.Document, wide: int) -> None:
    space = made.add_paragraph()
    space.paragraph_format.space_before = Pt(36)
    space.paragraph_format.keep_with_next = True
    count = len(document.signatures)
    table = made.add_table(rows=2, cols=count)
    for place, one in enumerate(document.signatures):
        for row, words in enumerate((one, document.signed_on)):
            cell = table.cell(row, place)
            cell.width = Emu(wide // count)
            cell.paragraphs[0].text = blocks.plain(words)
            cell.paragraphs[0].paragraph_format.keep_with_next = row == 0
            cell.paragraphs[0].paragraph_format.space_after = Pt(18 if row == 0 else 0)
