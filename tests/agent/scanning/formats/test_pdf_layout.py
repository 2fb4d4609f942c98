"""PDF: what belongs together on a page is put together, in whatever order and font it was drawn."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from agent.scanning.formats import pdf
from agent.scanning.formats.base import Reading, Source
from signatures.engine import build
from signatures.literals import Literal
from signatures.passages import Passage, Zone

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
SIEVE = build(
    [Literal(word, gaps=True) for word in ("机密", "秘密", "绝密", "內部")] + [Literal("SECRET")], prefer="re"
)
PROSE = "会议听取了项目组汇报，原则同意实施方案。"

Draw = Callable[[Canvas], object]


def made(*pages: Draw) -> bytes:
    """A PDF whose pages are drawn by these functions, in a Chinese font that is not embedded."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for draw in pages:
        canvas.setFont("STSong-Light", 12)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(*texts: str, top: float = 780, left: float = 70) -> Draw:
    def draw(canvas: Canvas) -> None:
        for at, text in enumerate(texts):
            canvas.drawString(left, top - 24 * at, text)

    return draw


def prose(rows: int) -> Draw:
    return lines(*[PROSE] * rows, top=560)


def both(*draws: Draw) -> Draw:
    return lambda canvas: [draw(canvas) for draw in draws]


def read(data: bytes) -> list[Passage]:
    pieces = pdf.pieces(Source(io.BytesIO(data), len(data)), Reading(SIEVE))
    return [piece for piece in pieces if isinstance(piece, Passage)]


def zones(data: bytes, text: str) -> set[Zone]:
    """The zones in which a text stands on a line of its own."""
    return {one.zone for one in read(data) if text in one.text.split("\n")}


def raw(resources: bytes, content: bytes, *more: bytes) -> bytes:
    """A PDF of one page, object by object; ``more`` starts at object 4. Its cross-reference is left to be rebuilt."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 99 0 R /Resources << %s >> >>" % resources,
        *more,
    ]
    out = b"%PDF-1.7\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % pair for pair in enumerate(objects, 1))
    out += b"99 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(content), content)
    return out + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


def test_the_head_of_an_annex_on_a_later_page_is_a_block() -> None:
    data = made(prose(14), both(lines("机密", "附件 1", "值班人员名单", top=740), prose(14)))
    (block,) = (one for one in read(data) if "机密" in one.text)
    assert (block.zone, block.text, block.place.page) == (Zone.P1_BLOCK, "机密\n附件 1", 2)


@pytest.mark.parametrize("before", ["第三章 风声", "1. 定义", "目录 …… 3", PROSE, "下列标志正确的是："])
def test_a_chapter_a_list_or_prose_at_the_top_of_a_later_page_is_no_head(before: str) -> None:
    data = made(prose(14), both(lines(before, "机密", top=740), prose(14)))
    assert zones(data, "机密") == {Zone.BODY}


def test_a_word_that_heads_prose_or_verse_on_a_later_page_is_no_head() -> None:
    verse = lines("秘密", "我有一个秘密", "藏在山谷里", "风知道", "云也知道", "只有你不知道", top=740)
    assert zones(made(prose(14), verse), "秘密") == {Zone.BODY}
    assert zones(made(prose(14), lines("秘密", PROSE, PROSE, top=740)), "秘密") == {Zone.BODY}


def test_the_top_of_a_slide_is_no_head_of_an_annex() -> None:
    def slide(canvas: Canvas) -> None:
        canvas.setPageSize(landscape(A4))
        lines("机密", "要点", top=490)(canvas)
        lines(PROSE, top=200)(canvas)

    assert zones(made(prose(14), slide), "机密") == {Zone.BODY}


def test_label_value_and_period_of_one_row_or_two_are_one_field() -> None:
    def row(*texts: str, top: float) -> Draw:
        return both(*(lines(text, top=top, left=70 + 110 * at) for at, text in enumerate(texts)))

    wide = both(row("密级", "机密", "保密期限", "10年", top=480), prose(2))
    tall = both(row("密级", "机密", top=480), row("保密期限", "10年", top=450), prose(2))
    for data in (made(wide), made(tall), made(prose(14), wide)):
        fields = [one.text for one in read(data) if one.zone is Zone.TABLE_FIELD and "密级" in one.text]
        assert fields == ["密级\t机密\t保密期限\t10年"]


def test_an_ideographic_space_within_a_mark_does_not_part_it() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("STSong-Light", 16)
        canvas.drawString(70, 790, "机密")
        canvas.drawString(70 + 3 * 16 + 12, 790, "年")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(70 + 3 * 16, 790, "10")
        canvas.setFont("STSong-Light", 12)
        prose(14)(canvas)

    assert Zone.P1_TOP_LEFT in zones(made(page), "机密 10年")


@pytest.mark.parametrize(("text", "symbol"), [("绝密 长期", "★"), ("密级： 绝密 □机密", "□")])
def test_a_symbol_drawn_after_its_line_stands_in_the_hole_left_for_it(text: str, symbol: str) -> None:
    def page(canvas: Canvas) -> None:
        before, after = text.split(" ", 1)
        canvas.setFont("STSong-Light", 16)
        canvas.drawString(70, 790, before)
        canvas.drawString(70 + 16 * (len(before) + 1), 790, after)
        prose(14)(canvas)
        canvas.setFont("STSong-Light", 16)
        canvas.drawString(70 + 16 * len(before), 790, symbol)

    assert zones(made(page), text.replace(" ", symbol, 1)) == {Zone.P1_TOP_LEFT}


def test_options_of_a_question_in_large_type_lend_no_emphasis() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("STSong-Light", 16)
        lines("1. 选择", "A. 机密★10年", "B. 秘密★5年")(canvas)

    assert not any(one.emphasis for one in read(made(page)) if "机密★10年" in one.text)


def test_a_ligature_of_two_letters_does_not_part_a_word() -> None:
    font = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FirstChar 1 /LastChar 1 /Widths [900]"
        b" /Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [1 /fi] >> /ToUnicode 5 0 R >>"
    )
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n1 beginbfchar <01> <00660069>\nendbfchar\nendcmap end end"
    )
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap)
    plain = b"/F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    content = b"BT 70 780 Td /F2 10 Tf (SECRET de) Tj /F1 10 Tf (\001) Tj /F2 10 Tf (ned) Tj ET"
    data = raw(b"/Font << /F1 4 0 R %s >>" % plain, content, font, stream)
    assert Zone.P1_TOP_LEFT in zones(data, "SECRET defined")
