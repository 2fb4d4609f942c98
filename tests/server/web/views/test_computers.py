"""The computers that report."""

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
from server.violations import transitions

pytestmark = pytest.mark.django_db
URL = reverse("web:computers")
Seat = Callable[..., Client]
People = Callable[..., User]


def names(client: Client, query: str = "") -> list[str]:
    return re.findall(r"data-open><b>([^<]+)</b>", client.get(URL + query).content.decode())


def test_each_computer_has_its_class_person_last_report_and_open_violations(
    person: People, seat: Seat, office: Any
) -> None:
    officer = person()
    pc = office.computer("jiyao-01", "confidential", level="机密", person="赵强", department="机要室")
    office.network(pc)
    transitions.mark_false_alarm(office.file(pc), by=officer, reason="模板")
    page = seat(officer).get(URL).content.decode()
    for told in ("jiyao-01", "Classified 机密", "赵强", "机要室", "3 minutes ago", "<b>1</b>"):
        assert told in page.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["a", "b", "c"]),
        ("?class=confidential", ["b"]),
        ("?class=nonsense", ["a", "b", "c"]),
        ("?silent=1", ["c"]),
        ("?q=赵强", ["b"]),
        ("?q=机要+赵", ["b"]),
        ("?q=%00", ["a", "b", "c"]),
    ],
)
def test_the_address_chooses_the_computers(
    person: People, seat: Seat, office: Any, query: str, expected: list[str]
) -> None:
    office.computer("a")
    office.computer("b", "confidential", person="赵强", department="机要室")
    office.computer("c", last_seen_at=timezone.now() - timedelta(days=30))
    assert names(seat(person()), query) == expected


def test_a_silent_computer_is_marked_and_one_that_never_reported_too(person: People, seat: Seat, office: Any) -> None:
    office.computer("c", last_seen_at=timezone.now() - timedelta(days=30))
    office.computer("d", last_seen_at=None)
    page = seat(person()).get(URL).content.decode()
    assert "! silent" in page
    assert "! never reported" in page


def test_weak_isolation_of_the_workers_is_told(person: People, seat: Seat, office: Any) -> None:
    office.computer("c", cage="partial")
    assert "workers partly caged" in seat(person()).get(URL).content.decode()


def test_an_empty_ledger_says_how_to_enrol(person: People, seat: Seat) -> None:
    assert "mijian enroll" in seat(person()).get(URL).content.decode()


def test_many_computers_are_cut_into_pages_in_the_same_number_of_queries(
    person: People, seat: Seat, office: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(55):
        office.computer(f"pc-{number:02}")
    client = seat(person(Role.VIEWER))
    with django_assert_max_num_queries(7):
        assert len(names(client)) == 50
    onward = re.search(r'rel="next" href="([^"]+)"', client.get(URL).content.decode())
    assert onward is not None
    assert names(client, onward[1].replace("&amp;", "&")) == [f"pc-{number}" for number in range(50, 55)]


def test_nobody_sees_the_computers_without_signing_in(client: Client) -> None:
    assert client.get(URL).status_code == 302
