"""Rules: what is in force where, the packs with their examples, and the policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.rules.models import AgentState, ClassPolicy
from server.web.packs import shipped

pytestmark = pytest.mark.django_db
URL, POLICY = reverse("web:rules"), reverse("web:policy")
Seat = Callable[..., Client]
People = Callable[..., User]


def test_each_set_of_rules_is_told_with_how_many_agents_have_it(person: People, seat: Seat, office: Any) -> None:
    for number in range(3):
        office.computer(f"new-{number}", rules=shipped(), policy_serial=4)
    old = office.computer("old", rules="sha256:" + "0d" * 32, agent_version="0.0.9", policy_serial=4)
    new = office.computer("follows", rules=shipped(), policy_serial=4)
    for computer, serial in ((old, 3), (new, 4)):
        AgentState.objects.create(
            computer=computer, seen_at=timezone.now(), policy=serial, health="limited", reasons=["keywords-refused"]
        )
    client = seat(person())
    page = client.get(URL).content.decode()
    assert "as shipped with this collector" in page
    assert "0.0.9 × 1" in page
    assert "agents: 2" in page
    numbers = [int(number) for number in re.findall(r'figure__number[^"]*">(\d+)<', page)]
    assert numbers == [5, 1, 4, 0]
    named = client.get(URL, {"rules": old.rules}).content.decode()
    assert reverse("web:computer", args=[old.pk]) in named
    assert reverse("web:computer", args=[new.pk]) not in named


def test_a_department_officer_counts_the_own_agents(person: People, seat: Seat, office: Any) -> None:
    office.computer("a", rules="sha256:aaa", department="总部/办公室")
    office.computer("b", rules="sha256:bbb", department="总部/财务处")
    page = seat(person(Role.DEPARTMENT, department="总部/办公室")).get(URL).content.decode()
    assert "sha256:aaa" in page
    assert "sha256:bbb" not in page


def test_without_agents_it_says_how_one_is_enrolled(person: People, seat: Seat) -> None:
    assert "mijian-server token create" in seat(person()).get(URL).content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_pack_shows_its_rules_with_the_examples_that_prove_them(person: People, seat: Seat, language: str) -> None:
    client = seat(person(), language)
    page = client.get(URL).content.decode()
    assert reverse("web:pack", args=["cn-state"]) in page
    shown = client.get(reverse("web:pack", args=["cn-state"])).content.decode()
    assert "cn-state.starred" in shown
    assert "机密★" in shown
    assert client.get(reverse("web:pack", args=["no-such"])).status_code == 404


def test_the_policy_is_set_on_its_page_and_mistakes_stay_in_the_form(person: People, seat: Seat) -> None:
    client = seat(person())
    assert POLICY in client.get(URL).content.decode()
    told = {"part": "internal", "cron": "0 18 1 * *", "before_holidays": "3", "allowed_networks": "10.1.0.0/16"}
    assert client.post(POLICY, told).status_code == 302
    row = ClassPolicy.objects.get(pk="internal")
    assert (row.cron, row.before_holidays, row.allowed_networks) == ("0 18 1 * *", 3, ["10.1.0.0/16"])
    wrong = client.post(POLICY, told | {"cron": "every day"})
    assert wrong.status_code == 422
    assert 'value="every day"' in wrong.content.decode()
    assert "five fields" in wrong.content.decode()
    assert client.post(POLICY, {"part": "house", "holidays": "2027-02-06"}).status_code == 302
    assert "2027-02-06" in client.get(POLICY).content.decode()
    assert client.post(POLICY, {"part": "mainframe"}).status_code == 422


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.IT, Role.AUDITOR, Role.INSPECTOR, Role.VIEWER])
def test_others_are_not_offered_the_policy(role: Role, person: People, seat: Seat) -> None:
    client = seat(person(role))
    assert POLICY not in client.get(URL).content.decode()
    assert client.get(POLICY).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_agents(
    person: People, seat: Seat, office: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(9):
        office.computer(f"pc-{number}", rules=f"sha256:{number}", department="总部/办公室")
    client = seat(person(Role.DEPARTMENT, department="总部"))
    with django_assert_max_num_queries(11):  # how much of the house one sees, once
        assert client.get(URL, {"rules": "sha256:1"}).status_code == 200
