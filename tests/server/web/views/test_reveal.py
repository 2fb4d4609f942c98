"""Showing the sealed path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.violations.models import Group

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]
PATH = "/run/media/wang/会议材料/二季度/方案 <终稿>.zip"
SHOWN = "/run/media/wang/会议材料/二季度/方案 &lt;终稿&gt;.zip"


@pytest.fixture
def group(office: Any) -> Group:
    found: Group = office.file(office.computer(), path=PATH, member="附件/一.docx")
    return found


def url(group: Group) -> str:
    return reverse("web:reveal", args=[group.pk])


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMIN])
def test_the_path_is_in_that_one_answer_and_the_look_is_logged(
    person: People, seat: Seat, group: Group, role: Role
) -> None:
    somebody = person(role)
    client = seat(somebody)
    answer = client.post(url(group), {"reason": "核查来源"})
    page = answer.content.decode()
    assert SHOWN in page
    assert "附件/一.docx" in page
    assert "no-store" in answer["Cache-Control"]
    assert "二季度" not in client.get(reverse("web:violation", args=[group.pk])).content.decode()
    entry = Entry.objects.get(action="place.reveal")
    assert (entry.actor_id, entry.object_id, entry.detail["reason"]) == (somebody.pk, str(group.pk), "核查来源")
    assert "二季度" not in str(entry.detail)


@pytest.mark.parametrize("sent", [{}, {"reason": "  "}])
def test_without_a_reason_nothing_is_shown_or_logged(
    person: People, seat: Seat, group: Group, sent: dict[str, str]
) -> None:
    answer = seat(person()).post(url(group), sent)
    assert answer.status_code == 422
    assert "Please give a reason." in answer.content.decode()
    assert "二季度" not in answer.content.decode()
    assert not Entry.objects.filter(action="place.reveal").exists()


@pytest.mark.parametrize("role", [Role.IT, Role.VIEWER])
def test_other_roles_are_refused_and_the_try_is_logged(person: People, seat: Seat, group: Group, role: Role) -> None:
    answer = seat(person(role)).post(url(group), {"reason": "好奇"})
    assert answer.status_code == 403
    assert "二季度" not in answer.content.decode()
    assert Entry.objects.filter(action="place.reveal-denied").count() == 1


def test_nobody_sees_a_path_without_signing_in(client: Client, group: Group) -> None:
    assert client.post(url(group), {"reason": "x"}).status_code == 302
    assert not Entry.objects.exists()


def test_an_address_alone_shows_no_path(person: People, seat: Seat, group: Group) -> None:
    assert seat(person()).get(url(group) + "?reason=x").status_code == 405


def test_a_path_sealed_to_another_key_is_told_as_such(person: People, seat: Seat, group: Group) -> None:
    Group.objects.filter(pk=group.pk).update(sealed_place="AAAA")
    answer = seat(person()).post(url(group), {"reason": "核查来源"})
    assert answer.status_code == 422
    assert "sealed to another key" in answer.content.decode()
