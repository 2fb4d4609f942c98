"""The purge: what is over goes, what still matters stays, and the audit log tells how much went."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from protocol import records
from protocol.ids import uuid7
from server import outward
from server.accounts.models import Role, User
from server.audit.log import verify_chain
from server.audit.models import Entry
from server.incidents.actions import Told, open_incident
from server.intake.carriers import store_media
from server.intake.models import SpoolEntry
from server.intake.records import delivery_of
from server.intake.reports import store_reports
from server.intake.sightings import store_sightings
from server.intake.sql import Prepared
from server.ledger.models import Computer, MediaSession, Medium
from server.retention import purge
from server.retention.kinds import NEWEST_ENVELOPES
from server.retention.settings import Retention
from server.violations import transitions, waivers
from server.violations.models import CheckReport, Group, Occurrence, ScanReport, State, Step, Waiver

pytestmark = pytest.mark.django_db

KEPT = Retention(violations=1000, sightings=400, media_sessions=400, scans=400, envelopes=400)


@pytest.fixture(autouse=True)
def kept(settings: Any) -> None:
    settings.MIJIAN_RETENTION = KEPT


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


@pytest.fixture
def tell(computer: Computer, stick: records.Medium) -> Callable[..., None]:
    """Takes records in as the fan-out does."""

    def store(*told: records.Record) -> None:
        now = timezone.now()
        media = store_media([(stick, now)])
        delivery = delivery_of(1, computer.pk, now, told, Prepared(Occurrence))
        store_sightings([delivery], media)
        store_reports([delivery], media)

    return store


@pytest.fixture
def dismissed(
    tell: Callable[..., None], file_seen: Callable[..., Any], person: Callable[..., User]
) -> Callable[..., Group]:
    """Makes violations that were judged false alarms: ``dismissed(content="a", times=3)``."""
    officer = person(Role.OFFICER, "judge")

    def make(content: str = "a", times: int = 1, path: str = "/media/u/合同.docx") -> Group:
        seen = [file_seen(content, path=path, seen_at=in_days(0) - timedelta(minutes=n)) for n in range(times)]
        tell(*seen)
        return transitions.mark_false_alarm(Group.objects.get(occurrences__id=seen[0].id), by=officer, reason="样张")

    return make


def test_what_is_over_for_long_enough_goes_with_all_that_belongs_to_it(dismissed: Callable[..., Group]) -> None:
    old = dismissed("a", times=3)
    assert purge.purge(in_days(999))["violations"] == 0
    assert Group.objects.filter(pk=old.pk).exists()
    assert purge.purge(in_days(1001))["violations"] == 1
    assert not Group.objects.exists()
    assert not Occurrence.objects.exists()
    assert not Step.objects.exists()


@pytest.mark.parametrize("days", [1001, 5000])
def test_what_somebody_still_has_to_do_with_stays_however_old(
    dismissed: Callable[..., Group], tell: Callable[..., None], file_seen: Callable[..., Any], days: int
) -> None:
    judge = User.objects.get(username="judge")
    of_incident = dismissed("incident", path="/a")
    open_incident(Told(title="泄密", kind="loss", discovered_at=timezone.now(), groups=(of_incident,)), by=judge)
    open_one = file_seen("open", path="/b")
    asked = file_seen("asked", path="/c")
    tell(open_one, asked)
    waived = Group.objects.get(occurrences__id=asked.id)
    waivers.ask(waived, scope=Waiver.Scope.VIOLATION, reason="另案", expires_on=timezone.localdate(), by=judge)
    transitions.mark_false_alarm(waived, by=judge, reason="样张")
    seen_again = dismissed("again", path="/d")
    Group.objects.filter(pk=seen_again.pk).update(last_seen_at=in_days(days - 1))
    assert purge.purge(in_days(days))["violations"] == 0
    assert Group.objects.count() == 4


def test_of_the_sightings_of_a_closed_violation_the_newest_stays(dismissed: Callable[..., Group]) -> None:
    group = dismissed("a", times=5)
    newest = group.occurrences.latest("seen_at")
    assert purge.due(in_days(401))["sightings"] == 4
    assert purge.purge(in_days(401))["sightings"] == 4
    assert [seen.pk for seen in group.occurrences.all()] == [newest.pk]
    group.refresh_from_db()
    assert (group.state, group.occurrence_count) == (State.FALSE_ALARM, 5)


def test_in_which_classes_of_computer_a_medium_has_been_is_never_forgotten(computer: Computer) -> None:
    outside = Computer.objects.create(id=uuid.uuid4(), name="外网", computer_class="internet")
    stick = Medium.objects.create(key="5a" * 32)
    for where in (computer, computer, computer, outside):
        MediaSession.objects.create(id=uuid.UUID(uuid7()), computer=where, medium=stick, mounted_at=in_days(-0.1))
    for number, session in enumerate(MediaSession.objects.order_by("pk")):
        MediaSession.objects.filter(pk=session.pk).update(mounted_at=in_days(-number))
    assert purge.purge(in_days(500))["media_sessions"] == 2
    assert set(MediaSession.objects.values_list("computer__computer_class", flat=True)) == {"internal", "internet"}


def test_the_newest_scan_and_the_newest_result_of_each_check_stay(
    tell: Callable[..., None], stick: records.Medium
) -> None:
    def scan(days: int, medium: records.Medium | None) -> records.ScanDone:
        told: dict[str, Any] = {
            "enumerated": 1,
            "clean": 1,
            "finding": 0,
            "not_examined": 0,
            "bytes": 1,
            "seconds": 1.0,
        }
        how: dict[str, Any] = {"reasons": {}, "rules": "", "cage": "full", "complete": True}
        return records.ScanDone(id=uuid7(), started_at=in_days(-days), medium=medium, **told, **how)

    def check(days: int, control: str) -> records.CheckDone:
        return records.CheckDone(id=uuid7(), control=control, outcome=records.CheckOutcome.PASS, seen_at=in_days(-days))

    tell(*(scan(days, of) for days in (1, 2, 3) for of in (None, stick)))
    tell(*(check(days, control) for days in (1, 2) for control in ("PWD-01", "PWD-02")))
    assert purge.purge(in_days(800))["scans"] == 6
    assert sorted(ScanReport.objects.values_list("medium__key", flat=True), key=str) == [stick.key, None]
    assert sorted(CheckReport.objects.values_list("control", flat=True)) == ["PWD-01", "PWD-02"]


@pytest.mark.django_db(transaction=True)
def test_what_a_computer_may_send_again_is_still_known_as_a_copy(
    sender: Any, deliver: Callable[..., Any], network_seen: Callable[..., Any]
) -> None:
    raws = [sender.next(network_seen()) for _ in range(NEWEST_ENVELOPES + 3)]
    for raw in raws:
        deliver(raw, work=False)
    deliver(sender.next(network_seen()))
    assert purge.purge(in_days(401))["envelopes"] == 4
    assert deliver(raws[-1]).decision.answer.value == "duplicate"
    told = deliver(raws[0]).decision
    assert (told.answer.value, told.reason) == ("refused", "sequence-reused"), "too old to be known: never taken twice"
    assert SpoolEntry.objects.count() == NEWEST_ENVELOPES


def test_the_audit_log_tells_how_much_went_and_its_chain_holds(
    dismissed: Callable[..., Group], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "BATCH", 2)
    for number in range(5):
        dismissed(str(number), path=f"/{number}")
    before = Entry.objects.count()
    purge.purge(in_days(1001), by="root")
    written = list(Entry.objects.filter(action=purge.ACTION).order_by("id"))
    assert [entry.detail["count"] for entry in written if entry.detail["kind"] == "violations"] == [2, 2, 1]
    assert {entry.detail["by"] for entry in written} == {"root"}
    assert Entry.objects.count() == before + len(written)
    assert verify_chain().whole
    assert purge.purged_since(in_days(-1))["violations"] == 5


def test_counting_changes_nothing_and_tells_what_a_purge_then_does(dismissed: Callable[..., Group]) -> None:
    dismissed("a", times=3)
    told = purge.due(in_days(401))
    assert told["sightings"] == 2
    assert Occurrence.objects.count() == 3
    assert not Entry.objects.filter(action=purge.ACTION).exists()
    assert purge.purge(in_days(401)) == told


def test_only_the_kinds_that_are_named_are_purged(dismissed: Callable[..., Group], settings: Any) -> None:
    settings.MIJIAN_RETENTION = Retention(sightings=400)
    dismissed("a", times=2)
    assert purge.purge(in_days(5000)) == {"sightings": 1}
    settings.MIJIAN_RETENTION = KEPT
    assert purge.purge(in_days(5000), only=["scans"]) == {"scans": 0}
    assert Group.objects.count() == 1


def test_sessions_that_ended_are_cleared_away(db: None) -> None:
    for name, days in (("over", -1), ("lasting", 1)):
        Session.objects.create(session_key=name, session_data="", expire_date=in_days(days))
    purge.purge()
    assert [session.session_key for session in Session.objects.all()] == ["lasting"]


def test_a_running_collector_purges_once_a_day_where_the_settings_say_so(settings: Any) -> None:
    assert purge.purge_daily in outward.jobs()
    settings.MIJIAN_RETENTION = Retention()
    assert purge.purge_daily not in outward.jobs()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its pages by itself")
def test_what_was_purged_can_no_longer_be_read_from_the_file(
    dismissed: Callable[..., Group], collector_home: Path
) -> None:
    mark = "普通商密★7年"
    group = dismissed("a", times=2)
    Group.objects.filter(pk=group.pk).update(marking=mark)
    file = Path(connection.settings_dict["NAME"])

    def on_disk() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return mark.encode() in file.read_bytes()

    assert on_disk()
    purge.purge(in_days(1001))
    assert not on_disk()
