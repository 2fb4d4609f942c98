"""API keys: a program shows one as ``Authorization: Bearer …`` and acts for its person, within the key's scopes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import ApiKey, ApiScope, Right, User

MOST = 20
"""Keys of one person that are good at the same time."""


class KeyMistake(ValueError):
    """A key that cannot be made; ``str()`` says why."""


def mint(
    user: User,
    *,
    scopes: Iterable[str] = (ApiScope.READ,),
    note: str = "",
    expires_at: datetime | None = None,
    by: User | None = None,
) -> tuple[ApiKey, str]:
    """A new key for a person, and its text, which is nowhere stored. Raises `KeyMistake`.

    ``by`` is None on the collector's command line; on a page everybody makes keys for themselves alone, so that
    nobody can act under another's name. A key never can more than its person may.
    """
    if by is not None and by.pk != user.pk:
        raise PermissionDenied
    wanted = {ApiScope.READ.value, *scopes}
    if unknown := wanted - set(ApiScope.values):
        raise KeyMistake(_("There is no scope “%(name)s”.") % {"name": sorted(unknown)[0][:20]})
    if expires_at is not None and expires_at <= timezone.now():
        raise KeyMistake(_("This end is over already."))
    text = f"mjk-{secrets.token_urlsafe(32)}"
    told = " ".join(scope for scope in ApiScope.values if scope in wanted)
    with transaction.atomic():
        if by is not None and good().filter(user=user).count() >= MOST:
            raise KeyMistake(_("You have %(n)d keys already: revoke one first.") % {"n": MOST})
        key = ApiKey.objects.create(
            user=user, key_hash=_hash(text), scopes=told, note=note.strip()[:200], expires_at=expires_at
        )
        until = None if expires_at is None else expires_at.isoformat(timespec="seconds")
        audit.record("api-key.mint", actor=by, obj=key, user=user.username, scopes=told, until=until)
    return key, text


def revoke(key: ApiKey, *, by: User | None) -> ApiKey:
    """Let a key open nothing from now on. One's own, or anybody's for an administrator of the whole house."""
    with transaction.atomic():
        stored = keys_of(by).select_for_update().filter(pk=key.pk).first()
        if stored is None:
            raise PermissionDenied
        if stored.revoked_at is None:
            stored.revoked_at = timezone.now()
            stored.save(update_fields=("revoked_at",))
            audit.record("api-key.revoke", actor=by, obj=stored, user=stored.user.username)
    return stored


def keys_of(user: User | None) -> QuerySet[ApiKey]:
    """The keys a person may see and revoke: the own ones; all of them for an administrator and the command line."""
    if user is None or (user.may(Right.ADMINISTER) and user.sees_everything):
        return ApiKey.objects.select_related("user")
    return ApiKey.objects.filter(user=user).select_related("user")


def good() -> QuerySet[ApiKey]:
    """The keys that open something now."""
    in_time = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiKey.objects.filter(in_time, revoked_at=None, user__is_active=True)


def shown(authorization: str) -> ApiKey | None:
    """The key that a request shows, counted as used; None where it opens nothing now."""
    scheme, _space, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text:
        return None
    key = good().filter(key_hash=_hash(text.strip())).select_related("user__department").first()
    if key is None or not key.user.is_current:
        return None
    ApiKey.objects.filter(pk=key.pk).update(uses=F("uses") + 1, last_used_at=timezone.now())
    return key


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
