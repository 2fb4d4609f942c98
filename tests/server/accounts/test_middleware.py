"""The pages speak the language of the account, unless the browser was told another one."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.test import Client

from server.accounts.models import Role, User


def spoken(client: Client) -> str:
    return client.get("/healthz").headers["Content-Language"]


def test_a_stranger_is_answered_in_the_language_of_the_browser(client: Client, db: None) -> None:
    assert spoken(client) == "zh-hans"
    assert client.get("/healthz", headers={"Accept-Language": "en"}).headers["Content-Language"] == "en"


def test_a_person_is_answered_in_the_language_of_the_account(client: Client, person: Callable[..., User]) -> None:
    client.force_login(person(Role.IT, language="en"))
    assert spoken(client) == "en"


def test_a_choice_made_in_the_browser_wins(client: Client, person: Callable[..., User]) -> None:
    client.force_login(person(Role.IT, language="en"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    assert spoken(client) == "zh-hans"
