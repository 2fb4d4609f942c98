"""What the forms of actions share: a form on a page of its own (or in the dialog), an act, and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right, User
from server.violations.models import Group
from server.violations.transitions import TransitionError
from server.web.controls import control
from server.web.pages import SignedInRequest, page_for, show, way_back
from server.web.views.violation import find

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Action:
    """One thing people do about a violation, as its form shows it."""

    title: _StrPromise
    lead: _StrPromise
    """What will happen, in one sentence."""
    button: _StrPromise
    done: _StrPromise
    """Told after it was done."""
    note_label: _StrPromise
    note_required: bool = True
    presets: tuple[_StrPromise, ...] = field(default=())
    """Ready reasons; one of them or words of one's own are enough."""


def note_of(request: SignedInRequest) -> str:
    """The reason that was chosen and the words that were added."""
    parts = (request.POST.get("preset", "").strip(), request.POST.get("note", "").strip())
    return "\n".join(filter(None, parts))


def day_of(request: SignedInRequest, name: str) -> date | None:
    """The day a field of the form names; None for an empty one. Raises `TransitionError` for what is no day."""
    told = request.POST.get(name, "").strip()
    if not told:
        return None
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise TransitionError("day", _("Write a day such as 2026-11-21.")) from None


def transition_page(
    action: Action, act: Callable[[Group, User, str], object], right: Right = Right.TRIAGE
) -> Callable[..., Any]:
    """The page of an act that needs nothing but a note: ``act`` gets the violation, the person and the note."""

    @page_for(right)
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
        return answer(request, pk, action, lambda group: act(group, request.user, note_of(request)))

    return view


def answer(
    request: SignedInRequest,
    pk: uuid.UUID,
    action: Action,
    act: Callable[[Group], object],
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show the form, or do the act and lead back (POST, redirect, GET).

    The act checks the permission itself and raises `PermissionDenied`, which becomes a 403.
    """
    group = find(request, pk)
    back = way_back(request, reverse("web:violation", args=[group.pk]))
    mistake = ""
    if request.method == "POST":
        try:
            act(group)
        except TransitionError as error:
            mistake = str(error)
        else:
            messages.success(request, str(action.done))
            return HttpResponseRedirect(back)
    context = {
        "group": group,
        "control": control(group.control),
        "action": action,
        "back": back,
        "mistake": mistake,
        "note": request.POST.get("note", ""),
        "preset": request.POST.get("preset", ""),
        **(extra or {}),
    }
    return show(request, "web/action.html", context, at="violations", status=422 if mistake else 200)
