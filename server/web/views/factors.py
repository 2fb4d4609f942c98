"""Setting up and removing one's own second factors. Each needs a sign-in of the last minutes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from server.accounts import passkeys
from server.accounts import second_factor as factors
from server.accounts.models import Factor
from server.web import qr
from server.web.doors import is_fresh, keep_session
from server.web.pages import SignedInRequest, View, own_page, show
from server.web.views.account import show_account

SECRET = "app_secret"
"""Where the session keeps the secret of an app that has not shown a code yet."""
STATE = "passkey_made"


def changing(view: Callable[..., HttpResponse]) -> View[...]:
    """Wrap a page that changes what opens one's account: somebody else's open window must not be enough."""

    @functools.wraps(view)
    def checked(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_fresh(request):
            messages.error(request, _("Sign in again first: it is too long ago."))
            return show_account(request, status=403)
        return view(request, *args, **kwargs)

    return own_page(checked)


@sensitive_post_parameters("code")
@changing
@require_http_methods(["GET", "HEAD", "POST"])
def factor_app(request: SignedInRequest) -> HttpResponse:
    """Set up an authenticator app: show its secret, take its first code."""
    told = request.session.get(SECRET)
    secret = bytes.fromhex(told) if told else factors.new_secret()
    request.session[SECRET] = secret.hex()
    mistake = ""
    if request.method == "POST":
        code, name = request.POST.get("code", "")[:10], request.POST.get("name", "")
        try:
            factors.add_app(request.user, secret=secret, code="".join(code.split()), name=name)
        except factors.FactorError as wrong:
            mistake = str(wrong)
        else:
            del request.session[SECRET]
            return _done(request, "app")
    context = {
        "mistake": mistake,
        "secret": factors.spelled(secret),
        "rows": qr.rows(factors.address(secret, request.user)),
        "name": request.POST.get("name", ""),
    }
    return show(request, "web/account/app.html", context, at="account", status=422 if mistake else 200)


@changing
@require_http_methods(["GET", "HEAD", "POST"])
def factor_passkey(request: SignedInRequest) -> HttpResponse:
    """Set up a passkey: the browser makes it and answers through the form."""
    host = request.get_host()
    if not passkeys.possible(host):
        messages.error(request, _("Passkeys need the collector to be reached by a host name, not by an address."))
        return HttpResponseRedirect(reverse("web:account"))
    mistake = ""
    if request.method == "POST":
        state, answer = request.session.pop(STATE, None), request.POST.get("answer", "")
        try:
            passkeys.finish_adding(request.user, host, state, answer, name=request.POST.get("name", ""))
        except factors.FactorError as wrong:
            mistake = str(wrong)
        else:
            return _done(request, "passkey")
    asked, request.session[STATE] = passkeys.begin_adding(request.user, host)
    context = {"mistake": mistake, "asked": asked}
    return show(request, "web/account/passkey.html", context, at="account", status=422 if mistake else 200)


@changing
@require_POST
def factor_codes(request: SignedInRequest) -> HttpResponse:
    """Make new recovery codes and show them, once: they are in this answer only, which no cache may keep."""
    try:
        codes = factors.renew_codes(request.user)
    except factors.FactorError as wrong:
        messages.error(request, str(wrong))
        return HttpResponseRedirect(reverse("web:account"))
    return show(request, "web/account/codes.html", {"codes": codes}, at="account")


@changing
@require_POST
def factor_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Remove one of one's own factors."""
    factor = get_object_or_404(Factor.objects.select_related("user"), pk=min(pk, 2**62), user=request.user)
    try:
        factors.remove(factor, by=request.user)
    except factors.FactorError as wrong:
        messages.error(request, str(wrong))
    else:
        request.user.refresh_from_db()
        keep_session(request, request.user)
        messages.success(request, _("Removed. Other sessions have ended."))
    return HttpResponseRedirect(reverse("web:account"))


def _done(request: SignedInRequest, factor: str) -> HttpResponse:
    """After the first factor come the recovery codes, without asking; after a later one the account's page."""
    request.user.refresh_from_db()
    keep_session(request, request.user, factor=factor)
    messages.success(request, _("Set up. It is asked for at each sign-in from now on."))
    if request.user.recovery_codes.exists():
        return HttpResponseRedirect(reverse("web:account"))
    codes = factors.renew_codes(request.user)
    return show(request, "web/account/codes.html", {"codes": codes}, at="account")
