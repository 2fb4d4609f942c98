"""The self-check rounds: running ones first, each with how far it has come."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.accounts.scope import Anybody, departments_of
from server.campaigns.models import Attestation, Campaign
from server.campaigns.questions import asks_only
from server.campaigns.scope import campaigns_of, results_of
from server.campaigns.standing import Line, rows_of, sums
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of

MOST_LIVE = 6
"""Running rounds of one page whose figures are made anew; a house has one or two."""


@page
@require_safe
def campaigns(request: SignedInRequest) -> HttpResponse:
    """Show the rounds this person sees, newest first."""
    rows = campaigns_of(request.user)
    listed = rows.prefetch_related("departments").order_by("-starts_on", "-id")
    page_ = page_of(listed, request.GET.get("after"), request.GET.get("before"))
    lines = progress(list(page_), request.user)
    signed = signatures([one for one in page_ if asks_only(one.profile)], request.user)
    context = {
        "page": page_,
        "rows": [
            {
                "campaign": one,
                "line": None if asks_only(one.profile) else lines.get(one.pk),
                "signed": signed.get(one.pk, 0) if asks_only(one.profile) else None,
                "scope": list(one.departments.all()),
            }
            for one in page_
        ],
        "total": counted(count_up_to(rows)),
        "may_open": request.user.may(Right.CAMPAIGN),
        "today": timezone.localdate(),
    }
    return show(request, "web/campaigns.html", context, at="campaigns")


def signatures(listed: list[Campaign], user: Anybody) -> dict[int, int]:
    """How many of the departments this person sees have signed each round that asks questions only."""
    rows = Attestation.objects.order_by().filter(campaign__in=listed, signed_at__isnull=False)
    rows = rows.filter(department__in=departments_of(user))
    return dict(rows.values_list("campaign").annotate(n=Count("department", distinct=True))) if listed else {}


def progress(listed: list[Campaign], user: Anybody) -> dict[int, Line]:
    """How far each round has come; of running ones only the first few."""
    lines: dict[int, Line] = {}
    for campaign in [one for one in listed if one.open][:MOST_LIVE]:
        line = lines.setdefault(campaign.pk, Line())
        for _department, standing, computers, failing, failed in sums(rows_of(campaign, user)):
            line.add(standing, computers, failing, failed)
    closed = [one for one in listed if not one.open]
    grouped = results_of(user).filter(campaign__in=closed).order_by().values("campaign_id", "standing")
    for row in grouped.annotate(n=Count("pk"), failing=Count("pk", filter=Q(failed_count__gt=0))) if closed else ():
        lines.setdefault(row["campaign_id"], Line()).add(row["standing"], row["n"], row["failing"], 0)
    return lines
