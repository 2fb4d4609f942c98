"""Changing the ledgers: rights, scope, values taken together, and a log of every change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from protocol.records import Medium as SeenMedium
from server.accounts.models import Role, User
from server.audit.log import verify_chain
from server.audit.models import Entry
from server.intake.carriers import store_media
from server.ledger.actions import LedgerMistakes, add_note, revoke, save, serial_hash
from server.ledger.kinds import COMPUTERS, MEDIA, PEOPLE
from server.ledger.models import Computer, Medium, Note, Person

pytestmark = pytest.mark.django_db
Typed = Callable[..., Any]
People = Callable[..., User]


def test_a_new_entry_stands_in_the_ledger_with_who_entered_it(typed: Typed, officer: User) -> None:
    pc = typed("computers", place="302室")
    assert pc.registered
    assert (pc.status, pc.status_on) == ("in-use", timezone.localdate())
    entry = Entry.objects.get(action="ledger.register")
    assert (entry.actor, entry.object_id) == (officer, str(pc.pk))
    assert entry.detail["changes"]["place"] == ["", "302室"]


def test_a_change_is_logged_field_by_field_in_the_chain(typed: Typed, officer: User) -> None:
    pc = typed("computers")
    save(COMPUTERS, pc, {"place": "305室", "status": "in-repair"}, by=officer)
    changes = Entry.objects.get(action="ledger.change").detail["changes"]
    assert changes == {"place": ["", "305室"], "status": ["in-use", "in-repair"]}
    assert verify_chain().whole


def test_saving_what_stands_there_already_logs_nothing(typed: Typed, officer: User) -> None:
    pc = typed("computers")
    _row, changes = save(COMPUTERS, pc, {"name": "pc-1"}, by=officer)
    assert changes == []
    assert not Entry.objects.filter(action="ledger.change").exists()


@pytest.mark.parametrize(
    ("told", "column"),
    [
        ({"computer_class": "confidential"}, "level"),
        ({"level": "机密"}, "level"),
        ({"status": "lent"}, "holder"),
        ({"number": ""}, "number"),
        ({"person": "无此人"}, "person"),
        ({"department": "无此部门"}, "department"),
        ({"issued_on": "21.11.2026"}, "issued_on"),
        ({"status": "gone"}, "status"),
        ({"place": "长" * 101}, "place"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_column(typed: Typed, told: dict[str, str], column: str) -> None:
    with pytest.raises(LedgerMistakes) as caught:
        typed("computers", **told)
    assert set(caught.value.by_column) == {column}
    assert not Computer.objects.exists()


def test_a_number_is_given_once(typed: Typed) -> None:
    typed("media")
    with pytest.raises(LedgerMistakes) as caught:
        typed("media")
    assert set(caught.value.by_column) == {"number"}


def test_people_of_one_name_are_told_apart_by_their_number(typed: Typed) -> None:
    typed("people", number="1")
    second = typed("people", number="2")
    with pytest.raises(LedgerMistakes):
        typed("computers", person="张三")
    assert typed("computers", person="张三 (2)").person == second


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR, Role.VIEWER])
def test_who_only_reads_enters_nothing(typed: Typed, person: People, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        typed("computers", by=person(role))


def test_a_department_officer_works_within_the_own_department(typed: Typed, person: People, organise: Any) -> None:
    organise("总部/财务处")
    mine = person(Role.DEPARTMENT, department="总部/办公室")
    own = typed("computers", by=mine, department="办公室")
    assert str(own.department) == "办公室"
    with pytest.raises(LedgerMistakes):
        typed("computers", by=mine, number="2", department="财务处")
    with pytest.raises(LedgerMistakes):
        typed("computers", by=mine, number="3")  # of no department: that is for the whole house
    foreign = typed("computers", number="4", department="财务处")
    with pytest.raises(PermissionDenied):
        save(COMPUTERS, foreign, {"place": "x"}, by=mine)
    with pytest.raises(LedgerMistakes):
        save(COMPUTERS, own, {"department": "财务处"}, by=mine)


def test_notes_of_people_stand_apart_from_the_log(typed: Typed, officer: User) -> None:
    pc = typed("computers")
    add_note(COMPUTERS, pc, by=officer, text=" 屏幕有裂纹 ")
    assert Note.objects.get().text == "屏幕有裂纹"
    assert "屏幕" not in str(list(Entry.objects.values_list("detail", flat=True)))
    with pytest.raises(LedgerMistakes):
        add_note(COMPUTERS, pc, by=officer, text="  ")


def test_a_medium_of_the_ledger_meets_its_first_sighting_by_the_maker_s_number(typed: Typed) -> None:
    entered = typed("media", serial="00AF12B7")
    seen = SeenMedium(key="5a" * 32, vendor="Kingston", serial_hash=serial_hash("00AF12B7"), serial_tail="12B7")
    ids = store_media([(seen, timezone.now())])
    assert ids == {seen.key: entered.pk}
    medium = Medium.objects.get()
    assert (medium.number, medium.vendor, medium.key) == ("U-001", "Kingston", seen.key)


def test_two_media_with_one_serial_number_are_not_taken_for_each_other(typed: Typed) -> None:
    for number in ("U-1", "U-2"):
        typed("media", number=number, serial="SAME-000")
    seen = SeenMedium(key="5a" * 32, serial_hash=serial_hash("SAME-000"))
    store_media([(seen, timezone.now())])
    assert Medium.objects.filter(registered_at=None).count() == 1


def test_a_medium_that_was_seen_first_is_entered_on_its_own_row(typed: Typed, officer: User) -> None:
    store_media([(SeenMedium(key="5a" * 32, vendor="SanDisk"), timezone.now())])
    told = {"number": "U-9", "medium_class": "confidential", "level": "秘密", "status": "in-use"}
    row, _changes = save(MEDIA, Medium.objects.get(), told, by=officer)
    assert isinstance(row, Medium)
    assert (row.key, row.number, row.registered) == ("5a" * 32, "U-9", True)


def test_an_enrolment_is_withdrawn_for_a_reason_and_once(computer: Computer, officer: User) -> None:
    with pytest.raises(LedgerMistakes):
        revoke(computer, by=officer, reason=" ")
    assert revoke(computer, by=officer, reason="报废").revoked_at is not None
    with pytest.raises(LedgerMistakes):
        revoke(computer, by=officer, reason="又一次")
    assert Entry.objects.get(action="computer.revoke").detail["reason"] == "报废"


def test_only_who_may_enrol_withdraws(computer: Computer, person: People) -> None:
    with pytest.raises(PermissionDenied):
        revoke(computer, by=person(Role.DEPARTMENT, department="总部"), reason="x")
    with pytest.raises(PermissionDenied):
        revoke(computer, by=person(Role.IT, department="总部"), reason="x")  # the computer is of no department


def test_a_person_leaves_on_a_day(typed: Typed, officer: User) -> None:
    zhang = typed("people")
    gone = timezone.localdate() - timedelta(days=1)
    save(PEOPLE, zhang, {"leaving_on": gone.isoformat()}, by=officer)
    assert Person.objects.get().leaving_on == gone


@pytest.mark.parametrize(
    "text",
    ["2026/11/21 0:00", "2026-11-21T08:00:00", "20261121", "2026年11月21日", "２０２６－１１－２１", " 2026.11.21 "],
)
def test_a_day_is_understood_as_people_and_programs_write_it(typed: Typed, officer: User, text: str) -> None:
    entry = typed("people")
    save(PEOPLE, entry, {"leaving_on": text}, by=officer)
    entry.refresh_from_db()
    assert entry.leaving_on == date(2026, 11, 21)


def test_a_person_is_known_in_brackets_of_either_width(typed: Typed, officer: User) -> None:
    typed("people", number="1001", name="张三")
    typed("people", number="1002", name="张三")
    assert typed("computers", person="张三（1002）").person.number == "1002"


def test_two_people_at_one_entry_lose_nothing_to_each_other(typed: Typed, officer: User, person: People) -> None:
    entry, ledger = typed("computers", place="301", serial=""), COMPUTERS
    seen = {"place": "301", "serial": ""}
    save(ledger, entry, {"place": "402", "serial": ""}, by=officer, seen=seen)
    save(ledger, entry, {"place": "301", "serial": "SN-1"}, by=person(Role.ADMIN), seen=seen)
    entry.refresh_from_db()
    assert (entry.place, entry.serial) == ("402", "SN-1")
    with pytest.raises(LedgerMistakes, match="402") as crossed:
        save(ledger, entry, {"place": "500", "serial": ""}, by=officer, seen=seen)
    assert set(crossed.value.by_column) == {"place"}


def test_what_was_only_seen_is_entered_with_all_that_an_entry_has(officer: User) -> None:
    seen = Medium.objects.create(key="ab" * 32, vendor="Kingston")
    with pytest.raises(LedgerMistakes) as wrong:
        save(MEDIA, seen, {"number": "", "status": "in-use"}, by=officer)
    assert set(wrong.value.by_column) == {"number", "medium_class"}
