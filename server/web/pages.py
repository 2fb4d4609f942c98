"""What every page shares: who may open it, the rail at its left, and where a form leads back to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from server.accounts import second_factor
from server.accounts.models import Right, User
from server.web.doors import FACTOR
from server.web.pressing import pressing

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in, as every page behind `page` gets it."""

    user: User


@dataclass(frozen=True)
class RailEntry:
    """One page's name in the rail."""

    url: str
    icon: str
    name: _StrPromise
    key: str
    """Letter that leads there after ``g``; empty for none."""
    current: bool = False
    count: str = ""
    """How much presses there; empty for nothing."""
    counts: _StrPromise | str = ""
    """What is counted."""


_RAIL: tuple[tuple[str, _StrPromise, str, Right | None], ...] = (
    ("start", gettext_lazy("Today"), "o", None),
    ("violations", gettext_lazy("Violations"), "v", None),
    ("waivers", gettext_lazy("Waivers"), "w", None),
    ("incidents", gettext_lazy("Incidents"), "n", None),
    ("campaigns", gettext_lazy("Self-check rounds"), "k", None),
    ("computers", gettext_lazy("Computers"), "c", None),
    ("media", gettext_lazy("Media"), "m", None),
    ("people", gettext_lazy("People"), "p", None),
    ("reconcile", gettext_lazy("Ledger check"), "l", None),
    ("reports", gettext_lazy("Reports"), "r", Right.REPORTS),
    ("rules", gettext_lazy("Rules"), "s", None),
    ("imports", gettext_lazy("Imports"), "i", Right.OPERATE),
    ("audit", gettext_lazy("Audit"), "a", Right.AUDIT),
    ("users", gettext_lazy("Users"), "u", Right.ADMINISTER),
    ("health", gettext_lazy("Health"), "h", Right.OPERATE),
)
"""Name (of the address ``web:…``, the icon and the entry alike), words, key after ``g``, and the right it takes."""
_COUNTS: Mapping[str, _StrPromise] = {
    "violations": gettext_lazy("overdue"),
    "incidents": gettext_lazy("with an overdue duty"),
    "waivers": gettext_lazy("to be decided"),
    "imports": gettext_lazy("held or unreadable"),
}
"""What the numbers beside entries of the rail count (`server.web.pressing`)."""
_WITHIN_DEPARTMENTS = frozenset({Right.REPORTS})
"""Rights whose pages are also for those who see a part of the organisation; the others are for the whole house."""


def page(view: Callable[Concatenate[SignedInRequest, P], HttpResponse]) -> View[P]:
    """Wrap a view of the product's pages: signed in only, and nothing of it stays in any cache."""

    @functools.wraps(view)
    def confined(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        # The session knows what was proved: no query for those who have proved it.
        if second_factor.demanded(request.user) and FACTOR not in request.session:
            return HttpResponseRedirect(reverse("web:account"))
        return view(request, *args, **kwargs)

    return own_page(cast("Callable[Concatenate[SignedInRequest, P], HttpResponse]", confined))


def own_page(view: Callable[Concatenate[SignedInRequest, P], HttpResponse]) -> View[P]:
    """Wrap a page about one's own account, open also to those who have yet to set up the second factor they need."""
    # What stood on the screen must not come back after the sign-out, by the Back button or from a proxy.
    return cast("View[P]", never_cache(login_required(view)))


def page_for(*rights: Right, whole_house: bool = False) -> Callable[[Callable[..., HttpResponse]], View[...]]:
    """Wrap a page for those who have one of these rights; with ``whole_house`` their scope must be everything."""

    def decorate(view: Callable[..., HttpResponse]) -> View[...]:
        @functools.wraps(view)
        def checked(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not any(user.may(right) for right in rights) or (whole_house and not user.sees_everything):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return page(checked)

    return decorate


def show(
    request: SignedInRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    at: str,
    status: int = 200,
) -> HttpResponse:
    """Render a page inside the frame. ``at`` names the entry of the rail that is lit."""
    numbers = pressing(request.user)
    rail = [
        RailEntry(f"web:{entry}", entry, name, key, entry == at, numbers.beside(entry), _COUNTS.get(entry, ""))
        for entry, name, key, right in _RAIL
        if right is None or (request.user.may(right) and (right in _WITHIN_DEPARTMENTS or request.user.sees_everything))
    ]
    frame = {"rail": rail, "here": here(request), "overdue": numbers.late}
    return render(request, template, frame | dict(context), status=status)


def here(request: HttpRequest) -> str:
    """The address to come back to after an action that any page offers; a page that answers a form has none."""
    return request.get_full_path() if request.method == "GET" else ""


def way_back(request: HttpRequest, default: str) -> str:
    """The address named by ``next``, where it is one of ours; else ``default`` (a name of an address or a path)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return default if default.startswith("/") else reverse(default)
