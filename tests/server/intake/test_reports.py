"""Scans, checks, dropped records; and that only a later clean check verifies what people called rectified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from protocol.ids import uuid7
from protocol.records import (
    CheckDone,
    CheckLine,
    CheckOutcome,
    GoneFile,
    RecordsDropped,
    ScanDone,
    SelfCheckDone,
    SettingEvidence,
    SettingSeen,
    Severity,
    ViolationSeen,
)
from server.audit.models import Entry
from server.campaigns.models import SelfCheck
from server.ledger.models import Computer
from server.violations.fingerprint import of_check
from server.violations.models import CheckReport, DroppedReport, Group, ScanReport, State, Step

Seen = Callable[..., ViolationSeen]
Deliver = Callable[..., Any]


def checked(outcome: CheckOutcome, at: datetime, control: str = "NET-03") -> CheckDone:
    return CheckDone(id=uuid7(), seen_at=at, control=control, outcome=outcome)


def scanned(**more: Any) -> ScanDone:
    values: dict[str, Any] = {
        "id": uuid7(),
        "started_at": datetime.now(UTC),
        "seconds": 1.5,
        "enumerated": 12,
        "clean": 9,
        "finding": 2,
        "not_examined": 1,
        "reasons": {"encrypted": 1},
        "bytes": 4096,
        "rules": "sha256:ab",
        "cage": "partial",
        "complete": True,
    }
    return ScanDone(**(values | more))


def test_a_scan_is_stored_once_with_its_sums(deliver: Deliver, sender: Any, stick: Any, computer: Any) -> None:
    scan = scanned(medium=stick, session=uuid7())
    deliver(sender.next(scan))
    deliver(sender.next(scan))
    stored = ScanReport.objects.get()
    assert (stored.computer, stored.enumerated, stored.complete) == (computer, 12, True)
    assert stored.enumerated == stored.clean_count + stored.finding_count + stored.not_examined_count
    assert stored.reasons == {"encrypted": 1}
    assert stored.medium is not None and stored.medium.key == stick.key


def test_dropped_records_are_told(deliver: Deliver, sender: Any) -> None:
    deliver(sender.next(RecordsDropped(id=uuid7(), seen_at=datetime.now(UTC), counts={"scan": 7})))
    assert DroppedReport.objects.get().counts == {"scan": 7}


@pytest.fixture
def rectified(deliver: Deliver, sender: Any, network_seen: Seen) -> Group:
    """A network violation, seen two hours ago, called rectified an hour ago."""
    now = timezone.now()
    deliver(sender.next(network_seen(seen_at=now - timedelta(hours=2))))
    Group.objects.update(state=State.RECTIFIED, state_at=now - timedelta(hours=1))
    return Group.objects.get()


def test_a_later_clean_check_verifies(deliver: Deliver, sender: Any, rectified: Group) -> None:
    at = timezone.now()
    deliver(sender.next(checked(CheckOutcome.PASS, at)))
    rectified.refresh_from_db()
    assert (rectified.state, rectified.verified_at) == (State.VERIFIED, at)
    step = Step.objects.get()
    assert (step.actor, step.from_state, step.to_state) == (None, State.RECTIFIED, State.VERIFIED)
    assert Entry.objects.filter(action="violation.verify", object_id=str(rectified.pk)).count() == 1


def test_a_computer_that_was_enrolled_anew_verifies_what_was_found_before(
    deliver: Deliver, sender: Any, rectified: Group
) -> None:
    now = Computer.objects.get()
    between = Computer.objects.create(name="again", computer_class="internal", replaced_by=now)
    first = Computer.objects.create(name="first", computer_class="internal", replaced_by=between)
    at = timezone.now()
    deliver(sender.next(failed_check(at - timedelta(hours=2))))
    check = Group.objects.get(control="PWD-02")
    check.fingerprint, check.state = of_check("PWD-02", "password-age", str(first.pk)), State.RECTIFIED
    check.state_at = rectified.state_at
    check.save()
    Group.objects.update(computer=first)
    deliver(sender.next(checked(CheckOutcome.PASS, at), self_check_of(at, CheckOutcome.PASS)))
    assert set(Group.objects.values_list("state", flat=True)) == {State.VERIFIED}


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, State.VERIFIED),
        ({"complete": False}, State.RECTIFIED),
        ({"gone": ()}, State.RECTIFIED),
        ({"started_at": datetime.now(UTC) - timedelta(hours=2)}, State.RECTIFIED),
        ({"gone": (GoneFile(control="CPC-02", content_hash="00" * 32),)}, State.RECTIFIED),
    ],
)
def test_a_file_on_a_disk_is_verified_by_a_later_whole_scan_that_finds_it_gone(
    deliver: Deliver, sender: Any, file_seen: Seen, change: dict[str, Any], state: State
) -> None:
    now = timezone.now()
    seen = file_seen(seen_at=now - timedelta(hours=3), control="NPC-01", medium=None, session=None)
    deliver(sender.next(seen))
    Group.objects.update(state=State.RECTIFIED, state_at=now - timedelta(hours=1))
    gone = (GoneFile(control="NPC-01", content_hash=seen.evidence.content_hash),)  # type: ignore[union-attr]
    deliver(sender.next(scanned(**({"started_at": now, "gone": gone} | change))))
    assert Group.objects.get().state == state


@pytest.mark.parametrize(
    "outcome", [CheckOutcome.FAIL, CheckOutcome.ERROR, CheckOutcome.MANUAL, CheckOutcome.NOT_APPLICABLE]
)
def test_a_check_that_did_not_pass_verifies_nothing(
    deliver: Deliver, sender: Any, rectified: Group, outcome: CheckOutcome
) -> None:
    deliver(sender.next(checked(outcome, timezone.now())))
    rectified.refresh_from_db()
    assert rectified.state == State.RECTIFIED
    assert CheckReport.objects.get().outcome == outcome


def test_a_clean_check_from_before_the_rectification_verifies_nothing(
    deliver: Deliver, sender: Any, rectified: Group
) -> None:
    deliver(sender.next(checked(CheckOutcome.PASS, timezone.now() - timedelta(minutes=90))))
    rectified.refresh_from_db()
    assert rectified.state == State.RECTIFIED


def test_a_clean_check_of_another_control_verifies_nothing(deliver: Deliver, sender: Any, rectified: Group) -> None:
    deliver(sender.next(checked(CheckOutcome.PASS, timezone.now(), control="NET-05")))
    rectified.refresh_from_db()
    assert rectified.state == State.RECTIFIED


def test_a_sighting_in_the_same_envelope_wins_over_the_check_before_it(
    deliver: Deliver, sender: Any, rectified: Group, network_seen: Seen
) -> None:
    now = timezone.now()
    deliver(sender.next(checked(CheckOutcome.PASS, now - timedelta(minutes=2)), network_seen(seen_at=now)))
    rectified.refresh_from_db()
    assert rectified.state == State.NEW


def test_silence_and_a_clean_check_without_a_rectification_change_nothing(
    deliver: Deliver, sender: Any, network_seen: Seen
) -> None:
    deliver(sender.next(network_seen(seen_at=timezone.now() - timedelta(hours=1))))
    deliver(sender.next(checked(CheckOutcome.PASS, timezone.now())))
    assert Group.objects.get().state == State.NEW


def test_a_verified_violation_that_is_seen_after_the_check_comes_back(
    deliver: Deliver, sender: Any, rectified: Group, network_seen: Seen
) -> None:
    at = timezone.now() - timedelta(minutes=30)
    deliver(sender.next(checked(CheckOutcome.PASS, at)))
    # Seen after the check, told only now: later than the check, earlier than the collector's own word on it.
    deliver(sender.next(network_seen(seen_at=at + timedelta(minutes=1))))
    rectified.refresh_from_db()
    assert (rectified.state, rectified.verified_at) == (State.NEW, None)
    assert rectified.regressed_at == at + timedelta(minutes=1)


def self_checked(at: datetime, *results: tuple[str, CheckOutcome]) -> SelfCheckDone:
    return SelfCheckDone(
        id=uuid7(),
        seen_at=at,
        seconds=0.5,
        number="MJ-20261120-120000-abcd",
        profile="internet",
        profile_version="2026.1",
        profile_digest="sha256:ab",
        files=0,
        results=tuple(
            CheckLine(check=f"check-{number}", controls=(control,), outcome=outcome, severity=Severity.HIGH)
            for number, (control, outcome) in enumerate(results)
        ),
        answers={"SITE-05": "yes"},
    )


def test_a_self_check_is_stored_once_with_the_worst_outcome_of_each_control(deliver: Deliver, sender: Any) -> None:
    record = self_checked(
        timezone.now(), ("PWD-02", CheckOutcome.PASS), ("PWD-02", CheckOutcome.FAIL), ("SEC-01", CheckOutcome.PASS)
    )
    deliver(sender.next(record))
    deliver(sender.next(record))
    stored = {one.control: one for one in CheckReport.objects.all()}
    assert {name: one.outcome for name, one in stored.items()} == {
        "CHECK-01": "fail",
        "PWD-02": "fail",
        "SEC-01": "pass",
    }
    assert stored["CHECK-01"].why == "internet 2026.1, MJ-20261120-120000-abcd: fail 1, pass 2"


def test_a_self_check_verifies_nothing_by_itself(deliver: Deliver, sender: Any, rectified: Group) -> None:
    deliver(sender.next(self_checked(timezone.now(), ("NET-03", CheckOutcome.PASS))))
    rectified.refresh_from_db()
    assert rectified.state == State.RECTIFIED


def test_a_self_check_is_kept_for_the_rounds_once_with_what_failed(
    deliver: Deliver, sender: Any, computer: Any
) -> None:
    at = timezone.now()
    record = self_checked(
        at, ("SEC-01", CheckOutcome.FAIL), ("PWD-02", CheckOutcome.FAIL), ("NET-03", CheckOutcome.PASS)
    )
    deliver(sender.next(record))
    deliver(sender.next(record))
    kept = SelfCheck.objects.get()
    assert (kept.computer, kept.seen_at, kept.profile, kept.profile_class) == (computer, at, "internet", "internet")
    assert (kept.passed_count, kept.failed_count, kept.failed_controls) == (1, 2, ["PWD-02", "SEC-01"])
    assert (kept.number, kept.answers) == ("MJ-20261120-120000-abcd", {"SITE-05": "yes"})


def failed_check(at: datetime, check: str = "password-age", control: str = "PWD-02") -> ViolationSeen:
    return ViolationSeen(
        id=uuid7(),
        seen_at=at,
        control=control,
        severity=Severity.HIGH,
        evidence=SettingEvidence(
            check=check,
            title_zh="口令按期更换",
            title_en="Passwords are changed in time",
            settings=(SettingSeen(zh="口令使用天数", en="age of the password in days", seen="200", expected="≤ 90"),),
        ),
    )


def self_check_of(at: datetime, outcome: CheckOutcome, *, scheduled: bool = True) -> SelfCheckDone:
    line = CheckLine(check="password-age", controls=("PWD-02", "PWD-03"), outcome=outcome, severity=Severity.HIGH)
    done = self_checked(at)
    return msgspec.structs.replace(done, id=uuid7(), results=(line,), scheduled=scheduled)


def test_a_check_that_fails_again_and_again_is_one_violation(deliver: Deliver, sender: Any) -> None:
    now = timezone.now()
    for days in (60, 30, 1):
        deliver(sender.next(failed_check(now - timedelta(days=days))))
    group = Group.objects.get()
    assert (group.control, group.family, group.marking) == ("PWD-02", "setting", "口令按期更换")
    assert group.occurrence_count == 3


def test_two_checks_of_one_control_are_two_violations(deliver: Deliver, sender: Any) -> None:
    now = timezone.now()
    deliver(sender.next(failed_check(now, "password-age"), failed_check(now, "new-accounts")))
    assert Group.objects.count() == 2


def test_a_scheduled_self_check_that_passes_verifies_what_was_mended(deliver: Deliver, sender: Any) -> None:
    group = rectified_check(deliver, sender)
    deliver(sender.next(self_check_of(timezone.now() + timedelta(seconds=1), CheckOutcome.MANUAL)))
    group.refresh_from_db()
    assert group.state == State.RECTIFIED
    deliver(sender.next(self_check_of(timezone.now(), CheckOutcome.PASS)))
    group.refresh_from_db()
    assert group.state == State.VERIFIED


def test_a_self_check_made_by_hand_verifies_no_failed_check(deliver: Deliver, sender: Any) -> None:
    group = rectified_check(deliver, sender)
    deliver(sender.next(self_check_of(timezone.now(), CheckOutcome.PASS, scheduled=False)))
    group.refresh_from_db()
    assert group.state == State.RECTIFIED


def test_a_check_of_the_same_control_by_other_means_verifies_no_failed_check(deliver: Deliver, sender: Any) -> None:
    group = rectified_check(deliver, sender)
    deliver(sender.next(checked(CheckOutcome.PASS, timezone.now(), control="PWD-02")))
    group.refresh_from_db()
    assert group.state == State.RECTIFIED


def test_a_failed_check_that_was_verified_and_fails_again_comes_back(deliver: Deliver, sender: Any) -> None:
    group = rectified_check(deliver, sender)
    deliver(sender.next(self_check_of(timezone.now(), CheckOutcome.PASS)))
    deliver(sender.next(failed_check(timezone.now())))
    group.refresh_from_db()
    assert group.state == State.NEW
    assert group.regressed_at is not None


def rectified_check(deliver: Deliver, sender: Any) -> Group:
    """A failed check that people say is mended."""
    deliver(sender.next(failed_check(timezone.now() - timedelta(hours=2))))
    Group.objects.update(state=State.RECTIFIED, state_at=timezone.now() - timedelta(hours=1))
    return Group.objects.get()
