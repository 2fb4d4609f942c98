"""A report as PDF on A4; its typeface is that of `signatures.typeface`."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from server.reports import blocks
from server.reports.writers.paper import counted, lines, on_paper, widths
from signatures.typeface import face

MARGIN = 16 * mm
_CELL = 8
"""Points of the letters in a table."""
_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
"""Chinese typefaces set these signs as wide as a character, which tears words of other languages."""
_PAGES = "pages"
"""Name of the drawing that says how many pages there are: it is made last, and shown on each."""
_LINE = colors.HexColor("#b9c1cb")
_GROUND = colors.HexColor("#f0f2f5")


class _Sheet:
    """Styles and measures of one report."""

    def __init__(self, document: blocks.Document) -> None:
        self.face = face()
        self.size = landscape(A4) if document.landscape else A4
        self.wide, self.high = self.size[0] - 2 * MARGIN, self.size[1] - 2 * MARGIN
        self.chinese = document.language.startswith("zh")
        wrap = {"wordWrap": "CJK"} if self.chinese else {}
        base = ParagraphStyle("base", fontName=self.face, fontSize=9.5, leading=14, **wrap)
        self.body = base
        self.cell = ParagraphStyle("cell", base, fontSize=_CELL, leading=11)
        self.count = ParagraphStyle("count", self.cell, alignment=TA_CENTER)
        self.soft = ParagraphStyle("soft", base, fontSize=8.5, leading=12.5, textColor=colors.HexColor("#5b6470"))
        self.title = ParagraphStyle("title", base, fontSize=18, leading=28, alignment=TA_CENTER, spaceAfter=8)
        self.part = ParagraphStyle("part", base, fontSize=12, leading=18, spaceBefore=10, spaceAfter=5)

    def paragraph(self, words: blocks.Cell, style: ParagraphStyle | None = None) -> Paragraph:
        """A paragraph of plain words: nothing in them is markup, and room left between words stays."""
        text = self.said(str(words)).replace("  ", "\u00a0\u00a0").replace("\u3000", "\u00a0" * 4)
        return Paragraph(escape(text).replace("\n", "<br/>"), style or self.body)

    def said(self, words: str) -> str:
        """A text as this report's typeface can set it."""
        text = blocks.plain(words)
        return text if self.chinese else text.translate(_STRAIGHT)

    def table(
        self,
        rows: Sequence[Sequence[blocks.Cell]],
        wide: Sequence[float],
        *,
        head: bool,
        middle: Collection[int] = (),
    ) -> Table:
        """A ruled table whose cells wrap, whose head comes again on each page; ``middle`` are columns of numbers."""
        looks = [self.count if place in middle else self.cell for place in range(len(wide))]
        cells = [[self.paragraph(cell, look) for cell, look in zip(row, looks, strict=True)] for row in rows]
        style = [
            ("GRID", (0, 0), (-1, -1), 0.5, _LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0) if head else (0, -1), _GROUND),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        # A row that is longer than a page goes over to the next one instead of stopping the report; others stay whole.
        most = self.high / 2 / self.cell.leading
        long = any(lines(str(cell), room, _CELL) > most for row in rows for cell, room in zip(row, wide, strict=True))
        return Table(
            cells,
            colWidths=list(wide),
            repeatRows=1 if head else 0,
            splitInRow=1 if long else 0,
            style=TableStyle(style),
        )


def write(document: blocks.Document) -> bytes:
    """The whole file."""
    sheet = _Sheet(document)
    story: list[Flowable] = [sheet.paragraph(document.title, sheet.title), *_facts(sheet, document.head)]
    for block in document.blocks:
        story += _block(sheet, block)
    before, after = _numbered()
    story += [_signatures(sheet, document), _Pages(sheet.face, after)]
    out = io.BytesIO()

    def foot(canvas: Canvas, _document: object) -> None:
        """What stands at the foot of each page."""
        canvas.setFont(sheet.face, 8)
        canvas.drawString(MARGIN, 9 * mm, sheet.said(document.foot))
        joint = sheet.size[0] - MARGIN - canvas.stringWidth(f"999{after}", sheet.face, 8)
        canvas.drawRightString(joint, 9 * mm, before % {"n": canvas.getPageNumber()})
        canvas.saveState()
        canvas.translate(joint, 9 * mm)
        canvas.doForm(_PAGES)
        canvas.restoreState()

    SimpleDocTemplate(
        out,
        pagesize=sheet.size,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"{document.title} {document.number}",
        lang=document.language,
        creator="mijian-server",
    ).build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


class _Pages(Flowable):  # type: ignore[misc]  # the library has no types
    """What stands last and is not seen: it draws how many pages there are, which each foot shows."""

    def __init__(self, typeface: str, after: str) -> None:
        super().__init__()
        self.width = self.height = 0
        self._typeface, self._after = typeface, after

    def draw(self) -> None:
        """The number of the page it stands on is that of all pages."""
        pages = self.canv.getPageNumber()
        self.canv.beginForm(_PAGES)
        self.canv.setFont(self._typeface, 8)
        self.canv.drawString(0, 0, f"{pages}{self._after}")
        self.canv.endForm()


def _numbered() -> tuple[str, str]:
    """The words of the foot up to the number of all pages, with the page's own still to be put in, and those after."""
    before, after = (_("page %(n)s of %(all)s") % {"n": "%(n)s", "all": "\0"}).split("\0")
    return before, after


def _block(sheet: _Sheet, block: blocks.Block) -> list[Flowable]:
    match block:
        case blocks.Heading(words):
            # Not at the foot of a page; yet a long table behind it may begin on this one.
            return [CondPageBreak(40 * mm), sheet.paragraph(words, sheet.part)]
        case blocks.Paragraph(words):
            return [sheet.paragraph(words)]
        case blocks.Facts():
            return _facts(sheet, block)
        case blocks.Table():
            return _table(sheet, block)
        case blocks.Lines(name, count):
            room = Table([[""]], colWidths=[sheet.wide], rowHeights=[count * 8 * mm])
            room.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 0.5, _LINE)]))
            return [KeepTogether([sheet.paragraph(name, sheet.part), room])]


def _facts(sheet: _Sheet, facts: blocks.Facts) -> list[Flowable]:
    if not facts.rows:
        return []
    return [sheet.table(facts.rows, (38 * mm, sheet.wide - 38 * mm), head=False), Spacer(1, 2 * mm)]


def _table(sheet: _Sheet, table: blocks.Table) -> list[Flowable]:
    if not table.rows:
        return [sheet.paragraph(table.none, sheet.soft)]
    rows, rest = on_paper(table)
    wide, head = widths(table, sheet.wide, _CELL), [column.name for column in table.columns]
    made: list[Flowable] = [sheet.table([head, *rows], wide, head=True, middle=counted(table))]
    if rest:
        made.append(sheet.paragraph(rest, sheet.soft))
    return [*made, Spacer(1, 2 * mm)]


def _signatures(sheet: _Sheet, document: blocks.Document) -> Flowable:
    cells = [[sheet.paragraph(one, sheet.soft) for one in document.signatures]]
    cells.append([sheet.paragraph(document.signed_on, sheet.soft) for _one in document.signatures])
    style = TableStyle([("LINEABOVE", (0, 0), (-1, 0), 0.8, colors.black), ("TOPPADDING", (0, 0), (-1, -1), 4)])
    width = sheet.wide / max(1, len(document.signatures))
    return KeepTogether([Spacer(1, 18 * mm), Table(cells, colWidths=[width] * len(document.signatures), style=style)])
