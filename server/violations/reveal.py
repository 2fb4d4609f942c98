"""Opening a sealed place: the right role, a reason, and a row in the audit log before anything is shown."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from protocol import places
from protocol.places import SealedPlace
from server import audit
from server.accounts.models import User
from server.keys import collector_keys
from server.violations.models import Group
from server.violations.scope import visible_to


class RevealError(Exception):
    """A place that cannot be shown. ``reason`` is ``reason-required``, ``no-place`` or ``cannot-open``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def reveal(group: Group, *, by: User, reason: str) -> SealedPlace:
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


def _open(sealed: str) -> SealedPlace:
    try:
        return places.unseal(sealed, collector_keys().reveal)
    except places.PlaceError as error:
        raise RevealError("cannot-open", _("The path cannot be opened: it was sealed to another key.")) from error
