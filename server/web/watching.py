"""Saved views that notify: what has newly come under their filters is told over their channel, as numbers."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from server.notifications.models import Notice
from server.notifications.queue import channels, tell
from server.violations.models import SavedView, Severity
from server.violations.scope import visible_to
from server.web.filters import ViolationFilter


def look() -> int:
    """Look at every saved view that has a channel; how many had something new."""
    views = SavedView.objects.filter(channel__in=list(channels())).select_related("owner__department")
    return sum(_look_at(view, timezone.now()) for view in views)


def _look_at(view: SavedView, now: datetime) -> bool:
    since = view.told_until or view.created_at
    chosen = ViolationFilter.read(QueryDict(view.query), view.owner_id)
    # In its state since the last look: new ones, and those that came into a state the view is about.
    fresh = (
        chosen.in_tab(chosen.narrow(visible_to(view.owner))).order_by().filter(state_at__gt=since, state_at__lte=now)
    )
    counts = dict(fresh.values_list("severity").annotate(n=Count("pk")))
    with transaction.atomic():
        SavedView.objects.filter(pk=view.pk).update(told_until=now)
        if counts:
            told = {severity: counts[severity] for severity in Severity.values if severity in counts}
            tell(view.channel, Notice.Subject.VIOLATIONS, told, reverse("web:open-view", args=[view.pk]), by=view.owner)
    return bool(counts)
