"""How sightings form violations, and when one that was settled comes back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from protocol import keys
from protocol.ids import uuid7
from protocol.records import FileEvidence, Finding, Place, Severity, ViolationSeen
from server.accounts.models import Role, User
from server.ledger.models import Computer, Medium
from server.violations import transitions
from server.violations.models import Group, Occurrence, State, Step

Seen = Callable[..., ViolationSeen]
Deliver = Callable[..., Any]


def test_a_file_seen_twice_on_a_medium_is_one_violation_with_two_occurrences(
    deliver: Deliver, sender: Any, file_seen: Seen
) -> None:
    early, late = datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)
    deliver(sender.next(file_seen(seen_at=late)))
    deliver(sender.next(file_seen(seen_at=early)))
    group = Group.objects.get()
    assert (group.occurrence_count, group.first_seen_at, group.last_seen_at) == (2, early, late)
    assert (group.control, group.severity, group.severity_rank, group.state) == ("MEDIA-05", "critical", 0, State.NEW)
    assert (group.marking, group.family, group.level, group.zone, group.extension) == (
        "机密★10年",
        "state",
        "机密",
        "header",
        "docx",
    )


def test_the_same_file_on_the_same_medium_in_another_computer_is_the_same_violation(
    deliver: Deliver, sender: Any, file_seen: Seen, make_sender: Callable[..., Any], enter: Any
) -> None:
    key = keys.Ed25519PrivateKey.generate()
    other = Computer.objects.create(
        name="pc-2",
        person=enter("王芳"),
        computer_class="internal",
        enrolled_at=timezone.now(),
        public_key=keys.public_bytes(key),
        machine_id_hash="cd" * 32,
    )
    deliver(sender.next(file_seen()))
    deliver(make_sender(other, key).next(file_seen()))
    group = Group.objects.get()
    assert (group.occurrence_count, group.computer, group.person) == (2, other, "王芳")
    assert set(Occurrence.objects.values_list("computer__name", flat=True)) == {"办公室-01", "pc-2"}


def test_other_content_another_medium_or_another_control_is_another_violation(
    deliver: Deliver, sender: Any, file_seen: Seen, stick: Any
) -> None:
    other_stick = msgspec.structs.replace(stick, key="6b" * 32)
    deliver(
        sender.next(
            file_seen(),
            file_seen("b"),
            file_seen(medium=other_stick),
            file_seen(medium=None),
            file_seen(control="MEDIA-12"),
        )
    )
    assert Group.objects.count() == 5
    assert set(Group.objects.values_list("medium__key", flat=True)) == {"5a" * 32, "6b" * 32, None}


def test_forbidden_network_contact_of_a_computer_is_one_violation_whatever_the_signals(
    deliver: Deliver, sender: Any, network_seen: Seen
) -> None:
    deliver(sender.next(network_seen("default-route:eth0"), network_seen("peer:public:firefox", "resolver:public")))
    group = Group.objects.get()
    assert (group.control, group.medium, group.marking, group.occurrence_count) == ("NET-03", None, "", 2)
    signals = {tuple(evidence["signals"]) for evidence in Occurrence.objects.values_list("evidence", flat=True)}
    assert signals == {("default-route:eth0",), ("peer:public:firefox", "resolver:public")}


def test_the_path_is_kept_sealed_and_apart_from_the_evidence(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    seen = file_seen(path="/media/u/绝不示人.docx")
    deliver(sender.next(seen))
    occurrence = Occurrence.objects.get()
    assert "sealed_place" not in occurrence.evidence
    assert occurrence.sealed_place == occurrence.group.sealed_place == seen.evidence.sealed_place


def test_the_newest_sighting_describes_the_violation(
    deliver: Deliver, sender: Any, file_seen: Seen, enter: Any
) -> None:
    now = datetime.now(UTC)
    Medium.objects.create(key="5a" * 32, holder=enter("李强"), first_seen_at=now, last_seen_at=now)
    deliver(sender.next(file_seen(path="/a/1.docx", severity="high", seen_at=now)))
    newest = file_seen(path="/b/2.docx", seen_at=now + timedelta(hours=1))
    deliver(sender.next(newest, file_seen(path="/c/3.docx", severity="low", seen_at=now - timedelta(hours=1))))
    group = Group.objects.get()
    assert (group.path_hash, group.severity, group.person) == (newest.evidence.path_hash, "critical", "李强")


def test_a_repeat_leaves_a_violation_where_it_stands_in_the_lists(
    deliver: Deliver, sender: Any, file_seen: Seen
) -> None:
    now = timezone.now()
    for at in (now - timedelta(hours=2), now, now - timedelta(hours=3)):
        deliver(sender.next(file_seen(seen_at=at)))
    group = Group.objects.get()
    assert (group.first_seen_at, group.last_seen_at) == (now - timedelta(hours=3), now)
    assert group.opened_at == now - timedelta(hours=2)


@pytest.fixture
def settled(deliver: Deliver, sender: Any, file_seen: Seen) -> Callable[..., Group]:
    """Makes a violation that is in some state since an hour ago."""

    def make(state: State, **more: Any) -> Group:
        now = timezone.now()
        deliver(sender.next(file_seen(seen_at=now - timedelta(days=1))))
        hour_ago = now - timedelta(hours=1)
        Group.objects.update(**({"state": state, "state_at": hour_ago} | more))
        return Group.objects.get()

    return make


@pytest.mark.parametrize("state", [State.VERIFIED, State.CLOSED])
def test_a_settled_violation_that_is_seen_again_regresses(
    deliver: Deliver, sender: Any, file_seen: Seen, settled: Callable[..., Group], state: State
) -> None:
    settled(state)
    deliver(sender.next(file_seen()))
    group = Group.objects.get()
    assert (group.state, group.occurrence_count) == (State.NEW, 2)
    assert group.regressed_at == group.last_seen_at == group.opened_at
    step = Step.objects.get()
    assert (step.actor, step.from_state, step.to_state) == (None, state, State.NEW)


def test_an_old_sighting_that_comes_late_reopens_nothing(
    deliver: Deliver, sender: Any, file_seen: Seen, settled: Callable[..., Group]
) -> None:
    settled(State.CLOSED)
    deliver(sender.next(file_seen(seen_at=timezone.now() - timedelta(hours=2))))
    group = Group.objects.get()
    assert (group.state, group.regressed_at, group.occurrence_count) == (State.CLOSED, None, 2)


def test_a_sighting_between_the_clean_check_and_the_filing_is_a_relapse(
    deliver: Deliver, sender: Any, file_seen: Seen, settled: Callable[..., Group]
) -> None:
    settled(State.CLOSED, verified_at=timezone.now() - timedelta(hours=3))
    deliver(sender.next(file_seen(seen_at=timezone.now() - timedelta(hours=2))))
    assert Group.objects.get().state == State.NEW


def test_what_was_called_rectified_and_is_still_there_goes_back_to_its_person(
    deliver: Deliver, sender: Any, file_seen: Seen, settled: Callable[..., Group], person: Callable[..., User]
) -> None:
    officer = person(Role.OFFICER)
    settled(State.RECTIFIED, assignee=officer)
    deliver(sender.next(file_seen()))
    group = Group.objects.get()
    assert (group.state, group.assignee, group.regressed_at) == (State.ASSIGNED, officer, None)
    assert group.opened_at == group.last_seen_at


@pytest.mark.parametrize("state", [State.FALSE_ALARM, State.WAIVED, State.ASSIGNED])
def test_what_people_decided_stays_when_it_is_seen_again(
    deliver: Deliver, sender: Any, file_seen: Seen, settled: Callable[..., Group], state: State
) -> None:
    settled(state)
    deliver(sender.next(file_seen()))
    group = Group.objects.get()
    assert (group.state, group.occurrence_count) == (state, 2)


def test_work_of_people_and_new_sightings_do_not_undo_each_other(
    deliver: Deliver, sender: Any, file_seen: Seen, person: Callable[..., User]
) -> None:
    deliver(sender.next(file_seen()))
    officer = person(Role.OFFICER)
    transitions.assign(Group.objects.get(), to=officer, by=officer)
    deliver(sender.next(file_seen()))
    group = Group.objects.get()
    assert (group.state, group.assignee, group.occurrence_count) == (State.ASSIGNED, officer, 2)


def test_a_sighting_remembers_its_media_session_even_before_that_is_told(
    deliver: Deliver, sender: Any, file_seen: Seen
) -> None:
    session = uuid7()
    deliver(sender.next(file_seen(session=session)))
    assert Occurrence.objects.get().session_id == uuid.UUID(session)


def test_of_a_file_everything_that_was_told_is_stored_and_nothing_that_says_nothing(
    deliver: Deliver, sender: Any, file_seen: Seen
) -> None:
    seen = file_seen(seen_at=datetime(2026, 3, 1, 8, tzinfo=UTC))
    finding = Finding(
        rule="cn-state.starred", family="state", level="机密", period="P10Y", zone="header", confidence=90,
        severity=Severity.HIGH, marking="机密★10年", codes=("short",), place=Place(page=3), issued=date(2026, 1, 2),
        issued_from="text", expires=date(2036, 1, 2), assumed=True, status="in-force",
    )  # fmt: skip
    whole = msgspec.structs.replace(seen.evidence, modified=seen.seen_at, depth=2, findings=(finding,))
    assert all(getattr(finding, name) for name in Finding.__struct_fields__)
    assert all(getattr(whole, name) for name in FileEvidence.__struct_fields__)
    deliver(sender.next(msgspec.structs.replace(seen, evidence=whole)))
    told = msgspec.json.decode(msgspec.json.encode(whole))
    del told["sealed_place"]
    assert Occurrence.objects.get().evidence == told

    bare = msgspec.structs.replace(finding, level=None, period=None, codes=(), place=Place(), issued=None,
                                   issued_from="", expires=None, assumed=False, status="")  # fmt: skip
    plain = msgspec.structs.replace(whole, modified=None, findings=(bare,))
    deliver(sender.next(msgspec.structs.replace(seen, id=uuid7(), evidence=plain)))
    (kept,) = Occurrence.objects.exclude(pk=seen.id).get().evidence["findings"]
    assert set(kept) == {"rule", "family", "zone", "confidence", "severity", "marking", "assumed"}
