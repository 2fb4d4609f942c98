"""What is done on the page of an incident: duties met, measures, notes, links, and the way from state to state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from server.accounts.models import Right
from server.incidents import actions, states
from server.incidents.actions import IncidentMistakes, Thing
from server.incidents.models import Incident
from server.ledger.scope import computers_of, media_of
from server.web.incidents import belongings, find, moment_of
from server.web.pages import SignedInRequest, page_for
from server.web.views.incident import show_incident

Act = Callable[[SignedInRequest, Incident], object]


@page_for(Right.INCIDENT, Right.APPROVE)
@require_POST
def incident_act(request: SignedInRequest, pk: int) -> HttpResponse:
    """Do what the form asks for; what cannot be done is told on the page, with what was typed."""
    row = find(request, pk)
    what = request.POST.get("act", "")
    act = ACTS.get(what)
    if act is None:
        raise Http404
    try:
        act(request, row)
    except IncidentMistakes as wrong:
        row = find(request, pk)
        typed = {"mistake": str(wrong), "failed": what, "typed": request.POST}
        return show_incident(request, row, typed, status=422)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("web:incident", args=[row.pk]))


def _duty(request: SignedInRequest, row: Incident) -> None:
    actions.meet_duty(
        row,
        request.POST.get("duty", ""),
        at=moment_of(request, "at"),
        note=request.POST.get("note", ""),
        spared=bool(request.POST.get("spared")),
        by=request.user,
    )


def _measure(request: SignedInRequest, row: Incident) -> None:
    told = request.POST.get("due_on", "").strip()
    try:
        due_on = date.fromisoformat(told) if told else None
    except ValueError:
        raise IncidentMistakes({"": _("Write a day such as 2026-11-21.")}) from None
    text, responsible = request.POST.get("text", ""), request.POST.get("responsible", "")
    actions.add_measure(row, text=text, responsible=responsible, due_on=due_on, by=request.user)


def _measure_done(request: SignedInRequest, row: Incident) -> None:
    actions.finish_measure(row, _number(request.POST.get("measure", "")), by=request.user)


def _note(request: SignedInRequest, row: Incident) -> None:
    actions.comment(row, note=request.POST.get("note", ""), by=request.user)


def _link(request: SignedInRequest, row: Incident) -> None:
    """By its number in the ledger, computer or medium."""
    number = request.POST.get("number", "").strip()[:64]
    found: Thing | None = computers_of(request.user).filter(number=number).first() if number else None
    if found is None and number:
        found = media_of(request.user).filter(number=number).first()
    if found is None:
        raise IncidentMistakes({"": _("No computer or medium of yours has this number.")})
    actions.link(row, found, by=request.user)


def _unlink(request: SignedInRequest, row: Incident) -> None:
    kind, _colon, key = request.POST.get("thing", "").partition(":")
    sides = belongings(row, request.user)
    if kind not in ("groups", "computers", "media"):
        raise Http404
    thing = next((one for one in sides[kind] if str(one.pk) == key), None)
    if thing is None:
        raise Http404
    actions.unlink(row, thing, by=request.user)


def _reason(request: SignedInRequest) -> str:
    return request.POST.get("reason", "")


ACTS: Mapping[str, Act] = {
    "duty": _duty,
    "measure": _measure,
    "measure-done": _measure_done,
    "note": _note,
    "link": _link,
    "unlink": _unlink,
    "verify": lambda request, row: states.verify(row, by=request.user),
    "handle": lambda request, row: states.handle(row, by=request.user),
    "close": lambda request, row: states.close(row, by=request.user),
    "dismiss": lambda request, row: states.dismiss(row, by=request.user, reason=_reason(request)),
    "reopen": lambda request, row: states.reopen(row, by=request.user, reason=_reason(request)),
}
"""Word of the form → what it does."""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
