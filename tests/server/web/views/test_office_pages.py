"""Departments, users, waivers, saved views, audit and health on their pages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server import audit
from server.accounts.models import Department, Role, User
from server.notifications.models import Cursor, Notice
from server.notifications.queue import tell
from server.outbound.settings import Channel, Siem
from server.retention.settings import Retention
from server.violations import transitions, waivers
from server.violations.models import DroppedReport, Group, SavedView, State

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]


def test_departments_are_added_and_moved(person: People, seat: Seat, organise: Any) -> None:
    client, top = seat(person()), organise("总部")
    client.post(reverse("web:departments"), {"name": "办公室", "parent": str(top.pk)})
    made = Department.objects.get(name="办公室")
    assert made.parent == top
    client.post(reverse("web:department", args=[made.pk]), {"name": "综合处", "parent": ""})
    made.refresh_from_db()
    assert (made.name, made.parent) == ("综合处", None)


def test_an_account_is_made_changed_and_its_sessions_end(person: People, seat: Seat) -> None:
    boss = seat(person(Role.ADMIN))
    form = {"username": "zhou", "full_name": "周涛", "role": "it", "parent": "", "password": "对马海峡-correct-horse"}
    assert boss.post(reverse("web:user-new"), form).status_code == 302
    zhou = User.objects.get(username="zhou")
    theirs = seat(zhou)
    assert theirs.get(reverse("web:start")).status_code == 200
    boss.post(reverse("web:user-edit", args=[zhou.pk]), {**form, "role": "viewer", "password": "", "is_active": "1"})
    assert User.objects.get(username="zhou").role == "viewer"
    assert theirs.get(reverse("web:start")).status_code == 302


def test_an_inspector_without_an_end_is_not_made(person: People, seat: Seat) -> None:
    form = {"username": "jian", "role": "inspector", "password": "对马海峡-correct-horse", "parent": ""}
    answer = seat(person(Role.ADMIN)).post(reverse("web:user-new"), form)
    assert answer.status_code == 422
    assert "needs an end" in answer.content.decode()


def test_what_an_account_leaves_behind_when_it_ends_is_told_and_found(person: People, seat: Seat, office: Any) -> None:
    leaver, officer = person(Role.IT, username="leaver"), person(Role.OFFICER)
    kept, group = office.file(office.computer("a"), content="1"), office.file(office.computer("b"), content="2")
    transitions.assign(kept, to=officer, by=officer)
    transitions.assign(group, to=leaver, by=officer)
    listed = "/violations/?assignee=gone"
    assert str(group.pk) not in seat(officer).get(listed).content.decode()
    page = seat(person(Role.ADMIN)).post(f"/users/{leaver.pk}/", {"role": "it", "is_active": ""}, follow=True)
    assert f"assigned to this account: 1. A secrecy officer gives them to others ({listed})" in page.content.decode()
    found = seat(officer).get(listed).content.decode()
    assert (str(group.pk) in found, str(kept.pk) in found) == (True, False)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_users_are_for_administrators_of_the_whole_house(person: People, seat: Seat, role: Role) -> None:
    assert seat(person(role)).get(reverse("web:users")).status_code == 403
    assert seat(person(Role.ADMIN, department="总部")).get(reverse("web:users")).status_code == 403


def test_a_waiver_is_asked_for_on_one_page_and_approved_on_another(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    until = (timezone.localdate() + timedelta(days=5)).isoformat()
    asker, officer = seat(person(Role.IT)), seat(person())
    asker.post(reverse("web:waive", args=[group.pk]), {"scope": "violation", "until": until, "note": "专项任务"})
    page = officer.get(reverse("web:waivers")).content.decode()
    assert "专项任务" in page
    waiver = group.waivers.get()
    officer.post(reverse("web:waiver-decide", args=[waiver.pk]), {"decision": "approve"})
    group.refresh_from_db()
    assert group.state == State.WAIVED
    assert "Waived until" in officer.get(reverse("web:violation", args=[group.pk])).content.decode()


def test_a_waiver_without_a_last_day_is_asked_for_again(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    for until in ("", "tomorrow"):
        form = {"scope": "violation", "until": until, "note": "x"}
        assert seat(person(username=f"u{until}")).post(reverse("web:waive", args=[group.pk]), form).status_code == 422
    assert not group.waivers.exists()


def test_one_s_own_waiver_is_shown_without_a_decision(person: People, seat: Seat, office: Any) -> None:
    officer = person()
    group, until = office.file(office.computer()), timezone.localdate() + timedelta(days=5)
    waivers.ask(group, scope="violation", reason="x", expires_on=until, by=officer)
    page = seat(officer).get(reverse("web:waivers")).content.decode()
    assert "Somebody else has to decide" in page
    assert 'value="approve"' not in page


def test_a_saved_view_keeps_filters_and_nothing_else(person: People, seat: Seat) -> None:
    client = seat(person())
    query = "severity=high&after=xyz&next=//evil.example&q=%3Cb%3E"
    client.post(reverse("web:save-view"), {"name": "高", "query": query, "shared": "1"})
    view = SavedView.objects.get()
    assert (view.query, view.shared) == ("q=%3Cb%3E&severity=high", True)
    other = seat(person(Role.VIEWER))
    assert "高" in other.get(reverse("web:violations")).content.decode()
    assert other.post(reverse("web:drop-view", args=[view.pk])).status_code == 404
    client.post(reverse("web:drop-view", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_a_viewer_shares_no_view(person: People, seat: Seat) -> None:
    seat(person(Role.VIEWER)).post(reverse("web:save-view"), {"name": "x", "query": "q=1", "shared": "1"})
    assert SavedView.objects.get().shared is False


def test_the_audit_log_is_narrowed_by_act_person_and_day(person: People, seat: Seat, office: Any) -> None:
    auditor, officer = person(Role.AUDITOR), person()
    group = office.file(office.computer())
    seat(officer).post(reverse("web:false-alarm", args=[group.pk]), {"note": "模板"})
    client = seat(auditor)
    for query, there in (
        ("q=violation.false-alarm", True),
        ("q=officer", True),
        ("q=nobody", False),
        ("until=2020-01-01", False),
        ("since=2020-01-01", True),
        ("since=nonsense", True),
        ("q=%27%3B+DROP+TABLE+audit_entry", False),
    ):
        page = client.get(f"{reverse('web:audit')}?{query}").content.decode()
        assert ("violation.false-alarm</code>" in page) == there, query


def test_health_says_that_a_proxy_in_front_is_not_named(person: People, seat: Seat, settings: Any) -> None:
    client, told = seat(person(Role.ADMIN)), "through a proxy that is not named"
    assert told not in client.get(reverse("web:health")).content.decode()
    through = {"headers": {"X-Forwarded-For": "203.0.113.9"}}
    assert told in client.get(reverse("web:health"), **through).content.decode()
    settings.MIJIAN_TRUSTED_PROXIES = ("127.0.0.1",)
    assert told not in client.get(reverse("web:health"), **through).content.decode()


def test_health_tells_what_computers_had_to_drop(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer("full-box")
    DroppedReport.objects.create(id=uuid.uuid4(), computer=pc, seen_at=timezone.now(), counts={"scan": 12, "check": 3})
    page = seat(person()).get(reverse("web:health")).content.decode()
    assert "full-box" in page
    assert ">15</td>" in page
    assert "sums of scans 12 · results of checks 3" in page


def test_health_tells_what_is_in_the_way_of_notices_and_of_the_live_export(
    person: People, seat: Seat, settings: Any
) -> None:
    client = seat(person(), "zh-hans")
    assert "没有任何内容会自动发出" in client.get(reverse("web:health")).content.decode()
    settings.MIJIAN_CHANNELS = {"值班": Channel(kind="webhook", url="https://192.0.2.9/x", secret="s" * 20)}
    settings.MIJIAN_SIEM = Siem(kind="tcp", host="siem.example")
    notice = tell("值班", Notice.Subject.TEST, {})
    Notice.objects.filter(pk=notice and notice.pk).update(problem="the host answered with status 503")
    Cursor.objects.create(name="siem", at=timezone.now(), row=uuid.UUID(int=0), problem="the SIEM did not take it (X)")
    page = client.get(reverse("web:health")).content.decode()
    assert "值班" in page
    assert "对方返回状态 503" in page
    assert "SIEM 未接收 (X)" in page
    for secret in ("192.0.2.9", "siem.example", "s" * 20):
        assert secret not in page


def test_health_tells_how_long_records_are_kept_and_what_was_purged(person: People, seat: Seat, settings: Any) -> None:
    settings.MIJIAN_RETENTION = Retention(sightings=400)
    audit.record("retention.purge", kind="sightings", count=1234, before="2025-01-01")
    page = seat(person()).get(reverse("web:health")).content.decode()
    assert "400 days" in page
    assert ">1234</td>" in page


def test_health_tells_when_the_last_backup_was_made_and_tried_out(person: People, seat: Seat) -> None:
    client = seat(person())
    page = client.get(reverse("web:health")).content.decode()
    assert "none was made yet" in page
    assert "mijian-server backup" in page and "verify --backup" in page
    audit.record("backup.made", bytes=3_145_728, sealed=True)
    audit.record("backup.tried", made="2026-11-22T08:00:00+00:00")
    page = client.get(reverse("web:health")).content.decode()
    assert re.search(r"3.0\sMB · sealed with a passphrase", page)
    assert "none was made yet" not in page and "mijian-server backup" not in page and "verify --backup" not in page


def test_what_is_overdue_stands_in_the_title_and_in_the_list(person: People, seat: Seat, office: Any) -> None:
    late = office.file(office.computer(), content="1")
    office.file(office.computer("b"), content="2")
    Group.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    client = seat(person())
    today = client.get(reverse("web:start")).content.decode()
    assert "<title>(1) Today" in today
    assert "favicon-overdue.svg" in today
    listed = client.get(reverse("web:violations") + "?due=overdue").content.decode()
    assert listed.count("data-row>") == 1
    assert "chip--bad" in listed


@pytest.mark.parametrize(("severity", "days"), [("critical", 3), ("high", 7), ("medium", 30), ("low", 90)])
def test_the_due_date_comes_from_the_severity(office: Any, severity: str, days: int) -> None:
    group = office.file(office.computer(), severity=severity)
    assert group.due_on == timezone.localdate() + timedelta(days=days)
