"""Announced inspections: what a computer is told to prepare for (`server.intake.policy`)."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from protocol.policy import Schedule
from server.campaigns.models import Campaign
from server.campaigns.standing import takes_part
from server.ledger.models import Computer

BEFORE = Schedule(name="before-inspection", calendar="before-inspection", days_before=3)
"""The scan of the own disks that a computer makes three days before an inspection (control CHECK-02)."""


def next_inspection(computer: Computer) -> date | None:
    """The next inspection among the running rounds in which this computer takes part; None where none is announced."""
    coming = Campaign.objects.filter(closed_at=None, inspection_on__gte=timezone.localdate())
    for campaign in coming.order_by("inspection_on", "id").prefetch_related("departments"):
        if takes_part(computer, campaign):
            return campaign.inspection_on
    return None
