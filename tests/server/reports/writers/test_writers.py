"""The three writers set the same blocks: whole, on A4, and nothing in them is markup or a formula."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from collections.abc import Callable

import pypdfium2
import pytest
from docx import Document as open_docx
from openpyxl import load_workbook

from server.reports import blocks
from server.reports.writers import WRITERS

HOSTILE = ['=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "<b>&amp;</b>", "\x1b[31m\u202eexe", "a\ud800b"]
LONG = "很长的内容" * 400


def document(*, landscape: bool = False) -> blocks.Document:
    columns = (blocks.Column("序号", 0.5), blocks.Column("内容", 3), blocks.Column("说明"))
    rows = [[number, text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 4] for number, text in enumerate(HOSTILE, 1)]
    rows.append([99, LONG, "末行"])
    return blocks.Document(
        title="检查报告 & <i>",
        number="2026-0007",
        head=blocks.Facts([("单位", "某某局"), ("=1+1", 5)]),
        blocks=[
            blocks.Heading("一、情况 [1]"),
            blocks.Paragraph("两行\n文字"),
            blocks.Table(columns, rows),
            blocks.Table(columns, [], none="无。"),
            blocks.Lines("结论", 3),
        ],
        signatures=("检查人", "负责人"),
        signed_on="日期：",
        landscape=landscape,
        language="zh-hans",
        foot="某某局 & 报告",
    )


@pytest.mark.parametrize("landscape", [True, False])
def test_pages_are_a4_and_no_letter_lies_outside(landscape: bool) -> None:
    pages = pypdfium2.PdfDocument(WRITERS["pdf"][1](document(landscape=landscape)))
    size = (842, 595) if landscape else (595, 842)
    text = ""
    for page in pages:
        assert (round(page.get_width()), round(page.get_height())) == size
        letters = page.get_textpage()
        for place in range(letters.count_chars()):
            left, bottom, right, top = letters.get_charbox(place)
            assert left >= 0 and bottom >= 0 and right <= size[0] and top <= size[1]
        text += letters.get_text_bounded()
    flat = "".join(text.split())
    assert flat.count("很") >= 400  # a page may end within a word
    assert "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 4 in flat
    assert "<b>&amp;</b>" in flat


def test_no_cell_of_a_workbook_is_a_formula_and_numbers_stay_numbers() -> None:
    book = load_workbook(io.BytesIO(WRITERS["xlsx"][1](document())))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    texts = {cell.value for cell in cells}
    assert {*HOSTILE[:5], 99, 5, "=1+1", "无。"} <= texts
    for sheet in book:
        assert sheet.page_setup.paperSize == "9" or sheet.page_setup.paperSize == 9


def test_a_document_is_sound_and_its_words_are_plain_text() -> None:
    content = WRITERS["docx"][1](document(landscape=True))
    made = open_docx(io.BytesIO(content))
    section = made.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (297, 210)
    cells = {cell.text for table in made.tables for row in table.rows for cell in row.cells}
    assert {*HOSTILE[:5], LONG} <= cells
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"tblHeader" in parts.read("word/document.xml")


@pytest.mark.parametrize("form", list(WRITERS))
def test_what_turns_or_steers_a_terminal_is_in_no_form(form: str) -> None:
    write: Callable[[blocks.Document], bytes] = WRITERS[form][1]
    content = write(document())
    if form == "pdf":
        content = "".join(p.get_textpage().get_text_bounded() for p in pypdfium2.PdfDocument(content)).encode()
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            content = b"".join(parts.read(name) for name in parts.namelist() if name.endswith(".xml"))
    assert "\u202e".encode() not in content
    assert b"\x1b" not in content


def listing() -> blocks.Document:
    """A long list of short rows with dates, as most reports have one."""
    names = ("序号", "发现的问题", "位置", "责任部门、责任人", "首次发现", "期限", "状态")
    columns = [blocks.Column(name, share) for name, share in zip(names, (0.4, 3, 2, 1.5, 1, 1, 1), strict=True)]
    told = "确因工作需要需经局网络安全管理领导小组批准,处理完毕应采取保密措施或以纸质存储"
    rows = [[n, told, "BGS-2024-0001", "综合业务处", "2026年10月11日", "2026年11月25日", "新发现"] for n in range(60)]
    return dataclasses.replace(document(), blocks=[blocks.Table(columns, rows)], signed_on="日期：　　年　　月　　日")


def pages(content: bytes) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content)]


def test_dates_and_numbers_are_not_broken_where_longer_texts_can_give_way() -> None:
    text = "".join(pages(WRITERS["pdf"][1](listing())))
    assert (text.count("2026年10月11日"), text.count("BGS-2024-0001")) == (60, 60)


def test_the_head_of_a_list_stands_once_on_each_page() -> None:
    made = pages(WRITERS["pdf"][1](listing()))
    assert len(made) > 2
    assert [page.count("首次发现") for page in made[:-1]] == [1] * (len(made) - 1)


def test_each_page_says_which_of_how_many_it_is() -> None:
    made = pages(WRITERS["pdf"][1](listing()))
    for number, page in enumerate(made, 1):
        assert re.search(rf"第 {number} 页，共 \s*{len(made)} 页", page)
    with zipfile.ZipFile(io.BytesIO(WRITERS["docx"][1](listing()))) as parts:
        foot = parts.read("word/footer1.xml")
    assert b'"PAGE"' in foot and b'"NUMPAGES"' in foot


def test_there_is_room_to_write_the_day_by_hand() -> None:
    last = pages(WRITERS["pdf"][1](listing()))[-1]
    assert not {"年月", "月日"} & {last[place : place + 2] for place in range(len(last))}
