"""Where a marking stands in a Word document is told by its zone, whichever way it was put there."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import docx as python_docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import parse_xml
from docx.shared import Pt, RGBColor

from agent.scanning.formats import docx
from agent.scanning.formats.ole_objects import compound_file
from protocol.records import Place
from signatures.passages import Zone

Replaced = Callable[[bytes, Mapping[str, bytes | None]], bytes]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
SPACES = (
    f'xmlns:w="{W}" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
PROSE = "会议听取了项目组汇报，原则同意实施方案，要求进一步细化进度节点，按月报送。"


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_body(xml: str, space: str = W) -> bytes:
    """A package with this body and nothing else that matters."""
    document = f"<w:document {SPACES.replace(W, space)}><w:body>{xml}</w:body></w:document>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", document)
    return out.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def official_paper() -> Any:
    """The head of a paper as GB/T 9704-2012 has it."""
    document = python_docx.Document()
    document.add_paragraph("000123")
    run = document.add_paragraph().add_run("机密★10年")
    run.font.size = Pt(16)
    document.add_paragraph("特急")
    head = document.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    red = head.add_run("东江区应急管理局文件")
    red.font.size = Pt(26)
    red.font.color.rgb = RGBColor(0xDC, 0, 0)
    number = document.add_paragraph("东江发〔2024〕15号")
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.add_run("关于做好汛期值守工作的通知").font.size = Pt(22)
    document.add_paragraph(PROSE)
    document.add_paragraph("此件不得外传")
    return document


def test_the_head_of_an_official_paper_is_one_passage_with_its_neighbours_in_order(read_pieces: Any) -> None:
    outcome = read_pieces(docx, saved(official_paper()))
    head = outcome.only(Zone.P1_TOP_LEFT)
    assert head.text == "000123\n机密★10年\n特急\n东江区应急管理局文件\n东江发〔2024〕15号"
    assert head.place == Place(page=1, paragraph=1)
    assert head.emphasis
    assert outcome.texts(Zone.TITLE) == ["关于做好汛期值守工作的通知"]
    assert PROSE in outcome.texts(Zone.BODY)
    assert outcome.problem is None


def test_a_document_without_any_literal_is_not_parsed(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph("关于公布节假日安排的通知")
    outcome = read_pieces(docx, saved(document))
    assert (outcome.passages, outcome.problem) == ([], None)


def test_a_marking_split_over_runs_and_elements_is_whole(read_pieces: Any) -> None:
    document = python_docx.Document()
    line = document.add_paragraph()
    for piece in ("机", "密", "★", "1", "0年"):
        line.add_run(piece).bold = piece == "密"
    assert read_pieces(docx, saved(document)).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_headers_and_footers_of_all_kinds_are_told_apart_and_split_at_tabs(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph(PROSE)
    section = document.sections[0]
    section.different_first_page_header_footer = True
    document.settings.odd_and_even_pages_header_footer = True
    section.header.paragraphs[0].text = "内部资料\t机密★10年\t第 1 页"
    section.first_page_header.paragraphs[0].text = "绝密"
    section.even_page_footer.paragraphs[0].text = "秘密"
    outcome = read_pieces(docx, saved(document))
    headers = {passage.text: passage.pages for passage in outcome.passages if passage.zone is Zone.HEADER}
    assert headers == {"内部资料\n机密★10年": 2, "绝密": 1}
    assert outcome.texts(Zone.FOOTER) == ["秘密"]


def test_a_page_number_field_in_a_footer_is_no_text(read_pieces: Any, replaced: Replaced) -> None:
    document = python_docx.Document()
    document.sections[0].footer.paragraphs[0].text = "机密"
    line = document.sections[0].footer.paragraphs[0]._p
    for xml in (
        '<w:fldChar w:fldCharType="begin"/>',
        "<w:instrText> PAGE </w:instrText>",
        '<w:fldChar w:fldCharType="separate"/>',
        "<w:t>7</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    ):
        line.append(parse_xml(f'<w:r xmlns:w="{W}">{xml}</w:r>'))
    assert read_pieces(docx, saved(document)).texts(Zone.FOOTER) == ["机密"]


def test_a_watermark_in_a_header_is_found_in_its_attribute(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph(PROSE)
    picture = f"""<w:r {SPACES}><w:pict><v:shape id="PowerPlusWaterMarkObject1" type="#_x0000_t136">
        <v:textpath style="font-size:1pt" string="&#31192;&#23494;"/></v:shape></w:pict></w:r>"""
    document.sections[0].header.paragraphs[0]._p.append(parse_xml(picture))
    mark = read_pieces(docx, saved(document)).only(Zone.WATERMARK)
    assert (mark.text, mark.pages) == ("秘密", 2)


def test_a_text_box_told_twice_for_old_and_new_programs_is_one(read_pieces: Any) -> None:
    content = "<w:txbxContent><w:p><w:r><w:t>机密★5年</w:t></w:r></w:p></w:txbxContent>"
    box = f"""<w:p><w:r><mc:AlternateContent>
        <mc:Choice Requires="wps"><w:drawing><wp:anchor behindDoc="0"><wps:wsp><wps:txbx>{content}</wps:txbx></wps:wsp>
        </wp:anchor></w:drawing></mc:Choice>
        <mc:Fallback><w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict></mc:Fallback>
        </mc:AlternateContent></w:r></w:p>"""
    outcome = read_pieces(docx, with_body(box + paragraph(PROSE)))
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["机密★5年"]


def test_lettering_behind_the_text_of_a_header_is_a_watermark(read_pieces: Any, replaced: Replaced) -> None:
    header = f"""<w:hdr {SPACES}><w:p><w:r><w:drawing><wp:anchor behindDoc="1"><wps:wsp><wps:txbx><w:txbxContent>
        <w:p><w:r><w:t>绝密</w:t></w:r></w:p></w:txbxContent></wps:txbx></wps:wsp></wp:anchor></w:drawing></w:r></w:p></w:hdr>"""
    outcome = read_pieces(docx, replaced(with_body(paragraph(PROSE)), {"word/header1.xml": header.encode()}))
    assert outcome.only(Zone.WATERMARK).text == "绝密"
    assert outcome.texts(Zone.HEADER) == []


@pytest.mark.parametrize(
    ("box", "watermarks"),
    [
        ('<wps:wsp><wps:spPr><a:xfrm rot="18900000"/></wps:spPr><wps:txbx>{0}</wps:txbx></wps:wsp>', 1),
        ('<wps:wsp><wps:spPr><a:xfrm rot="-2700000"/></wps:spPr><wps:txbx>{0}</wps:txbx></wps:wsp>', 1),
        ('<wps:wsp><wps:spPr><a:xfrm rot="5400000"/></wps:spPr><wps:txbx>{0}</wps:txbx></wps:wsp>', 0),
        ('<v:shape style="width:9pt;rotation:-45"><v:textbox>{0}</v:textbox></v:shape>', 1),
        ('<v:shape style="width:9pt;rotation:20643840fd"><v:textbox>{0}</v:textbox></v:shape>', 1),
        ('<v:shape style="width:9pt;rotation:270"><v:textbox>{0}</v:textbox></v:shape>', 0),
    ],
)
def test_a_box_that_hangs_aslant_is_a_watermark(read_pieces: Any, box: str, watermarks: int) -> None:
    content = "<w:txbxContent><w:p><w:r><w:t>机密</w:t></w:r></w:p></w:txbxContent>"
    drawn = f"<w:p><w:r><w:pict>{box.format(content)}</w:pict></w:r></w:p>"
    outcome = read_pieces(docx, with_body(paragraph(PROSE) * 20 + drawn))
    assert outcome.texts(Zone.WATERMARK) == ["机密"] * watermarks


def test_one_letter_a_line_stays_one_text(read_pieces: Any) -> None:
    tall = "<w:p><w:r><w:t>机</w:t><w:br/><w:t>密</w:t><w:br/><w:t>★</w:t></w:r></w:p>"
    assert read_pieces(docx, with_body(tall + paragraph(PROSE))).texts(Zone.P1_TOP_LEFT) == ["机\n密\n★"]
    late = "".join(paragraph(letter) for letter in "机密★")
    outcome = read_pieces(docx, with_body(paragraph(PROSE) + late + paragraph(PROSE)))
    assert "机\n密\n★" in outcome.texts(Zone.BODY)


def test_a_cover_is_a_first_page_with_little_on_it(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph("某型设备联调试验总结")
    document.add_paragraph("密级：机密")
    document.add_paragraph("2024年5月").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("一、概述")
    outcome = read_pieces(docx, saved(document))
    assert outcome.only(Zone.COVER).text == "某型设备联调试验总结\n密级：机密\n2024年5月"
    assert "一、概述" in outcome.texts(Zone.BODY)


def test_a_form_gives_fields_and_a_table_of_levels_gives_rows(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph(PROSE)
    form = document.add_table(2, 4)
    for cell, text in zip(
        (c for row in form.rows for c in row.cells),
        ["密级", "机密", "保密期限", "10年", "编号", "7", "页数", "3"],
        strict=True,
    ):
        cell.text = text
    document.add_paragraph(PROSE)
    levels = document.add_table(3, 2)
    for cell, text in zip(
        (c for row in levels.rows for c in row.cells),
        ["等级", "标志", "绝密", "绝密★30年", "机密", "机密★20年"],
        strict=True,
    ):
        cell.text = text
    outcome = read_pieces(docx, saved(document))
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t10年"]
    assert "绝密\t绝密★30年" in outcome.texts(Zone.BODY)
    assert outcome.texts(Zone.CELL) == []


@pytest.mark.parametrize("cells", [["密级", "保密期限", "机密", "10年"], ["密级", "机密", "保密期限", "10年"]])
def test_a_small_form_is_understood_whichever_way_it_runs(read_pieces: Any, cells: list[str]) -> None:
    document = python_docx.Document()
    document.add_paragraph(PROSE)
    form = document.add_table(2, 2)
    for cell, text in zip((c for row in form.rows for c in row.cells), cells, strict=True):
        cell.text = text
    assert read_pieces(docx, saved(document)).texts(Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t10年"]


def test_a_table_that_lays_out_the_head_is_the_head(read_pieces: Any) -> None:
    document = python_docx.Document()
    table = document.add_table(2, 2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells), ["Copy 3", "Office", "SECRET", "ROUTINE"], strict=True
    ):
        cell.text = text
    document.add_heading("Quarterly Summary", 0)
    outcome = read_pieces(docx, saved(document))
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["Copy 3\nOffice\nSECRET\nROUTINE"]


def test_struck_and_deleted_text_is_told_as_struck_and_not_as_standing(read_pieces: Any) -> None:
    struck = "<w:p><w:r><w:rPr><w:strike/></w:rPr><w:t>机密★10年</w:t></w:r><w:r><w:t>秘密★5年</w:t></w:r></w:p>"
    deleted = (
        "<w:p><w:del><w:r><w:delText>绝密</w:delText></w:r></w:del><w:ins><w:r><w:t>公开</w:t></w:r></w:ins></w:p>"
    )
    outcome = read_pieces(docx, with_body(struck + deleted + paragraph(PROSE)))
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["秘密★5年\n公开"]
    assert outcome.texts(Zone.P1_TOP_LEFT, struck=True) == ["机密★10年", "绝密"]


def test_a_bracket_leads_a_paragraph_and_a_note_ends_the_paper(read_pieces: Any) -> None:
    body = [paragraph(PROSE), paragraph("（机密）本段内容"), paragraph("2024年5月12日"), paragraph("（此件公开发布）")]
    outcome = read_pieces(docx, with_body("".join(body)))
    assert outcome.texts(Zone.PARA_LEAD) == ["（机密）本段内容"]
    assert outcome.texts(Zone.NOTE_END) == ["（此件公开发布）"]


def test_properties_come_with_their_names(read_pieces: Any, replaced: Replaced) -> None:
    document = python_docx.Document()
    document.core_properties.keywords = "机密★10年"
    custom = """<Properties xmlns:vt="v">
        <property name="MSIP_Label_1_Name"><vt:lpwstr>Confidential</vt:lpwstr></property>
        <property name="密级"><vt:lpwstr>秘密</vt:lpwstr></property></Properties>"""
    item = "<form><classification>SECRET</classification><empty/></form>"
    outcome = read_pieces(
        docx,
        replaced(saved(document), {"docProps/custom.xml": custom.encode(), "customXml/item1.xml": item.encode()}),
    )
    named = {passage.name: passage.text for passage in outcome.passages if passage.zone is Zone.DOC_PROPERTY}
    assert named["keywords"] == "机密★10年"
    assert named["MSIP_Label_1_Name"] == "Confidential"
    assert named["密级"] == "秘密"
    assert named["classification"] == "SECRET"


def test_notes_comments_and_alternative_texts_are_read(read_pieces: Any, replaced: Replaced) -> None:
    note = f"<w:footnotes {SPACES}><w:footnote>{paragraph('见机密★10年件')}</w:footnote></w:footnotes>"
    comment = f"<w:comments {SPACES}><w:comment>{paragraph('应为秘密')}</w:comment></w:comments>"
    picture = '<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" descr="绝密印章"/></wp:inline></w:drawing></w:r></w:p>'
    package = replaced(with_body(picture), {"word/footnotes.xml": note.encode(), "word/comments.xml": comment.encode()})
    outcome = read_pieces(docx, package)
    assert {"见机密★10年件", "应为秘密"} <= set(outcome.texts(Zone.BODY))
    assert outcome.texts(Zone.CAPTION) == ["绝密印章"]


def test_choices_of_a_drop_down_that_were_not_chosen_are_no_text(read_pieces: Any) -> None:
    control = """<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText="绝密"/></w:dropDownList></w:sdtPr>
        <w:sdtContent><w:p><w:r><w:t>密级：机密</w:t></w:r></w:p></w:sdtContent></w:sdt>"""
    outcome = read_pieces(docx, with_body(control))
    assert [passage.text for passage in outcome.passages] == ["密级：机密"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "gb18030"])
def test_parts_in_other_encodings_and_strict_documents_are_read(
    read_pieces: Any, replaced: Replaced, encoding: str
) -> None:
    declared = {"utf-16-le": "UTF-16"}.get(encoding, encoding)
    body = f"<w:body>{paragraph('机密★10年')}</w:body>"
    document = f'<?xml version="1.0" encoding="{declared}"?><w:document xmlns:w="{STRICT}">{body}</w:document>'
    package = replaced(with_body(""), {"word/document.xml": document.encode(encoding)})
    assert read_pieces(docx, package).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


@pytest.mark.parametrize("inside", ["机<!-- x > y -->密★10年", "<![CDATA[机密★10年]]>", "&#26426;&#x5BC6;★10年"])
def test_comments_cdata_and_references_inside_a_run_hide_nothing(read_pieces: Any, inside: str) -> None:
    assert read_pieces(docx, with_body(paragraph(inside) + paragraph("机密"))).texts(Zone.P1_TOP_LEFT) == [
        "机密★10年\n机密"
    ]
    if "&#x" not in inside:
        assert read_pieces(docx, with_body(paragraph(inside))).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_embedded_files_and_the_files_in_ole_objects_are_handed_on(read_pieces: Any, replaced: Replaced) -> None:
    native = b"\x02\0" + b"a.txt\0C:\\a.txt\0" + struct.pack("<HHI", 0, 3, 2) + b"t\0" + struct.pack("<I", 4) + b"text"
    package = replaced(
        with_body(paragraph("正文")),
        {
            "word/embeddings/Microsoft_Document1.docx": b"PK",
            "word/embeddings/oleObject1.bin": compound_file(
                [(("\x01Ole10Native",), struct.pack("<I", len(native)) + native)]
            ),
            "word/embeddings/oleObject2.bin": compound_file([(("WordDocument",), b"\xec\xa5")]),
            "word/afchunk.rtf": b"{",
        },
    )
    outcome = read_pieces(docx, package)
    assert [(member.name, member.data) for member in outcome.members] == [
        ("word/embeddings/Microsoft_Document1.docx", b"PK"),
        ("word/embeddings/oleObject1.bin/a.txt", b"text"),
        ("word/embeddings/oleObject2.bin.doc", compound_file([(("WordDocument",), b"\xec\xa5")])),
        ("word/afchunk.rtf", b"{"),
    ]


def test_a_broken_part_costs_only_itself_and_is_told(read_pieces: Any, replaced: Replaced) -> None:
    broken = saved(official_paper())
    header = f'<w:hdr xmlns:w="{W}">{paragraph("机密")}<w:p><w:r><w:t>断'
    outcome = read_pieces(docx, replaced(broken, {"word/header9.xml": header.encode()}))
    assert "机密" in outcome.only(Zone.HEADER).text
    assert "机密★10年" in outcome.only(Zone.P1_TOP_LEFT).text
    assert outcome.reason == "damaged"


def test_a_document_cut_short_gives_what_is_there(read_pieces: Any) -> None:
    whole = saved(official_paper())
    outcome = read_pieces(docx, whole[: whole.index(b"PK\x01\x02")])
    assert "机密★10年" in outcome.only(Zone.P1_TOP_LEFT).text
    assert outcome.reason == "damaged"


def test_entities_that_multiply_do_not(read_pieces: Any, replaced: Replaced) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    body = f"<w:body>{paragraph('机密&a11;')}</w:body>"
    document = f'<!DOCTYPE d [<!ENTITY a0 "x">{entities}]><w:document xmlns:w="{W}">{body}</w:document>'
    outcome = read_pieces(docx, replaced(with_body(""), {"word/document.xml": document.encode()}))
    assert sum(len(passage.text) for passage in outcome.passages) < 100


def test_an_entity_in_a_property_is_passed_over(read_pieces: Any, replaced: Replaced) -> None:
    custom = """<!DOCTYPE p [<!ENTITY x "y">]><Properties>&x;
        <property name="密级"><v>机&x;密</v>&x;</property></Properties>"""
    outcome = read_pieces(docx, replaced(with_body(paragraph("机密")), {"docProps/custom.xml": custom.encode()}))
    assert outcome.texts(Zone.DOC_PROPERTY) == ["机密"]


def test_a_package_without_text_is_damaged(read_pieces: Any, zipped: Any) -> None:
    assert read_pieces(docx, zipped({"[Content_Types].xml": "<Types/>"})).reason == "damaged"


@pytest.mark.shared
def test_no_real_document_raises_anything_but_not_examined(read_pieces: Any, shared: Path) -> None:
    files = [path for kind in ("docx", "docm", "dotx", "dotm") for path in (shared / "corpus/real" / kind).iterdir()]
    outcomes = [read_pieces(docx, path.read_bytes()) for path in files]
    assert len(outcomes) > 30
    assert sum(outcome.problem is None for outcome in outcomes) > 25


@pytest.mark.parametrize(
    "instruction", ["EQ \\o\\ad(\\s\\up 9(x),机密★10年)", 'QUOTE "机密★10年"', "MACROBUTTON None 机密★10年"]
)
@pytest.mark.parametrize("result", [None, "绝密★20年"])
def test_a_field_shows_its_result_and_without_one_what_it_says(
    read_pieces: Any, instruction: str, result: str | None
) -> None:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    shown = mark("separate") + f"<w:r><w:t>{result}</w:t></w:r>" if result else ""
    field = f"{mark('begin')}<w:r><w:instrText>{instruction}</w:instrText></w:r>{shown}{mark('end')}"
    outcome = read_pieces(docx, with_body(f"<w:p>{field}</w:p>"))
    assert outcome.texts(Zone.P1_TOP_LEFT) == [result or "机密★10年"]


def test_readings_over_a_marking_do_not_part_it(read_pieces: Any) -> None:
    over = "<w:ruby><w:rt><w:r><w:t>{}</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>{}</w:t></w:r></w:rubyBase></w:ruby>"
    runs = "".join(f"<w:r>{over.format(*pair)}</w:r>" for pair in (("jī", "机"), ("mì", "密")))
    outcome = read_pieces(docx, with_body(f"<w:p>{runs}<w:r><w:t>★10年</w:t></w:r></w:p>"))
    assert "机密★10年" in "\n".join(each.text for each in outcome.passages).split("\n")


def test_a_reading_over_a_word_is_told_beside_it(read_pieces: Any) -> None:
    ruby = (
        "<w:ruby><w:rt><w:r><w:t>机密★10年</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>字</w:t></w:r></w:rubyBase></w:ruby>"
    )
    outcome = read_pieces(docx, with_body(f"<w:p><w:r>{ruby}</w:r></w:p>"))
    assert "机密★10年" in [each.text for each in outcome.passages]


@pytest.mark.parametrize(
    ("said", "shown"), [("", True), ('<w:result w:val="0"/>', True), ('<w:result w:val="1"/>', False)]
)
def test_a_list_to_choose_from_says_what_it_shows(read_pieces: Any, said: str, shown: bool) -> None:
    form = (
        f'<w:ffData><w:ddList>{said}<w:listEntry w:val="机密★10年"/><w:listEntry w:val="公开"/></w:ddList></w:ffData>'
    )
    runs = (
        f'<w:r><w:fldChar w:fldCharType="begin">{form}</w:fldChar></w:r>'
        "<w:r><w:instrText> FORMDROPDOWN </w:instrText></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    outcome = read_pieces(docx, with_body(f"<w:p>{runs}</w:p>"))
    assert ("机密★10年" in outcome.texts(Zone.P1_TOP_LEFT)) is shown
