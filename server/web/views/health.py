"""How the collector itself fares: queue, disk, database, ways out, what is kept, what computers had to drop."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.accounts.peers import client_address
from server.audit.models import Entry
from server.backup import MADE, TRIED
from server.intake.models import Refusal, SpoolEntry
from server.retention.purge import purged_since
from server.violations.models import DroppedReport
from server.web.details import PURGED
from server.web.pages import SignedInRequest, page_for, show
from server.web.paging import count_up_to, counted
from server.web.sending import ways

LEAST_FREE = 2 * 1024**3
"""Bytes free below which the page calls for help."""
LONGEST_WAIT = timedelta(minutes=5)
"""Age of the oldest waiting envelope above which the fan-out does not keep up."""
SHOWN = 50
OLDEST_BACKUP = timedelta(days=7)
"""Age of the last backup above which the page asks for one."""
OLDEST_TRIAL = timedelta(days=100)
"""Age of the last trial of a backup above which the page asks for one."""
LATELY = timedelta(days=30)
"""How far back the page tells of what was purged."""


@page_for(Right.OPERATE, whole_house=True)
@require_safe
def health(request: SignedInRequest) -> HttpResponse:
    """Show each number with whether it is well, and what to do where it is not."""
    now = timezone.now()
    # Each asked of the index of states: what is done, nearly all of the spool, is not looked at.
    spooled = {
        state: SpoolEntry.objects.filter(state=state)
        for state in (SpoolEntry.State.WAITING, SpoolEntry.State.HELD, SpoolEntry.State.BAD)
    }
    numbers = {state: counted(count_up_to(rows)) for state, rows in spooled.items()}
    first = spooled[SpoolEntry.State.WAITING].order_by("id").values_list("received_at", flat=True).first()
    disk = shutil.disk_usage(Path(settings.MIJIAN_HOME))
    refused = Refusal.objects.filter(at__gt=now - timedelta(days=1)).count()
    dropped = DroppedReport.objects.select_related("computer").defer("computer__public_key")[:SHOWN]
    behind = first is not None and now - first > LONGEST_WAIT
    context = {
        "signs": [
            {
                "name": _("Envelopes waiting"),
                "value": numbers[SpoolEntry.State.WAITING],
                "bad": behind,
                "remedy": _("The fan-out does not keep up: look into the collector’s log and at the disk."),
            },
            {
                "name": _("Envelopes held"),
                "value": numbers[SpoolEntry.State.HELD],
                "bad": False,
                "remedy": "",
            },
            {
                "name": _("Envelopes that cannot be read"),
                "value": numbers[SpoolEntry.State.BAD],
                "bad": numbers[SpoolEntry.State.BAD] != "0",
                "remedy": _("The Imports page says why, and what to do about each."),
            },
            {"name": _("Refused in the last day"), "value": refused, "bad": False, "remedy": ""},
        ],
        "oldest": first,
        "free": disk.free,
        "disk_total": disk.total,
        # What others have and what is set aside for root is not for the collector either.
        "disk_used": round(100 - 100 * disk.free / disk.total) if disk.total else 0,
        "disk_bad": disk.free < LEAST_FREE,
        "database": _database_size(),
        "dropped": [{"row": row, "total": sum(row.counts.values())} for row in dropped],
        "ways": ways(),
        "kept": _kept(now),
        "backup": _backup(now),
        "separation": settings.MIJIAN_SEPARATION,
        "proxies": settings.MIJIAN_TRUSTED_PROXIES,
        "proxy_unnamed": _comes_by_unnamed_proxy(request),
        "https": settings.SESSION_COOKIE_SECURE,
        "level": settings.MIJIAN_LEVEL,
    }
    return show(request, "web/health.html", context, at="health")


def _comes_by_unnamed_proxy(request: SignedInRequest) -> bool:
    """Whether this very request came through a proxy that no setting names: then all people have one address."""
    return "X-Forwarded-For" in request.headers and client_address(request.META) == request.META.get("REMOTE_ADDR")


def _backup(now: datetime) -> dict[str, Any]:
    """When the last backup was made and when one was last tried out, as the audit log has it."""
    acts = Entry.objects.order_by("-id")
    made, tried = (acts.filter(action=act).first() for act in (MADE, TRIED))
    return {
        "ours": connection.vendor == "sqlite",
        "made": made,
        "tried": tried,
        "old": made is None or now - made.at > OLDEST_BACKUP,
        "untried": tried is None or now - tried.at > OLDEST_TRIAL,
    }


def _kept(now: datetime) -> list[dict[str, Any]]:
    """Each kind of record with how long it is kept, and how many were purged lately."""
    days, purged = settings.MIJIAN_RETENTION.days, purged_since(now - LATELY)
    kinds = [{"name": name, "days": days.get(kind), "purged": purged.get(kind, 0)} for kind, name in PURGED.items()]
    return [*kinds, {"name": _("Audit log"), "days": None, "purged": 0}]


def _database_size() -> int:
    """Bytes of the database with its log, as far as it is a file."""
    name = Path(str(connection.settings_dict["NAME"]))
    return sum(part.stat().st_size for part in (name, name.with_name(f"{name.name}-wal")) if part.is_file())
