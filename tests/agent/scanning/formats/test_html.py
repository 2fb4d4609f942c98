"""HTML: found through tags, references and encodings, with the zone it stands in."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats import html
from agent.scanning.formats.base import Reading, Source
from signatures.engine import build
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

READING = Reading(build(load_rules().literals, prefer="re2"))
PROSE = "<p>会议要求各有关部门密切配合，按时完成年度工作计划。</p>\n"


def read(page: bytes) -> list[Passage]:
    pieces = html.pieces(Source(io.BytesIO(page), len(page)), READING)
    return [piece for piece in pieces if isinstance(piece, Passage)]


def texts(page: str, zone: Zone, encoding: str = "utf-8") -> list[str]:
    return [passage.text for passage in read(page.encode(encoding)) if passage.zone is zone]


@pytest.mark.parametrize(
    "marking",
    [
        "机密★10年",
        "<span>机</span><span>密</span>★10年",
        "<b>机</b>\n\t\t<i>\n\t\t密</i>★10年",
        "&#26426;&#23494;&#9733;10年",
        "&#x673a;密&#x2605;10年",
        "机&nbsp;&nbsp;&nbsp;&nbsp;密★10年",
        "机<!-- x -->密&starf;10年",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_neither_tags_nor_references_nor_encodings_hide_a_marking(marking: str, encoding: str) -> None:
    page = f"<html><body><p>{marking}</p><p>关于报告的通知</p>{PROSE * 3}</body></html>"
    [found] = texts(page, Zone.P1_TOP_LEFT, encoding)
    assert found.replace("\xa0", "").replace(" ", "") == "机密★10年\n关于报告的通知"


def test_an_ordinary_page_gives_nothing() -> None:
    assert read(f"<html><title>通知</title><body>{PROSE * 20}</body></html>".encode("gbk")) == []


def test_a_page_that_lies_about_its_encoding_is_read_all_the_same() -> None:
    page = f'<html><meta charset="utf-8"><body><p>机密★10年</p>{PROSE * 3}</body></html>'
    assert texts(page, Zone.P1_TOP_LEFT, "gb18030") == ["机密★10年"]


def test_big5_without_a_declaration_is_recognised() -> None:
    page = "<html><body><p>僅供內部參考</p><p>會議要求各有關部門按時完成年度工作計劃。</p></body></html>"
    assert texts(page, Zone.P1_TOP_LEFT, "big5") == ["僅供內部參考"]


def test_the_title_and_the_properties_keep_their_names() -> None:
    head = '<title>机密 ★ 20年 年度预算</title><meta name="密级" content="秘密">'
    page = f"<html><head>{head}</head><body>{PROSE}</body></html>"
    passages = read(page.encode())
    assert [passage.text for passage in passages if passage.zone is Zone.TITLE] == ["机密 ★ 20年 年度预算"]
    assert [(passage.name, passage.text) for passage in passages if passage.zone is Zone.DOC_PROPERTY] == [
        ("密级", "秘密")
    ]


def test_the_last_short_line_is_a_footer() -> None:
    assert texts(f"<body><h1>通知</h1>{PROSE * 3}<div>秘密★6个月</div></body>", Zone.FOOTER) == ["秘密★6个月"]


def test_a_label_in_a_table_goes_with_its_value() -> None:
    table = (
        "<table>"
        + "".join(f"<tr><td>项目{n}</td><td>值{n}</td></tr>" for n in range(8))
        + "<tr><th>密级：</th><td>机密</td></tr></table>"
    )
    page = f"<body>{PROSE * 3}{table}{PROSE}</body>"
    assert texts(page, Zone.TABLE_FIELD) == ["密级\t机密"]
    assert texts(page, Zone.CELL) == ["机密"]


def test_a_table_of_levels_is_no_marking_of_the_page() -> None:
    table = (
        "<table>"
        + "".join(f"<tr><td>{level}</td><td>{n}0年</td></tr>" for n, level in enumerate(["绝密", "机密", "秘密"]))
        + "</table>"
    )
    page = f"<body>{PROSE * 3}{table}{PROSE}</body>"
    assert texts(page, Zone.CELL) == []
    assert len(texts(page, Zone.BODY)) == 3


def test_a_layout_table_at_the_top_belongs_to_the_head() -> None:
    table = "<table><tr><td>份号：000895</td><td></td></tr><tr><td>绝密</td><td>特急</td></tr></table>"
    [head] = texts(f"<body>{table}<p>某某局文件</p>{PROSE}</body>", Zone.P1_TOP_LEFT)
    assert head.split("\n") == ["份号：000895", "绝密", "特急", "某某局文件"]


def test_headers_watermarks_pictures_and_comments_are_looked_at() -> None:
    page = (
        f"<body><header>机密★5年</header>{PROSE * 3}<div class='watermark'>绝密</div>{PROSE}"
        f"<img src=a.png alt='秘密★1年'><!-- 内部资料 -->{PROSE}</body>"
    )
    assert texts(page, Zone.HEADER) == ["机密★5年"]
    assert texts(page, Zone.WATERMARK) == ["绝密"]
    assert texts(page, Zone.CAPTION) == ["秘密★1年"]
    assert " 内部资料 " in texts(page, Zone.BODY)


def test_a_struck_marking_is_told_as_struck() -> None:
    page = f"<body>{PROSE * 3}<p><del>机密★10年</del></p>{PROSE * 9}</body>"
    [struck] = [passage for passage in read(page.encode()) if passage.struck]
    assert struck.text == "机密★10年"


def test_a_hidden_marking_is_seen() -> None:
    page = f"<body><div style='display:none'>机密★10年</div>{PROSE * 3}</body>"
    assert texts(page, Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_scripts_and_styles_are_no_text() -> None:
    page = f"<body><script>if (机密) a(绝密)</script><style>/* 绝密 */</style>{PROSE * 3}</body>"
    assert read(page.encode()) == []


@pytest.mark.parametrize(
    "aside",
    [
        "<script>document.write('机密★10年')</script>",
        '<script>var a="x",b="机密★10年",c=1</script>',
        '<style>body::before { content: "机密★10年" }</style>',
        "<p data-level='机密★10年'>x</p>",
        "<iframe srcdoc='&lt;p&gt;机密★10年&lt;/p&gt;'></iframe>",
        "<template><p>机密★10年</p></template>",
    ],
)
def test_a_string_or_attribute_that_holds_a_marking_stands_for_itself(aside: str) -> None:
    page = f"<body>{PROSE * 3}{aside}{PROSE * 3}</body>"
    assert texts(page, Zone.BODY) == ["机密★10年"]


def test_deep_nesting_is_read_to_the_ground() -> None:
    for depth in (500, 3000):
        page = "<script>绝密</script>" + "<div>" * depth + "机密★10年"
        assert texts(page, Zone.P1_TOP_LEFT) == ["机密★10年"]


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("<>/!-&#;=\"' \x00abcp机密★"), max_size=120), st.binary(max_size=60))
def test_no_markup_at_all_makes_an_error(markup: str, noise: bytes) -> None:
    page = f"<html>{markup}<p>绝密".encode() + noise
    assert all(passage.text.encode("utf-8") for passage in read(page))


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><th>密级<td>机密<th>保密期限<td>10年",
        "<tr><th>密级：<td>机密</tr><tr><th>保密期限<td>10年</tr>",
    ],
)
def test_a_table_in_the_head_of_a_page_gives_level_and_period_together(rows: str) -> None:
    page = f"<body><table>{rows}</table><h1>关于工作的方案</h1>{PROSE * 3}</body>"
    assert texts(page, Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t10年"]


@pytest.mark.parametrize(
    "over",
    [
        "<ruby>机<rp>(</rp><rt>jī</rt><rp>)</rp></ruby><ruby>密<rt>mì</rt></ruby>★10年",
        "<ruby><rb>机</rb><rb>密</rb><rt>jī<rt>mì</ruby>★10年",
        "<ruby>会议<rt>机密★10年</rt></ruby>",
    ],
)
def test_what_stands_over_letters_parts_no_marking(over: str) -> None:
    assert any("机密★10年" in each.text for each in read(f"<html><p>{over}</p>{PROSE}".encode()))
