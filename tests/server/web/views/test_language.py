"""Choosing a language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import User

pytestmark = pytest.mark.django_db
URL = reverse("web:language")


def test_the_browser_s_language_decides_before_anything_was_chosen() -> None:
    assert "登录" in Client(headers={"accept-language": "zh-CN"}).get(reverse("web:sign-in")).content.decode()
    assert "Sign in" in Client(headers={"accept-language": "en-GB"}).get(reverse("web:sign-in")).content.decode()
    assert "登录" in Client(headers={"accept-language": "fr"}).get(reverse("web:sign-in")).content.decode()


def test_the_account_s_language_comes_before_the_browser_s(person: Callable[..., User]) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(person(language="en"))
    assert "<h1>Violations</h1>" in client.get(reverse("web:violations")).content.decode()


def test_the_choice_stays_with_the_account_and_the_browser(person: Callable[..., User]) -> None:
    somebody = person(language="zh-hans")
    client = Client()
    client.force_login(somebody)
    assert "<h1>违规</h1>" in client.get(reverse("web:violations")).content.decode()
    back = reverse("web:violations") + "?state=all"
    answer = client.post(URL, {"language": "en", "next": back})
    assert answer["Location"] == back
    assert "<h1>Violations</h1>" in client.get(back).content.decode()
    somebody.refresh_from_db()
    assert somebody.language == "en"


def test_who_is_not_signed_in_can_choose_too() -> None:
    client = Client()
    client.post(URL, {"language": "en", "next": reverse("web:sign-in")})
    assert "Sign in" in client.get(reverse("web:sign-in")).content.decode()


def test_a_language_we_do_not_speak_is_refused(client: Client) -> None:
    assert client.post(URL, {"language": "tlh"}).status_code == 400


def test_the_choice_never_leads_to_another_site(client: Client) -> None:
    assert client.post(URL, {"language": "en", "next": "//evil.example/"})["Location"] == reverse("web:start")


def test_the_choice_is_made_by_a_form_only(client: Client) -> None:
    assert client.get(URL).status_code == 405


def test_the_next_person_at_the_same_browser_gets_their_own_language(person: Callable[..., User]) -> None:
    client = Client()
    client.force_login(person(language="zh-hans"))
    client.post(URL, {"language": "en"})
    client.post(reverse("web:sign-out"))
    client.force_login(person(username="next", language="zh-hans"))
    assert "<h1>违规</h1>" in client.get(reverse("web:violations")).content.decode()
