"""Closing a round: how each computer stands is written down, and does not move any more."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import User
from server.accounts.scope import Anybody
from server.campaigns.actions import CampaignMistakes, changeable
from server.campaigns.models import Campaign, Result, Standing
from server.campaigns.standing import UNFINISHED, latest_checks, rows_of, standings

MAX_NOTE = 2000
_BATCH = 500


def close(campaign: Campaign, *, by: User, note: str = "") -> Campaign:
    """Freeze the figures of a round. Who has not made a self-check by now is missing.

    Raises `CampaignMistakes` where somebody is missing and no word is said about it, and for a round that has not
    begun; `PermissionDenied`.
    """
    note = note.strip()[:MAX_NOTE]
    with transaction.atomic():
        stored = changeable(campaign, by)
        if timezone.localdate() < stored.starts_on:
            raise CampaignMistakes({"": _("This round has not begun: change its dates instead.")})
        checks = latest_checks(stored)
        rows = standings(stored).select_related("person").order_by("name", "id")
        results = [_result(stored, row, checks) for row in rows.defer("public_key").iterator(chunk_size=_BATCH)]
        if not note and any(one.standing == Standing.MISSING for one in results):
            raise CampaignMistakes({"note": _("Some computers are missing: say what is to be done about them.")})
        Result.objects.bulk_create(results, batch_size=_BATCH)
        stored.closed_at, stored.closed_by, stored.closing_note = timezone.now(), by, note
        stored.digest = digest(stored)
        stored.save(update_fields=("closed_at", "closed_by", "closing_note", "digest"))
        counts = Counter(one.standing for one in results)
        audit.record(
            "campaign.close", actor=by, obj=stored, digest=stored.digest, computers=len(results), **dict(counts)
        )
    return stored


def digest(campaign: Campaign) -> str:
    """SHA-256 over the frozen figures: the same rows give the same hash for ever."""
    names = ("computer_id", "name", "number", "department_id", "standing", "done_at", "failed_count", "failed_controls")
    told = hashlib.sha256(f"mijian-campaign/1\0{campaign.pk}\0{campaign.starts_on}\0{campaign.deadline}".encode())
    for row in Result.objects.filter(campaign=campaign).order_by("computer_id").values_list(*names).iterator():
        told.update(msgspec.json.encode([str(value) if value is not None else "" for value in row]))
    return told.hexdigest()


def common_failures(campaign: Campaign, user: Anybody, most: int = 10) -> list[tuple[str, int]]:
    """The controls that failed on most computers of a round, and on how many."""
    counts: Counter[str] = Counter()
    if campaign.closed_at is not None:
        for controls in rows_of(campaign, user).filter(failed_count__gt=0).values_list("failed_controls", flat=True):
            counts.update(controls)
    else:
        seen = set(rows_of(campaign, user).values_list("pk", flat=True))
        for computer, check in latest_checks(campaign).items():
            if computer in seen:
                counts.update(check.failed_controls)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def _result(campaign: Campaign, row: Any, checks: Any) -> Result:
    last = checks.get(row.pk)
    return Result(
        campaign=campaign,
        computer_id=row.pk,
        name=row.name,
        number=row.number,
        computer_class=row.computer_class,
        department_id=row.department_id,
        person="" if row.person is None else row.person.name,
        standing=Standing.MISSING if row.standing in UNFINISHED else row.standing,
        done_at=row.done_at,
        failed_count=row.failed_count,
        failed_controls=[] if last is None else last.failed_controls,
    )
