"""The second step of signing in: a code, a passkey, or a recovery code."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from server import audit
from server.accounts import lockout, passkeys
from server.accounts import second_factor as factors
from server.accounts.models import User
from server.accounts.peers import client_address
from server.web.doors import half_in, let_in

STATE = "passkey_asked"
COUNTED_AS = "second step"
"""Failures of the second step are counted for the account wherever they come from: who gets here knows the password."""


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor; who has not given the first proof just now is led back to it."""
    found = half_in(request)
    if found is None:
        return HttpResponseRedirect(reverse("web:sign-in"))
    user, told = found
    mistake, status = "", 200
    if request.method == "POST":
        factor, mistake, status = _try(request, user)
        if factor:
            return let_in(request, user, road=told["road"], factor=factor, back=told["back"])
    asked = passkeys.begin_showing(user, request.get_host())
    if asked is not None:
        request.session[STATE] = asked[1]
    context = {
        "mistake": mistake,
        "asked": None if asked is None else asked[0],
        "has_app": user.factors.filter(kind="app").exists(),
        "here": request.path,
    }
    return render(request, "web/second_factor.html", context, status=status)


def _try(request: HttpRequest, user: User) -> tuple[str, str, int]:
    """The kind of factor that fitted, or why none did."""
    with transaction.atomic():
        if lockout.is_locked(user.username, COUNTED_AS):
            return "", _("Too many failed sign-ins. Please wait ten minutes and try again."), 429
        lockout.record_failure(user.username, COUNTED_AS)
    if answer := request.POST.get("answer", ""):
        # The question is used up whatever the answer: nobody can play an old answer back.
        state = request.session.pop(STATE, None)
        factor = "passkey" if passkeys.check(user, request.get_host(), state, answer) else ""
    else:
        factor = factors.check(user, request.POST.get("code", "")[:40])
    if factor:
        lockout.clear(user.username, COUNTED_AS)
        return factor, "", 200
    locked = lockout.is_locked(user.username, COUNTED_AS)
    act = "account.locked" if locked else "account.second-factor-failed"
    audit.record(act, obj=user, address=client_address(request.META))
    return "", _("This does not fit. A code can be used once, and for about half a minute."), 403
