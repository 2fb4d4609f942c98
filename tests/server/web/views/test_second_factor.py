"""The second step of signing in, and setting up one's own second factors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts import second_factor as factors
from server.accounts.models import Factor, Role, User
from server.audit.models import Entry
from server.web import doors
from tests.server.accounts.test_second_factor import code as shown_by_app

PASSWORD = "对马海峡-correct-horse"
DOOR, STEP, START = reverse("web:sign-in"), reverse("web:second-factor"), reverse("web:start")

pytestmark = pytest.mark.django_db


def code(secret: bytes, steps: int = 1) -> str:
    """What an app shows a step from now: the code of this step was used for the setting up."""
    return shown_by_app(secret, steps)


@pytest.fixture
def alice(person: Callable[..., User]) -> User:
    return person(Role.IT, "alice")


@pytest.fixture
def secret(alice: User) -> bytes:
    """The secret of alice's app."""
    secret = factors.new_secret()
    factors.add_app(alice, secret=secret, code=code(secret, 0), name="phone")
    return secret


def first_step(client: Client, **more: str) -> Any:
    return client.post(DOOR, {"username": "alice", "password": PASSWORD, **more})


def test_the_password_alone_opens_nothing(client: Client, secret: bytes) -> None:
    answer = first_step(client)
    assert answer["Location"] == STEP
    assert client.get(START).status_code == 302
    assert "_auth_user_id" not in client.session


def test_password_and_code_lead_to_the_page_that_was_asked_for(client: Client, secret: bytes) -> None:
    first_step(client, next=reverse("web:violations"))
    answer = client.post(STEP, {"code": code(secret)})
    assert answer["Location"] == reverse("web:violations")
    assert client.get(reverse("web:violations")).status_code == 200
    assert Entry.objects.get(action="account.sign-in").detail["factor"] == "app"


def test_nobody_gets_to_the_second_step_without_the_first(client: Client, secret: bytes) -> None:
    assert client.get(STEP)["Location"] == DOOR
    assert client.post(STEP, {"code": code(secret)})["Location"] == DOOR
    assert "_auth_user_id" not in client.session


def test_the_first_step_counts_for_five_minutes(client: Client, secret: bytes, monkeypatch: Any) -> None:
    first_step(client)
    later = time.time() + doors.PATIENCE + 1
    monkeypatch.setattr(doors.time, "time", lambda: later)
    assert client.post(STEP, {"code": code(secret)})["Location"] == DOOR


def test_a_password_changed_between_the_steps_ends_the_way_in(client: Client, alice: User, secret: bytes) -> None:
    first_step(client)
    alice.set_password("another-对马海峡")
    alice.save()
    assert client.post(STEP, {"code": code(secret)})["Location"] == DOOR


def test_ten_wrong_codes_shut_the_second_step_from_everywhere(client: Client, secret: bytes) -> None:
    for number in range(10):
        browser = Client(REMOTE_ADDR=f"10.0.0.{number}")
        first_step(browser)
        assert browser.post(STEP, {"code": "aaaa-bbbb"}).status_code == 403
    first_step(client)
    assert client.post(STEP, {"code": code(secret)}).status_code == 429
    assert "_auth_user_id" not in client.session
    assert Entry.objects.filter(action="account.second-factor-failed").count() == 9
    assert Entry.objects.filter(action="account.locked").count() == 1


def test_the_session_id_changes_at_both_steps(client: Client, secret: bytes) -> None:
    planted = client.session
    planted["planted"] = True
    planted.save()
    first_step(client)
    half = client.session.session_key
    client.post(STEP, {"code": code(secret)})
    assert len({planted.session_key, half, client.session.session_key}) == 3


@pytest.mark.parametrize(
    "answer", ["x", "{}", "[]", "null", '{"id": 1}', '{"rawId": "AA", "response": {}}', "{" * 9000]
)
def test_a_made_up_passkey_opens_nothing(client: Client, secret: bytes, answer: str) -> None:
    first_step(client)
    assert client.post(STEP, {"answer": answer}).status_code == 403


def fresh(client: Client, user: User) -> Client:
    client.force_login(user)
    session = client.session
    session[doors.SIGNED_IN_AT] = int(time.time())
    session.save()
    return client


def test_an_app_is_set_up_and_recovery_codes_are_shown_once(client: Client, alice: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)
    fresh(client, alice)
    page = client.get(reverse("web:factor-app")).content.decode()
    assert 'viewBox="0 0' in page
    secret = bytes.fromhex(client.session["app_secret"])
    assert factors.spelled(secret) in page
    answer = client.post(reverse("web:factor-app"), {"code": code(secret, 0), "name": "手机"})
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", answer.content.decode())
    assert len(codes) == factors.CODES
    assert answer["Cache-Control"].startswith("max-age=0, no-cache")
    assert client.get(START).status_code == 200, "one's own session goes on"
    assert elsewhere.get(START).status_code == 302, "all others end"
    assert "手机" in client.get(reverse("web:account")).content.decode()
    assert factors.check(alice, codes[3]) == "recovery"


def test_a_session_that_was_left_open_cannot_change_what_opens_the_account(
    client: Client, alice: User, secret: bytes
) -> None:
    alice.refresh_from_db()
    client.force_login(alice)
    factor = Factor.objects.get()
    for address in ("factor-app", "factor-passkey", "factor-codes"):
        assert client.post(reverse(f"web:{address}")).status_code == 403
    assert client.post(reverse("web:factor-remove", args=[factor.pk])).status_code == 403
    assert Factor.objects.filter(pk=factor.pk).exists()
    assert not alice.recovery_codes.exists()


def test_nobody_removes_another_one_s_factor(client: Client, person: Any, secret: bytes) -> None:
    fresh(client, person(Role.ADMIN))
    factor = Factor.objects.get()
    assert client.post(reverse("web:factor-remove", args=[factor.pk])).status_code == 404
    assert Factor.objects.exists()


@pytest.mark.parametrize("address", ["start", "violations", "computers", "factor-app", "users"])
def test_a_role_that_needs_a_second_factor_gets_no_other_page_before(
    client: Client, person: Any, settings: Any, address: str
) -> None:
    settings.MIJIAN_SECOND_FACTOR = ("admin",)
    fresh(client, person(Role.ADMIN))
    answer = client.get(reverse(f"web:{address}"))
    if address == "factor-app":
        assert answer.status_code == 200
    else:
        assert answer["Location"] == reverse("web:account")
    assert "您的角色必须使用第二因素" in client.get(reverse("web:account")).content.decode()


def test_having_set_it_up_opens_the_pages(client: Client, person: Any, settings: Any) -> None:
    settings.MIJIAN_SECOND_FACTOR = ("admin",)
    fresh(client, person(Role.ADMIN))
    client.get(reverse("web:factor-app"))
    client.post(reverse("web:factor-app"), {"code": code(bytes.fromhex(client.session["app_secret"]), 0)})
    assert client.get(reverse("web:users")).status_code == 200


def test_other_roles_are_asked_for_nothing_more(client: Client, alice: User, settings: Any) -> None:
    settings.MIJIAN_SECOND_FACTOR = ("admin",)
    assert first_step(client)["Location"] == START
    assert client.get(START).status_code == 200


def test_an_administrator_takes_lost_factors_away_and_the_password_opens_again(
    client: Client, person: Any, alice: User, secret: bytes
) -> None:
    boss = Client()
    boss.force_login(person(Role.ADMIN))
    assert boss.post(reverse("web:user-factor-reset", args=[alice.pk])).status_code == 302
    assert first_step(client)["Location"] == START


def test_an_administrator_does_not_so_get_around_the_own_one(client: Client, person: Any) -> None:
    boss = person(Role.ADMIN)
    own = factors.new_secret()
    factors.add_app(boss, secret=own, code=code(own, 0), name="")
    client.force_login(User.objects.get(pk=boss.pk))
    client.post(reverse("web:user-factor-reset", args=[boss.pk]))
    assert factors.has_any(boss)


def test_one_s_own_password_is_changed_by_who_knows_it_and_other_sessions_end(client: Client, alice: User) -> None:
    client.force_login(alice)
    elsewhere = Client()
    elsewhere.force_login(alice)
    address, new = reverse("web:account-password"), "新的口令-2026-马"
    assert client.post(address, {"old": "guess", "password": new}).status_code == 422
    assert client.post(address, {"old": PASSWORD, "password": "12345"}).status_code == 422
    assert client.post(address, {"old": PASSWORD, "password": PASSWORD}).status_code == 422
    assert client.post(address, {"old": PASSWORD, "password": new}).status_code == 302
    assert client.get(START).status_code == 200
    assert elsewhere.get(START).status_code == 302
    assert User.objects.get(pk=alice.pk).check_password(new)
    assert Entry.objects.filter(action="account.password").count() == 1
