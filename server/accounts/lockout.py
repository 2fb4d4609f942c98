"""Ten failed sign-ins in ten minutes shut one account for one address (OWASP ASVS 5.0, 6.3.1)."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.utils import timezone

from server.accounts.models import SignInFailure

LIMIT = 10
WINDOW = timedelta(minutes=10)


def is_locked(username: str, address: str) -> bool:
    """Whether this account is shut for this address. ``address`` is the peer's own, never a header's."""
    since = timezone.now() - WINDOW
    return SignInFailure.objects.filter(account=_account(username), address=address, at__gt=since).count() >= LIMIT


def record_failure(username: str, address: str) -> None:
    """Remember one failed sign-in; those that no longer count are forgotten."""
    now = timezone.now()
    SignInFailure.objects.filter(at__lte=now - WINDOW).delete()
    SignInFailure.objects.create(account=_account(username), address=address[:64], at=now)


def clear(username: str, address: str) -> None:
    """Forget the failures of an account that has just signed in from this address."""
    SignInFailure.objects.filter(account=_account(username), address=address).delete()


def _account(username: str) -> str:
    return hashlib.sha256(username.strip().casefold().encode("utf-8", "surrogatepass")).hexdigest()
