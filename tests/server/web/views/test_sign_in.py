"""The sign-in page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, SignInFailure, User
from server.audit.models import Entry

PASSWORD = "对马海峡-correct-horse"
URL = reverse("web:sign-in")

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(person: Callable[..., User]) -> User:
    return person(Role.IT, "alice")


def attempt(client: Client, password: str, name: str = "alice", **more: str) -> int:
    return client.post(URL, {"username": name, "password": password}, **more).status_code  # type: ignore[arg-type]


def test_the_right_password_leads_to_the_start_page(client: Client, alice: User) -> None:
    answer = client.post(URL, {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("web:start")
    assert client.get(reverse("web:violations")).status_code == 200


def test_the_way_leads_on_to_the_page_that_was_asked_for(client: Client, alice: User) -> None:
    wanted = reverse("web:violations") + "?severity=high"
    door = client.get(wanted)
    assert door.status_code == 302
    answer = client.post(door["Location"], {"username": "alice", "password": PASSWORD, "next": wanted})
    assert answer["Location"] == wanted


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_way_never_leads_to_another_site(client: Client, alice: User, elsewhere: str) -> None:
    answer = client.post(URL, {"username": "alice", "password": PASSWORD, "next": elsewhere})
    assert answer["Location"] == reverse("web:start")


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: Client, alice: User) -> None:
    wrong = client.post(URL, {"username": "alice", "password": "no"}, headers={"accept-language": "en"})
    unknown = client.post(URL, {"username": "nobody", "password": "no"}, headers={"accept-language": "en"})
    assert wrong.status_code == unknown.status_code == 403
    assert b"Name or password is wrong." in wrong.content
    assert b"Name or password is wrong." in unknown.content


def test_the_session_gets_a_new_id_at_the_sign_in(client: Client, alice: User) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    attempt(client, PASSWORD)
    assert client.session.session_key != before


def test_an_account_that_was_switched_off_cannot_sign_in(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert attempt(client, PASSWORD) == 403


def test_after_ten_failures_even_the_right_password_waits(client: Client, alice: User) -> None:
    assert [attempt(client, f"guess {n}") for n in range(10)] == [403] * 10
    assert attempt(client, PASSWORD) == 429
    assert "_auth_user_id" not in client.session


def test_a_made_up_forwarded_address_does_not_open_the_lock(client: Client, alice: User) -> None:
    for number in range(10):
        attempt(client, "guess", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    assert attempt(client, PASSWORD, HTTP_X_FORWARDED_FOR="10.0.0.99") == 429


def test_the_lock_holds_for_one_account_at_one_address_only(
    client: Client, alice: User, person: Callable[..., User]
) -> None:
    person(Role.VIEWER, "bob")
    for _ in range(10):
        attempt(client, "guess")
    assert attempt(Client(), PASSWORD, REMOTE_ADDR="10.1.2.3") == 302
    assert attempt(Client(), PASSWORD, name="bob") == 302


def test_the_lock_opens_after_ten_minutes(client: Client, alice: User) -> None:
    for _ in range(10):
        attempt(client, "guess")
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=10, seconds=1))
    assert attempt(client, PASSWORD) == 302


def test_a_sign_in_forgets_the_failures_before_it(client: Client, alice: User) -> None:
    for _ in range(9):
        attempt(client, "guess")
    attempt(client, PASSWORD)
    assert not SignInFailure.objects.exists()


def test_sign_ins_failures_and_locks_are_in_the_audit_log(client: Client, alice: User) -> None:
    for _ in range(10):
        attempt(client, "guess")
    attempt(Client(), PASSWORD, REMOTE_ADDR="10.1.2.3")
    told = list(Entry.objects.order_by("id").values_list("action", "object_id", "detail__address"))
    assert told[:9] == [("account.sign-in-failed", str(alice.pk), "127.0.0.1")] * 9
    assert told[9:] == [
        ("account.locked", str(alice.pk), "127.0.0.1"),
        ("account.sign-in", str(alice.pk), "10.1.2.3"),
    ]


def test_a_password_typed_as_a_name_is_not_written_down(client: Client, alice: User) -> None:
    attempt(client, "guess", name="my-secret-password")
    entry = Entry.objects.get()
    assert entry.object_id == ""
    assert "my-secret-password" not in str(entry.detail)


def test_a_flood_of_made_up_names_does_not_fill_the_audit_log(client: Client, alice: User) -> None:
    for number in range(130):
        attempt(client, "guess", name=f"name-{number}")
    assert Entry.objects.count() == 100


def test_without_the_form_token_nobody_is_signed_in(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert attempt(strict, PASSWORD) == 403
    assert "_auth_user_id" not in strict.session


def test_a_guesser_elsewhere_cannot_shut_out_a_browser_that_is_known(client: Client, alice: User) -> None:
    attempt(client, PASSWORD)
    client.post(reverse("web:sign-out"))
    for _ in range(10):
        attempt(Client(), "guess")
    assert attempt(Client(), PASSWORD) == 429
    assert attempt(client, PASSWORD) == 302


def test_a_known_browser_is_locked_for_its_own_guesses(client: Client, alice: User) -> None:
    attempt(client, PASSWORD)
    client.post(reverse("web:sign-out"))
    assert [attempt(client, "guess") for _ in range(10)] == [403] * 10
    assert attempt(client, PASSWORD) == 429


def test_a_made_up_cookie_makes_no_browser_known(client: Client, alice: User) -> None:
    client.cookies["mijian_known"] = f"{alice.username}|1:made:up"
    for _ in range(10):
        attempt(client, "guess")
    assert attempt(Client(), PASSWORD) == 429


def test_behind_a_trusted_proxy_each_client_is_counted_by_itself(client: Client, alice: User, settings: Any) -> None:
    settings.MIJIAN_TRUSTED_PROXIES = ("127.0.0.1",)
    for _ in range(10):
        attempt(Client(), "guess", HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert attempt(Client(), PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.7") == 429
    assert attempt(Client(), PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9") == 302
