"""Saying what was done about a violation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.violations.models import State

pytestmark = pytest.mark.django_db


def test_a_rectified_violation_stays_open_until_a_check_verifies_it(
    person: Callable[..., User], seat: Callable[..., Client], office: Any
) -> None:
    group = office.file(office.computer())
    client = seat(person(Role.IT))
    client.post(reverse("web:rectify", args=[group.pk]), {"note": "文件已移交机要室"})
    group.refresh_from_db()
    assert group.state == State.RECTIFIED
    assert str(group.pk) in client.get(reverse("web:violations")).content.decode()


def test_it_must_be_said_what_was_done(person: Callable[..., User], seat: Callable[..., Client], office: Any) -> None:
    group = office.file(office.computer())
    assert seat(person()).post(reverse("web:rectify", args=[group.pk]), {"note": " "}).status_code == 422
    group.refresh_from_db()
    assert group.state == State.NEW


def test_a_viewer_may_not_say_so(person: Callable[..., User], seat: Callable[..., Client], office: Any) -> None:
    group = office.file(office.computer())
    assert seat(person(Role.VIEWER)).post(reverse("web:rectify", args=[group.pk]), {"note": "x"}).status_code == 403
