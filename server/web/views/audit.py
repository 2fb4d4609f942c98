"""The audit log: who did what, and when."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.audit.models import Entry
from server.web.acts import about, acts_matching
from server.web.details import departments_in, details
from server.web.pages import SignedInRequest, page_for, show
from server.web.paging import count_up_to, counted, page_of


@page_for(Right.AUDIT, whole_house=True)
@require_safe
def audit(request: SignedInRequest) -> HttpResponse:
    """Show one page of the log, newest first, narrowed by act, person, object and day."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    since, until = _day(request.GET.get("since", "")), _day(request.GET.get("until", ""))
    rows = Entry.objects.select_related("actor").order_by("-id")
    for part in text.split():
        rows = rows.filter(
            Q(action__istartswith=part)
            | Q(actor__username__icontains=part)
            | Q(actor__last_name__icontains=part)
            | Q(object_type__istartswith=part)
            | Q(object_id=part)
            | Q(action__in=acts_matching(part))
        )
    if since:
        rows = rows.filter(at__date__gte=since)
    if until:
        rows = rows.filter(at__date__lte=until)
    page_ = page_of(rows, request.GET.get("after"), request.GET.get("before"))
    named, departments = about(page_), departments_in(page_)
    context = {
        "page": page_,
        "total": counted(count_up_to(rows)),
        "text": text,
        "since": request.GET.get("since", "") if since else "",
        "until": request.GET.get("until", "") if until else "",
        "rows": [
            {"entry": row, "detail": details(row, departments), "about": named.get((row.object_type, row.object_id))}
            for row in page_
        ],
    }
    return show(request, "web/audit.html", context, at="audit")


def _day(text: str) -> object:
    try:
        return parse_date(text)
    except ValueError:
        return None
