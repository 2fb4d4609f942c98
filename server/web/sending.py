"""How what the collector sends of its own accord fares: channels of notices, and the live export to a SIEM."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from server.exports.live import NAME
from server.notifications.models import Cursor, Notice
from server.notifications.queue import channels
from server.web.stored import told


def ways() -> list[dict[str, Any]]:
    """Each way out with what waits, what went, and what is in its way; no address and no secret."""
    return [*_channels(), *_siem()]


def _channels() -> list[dict[str, Any]]:
    waits, sent, failed = (Q(state=state) for state in (Notice.State.WAITING, Notice.State.SENT, Notice.State.FAILED))
    counted = {
        row["channel"]: row
        for row in Notice.objects.order_by()
        .values("channel")
        .annotate(
            waiting=Count("pk", filter=waits),
            given_up=Count("pk", filter=failed),
            last=Max("created_at", filter=sent),
            stuck=Max("pk", filter=(waits | failed) & ~Q(problem="")),
        )
    }
    stuck = Notice.objects.in_bulk([row["stuck"] for row in counted.values() if row["stuck"]])
    nothing: dict[str, Any] = {"waiting": 0, "given_up": 0, "last": None, "stuck": None}
    found = []
    # Channels that were taken out of the settings stand here as long as something waits for them.
    for name in [*channels(), *(name for name, row in counted.items() if name not in channels() and row["waiting"])]:
        row, channel = counted.get(name, nothing), channels().get(name)
        notice = stuck.get(row["stuck"])
        found.append(
            {
                "name": name,
                "kind": _kinds().get(channel.kind, channel.kind) if channel else "—",
                "waiting": row["waiting"],
                "given_up": row["given_up"],
                "last": row["last"],
                "problem": told(notice.problem) if notice else "",
            }
        )
    return found


def _siem() -> list[dict[str, Any]]:
    target, cursor = settings.MIJIAN_SIEM, Cursor.objects.filter(name=NAME).first()
    if target is None:
        return []
    return [
        {
            "name": _("Live export (SIEM)"),
            "kind": {"webhook": "OCSF · webhook"}.get(target.kind, f"CEF · syslog/{target.kind}"),
            "waiting": None,
            "given_up": 0,
            "last": cursor.at if cursor and cursor.sent else None,
            "problem": told(cursor.problem) if cursor else "",
        }
    ]


def _kinds() -> dict[str, str]:
    return {"mail": _("mail"), "webhook": _("webhook"), "chat": _("chat")}
