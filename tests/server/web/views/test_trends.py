"""The drawings: opened and closed by week, age by severity, departments by state."""

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
from server.violations import sums, transitions
from server.violations.models import DepartmentSums

pytestmark = pytest.mark.django_db
URL = reverse("web:trends")
Seat = Callable[..., Client]
People = Callable[..., User]


def tables(page: str) -> list[dict[str, list[int]]]:
    """The table of each drawing: name → its numbers."""
    return [
        {
            name: [int(number) for number in re.findall(r'<td class="number">(\d+)</td>', row)]
            for name, row in re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', table, re.DOTALL)
        }
        for table in re.findall(r'<table class="table chart__numbers">(.*?)</table>', page, re.DOTALL)
    ]


def last_weeks(weeks: dict[str, list[int]]) -> list[int]:
    """The last two together: the one in hand may have begun a moment ago."""
    return [sum(column) for column in zip(*list(weeks.values())[-2:], strict=True)]


def test_each_drawing_has_a_table_that_says_the_same(person: People, seat: Seat, office: Any) -> None:
    officer, now = person(), timezone.now()
    pc = office.computer(department="总部/办公室")
    office.file(pc, content="old", seen_at=now - timedelta(days=45))
    office.file(pc, content="new", severity="low")
    assigned = office.file(office.computer("b", department="总部/财务处"), content="assigned")
    transitions.assign(assigned, to=officer, by=officer)
    transitions.mark_false_alarm(office.file(pc, content="wrong"), by=officer, reason="模板")
    page = seat(officer).get(URL).content.decode()
    weeks, ages, departments = tables(page)
    assert len(weeks) == 12
    assert [sum(column) for column in zip(*weeks.values(), strict=True)] == [4, 1]
    assert last_weeks(weeks) == [3, 1]
    assert ages["Critical"] == [1, 0, 1, 0]
    assert ages["Low"] == [1, 0, 0, 0]
    assert departments == {"办公室": [2, 0, 0], "财务处": [0, 1, 0]}
    assert page.count('<svg class="chart__drawing"') == 3
    assert "<script>" not in page


def test_a_department_officer_sees_the_own_departments_in_them(person: People, seat: Seat, office: Any) -> None:
    office.file(office.computer(department="总部/办公室"), content="1")
    office.file(office.computer("b", department="总部/财务处"), content="2")
    page = seat(person(Role.DEPARTMENT, department="总部/财务处")).get(URL).content.decode()
    weeks, _ages, departments = tables(page)
    assert departments == {"财务处": [1, 0, 0]}
    assert last_weeks(weeks) == [1, 0]


def test_without_violations_it_says_what_will_be_drawn(person: People, seat: Seat) -> None:
    assert "There is nothing to draw yet" in seat(person()).get(URL).content.decode()


def test_the_number_of_queries_does_not_grow(
    person: People, seat: Seat, office: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        office.file(office.computer(f"pc-{number}", department=f"总部/{number}"), content=str(number))
    client = seat(person(Role.DEPARTMENT, department="总部"))
    with django_assert_max_num_queries(10):  # how much of the house one sees, once
        assert client.get(URL).status_code == 200


def test_in_a_large_house_the_sums_are_kept_and_the_page_says_of_when(
    person: People, seat: Seat, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "FEWEST", 2)
    pc, officer = office.computer(department="总部/办公室"), person()
    for number in range(3):
        office.file(pc, content=str(number), seen_at=timezone.now() - timedelta(days=45 * number))
    transitions.mark_false_alarm(office.file(office.computer("b"), content="b"), by=officer, reason="模板")
    client, own = seat(officer), seat(person(Role.DEPARTMENT, "of one", department="总部/办公室"))
    before = [tables(each.get(URL).content.decode()) for each in (client, own)]
    assert "Counted" not in client.get(URL).content.decode()
    keeper = sums.Keeper()
    assert keeper.renew()
    office.file(pc, content="later")
    told = [each.get(URL).content.decode() for each in (client, own)]
    assert [tables(page) for page in told] == before
    assert all("Counted" in page for page in told)
    assert not keeper.renew(), "what was counted a moment ago is good enough"
    assert sums.Keeper().renew()
    assert tables(client.get(URL).content.decode())[2]["办公室"] == [4, 0, 0]


def test_sums_that_were_kept_go_when_few_violations_are_left(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    office.file(office.computer(department="总部/办公室"), content="1")
    monkeypatch.setattr(sums, "FEWEST", 1)
    assert sums.Keeper().renew()
    monkeypatch.setattr(sums, "FEWEST", 2)
    assert not sums.Keeper().renew()
    assert not DepartmentSums.objects.exists()
