"""Opening a violation again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.violations import transitions
from server.violations.models import State

pytestmark = pytest.mark.django_db


def test_a_false_alarm_that_was_none_can_be_opened_again(
    person: Callable[..., User], seat: Callable[..., Client], office: Any
) -> None:
    group, officer = office.file(office.computer()), person()
    transitions.mark_false_alarm(group, by=officer, reason="模板")
    seat(officer).post(reverse("web:reopen", args=[group.pk]), {"note": "不是模板"})
    group.refresh_from_db()
    assert (group.state, group.assignee) == (State.NEW, None)


def test_a_violation_that_is_open_cannot_be_opened(
    person: Callable[..., User], seat: Callable[..., Client], office: Any
) -> None:
    group = office.file(office.computer())
    assert seat(person()).post(reverse("web:reopen", args=[group.pk]), {"note": "x"}).status_code == 422


def test_a_viewer_may_not_open_it(person: Callable[..., User], seat: Callable[..., Client], office: Any) -> None:
    group = office.file(office.computer())
    transitions.mark_false_alarm(group, by=person(), reason="模板")
    assert seat(person(Role.VIEWER)).post(reverse("web:reopen", args=[group.pk]), {"note": "x"}).status_code == 403
