"""The page of API keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts import api_keys
from server.accounts.models import ApiKey, Role, User

pytestmark = pytest.mark.django_db
URL = reverse("web:keys")
Seat = Callable[..., Client]
People = Callable[..., User]


def test_a_key_is_made_shown_once_and_works(person: People, seat: Seat) -> None:
    client = seat(person())
    page = client.post(URL, {"days": "30", "scope": ["review"], "note": "reports"}).content.decode()
    found = re.search(r"Bearer (mjk-[\w-]+)", page)
    assert found is not None
    assert found[1] not in client.get(URL).content.decode()
    told = client.get("/api/v1/me", headers={"Authorization": f"Bearer {found[1]}"}).json()
    assert told["scopes"] == ["read", "review"]


def test_a_key_without_an_end_or_with_an_unknown_scope_is_not_made(person: People, seat: Seat) -> None:
    client = seat(person())
    assert client.post(URL, {"note": "x"}).status_code == 422
    assert client.post(URL, {"days": "30", "scope": "everything"}).status_code == 422
    assert ApiKey.objects.count() == 0


def test_one_s_own_key_is_revoked_and_nobody_else_s_seen(person: People, seat: Seat) -> None:
    own, other = person(Role.OFFICER), person(Role.IT)
    key, text = api_keys.mint(own, note="mine")
    api_keys.mint(other, note="theirs")
    client = seat(own)
    page = client.get(URL).content.decode()
    assert "mine" in page
    assert "theirs" not in page
    client.post(reverse("web:key-revoke", args=[key.pk]))
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_what_programs_can_ask_for_is_told_without_anything_from_elsewhere(person: People, seat: Seat) -> None:
    page = seat(person()).get(reverse("api-docs")).content.decode()
    assert "/api/v1/violations/bulk" in page
    assert "https://" not in page
    assert "<script>" not in page
