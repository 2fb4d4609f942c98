"""The page of numbered reports: asked for, made, fetched, each within one's departments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.reports import workshop
from server.reports.models import Report

pytestmark = pytest.mark.django_db
URL = reverse("web:reports")
Seat = Callable[..., Client]
People = Callable[..., User]


@pytest.fixture(autouse=True)
def fresh_folder(collector_home: Path) -> Iterator[None]:
    """No file of another test's reports."""
    yield
    for file in (collector_home / "reports").glob("*"):
        file.unlink()


def form(**more: Any) -> dict[str, Any]:
    told = {"kind": "inspection", "form": ["pdf", "xlsx"], "since": "2026-01-01", "until": "2026-12-31"}
    return told | {"language": "en", "parent": "", "year": "2026", "ledger": ""} | more


def test_the_empty_page_says_what_a_report_is_and_how_to_get_one(person: People, seat: Seat) -> None:
    page = seat(person()).get(URL).content.decode()
    assert "There is no report yet" in page
    assert "mijian-server report inspection" in page
    assert 'name="kind" value="annual"' in page


def test_a_report_is_asked_for_made_and_fetched_with_its_hash(person: People, seat: Seat, office: Any) -> None:
    office.file(office.computer(department="总部/办公室"))
    client = seat(person())
    assert client.post(URL, form()).status_code == 302
    waiting = client.get(URL).content.decode()
    assert "<progress" in waiting
    assert 'hx-trigger="every 3s"' in waiting
    workshop.work()
    page = client.get(URL).content.decode()
    assert "<progress" not in page
    assert "every 3s" not in page
    report = Report.objects.get()
    for made in report.files.all():
        assert made.sha256 in page
        answer = client.get(reverse("web:report-file", args=[report.pk, made.form]))
        assert hashlib.sha256(answer.content).hexdigest() == made.sha256
        assert answer["Content-Disposition"] == f'attachment; filename="inspection-{report.number}.{made.form}"'
    fetched = Entry.objects.filter(action="report.fetch")
    assert sorted(entry.detail["form"] for entry in fetched) == ["pdf", "xlsx"]
    assert {entry.actor_id for entry in fetched} == {report.requested_by_id}


def test_a_form_that_was_not_asked_for_is_not_there(person: People, seat: Seat) -> None:
    client = seat(person())
    client.post(URL, form(form=["pdf"]))
    workshop.work()
    for missing in ("docx", "exe"):
        assert client.get(reverse("web:report-file", args=[Report.objects.get().pk, missing])).status_code == 404


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"form": []}, "at least one of PDF"),
        ({"since": "gestern"}, "Write a day such as"),
        ({"since": "2026-12-31", "until": "2026-01-01"}, "ends before it begins"),
        ({"kind": "annual", "year": "²"}, "Write a year"),
        ({"parent": "99999"}, "Choose a department of yours"),
    ],
)
def test_a_mistake_is_told_and_what_was_filled_in_stays(
    told: dict[str, Any], why: str, person: People, seat: Seat
) -> None:
    answer = seat(person()).post(URL, form(**told))
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert 'value="2026-12-31"' in answer.content.decode()
    assert not Report.objects.exists()


def test_a_department_officer_is_offered_the_own_departments_alone(
    person: People, seat: Seat, organise: Callable[[str], Any]
) -> None:
    other = organise("总部/财务处")
    officer = person(Role.DEPARTMENT, department="总部/办公室")
    client = seat(officer)
    page = client.get(URL).content.decode()
    assert "办公室" in page
    assert "财务处" not in page
    assert "the whole organisation" not in page
    assert client.post(URL, form(parent=str(other.pk))).status_code == 422
    assert client.post(URL, form(parent="")).status_code == 403
    assert client.post(URL, form(parent=str(officer.department_id))).status_code == 302


def test_a_file_that_was_altered_is_not_sent_and_that_is_in_the_audit_log(
    person: People, seat: Seat, collector_home: Path
) -> None:
    client = seat(person())
    client.post(URL, form(form=["pdf"]))
    workshop.work()
    report = Report.objects.get()
    (collector_home / "reports" / f"{report.number}.pdf").write_bytes(b"%PDF-1.4 another")
    answer = client.get(reverse("web:report-file", args=[report.pk, "pdf"]), follow=True)
    assert "altered on the collector" in answer.content.decode()
    assert Entry.objects.get(action="report.gone").detail["reason"] == "altered"


def test_a_failed_report_says_why_and_is_tried_again(person: People, seat: Seat) -> None:
    client = seat(person())
    client.post(URL, form())
    Report.objects.update(state="failed", problem="the disk was full")
    page = client.get(URL).content.decode()
    assert "the disk was full" in page
    client.post(reverse("web:report-retry", args=[Report.objects.get().pk]))
    assert Report.objects.get().state == "waiting"


@pytest.mark.parametrize(("role", "reads"), [(Role.AUDITOR, True), (Role.INSPECTOR, True), (Role.VIEWER, False)])
def test_inspectors_and_auditors_fetch_reports_and_make_none(
    role: Role, reads: bool, person: People, seat: Seat
) -> None:
    seat(person(Role.OFFICER)).post(URL, form(form=["pdf"]))
    workshop.work()
    client = seat(person(role))
    assert client.get(URL).status_code == (200 if reads else 403)
    file = reverse("web:report-file", args=[Report.objects.get().pk, "pdf"])
    assert client.get(file).status_code == (200 if reads else 403)
    assert client.post(URL, form()).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_reports(
    person: People, seat: Seat, django_assert_max_num_queries: Any
) -> None:
    officer = person(Role.DEPARTMENT, department="总部/办公室")
    client = seat(officer)
    for _number in range(6):
        client.post(URL, form(parent=str(officer.department_id), form=["xlsx"]))
    workshop.work()
    with django_assert_max_num_queries(8):
        assert client.get(URL).status_code == 200
