"""What arrived and could not be taken: held, unreadable and refused envelopes, each with a reason and a remedy."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.intake.models import Refusal, SpoolEntry
from server.ledger.models import Computer
from server.web.pages import SignedInRequest, page_for, show
from server.web.paging import count_many, count_up_to, counted, page_of

HELD, BAD, REFUSED, TAKEN = "held", "bad", "refused", "taken"
_STATES = {
    HELD: (SpoolEntry.State.HELD,),
    BAD: (SpoolEntry.State.BAD,),
    TAKEN: (SpoolEntry.State.WAITING, SpoolEntry.State.DONE),
}


@page_for(Right.OPERATE, whole_house=True)
@require_safe
def imports(request: SignedInRequest) -> HttpResponse:
    """Show one page of the envelopes of one kind, with the number of each kind."""
    lists = {tab: SpoolEntry.objects.filter(state__in=states) for tab, states in _STATES.items()}
    lists[TAKEN] = SpoolEntry.objects.exclude(state__in=(*_STATES[HELD], *_STATES[BAD]))  # nearly all: newest first
    counts = dict(zip(lists, count_many(list(lists.values())), strict=True))
    counts[REFUSED] = count_up_to(Refusal.objects.all())
    # Whoever comes without a wish is led to where there is trouble.
    tab = request.GET.get("tab", "")
    if tab not in counts:
        tab = next((kind for kind in (HELD, BAD, REFUSED) if counts[kind]), TAKEN)
    after, before = request.GET.get("after"), request.GET.get("before")
    if tab == REFUSED:
        refusals = page_of(Refusal.objects.order_by("-id"), after, before)
        rows = list(refusals)
        context = {"page": refusals, "rows": rows, "computers": _names(row.agent_id for row in rows)}
    else:
        spooled = page_of(lists[tab].defer("raw").order_by("-id"), after, before)
        taken = list(spooled)
        context = {"page": spooled, "rows": taken, "computers": _names(str(row.agent_id) for row in taken)}
    latest = SpoolEntry.objects.order_by("-id").values_list("received_at", flat=True).first()
    about = {
        "total": counted(counts[tab]),
        "tab": tab,
        "tabs": _tabs(counts, tab),
        "latest": latest,
        "may_take": request.user.may(Right.ENROL),
    }
    return show(request, "web/imports.html", {**context, **about}, at="imports")


def _tabs(counts: dict[str, int], current: str) -> list[dict[str, object]]:
    names = {HELD: _("Held"), BAD: _("Unreadable"), REFUSED: _("Refused"), TAKEN: _("Taken")}
    return [
        {
            "key": key,
            "name": names[key],
            "count": counted(counts[key]),
            "empty": not counts[key],
            "current": key == current,
        }
        for key in names
    ]


def _names(agent_ids: Iterable[str]) -> dict[str, str]:
    """Names of those agents that are computers of ours, by id. A refused sender may claim any id, or none."""
    ids = set()
    for agent_id in agent_ids:
        try:
            ids.add(uuid.UUID(agent_id))
        except ValueError:
            continue
    known = Computer.objects.filter(pk__in=ids).values_list("pk", "name")
    return {str(pk): name for pk, name in known}
