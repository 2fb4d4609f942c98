"""Passkeys in a real browser, with an authenticator that the browser itself plays (WebDriver's virtual one)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.accounts import passkeys
from server.accounts.models import Factor, Role, User
from tests.server.web.test_browser import CHROMIUM, desk, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
__all__ = ["desk"]


def with_authenticator(page: Page) -> Any:
    """The browser answers for a security key that is touched at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    told = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    options = {"options": {**told, "automaticPresenceSimulation": True}}
    return session, session.send("WebAuthn.addVirtualAuthenticator", options)["authenticatorId"]


def test_a_passkey_is_made_in_the_browser_and_opens_the_next_sign_in(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User]
) -> None:
    page, user = desk(), person(Role.OFFICER)
    session, authenticator = with_authenticator(page)
    sign_in(page, f"{live_server.url}/account/passkey/", user)
    page.fill("#name", "保险柜里的钥匙")
    page.click("form[data-passkey] button")
    expect(page.locator(".code-list li")).to_have_count(10)
    assert Factor.objects.get().name == "保险柜里的钥匙"

    page.click("form[action='/sign-out/'] button")
    page.wait_for_url(lambda reached: "/sign-in/" in reached)
    page.fill("#username", user.username)
    page.fill("#password", "对马海峡-correct-horse")
    page.press("#password", "Enter")
    page.wait_for_url(lambda reached: "/sign-in/second/" in reached)
    page.click("form[data-passkey] button")
    expect(page.locator("h1")).to_have_text("今日")
    assert Factor.objects.get().last_used_at is not None

    # A copy of the key that does not know of this last use: its counter has not grown.
    Factor.objects.update(counter=10_000)
    page.click("form[action='/sign-out/'] button")
    page.wait_for_url(lambda reached: "/sign-in/" in reached)
    page.fill("#username", user.username)
    page.fill("#password", "对马海峡-correct-horse")
    page.press("#password", "Enter")
    page.wait_for_url(lambda reached: "/sign-in/second/" in reached)
    page.click("form[data-passkey] button")
    expect(page.locator(".notice--error").first).to_contain_text("验证未通过")

    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})


@pytest.mark.parametrize(
    ("host", "can"),
    [("localhost:8000", True), ("mijian.lan", True), ("127.0.0.1:8000", False), ("[::1]:8000", False), ("", False)],
)
def test_passkeys_are_offered_where_there_is_a_host_name(host: str, can: bool) -> None:
    assert passkeys.possible(host) == can
