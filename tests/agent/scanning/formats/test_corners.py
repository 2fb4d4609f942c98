"""What programs show besides paragraphs and cells, in every format that is XML: names, prompts, formulas, formats."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import docx as python_docx
import openpyxl
import pytest
from pptx import Presentation

from agent.scanning.formats import corners, docx, odf, pptx, spreadsheetml, uof, wordml, xlsx
from signatures.passages import Passage, Zone

Replaced = Callable[[bytes, Mapping[str, bytes | None]], bytes]
MARK = "机密★10年"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
WORD = {
    "a document variable": ("word/settings.xml", f'<w:settings {W}><w:docVars><w:docVar w:name="x" w:val="{MARK}"/>'),
    "the number of a list": ("word/numbering.xml", f'<w:numbering {W}><w:lvl><w:lvlText w:val="{MARK}"/></w:lvl>'),
    "a building block": ("word/glossary/document.xml", f"<w:glossaryDocument {W}><w:p><w:r><w:t>{MARK}</w:t></w:r>"),
    "a category of a chart": ("word/charts/chart1.xml", f'<c:chart xmlns:c="c"><c:cat><c:pt><c:v>{MARK}</c:v>'),
    "the version in the properties": ("docProps/core.xml", f'<c:core xmlns:c="c"><c:version>{MARK}</c:version>'),
    "the name of a part": ("docProps/app.xml", f'<P xmlns:vt="v"><TitlesOfParts><vt:lpstr>{MARK}</vt:lpstr>'),
}
CALC = {
    "a number format": ("xl/styles.xml", f'<styleSheet><numFmts><numFmt formatCode="&quot;{MARK}&quot;0"/>'),
    "a pivot table's store": ("xl/pivotCache/pivotCacheDefinition1.xml", f'<a><sharedItems><s v="{MARK}"/>'),
    "a value of another workbook": ("xl/externalLinks/externalLink1.xml", f"<a><cell><v>{MARK}</v></cell>"),
    "the total row of a table": ("xl/tables/table1.xml", f'<table><tableColumn totalsRowLabel="{MARK}"/>'),
    "the name of a connection": ("xl/connections.xml", f'<connections><connection name="{MARK}"/>'),
    "the caption of a slicer": ("xl/slicers/slicer1.xml", f'<slicers><slicer caption="{MARK}"/>'),
}
SHOW = {
    "a tag": ("ppt/tags/tag1.xml", f'<p:tagLst xmlns:p="p"><p:tag val="{MARK}"/>'),
    "the name of who commented": ("ppt/commentAuthors.xml", f'<p:l xmlns:p="p"><p:cmAuthor name="{MARK}"/>'),
    "the head of handouts": (
        "ppt/handoutMasters/handoutMaster1.xml",
        f'<p:sp xmlns:p="p" {A}><p:txBody><a:p><a:r><a:t>{MARK}</a:t></a:r></a:p></p:txBody>',
    ),
}
ODF = "".join(
    f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "draw", "style", "number", "form")
)
OPEN = {
    "the name of a slide": f'<office:presentation><draw:page draw:name="{MARK}"/></office:presentation>',
    "a conditional text": f'<office:text><text:p><text:conditional-text text:string-value-if-true="{MARK}"/></text:p>'
    "</office:text>",
    "a hidden text": f'<office:text><text:p><text:hidden-text text:string-value="{MARK}"/></text:p></office:text>',
    "a variable": f'<office:text><text:user-field-decl office:string-value="{MARK}"/><text:p/></office:text>',
    "a formula": f'<office:spreadsheet><table:table><table:table-row><table:table-cell table:formula="of:=IF(1;&quot;'
    f'{MARK}&quot;)"/></table:table-row></table:table></office:spreadsheet>',
    "a reading of a word": f"<office:text><text:p><text:ruby><text:ruby-base>字</text:ruby-base><text:ruby-text>{MARK}"
    "</text:ruby-text></text:ruby></text:p></office:text>",
    "the number of a list": f'<text:list-level-style-number text:num-list-format="{MARK} %1%."/><office:text/>',
    "words around the number of a list": '<text:list-level-style-number style:num-prefix="机密★" style:num-format="1" '
    'text:start-value="10" style:num-suffix="年"/><office:text/>',
    "words before a list without numbers": '<text:list-level-style-number style:num-prefix="机密★" style:num-format="" '
    'style:num-suffix="10年"/><office:text/>',
    "the name of a master": f'<style:style style:display-name="{MARK}-title"/><style:master-page style:display-name='
    f'"{MARK}"/><office:presentation/>',
    "a format": f"<number:text>{MARK}</number:text><office:spreadsheet/>",
}


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def closed(xml: str) -> bytes:
    """The XML with the elements it leaves open closed."""
    open_: list[str] = []
    for tag in xml.split("<")[1:]:
        name = tag.split(">")[0].split()[0]
        if name.startswith("/"):
            open_.pop()
        elif not tag.split(">")[0].endswith("/"):
            open_.append(name)
    return (xml + "".join(f"</{name}>" for name in reversed(open_))).encode()


def book(**cells: object) -> bytes:
    workbook = openpyxl.Workbook()
    for address, value in cells.items():
        workbook.active[address] = value
    return saved(workbook)


def deck(change: Callable[[Any], object] = lambda slide: None) -> bytes:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "午餐"
    change(slide)
    return saved(presentation)


def found(outcome: Any) -> list[Passage]:
    return [each for each in outcome.passages if MARK in each.text]


@pytest.mark.parametrize("where", [*WORD, *CALC, *SHOW])
def test_a_marking_in_a_part_that_holds_no_text_is_told(read_pieces: Any, replaced: Replaced, where: str) -> None:
    module: ModuleType = docx if where in WORD else xlsx if where in CALC else pptx
    plain = saved(python_docx.Document()) if module is docx else book(A1="米饭") if module is xlsx else deck()
    part, xml = (WORD | CALC | SHOW)[where]
    outcome = read_pieces(module, replaced(plain, {part: closed(xml)}))
    assert [(each.zone, each.text) for each in found(outcome)] == [(Zone.BODY, MARK)]
    assert found(read_pieces(module, replaced(plain, {part: closed(xml.replace(MARK, "米饭"))}))) == []


@pytest.mark.parametrize("formula", [f'=IF(A1="","{MARK}",1)', '="机密"&"★10年"'])
def test_a_constant_in_a_formula_is_told(read_pieces: Any, formula: str) -> None:
    assert [each.text for each in found(read_pieces(xlsx, book(A1=1, A2=formula)))] == [MARK]


@pytest.mark.parametrize(
    "change",
    [
        lambda slide: slide._element.cSld.set("name", MARK),
        lambda slide: slide.shapes.title._element.nvSpPr.cNvPr.set("name", MARK),
        lambda slide: setattr(slide.slide_layout.placeholders[0].text_frame, "text", MARK),
    ],
)
def test_the_name_of_a_slide_or_shape_and_the_prompt_of_its_layout_are_told(
    read_pieces: Any, change: Callable[[Any], object]
) -> None:
    assert [each.text for each in found(read_pieces(pptx, deck(change)))] == [MARK]


@pytest.mark.parametrize("where", OPEN)
def test_a_marking_in_a_value_of_opendocument_is_told(read_pieces: Any, where: str) -> None:
    document = f'<?xml version="1.0"?><office:document{ODF}><office:body>{OPEN[where]}</office:body></office:document>'
    assert MARK in {each.text for each in found(read_pieces(odf, document.encode()))}


@pytest.mark.parametrize(
    "part",
    ["Basic/Standard/Module1.xml", "settings.xml", "META-INF/documentsignatures.xml", "META-INF/macrosignatures.xml"],
)
def test_a_macro_setting_or_remark_of_a_signer_is_told(read_pieces: Any, zipped: Any, part: str) -> None:
    content = f"<office:document-content{ODF}><office:body><office:text/></office:body></office:document-content>"
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": content,
        part: f'<script:module xmlns:script="s">MsgBox "{MARK}"</script:module>',
    }
    assert [each.text for each in found(read_pieces(odf, zipped(parts)))] == [MARK]


@pytest.mark.parametrize(
    ("module", "xml"),
    [
        (
            uof,
            f'<uof:UOF xmlns:uof="http://schemas.uof.org/cn/2003/uof" xmlns:表="表"><表:数据有效性 表:提示="{MARK}"/>',
        ),
        (
            spreadsheetml,
            '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><DataValidation>'
            f"<InputMessage>{MARK}</InputMessage>",
        ),
        (
            wordml,
            '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:docPr><w:docVar '
            f'w:val="{MARK}"/></w:docPr><w:body><w:p><w:r><w:t>x</w:t></w:r></w:p></w:body>',
        ),
    ],
)
def test_a_prompt_or_variable_in_one_file_of_xml_is_told(read_pieces: Any, module: ModuleType, xml: str) -> None:
    assert [each.text for each in found(read_pieces(module, b'<?xml version="1.0"?>' + closed(xml)))] == [MARK]


def test_what_an_exact_reader_told_is_not_told_again(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph("正文" * 30)
    document.add_paragraph(MARK)
    document.core_properties.title = MARK
    assert len(found(read_pieces(docx, saved(document)))) == len({Zone.BODY, Zone.DOC_PROPERTY})


def test_a_level_that_is_offered_to_be_chosen_is_not_told(read_pieces: Any, replaced: Replaced) -> None:
    choices = f'<w:ddList><w:listEntry w:val="公开"/><w:listEntry w:val="{MARK}"/></w:ddList>'
    settings = f"<w:settings {W}><w:x>{choices}</w:x></w:settings>".encode()
    assert found(read_pieces(docx, replaced(saved(python_docx.Document()), {"word/settings.xml": settings}))) == []


@pytest.mark.parametrize(
    ("value", "strings"),
    [
        ("机密", ["机密"]),
        (' QUOTE "机密★10年" \\* MERGEFORMAT', ["机密★10年"]),
        ('IF(A1="机密"&"★10年",1,"")', ["机密★10年"]),
        ('"甲""乙"', ['甲"乙']),
        ('"机密★"10"年"', ["机密★", "年", "机密★10年"]),
        ('[Red]"机密★"10\\年_);0.00', ["机密★", "机密★10年"]),
    ],
)
def test_the_strings_of_a_formula_are_its_values(value: str, strings: list[str]) -> None:
    assert corners.constants(value) == strings


def test_a_list_counts_with_the_number_that_its_first_item_shows(read_pieces: Any, replaced: Replaced) -> None:
    plain = saved(python_docx.Document())
    level = f'<w:numbering {W}><w:lvl><w:start w:val="{{}}"/><w:lvlText w:val="机密★%1年"/></w:lvl></w:numbering>'
    for start, said in (("10", ["机密★10年"]), ("3", ["机密★3年"])):
        outcome = read_pieces(docx, replaced(plain, {"word/numbering.xml": level.format(start).encode()}))
        assert [each.text for each in outcome.passages if each.text in ("机密★10年", "机密★3年")] == said
