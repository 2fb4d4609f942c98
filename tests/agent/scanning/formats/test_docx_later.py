"""Word documents after the head of the first page: annexes, blocks of lines, cells, torn marks."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx as python_docx
import pytest

from agent.scanning.formats import docx
from signatures.passages import Zone

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PROSE = "会议听取了项目组汇报，原则同意实施方案，要求进一步细化进度节点，按月报送。"


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_body(xml: str) -> bytes:
    """A package with this body and nothing else that matters."""
    document = f"<w:document xmlns:w='{W}'><w:body>{xml}</w:body></w:document>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", document)
    return out.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def table_of(rows: list[list[str]]) -> bytes:
    """A document whose text is a table after some prose."""
    document = python_docx.Document()
    document.add_paragraph(PROSE)
    table = document.add_table(len(rows), len(rows[0]))
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    return saved(document)


def test_the_head_of_an_annex_on_a_later_page_is_one_block(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph(PROSE)
    document.add_page_break()
    document.add_paragraph("机密")
    document.add_paragraph("附件1")
    document.add_paragraph("值班人员名单")
    document.add_paragraph(PROSE)
    document.add_paragraph("秘密")
    outcome = read_pieces(docx, saved(document))
    assert outcome.texts(Zone.P1_BLOCK) == ["机密\n附件1"]
    assert "秘密" in outcome.texts(Zone.BODY)


@pytest.mark.parametrize(
    "turn",
    [
        "<w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r><w:t>机密</w:t></w:r></w:p>",
        "<w:p><w:r><w:t>以上。</w:t><w:br w:type='page'/><w:t>机密</w:t></w:r></w:p>",
        "<w:p><w:r><w:br w:type='page'/><w:t>机密</w:t></w:r></w:p>",
        "<w:p><w:r><w:lastRenderedPageBreak/><w:t>机密</w:t></w:r></w:p>",
        "<w:p><w:pPr><w:sectPr/></w:pPr></w:p><w:p><w:r><w:t>机密</w:t></w:r></w:p>",
    ],
)
def test_a_page_begins_after_any_kind_of_break(read_pieces: Any, turn: str) -> None:
    outcome = read_pieces(docx, with_body(paragraph(PROSE) + turn + paragraph("附件") + paragraph(PROSE)))
    assert [text.split("\n")[0] for text in outcome.texts(Zone.P1_BLOCK)] == ["机密"]


@pytest.mark.parametrize(
    "lines",
    [
        ["信息的等级", "机密", PROSE],
        ["秘密", "我有一个秘密", "藏在山谷里", "风知道", "云也知道", "只有你不知道"],
        ["SECRET", "I keep a secret, nobody has to know"],
    ],
)
def test_a_word_that_heads_prose_or_verse_is_no_head_of_an_annex(read_pieces: Any, lines: list[str]) -> None:
    turn = "<w:p><w:r><w:br w:type='page'/></w:r></w:p>"
    outcome = read_pieces(docx, with_body(paragraph(PROSE) + turn + "".join(map(paragraph, lines))))
    assert not any(
        word in text.split("\n") for text in outcome.texts(Zone.P1_BLOCK) for word in ("机密", "秘密", "SECRET")
    )


def test_a_banner_above_the_text_of_a_later_page_is_its_head(read_pieces: Any) -> None:
    turn = "<w:p><w:r><w:br w:type='page'/></w:r></w:p>"
    outcome = read_pieces(docx, with_body(paragraph(PROSE) + turn + paragraph("SECRET//NOFORN") + paragraph(PROSE)))
    assert outcome.texts(Zone.P1_BLOCK) == ["SECRET//NOFORN"]


@pytest.mark.parametrize("before", ["第三章 风声", "1. 定义", "目录……3", "附录 12/30", PROSE, "下列标志正确的是："])
def test_a_chapter_a_list_or_prose_at_the_top_of_a_page_is_no_head(read_pieces: Any, before: str) -> None:
    body = [paragraph(PROSE), "<w:p><w:r><w:br w:type='page'/></w:r></w:p>", paragraph(before), paragraph("机密")]
    outcome = read_pieces(docx, with_body("".join(body) + paragraph(PROSE)))
    assert "机密" in outcome.texts(Zone.BODY)


def test_lines_of_label_and_value_come_as_one_block(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph(PROSE)
    for line in ("Classified By: D2-118", "Derived From: SECRET guide 4", "Declassify On: 20391231"):
        document.add_paragraph(line)
    document.add_paragraph(PROSE)
    [block] = [text for text in read_pieces(docx, saved(document)).texts(Zone.BODY) if "SECRET" in text]
    assert block == "Classified By: D2-118\nDerived From: SECRET guide 4\nDeclassify On: 20391231"


def test_a_short_sentence_above_the_title_is_not_taken_for_prose(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph("SECRET plan. Do not distribute.")
    document.add_heading("Sourcing Review", 0)
    document.add_paragraph(PROSE)
    assert read_pieces(docx, saved(document)).texts(Zone.P1_TOP_LEFT) == ["SECRET plan. Do not distribute."]


@pytest.mark.parametrize(
    ("typed", "read"),
    [("机密★<w:br/>10年", "机密★10年"), ("机密<w:br/>★长期", "机密★长期"), ("机密★<w:br/>特急", "机密★\n特急")],
)
def test_a_line_break_within_a_mark_is_no_end_of_it(read_pieces: Any, typed: str, read: str) -> None:
    runs = typed.replace("<w:br/>", "</w:t><w:br/><w:t>")
    outcome = read_pieces(docx, with_body(f"<w:p><w:r><w:t>{runs}</w:t></w:r></w:p>" + paragraph(PROSE)))
    assert outcome.texts(Zone.P1_TOP_LEFT) == [read]


def test_a_cell_that_is_label_and_value_itself_is_a_field(read_pieces: Any) -> None:
    outcome = read_pieces(docx, table_of([["密级：秘密★1年", "缓急：加急"], ["签发：", "会签："]]))
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t秘密★1年"]


def test_a_level_among_the_boxes_of_a_form_is_no_value(read_pieces: Any) -> None:
    outcome = read_pieces(docx, table_of([["密级：秘密", "□机密"], ["签发：", "会签："]]))
    assert "密级\t秘密" not in outcome.texts(Zone.TABLE_FIELD)


def test_the_only_starred_cell_of_a_table_stands_for_itself(read_pieces: Any) -> None:
    rows = [["编号", "3", "份数", "2"], ["附注", "见后", "机密★10年", "甲"], ["拟稿", "乙", "核稿", "丙"]]
    assert read_pieces(docx, table_of(rows)).texts(Zone.CELL) == ["机密★10年"]


@pytest.mark.parametrize(
    "rows",
    [
        [["文号", "标题", "密级"], ["1", "甲", "机密★10年"], ["2", "乙", "无"]],
        [["文号", "标题", "备注"], ["1", "甲", "机密★10年"], ["2", "乙", "秘密★5年"]],
        [["类别", "书写示例", "备注"], ["一", "机密★10年", "甲"], ["二", "无", "乙"]],
    ],
)
def test_starred_cells_of_registers_and_examples_stay_rows(read_pieces: Any, rows: list[list[str]]) -> None:
    assert read_pieces(docx, table_of(rows)).texts(Zone.CELL) == []
