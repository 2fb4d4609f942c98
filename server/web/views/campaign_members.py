"""The computers of a round by standing: who has not, to look at, to print, and as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from server import audit
from server.accounts.models import Department
from server.campaigns.models import Campaign, Exemption, Standing
from server.campaigns.standing import UNFINISHED, rows_of
from server.exports import csv_
from server.web import words
from server.web.campaigns import facts, find, in_numbers
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of

TABS = (
    ("unfinished", gettext_lazy("Who has not")),
    *((one.value, words.STANDINGS[one.value]) for one in Standing),
    ("failing", gettext_lazy("With failed checks")),
    ("all", gettext_lazy("All")),
)
_LONGEST = 100


@page
@require_safe
def campaign_members(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one page of the computers, under the filters of the address."""
    row = find(request, pk)
    tab, department, text, found = _chosen(request, row)
    page_ = page_of(found.select_related(*_related(row)), request.GET.get("after"), request.GET.get("before"))
    _lines, _total, counts = in_numbers(row, request.user)
    spared = Exemption.objects.filter(campaign=row, computer__in=[one.computer_id for one in page_])
    context = {
        **facts(request, row),
        "tabs": [(key, name, counts[key], key == tab) for key, name in TABS],
        "page": page_,
        "total": counted(count_up_to(found)) if department or text else counted(counts[tab]),
        "department": department,
        "text": text,
        "tab": tab,
        "spared": {one.computer_id: one for one in spared.select_related("by")},
    }
    return show(request, "web/campaign_members.html", context, at="campaigns")


@page
@require_safe
def campaign_export(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send the same rows as CSV; that it was done is in the audit log."""
    row = find(request, pk)
    tab, _department, _text, found = _chosen(request, row)
    heading = [_("Asset number"), _("Computer"), _("Class"), _("Department"), _("Responsible"), _("Standing")]
    heading += [_("Self-check on"), _("Failed checks")]
    content = csv_.table(heading, (_cells(one) for one in found.select_related(*_related(row)).iterator(2000)))
    audit.record("campaign.export", actor=request.user, obj=row, rows=tab, bytes=len(content))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"{row.number}-{tab}-{timezone.localdate().isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _chosen(request: SignedInRequest, row: Campaign) -> tuple[str, Department | None, str, QuerySet[Any]]:
    tab = request.GET.get("standing", "")
    if tab not in {key for key, _name in TABS}:
        tab = "unfinished"
    found = rows_of(row, request.user)
    if row.open:
        found = found.defer("public_key")
    if tab == "unfinished":
        found = found.filter(standing__in=[one.value for one in UNFINISHED])
    elif tab == "failing":
        found = found.filter(failed_count__gt=0)
    elif tab != "all":
        found = found.filter(standing=tab)
    text = request.GET.get("q", "").replace("\0", "").strip()[:_LONGEST]
    for part in text.split():
        person = Q(person__name__icontains=part) if row.open else Q(person__icontains=part)
        found = found.filter(Q(name__icontains=part) | Q(number__icontains=part) | person)
    wanted = request.GET.get("department", "")
    department = None
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 9:
        # Whose rows are seen is settled above: a department named here only narrows them.
        department = Department.objects.filter(pk=int(wanted)).first()
        found = found.filter(department=department)
    return tab, department, text, found


def _related(row: Campaign) -> tuple[str, ...]:
    return ("department", "person") if row.open else ("department",)


def _cells(one: Any) -> list[str]:
    return [
        one.number,
        one.name,
        words.word(words.CLASSES, one.computer_class),
        str(one.department or ""),
        str(one.person or ""),
        words.word(words.STANDINGS, one.standing),
        "" if one.done_at is None else timezone.localtime(one.done_at).strftime("%Y-%m-%d %H:%M"),
        str(one.failed_count),
    ]
