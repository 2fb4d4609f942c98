"""Corners of Office Open XML in which a marking may stand: charts, diagrams, custom XML, alternatives, chunks."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import docx as python_docx
import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from agent.scanning.formats import docx, format_for, pptx, xlsx
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

Replaced = Callable[[bytes, Mapping[str, bytes | None]], bytes]
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
DIAGRAM = (
    f'<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" {A}><dgm:ptLst><dgm:pt>'
    "<dgm:t><a:bodyPr/><a:p><a:r><a:t>机</a:t></a:r><a:r><a:t>密★10年</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>"
    "</dgm:dataModel>"
).encode()
CHART = (
    f'<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" {A}><c:chart><c:title><c:tx>'
    "<c:rich><a:p><a:r><a:t>机密★10年</a:t></a:r></a:p></c:rich></c:tx></c:title></c:chart></c:chartSpace>"
).encode()
CUSTOM = "<form xmlns='urn:x'><密级 value='机密'/><保密期限>SECRET</保密期限></form>".encode()


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def paper() -> bytes:
    document = python_docx.Document()
    document.add_paragraph("正文")
    return saved(document)


def texts(outcome: Any) -> list[str]:
    return [each.text for each in outcome.passages]


@pytest.mark.parametrize(
    ("part", "xml"),
    [("word/diagrams/data1.xml", DIAGRAM), ("word/charts/chart1.xml", CHART)],
)
def test_a_diagram_and_a_chart_in_a_document_are_read(
    read_pieces: Any, replaced: Replaced, part: str, xml: bytes
) -> None:
    assert "机密★10年" in texts(read_pieces(docx, replaced(paper(), {part: xml})))


def test_custom_xml_gives_its_leaves_with_their_names(read_pieces: Any, replaced: Replaced) -> None:
    found = read_pieces(docx, replaced(paper(), {"customXml/item1.xml": CUSTOM}))
    told = {(each.name, each.text) for each in found.passages if each.zone is Zone.DOC_PROPERTY}
    assert {("密级", "机密"), ("保密期限", "SECRET")} <= told


def test_of_two_alternatives_what_only_the_fallback_has_is_read_too(read_pieces: Any, replaced: Replaced) -> None:
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    body = (
        f"<w:document {w} {mc}><w:body><w:p><w:r><mc:AlternateContent><mc:Choice Requires='x'/>"
        "<mc:Fallback><w:t>机密★10年</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p></w:body></w:document>"
    )
    assert "机密★10年" in texts(read_pieces(docx, replaced(paper(), {"word/document.xml": body.encode()})))


@pytest.mark.parametrize("part", ["word/elsewhere.bin", "word/media/image1.svg", "word/header", "custom/a.dat"])
def test_xml_under_a_name_that_tells_nothing_is_told(read_pieces: Any, replaced: Replaced, part: str) -> None:
    xml = '<?xml version="1.0"?><a><b>机密★10年</b></a>'.encode()
    assert "机密★10年" in texts(read_pieces(docx, replaced(paper(), {part: xml})))
    picture = {part: b"\x89PNG\r\n\x1a\n" + "机密★10年".encode()}
    assert "机密★10年" not in texts(read_pieces(docx, replaced(paper(), picture)))


@pytest.mark.parametrize("ending", ["html", "rtf", "mht", "txt", "docx"])
def test_a_chunk_of_another_format_is_a_member(read_pieces: Any, replaced: Replaced, ending: str) -> None:
    found = read_pieces(docx, replaced(paper(), {f"word/afchunk.{ending}": b"chunk"}))
    assert [(member.name, member.data) for member in found.members] == [(f"word/afchunk.{ending}", b"chunk")]


def test_a_document_with_macros_and_a_template_are_read_as_documents(read_pieces: Any, replaced: Replaced) -> None:
    document = python_docx.Document()
    document.add_paragraph("机密★10年")
    data = replaced(saved(document), {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0macros"})
    identity = identify(Source(io.BytesIO(data), len(data)), "x.docm")
    assert format_for(identity.media_type) is docx
    assert read_pieces(docx, data).only(Zone.P1_TOP_LEFT).text == "机密★10年"


def test_the_title_and_the_categories_of_a_chart_on_a_slide_are_read(read_pieces: Any) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["机密", "b"]
    data.add_series("SECRET", (1, 2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(3), Inches(3), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "CONFIDENTIAL"
    found = read_pieces(pptx, saved(deck))
    said = "\n".join(texts(found))
    assert "CONFIDENTIAL" in said
    assert [member.name for member in found.members] == ["ppt/embeddings/Microsoft_Excel_Sheet1.xlsx"]
    inside = read_pieces(xlsx, found.members[0].data)
    assert {"机密", "SECRET"} <= {word for text in texts(inside) for word in text.split("\t")}


def test_a_diagram_on_a_slide_is_read(read_pieces: Any, replaced: Replaced) -> None:
    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[6])
    assert "机密★10年" in texts(read_pieces(pptx, replaced(saved(deck), {"ppt/diagrams/data1.xml": DIAGRAM})))


def test_the_title_of_a_chart_in_a_workbook_is_read(read_pieces: Any) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    chart = BarChart()
    chart.title = "SECRET"
    chart.add_data(Reference(book.active, min_col=1, min_row=1))
    book.active.add_chart(chart, "C3")
    assert "SECRET" in texts(read_pieces(xlsx, saved(book)))


def test_a_threaded_comment_is_read(read_pieces: Any, replaced: Replaced) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    comment = (
        '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
        '<threadedComment ref="B2"><text>机密★10年</text></threadedComment></ThreadedComments>'
    ).encode()
    found = read_pieces(xlsx, replaced(saved(book), {"xl/threadedComments/threadedComment1.xml": comment}))
    assert [(each.text, each.place.cell) for each in found.passages if each.place.part == "comments"] == [
        ("机密★10年", "B2")
    ]
