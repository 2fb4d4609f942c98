"""What has hit servers of this kind before, tried on every address of ours (OWASP ASVS 5.0, V3 and V5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, SignInFailure, User
from server.audit.models import Entry
from server.ledger.models import Computer
from tests.server.web.test_permissions import NAMES, OWN_PROOF, addresses, foreign

__all__ = ["foreign"]
pytestmark = pytest.mark.django_db
SCRIPT = b"<!doctype html><script>alert(document.cookie)</script>"


def test_no_answer_may_be_framed_sniffed_or_told_to_another_site(
    foreign: dict[str, Any], person: Callable[..., User], seat: Callable[..., Client]
) -> None:
    """Clickjacking; sniffing of types; addresses in a Referer."""
    boss, wrong = seat(person(Role.ADMIN)), []
    for name in NAMES:
        for address in addresses(name, foreign):
            for answer in (boss.get(address), Client().get(address)):
                headers = answer.headers
                sound = (
                    headers.get("X-Frame-Options") == "DENY"
                    and "frame-ancestors 'none'" in headers.get("Content-Security-Policy", "")
                    and headers.get("X-Content-Type-Options") == "nosniff"
                    and headers.get("Referrer-Policy") == "same-origin"
                )
                if not sound:
                    wrong.append((name, answer.status_code))
    assert wrong == []


def test_every_page_behind_the_door_stays_out_of_caches(
    foreign: dict[str, Any], person: Callable[..., User], seat: Callable[..., Client]
) -> None:
    boss, wrong = seat(person(Role.ADMIN)), []
    for name in (name for name in NAMES if name.startswith("web:")):
        for address in addresses(name, foreign):
            answer = boss.get(address)
            if answer.status_code == 200 and "no-store" not in answer.headers.get("Cache-Control", ""):
                wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("name", ["page.html", "x.csv", "x.svg", "x.csv.html", "../../x.csv", "x.xlsx"])
@pytest.mark.parametrize("told", ["text/html", "text/csv", "image/svg+xml"])
def test_an_uploaded_page_never_comes_back_as_one(
    person: Callable[..., User], seat: Callable[..., Client], name: str, told: str
) -> None:
    """Upload sniffing: what the file is called and says of itself decides nothing."""
    client = seat(person())
    address = reverse("web:ledger-import", args=["computers"])
    answer = client.post(address, {"file": SimpleUploadedFile(name, SCRIPT, content_type=told)}, follow=True)
    assert answer.status_code in (200, 422)
    assert b"<script>alert" not in answer.content
    assert not Computer.objects.exists()


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "True-Client-IP", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"]
)
def test_no_header_of_a_stranger_says_where_a_request_came_from(
    client: Client, person: Callable[..., User], header: str
) -> None:
    """CVE-2026-46356 of another server: the lock was counted by what the client said of itself."""
    person(Role.IT, "alice")
    for number in range(10):
        form = {"username": "alice", "password": "guess"}
        client.post(reverse("web:sign-in"), form, headers={header: f"198.51.100.{number}"})
    assert set(SignInFailure.objects.values_list("address", flat=True)) == {"127.0.0.1"}
    assert "198.51.100" not in str(list(Entry.objects.values_list("detail", flat=True)))
    locked = client.post(
        reverse("web:sign-in"), {"username": "alice", "password": "x"}, headers={header: "203.0.113.9"}
    )
    assert locked.status_code == 429


def test_a_session_that_was_planted_is_nobody_s_after_the_sign_in(client: Client, person: Callable[..., User]) -> None:
    """Session fixation: whoever planted the cookie holds nothing once its victim has signed in."""
    person(Role.IT, "alice")
    planted = client.session
    planted["mark"] = 1
    planted.save()
    attacker = Client()
    attacker.cookies["sessionid"] = planted.session_key or ""
    client.cookies["sessionid"] = planted.session_key or ""
    client.post(reverse("web:sign-in"), {"username": "alice", "password": "对马海峡-correct-horse"})
    assert client.get(reverse("web:start")).status_code == 200
    assert attacker.get(reverse("web:start")).status_code == 302


def test_a_session_ends_on_the_server_at_the_sign_out(client: Client, person: Callable[..., User]) -> None:
    client.force_login(person())
    copied = Client()
    copied.cookies["sessionid"] = client.cookies["sessionid"].value
    assert copied.get(reverse("web:start")).status_code == 200
    client.post(reverse("web:sign-out"))
    assert copied.get(reverse("web:start")).status_code == 302


def test_no_form_is_taken_from_another_site(foreign: dict[str, Any], person: Callable[..., User]) -> None:
    """Cross-site request forgery: every address that takes a form wants the token of our own page."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person(Role.ADMIN))
    taken = []
    for name in (name for name in NAMES if name.startswith("web:") and name not in OWN_PROOF):
        for address in addresses(name, foreign):
            answer = strict.post(address, {"x": "y"}, headers={"origin": "https://evil.example"})
            if answer.status_code not in (403, 405):
                taken.append((name, answer.status_code))
    assert taken == []
