"""The waivers: asked for, in force, and over; approving, refusing and ending them."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from server.accounts.models import Right
from server.violations import waivers as acts
from server.violations.models import Waiver
from server.violations.scope import waivers_of
from server.violations.transitions import TransitionError
from server.web.controls import control
from server.web.pages import SignedInRequest, page, page_for, show
from server.web.paging import page_of

_TABS = (
    (Waiver.State.ASKED, gettext_lazy("Waiting for approval")),
    (Waiver.State.APPROVED, gettext_lazy("In force")),
    ("over", gettext_lazy("Over or refused")),
)
_OVER = (Waiver.State.REFUSED, Waiver.State.ENDED, Waiver.State.EXPIRED)


@page
@require_safe
def waivers(request: SignedInRequest) -> HttpResponse:
    """Show the waivers of one kind."""
    visible = waivers_of(request.user)
    counts = visible.order_by().aggregate(
        asked=Count("id", filter=Q(state=Waiver.State.ASKED)),
        approved=Count("id", filter=Q(state=Waiver.State.APPROVED)),
        over=Count("id", filter=Q(state__in=_OVER)),
    )
    tab = request.GET.get("tab", "")
    if tab not in counts:
        tab = Waiver.State.ASKED if counts["asked"] else Waiver.State.APPROVED
    rows = visible.filter(state__in=_OVER if tab == "over" else (tab,))
    related = ("group", "computer", "medium", "department", "requested_by", "decided_by")
    page_ = page_of(
        rows.select_related(*related).defer("group__sealed_place", "computer__public_key").order_by("-id"),
        request.GET.get("after"),
        request.GET.get("before"),
    )
    may = request.user.may(Right.APPROVE)
    context = {
        "tab": tab,
        "tabs": [(key, name, counts[key], key == tab) for key, name in _TABS],
        "page": page_,
        "total": counts[tab],
        "rows": [
            {
                "waiver": row,
                "control": control(row.control),
                "may_decide": may and row.state == Waiver.State.ASKED and row.requested_by_id != request.user.pk,
                "own": may and row.state == Waiver.State.ASKED and row.requested_by_id == request.user.pk,
                "may_end": may and row.state == Waiver.State.APPROVED,
            }
            for row in page_
        ],
        "today": timezone.localdate(),
    }
    return show(request, "web/waivers.html", context, at="waivers")


@page_for(Right.APPROVE)
@require_POST
def waiver_decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Approve, refuse or end a waiver, as the form says."""
    waiver = get_object_or_404(waivers_of(request.user), pk=min(pk, 2**62))
    what, note = request.POST.get("decision", ""), request.POST.get("note", "")
    try:
        if what in ("approve", "refuse"):
            acts.decide(waiver, approve=what == "approve", by=request.user, note=note)
        elif what == "end":
            acts.end(waiver, by=request.user, note=note)
        else:
            raise Http404
    except TransitionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The waiver was decided."))
    return HttpResponseRedirect(reverse("web:waivers"))
