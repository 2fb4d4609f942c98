"""OpenDocument: text, spreadsheets, presentations, flat files, encrypted, damaged and hostile ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.scanning.formats import odf
from agent.scanning.formats.base import Budget, Source
from agent.scanning.identify import identify
from protocol.records import Place
from signatures.passages import Zone

DATA = Path(__file__).parent / "data"
NAMES = """
xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
"""
MEMO = """
<office:meta><dc:title>工作安排</dc:title><dc:subject>内部资料</dc:subject><meta:keyword>秘密</meta:keyword>
<meta:user-defined meta:name="密级">机密★20年</meta:user-defined></office:meta>
<office:styles><style:style style:name="Standard" style:family="paragraph"/><style:style
style:name="Header" style:family="paragraph" style:parent-style-name="Standard"/><style:style
style:name="Graphics" style:family="graphic"/></office:styles>
<office:automatic-styles>
<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Standard">
<style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="22pt"
style:font-size-asian="22pt"/></style:style>
<style:style style:name="P2" style:family="paragraph" style:parent-style-name="Standard">
<style:paragraph-properties fo:break-before="page"/></style:style>
<style:style style:name="T1" style:family="text"><style:text-properties fo:font-weight="bold"
style:font-weight-asian="bold" fo:color="#ff0000"/></style:style>
<style:style style:name="T2" style:family="text"><style:text-properties
style:text-line-through-style="solid" style:text-line-through-type="single"/></style:style>
<style:page-layout style:name="pm1"><style:page-layout-properties fo:page-width="21cm"
fo:page-height="29.7cm"/><style:header-style/><style:footer-style/></style:page-layout>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pm1"><style:header>
<text:p text:style-name="Header">机密★20年<text:tab/>
<text:tab/>第<text:page-number>1</text:page-number>页</text:p><text:p><draw:custom-shape
text:anchor-type="char" draw:name="PowerPlusWaterMarkObject1" svg:width="12cm" svg:height="4cm" svg:x="2cm"
svg:y="8cm"><text:p>内部资料</text:p><draw:enhanced-geometry svg:viewBox="0 0 21600 21600"
draw:text-path="true" draw:type="fontwork-plain-text" draw:enhanced-path="M 0 0 L 21600 0 N M 0 21600 L
21600 21600 N"/></draw:custom-shape></text:p></style:header><style:footer><text:p>内部资料 注意保存</text:p>
</style:footer></style:master-page></office:master-styles>
<office:body><office:text>
<text:tracked-changes><text:changed-region xml:id="ct1" text:id="ct1"><text:deletion><office:change-info>
<dc:creator>甲</dc:creator><dc:date>2026-01-01T00:00:00</dc:date></office:change-info>
<text:p>绝密★30年</text:p></text:deletion></text:changed-region></text:tracked-changes>
<text:p><draw:frame text:anchor-type="char" draw:name="框" svg:width="5cm" svg:height="1cm" svg:x="0cm"
svg:y="0cm"><draw:text-box><text:p>000123</text:p><text:p><text:span text:style-name="T1">机</text:span><text:span
text:style-name="T1">密</text:span>★20年</text:p><text:p>特急</text:p></draw:text-box></draw:frame>
</text:p>
<text:p text:style-name="P1">工作安排</text:p>
<text:p>会议听取了项目组汇报，原则同意实施方案，要求进一步细化进度节点，按月报送进展情况。<text:change
 text:change-id="ct1"/>
<text:note
text:note-class="footnote" text:id="f1"><text:note-citation>1</text:note-citation><text:note-body>
<text:p>脚注里的秘密事项</text:p></text:note-body></text:note><office:annotation><dc:creator>乙</dc:creator>
<dc:date>2026-01-01T00:00:00</dc:date><text:p>批注里的机密</text:p></office:annotation></text:p>
<text:p><text:span text:style-name="T2">秘密★5年</text:span></text:p>
<table:table table:name="表1"><table:table-column table:number-columns-repeated="2"/><table:table-row>
<table:table-cell><text:p>密级</text:p></table:table-cell><table:table-cell><text:p>机密</text:p>
</table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>份号</text:p>
</table:table-cell><table:table-cell><text:p>000123</text:p></table:table-cell></table:table-row>
</table:table>
<text:p text:style-name="P2">（内部<text:s text:c="2"/>资料）</text:p>
</office:text></office:body>
"""
"""A memo with everything: box, title, tracked deletion, footnote, comment, struck run, table, header, watermark."""


def flat(body: str, kind: str = "text") -> bytes:
    said = f'office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.{kind}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document{NAMES}{said}>{body}</office:document>'.encode()


def part(name: str, inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><office:{name}{NAMES}>{inner}</office:{name}>'


def package(content: str, styles: str = "", meta: str = "", more: Mapping[str, bytes | str] | None = None) -> bytes:
    """A zipped document; ``content`` and the others are what stands inside the root of each part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        archive.writestr("content.xml", part("document-content", content))
        archive.writestr("styles.xml", part("document-styles", styles))
        archive.writestr("meta.xml", part("document-meta", meta))
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def text_body(inner: str) -> str:
    return f"<office:body><office:text>{inner}</office:text></office:body>"


def kind_of(data: bytes, name: str) -> str:
    return identify(Source(io.BytesIO(data), len(data)), name).media_type


@pytest.fixture(params=["flat", "zipped by LibreOffice"])
def memo(request: pytest.FixtureRequest) -> bytes:
    return flat(MEMO) if request.param == "flat" else (DATA / "memo.odt").read_bytes()


def test_copy_number_level_and_urgency_in_a_box_are_the_top_left(read_pieces: Any, memo: bytes) -> None:
    top = read_pieces(odf, memo).only(Zone.P1_TOP_LEFT)
    assert (top.text, top.emphasis) == ("000123\n机密★20年\n特急", True)


def test_headers_footers_and_watermarks_stand_on_every_page(read_pieces: Any, memo: bytes) -> None:
    outcome = read_pieces(odf, memo)
    found = {each.zone: each for each in outcome.passages if each.pages == 2}
    assert found[Zone.HEADER].text.startswith("机密★20年\n")
    assert found[Zone.FOOTER].text == "内部资料 注意保存"
    assert found[Zone.WATERMARK].text == "内部资料"


def test_what_was_struck_or_deleted_is_told_as_such(read_pieces: Any, memo: bytes) -> None:
    outcome = read_pieces(odf, memo)
    assert outcome.texts(Zone.BODY, struck=True) == ["绝密★30年", "秘密★5年"]
    assert "绝密" not in "".join(each.text for each in outcome.passages if not each.struck)


def test_tables_notes_comments_and_brackets_have_their_zones(read_pieces: Any, memo: bytes) -> None:
    outcome = read_pieces(odf, memo)
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t机密"]
    assert outcome.texts(Zone.PARA_LEAD) == ["（内部  资料）"]
    parts = {each.place.part: each.text for each in outcome.passages if each.zone is Zone.BODY}
    assert parts["footnotes"] == "脚注里的秘密事项"
    assert parts["comments"] == "批注里的机密"


def test_properties_are_read_the_users_own_by_their_names(read_pieces: Any, memo: bytes) -> None:
    found = {each.name: each.text for each in read_pieces(odf, memo).passages if each.zone is Zone.DOC_PROPERTY}
    assert found == {"title": "工作安排", "subject": "内部资料", "keywords": "秘密", "密级": "机密★20年"}


def test_a_flat_file_is_known_by_its_root(memo: bytes) -> None:
    ending = "flat-xml" if memo.startswith(b"<?xml") else "opendocument.text"
    assert kind_of(memo, "x.xml").endswith(ending)
    assert kind_of(flat("", "spreadsheet"), "x.xml") == "application/vnd.oasis.opendocument.spreadsheet-flat-xml"


def test_a_document_without_any_literal_gives_nothing(read_pieces: Any) -> None:
    outcome = read_pieces(odf, package(text_body("<text:p>会议听取了项目组汇报。</text:p>")))
    assert (outcome.passages, outcome.members, outcome.problem) == ([], [], None)


def test_a_marking_split_by_spans_and_blanks_is_one_text(read_pieces: Any) -> None:
    body = text_body("<text:p><text:span>机</text:span>密<text:s/>★<text:tab/>10<text:span>年</text:span></text:p>")
    assert read_pieces(odf, package(body)).only(Zone.P1_TOP_LEFT).text == "机密 ★\n10年"


def test_names_in_other_namespaces_are_read_as_well(read_pieces: Any) -> None:
    content = (
        '<?xml version="1.0"?><o:document-content xmlns:o="http://openoffice.org/2000/office" '
        'xmlns:t="http://openoffice.org/2000/text"><o:body><t:p>机密★10年</t:p></o:body></o:document-content>'
    )
    data = package("", more={})
    old = io.BytesIO()
    with zipfile.ZipFile(old, "w") as archive:
        archive.writestr("mimetype", "application/vnd.sun.xml.writer")
        archive.writestr("content.xml", content)
    assert read_pieces(odf, old.getvalue()).only(Zone.P1_TOP_LEFT).text == "机密★10年"
    assert kind_of(old.getvalue(), "a.sxw") == "application/vnd.sun.xml.writer"
    assert read_pieces(odf, data).passages == []


# --- spreadsheets ----------------------------------------------------------------------------------------------


def sheet(rows: str, name: str = "汇总", more: str = "") -> str:
    table = f'<table:table table:name="{name}">{more}{rows}</table:table>'
    return f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"


def row(*cells: str, more: str = "") -> str:
    inner = "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
    return f"<table:table-row{more}>{inner}</table:table-row>"


def test_a_cell_alone_in_the_first_rows_and_a_sheet_name_count_for_themselves(read_pieces: Any) -> None:
    body = sheet(row("机密★20年") + row("序号", "项目", "金额") + row("1", "设备", "20"), name="内部资料")
    outcome = read_pieces(odf, package(body))
    assert (outcome.only(Zone.CELL).text, outcome.only(Zone.CELL).place) == ("机密★20年", Place(sheet=1, cell="A1"))
    assert outcome.only(Zone.SHEET_TAB).text == "内部资料"


def test_a_sheet_without_a_name_is_read_like_any_other(read_pieces: Any) -> None:
    body = sheet(row("机密★20年"), name="") + sheet(row("秘密★5年"), name="第二张")
    outcome = read_pieces(odf, package(body))
    assert outcome.problem is None
    assert outcome.texts(Zone.CELL) == ["机密★20年", "秘密★5年"]


def test_later_rows_are_told_only_where_a_literal_stands_with_their_address(read_pieces: Any) -> None:
    gap = row(more=' table:number-rows-repeated="1000"')
    rows = "".join(row(str(number), "设备", "20") for number in range(600)) + gap + row("601", "文件", "机密")
    outcome = read_pieces(odf, package(sheet(rows)))
    body = [each for each in outcome.passages if each.zone is Zone.BODY]
    assert [each.text for each in body][-1] == "601\t文件\t机密"
    assert body[-1].place == Place(sheet=1, cell="A1601")
    assert len(body) == 6


def test_a_label_and_its_value_are_a_field_and_comments_and_boxes_are_read(read_pieces: Any) -> None:
    comment = "<table:table-cell><office:annotation><text:p>内部资料</text:p></office:annotation></table:table-cell>"
    shapes = f"<table:shapes>{box('绝密★长期')}</table:shapes>"
    body = sheet(row("密级", "机密") + f"<table:table-row>{comment}</table:table-row>", more=shapes)
    outcome = read_pieces(odf, package(body))
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t机密"]
    assert outcome.texts(Zone.P1_BLOCK) == ["绝密★长期"]
    assert outcome.only(Zone.BODY).place == Place(sheet=1, cell="A2", part="comments")


def test_headers_of_sheets_are_read_region_by_region_and_hidden_ones_are_not(read_pieces: Any) -> None:
    shown = "<style:header><style:region-left><text:p>内部资料</text:p></style:region-left></style:header>"
    hidden = '<style:footer style:display="false"><text:p>绝密</text:p></style:footer>'
    masters = f"<office:master-styles><style:master-page>{shown}{hidden}</style:master-page></office:master-styles>"
    header = read_pieces(odf, package(sheet(row("x")), masters)).only(Zone.SHEET_HEADER)
    assert (header.text, header.pages) == ("内部资料", 2)


def test_what_a_tracked_change_replaced_is_struck_and_comments_of_later_rows_are_read(read_pieces: Any) -> None:
    change = (
        "<table:tracked-changes><table:cell-content-change><table:previous><table:change-track-table-cell>"
        "<text:p>绝密</text:p></table:change-track-table-cell></table:previous></table:cell-content-change>"
        "</table:tracked-changes>"
    )
    note = "<table:table-cell><office:annotation><text:p>内部资料</text:p></office:annotation></table:table-cell>"
    last = f"<table:table-row>{note}<table:table-cell><text:p>y</text:p></table:table-cell></table:table-row>"
    rows = row("x") * 5 + last
    body = sheet(rows).replace("<office:spreadsheet>", f"<office:spreadsheet>{change}")
    outcome = read_pieces(odf, package(body))
    assert outcome.texts(Zone.BODY, struck=True) == ["绝密"]
    comments = [each.place for each in outcome.passages if each.text == "内部资料"]
    assert comments == [Place(sheet=1, cell="A6", part="comments")]


def test_the_prompt_of_a_data_validation_is_read(read_pieces: Any) -> None:
    prompt = (
        '<table:content-validations><table:content-validation table:name="v1"><table:help-message table:title="x">'
        "<text:p>机密★8年</text:p></table:help-message></table:content-validation></table:content-validations>"
    )
    outcome = read_pieces(
        odf, package(sheet(row("x")).replace("<office:spreadsheet>", f"<office:spreadsheet>{prompt}"))
    )
    told = [(one.text, one.struck) for one in outcome.passages if one.place and one.place.part == "validation"]
    assert told == [("机密★8年", False)]


def test_a_row_repeated_a_billion_times_costs_no_more_than_one(read_pieces: Any) -> None:
    body = sheet(row("机密★20年", more=' table:number-rows-repeated="9999999"') + row("x"))
    assert read_pieces(odf, package(body)).texts(Zone.CELL)[0] == "机密★20年"


# --- presentations ---------------------------------------------------------------------------------------------


def slides(inner: str, declared: str = "") -> str:
    return f"<office:body><office:presentation>{declared}{inner}</office:presentation></office:body>"


TITLE = 'presentation:class="title"'


def box(text: str, y: str = "8cm", more: str = "") -> str:
    place = f'svg:x="2cm" svg:y="{y}" svg:width="6cm" svg:height="1cm"'
    return f"<draw:frame {place} {more}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"


def test_slides_have_covers_titles_footers_and_notes(read_pieces: Any) -> None:
    pages = (
        f"<draw:page>{box('汇报', more=TITLE)}{box('机密★20年')}</draw:page>"
        f"<draw:page>{box('内部资料', y='18.5cm')}<presentation:notes>{box('秘密')}</presentation:notes></draw:page>"
        f"<draw:page>{box('内部资料', y='18.5cm')}</draw:page>"
    )
    outcome = read_pieces(odf, package(slides(pages)))
    assert outcome.texts(Zone.COVER) == ["汇报", "机密★20年"]
    assert outcome.texts(Zone.TITLE) == ["汇报"]
    footer = outcome.only(Zone.SLIDE_FOOTER)
    assert (footer.text, footer.pages, footer.place) == ("内部资料", 2, Place(slide=2))
    assert outcome.only(Zone.BODY).place.part == "notes"


def test_declared_footers_and_masters_in_use_are_read(read_pieces: Any) -> None:
    declared = '<presentation:footer-decl presentation:name="f1">内部资料</presentation:footer-decl>'
    pages = '<draw:page draw:master-page-name="M" presentation:use-footer-name="f1"/>' * 3
    masters = "<office:master-styles>" + "".join(
        f'<style:master-page style:name="{name}">{box(text)}{box("单击编辑", more=TITLE)}</style:master-page>'
        for name, text in (("M", "机密"), ("unused", "绝密"))
    )
    outcome = read_pieces(odf, package(slides(pages, declared), masters + "</office:master-styles>"))
    assert (outcome.only(Zone.SLIDE_FOOTER).text, outcome.only(Zone.SLIDE_FOOTER).pages) == ("内部资料", 3)
    assert (outcome.only(Zone.SLIDE_MASTER).text, outcome.only(Zone.SLIDE_MASTER).pages) == ("机密", 3)


def test_a_slanted_box_is_a_watermark_and_grouped_boxes_are_read(read_pieces: Any) -> None:
    slanted = box("内部资料", more='draw:transform="rotate (0.7853) translate (2cm 8cm)"')
    pages = f"<draw:page>{slanted}<draw:g>{box('机密★20年')}</draw:g></draw:page>"
    outcome = read_pieces(odf, package(slides(pages)))
    assert outcome.texts(Zone.WATERMARK) == ["内部资料"]
    assert outcome.texts(Zone.COVER) == ["机密★20年"]


# --- files inside, encryption, damage, hostility ---------------------------------------------------------------


def test_embedded_documents_and_ole_objects_are_handed_on_and_pictures_are_not(read_pieces: Any) -> None:
    inside = {
        "Object 1/content.xml": part("document-content", text_body("<text:p>机密★20年</text:p>")),
        "Object 1/styles.xml": "<x/>",
        "Object 2": b"\xd0\xcf\x11\xe0",
        "ObjectReplacements/Object 1": b"x",
        "Pictures/a.png": b"x",
        "Thumbnails/thumbnail.png": b"x",
        "META-INF/manifest.xml": "<x/>",
        "settings.xml": "<x/>",
    }
    members = read_pieces(odf, package(text_body(""), more=inside)).members
    assert [member.name for member in members] == ["Object 1/content.xml", "Object 2"]
    assert kind_of(members[0].data, "content.xml") == "application/vnd.oasis.opendocument.text-flat-xml"
    assert read_pieces(odf, members[0].data).only(Zone.P1_TOP_LEFT).text == "机密★20年"


def manifest(path: str) -> str:
    return (
        f'<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="{path}">'
        "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    )


@pytest.mark.parametrize("path", ["content.xml", "encrypted-package"])
def test_a_document_behind_a_password_is_told(read_pieces: Any, path: str) -> None:
    data = package(text_body(""), more={"META-INF/manifest.xml": manifest(path), "encrypted-package": b"\x07" * 99})
    assert read_pieces(odf, data).reason == "encrypted"


def test_damage_costs_only_what_it_hits(read_pieces: Any) -> None:
    whole = package(text_body("<text:p>机密★20年</text:p>"), meta="<office:meta><dc:title>x</dc:title>")
    outcome = read_pieces(odf, whole)
    assert (outcome.only(Zone.P1_TOP_LEFT).text, outcome.reason) == ("机密★20年", "damaged")
    assert read_pieces(odf, flat(sheet(row("机密★20年")))[:-60]).reason == "damaged"
    assert read_pieces(odf, b"").reason == "damaged"


def test_parents_in_a_circle_deletions_that_hold_themselves_and_deep_nests_end(read_pieces: Any) -> None:
    circle = "".join(
        f'<style:style style:name="{one}" style:family="paragraph" style:parent-style-name="{other}"/>'
        for one, other in (("A", "B"), ("B", "A"))
    )
    changes = (
        '<text:tracked-changes><text:changed-region text:id="c"><text:deletion>'
        '<text:p>绝密<text:change text:change-id="c"/></text:p></text:deletion></text:changed-region>'
        "</text:tracked-changes>"
    )
    deep = "<draw:frame><draw:text-box><text:p>" * 70 + "机密" + "</text:p></draw:text-box></draw:frame>" * 70
    body = text_body(f'{changes}<text:p text:style-name="A">秘密<text:change text:change-id="c"/></text:p>{deep}')
    outcome = read_pieces(odf, package(f"<office:automatic-styles>{circle}</office:automatic-styles>{body}"))
    assert outcome.texts(Zone.P1_TOP_LEFT, struck=True) == ["绝密"]
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["秘密"]
    assert outcome.problem is None


def test_entities_are_not_resolved_and_a_bomb_is_told(read_pieces: Any) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "机密"><!ENTITY b "&a;&a;&a;">]>'
    data = flat(text_body("<text:p>机密★20年 &b;</text:p>")).replace(
        b"<office:document", laughs.encode() + b"<office:document", 1
    )
    assert "机密机密" not in "".join(each.text for each in read_pieces(odf, data).passages)
    zeros = package(text_body("<text:p>" + "0" * 5_000_000 + "</text:p>"))
    assert read_pieces(odf, zeros, Budget(expanded=1_000_000)).reason == "bomb"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_but_not_examined_leaves_a_mutated_document(read_pieces: Any, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from([(DATA / "memo.odt").read_bytes(), flat(MEMO), flat(sheet(row("机密") * 9))]))
    raw = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(raw) // 2, len(raw)))
    outcome = read_pieces(odf, bytes(raw[:cut]))
    assert outcome.problem is None or outcome.reason in ("damaged", "encrypted", "unsupported", "too-large", "bomb")


@pytest.mark.shared
def test_no_real_document_raises_anything_but_not_examined(read_pieces: Any, shared: Path) -> None:
    files = [
        path for kind in ("odt", "ods", "odp", "ott", "fods") for path in (shared / "corpus/real" / kind).iterdir()
    ]
    outcomes = {path.name: read_pieces(odf, path.read_bytes()) for path in files}
    assert len(outcomes) > 10
    assert {name for name, one in outcomes.items() if one.problem} == {"tika__testODTEncrypted.odt"}
