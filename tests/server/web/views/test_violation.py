"""The page of one violation."""

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

from protocol.ids import uuid7
from protocol.records import (
    AgentEvidence,
    Medium,
    MediumEvidence,
    Place,
    SettingEvidence,
    SettingSeen,
    Severity,
    ViolationSeen,
)
from server.accounts.models import Role, User
from server.ledger.models import Medium as LedgerMedium
from server.violations import transitions
from server.violations.models import Group, State
from tests.server.web.conftest import STICK

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]


def url(group: Group) -> str:
    return reverse("web:violation", args=[group.pk])


def read(client: Client, group: Group) -> str:
    return client.get(url(group)).content.decode()


def test_nobody_sees_a_violation_without_signing_in(client: Client, office: Any) -> None:
    assert client.get(url(office.file(office.computer()))).status_code == 302


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read_a_violation(person: People, seat: Seat, office: Any, role: Role) -> None:
    group = office.file(office.computer(department="总部/办公室"))
    scope = {"department": "总部/办公室"} if role == Role.DEPARTMENT else {}
    assert seat(person(role, **scope)).get(url(group)).status_code == 200


def test_an_id_that_is_none_leads_nowhere(person: People, seat: Seat) -> None:
    assert seat(person()).get(reverse("web:violation", args=[uuid.uuid4()])).status_code == 404


def test_the_control_is_quoted_with_its_clause_and_remedy_in_the_reader_s_language(
    person: People, seat: Seat, office: Any
) -> None:
    group = office.file(office.computer())
    english = read(seat(person()), group)
    assert "MEDIA-05" in english
    assert "Non-classified media may not carry state secrets or work secrets in any form." in english
    assert "第二条" in english
    assert "Stop using the medium" in english
    chinese = read(seat(person(Role.IT), "zh-hans"), group)
    assert "非涉密移动存储介质" in chinese
    assert "停止使用该介质" in chinese


def test_a_control_this_collector_does_not_know_is_shown_by_its_id(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer(), control="XYZ-99")
    page = read(seat(person()), group)
    assert "XYZ-99" in page
    assert "does not know the text of this control" in page


def test_the_evidence_shows_marking_zone_numbers_and_what_is_wrong(person: People, seat: Seat, office: Any) -> None:
    group = office.file(
        office.computer(),
        "秘密★5年",
        level="秘密",
        period="P5Y",
        zone="cell",
        place=Place(sheet=2, cell="A1"),
        codes=("STAR_VARIANT", "NOT_YET_KNOWN"),
        confidence=88,
    )
    page = read(seat(person()), group).replace("\xa0", " ")
    for told in ("秘密★5年", "5 years", "sheet 2 · cell A1", "88", "47.1 KB", "The star is not the prescribed ★."):
        assert told in page
    assert page.count("NOT_YET_KNOWN") >= 2
    assert group.content_hash in page
    assert group.path_hash in page


def test_no_path_and_no_sealed_bytes_are_on_the_page(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    page = read(seat(person(Role.ADMIN)), group)
    assert "二季度" not in page
    assert group.sealed_place not in page


def test_computer_medium_and_session_are_told(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer("bgs-zhangsan", person="张三", level="机密", number="BG-017")
    group = office.file(pc, session=office.session(pc))
    page = read(seat(person()), group)
    for told in (
        "bgs-zhangsan",
        "张三",
        "BG-017",
        "up to 机密",
        "Kingston DataTraveler",
        "…7F2A",
        "exfat",
        "unmounted",
    ):
        assert told in page


def test_a_session_whose_record_has_not_arrived_breaks_nothing(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer(), session=str(uuid.uuid4()))
    assert seat(person()).get(url(group)).status_code == 200


def test_every_sighting_has_its_row_and_the_earliest_are_counted(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer(), times=52)
    page = read(seat(person()), group)
    assert "52 sightings" in page
    assert "and 2 earlier ones" in page


def test_signals_of_an_outside_connection_are_sentences(person: People, seat: Seat, office: Any) -> None:
    page = read(seat(person()), office.network(office.computer("jiyao", "confidential")))
    assert "A default route leads out (eth0)" in page
    assert "A program is connected to an outside address (public address · firefox)" in page
    assert "Path" not in re.sub(r"<[^>]+>", "", page.split("Evidence")[1].split("Each sighting")[0])


def test_the_fingerprint_is_shown_with_what_it_is_made_of(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    assert group.medium is not None
    page = read(seat(person()), group)
    assert group.fingerprint in page
    assert group.medium.key in page


def test_the_same_content_elsewhere_is_linked(person: People, seat: Seat, office: Any) -> None:
    one = office.file(office.computer("one"), content="same", medium=None)
    two = office.file(office.computer("two"), content="same", medium=None)
    assert url(two) in read(seat(person()), one)


def test_the_history_tells_each_step_with_its_note(person: People, seat: Seat, office: Any) -> None:
    officer, it = person(), person(Role.IT, last_name="李", first_name="伟")
    group = office.file(office.computer())
    transitions.assign(group, to=it, by=officer, note="请核实 <来源>")
    transitions.comment(group, by=it, note="已收")
    transitions.mark_false_alarm(group, by=it, reason="模板")
    page = read(seat(officer), group)
    assert "assigned it to 李伟" in page
    assert "请核实 &lt;来源&gt;" in page
    assert page.index("已收") < page.index("模板")


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.NEW, {"assign", "rectified", "false-alarm", "waive"}),
        (State.ASSIGNED, {"assign", "rectified", "false-alarm", "waive"}),
        (State.RECTIFIED, {"assign", "false-alarm", "reopen", "waive"}),
        (State.VERIFIED, {"reopen", "close"}),
        (State.CLOSED, {"reopen"}),
        (State.FALSE_ALARM, {"reopen"}),
        (State.WAIVED, {"waive"}),
    ],
)
def test_only_acts_that_fit_the_state_are_offered(
    person: People, seat: Seat, office: Any, state: State, offered: set[str]
) -> None:
    group = office.file(office.computer())
    Group.objects.filter(pk=group.pk).update(state=state)
    page = read(seat(person()), group)
    found = set(re.findall(rf'href="{re.escape(url(group))}([a-z-]+)/"', page))
    assert found == offered


def test_a_viewer_is_offered_no_act_at_all(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    page = read(seat(person(Role.VIEWER)), group)
    assert f"{url(group)}assign/" not in page
    assert "<textarea" not in page
    assert f"{url(group)}reveal/" not in page


@pytest.mark.parametrize(
    ("role", "offered"), [(Role.OFFICER, True), (Role.ADMIN, True), (Role.IT, False), (Role.VIEWER, False)]
)
def test_the_way_to_the_path_is_offered_to_the_right_roles(
    person: People, seat: Seat, office: Any, role: Role, offered: bool
) -> None:
    group = office.file(office.computer())
    page = read(seat(person(role)), group)
    assert (f"{url(group)}reveal/" in page) is offered
    assert ("A secrecy officer can open it." in page) is not offered


def test_the_number_of_queries_does_not_grow_with_the_sightings(
    person: People, seat: Seat, office: Any, django_assert_max_num_queries: Any
) -> None:
    pc, boss = office.computer(), person(Role.VIEWER)
    group = office.file(pc, times=30, session=office.session(pc))
    officer = person()
    for number in range(10):
        transitions.comment(group, by=officer, note=str(number))
    client = seat(boss)
    with django_assert_max_num_queries(12):
        assert client.get(url(group)).status_code == 200


def test_nothing_of_the_page_may_be_kept_by_a_cache(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer(), seen_at=timezone.now() - timedelta(days=1))
    assert "no-store" in seat(person()).get(url(group))["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_a_failed_check_shows_what_was_seen_and_what_is_asked_for(
    person: People, seat: Seat, deliver: Callable[..., Any], sender: Any
) -> None:
    setting = SettingSeen(
        zh="口令使用天数：zhang", en="age of the password in days: zhang", seen="200", expected="≤ 90"
    )
    evidence = SettingEvidence(
        check="password-age",
        title_zh="口令按期更换",
        title_en="Passwords are changed in time",
        remedy_zh="立即更换",
        settings=(setting,),
    )
    deliver(
        sender.next(
            ViolationSeen(
                id=uuid7(), seen_at=timezone.now(), control="PWD-02", severity=Severity.HIGH, evidence=evidence
            )
        )
    )
    group = Group.objects.get()
    english = read(seat(person()), group)
    for words in ("age of the password in days: zhang", "200", "≤ 90", "check:password-age", "Failed check"):
        assert words in english
    chinese = read(seat(person(Role.IT), "zh-hans"), group)
    for words in ("口令使用天数：zhang", "口令按期更换", "自查不合格", "要求", "立即更换", "对密码进行定期更新"):
        assert words in chinese


def reported(office: Any, control: str, evidence: Any, medium: Medium | None = None) -> Group:
    """What a computer told of something that is no file."""
    record = ViolationSeen(
        id=uuid7(), seen_at=timezone.now(), control=control, severity=Severity.HIGH, evidence=evidence, medium=medium
    )
    group: Group = office.report(office.computer(), [record])
    return group


def test_a_medium_out_of_place_shows_how_it_stands_in_the_register(person: People, seat: Seat, office: Any) -> None:
    evidence = MediumEvidence(status="destroyed", number="U-5", medium_class="internal", seen_in=("internet",))
    group = reported(office, "DISPOSE-08", evidence, STICK)
    page = read(seat(person()), group)
    for words in ("recorded as destroyed", "U-5", "Seen before in", "Kingston DataTraveler"):
        assert words in page
    assert "has not arrived" not in page
    made_of = page[page.index("It is made of:") :]
    assert STICK.key[:12] in made_of
    assert "<code>medium</code>" in made_of
    row = seat(person(Role.IT)).get(reverse("web:violations")).content.decode()
    assert "Kingston DataTraveler" in row[row.index("table__where") :]


def test_documents_left_on_a_medium_for_carrying_are_told_as_numbers(person: People, seat: Seat, office: Any) -> None:
    evidence = MediumEvidence(status="registered", number="U-7", medium_class="internal", files=3, days=12)
    group = reported(office, "MEDIA-10", evidence, STICK)
    assert "3 documents, the oldest for 12 days" in read(seat(person()), group)
    assert "3 个文件，最早的已存放 12 天" in read(seat(person(Role.IT), "zh-hans"), group)


def test_an_agent_that_was_stopped_or_altered_is_told_in_words(person: People, seat: Seat, office: Any) -> None:
    evidence = AgentEvidence(signals=("clock-set-back", "not-running"), seconds=7300)
    group = reported(office, "SEC-13", evidence)
    english = read(seat(person()), group)
    for words in ("The clock of the computer was set back", "The agent did not run for a time", "<code>agent</code>"):
        assert words in english
    assert re.search(r"2\xa0hours, 1\xa0minute", english)
    chinese = read(seat(person(Role.IT), "zh-hans"), group)
    for words in ("计算机时钟被回拨", "客户端有一段时间未运行", "时长或偏差"):
        assert words in chinese
    assert "the agent itself" in seat(person(Role.ADMIN)).get(reverse("web:violations")).content.decode()


def test_what_stood_on_a_destroyed_medium_can_be_closed_on_its_page(office: Any, seat: Any, person: Any) -> None:
    group, client = office.file(office.computer()), seat(person(Role.OFFICER))
    Group.objects.update(state=State.RECTIFIED)
    address = f"/violations/{group.pk}/close/"
    assert address not in client.get(f"/violations/{group.pk}/").content.decode()
    LedgerMedium.objects.update(status="destroyed")
    assert address in client.get(f"/violations/{group.pk}/").content.decode()
    assert "no scan can verify it" in client.get(address).content.decode()
    assert client.post(address, {"note": "2026-17"}).status_code == 302
    assert Group.objects.get().state == State.CLOSED
