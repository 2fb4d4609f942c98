"""Guessing passwords is shut off, for one account and one address at a time."""

from __future__ import annotations

import pytest
from django.utils import timezone

from server.accounts import lockout
from server.accounts.models import SignInFailure

pytestmark = pytest.mark.django_db


def fail(times: int, name: str = "li", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        lockout.record_failure(name, address)


def test_ten_failures_shut_the_account_for_this_address_only() -> None:
    fail(9)
    assert not lockout.is_locked("li", "192.0.2.1")
    fail(1)
    assert lockout.is_locked("li", "192.0.2.1")
    assert lockout.is_locked(" LI ", "192.0.2.1")
    assert not lockout.is_locked("li", "192.0.2.2")
    assert not lockout.is_locked("wang", "192.0.2.1")


def test_after_ten_minutes_it_opens_by_itself() -> None:
    fail(10)
    SignInFailure.objects.update(at=timezone.now() - lockout.WINDOW)
    assert not lockout.is_locked("li", "192.0.2.1")
    fail(1)
    assert SignInFailure.objects.count() == 1


def test_a_good_sign_in_clears_the_count() -> None:
    fail(9)
    lockout.clear("li", "192.0.2.1")
    fail(1)
    assert not lockout.is_locked("li", "192.0.2.1")


def test_a_password_typed_as_name_is_not_kept() -> None:
    fail(1, name="my secret password")
    assert "secret" not in SignInFailure.objects.get().account
