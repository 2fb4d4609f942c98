"""Saying that a finding is no violation."""

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
Seat = Callable[..., Client]
People = Callable[..., User]


@pytest.fixture
def group(office: Any) -> Group:
    found: Group = office.file(office.computer())
    return found


def url(group: Group) -> str:
    return reverse("web:false-alarm", args=[group.pk])


@pytest.mark.parametrize("role", [Role.IT, Role.OFFICER, Role.ADMIN])
def test_a_false_alarm_leaves_the_open_list_with_its_reason_kept(
    person: People, seat: Seat, group: Group, role: Role
) -> None:
    client = seat(person(role))
    assert client.post(url(group), {"preset": "An empty form or template.", "note": "2026 版"}).status_code == 302
    group.refresh_from_db()
    assert group.state == State.FALSE_ALARM
    assert group.steps.get().note == "An empty form or template.\n2026 版"
    assert str(group.pk) not in client.get(reverse("web:violations")).content.decode()
    assert Entry.objects.filter(action="violation.false-alarm").count() == 1


@pytest.mark.parametrize("sent", [{}, {"note": ""}, {"note": "  \n "}])
def test_without_a_reason_nothing_changes(person: People, seat: Seat, group: Group, sent: dict[str, str]) -> None:
    answer = seat(person()).post(url(group), sent)
    assert answer.status_code == 422
    assert "Please give a reason." in answer.content.decode()
    group.refresh_from_db()
    assert group.state == State.NEW


def test_what_was_written_is_not_lost_with_a_mistake(person: People, seat: Seat, group: Group) -> None:
    answer = seat(person()).post(url(group), {"note": "写" * 2001})
    assert answer.status_code == 422
    assert "写" * 2001 in answer.content.decode()


def test_a_viewer_may_not_dismiss(person: People, seat: Seat, group: Group) -> None:
    client = seat(person(Role.VIEWER))
    assert client.get(url(group)).status_code == 403
    assert client.post(url(group), {"note": "no"}).status_code == 403
    group.refresh_from_db()
    assert group.state == State.NEW


def test_looking_at_the_form_changes_nothing(person: People, seat: Seat, group: Group) -> None:
    assert seat(person()).get(url(group)).status_code == 200
    group.refresh_from_db()
    assert group.state == State.NEW


def test_nobody_dismisses_without_signing_in(client: Client, group: Group) -> None:
    assert client.post(url(group), {"note": "x"}).status_code == 302
    group.refresh_from_db()
    assert group.state == State.NEW
