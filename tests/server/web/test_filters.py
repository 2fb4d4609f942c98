"""A list of which very much fits is read in its order, part by part: the same rows as if all were sorted."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.violations.models import Group, State
from server.violations.scope import hold_most, sees_all, visible_to
from server.web import filters
from server.web.filters import SORTS, ViolationFilter
from server.web.paging import PAGE_SIZE, page_of_parts

pytestmark = pytest.mark.django_db

CHOICES = [
    ViolationFilter(tab=tab, sort=sort, **more)
    for tab in ("open", "all", "closed")
    for sort in SORTS
    for more in ({}, {"severities": ("high", "low")}, {"control": "NPC-01"}, {"overdue": True})
]


@pytest.fixture
def house(office: Any, person: Callable[..., User]) -> dict[str, User]:
    """Violations of every state, severity and age in two departments and in none, and three who look at them."""
    now = timezone.now()
    computers = [
        office.computer("a", department="总部/办公室"),
        office.computer("b", department="总部/办公室"),
        office.computer("c", department="总部/档案室"),
        office.computer("d"),
    ]
    kinds = itertools.product(State.values, enumerate(("critical", "high", "medium", "low")), computers, range(2))
    Group.objects.bulk_create(
        Group(
            fingerprint=f"{n:064x}", control=("NPC-01", "NET-03")[n % 2], severity=severity, severity_rank=rank,
            state=state, state_at=now, computer=computer, first_seen_at=now - timedelta(hours=n * 7 % 50),
            opened_at=now - timedelta(hours=n * 3 % 50), last_seen_at=now - timedelta(hours=n * 5 % 40), updated_at=now,
            due_on=None if n % 5 == 0 else now.date() + timedelta(days=n * 11 % 20 - 9),
        )
        for n, (state, (rank, severity), computer, _twice) in enumerate(kinds)
    )  # fmt: skip
    return {
        "all": person(Role.OFFICER, "all"),
        "most": person(Role.DEPARTMENT, "most", department="总部"),
        "some": person(Role.DEPARTMENT, "some", department="总部/档案室"),
    }


def pages(chosen: ViolationFilter, user: User) -> list[uuid.UUID]:
    """The list from its first page to its last."""
    told: list[uuid.UUID] = []
    after = ""
    while True:
        parts, _counts = chosen.listed(user)
        page = page_of_parts(parts, SORTS[chosen.sort], visible_to(user), after)
        told += [group.pk for group in page]
        after = page.next_mark
        if not after:
            return told


@pytest.mark.parametrize("who", ["all", "most", "some"])
def test_every_list_has_the_same_rows_in_the_same_order_however_it_is_read(
    who: str, house: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = house[who]
    monkeypatch.setattr(filters, "_MANY", 0)
    monkeypatch.setattr(filters, "_MANY_OF_SOME", 0)
    longest = 0
    for chosen in CHOICES:
        sorted_whole = list(chosen.in_tab(chosen.narrow(visible_to(user))).values_list("pk", flat=True))
        assert pages(chosen, user) == sorted_whole, chosen
        longest = max(longest, len(sorted_whole))
    assert longest > PAGE_SIZE / 2


def test_who_sees_most_is_shown_nothing_of_a_computer_that_belongs_to_nobody(house: dict[str, User]) -> None:
    user = house["most"]
    assert hold_most(user.department.path)  # type: ignore[union-attr]
    found = set(visible_to(user, as_they_come=True).values_list("computer__name", flat=True))
    assert found == {"a", "b", "c"} == set(visible_to(user).values_list("computer__name", flat=True))


def test_who_saw_all_there_was_is_shown_nothing_of_a_computer_that_has_come_to_another_department_since(
    office: Any, person: Callable[..., User], seat: Callable[..., Client]
) -> None:
    office.file(office.computer("ours", department="总部/办公室"), content="1")
    officer = person(Role.DEPARTMENT, department="总部")
    client, lists = seat(officer), (reverse("web:violations"), f"{reverse('web:violations')}?sort=last")
    assert sees_all(User.objects.get(pk=officer.pk))
    assert all("ours" in client.get(each).content.decode() for each in lists)
    office.file(office.computer("theirs", department="分部"), content="2")
    office.file(office.computer("nobodys"), content="3")
    for each in lists:
        page = client.get(each).content.decode()
        assert "ours" in page
        assert not {"theirs", "nobodys"} & set(re.findall(r"\w+", page))
    assert not sees_all(User.objects.get(pk=officer.pk))


@pytest.mark.parametrize(("sort", "index"), [("last", "group_last"), ("first", "group_first")])
def test_a_long_list_is_read_from_the_index_of_its_order_whatever_sqlite_knows_of_its_rows(
    sort: str, index: str, house: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL weighs the order itself")
    monkeypatch.setattr(filters, "_MANY", 0)
    parts, _counts = ViolationFilter(sort=sort).listed(house["all"])
    assert [index in part.order_by(*SORTS[sort])[:51].explain() for part in parts] == [True]


def test_a_previous_page_of_a_list_in_parts_is_the_one_that_was_left(house: dict[str, User]) -> None:
    parts, _counts = ViolationFilter(tab="all").listed(house["all"])
    order, shown = SORTS["severity"], Group.objects.all()
    first = page_of_parts(parts, order, shown, None)
    second = page_of_parts(parts, order, shown, first.next_mark)
    assert [group.pk for group in page_of_parts(parts, order, shown, None, second.previous_mark)] == [
        group.pk for group in first
    ]
