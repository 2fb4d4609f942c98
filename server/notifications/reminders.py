"""The reminders of self-check rounds, carried over the channel that the settings name: a number and a link."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from server.campaigns.reminders import Reminder, reminded
from server.notifications.models import Notice
from server.notifications.queue import tell


def connect() -> None:
    """Take reminders on from now."""
    reminded.connect(carry, dispatch_uid="server.notifications.reminders")


def carry(reminder: Reminder, **_more: Any) -> bool:
    """Queue one; False where no channel is named for it."""
    counts = {"late" if reminder.overdue else "missing": reminder.unfinished}
    link = reverse("web:campaign", args=[reminder.campaign])
    return tell(settings.MIJIAN_REMINDERS, Notice.Subject.CAMPAIGN, counts, link) is not None
