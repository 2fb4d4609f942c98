"""Uniform Office Format: the one-file form of version 1 and the zip of version 2, texts, sheets and slides."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from agent.scanning.formats import uof
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

SPACES = (
    'xmlns:uof="http://schemas.uof.org/cn/2003/uof" xmlns:字="http://schemas.uof.org/cn/2003/uof-wordproc" '
    'xmlns:表="http://schemas.uof.org/cn/2003/uof-spreadsheet" xmlns:图="http://schemas.uof.org/cn/2003/graph" '
    'xmlns:演="http://schemas.uof.org/cn/2003/uof-slideshow"'
)
PROSE = "各单位要认真贯彻执行，按时报送有关材料，逾期未报的予以通报。" * 2


def p(*texts: str, more: str = "") -> str:
    runs = "".join(f"<字:句><字:句属性/><字:文本串>{text}</字:文本串></字:句>" for text in texts)
    return f"<字:段落><字:段落属性/>{runs}{more}</字:段落>"


def flat(inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><uof:UOF {SPACES} uof:version="1.0">{inside}</uof:UOF>'.encode()


def text(body: str, before: str = "", section: str = "") -> bytes:
    section = f"<字:分节><字:节属性>{section}</字:节属性></字:分节>"
    return flat(f"{before}<uof:文字处理><字:主体>{section}{body}</字:主体></uof:文字处理>")


def kind_of(data: bytes, name: str) -> str:
    return identify(Source(io.BytesIO(data), len(data)), name).media_type


def test_a_mark_at_the_top_is_found_there_even_in_two_runs(read_pieces: Any) -> None:
    data = text(p("机", "密★10年") + p(PROSE))
    assert kind_of(data, "x.xml") == "application/vnd.uof"
    assert read_pieces(uof, data).only(Zone.P1_TOP_LEFT).text.startswith("机密★10年")


def test_headers_footers_notes_and_properties_have_their_zones(read_pieces: Any) -> None:
    header = f"<字:页眉><字:奇数页页眉>{p('机密')}</字:奇数页页眉></字:页眉>"
    section = f"{header}<字:页脚><字:首页页脚>{p('SECRET')}</字:首页页脚></字:页脚>"
    before = (
        "<uof:元数据><uof:标题>CONFIDENTIAL</uof:标题>"
        '<uof:用户自定义元数据 uof:名称="密级">秘密</uof:用户自定义元数据></uof:元数据>'
    )
    note = f"<字:句><字:脚注>{p('绝密')}</字:脚注></字:句>"
    found = read_pieces(uof, text(p(PROSE, more=note), before, section))
    assert (found.only(Zone.HEADER).text, found.only(Zone.HEADER).pages) == ("机密", 2)
    assert (found.only(Zone.FOOTER).text, found.only(Zone.FOOTER).pages) == ("SECRET", 1)
    assert [each.text for each in found.passages if each.place.part == "footnotes"] == ["绝密"]
    assert [(each.name, each.text) for each in found.passages if each.zone is Zone.DOC_PROPERTY] == [
        ("title", "CONFIDENTIAL"),
        ("密级", "秘密"),
    ]


def test_tables_boxes_and_deleted_text_are_told_apart(read_pieces: Any) -> None:
    shape = f'<uof:对象集><图:图形 图:标识符="b1"><图:文本内容>{p("机密★5年")}</图:文本内容></图:图形></uof:对象集>'
    table = "".join(f"<字:单元格>{p(each)}</字:单元格>" for each in ("密级", "秘密"))
    anchor = '<字:句><uof:锚点 uof:图形引用="b1"/></字:句>'
    deleted = '<字:修订开始 uof:标识符="r" uof:类型="delete"/>' + "<字:句><字:文本串>绝密</字:文本串></字:句>"
    body = (
        p(PROSE)
        + p("正文", more=anchor + deleted + '<字:修订结束 uof:开始标记引用="r"/>')
        + f"<字:文字表><字:行>{table}</字:行></字:文字表>"
    )
    found = read_pieces(uof, text(body, shape))
    assert "密级\t秘密" in found.texts(Zone.TABLE_FIELD)
    assert [each.text for each in found.passages if each.struck] == ["绝密"]
    assert any(each.text == "机密★5年" for each in found.passages)


def test_a_sheet_has_its_name_and_its_cells(read_pieces: Any) -> None:
    cell = '<表:单元格 表:列号="2"><表:数据><字:句><字:文本串>机密</字:文本串></字:句></表:数据></表:单元格>'
    band = f"<表:工作表属性><表:页面设置><表:页眉页脚>{p('SECRET')}</表:页眉页脚></表:页面设置></表:工作表属性>"
    sheet = (
        f'<表:工作表 表:名称="秘密">{band}<表:工作表内容><表:行 表:行号="3">{cell}</表:行></表:工作表内容></表:工作表>'
    )
    found = read_pieces(uof, flat(f"<uof:电子表格><表:主体>{sheet}</表:主体></uof:电子表格>"))
    assert found.texts(Zone.SHEET_TAB) == ["秘密"]
    assert [(each.text, each.place.cell) for each in found.passages if each.zone is Zone.CELL] == [("机密", "B3")]
    assert found.texts(Zone.SHEET_HEADER) == ["SECRET"]


def test_a_slide_has_its_title_and_a_master_its_text(read_pieces: Any) -> None:
    shapes = "".join(
        f'<图:图形 图:标识符="{name}"><图:文本内容>{p(words)}</图:文本内容></图:图形>'
        for name, words in (("a", "机密"), ("b", "SECRET"))
    )
    slide = '<演:幻灯片><uof:锚点 uof:图形引用="a" uof:占位符="title"/></演:幻灯片>'
    master = '<演:母版><uof:锚点 uof:图形引用="b"/></演:母版>'
    body = f"<演:主体><演:母版集>{master}</演:母版集><演:幻灯片集>{slide}</演:幻灯片集></演:主体>"
    found = read_pieces(uof, flat(f"<uof:对象集>{shapes}</uof:对象集><uof:演示文稿>{body}</uof:演示文稿>"))
    assert found.texts(Zone.TITLE) == ["机密"]
    assert found.texts(Zone.SLIDE_MASTER) == ["SECRET"]


def test_version_2_is_a_zip_whose_names_have_numbers(
    read_pieces: Any, zipped: Callable[[dict[str, bytes | str]], bytes]
) -> None:
    content = re.sub(r"(</?字:\w+)", r"\1_416B", p("机", "密★10年") + p(PROSE))
    data = zipped(
        {
            "uof.xml": '<uof:UOF_0000 xmlns:uof="http://schemas.uof.org/cn/2009/uof" version_0001="2.0"/>',
            "content.xml": f"<字:文字处理文档_4225 {SPACES}>{content}</字:文字处理文档_4225>",
            "data/annex.docx": b"PK",
        }
    )
    assert kind_of(data, "x.uot") == "application/vnd.uof"
    found = read_pieces(uof, data)
    assert found.only(Zone.P1_TOP_LEFT).text.startswith("机密★10年")
    assert [member.name for member in found.members] == ["data/annex.docx"]


@pytest.mark.parametrize("words", ["普通文件", "机密★10年"])
def test_an_ordinary_document_gives_nothing_and_one_that_breaks_off_is_damaged(read_pieces: Any, words: str) -> None:
    whole = text(p(words) + p(PROSE))
    found = read_pieces(uof, whole)
    assert bool(found.passages) is ("机密" in words)
    assert found.problem is None
    broken = read_pieces(uof, whole[:-60])
    assert broken.reason == "damaged"
    assert bool(broken.passages) is ("机密" in words)
