"""One act on many violations: those that were ticked, or all that match the filters."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from server.accounts.models import Right, User
from server.violations import transitions
from server.violations.bulk import LARGEST, do
from server.violations.models import Group
from server.violations.scope import visible_to
from server.web.actions import day_of, note_of
from server.web.filters import ViolationFilter
from server.web.pages import SignedInRequest, page_for, show

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class BulkAct:
    """One act that can be done to many."""

    title: _StrPromise
    note_label: _StrPromise
    note_required: bool
    act: Callable[[Group, SignedInRequest, User | None], object]
    asks_person: bool = False


def _assign(group: Group, request: SignedInRequest, person: User | None) -> object:
    if person is None:
        raise transitions.TransitionError("assignee", _("Please choose a person from the list."))
    due = day_of(request, "due")
    return transitions.assign(group, to=person, by=request.user, note=note_of(request), due=due)


ACTS: Mapping[str, BulkAct] = {
    "assign": BulkAct(
        gettext_lazy("Assign to a person"), gettext_lazy("Note (optional)"), False, _assign, asks_person=True
    ),
    "rectified": BulkAct(
        gettext_lazy("Mark as rectified"),
        gettext_lazy("What was done"),
        True,
        lambda group, request, _person: transitions.mark_rectified(group, by=request.user, note=note_of(request)),
    ),
    "false-alarm": BulkAct(
        gettext_lazy("Mark as false alarm"),
        gettext_lazy("Reason"),
        True,
        lambda group, request, _person: transitions.mark_false_alarm(group, by=request.user, reason=note_of(request)),
    ),
}


@page_for(Right.TRIAGE)
@require_POST
def bulk(request: SignedInRequest) -> HttpResponse:
    """Show the form for the chosen violations, or do the act to each of them that allows it."""
    from server.web.views.assign import people_for

    name = request.POST.get("action", "")
    if name not in ACTS:
        raise Http404
    act, query = ACTS[name], request.POST.get("query", "")[:4000]
    back = reverse("web:violations") + (f"?{query}" if query else "")
    chosen = _chosen(request, query)
    total = chosen.order_by()[: LARGEST + 1].count()
    if not total:
        messages.warning(request, _("Nothing is chosen: tick some rows first."))
        return HttpResponseRedirect(back)
    people = people_for(request.user) if act.asks_person else []
    mistake = ""
    if request.POST.get("confirm"):
        person = next((one for one in people if str(one.pk) == request.POST.get("person", "")), None)
        try:
            done, left = do(chosen, lambda group: act.act(group, request, person))
        except transitions.TransitionError as error:
            mistake = str(error)
        else:
            messages.success(
                request, ngettext("Done for %(n)d violation.", "Done for %(n)d violations.", done) % {"n": done}
            )
            if left:
                messages.warning(
                    request, _("%(n)d were left as they are: their state does not allow it.") % {"n": left}
                )
            if total > LARGEST:
                messages.warning(request, _("There are more of them: do it again for the rest."))
            return HttpResponseRedirect(back)
    context = {
        "act": act,
        "action": name,
        "ids": request.POST.getlist("id")[:LARGEST],
        "all": request.POST.get("all") == "1",
        "query": query,
        "back": back,
        "count": min(total, LARGEST),
        "more": total > LARGEST,
        "people": people,
        "person": request.POST.get("person") or str(request.user.pk),
        "due": request.POST.get("due", ""),
        "note": request.POST.get("note", ""),
        "mistake": mistake,
    }
    return show(request, "web/bulk.html", context, at="violations", status=422 if mistake else 200)


def _chosen(request: SignedInRequest, query: str) -> QuerySet[Group]:
    """What the form chose, of what this person may see: ticked rows, or everything the filters find."""
    visible = visible_to(request.user)
    if request.POST.get("all") == "1":
        chosen = ViolationFilter.read(QueryDict(query), request.user.pk)
        return chosen.in_tab(chosen.narrow(visible))
    ids = []
    for told in request.POST.getlist("id")[:LARGEST]:
        try:
            ids.append(uuid.UUID(told))
        except ValueError:
            continue
    return visible.filter(pk__in=ids).order_by("id")
