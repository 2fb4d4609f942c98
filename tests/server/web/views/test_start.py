"""The overview."""

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
from server.intake.models import SpoolEntry
from server.violations import transitions

pytestmark = pytest.mark.django_db
URL = reverse("web:start")
Seat = Callable[..., Client]
People = Callable[..., User]


def numbers(page: str) -> list[int]:
    return [int(text) for text in re.findall(r'figure__number[^"]*">(\d+)<', page)]


def test_today_the_tabs_of_the_list_trends_and_departments_tell_the_same_numbers(
    person: People, seat: Seat, office: Any
) -> None:
    boss, one = office.computer(department="总部", name="a"), office.computer(department="总部/办公室", name="b")
    officer = person(Role.OFFICER, "all")
    office.file(boss, content="1")
    office.file(one, content="2", severity="low")
    transitions.assign(office.file(one, content="3"), to=officer, by=officer)
    transitions.mark_false_alarm(office.file(one, content="4"), by=officer, reason="模板")
    for who, still, machines in (
        (officer, [2, 1, 0], 2),
        (person(Role.DEPARTMENT, "of one", department="总部/办公室"), [1, 1, 0], 1),
    ):
        client = seat(who)
        page, trends = client.get(URL).content.decode(), client.get(reverse("web:trends")).content.decode()
        tabs = client.get(reverse("web:violations")).content.decode()
        drawn = re.findall(r'chart__bar--state-(\w+)"[^>]*><title>[^<]*: (\d+)<', trends)
        states = [sum(int(n) for name, n in drawn if name == state) for state in ("new", "assigned", "rectified")]
        told = [int(n) for n in re.findall(r'tabs__count">(\d+)<', tabs)]
        assert states == told[1:4] == still
        assert numbers(page)[2] == still[0]
        assert f"All {sum(still)} open violations" in page
        assert (
            told[0] == sum(still) == sum(int(n) for n in re.findall(r'bar--age-\d"[^>]*><title>[^<]*: (\d+)<', trends))
        )
        tree = client.get(reverse("web:departments")).content.decode()
        link, number = re.findall(r'href="(/computers/[^"]*)">(\d+)</a>', tree)[0]
        assert client.get(link).content.decode().count("data-row>") == int(number) == machines


def test_the_numbers_are_those_of_the_lists_they_lead_to(person: People, seat: Seat, office: Any) -> None:
    officer, now = person(), timezone.now()
    pc = office.computer()
    office.computer("silent", last_seen_at=now - timedelta(days=8))
    office.computer("never", last_seen_at=None)
    office.computer("gone", last_seen_at=None, revoked_at=now)
    mine = office.file(pc, content="1")
    office.file(pc, content="2")
    office.file(pc, content="3", severity="low")
    done = office.file(pc, content="4")
    transitions.assign(mine, to=officer, by=officer)
    transitions.mark_false_alarm(done, by=officer, reason="模板")
    SpoolEntry.objects.create(
        digest="a" * 64,
        agent_id=pc.pk,
        sequence=2,
        previous="b" * 64,
        received_at=now,
        raw=b"x",
        size=1,
        road="network",
        state="held",
        reason="gap",
    )
    client = seat(officer)
    page = client.get(URL).content.decode()
    # critical, overdue, new, mine, to be verified, silent, waivers to be decided, envelopes in trouble
    assert numbers(page) == [2, 0, 2, 1, 0, 2, 0, 1]
    links = [link.replace("&amp;", "&") for link in re.findall(r'class="figure" href="([^"]+)"', page)]
    rows = [client.get(link).content.decode().count("data-row>") for link in links]
    assert rows == [2, 0, 2, 1, 0, 2, 0, 1]


def test_the_worst_stand_below_and_the_rest_is_one_link_away(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer()
    for number in range(10):
        office.file(pc, content=str(number))
    page = seat(person()).get(URL).content.decode()
    assert page.count("data-row>") == 8
    assert "All 10 open violations" in page


def test_an_empty_collector_says_what_to_do_first(person: People, seat: Seat) -> None:
    assert "mijian-server token create" in seat(person()).get(URL).content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_an_overview(person: People, seat: Seat, office: Any, role: Role) -> None:
    office.file(office.computer())
    assert seat(person(role)).get(URL).status_code == 200


def test_nobody_sees_it_without_signing_in(client: Client) -> None:
    assert client.get(URL).status_code == 302


def test_the_number_of_queries_does_not_grow(
    person: People, seat: Seat, office: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        office.file(office.computer(f"pc-{number}"), content=str(number))
    client = seat(person(Role.VIEWER))
    with django_assert_max_num_queries(11):  # how much of the house one sees once
        assert client.get(URL).status_code == 200
