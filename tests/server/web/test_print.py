"""Pages on paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from server.accounts.models import User
from tests.server.web.test_accessibility import browser, session_of, window
from tests.server.web.test_browser import CHROMIUM

__all__ = ["browser"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def test_a_long_list_begins_on_the_first_sheet_and_loses_no_row_and_no_column(
    live_server: Any, browser: Browser, person: Callable[..., User], office: Any
) -> None:
    pc = office.computer("the-only-pc", person="张三")
    for number in range(40):
        office.file(pc, f"机密★{number + 1}年", content=str(number))
    page = window(browser, live_server.url, session=session_of(person()), language="en", width=1280, theme="light")
    page.goto(live_server.url + reverse("web:violations"))
    sheets = [sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(page.pdf(format="A4"))]
    assert sheets[0].count("the-only-pc") > 5
    assert sum(sheet.count("the-only-pc") for sheet in sheets) == 40
    for told in ("Responsible", "Last seen", "张三"):
        assert told in sheets[0]
    assert "Sign out" not in sheets[0]
    assert len(sheets) < 8
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 between its margins
    assert page.locator(".table__who").first.evaluate("cell => cell.offsetWidth") > 70, "names keep their words"
