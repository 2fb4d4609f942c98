"""Comments on a violation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.violations.models import Group, State

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]


@pytest.fixture
def group(office: Any) -> Group:
    found: Group = office.file(office.computer())
    return found


def url(group: Group) -> str:
    return reverse("web:comment", args=[group.pk])


def test_a_comment_stands_in_the_history_and_changes_no_state(person: People, seat: Seat, group: Group) -> None:
    client = seat(person(Role.IT))
    answer = client.post(url(group), {"note": "已联系责任人"})
    assert answer["Location"] == reverse("web:violation", args=[group.pk]) + "#history"
    assert "已联系责任人" in client.get(answer["Location"]).content.decode()
    group.refresh_from_db()
    assert group.state == State.NEW


def test_an_empty_comment_is_not_stored(person: People, seat: Seat, group: Group) -> None:
    assert seat(person()).post(url(group), {"note": " "}).status_code == 422
    assert not group.steps.exists()


def test_a_comment_that_is_too_long_is_not_lost(person: People, seat: Seat, group: Group) -> None:
    answer = seat(person()).post(url(group), {"note": "长" * 2001})
    assert answer.status_code == 422
    assert "长" * 2001 in answer.content.decode()


def test_a_viewer_may_not_comment(person: People, seat: Seat, group: Group) -> None:
    assert seat(person(Role.VIEWER)).post(url(group), {"note": "x"}).status_code == 403
    assert not group.steps.exists()


def test_a_comment_is_sent_by_a_form_only(person: People, seat: Seat, group: Group) -> None:
    assert seat(person()).get(url(group)).status_code == 405
