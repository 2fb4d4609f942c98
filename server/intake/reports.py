"""Sums of scans, results of checks, words of dropped records; and what a passed check verifies."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from protocol.records import CheckDone, CheckOutcome, RecordsDropped, ScanDone, SelfCheckDone
from server import audit
from server.campaigns.models import SelfCheck
from server.intake.records import Delivery
from server.intake.refusals import printable
from server.intake.selfchecks import self_check_row
from server.intake.sighting import SETTING
from server.intake.sql import chunks, insert_new
from server.ledger.models import Computer
from server.violations.fingerprint import of_check, of_file
from server.violations.models import CheckReport, DroppedReport, Group, ScanReport, State, Step

SELF_CHECK = "CHECK-01"
"""The control that demands regular self-checks: a row of it says that there was one."""
_WORST_FIRST = (
    CheckOutcome.FAIL,
    CheckOutcome.ERROR,
    CheckOutcome.MANUAL,
    CheckOutcome.PASS,
    CheckOutcome.NOT_APPLICABLE,
)


def store_reports(deliveries: Sequence[Delivery], media: Mapping[str, int]) -> None:
    """Store every scan, check and dropped-records report once, and verify what a passed check shows to be right."""
    scans: list[dict[str, Any]] = []
    checks: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    self_checks: list[dict[str, Any]] = []
    mended: dict[str, datetime] = {}
    passes: dict[tuple[uuid.UUID, str], datetime] = {}
    clean: dict[int, datetime] = {}
    rows = _rows_of(deliveries)
    for delivery in deliveries:
        for record in delivery.records:
            if isinstance(record, ScanDone):
                scans.append(_scan(record, delivery, media))
                if record.medium is not None and _all_clean(record):
                    pk = media[record.medium.key]
                    clean[pk] = max(record.started_at, clean.get(pk, record.started_at))
                for print_ in _gone(record, delivery):
                    mended[print_] = max(record.started_at, mended.get(print_, record.started_at))
            elif isinstance(record, CheckDone):
                checks.append(_check(record, delivery))
                if record.outcome is CheckOutcome.PASS:
                    key = delivery.agent, record.control
                    passes[key] = max(record.seen_at, passes.get(key, record.seen_at))
            elif isinstance(record, SelfCheckDone):
                checks += _self_check(record, delivery)
                self_checks.append(self_check_row(record, delivery))
                for print_ in _mended(record, rows[delivery.agent]):
                    mended[print_] = max(record.seen_at, mended.get(print_, record.seen_at))
            elif isinstance(record, RecordsDropped):
                counts = {printable(kind, 32): count for kind, count in list(record.counts.items())[:32]}
                told = {"computer": delivery.agent, "seen_at": record.seen_at, "counts": counts}
                dropped.append({"id": uuid.UUID(record.id), **told})
    insert_new(ScanReport, scans)
    insert_new(CheckReport, checks)
    insert_new(DroppedReport, dropped)
    insert_new(SelfCheck, self_checks)
    for (agent, control), at in passes.items():
        _verify(Group.objects.filter(computer__in=rows[agent], control=control).exclude(family=SETTING), at)
    for part in chunks(sorted(mended)):
        waiting = Group.objects.filter(fingerprint__in=part, state=State.RECTIFIED)
        for group in waiting.only("pk", "fingerprint"):
            _verify(Group.objects.filter(pk=group.pk), mended[group.fingerprint])
    for medium, at in clean.items():
        # Only what is about a file on this medium: a scan says nothing of anything else.
        _verify(Group.objects.filter(medium=medium).exclude(content_hash=""), at)


def _all_clean(scan: ScanDone) -> bool:
    """Whether a scan looked at everything on a medium and found nothing. What was not examined proves nothing."""
    return scan.complete and scan.finding == 0 and scan.not_examined == 0 and scan.enumerated == scan.clean


def _gone(scan: ScanDone, delivery: Delivery) -> list[str]:
    """Fingerprints of the files that a scan of the computer's disks shows to be gone; one cut short shows nothing."""
    if scan.medium is not None or not scan.complete:
        return []
    return [of_file(one.control, one.content_hash, str(delivery.agent)) for one in scan.gone]


def _verify(groups: QuerySet[Group], at: datetime) -> None:
    """Move what people called rectified, and what was not seen since, to verified."""
    waiting = groups.filter(state=State.RECTIFIED, state_at__lt=at, last_seen_at__lt=at)
    for group in waiting.select_for_update(no_key=True):
        now = timezone.now()
        # The same pass, arriving twice, finds nothing left in the state rectified.
        group.state, group.state_at, group.verified_at, group.updated_at = State.VERIFIED, now, at, now
        group.save(update_fields=("state", "state_at", "verified_at", "updated_at"))
        Step.objects.create(group=group, at=now, actor=None, from_state=State.RECTIFIED, to_state=State.VERIFIED)
        audit.record("violation.verify", obj=group, from_state=State.RECTIFIED.value, to_state=State.VERIFIED.value)


def _scan(record: ScanDone, delivery: Delivery, media: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": uuid.UUID(record.id),
        "computer": delivery.agent,
        "session_id": None if record.session is None else uuid.UUID(record.session),
        "medium": None if record.medium is None else media[record.medium.key],
        "started_at": record.started_at,
        "received_at": delivery.received_at,
        "seconds": record.seconds,
        "enumerated": record.enumerated,
        "clean_count": record.clean,
        "finding_count": record.finding,
        "not_examined_count": record.not_examined,
        "bytes": record.bytes,
        "reasons": {printable(reason, 32): count for reason, count in list(record.reasons.items())[:32]},
        "rules": printable(record.rules, 100),
        "cage": record.cage,
        "complete": record.complete,
    }


def _self_check(record: SelfCheckDone, delivery: Delivery) -> list[dict[str, Any]]:
    """One row for the self-check itself (CHECK-01), and one for the worst outcome of each control it tested.

    None of them verifies a violation of its control: a self-check may have looked at a part of the disks alone. What
    a scheduled one does verify is told by `_mended`.
    """
    worst: dict[str, CheckOutcome] = {}
    for line in record.results:
        for control in line.controls:
            worst[control] = min(worst.get(control, line.outcome), line.outcome, key=_WORST_FIRST.index)
    counts = {one: sum(line.outcome is one for line in record.results) for one in _WORST_FIRST}
    told = ", ".join(f"{one.value} {count}" for one, count in counts.items() if count)
    itself = CheckDone(
        id=record.id,
        seen_at=record.seen_at,
        control=SELF_CHECK,
        outcome=CheckOutcome.FAIL if counts[CheckOutcome.FAIL] else CheckOutcome.PASS,
        why=f"{record.profile} {record.profile_version}, {record.number}: {told}",
    )
    of_controls = [
        CheckDone(
            id=str(uuid.uuid5(uuid.UUID(record.id), control)), seen_at=record.seen_at, control=control, outcome=one
        )
        for control, one in worst.items()
        if control != SELF_CHECK
    ]
    return [_check(one, delivery) for one in (itself, *of_controls)]


def _mended(record: SelfCheckDone, rows: Iterable[uuid.UUID]) -> list[str]:
    """Fingerprints of failed checks that this self-check shows to be mended: the same check, passed.

    One that somebody made by hand proves nothing here: it may have asked for less.
    """
    if not record.scheduled:
        return []
    passed = [line for line in record.results if line.outcome is CheckOutcome.PASS and line.controls]
    return [of_check(line.controls[0], line.check, str(row)) for line in passed for row in rows]


def _rows_of(deliveries: Sequence[Delivery]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Of each computer that tells of checks: its row, and those it had before it was enrolled anew.

    What was found under an earlier enrolment stands under that one's row, and nothing else would ever verify it.
    """
    told = {
        delivery.agent
        for delivery in deliveries
        if any(isinstance(record, CheckDone | SelfCheckDone) for record in delivery.records)
    }
    rows = {agent: [agent] for agent in told}
    latest = {agent: agent for agent in told}
    while latest:
        found = Computer.objects.order_by().filter(replaced_by__in=list(latest)).values_list("pk", "replaced_by")
        latest = {before: latest[after] for before, after in found if after is not None and before not in told}
        told |= set(latest)
        for before, agent in latest.items():
            rows[agent].append(before)
    return rows


def _check(record: CheckDone, delivery: Delivery) -> dict[str, Any]:
    return {
        "id": uuid.UUID(record.id),
        "computer": delivery.agent,
        "control": record.control,
        "outcome": record.outcome.value,
        "why": printable(record.why, 300),
        "seen_at": record.seen_at,
        "received_at": delivery.received_at,
    }
