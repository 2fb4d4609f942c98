"""The pages of a refusal: in the reader's language, and with a way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User

pytestmark = pytest.mark.django_db


def test_an_address_that_leads_nowhere_says_so_and_leads_back() -> None:
    answer = Client(headers={"accept-language": "zh-CN"}).get("/nowhere/")
    assert answer.status_code == 404
    assert "地址有误" in answer.content.decode()
    assert f'href="{reverse("web:start")}"' in answer.content.decode()


def test_a_role_that_is_not_enough_is_told_politely(
    person: Callable[..., User], seat: Callable[..., Client], office: Any
) -> None:
    group = office.file(office.computer())
    answer = seat(person(Role.VIEWER)).get(reverse("web:assign", args=[group.pk]))
    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.content.decode()


def test_an_expired_form_says_that_nothing_was_changed(person: Callable[..., User]) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    strict.force_login(person(language="en"))
    answer = strict.post(reverse("web:sign-out"))
    assert answer.status_code == 403
    assert "Nothing was changed." in answer.content.decode()


def test_a_failure_of_the_collector_shows_no_detail(
    person: Callable[..., User], seat: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_told: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("server.web.views.violations.ViolationFilter.listed", broken)
    client = seat(person())
    client.raise_request_exception = False
    answer = client.get(reverse("web:violations"))
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()
    assert "a secret detail" not in answer.content.decode()
