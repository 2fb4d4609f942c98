"""The pages of incidents."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.incidents.actions import Told, open_incident
from server.incidents.models import Incident, State
from server.ledger.models import Medium

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]


def opened(by: User, **more: Any) -> Incident:
    told = {"title": "涉密U盘丢失", "kind": "loss", "discovered_at": timezone.now()}
    return open_incident(Told(**(told | more)), by=by)


def field(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def act(client: Client, incident: Incident, what: str, **form: Any) -> Any:
    return client.post(reverse("web:incident-act", args=[incident.pk]), {"act": what, **form})


def test_an_incident_is_opened_from_a_violation_with_all_that_belongs_to_it(
    person: People, seat: Seat, office: Any
) -> None:
    group = office.file(office.computer("bgs-01", department="总部/办公室"))
    client = seat(person())
    page = client.get(reverse("web:violation", args=[group.pk])).content.decode()
    link = re.search(r'href="(/incidents/new/\?violation=[^"]+)"', page)
    assert link is not None
    form = client.get(link[1]).content.decode()
    assert "MEDIA-05" in form
    assert field(group.first_seen_at) in form
    department = re.search(r'<option value="(\d+)" selected>[^<]*办公室', form)
    assert department is not None
    answer = client.post(
        link[1],
        {
            "violation": str(group.pk),
            "title": "U盘存有机密文件",
            "kind": "possible",
            "discovered_at": field(group.first_seen_at),
            "department": department[1],
            "facts": "",
        },
    )
    incident = Incident.objects.get()
    assert answer["Location"] == reverse("web:incident", args=[incident.pk])
    assert (incident.department.name if incident.department else "") == "办公室"
    assert list(incident.groups.all()) == [group]
    assert list(incident.computers.all()) == [group.computer]
    assert list(incident.media.all()) == [group.medium]
    page = client.get(reverse("web:violation", args=[group.pk])).content.decode()
    assert incident.number in page
    page = client.get(reverse("web:computer", args=[group.computer.pk])).content.decode()
    assert incident.number in page


def test_a_second_violation_is_added_on_its_own_page(person: People, seat: Seat, office: Any) -> None:
    officer = person()
    incident, group = opened(officer), office.file(office.computer())
    client = seat(officer)
    client.post(reverse("web:violation-incident", args=[group.pk]), {"incident": incident.pk})
    assert list(incident.groups.all()) == [group]
    assert client.post(reverse("web:violation-incident", args=[group.pk]), {"incident": "9999"}).status_code == 404


def test_the_page_of_a_lost_medium_proposes_a_loss(person: People, seat: Seat, office: Any) -> None:
    office.file(office.computer())
    Medium.objects.update(status="lost", number="U-7", registered_at=timezone.now())
    client, stick = seat(person()), Medium.objects.get()
    address = f"{reverse('web:incident-new')}?medium={stick.pk}"
    assert address in client.get(reverse("web:medium", args=[stick.pk])).content.decode()
    form = client.get(address).content.decode()
    assert '<option value="loss" selected>' in form
    assert "Lost" in form
    assert "U-7" in form


@pytest.mark.parametrize(
    ("name", "value"),
    [("title", ""), ("kind", "rumour"), ("discovered_at", ""), ("discovered_at", "soon"), ("department", "999999")],
)
def test_a_mistake_in_the_form_is_told_and_loses_nothing(person: People, seat: Seat, name: str, value: str) -> None:
    form = {
        "title": "丢失",
        "kind": "loss",
        "discovered_at": field(timezone.now()),
        "facts": "在会议室",
        "department": "",
    }
    answer = seat(person()).post(reverse("web:incident-new"), form | {name: value})
    assert answer.status_code == 422
    assert 'class="field__error"' in answer.content.decode()
    assert "在会议室" in answer.content.decode()
    assert not Incident.objects.exists()


def test_an_incident_is_worked_through_to_its_report_on_its_pages(person: People, seat: Seat) -> None:
    officer = person()
    incident, client = opened(officer), seat(officer)
    page = reverse("web:incident", args=[incident.pk])
    early = act(client, incident, "verify")
    assert early.status_code == 422
    assert "what happened" in early.content.decode()
    edit = reverse("web:incident-edit", args=[incident.pk])
    told = {
        "facts": "U盘遗失于会议室",
        "level": "none",
        "cause_kind": "negligence",
        "cause": "未锁柜",
        "responsibility": "使用人",
        "decision": "education",
        "prevention": "配柜",
    }
    assert client.post(edit, told).status_code == 302
    assert client.post(edit, {"occurred_at": "2099-01-01T00:00"}).status_code == 422
    act(client, incident, "measure", text="配保密柜", responsible="周涛", due_on="2026-12-01")
    assert act(client, incident, "measure", text="再配", due_on="soon").status_code == 422
    act(client, incident, "measure-done", measure=incident.measures.get().pk)
    act(client, incident, "verify")
    act(client, incident, "handle")
    assert act(client, incident, "close").status_code == 422
    for duty in incident.duties.all():
        assert act(client, incident, "duty", duty=duty.key, note="").status_code == 422
        act(client, incident, "duty", duty=duty.key, note="书面报告", at=field(timezone.now()))
    act(client, incident, "note", note="已归档")
    assert act(client, incident, "close").status_code == 302
    incident.refresh_from_db()
    assert incident.state == State.CLOSED
    report = client.get(reverse("web:incident-report", args=[incident.pk])).content.decode()
    for word in (
        "U盘遗失于会议室",
        "未锁柜",
        "配保密柜",
        "书面报告",
        incident.digest,
        "第六十一条",
        'class="signatures"',
    ):
        assert word in report
    assert client.get(edit).status_code == 403
    shown = client.get(page).content.decode()
    assert "已归档" in shown
    assert 'name="act" value="duty"' not in shown
    act(client, incident, "reopen", reason="新线索")
    incident.refresh_from_db()
    assert incident.state == State.OPEN


def test_things_are_added_by_their_number_and_taken_away(person: People, seat: Seat, office: Any) -> None:
    officer = person()
    incident, client, pc = opened(officer), seat(officer), office.computer("bgs", number="BG-1")
    assert act(client, incident, "link", number="none-such").status_code == 422
    act(client, incident, "link", number="BG-1")
    assert list(incident.computers.all()) == [pc]
    act(client, incident, "unlink", thing=f"computers:{pc.pk}")
    assert not incident.computers.exists()
    for nonsense in ("computers:x", "people:1", ""):
        assert act(client, incident, "unlink", thing=nonsense).status_code == 404
    assert act(client, incident, "explode").status_code == 404


def test_what_belongs_to_another_department_is_not_shown_on_an_incident(
    person: People, seat: Seat, office: Any, organise: Any
) -> None:
    here, officer = organise("总部/办公室"), person()
    foreign = office.file(office.computer("cw-secret", department="总部/财务处"), "绝密★30年")
    incident = opened(officer, department=here, groups=(foreign,), computers=(foreign.computer,))
    client = seat(person(Role.DEPARTMENT, department=here))
    for name in ("incident", "incident-report"):
        page = client.get(reverse(f"web:{name}", args=[incident.pk])).content.decode()
        assert incident.title in page
        assert "cw-secret" not in page
        assert "绝密★30年" not in page


def test_an_overdue_duty_is_told_on_today_and_leads_to_its_incidents(person: People, seat: Seat, organise: Any) -> None:
    officer = person()
    late = opened(officer, discovered_at=timezone.now() - timedelta(hours=25), department=organise("总部/办公室"))
    opened(officer, title="刚刚发现")
    page = seat(officer).get(reverse("web:start")).content.decode()
    assert "1 incident: a duty is overdue" in page
    assert "favicon-overdue" in page
    listed = seat(officer).get(reverse("web:incidents") + "?tab=overdue").content.decode()
    assert re.findall(r"data-open><b>([^<]+)</b>", listed) == [late.title]
    beside = seat(person(Role.DEPARTMENT, department="总部/财务处")).get(reverse("web:start")).content.decode()
    assert "a duty is overdue" not in beside


def test_a_running_round_is_told_on_today(person: People, seat: Seat, make_round: Any) -> None:
    campaign = make_round()
    page = seat(person()).get(reverse("web:start")).content.decode()
    assert campaign.title in page
    assert campaign.deadline.isoformat() in page


def test_a_violation_says_during_which_round_it_was_seen(
    person: People, seat: Seat, office: Any, make_round: Any
) -> None:
    group = office.file(office.computer(department="总部/办公室"))
    make_round(title="本次自查")
    make_round(title="互联网自查", classes=["internet"])
    today = timezone.localdate()
    make_round(title="上次自查", starts_on=today - timedelta(days=40), deadline=today - timedelta(days=20))
    make_round(title="下次自查", starts_on=today + timedelta(days=1), deadline=today + timedelta(days=9))
    page = seat(person()).get(reverse("web:violation", args=[group.pk])).content.decode()
    assert "本次自查" in page
    assert "互联网自查" not in page
    assert "下次自查" not in page
    assert "上次自查" not in page


def test_an_empty_list_says_what_an_incident_is(person: People, seat: Seat) -> None:
    page = seat(person()).get(reverse("web:incidents")).content.decode()
    assert 'class="empty"' in page
    assert "24 hours" in page


@pytest.mark.parametrize(("name", "most"), [("incidents", 6), ("incident", 12), ("incident-report", 10)])
def test_the_number_of_queries_does_not_grow(
    person: People,
    seat: Seat,
    office: Any,
    organise: Any,
    name: str,
    most: int,
    django_assert_max_num_queries: Any,
) -> None:
    boss, here = person(), organise("总部/办公室")
    groups = tuple(
        office.file(office.computer(f"pc-{number}", department="总部/办公室"), content=str(number))
        for number in range(8)
    )
    computers = tuple(group.computer for group in groups)
    for number in range(12):
        incident = opened(boss, title=f"事件{number}", department=here, groups=groups, computers=computers)
    client = seat(person(Role.DEPARTMENT, department="总部"))
    address = reverse(f"web:{name}") if name == "incidents" else reverse(f"web:{name}", args=[incident.pk])
    client.get(address)
    with django_assert_max_num_queries(most):
        assert client.get(address).status_code == 200
