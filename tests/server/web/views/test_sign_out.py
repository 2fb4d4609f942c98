"""Signing out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import User
from server.audit.models import Entry

pytestmark = pytest.mark.django_db


def test_the_sign_out_ends_the_session_and_is_logged(person: Callable[..., User], seat: Callable[..., Client]) -> None:
    somebody = person()
    client = seat(somebody)
    assert client.post(reverse("web:sign-out"))["Location"] == reverse("web:sign-in")
    assert client.get(reverse("web:start")).status_code == 302
    assert Entry.objects.get(action="account.sign-out").actor_id == somebody.pk


def test_a_link_cannot_sign_anybody_out(person: Callable[..., User], seat: Callable[..., Client]) -> None:
    client = seat(person())
    assert client.get(reverse("web:sign-out")).status_code == 405
    assert client.get(reverse("web:start")).status_code == 200


def test_a_form_on_another_site_cannot_sign_anybody_out(person: Callable[..., User]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person())
    assert strict.post(reverse("web:sign-out")).status_code == 403
    assert strict.get(reverse("web:start")).status_code == 200
