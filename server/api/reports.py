"""``/reports``: ordering numbered reports, seeing how far they are, and fetching their files."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from server import audit
from server.accounts.models import Language, Right
from server.accounts.scope import departments_of
from server.api.auth import READ, REVIEW, person_of, require
from server.api.fields import Day, Short, Span, one, part_of
from server.api.problems import Problem
from server.reports import making, shelf
from server.reports.extent import reports_of
from server.reports.models import Form as ReportForm
from server.reports.models import Report, ReportFile
from server.reports.writers import WRITERS

router = Router(tags=["reports"])


class ReportFileTold(Schema):
    """One file of a report."""

    form: ReportForm
    sha256: str
    size: int


class ReportTold(Schema):
    """One report, and how far its making is."""

    id: int
    number: str
    kind: str
    state: str = Field(description="waiting, working, done or failed")
    progress: int = Field(description="Per cent")
    problem: str
    department: int | None
    since: date
    until: date
    requested: datetime
    finished: datetime | None
    files: list[ReportFileTold]


class Reports(Schema):
    """One part of the reports."""

    reports: list[ReportTold]
    next: str | None


class ReportWanted(Schema):
    """A report to be made."""

    kind: Short = Field(description="inspection, rectification, ledger or annual")
    forms: list[ReportForm] = Field(max_length=3)
    since: Day
    until: Day
    department: int | None = Field(None, ge=1, lt=2**31, description="None for the whole house")
    language: Language = Language.CHINESE
    ledger: Short = Field("", description="The one ledger of an extract; empty for those of computers and media")


def _told(row: Report) -> dict[str, object]:
    return {
        "id": row.pk,
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "progress": row.progress,
        "problem": row.problem,
        "department": row.department_id,
        "since": row.since,
        "until": row.until,
        "requested": row.requested_at,
        "finished": row.finished_at,
        "files": [{"form": file.form, "sha256": file.sha256, "size": file.size} for file in row.files.all()],
    }


@router.get("", response=Reports, auth=READ, url_name="reports")
def list_reports(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """The reports about the own departments."""
    user = require(request, Right.REPORTS)
    found, mark = part_of(reports_of(user).prefetch_related("files"), wanted)
    return {"reports": [_told(row) for row in found], "next": mark}


@router.post("", response={201: ReportTold}, auth=REVIEW, url_name="report-order")
def order(request: HttpRequest, sent: ReportWanted) -> Status[dict[str, object]]:
    """Order a report: it gets its number at once and is made in the background."""
    user = require(request, Right.ISSUE)
    department = None if sent.department is None else one(departments_of(user), sent.department)
    made = making.ask(
        sent.kind,
        forms=[form.value for form in sent.forms],
        since=sent.since,
        until=sent.until,
        department=department,
        language=sent.language.value,
        ledger=sent.ledger,
        by=user,
    )
    return Status(201, _told(made))


@router.get("/{pk}", response=ReportTold, auth=READ, url_name="report")
def read_report(request: HttpRequest, pk: int) -> dict[str, object]:
    """One report: how far it is, and the hashes of its files."""
    return _told(one(reports_of(require(request, Right.REPORTS)), pk))


@router.post("/{pk}/retry", response=ReportTold, auth=REVIEW, url_name="report-retry")
def retry(request: HttpRequest, pk: int) -> dict[str, object]:
    """Make a report that failed once more, under its number."""
    user = require(request, Right.ISSUE)
    making.retry(one(reports_of(user), pk), by=user)
    return read_report(request, pk)


@router.get("/{pk}/file.{form}", auth=READ, url_name="report-file")
def fetch(request: HttpRequest, pk: int, form: ReportForm) -> HttpResponse:
    """A file as it was written; that it was fetched is in the audit log."""
    require(request, Right.REPORTS)
    report = one(reports_of(person_of(request)), pk)
    file = one(ReportFile.objects.select_related("report").filter(form=form.value), _file_of(report, form))
    try:
        content = shelf.take(file)
    except shelf.FileGone as gone:
        audit.record("report.gone", actor=person_of(request), obj=report, form=form.value, reason=gone.reason)
        raise Problem(410, gone.reason, _("This file cannot be given out. Ask for a new report.")) from None
    audit.record("report.fetch", actor=person_of(request), obj=report, number=report.number, form=form.value)
    return HttpResponse(content, content_type=WRITERS[form.value][0], headers={"Cache-Control": "no-store"})


def _file_of(report: Report, form: ReportForm) -> int:
    return next((file.pk for file in report.files.all() if file.form == form.value), 0)
