"""SAML in a real browser: the answer comes as a form of another site, without our cookies, and still finds its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from server.accounts.models import User
from server.home import Saml
from tests.server.web.test_browser import CHROMIUM, desk
from tests.server.web.views.test_saml import ANSWER, Idp, id_in, packed, tied, unpacked

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
__all__ = ["desk"]


def test_a_person_goes_to_the_service_and_comes_back_signed_in(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], settings: Any, tmp_path: Path
) -> None:
    idp, user = Idp(tmp_path / "idp.xml"), tied(person)
    settings.MIJIAN_SAML = Saml(metadata_file=str(idp.file), label="单位统一登录")
    at = f"{live_server.url}{ANSWER}"
    ours = {"audience": f"{live_server.url}/sign-in/saml/metadata.xml", "recipient": at, "destination": at}

    def service(route: Route) -> None:
        """The page of the service, on a site of its own: it knows the person and sends them back at once."""
        answer = packed(idp.answer(id_in(unpacked(route.request.url)), **ours))
        form = f'<form method="post" action="{at}"><input type="hidden" name="SAMLResponse" value="{answer}"></form>'
        route.fulfill(body=f"{form}<script>document.forms[0].submit()</script>", content_type="text/html")

    page = desk()
    page.route("https://idp.example/**", service)
    page.goto(f"{live_server.url}/violations/")
    page.click("text=单位统一登录")
    expect(page.locator("h1")).to_have_text("违规")
    assert page.url == f"{live_server.url}/violations/"
    expect(page.locator("body")).to_contain_text(user.display_name)
