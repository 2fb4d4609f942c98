"""Signing in, with a lock after too many failures."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from server import audit
from server.accounts import lockout
from server.accounts.backend import DIRECTORY
from server.accounts.models import SignInFailure, User
from server.accounts.peers import client_address
from server.web.doors import first_proof_given, known_browser
from server.web.pages import here, way_back

log = logging.getLogger(__name__)
AUDITED_FAILURES = 100
"""Failures from one address within the lockout's window that get an audit row each; a flood must not fill the disk."""
_LONGEST_NAME = 150
_LONGEST_PASSWORD = 1024


def outside_stranger() -> str:
    """What somebody is told who is vouched for and has no account here."""
    return _(
        "You are known, but have no account here yet. An administrator sees that you were here and can tie you to one."
    )


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or sign in and lead to where the person wanted to go."""
    back = way_back(request, "web:start")
    if request.user.is_authenticated:
        return HttpResponseRedirect(back)
    name, mistake, status = "", "", 200
    if request.method == "POST":
        # No account has a longer name: whatever is longer need not be hashed.
        name = request.POST.get("username", "")[:_LONGEST_NAME]
        user, mistake, status = _try(request, name, request.POST.get("password", "")[:_LONGEST_PASSWORD])
        if user is not None:
            road = "ldap" if getattr(request, DIRECTORY, "") else "password"
            return first_proof_given(request, user, road=road, back=back)
    return show_door(request, mistake, status=status, name=name, back=back)


def show_door(request: HttpRequest, mistake: str, *, status: int, name: str = "", back: str = "") -> HttpResponse:
    """The page of the sign-in, with why there was none so far."""
    door = reverse("web:sign-in")
    context = {
        "name": name,
        "mistake": mistake,
        "next": back or reverse("web:start"),
        "here": (here(request) if request.path == door else "") or door,
        "service": settings.MIJIAN_OIDC,
        "saml": settings.MIJIAN_SAML,
    }
    return render(request, "web/sign_in.html", context, status=status)


def _try(request: HttpRequest, name: str, password: str) -> tuple[User | None, str, int]:
    """The person, or why not. What it says does not depend on whether the account exists."""
    # A browser that this person has signed in from before is counted by itself: whoever guesses from elsewhere, or
    # through the same proxy, cannot shut it out (OWASP, device cookies).
    address = known_browser(request, name) or client_address(request.META)
    # Counted before the password is looked at, in one transaction: guesses side by side cannot slip past the limit.
    with transaction.atomic():
        if lockout.is_locked(name, address):
            return None, _("Too many failed sign-ins. Please wait ten minutes and try again."), 429
        lockout.record_failure(name, address)
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        if getattr(request, DIRECTORY, "") == "stranger":
            # Name and password were right: whoever this is may know why no page opens.
            lockout.clear(name, address)
            return None, outside_stranger(), 403
        _audit_failure(name, address)
        if getattr(request, DIRECTORY, "") == "down":
            return (
                None,
                _("The directory cannot be reached just now. An account of this collector itself still opens."),
                503,
            )
        return None, _("Name or password is wrong."), 403
    lockout.clear(name, address)
    return user, "", 200


def _audit_failure(name: str, address: str) -> None:
    """Write down a failure; the name only where it is an account's, as people type passwords into that field."""
    if SignInFailure.objects.filter(address=address).count() > AUDITED_FAILURES:
        log.warning("too many failed sign-ins from one address; no more audit rows for it for now")
        return
    known = User.objects.filter(username=name).first()
    locked = lockout.is_locked(name, address)
    audit.record("account.locked" if locked else "account.sign-in-failed", obj=known, address=address)
