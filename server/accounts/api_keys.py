"""API keys: a program shows one as ``Authorization: Bearer …`` and acts for its person."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from server import audit
from server.accounts.models import ApiKey, User


def mint(user: User, *, note: str = "", expires_at: datetime | None = None) -> tuple[ApiKey, str]:
    """A new key for a person, and its text, which is nowhere stored."""
    text = f"mjk-{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(user=user, key_hash=_hash(text), note=note[:200], expires_at=expires_at)
        audit.record("api-key.mint", obj=key, user=user.username)
    return key, text


def holder(authorization: str) -> User | None:
    """The person for whom the shown key is good now; None for anything else."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text:
        return None
    good = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    key = (
        ApiKey.objects.filter(good, key_hash=_hash(text.strip()), revoked_at=None, user__is_active=True)
        .select_related("user__department")
        .first()
    )
    return key.user if key is not None and key.user.is_current else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
