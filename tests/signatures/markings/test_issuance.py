from __future__ import annotations

from datetime import date

import pytest

from signatures.markings.circumstances import Circumstances
from signatures.markings.issuance import document_number, issue_date, plain_number
from signatures.markings.periods import IssueDate, Source
from signatures.passages import Passage, Zone

HEAD = Passage(Zone.P1_BLOCK, "远山市人民政府文件\n远政〔2023〕15号")
IMPRINT = Passage(Zone.NOTE_END, "抄送：各县区人民政府。\n远山市人民政府办公室　　　　2024年3月18日印发")
SIGNED = Passage(Zone.BODY, "特此通知。\n远山市人民政府\n2024年3月15日\n附件：名单")
CREATED = Passage(Zone.DOC_PROPERTY, "D:20220607080910+08'00'", name="CreationDate")
EVERYTHING = Circumstances(ledger_date=date(2024, 4, 1), created=date(2021, 1, 1), file_time=date(2025, 1, 1))


def test_the_best_date_there_is_is_taken_and_its_source_told() -> None:
    passages = [HEAD, SIGNED, IMPRINT, CREATED]
    sources = []
    for _ in range(2):
        found = issue_date(passages, EVERYTHING)
        assert found is not None
        sources.append((found.source, found.last))
        passages.remove(SIGNED if SIGNED in passages else IMPRINT)
    found = issue_date(passages, EVERYTHING)
    assert found == IssueDate.on(date(2024, 4, 1), Source.LEDGER)
    assert sources == [(Source.SIGNED, date(2024, 3, 15)), (Source.PRINTED, date(2024, 3, 18))]
    assert issue_date(passages) == IssueDate(date(2023, 1, 1), date(2023, 12, 31), Source.NUMBER)
    assert issue_date([CREATED]) == IssueDate.on(date(2022, 6, 7), Source.CREATED)
    known = Circumstances(created=date(2021, 1, 1), file_time=date(2025, 1, 1))
    assert issue_date([CREATED], known) == IssueDate.on(date(2021, 1, 1), Source.CREATED)
    weak = Circumstances(file_time=date(2025, 1, 1))
    assert issue_date([], weak) == IssueDate.on(date(2025, 1, 1), Source.FILE)
    assert issue_date([]) is None


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [
        ("2024年3月5日", date(2024, 3, 5), date(2024, 3, 5)),
        ("　　　　２０２４年３月５日　　", date(2024, 3, 5), date(2024, 3, 5)),
        ("二〇二四年三月十五日", date(2024, 3, 15), date(2024, 3, 15)),
        ("二○二四年十二月三十一日", date(2024, 12, 31), date(2024, 12, 31)),
        ("二零二四年十月二十日", date(2024, 10, 20), date(2024, 10, 20)),
        ("一九九九年一月一日", date(1999, 1, 1), date(1999, 1, 1)),
        ("（2024 年 3 月 5 日）", date(2024, 3, 5), date(2024, 3, 5)),
        ("2024年2月", date(2024, 2, 1), date(2024, 2, 29)),
        ("1949年10月1日", date(1949, 10, 1), date(1949, 10, 1)),
        ("2199年1月1日", date(2199, 1, 1), date(2199, 1, 1)),
        ("成文日期：2024-03-05", date(2024, 3, 5), date(2024, 3, 5)),
        ("成文日期：2024年3月5日", date(2024, 3, 5), date(2024, 3, 5)),
        ("定密日期: 2024.3.5  定密责任人：", date(2024, 3, 5), date(2024, 3, 5)),
        ("编号：12  制发时间：2024/3/5", date(2024, 3, 5), date(2024, 3, 5)),
    ],
)
def test_the_date_of_a_document_is_read_in_all_its_writings(line: str, first: date, last: date) -> None:
    passage = Passage(Zone.BODY, f"现将有关事项通知如下。\n{line}\n")
    assert issue_date([passage]) == IssueDate(first, last, Source.SIGNED)


@pytest.mark.parametrize(
    "line",
    [
        "2024年13月5日",
        "2024年2月30日",
        "1948年12月31日",
        "2200年1月1日",
        "会议定于2024年3月5日",
        "2024年3月5日起施行",
        "自2024年3月5日起，各单位应当于每月5日前报送本单位的工作情况，并附有关材料的清单和说明，截止日期为2024年6月30日",
        "成文日期：另行通知",
        "日",
    ],
)
def test_a_date_that_does_not_exist_or_stands_in_a_sentence_is_none(line: str) -> None:
    assert issue_date([Passage(Zone.BODY, line)]) is None


def test_a_date_below_a_signature_goes_before_a_later_one_of_an_attachment() -> None:
    text = "2020年1月1日\n会议纪要\n远山市人民政府办公室\n\n2024年3月15日\n附件\n2025年6月1日"
    assert issue_date([Passage(Zone.BODY, text)]) == IssueDate.on(date(2024, 3, 15), Source.SIGNED)
    paragraphs = [Passage(Zone.BODY, line) for line in text.split("\n")]
    assert issue_date(paragraphs) == IssueDate.on(date(2024, 3, 15), Source.SIGNED)


@pytest.mark.parametrize("above", ["远山市人民政府", "远 山 市 财 政 局\n\n", "远山科技公司\n \n\n"])
def test_a_signature_stands_above_its_date_with_blank_lines_between_or_none(above: str) -> None:
    text = f"{above}\n2024年3月15日\n二、其他\n2025年6月1日"
    assert issue_date([Passage(Zone.BODY, text)]) == IssueDate.on(date(2024, 3, 15), Source.SIGNED)
    below = f"请各单位认真执行。\n2024年3月15日\n{above}\n2025年6月1日\n无"
    assert issue_date([Passage(Zone.BODY, below)]) == IssueDate.on(date(2025, 6, 1), Source.SIGNED)


def test_a_long_line_above_a_date_is_no_signature() -> None:
    text = "甲" * 200 + "办公室\n2024年3月15日\n附件\n2025年6月1日"
    assert issue_date([Passage(Zone.BODY, text)]) == IssueDate.on(date(2025, 6, 1), Source.SIGNED)


def test_a_date_deep_in_a_very_long_line_is_none() -> None:
    assert issue_date([Passage(Zone.BODY, "甲" * 500 + " 2024年3月15日")]) is None
    assert issue_date([Passage(Zone.BODY, " " * 100 + "2024年3月15日")]) is not None
    assert issue_date([Passage(Zone.BODY, " " * 500 + "2024年3月15日")]) is None


def test_without_a_signature_the_last_line_that_is_a_date_counts() -> None:
    text = "2020年1月1日\n工作总结。\n2024年3月15日"
    assert issue_date([Passage(Zone.BODY, text)]) == IssueDate.on(date(2024, 3, 15), Source.SIGNED)


def test_a_labelled_date_goes_before_one_on_a_line_of_its_own() -> None:
    text = "远山市人民政府\n2024年3月15日\n定密日期：2024年3月1日"
    assert issue_date([Passage(Zone.BODY, text)]) == IssueDate.on(date(2024, 3, 1), Source.SIGNED)
    field = Passage(Zone.TABLE_FIELD, "成文日期\t2024年3月1日")
    assert issue_date([field]) == IssueDate.on(date(2024, 3, 1), Source.SIGNED)


def test_dates_in_cells_headers_and_names_are_no_issue_dates() -> None:
    for zone in (Zone.CELL, Zone.HEADER, Zone.FILENAME, Zone.DOC_PROPERTY):
        assert issue_date([Passage(zone, "2024年3月15日")]) is None


def test_a_title_about_printing_is_no_imprint() -> None:
    assert issue_date([Passage(Zone.BODY, "关于印发2024年3月15日会议纪要的通知\n印发")]) is None


@pytest.mark.parametrize(
    ("value", "name", "day"),
    [
        ("2022-06-07T08:09:10Z", "dcterms:created", date(2022, 6, 7)),
        ("20220607", "Created", date(2022, 6, 7)),
        ("D:20220607080910", "CreationDate", date(2022, 6, 7)),
        ("2022-06-07T08:09:10Z", "modified", None),
        ("D:20221399", "CreationDate", None),
        ("yesterday", "CreationDate", None),
    ],
)
def test_the_property_of_creation_is_read_as_files_write_it(value: str, name: str, day: date | None) -> None:
    found = issue_date([Passage(Zone.DOC_PROPERTY, value, name=name)])
    assert found == (IssueDate.on(day, Source.CREATED) if day else None)


def test_the_number_of_a_document_has_one_form_however_it_is_written() -> None:
    for written in ("远政〔2024〕15号", "远政[2024]15号", "远政（2024）第 015 号", "发文字号：远政【2024】15号"):
        assert plain_number(written) == "远政〔2024〕15号"
        assert document_number([Passage(Zone.P1_BLOCK, f"文件\n{written}")]) == "远政〔2024〕15号"
    assert document_number([Passage(Zone.P1_BLOCK, "远政〔2024〕15号　　　　签发人：某某")]) == "远政〔2024〕15号"


def test_a_number_in_the_text_or_of_another_kind_is_not_the_documents() -> None:
    assert document_number([Passage(Zone.BODY, "远政〔2024〕15号")]) is None
    assert document_number([Passage(Zone.P1_BLOCK, "根据远政〔2024〕15号文件精神")]) is None
    assert plain_number("2024-15") is None


def test_the_day_of_a_librarys_template_is_not_that_of_the_document() -> None:
    made = Passage(Zone.DOC_PROPERTY, "2013-12-23T23:15:00Z", name="created")
    assert issue_date([made]) is None
    real = Passage(Zone.DOC_PROPERTY, "2014-01-02T08:00:00Z", name="created")
    found = issue_date([made, real])
    assert found is not None and found.first == date(2014, 1, 2)


def test_the_number_of_a_document_stands_on_the_first_sixty_lines_of_its_front() -> None:
    for lines, number in ((59, "远政〔2024〕15号"), (60, None)):
        assert document_number([Passage(Zone.P1_BLOCK, "无\n" * lines + "远政〔2024〕15号")]) == number
        each = [Passage(Zone.P1_BLOCK, line) for line in [*["无"] * lines, "远政〔2024〕15号"]]
        assert document_number(each) == number


@pytest.mark.parametrize("name", ["created", "CreationDate", "creation-date", "createdate", "xmp:CreateDate",
                                  "dcterms:created", "创建日期", "创建时间"])  # fmt: skip
def test_the_property_of_creation_has_many_names(name: str) -> None:
    found = issue_date([Passage(Zone.DOC_PROPERTY, "2022-06-07", name=name)])
    assert found == IssueDate.on(date(2022, 6, 7), Source.CREATED)


@pytest.mark.parametrize(("blanks", "found"), [(111, True), (112, False)])
def test_a_date_far_to_the_right_of_its_line_is_read_within_bounds(blanks: int, found: bool) -> None:
    assert (issue_date([Passage(Zone.BODY, " " * blanks + "2024年3月15日")]) is not None) is found


@pytest.mark.parametrize(("length", "number"), [(60, "远政〔2024〕15号"), (61, None)])
def test_the_number_of_a_document_stands_on_a_short_line(length: int, number: str | None) -> None:
    assert document_number([Passage(Zone.P1_BLOCK, "远政〔2024〕15号".ljust(length))]) == number


def test_blanks_of_any_width_inside_a_number_or_a_date_are_one() -> None:
    assert plain_number("远政 〔 2024  〕\u3000 15  号") == "远政〔2024〕15号"
    assert issue_date([Passage(Zone.BODY, "2024  年 \u3000 3  月  5  日")]) == IssueDate.on(
        date(2024, 3, 5), Source.SIGNED
    )


@pytest.mark.parametrize(("blanks", "day"), [(105, date(2024, 3, 15)), (120, date(2025, 6, 1))])
def test_a_signature_stands_near_above_its_date(blanks: int, day: date) -> None:
    text = "工作情况汇报如下。\n远山市人民政府办公室" + "\n" * blanks + "2024年3月15日\n附件\n2025年6月1日"
    assert issue_date([Passage(Zone.BODY, text)]) == IssueDate.on(day, Source.SIGNED)
