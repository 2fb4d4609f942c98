"""Signing out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from server import audit
from server.accounts.models import User


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and lead to the sign-in page. By POST only: a link elsewhere must not sign anybody out."""
    if isinstance(request.user, User):
        audit.record("account.sign-out", actor=request.user, obj=request.user)
    logout(request)
    response = HttpResponseRedirect(reverse("web:sign-in"))
    # Whoever signs in next at this browser gets the language of their own account.
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return response
