"""What of each kind has been kept long enough: one queryset for each table, and what must stay whatever its age."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from server.intake.models import SpoolEntry
from server.ledger.models import MediaSession
from server.violations.models import CheckReport, DroppedReport, Group, Occurrence, ScanReport, State, Waiver

OVER = (State.CLOSED, State.FALSE_ALARM)
"""States of a violation in which nobody has anything to do any more."""
STANDING = (Waiver.State.ASKED, Waiver.State.APPROVED)
NEWEST_ENVELOPES = 64
"""Envelopes of each computer whose record stays: what a computer may send again because a receipt was lost."""

Rows = QuerySet[Any]


def violations(cut: datetime) -> Sequence[Rows]:
    """Closed before ``cut`` and not seen since, of no incident and of no waiver that was in force since."""
    waived = Waiver.objects.filter(Q(state__in=STANDING) | Q(expires_on__gte=cut.date()), group=OuterRef("pk"))
    return (
        Group.objects.filter(state__in=OVER, state_at__lt=cut, last_seen_at__lt=cut, incidents=None).exclude(
            Exists(waived)
        ),
    )


def sightings(cut: datetime) -> Sequence[Rows]:
    """Sightings of closed violations; the newest of each stays as its evidence."""
    newer = Occurrence.objects.filter(group=OuterRef("group"), seen_at__gt=OuterRef("seen_at"))
    return (
        Occurrence.objects.filter(
            Exists(newer), seen_at__lt=cut, group__state__in=OVER, group__state_at__lt=cut, group__incidents=None
        ),
    )


def media_sessions(cut: datetime) -> Sequence[Rows]:
    """Insertions; in which classes of computer a medium has been is never forgotten (control MEDIA-07)."""
    newer = MediaSession.objects.filter(
        medium=OuterRef("medium"),
        computer__computer_class=OuterRef("computer__computer_class"),
        mounted_at__gt=OuterRef("mounted_at"),
    )
    over = Q(ended_at=None) | Q(ended_at__lt=cut)
    return (MediaSession.objects.filter(over, Exists(newer), mounted_at__lt=cut),)


def scans(cut: datetime) -> Sequence[Rows]:
    """Sums and results; the newest scan of each computer and medium and the newest result of each check stay."""
    later = ScanReport.objects.filter(computer=OuterRef("computer"), started_at__gt=OuterRef("started_at"))
    newer_scan = Q(Exists(later.filter(medium=OuterRef("medium")))) | Q(Exists(later.filter(medium=None)), medium=None)
    newer_check = CheckReport.objects.filter(
        computer=OuterRef("computer"), control=OuterRef("control"), seen_at__gt=OuterRef("seen_at")
    )
    return (
        ScanReport.objects.filter(newer_scan, started_at__lt=cut),
        CheckReport.objects.filter(Exists(newer_check), seen_at__lt=cut),
        DroppedReport.objects.filter(seen_at__lt=cut),
    )


def envelopes(cut: datetime) -> Sequence[Rows]:
    """Envelopes that were worked off; those that wait, are held or cannot be read stay for people to decide."""
    later = SpoolEntry.objects.filter(
        agent_id=OuterRef("agent_id"), sequence__gte=OuterRef("sequence") + NEWEST_ENVELOPES
    )
    return (SpoolEntry.objects.filter(Exists(later), state=SpoolEntry.State.DONE, received_at__lt=cut),)


KINDS: Mapping[str, Callable[[datetime], Sequence[Rows]]] = {
    "violations": violations,
    "sightings": sightings,
    "media_sessions": media_sessions,
    "scans": scans,
    "envelopes": envelopes,
}
"""Kind → what of it is over, table by table; in the order in which they are purged."""
