"""Numbered reports: asked for within one's scope, made whole or told why not."""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from docx import Document
from openpyxl import load_workbook

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.reports import making, shelf, workshop
from server.reports.kinds import KINDS, rows
from server.reports.models import Report
from server.reports.writers import paper

pytestmark = pytest.mark.django_db
Make = Callable[..., Report]


def text_of(report: Report, form: str) -> str:
    """All words of a file, as the program that opens it finds them."""
    content = shelf.take(report.files.get(form=form))
    if form == "pdf":
        document = pypdfium2.PdfDocument(content)
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    if form == "docx":
        document = Document(io.BytesIO(content))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    book = load_workbook(io.BytesIO(content))
    return "\n".join(
        str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
    )


def together(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_each_kind_is_made_in_each_form_and_language(kind: str, language: str, made: Make, house: Any) -> None:
    report = made(kind, language=language)
    assert (report.state, report.problem, report.progress) == ("done", "", 100)
    title = {"inspection": ("检查报告", "Inspection report"), "rectification": ("整改清单", "Rectification list"),
             "ledger": ("台帐摘录", "Ledger extract"), "annual": ("年度汇总", "Annual summary"),
             "assessment": ("考核评分表", "Score sheet of secrecy work"),
             "spotcheck": ("抽查单", "Unannounced check")}[kind]  # fmt: skip
    for form in ("pdf", "docx", "xlsx"):
        text = together(text_of(report, form))
        assert together(title[language == "en"]) in text
        assert report.number in text
        assert together("总部") in text
        assert ("日期" if language == "zh-hans" else "Date") in text


def test_the_three_forms_of_a_report_say_the_same(made: Make, house: Any) -> None:
    report = made("rectification")
    texts = [together(text_of(report, form)) for form in ("pdf", "docx", "xlsx")]
    for words in ("MEDIA-05", "NPC-01", "NET-03", "机密★10年", "F-1", "A-1"):
        assert all(words in text for text in texts), words


def test_numbers_count_up_within_a_year_and_are_never_given_twice(asked: Make, house: Any) -> None:
    year = timezone.localdate().year
    Report.objects.create(
        year=year - 1, sequence=41, kind="ledger", forms="pdf", since=date(year - 1, 1, 1), until=date(year - 1, 2, 1),
        requested_at=timezone.now(),
    )  # fmt: skip
    failed = asked("ledger")
    making.fail(failed, "x")
    assert [failed.number, asked("ledger").number] == [f"{year}-0001", f"{year}-0002"]


def test_files_are_for_the_owner_alone_and_their_hashes_are_in_the_audit_log(made: Make, report_home: Path) -> None:
    report = made("ledger")
    (entry,) = Entry.objects.filter(action="report.made")
    for file in report.files.all():
        path = report_home / "reports" / f"{report.number}.{file.form}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256 == entry.detail["sha256"][file.form][0]
    assert stat.S_IMODE((report_home / "reports").stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_report_about_a_department_holds_nothing_of_another(
    kind: str, made: Make, house: Any, person: Callable[..., User]
) -> None:
    officer = person(Role.DEPARTMENT, "office", department="总部/办公室")
    report = made(kind, by=officer, department=officer.department)
    for form in ("pdf", "docx", "xlsx"):
        text = together(text_of(report, form))
        assert "财务处" not in text
        assert "NET-03" not in text
        assert "办公室" in text


def test_nobody_asks_for_what_lies_outside_the_own_departments(
    asked: Make, house: Any, person: Callable[..., User]
) -> None:
    officer = person(Role.DEPARTMENT, "office", department="总部/办公室")
    for department in (None, house["finance"].department):
        with pytest.raises(PermissionDenied):
            asked("ledger", by=officer, department=department)
    with pytest.raises(PermissionDenied):
        asked("ledger", by=person(Role.AUDITOR))
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"kind": "novel"}, "kind"),
        ({"forms": ["exe"]}, "forms"),
        ({"since": date(2026, 5, 2), "until": date(2026, 5, 1)}, "until"),
        ({"since": date(1999, 1, 1)}, "since"),
        ({"kind": "annual", "since": date(2026, 2, 1), "until": date(2026, 12, 31)}, "since"),
        ({"ledger": "secrets"}, "ledger"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_what_cannot_be_meant_is_told_by_field(told: dict[str, Any], field: str, asked: Make) -> None:
    with pytest.raises(making.ReportMistake) as mistake:
        asked(told.pop("kind", "ledger"), **told)
    assert mistake.value.field == field
    assert not Report.objects.exists()


def test_a_report_that_cannot_be_written_says_why_and_can_be_tried_again(
    asked: Make, report_home: Path, person: Callable[..., User]
) -> None:
    place = report_home / "reports"
    place.mkdir(exist_ok=True)
    place.rmdir()
    place.write_text("in the way")
    report = asked("ledger")
    making.make(report)
    place.unlink()
    report.refresh_from_db()
    assert report.state == "failed"
    assert report.problem
    making.retry(report, by=User.objects.get(username="chief"))
    assert workshop.work() == 1
    report.refresh_from_db()
    assert (report.state, report.problem, report.files.count()) == ("done", "", 3)


def test_an_altered_or_missing_file_is_not_given_out(made: Make, report_home: Path) -> None:
    report = made("ledger", forms=["pdf"])
    file, path = report.files.get(), report_home / "reports" / f"{report.number}.pdf"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(shelf.FileGone, match="altered"):
        shelf.take(file)
    path.unlink()
    with pytest.raises(shelf.FileGone, match="missing"):
        shelf.take(file)


def test_what_was_left_unfinished_is_made_once_more_and_then_given_up(asked: Make) -> None:
    once, twice = asked("ledger", forms=["xlsx"]), asked("ledger", forms=["xlsx"])
    Report.objects.filter(pk=once.pk).update(state="working", attempts=1)
    Report.objects.filter(pk=twice.pk).update(state="working", attempts=2)
    assert workshop.pending()
    assert workshop.work() == 1
    states = {report.pk: report.state for report in Report.objects.all()}
    assert states == {once.pk: "done", twice.pk: "failed"}
    assert not workshop.pending()


def test_a_list_that_is_cut_says_so_on_paper_and_in_the_workbook(
    made: Make, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "MOST_ROWS", 2)
    report = made("rectification", language="en")
    assert "The first 2 of 3 rows" in text_of(report, "docx")
    assert together("The first 2 of 3 rows") in together(text_of(report, "pdf"))
    assert "The first 2 of" not in text_of(report, "xlsx")
    monkeypatch.setattr(rows, "MOST_LISTED", 1)
    assert "there are 3." in text_of(made("rectification", language="en"), "xlsx")


def test_one_process_makes_reports_at_a_time(report_home: Path) -> None:
    with workshop.alone(wait=True) as first, workshop.alone(wait=False) as second:
        assert (first, second) == (True, False)
