"""The second factor: codes of an app, recovery codes, and taking a lost one away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core.exceptions import PermissionDenied

from server.accounts import second_factor as factors
from server.accounts.models import Factor, RecoveryCode, Role, User
from server.audit.models import Entry

pytestmark = pytest.mark.django_db
People = Callable[..., User]


def code(secret: bytes, steps: int = 0) -> str:
    """What an app shows now, or that many steps later."""
    return TOTP(secret, 6, SHA1(), 30).generate(int(time.time()) + 30 * steps).decode()  # noqa: S303


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time, in seconds from the first setting."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    return lambda later: monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0 + later)


@pytest.fixture
def armed(person: People, clock: Callable[[float], None]) -> tuple[User, bytes]:
    """Somebody with an app, a minute after it was set up."""
    user, secret = person(Role.IT, "alice"), factors.new_secret()
    factors.add_app(user, secret=secret, code=code(secret), name="手机")
    clock(60)
    return user, secret


def test_codes_are_those_of_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test vector of RFC 6238, appendix B, cut to six digits."""
    monkeypatch.setattr(time, "time", lambda: 59.0)
    assert factors._step_of(b"12345678901234567890", "287082", after=0) == 1


def test_an_app_is_set_up_only_by_showing_a_code(person: People) -> None:
    user, secret = person(), factors.new_secret()
    with pytest.raises(factors.FactorError, match="does not fit"):
        factors.add_app(user, secret=secret, code="000000" if code(secret) != "000000" else "000001", name="x")
    assert not factors.has_any(user)


def test_a_code_opens_once(armed: tuple[User, bytes]) -> None:
    user, secret = armed
    now = code(secret)
    assert factors.check(user, f"{now[:3]} {now[3:]}") == "app"
    assert factors.check(user, now) == ""


def test_the_code_of_the_setting_up_opens_nothing(person: People, clock: Any) -> None:
    user, secret = person(), factors.new_secret()
    first = code(secret)
    factors.add_app(user, secret=secret, code=first, name="")
    assert factors.check(user, first) == ""


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephone_may_be_half_a_minute_off(armed: tuple[User, bytes], steps: int, fits: bool) -> None:
    user, secret = armed
    assert bool(factors.check(user, code(secret, steps))) == fits


@pytest.mark.parametrize(
    "typed", ["", "12345", "１２３４５６", "abcdef", "\0\0\0\0\0\0", "-" * 40, "0" * 4000, "\udc80"]
)
def test_nonsense_opens_nothing(armed: tuple[User, bytes], typed: str) -> None:
    assert factors.check(armed[0], typed) == ""


def test_a_recovery_code_opens_once_however_it_is_written(armed: tuple[User, bytes]) -> None:
    user, _secret = armed
    codes = factors.renew_codes(user)
    assert len(set(codes)) == factors.CODES
    assert factors.check(user, f" {codes[0].upper().replace('-', ' ')} ") == "recovery"
    assert factors.check(user, codes[0]) == ""
    assert factors.check(user, codes[1]) == "recovery"


def test_new_recovery_codes_end_the_old_ones(armed: tuple[User, bytes]) -> None:
    user, _secret = armed
    old = factors.renew_codes(user)
    factors.renew_codes(user)
    assert factors.check(user, old[0]) == ""


def test_nobody_s_code_opens_another_account(armed: tuple[User, bytes], person: People) -> None:
    user, secret = armed
    codes = factors.renew_codes(user)
    other = person(username="mallory")
    assert (factors.check(other, code(secret)), factors.check(other, codes[0])) == ("", "")
    assert RecoveryCode.objects.filter(user=user).count() == factors.CODES


def test_neither_secret_nor_code_is_stored_in_clear(armed: tuple[User, bytes]) -> None:
    user, secret = armed
    codes = factors.renew_codes(user)
    assert secret not in bytes(Factor.objects.get().secret)
    assert not RecoveryCode.objects.filter(code_hash__in=codes).exists()
    told = str(list(Entry.objects.values_list("detail", flat=True)))
    assert codes[0] not in told
    assert secret.hex() not in told
    assert factors.spelled(secret).replace(" ", "") not in told


def test_under_another_home_s_secret_a_code_opens_nothing_and_a_recovery_code_neither(
    armed: tuple[User, bytes], settings: Any
) -> None:
    user, secret = armed
    codes = factors.renew_codes(user)
    settings.SECRET_KEY = "another" * 8
    assert (factors.check(user, code(secret)), factors.check(user, codes[0])) == ("", "")


def test_the_last_factor_of_a_role_that_needs_one_stays(armed: tuple[User, bytes], settings: Any) -> None:
    user, _secret = armed
    settings.MIJIAN_SECOND_FACTOR = (Role.IT,)
    with pytest.raises(factors.FactorError, match="needs a second factor"):
        factors.remove(user.factors.get(), by=user)
    settings.MIJIAN_SECOND_FACTOR = (Role.ADMIN,)
    factors.remove(user.factors.get(), by=user)
    assert not factors.has_any(user)


def test_with_the_last_factor_the_recovery_codes_go(armed: tuple[User, bytes]) -> None:
    user, _secret = armed
    codes = factors.renew_codes(user)
    factors.remove(user.factors.get(), by=user)
    assert factors.check(user, codes[0]) == ""


def test_only_an_administrator_in_scope_takes_somebody_s_factors_away(
    armed: tuple[User, bytes], person: People
) -> None:
    user, _secret = armed
    for role in (Role.OFFICER, Role.AUDITOR, Role.IT):
        with pytest.raises(PermissionDenied):
            factors.reset(user, by=person(role, f"by-{role.value}"))
    with pytest.raises(PermissionDenied):
        factors.reset(user, by=person(Role.ADMIN, "elsewhere", department="总部"))
    boss = person(Role.ADMIN)
    assert factors.reset(user, by=boss) == 1
    entry = Entry.objects.get(action="factor.reset")
    assert (entry.actor_id, entry.object_id) == (boss.pk, str(user.pk))


def test_every_step_is_in_the_audit_log(armed: tuple[User, bytes]) -> None:
    user, _secret = armed
    factors.renew_codes(user)
    factors.remove(user.factors.get(), by=user)
    factors.reset(user, by=None)
    told = [entry.action for entry in Entry.objects.order_by("id") if entry.action.startswith("factor.")]
    assert told == ["factor.add", "factor.codes", "factor.remove", "factor.reset"]
