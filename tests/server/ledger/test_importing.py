"""Ledgers from files and into them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from server.accounts.models import Role, User
from server.ledger.actions import lookups_for, save
from server.ledger.importing import FileProblem, Outdated, apply, digest_of, preview, read, write_csv, write_xlsx
from server.ledger.kinds import COMPUTERS, MEDIA, PEOPLE
from server.ledger.models import Computer, Person

pytestmark = pytest.mark.django_db
CHINESE = "资产编号,计算机名,类别,密级,责任人,状态\nBG-1,pc-1,涉密计算机,机密,张三,在用\nBG-2,pc-2,internal,,,lent\n"


def workbook(*rows: list[Any]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_is_read_in_the_encodings_offices_use(encoding: str) -> None:
    rows = read(COMPUTERS, CHINESE.encode(encoding))
    assert rows[0] == {
        "number": "BG-1",
        "name": "pc-1",
        "computer_class": "涉密计算机",
        "level": "机密",
        "person": "张三",
        "status": "在用",
    }


def test_a_workbook_is_read_with_its_numbers_and_dates_as_people_see_them() -> None:
    import datetime

    content = workbook(["工号", "姓名", "离岗日期"], [1001, "张三", datetime.datetime(2026, 11, 30)])  # noqa: DTZ001
    assert read(PEOPLE, content) == [{"number": "1001", "name": "张三", "leaving_on": "2026-11-30"}]


def test_titles_above_the_headings_and_empty_lines_are_passed_by_and_lines_counted_as_the_file_has_them(
    officer: User,
) -> None:
    text = "人员台账,,\n填表人：李四,,\n序号,工 号,姓名\n1,001,𠮷田“引”号\n,,\n2,002,\n,,\n"
    for content in (text.encode(), text.encode("gb18030"), "\ufeff".encode("gb18030") + text.encode("gb18030")):
        rows = read(PEOPLE, content)
        assert [row for row in rows if row] == [{"number": "001", "name": "𠮷田“引”号"}, {"number": "002", "name": ""}]
        assert [(one.line, one.outcome) for one in preview(PEOPLE, rows, officer)] == [(4, "new"), (6, "wrong")]


def test_text_as_spreadsheet_programs_save_it_is_read() -> None:
    text = "工号\t姓名\t离职日期\n001\t阿卜杜拉·买买提\t2026/11/30\n"
    assert read(PEOPLE, text.encode("utf-16")) == [
        {"number": "001", "name": "阿卜杜拉·买买提", "leaving_on": "2026/11/30"}
    ]


def test_a_file_is_not_taken_in_over_what_somebody_changed_after_it_was_looked_at(
    typed: Callable[..., Any], officer: User
) -> None:
    entry = typed("computers", number="BG-1", place="301")
    rows = [{"number": "BG-1", "place": "305"}]
    planned = preview(COMPUTERS, rows, officer)
    save(COMPUTERS, entry, {"place": "402"}, by=officer)
    with pytest.raises(Outdated):
        apply(COMPUTERS, rows, by=officer, looked_at=digest_of(planned))
    assert Computer.objects.get().place == "402"
    again = digest_of(preview(COMPUTERS, rows, officer))
    assert apply(COMPUTERS, rows, by=officer, looked_at=again) == {"new": 0, "changed": 1}


def test_the_preview_says_what_would_change_and_changes_nothing(typed: Callable[..., Any], officer: User) -> None:
    typed("people")
    typed("computers", number="BG-1", name="old")
    planned = preview(COMPUTERS, read(COMPUTERS, CHINESE.encode()), officer)
    assert [(one.line, one.key, one.outcome) for one in planned] == [(2, "BG-1", "changed"), (3, "BG-2", "wrong")]
    assert {change.column.name: (change.before, change.after) for change in planned[0].changes} == {
        "name": ("old", "pc-1"),
        "computer_class": ("internal", "confidential"),
        "level": ("", "机密"),
        "person": ("", "张三 (1001)"),
    }
    assert set(planned[1].mistakes) == {"holder"}
    assert Computer.objects.get().name == "old"


def test_all_rows_are_stored_or_none(typed: Callable[..., Any], officer: User) -> None:
    good = [{"number": f"P{n}", "name": f"人{n}", "clearance": "general"} for n in range(3)]
    assert apply(PEOPLE, good, by=officer) == {"new": 3, "changed": 0}
    with pytest.raises(FileProblem, match="4"):
        apply(PEOPLE, [*[{**row, "post": "科员"} for row in good[:2]], {"number": "P9", "name": ""}], by=officer)
    assert set(Person.objects.values_list("post", flat=True)) == {""}


def test_a_number_of_another_department_is_not_taken_over(
    typed: Callable[..., Any], person: Any, organise: Any
) -> None:
    organise("总部/财务处")
    typed("computers", number="BG-1", department="财务处")
    mine = person(Role.DEPARTMENT, department="总部/办公室")
    row = {"number": "BG-1", "name": "x", "computer_class": "internal", "status": "in-use", "department": "办公室"}
    (planned,) = preview(COMPUTERS, [row], mine)
    assert planned.outcome == "wrong"
    with pytest.raises(FileProblem):
        apply(COMPUTERS, [row], by=mine)
    assert str(Computer.objects.get().department) == "财务处"


def test_a_number_that_stands_twice_is_told(officer: User) -> None:
    row = {"number": "1", "name": "张三", "clearance": "none"}
    assert [one.outcome for one in preview(PEOPLE, [row, row], officer)] == ["new", "wrong"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
        b"a,b\n1,2\n",
        b"PK\x03\x04garbage",
        "编号,编号\n1,2\n".encode(),
        b'number,name\n"unclosed',
        "编号\n".encode() + b"\xff" * 9,
    ],
)
def test_what_is_no_ledger_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(FileProblem):
        read(MEDIA, content)


def test_a_workbook_with_entities_or_without_bounds_is_refused_before_it_is_parsed() -> None:
    good = workbook(["编号"], ["1"])
    for name, body in (("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'), ("xl/media/big", b"0" * 70_000_000)):
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(good)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for item in old.namelist():
                if item != name:
                    new.writestr(item, old.read(item))
            new.writestr(name, body)
        with pytest.raises(FileProblem):
            read(MEDIA, out.getvalue())


HOSTILE = ["=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("text", HOSTILE)
def test_no_exported_cell_is_ever_a_formula(typed: Callable[..., Any], officer: User, text: str) -> None:
    pc = typed("computers", name=f"x{text}")
    Computer.objects.update(name=text)
    pc.refresh_from_db()
    lookups = lookups_for(officer)
    (_heading, row) = list(csv.reader(io.StringIO(write_csv(COMPUTERS, [pc], lookups).decode("utf-8-sig"))))
    assert row[1] == f"'{text}"
    sheet = load_workbook(io.BytesIO(write_xlsx(COMPUTERS, [pc], lookups))).active
    assert (sheet["B2"].data_type, sheet["B2"].value) == ("s", text)


def test_what_was_exported_comes_back_as_it_was(typed: Callable[..., Any], officer: User, organise: Any) -> None:
    organise("总部/办公室")
    typed("people")
    pc = typed(
        "computers",
        department="办公室",
        person="张三",
        place="-1层",
        issued_on="2026-01-02",
        status="lent",
        holder="张三",
    )
    for write in (write_csv, write_xlsx):
        rows = read(COMPUTERS, write(COMPUTERS, [pc], lookups_for(officer)))
        assert [one.outcome for one in preview(COMPUTERS, rows, officer)] == ["same"]
