"""What every page shares: who may open it, the rail at its left, and where a form leads back to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from server.accounts.models import User

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


_RAIL = (
    ("start", "web:start", "start", gettext_lazy("Overview"), "o"),
    ("violations", "web:violations", "violations", gettext_lazy("Violations"), "v"),
    ("computers", "web:computers", "computers", gettext_lazy("Computers"), "c"),
    ("imports", "web:imports", "imports", gettext_lazy("Imports"), "i"),
)


def page(view: Callable[Concatenate[SignedInRequest, P], HttpResponse]) -> View[P]:
    """Wrap a view of the product's pages: signed in only, and nothing of it stays in any cache."""
    # What stood on the screen must not come back after the sign-out, by the Back button or from a proxy.
    return cast("View[P]", never_cache(login_required(view)))


def show(
    request: SignedInRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    at: str,
    status: int = 200,
) -> HttpResponse:
    """Render a page inside the frame. ``at`` names the entry of the rail that is lit."""
    rail = [RailEntry(url, icon, name, key, current=key_name == at) for key_name, url, icon, name, key in _RAIL]
    return render(request, template, {**context, "rail": rail, "here": here(request)}, status=status)


def here(request: HttpRequest) -> str:
    """The address to come back to after an action that any page offers; a page that answers a form has none."""
    return request.get_full_path() if request.method == "GET" else ""


def way_back(request: HttpRequest, default: str) -> str:
    """The address named by ``next``, where it is one of ours; else ``default`` (a name of an address or a path)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return default if default.startswith("/") else reverse(default)
