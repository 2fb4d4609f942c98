"""A report as PDF on A4; its typeface is that of `signatures.typeface`."""

from __future__ import annotations

import io
from collections.abc import Sequence
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
from server.reports.writers.paper import on_paper
from signatures.typeface import face

MARGIN = 16 * mm
_LINE = colors.HexColor("#b9c1cb")
_GROUND = colors.HexColor("#f0f2f5")


class _Sheet:
    """Styles and measures of one report."""

    def __init__(self, document: blocks.Document) -> None:
        self.face = face()
        self.size = landscape(A4) if document.landscape else A4
        self.wide = self.size[0] - 2 * MARGIN
        base = ParagraphStyle("base", fontName=self.face, fontSize=9.5, leading=14, wordWrap="CJK")
        self.body = base
        self.cell = ParagraphStyle("cell", base, fontSize=8, leading=11)
        self.soft = ParagraphStyle("soft", base, fontSize=8.5, leading=12.5, textColor=colors.HexColor("#5b6470"))
        self.title = ParagraphStyle("title", base, fontSize=18, leading=28, alignment=TA_CENTER, spaceAfter=8)
        self.part = ParagraphStyle("part", base, fontSize=12, leading=18, spaceBefore=10, spaceAfter=5)

    def paragraph(self, words: blocks.Cell, style: ParagraphStyle | None = None) -> Paragraph:
        """A paragraph of plain words: nothing in them is markup."""
        return Paragraph(escape(blocks.plain(str(words))).replace("\n", "<br/>"), style or self.body)

    def table(self, rows: Sequence[Sequence[blocks.Cell]], widths: Sequence[float], *, head: bool) -> Table:
        """A ruled table whose cells wrap, and whose head comes again on each page."""
        cells = [[self.paragraph(cell, self.cell) for cell in row] for row in rows]
        style = [
            ("GRID", (0, 0), (-1, -1), 0.5, _LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0) if head else (0, -1), _GROUND),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        # A cell that is longer than a page goes over to the next one instead of stopping the report.
        return Table(cells, colWidths=list(widths), repeatRows=1 if head else 0, splitInRow=1, style=TableStyle(style))


def write(document: blocks.Document) -> bytes:
    """The whole file."""
    sheet = _Sheet(document)
    story: list[Flowable] = [sheet.paragraph(document.title, sheet.title), *_facts(sheet, document.head)]
    for block in document.blocks:
        story += _block(sheet, block)
    story.append(_signatures(sheet, document))
    out = io.BytesIO()

    def foot(canvas: Canvas, _document: object) -> None:
        """What stands at the foot of each page."""
        canvas.setFont(sheet.face, 8)
        canvas.drawString(MARGIN, 9 * mm, blocks.plain(document.foot))
        page = _("page %(n)s") % {"n": canvas.getPageNumber()}
        canvas.drawRightString(sheet.size[0] - MARGIN, 9 * mm, page)

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
    total = sum(column.share for column in table.columns)
    widths = [sheet.wide * column.share / total for column in table.columns]
    made: list[Flowable] = [sheet.table([[column.name for column in table.columns], *rows], widths, head=True)]
    if rest:
        made.append(sheet.paragraph(rest, sheet.soft))
    return [*made, Spacer(1, 2 * mm)]


def _signatures(sheet: _Sheet, document: blocks.Document) -> Flowable:
    cells = [[sheet.paragraph(one, sheet.soft) for one in document.signatures]]
    cells.append([sheet.paragraph(document.signed_on, sheet.soft) for _one in document.signatures])
    style = TableStyle([("LINEABOVE", (0, 0), (-1, 0), 0.8, colors.black), ("TOPPADDING", (0, 0), (-1, -1), 4)])
    width = sheet.wide / max(1, len(document.signatures))
    return KeepTogether([Spacer(1, 18 * mm), Table(cells, colWidths=[width] * len(document.signatures), style=style)])
