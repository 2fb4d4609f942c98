"""One act on many violations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.violations.models import Group, State

pytestmark = pytest.mark.django_db
URL = reverse("web:bulk")
Seat = Callable[..., Client]
People = Callable[..., User]


def test_the_first_step_shows_a_form_and_changes_nothing(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    page = seat(person()).post(URL, {"action": "rectified", "id": [str(group.pk)]})
    assert "1 violation is chosen" in page.content.decode()
    assert Group.objects.get().state == State.NEW


def test_ticked_rows_are_done_each_with_its_own_history(person: People, seat: Seat, office: Any) -> None:
    pc, officer = office.computer(), person()
    groups = [office.file(pc, content=str(n), medium=None) for n in range(3)]
    form = {"action": "assign", "confirm": "1", "id": [str(g.pk) for g in groups[:2]], "person": str(officer.pk)}
    page = seat(officer).post(URL, form | {"due": "2026-12-24"}, follow=True).content.decode()
    assert "Done for 2 violations." in page
    assert [Group.objects.get(pk=g.pk).state for g in groups] == [State.ASSIGNED, State.ASSIGNED, State.NEW]
    assert str(Group.objects.get(pk=groups[0].pk).due_on) == "2026-12-24"
    assert Entry.objects.filter(action="violation.assign").count() == 2


def test_all_that_match_are_done_and_nothing_else(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer()
    for number in range(55):
        office.file(pc, content=str(number), medium=None, severity="low")
    other = office.file(pc, content="x", medium=None, severity="critical")
    form = {"action": "false-alarm", "confirm": "1", "all": "1", "query": "severity=low", "note": "样本"}
    seat(person()).post(URL, form)
    assert Group.objects.filter(state=State.FALSE_ALARM).count() == 55
    other.refresh_from_db()
    assert other.state == State.NEW


@pytest.mark.parametrize("form", [{"all": "1", "query": "state=all"}, {}])
def test_nothing_outside_the_own_department_is_touched(
    person: People, seat: Seat, office: Any, form: dict[str, str]
) -> None:
    mine = office.file(office.computer(department="总部/办公室"), content="1", medium=None)
    foreign = office.file(office.computer("b", department="总部/财务处"), content="2", medium=None)
    told = {"action": "false-alarm", "confirm": "1", "note": "x", "id": [str(mine.pk), str(foreign.pk)]} | form
    seat(person(Role.DEPARTMENT, department="总部/办公室")).post(URL, told)
    assert [Group.objects.get(pk=g.pk).state for g in (mine, foreign)] == [State.FALSE_ALARM, State.NEW]


def test_what_is_outside_the_own_department_is_not_even_counted(person: People, seat: Seat, office: Any) -> None:
    foreign = office.file(office.computer(department="总部/财务处"), medium=None)
    client = seat(person(Role.DEPARTMENT, department="总部/办公室"))
    for chosen in ({"id": [str(foreign.pk)]}, {"all": "1"}):
        page = client.post(URL, {"action": "false-alarm"} | chosen, follow=True).content.decode()
        assert "Nothing is chosen" in page


def test_those_whose_state_does_not_allow_it_are_left_and_counted(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer()
    groups = [office.file(pc, content=str(n), medium=None) for n in range(2)]
    Group.objects.filter(pk=groups[0].pk).update(state=State.CLOSED)
    form = {"action": "rectified", "confirm": "1", "note": "已清除", "id": [str(g.pk) for g in groups]}
    page = seat(person()).post(URL, form, follow=True).content.decode()
    assert "Done for 1 violation." in page
    assert "1 were left" in page


def test_a_reason_that_is_missing_is_asked_for_and_nothing_is_half_done(
    person: People, seat: Seat, office: Any
) -> None:
    groups = [office.file(office.computer(f"pc-{n}"), content=str(n), medium=None) for n in range(2)]
    form = {"action": "false-alarm", "confirm": "1", "id": [str(g.pk) for g in groups], "note": " "}
    answer = seat(person()).post(URL, form)
    assert (answer.status_code, "Please give a reason." in answer.content.decode()) == (422, True)
    assert not Group.objects.exclude(state=State.NEW).exists()


@pytest.mark.parametrize("form", [{"action": "nonsense"}, {"action": "assign", "id": ["no-uuid"]}])
def test_nonsense_changes_nothing(person: People, seat: Seat, office: Any, form: dict[str, Any]) -> None:
    office.file(office.computer())
    assert seat(person()).post(URL, form | {"confirm": "1"}).status_code in (302, 404)
    assert Group.objects.get().state == State.NEW
