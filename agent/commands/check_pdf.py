"""A self-check as PDF on A4, in Chinese or English (typeface: `signatures.typeface`)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from agent.checks.selfcheck import Change, Line, Report
from agent.commands.check_html import signatures
from agent.commands.check_table import changes
from agent.commands.check_words import ANSWERS, ORDER, by_regime, evidence, heading, outcome, pick, severity, title
from agent.words import printable, text
from protocol.records import CheckOutcome
from signatures.typeface import face

WIDE = A4[0] - 32 * mm
_COLOURS = {
    CheckOutcome.FAIL: "#a3161a",
    CheckOutcome.ERROR: "#8a5a00",
    CheckOutcome.MANUAL: "#8a5a00",
    CheckOutcome.PASS: "#14663a",
}


class _Sheet:
    """Styles and small parts of one report."""

    def __init__(self) -> None:
        self.face = face()
        base = ParagraphStyle("base", fontName=self.face, fontSize=9.5, leading=14, wordWrap="CJK")
        self.body = base
        self.soft = ParagraphStyle("soft", base, fontSize=8.5, leading=12.5, textColor=colors.HexColor("#5b6470"))
        self.title = ParagraphStyle("title", base, fontSize=17, leading=26, alignment=TA_CENTER, spaceAfter=8)
        self.part = ParagraphStyle(
            "part", base, fontSize=12.5, leading=18, spaceBefore=10, spaceAfter=5, keepWithNext=1
        )

    def paragraph(self, words: str, style: ParagraphStyle | None = None) -> Paragraph:
        """A paragraph of plain words: nothing in them is markup."""
        return Paragraph(escape(printable(words)), style or self.body)

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, head: bool) -> Table:
        """A ruled table whose cells wrap, and whose head comes again on each page."""
        cells = [[self.paragraph(cell) for cell in row] for row in rows]
        style = [
            ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#cfd5dc")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0) if head else (0, -1), colors.HexColor("#f2f4f7")),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        return Table(cells, colWidths=list(widths), repeatRows=1 if head else 0, style=TableStyle(style))


def pdf(report: Report, change: Change | None) -> bytes:
    """The whole file."""
    sheet = _Sheet()
    story: list[Flowable] = [sheet.paragraph(title(report), sheet.title)]
    story.append(sheet.table([list(row) for row in heading(report)], (34 * mm, WIDE - 34 * mm), head=False))
    story += _sum(sheet, report)
    if change:
        story.append(sheet.paragraph(text("与上次报告对照", "Since the last report"), sheet.part))
        story += [sheet.paragraph(one) for one in changes(report, change)]
    for wanted in ORDER:
        lines = [line for line in report.lines if line.outcome is wanted]
        if lines:
            story.append(sheet.paragraph(f"{outcome(wanted)} ({len(lines)})", sheet.part))
            for line in lines:
                story += _line(sheet, line)
    story += _questions(sheet, report)
    story.append(_sign(sheet))
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=16 * mm,
        rightMargin=16 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=f"{title(report)} {report.number}",
        author=report.organisation,
        creator=f"mijian {report.version}",
    )

    def foot(canvas: Canvas, _document: object) -> None:
        canvas.setFont(sheet.face, 8)
        canvas.drawString(16 * mm, 10 * mm, printable(report.number))
        canvas.drawRightString(
            A4[0] - 16 * mm, 10 * mm, text(f"第 {canvas.getPageNumber()} 页", f"page {canvas.getPageNumber()}")
        )

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _sum(sheet: _Sheet, report: Report) -> list[Flowable]:
    rows = [[text("制度", "Regime"), *(outcome(one) for one in ORDER)]]
    rows += [[name, *(str(counts[one] or "") for one in ORDER)] for name, counts in by_regime(report.lines)]
    rows.append([text("合计", "Sum"), *(str(report.count(one)) for one in ORDER)])
    first = WIDE - 5 * 24 * mm
    return [
        sheet.paragraph(text("按制度汇总", "Sum by regime"), sheet.part),
        sheet.table(rows, (first, *(24 * mm,) * 5), head=True),
    ]


def _line(sheet: _Sheet, line: Line) -> list[Flowable]:
    """One check; a long list of evidence may go over to the next page, the head of it stays with its beginning."""
    colour = _COLOURS.get(line.outcome, "#5b6470")
    head = Paragraph(
        f'<font color="{colour}">{escape(outcome(line.outcome))}</font>  {escape(pick(line.title))}', sheet.body
    )
    parts: list[Flowable] = [
        head,
        sheet.paragraph(f"{', '.join(line.controls)} · {severity(line)} · {line.clause}", sheet.soft),
    ]
    if line.why:
        parts.append(sheet.paragraph(pick(line.why)))
    facts: list[Flowable] = [sheet.paragraph("· " + one) for one in evidence(line)]
    end: list[Flowable] = []
    if line.outcome is CheckOutcome.FAIL:
        end.append(sheet.paragraph(text("处置：", "What to do: ") + pick(line.remedy)))
    end.append(Spacer(1, 3 * mm))
    if len(facts) <= 8:
        return [KeepTogether([*parts, *facts, *end])]
    return [KeepTogether([*parts, *facts[:3]]), *facts[3:], *end]


def _questions(sheet: _Sheet, report: Report) -> list[Flowable]:
    if not report.attestations:
        return []
    rows = [[text("编号", "Control"), text("问题", "Question"), text("回答", "Answer"), text("答题人、日期", "By, on")]]
    for one in report.attestations:
        answer = text(*ANSWERS[one.answer]) if one.answer else text("是 / 否", "yes / no")
        ask = pick(one.ask) + (f"\n{one.note}" if one.note else "")
        rows.append([one.control, ask, answer, f"{one.by} {one.on}".strip()])
    widths = (28 * mm, WIDE - 84 * mm, 24 * mm, 32 * mm)
    return [sheet.paragraph(text("人工确认", "Attestations"), sheet.part), sheet.table(rows, widths, head=True)]


def _sign(sheet: _Sheet) -> Flowable:
    cells = [[sheet.paragraph(one, sheet.soft) for one in signatures()]]
    line = TableStyle([("LINEABOVE", (0, 0), (-1, -1), 0.8, colors.black), ("TOPPADDING", (0, 0), (-1, -1), 4)])
    return KeepTogether([Spacer(1, 18 * mm), Table(cells, colWidths=[WIDE / 3] * 3, style=line)])
