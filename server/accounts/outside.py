"""People whom a directory or sign-in service vouches for open nothing until an administrator says who they are here.

What vouches is told by its address, the person by the subject it never gives to anybody else. A name or an e-mail
address decides nothing: whoever can choose it there would choose an administrator's here.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from server import audit
from server.accounts.models import OutsideAccount, Right, User
from server.accounts.scope import covers

MOST_UNKNOWN = 1000
"""Strangers who are remembered; the ones not seen for longest are forgotten first."""


def recognise(road: str, issuer: str, subject: str, *, shown: str) -> User | None:
    """The account here of somebody who is vouched for; a stranger is remembered for the administrator to decide."""
    now = timezone.now()
    key = {"road": road, "issuer": issuer[:255], "subject": subject}
    if not subject or len(subject) > 255:
        return None
    with transaction.atomic():
        account, is_new = OutsideAccount.objects.get_or_create(
            **key, defaults={"shown": _plain(shown), "first_seen_at": now, "last_seen_at": now}
        )
        if is_new:
            audit.record("outside.stranger", obj=account, road=road)
            _forget_oldest()
        else:
            OutsideAccount.objects.filter(pk=account.pk).update(shown=_plain(shown), last_seen_at=now)
    return account.user if account.user is not None and account.user.is_current else None


def tie(account: OutsideAccount, user: User, *, by: User) -> None:
    """Say who somebody is here. Raises `PermissionDenied`."""
    _check(by, user)
    with transaction.atomic():
        before = account.user
        account.user = user
        account.save(update_fields=("user",))
        audit.record(
            "outside.tie",
            actor=by,
            obj=account,
            road=account.road,
            user=user.username,
            before=None if before is None else before.username,
        )


def forget(account: OutsideAccount, *, by: User) -> None:
    """Take the tie away, and the row with it: who comes again is a stranger. Raises `PermissionDenied`."""
    _check(by, account.user)
    with transaction.atomic():
        user = None if account.user is None else account.user.username
        audit.record("outside.forget", actor=by, obj=account, road=account.road, user=user)
        account.delete()


def _check(by: User, user: User | None) -> None:
    if not by.may(Right.ADMINISTER) or not (by.sees_everything or (user and covers(by, user.department_id))):
        raise PermissionDenied


def _plain(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())[:255]


def _forget_oldest() -> None:
    strangers = OutsideAccount.objects.filter(user=None).order_by("-last_seen_at", "-id")
    for one in strangers[MOST_UNKNOWN : MOST_UNKNOWN + 100]:
        one.delete()
