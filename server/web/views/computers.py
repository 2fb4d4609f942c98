"""The computers that report here."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.ledger.models import Computer
from server.web import words
from server.web.pages import SignedInRequest, page, show
from server.web.paging import page_of
from server.web.views.start import SILENT_AFTER

_LONGEST_TEXT = 100


@page
@require_safe
def computers(request: SignedInRequest) -> HttpResponse:
    """Show one page of the computers, with class, person, last report and open violations."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:_LONGEST_TEXT]
    chosen = request.GET.get("class", "")
    silent_since = timezone.now() - SILENT_AFTER
    found = _narrowed(text)
    if chosen in words.CLASSES:
        found = found.filter(computer_class=chosen)
    if request.GET.get("silent"):
        found = found.filter(Q(last_seen_at=None) | Q(last_seen_at__lt=silent_since), revoked_at=None)
    total = found.count()
    still_open = Count("violations", filter=Q(violations__state__in=words.OPEN_STATES))
    rows = page_of(
        found.annotate(open_violations=still_open).defer("public_key").order_by("name", "id"),
        request.GET.get("page"),
        total=total,
    )
    context = {
        "page": rows,
        "text": text,
        "class": chosen if chosen in words.CLASSES else "",
        "classes": words.CLASSES,
        "silent": bool(request.GET.get("silent")),
        "silent_since": silent_since,
        "narrowed": bool(text or chosen in words.CLASSES or request.GET.get("silent")),
    }
    return show(request, "web/computers.html", context, at="computers")


def _narrowed(text: str) -> QuerySet[Computer]:
    """The computers in which every word of the text is found in a name, number, person or department."""
    found = Computer.objects.all()
    for part in text.split():
        found = found.filter(
            Q(name__icontains=part)
            | Q(number__icontains=part)
            | Q(person__icontains=part)
            | Q(department__icontains=part)
        )
    return found
