"""The incidents: those that somebody has to act on first."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.incidents.duties import duties
from server.incidents.models import ACTIVE, Duty
from server.incidents.scope import incidents_of, overdue_of
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_many, counted, page_of

TABS = (
    ("active", gettext_lazy("Open")),
    ("overdue", gettext_lazy("A duty is overdue")),
    ("over", gettext_lazy("Closed")),
    ("all", gettext_lazy("All")),
)


@page
@require_safe
def incidents(request: SignedInRequest) -> HttpResponse:
    """Show one page of the incidents of one tab, each with the duty that is due next."""
    visible = incidents_of(request.user)
    lists = {
        "active": visible.filter(state__in=ACTIVE),
        "overdue": overdue_of(request.user),
        "over": visible.exclude(state__in=ACTIVE),
        "all": visible,
    }
    counts = dict(zip(lists, count_many(list(lists.values())), strict=True))
    tab = request.GET.get("tab", "")
    tab = tab if tab in lists else "active"
    next_duty = Duty.objects.filter(incident=OuterRef("pk"), met_at=None).order_by("due_at", "id")
    rows = lists[tab].annotate(
        next_due=Subquery(next_duty.values("due_at")[:1]), next_key=Subquery(next_duty.values("key")[:1])
    )
    page_ = page_of(
        rows.select_related("department").order_by("-discovered_at", "-id"),
        request.GET.get("after"),
        request.GET.get("before"),
    )
    user = request.user
    context = {
        "tabs": [(key, name, counted(counts[key]), key == tab, counts[key]) for key, name in TABS],
        "page": page_,
        "total": counted(counts[tab]),
        "titles": {key: duty.title for key, duty in duties().items()},
        "now": timezone.now(),
        "may_open": user.may(Right.INCIDENT) or user.may(Right.TRIAGE),
        "any": bool(counts["all"]),
    }
    return show(request, "web/incidents.html", context, at="incidents")
