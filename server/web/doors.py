"""What every way in shares: after the first proof (password, directory, sign-in service) the second, then in."""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from server import audit
from server.accounts import second_factor
from server.accounts.models import User
from server.accounts.peers import client_address

KNOWN_COOKIE = "mijian_known"
PENDING = "half_in"
"""Where a session keeps who has given the first proof."""
SIGNED_IN_AT = "signed_in_at"
FACTOR = "second_factor"
"""Where a session keeps which second factor was proved."""
PATIENCE = 5 * 60
"""Seconds between the two proofs."""
FRESH = 15 * 60
"""Seconds after a sign-in for which one may change one's password and second factors."""
_KNOWN_FOR = 180 * 24 * 3600
_BACKEND = "server.accounts.backend.Backend"


def first_proof_given(request: HttpRequest, user: User, *, road: str, back: str) -> HttpResponse:
    """Let a person in, or ask for the second factor. ``road`` names how the first proof came, for the audit log."""
    if not second_factor.has_any(user):
        return let_in(request, user, road=road, factor="", back=back)
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "road": road,
        "back": back,
        "at": int(time.time()),
    }
    return HttpResponseRedirect(reverse("web:second-factor"))


def half_in(request: HttpRequest) -> tuple[User, dict[str, Any]] | None:
    """Who has given the first proof in this session and not the second, where that still counts."""
    told = request.session.get(PENDING)
    if not isinstance(told, dict) or time.time() - told["at"] > PATIENCE:
        return None
    user = User.objects.select_related("department").filter(pk=told["user"]).first()
    if user is None or not user.is_current or user.get_session_auth_hash() != told["hash"]:
        return None
    return user, told


def let_in(request: HttpRequest, user: User, *, road: str, factor: str, back: str) -> HttpResponse:
    """Open the session: a new id, so that nobody keeps one that was planted before."""
    with transaction.atomic():
        request.session.pop(PENDING, None)
        login(request, user, backend=_BACKEND)
        request.session[SIGNED_IN_AT] = int(time.time())
        if factor:
            request.session[FACTOR] = factor
        address = client_address(request.META)
        audit.record("account.sign-in", actor=user, obj=user, address=address, road=road, factor=factor)
    response = HttpResponseRedirect(back)
    response.set_signed_cookie(
        KNOWN_COOKIE,
        f"{user.username}|{secrets.token_hex(8)}",
        max_age=_KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
        path=reverse("web:sign-in"),
    )
    return response


def known_browser(request: HttpRequest, name: str) -> str:
    """What failures of this browser are counted under, where it shows that this very account signed in from it."""
    told = str(request.get_signed_cookie(KNOWN_COOKIE, default="", max_age=_KNOWN_FOR) or "")
    account, _bar, browser = told.rpartition("|")
    return f"browser {browser}" if browser and account == name else ""


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person has signed in only just now: what opens an account is changed by nobody else's open window."""
    return SESSION_KEY in request.session and time.time() - request.session.get(SIGNED_IN_AT, 0) < FRESH


def keep_session(request: HttpRequest, user: User, *, factor: str = "") -> None:
    """Let this session go on where a change of the account has just ended all of them; its id changes."""
    if factor:
        request.session[FACTOR] = factor
    update_session_auth_hash(request, user)
