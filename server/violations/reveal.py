"""Opening a sealed place: the right role, a reason, and a row in the audit log before anything is shown."""

from __future__ import annotations

import json
from typing import TypedDict

from cryptography.exceptions import InvalidTag
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from protocol import keys
from server import audit
from server.accounts.models import User
from server.keys import collector_keys
from server.violations.models import Group
from server.violations.scope import visible_to

PLACE_INFO = b"mijian-place/1"
"""HPKE ``info`` of a sealed place: what the agent bound in when it sealed it."""


class Place(TypedDict):
    """Where a file lies: its path on the computer or medium, and the member of a container (else empty)."""

    path: str
    member: str


class RevealError(Exception):
    """A place that cannot be shown. ``reason`` is ``reason-required``, ``no-place`` or ``cannot-open``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def reveal(group: Group, *, by: User, reason: str) -> Place:
    """The path and member of a violation's file, where it was seen last (evidence code E-FILE).

    Raises `PermissionDenied` for a person without the role, `RevealError` otherwise. The refused tries of people
    without the role are logged too.
    """
    if not by.may_reveal:
        audit.record("place.reveal-denied", actor=by, obj=group)
        raise PermissionDenied
    reason = reason.strip()[:500]
    if not reason:
        raise RevealError("reason-required", _("Please give a reason."))
    with transaction.atomic():
        try:
            stored = visible_to(by).get(pk=group.pk)
        except Group.DoesNotExist:
            raise PermissionDenied from None
        if not stored.sealed_place:
            raise RevealError("no-place", _("This violation is not about a file: there is no path to show."))
        audit.record("place.reveal", actor=by, obj=stored, reason=reason)
    # Logged first, shown second: a place that was shown is always in the log.
    return _open(stored.sealed_place)


def _open(sealed: str) -> Place:
    try:
        told = json.loads(keys.unseal(keys.unb64(sealed), collector_keys().reveal, PLACE_INFO))
        return Place(path=_printable(told["path"]), member=_printable(told.get("member") or ""))
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RevealError("cannot-open", _("The path cannot be opened: it was sealed to another key.")) from error


def _printable(text: str) -> str:
    """Text that any page can carry: bytes of a name that are no UTF-8 become ``\\xNN``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
