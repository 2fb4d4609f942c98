"""Ending a gap by hand, when the missing envelope will never come; and a second try for what could not be read."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from server import audit
from server.accounts.models import User
from server.intake.models import Sequence, SpoolEntry
from server.intake.routing import spool_alias
from server.intake.spool import queue_again, spool
from server.ledger.models import Computer


def release_held(computer: Computer, *, by: User | None, reason: str) -> int:
    """Take in every held envelope of a computer, gap or no gap, and try those again that were set aside; how many.

    Records have ids of their own, so nothing is stored twice. ``by`` is None on the collector's command line.
    Raises `PermissionDenied` for a person who is no administrator, `ValueError` without a reason.
    """
    if by is not None and not by.may_administer:
        raise PermissionDenied
    if not reason.strip():
        raise ValueError("a gap is ended for a reason: say which")
    # The audit log is written first: if the other commit fails, nothing was released, and somebody tries again.
    with transaction.atomic(using=spool_alias()), transaction.atomic():
        row, _made = Sequence.objects.select_for_update().get_or_create(pk=computer.pk)
        held = list(SpoolEntry.objects.filter(agent_id=row.pk, state=SpoolEntry.State.HELD).order_by("sequence", "id"))
        for entry in held:
            queue_again(entry)
            if entry.sequence > row.sequence:
                row.sequence, row.digest = entry.sequence, entry.digest
        row.save(update_fields=("sequence", "digest"))
        # What an older collector, or one with the wrong keys, could not read may be good by now.
        again = SpoolEntry.objects.filter(agent_id=row.pk, state=SpoolEntry.State.BAD).exclude(raw=b"")
        count = len(held) + again.update(state=SpoolEntry.State.WAITING, reason="", message="")
        audit.record("envelopes.release", actor=by, obj=computer, count=count, reason=reason.strip()[:300])
    spool.stored.set()
    return count
