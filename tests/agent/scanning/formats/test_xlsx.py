"""Markings in a workbook: where they stand is told, however the cells were written and however large the sheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment

from agent.scanning.formats import xlsx
from agent.scanning.formats.xlsx_rows import column_of, plain_header
from protocol.records import Place
from signatures.passages import Zone

Replaced = Callable[[bytes, Mapping[str, bytes | None]], bytes]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def book_of(*rows: list[Any]) -> Any:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def shared_strings(package: bytes, replaced: Replaced, rows: str, strings: list[str], after: str = "") -> bytes:
    """The package with a sheet written as Excel does, its text in the shared strings."""
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'
    items = "".join(f"<si>{string}</si>" for string in strings)
    return replaced(
        package,
        {
            "xl/worksheets/sheet1.xml": sheet.encode(),
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{items}</sst>'.encode(),
        },
    )


def test_a_cell_written_as_numeric_references_is_found(read_pieces: Any) -> None:
    outcome = read_pieces(xlsx, saved(book_of(["机密★10年"], ["名称", "数量"], ["甲", 1])))
    mark = outcome.texts(Zone.CELL)
    assert mark[0] == "机密★10年"
    assert next(each for each in outcome.passages if each.text == "机密★10年").place == Place(sheet=1, cell="A1")


def test_a_workbook_without_any_literal_is_not_parsed(read_pieces: Any) -> None:
    outcome = read_pieces(xlsx, saved(book_of(["登记表"], [1, 2, 3])))
    assert (outcome.passages, outcome.problem) == ([], None)


def test_rich_text_runs_are_joined(read_pieces: Any) -> None:
    book = book_of([CellRichText("机", TextBlock(InlineFont(b=True), "密"), "★10年")])
    assert read_pieces(xlsx, saved(book)).texts(Zone.CELL) == ["机密★10年"]


def test_readings_of_characters_are_left_out_and_struck_runs_too(read_pieces: Any, replaced: Replaced) -> None:
    string = "<r><t>机密</t></r><rPh sb='0' eb='1'><t>ジミツ</t></rPh>"
    string += "<r><rPr><strike/></rPr><t>旧</t></r><r><t>★10年</t></r>"
    package = shared_strings(saved(book_of()), replaced, '<row r="1"><c r="A1" t="s"><v>0</v></c></row>', [string])
    assert read_pieces(xlsx, package).texts(Zone.CELL) == ["机密★10年"]


def test_headers_and_footers_come_without_their_codes(read_pieces: Any) -> None:
    book = book_of(["表"])
    book.active.oddHeader.left.text = "机密★10年"
    book.active.oddHeader.left.size = 14
    book.active.oddHeader.right.text = "第 &P 页"
    book.active.evenFooter.center.text = "内部资料"
    book.active.HeaderFooter.differentOddEven = True
    outcome = read_pieces(xlsx, saved(book))
    assert outcome.texts(Zone.SHEET_HEADER) == ["机密★10年", "内部资料"]


def test_a_header_split_by_codes_is_still_found(read_pieces: Any, replaced: Replaced) -> None:
    after = '<headerFooter><oddHeader>&amp;L机&amp;"黑体,Bold"密★&amp;14&amp;KFF000010年</oddHeader></headerFooter>'
    package = shared_strings(saved(book_of()), replaced, '<row r="1"><c r="A1"><v>7</v></c></row>', [], after)
    assert read_pieces(xlsx, package).texts(Zone.SHEET_HEADER) == ["机密★10年"]


@pytest.mark.parametrize(
    ("coded", "plain"),
    [
        ('&L&"宋体,常规"&14机密&C&A&R第 &P 页', "机密\n第  页"),
        ("&C研发&&生产 &K00+000机密", "研发&生产 机密"),
        ("&R&D &T&F", ""),
    ],
)
def test_header_codes_are_known(coded: str, plain: str) -> None:
    assert plain_header(coded) == plain


def test_a_sheet_named_with_a_level_is_told_by_number_not_by_name(read_pieces: Any) -> None:
    book = book_of(["表"])
    book.create_sheet("机密-附表")
    outcome = read_pieces(xlsx, saved(book))
    tabs = [passage for passage in outcome.passages if passage.zone is Zone.SHEET_TAB]
    assert [(tab.text, tab.place) for tab in tabs] == [("Sheet", Place(sheet=1)), ("机密-附表", Place(sheet=2))]


def test_a_form_gives_fields_and_a_register_of_other_papers_gives_rows(read_pieces: Any) -> None:
    form = [["文件登记卡"], ["密级", "机密", None, "保密期限", "10年"], ["页数", 12]]
    assert read_pieces(xlsx, saved(book_of(*form))).texts(Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t10年"]
    register = [["收文登记簿"], ["序号", "标题", "密级"], [1, "甲", "秘密"], [2, "乙", "机密"], [3, "丙", "普通"]]
    outcome = read_pieces(xlsx, saved(book_of(*register)))
    assert outcome.texts(Zone.CELL) == ["收文登记簿"]
    assert outcome.texts(Zone.TABLE_FIELD) == []
    assert "2\t乙\t机密" in outcome.texts(Zone.BODY)


def test_a_hit_far_down_a_large_sheet_comes_with_its_address_and_nothing_else_does(
    read_pieces: Any, replaced: Replaced
) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_000)
    )
    rows += '<row r="20000"><c r="C20000" t="s"><v>1</v></c></row>'
    package = shared_strings(saved(book_of()), replaced, rows, ["<t>普通</t>", "<t>绝密★30年</t>"])
    body = [each for each in read_pieces(xlsx, package).passages if each.zone is Zone.BODY and "密" in each.text]
    assert [(each.text, each.place) for each in body] == [("绝密★30年", Place(sheet=1, cell="C20000"))]


def test_the_result_of_a_formula_is_text(read_pieces: Any, replaced: Replaced) -> None:
    rows = '<row r="1"><c r="A1" t="str"><f>"机"&amp;"密★10年"</f><v>机密★10年</v></c></row>'
    assert read_pieces(xlsx, shared_strings(saved(book_of()), replaced, rows, [])).texts(Zone.CELL) == ["机密★10年"]


def test_comments_and_properties_are_read(read_pieces: Any) -> None:
    book = book_of(["表"])
    book.active["B2"].comment = Comment("此表机密★10年", "x")
    book.properties.category = "秘密"
    outcome = read_pieces(xlsx, saved(book))
    assert any(each.text == "此表机密★10年" and each.place.cell == "B2" for each in outcome.passages)
    assert ("category", "秘密") in [(each.name, each.text) for each in outcome.passages]


def test_a_text_box_on_a_sheet_is_read(read_pieces: Any, replaced: Replaced) -> None:
    drawing = """<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><xdr:sp><xdr:txBody><a:p><a:r><a:t>绝密★</a:t></a:r>
        <a:r><a:t>30年</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>"""
    outcome = read_pieces(xlsx, replaced(saved(book_of(["表"])), {"xl/drawings/drawing1.xml": drawing.encode()}))
    assert outcome.texts(Zone.P1_BLOCK) == ["绝密★30年"]


def test_names_of_parts_in_another_case_are_the_same_parts(read_pieces: Any, replaced: Replaced) -> None:
    package = shared_strings(
        saved(book_of()), replaced, '<row r="1"><c r="A1" t="s"><v>0</v></c></row>', ["<t>机密★10年</t>"]
    )
    strings = f'<sst xmlns="{MAIN}"><si><t>机密★10年</t></si></sst>'.encode()
    package = replaced(package, {"xl/sharedStrings.xml": None, "xl/SharedStrings.xml": strings})
    assert read_pieces(xlsx, package).texts(Zone.CELL) == ["机密★10年"]


def test_prefixed_elements_as_other_programs_write_them_are_read(read_pieces: Any, replaced: Replaced) -> None:
    sheet = f"""<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c></x:row>
        </x:sheetData></x:worksheet>"""
    strings = f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>机密★10年</x:t></x:si></x:sst>'
    package = replaced(
        saved(book_of()),
        {"xl/worksheets/sheet1.xml": sheet.encode(), "xl/sharedStrings.xml": strings.encode()},
    )
    assert read_pieces(xlsx, package).texts(Zone.CELL) == ["机密★10年"]


@pytest.mark.parametrize(
    "rows", ["<row>" * 5_000, '<row r="1"><c r="A1" t="s"><v>99999999</v></c><c t="s"><v>x</v></c></row>']
)
def test_rows_that_make_no_sense_do_no_harm(read_pieces: Any, replaced: Replaced, rows: str) -> None:
    outcome = read_pieces(xlsx, shared_strings(saved(book_of()), replaced, rows, ["<t>机密</t>"]))
    assert outcome.texts(Zone.CELL) == []


def test_addresses_tell_their_column() -> None:
    assert [column_of(address) for address in ("A1", "Z9", "AA10", "XFD1", "")] == [1, 26, 27, 16384, 0]


@pytest.mark.shared
def test_no_real_workbook_raises_anything_but_not_examined(read_pieces: Any, shared: Path) -> None:
    files = [path for kind in ("xlsx", "xlsm", "xltx") for path in (shared / "corpus/real" / kind).iterdir()]
    outcomes = [read_pieces(xlsx, path.read_bytes()) for path in files]
    assert len(outcomes) > 25
    assert sum(outcome.problem is None for outcome in outcomes) > 18


def test_a_mark_over_three_cells_is_read_as_one(read_pieces: Any) -> None:
    outcome = read_pieces(xlsx, saved(book_of(["机密", "★", "10年"], ["序号", "名称", "数量"], [1, "甲", 2])))
    assert "机密★10年" in outcome.texts(Zone.CELL)


@pytest.mark.parametrize("rule", ['prompt="机密★10年" promptTitle="提示"', "error='&#26426;密★10年'"])
def test_what_a_rule_of_validation_says_is_read(read_pieces: Any, replaced: Replaced, rule: str) -> None:
    whole = saved(book_of(["a", 1]))
    sheet = zipfile.ZipFile(io.BytesIO(whole)).read("xl/worksheets/sheet1.xml").decode()
    rules = f'<dataValidations count="1"><dataValidation type="list" {rule} sqref="B1"/></dataValidations>'
    changed = sheet.replace("</sheetData>", f"</sheetData>{rules}")
    found = read_pieces(xlsx, replaced(whole, {"xl/worksheets/sheet1.xml": changed}))
    (told,) = (one for one in found.passages if one.place.part == "validation")
    assert (told.zone, "机密★10年" in told.text.split("\n")) == (Zone.BODY, True)
