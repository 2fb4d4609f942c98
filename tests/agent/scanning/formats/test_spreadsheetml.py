"""Excel 2003 as one XML file: cells at their places, sheet names, headers, comments, properties."""

from __future__ import annotations

import io
from typing import Any

from agent.scanning.formats import spreadsheetml
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

OPENING = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:'
    'spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:html="http://www.w3.org/TR/REC-html40">'
)


def cell(text: str, more: str = "") -> str:
    return f'<Cell {more}><Data ss:Type="String">{text}</Data></Cell>'


def workbook(rows: str, name: str = "Sheet1", options: str = "", before: str = "") -> bytes:
    sheet = f'<Worksheet ss:Name="{name}"><Table>{rows}</Table>{options}</Worksheet>'
    return f"{OPENING}{before}{sheet}</Workbook>".encode()


def test_it_is_told_by_its_root_not_by_its_name() -> None:
    data = workbook("")
    assert identify(Source(io.BytesIO(data), len(data)), "x.xls").media_type in spreadsheetml.MEDIA_TYPES


def test_a_cell_is_found_at_the_place_it_is_given(read_pieces: Any) -> None:
    rows = '<Row ss:Index="3">' + cell("a", 'ss:MergeAcross="1"') + cell("机密★10年") + "</Row>"
    found = read_pieces(spreadsheetml, workbook(rows))
    assert [(each.text, each.place.cell) for each in found.passages if each.zone is Zone.CELL][1] == ("机密★10年", "C3")


def test_text_with_dress_inside_a_cell_is_one_text(read_pieces: Any) -> None:
    rows = "<Row>" + cell('<html:B>机</html:B><html:Font html:Color="#FF0000">密★5年</html:Font>') + "</Row>"
    assert read_pieces(spreadsheetml, workbook(rows)).texts(Zone.CELL) == ["机密★5年"]


def test_names_headers_comments_and_properties_are_found(read_pieces: Any) -> None:
    options = (
        "<WorksheetOptions xmlns='urn:schemas-microsoft-com:office:excel'><PageSetup>"
        '<Header x:Data="&amp;C机&amp;B密"/></PageSetup></WorksheetOptions>'
    )
    rows = "<Row><Cell><Data ss:Type='Number'>1</Data><Comment><ss:Data>SECRET</ss:Data></Comment></Cell></Row>"
    before = "<o:DocumentProperties><o:Title>CONFIDENTIAL</o:Title></o:DocumentProperties>"
    found = read_pieces(spreadsheetml, workbook(rows, "秘密", options, before))
    assert found.texts(Zone.SHEET_TAB) == ["秘密"]
    assert found.texts(Zone.SHEET_HEADER) == ["机密"]
    assert [each.text for each in found.passages if each.place.part == "comments"] == ["SECRET"]
    assert found.texts(Zone.DOC_PROPERTY) == ["CONFIDENTIAL"]


def test_far_below_only_the_row_with_a_hit_is_read(read_pieces: Any) -> None:
    rows = "".join(f"<Row>{cell(f'row {n}')}</Row>" for n in range(50)) + f"<Row>{cell('SECRET')}</Row>"
    assert read_pieces(spreadsheetml, workbook(rows)).texts(Zone.BODY) == ["SECRET"]


def test_an_ordinary_workbook_gives_nothing_and_one_that_breaks_off_is_damaged(read_pieces: Any) -> None:
    rows = f"<Row>{cell('lunch')}</Row>"
    assert read_pieces(spreadsheetml, workbook(rows)).passages == []
    assert read_pieces(spreadsheetml, workbook(rows)[:-5]).reason == "damaged"
    broken = read_pieces(spreadsheetml, workbook(f"<Row>{cell('机密')}</Row>")[:-20])
    assert (broken.texts(Zone.CELL), broken.reason) == (["机密"], "damaged")
