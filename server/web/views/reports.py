"""Numbered reports: those there are with their files, and the form that asks for a new one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.departments import DepartmentError
from server.accounts.models import Language, Right
from server.accounts.scope import departments_of
from server.ledger.kinds import LEDGERS
from server.reports import making
from server.reports.extent import reports_of
from server.reports.kinds import KINDS
from server.reports.models import Form, Report
from server.web.pages import SignedInRequest, page_for, show
from server.web.paging import count_up_to, counted, page_of
from server.web.views.departments import parent_of


@page_for(Right.REPORTS)
@require_http_methods(["GET", "HEAD", "POST"])
def reports(request: SignedInRequest) -> HttpResponse:
    """Show the reports of the own departments, newest first, or ask for a new one."""
    mistakes: dict[str, str] = {}
    if request.method == "POST":
        if not request.user.may(Right.ISSUE):
            raise PermissionDenied
        try:
            report = _ask(request)
        except making.ReportMistake as wrong:
            mistakes = {wrong.field: str(wrong)}
        except DepartmentError as wrong_department:
            mistakes = {"department": str(wrong_department)}
        else:
            messages.success(request, _("Report %(number)s is being made.") % {"number": report.number})
            return HttpResponseRedirect(reverse("web:reports"))
    rows = reports_of(request.user).select_related("department", "requested_by").prefetch_related("files")
    kind = request.GET.get("kind", "")
    if kind in KINDS:
        rows = rows.filter(kind=kind)
    page_ = page_of(rows.order_by("-id"), request.GET.get("after"), request.GET.get("before"))
    context = {
        "page": page_,
        "total": counted(count_up_to(rows)),
        "rows": [{"report": row, "title": KINDS[row.kind].title if row.kind in KINDS else row.kind} for row in page_],
        "pending": any(row.pending for row in page_),
        "kinds": KINDS.values(),
        "chosen": kind if kind in KINDS else "",
        "may_ask": request.user.may(Right.ISSUE),
        "mistakes": mistakes,
        "open": bool(mistakes) or not page_,
        **_form(request),
    }
    return show(request, "web/reports.html", context, at="reports", status=422 if mistakes else 200)


def _form(request: SignedInRequest) -> dict[str, Any]:
    """What the form offers, and what was filled in already."""
    today = timezone.localdate()
    posted = request.method == "POST"
    told = {
        "kind": "inspection",
        "since": today.replace(day=1).isoformat(),
        "until": today.isoformat(),
        "year": str(today.year),
        "language": str(request.user.language),
        "ledger": "",
        "parent": "",
    }
    if posted:
        told = {key: request.POST.get(key, "")[:40] for key in told}
    return {
        "told": told,
        "ticked": request.POST.getlist("form")[:8] if posted else [Form.PDF],
        "forms": Form.choices,
        "languages": Language.choices,
        "ledgers": LEDGERS.values(),
        "departments": departments_of(request.user).order_by("path")[:1000],
        "everything": request.user.sees_everything,
    }


def _ask(request: SignedInRequest) -> Report:
    told = request.POST
    kind = told.get("kind", "")
    if kind in KINDS and KINDS[kind].by_year:
        year = told.get("year", "")
        if not (year.isascii() and year.isdigit() and 2000 <= int(year[:5]) <= 2999):
            raise making.ReportMistake("year", _("Write a year such as 2026."))
        since, until = making.whole_year(int(year))
    else:
        since, until = _day(told.get("since", ""), "since"), _day(told.get("until", ""), "until")
    return making.ask(
        kind,
        forms=told.getlist("form")[:8],
        since=since,
        until=until,
        department=parent_of(request),
        language=told.get("language", ""),
        ledger=told.get("ledger", ""),
        by=request.user,
    )


def _day(text: str, field: str) -> date:
    try:
        found = parse_date(text.strip()[:10])
    except ValueError:
        found = None
    if found is None:
        raise making.ReportMistake(field, _("Write a day such as 2026-11-21."))
    return found
