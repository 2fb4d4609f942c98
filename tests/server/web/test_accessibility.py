"""WCAG 2.2 AA on every page, by axe-core in a real browser, in both languages, widths and themes.

The walk starts from the address table (`test_permissions`): a new page is in it without being named here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from server.accounts.models import Factor, Role, User
from server.web import doors
from tests.server.web.test_browser import ARGUMENTS, CHROMIUM
from tests.server.web.test_permissions import PAGES, addresses, foreign

__all__ = ["foreign"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SEEN = {
    "type": "rule",
    "values": ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"],
}
"""What theme and width can change."""
MORE = ("?tab=bad", "?tab=refused", "?tab=held", "?state=all&q=x")
"""Other faces of lists: tabs, and what is shown where nothing fits."""
LISTS = [reverse(f"web:{name}") for name in ("imports", "violations")]

ROOM = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const told = wide > 1 ? [`the page is ${wide} px wider than the window`] : [];
  for (const wrap of document.querySelectorAll(".table-wrap"))
    if (wrap.scrollWidth > wrap.clientWidth + 1) told.push(`a table is cut off at ${wrap.clientWidth} px`);
  return told;
}"""
"""Nothing has to be pushed aside to be read."""


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


def session_of(user: User, **more: Any) -> str:
    """The key of a session in which this person has just signed in."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = django_settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[doors.SIGNED_IN_AT] = int(time.time())
    store.update(more)
    store.create()
    return str(store.session_key)


def window(browser: Browser, address: str, *, session: str = "", language: str, width: int, theme: Any) -> Page:
    context = browser.new_context(
        locale={"zh-hans": "zh-CN"}.get(language, language),
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        bypass_csp=False,
    )
    cookies = [{"name": "django_language", "value": language, "url": address}]
    if session:
        cookies.append({"name": django_settings.SESSION_COOKIE_NAME, "value": session, "url": address})
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def faults(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe-core finds wrong with the page that is shown."""
    page.evaluate(AXE)
    told = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
    wrong = [
        f"{fault['id']}: {node['target']} {node['any'][0]['message'] if node['any'] else ''}"
        for fault in told["violations"]
        for node in fault["nodes"][:4]
    ]
    return wrong + page.evaluate(ROOM)


@pytest.mark.parametrize(
    ("language", "width", "theme", "rules"),
    [("zh-hans", 1280, "light", EVERYTHING), ("en", 390, "dark", SEEN)],
    ids=["wide", "narrow"],
)
def test_no_page_breaks_wcag(
    live_server: Any,
    browser: Browser,
    foreign: dict[str, Any],
    person: Callable[..., User],
    language: str,
    width: int,
    theme: str,
    rules: dict[str, Any],
) -> None:
    boss = person(Role.ADMIN, language=language)
    Factor.objects.create(user=boss, kind=Factor.Kind.APP, name="手机", secret=b"")
    session, client = session_of(boss), Client()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = session
    page = window(browser, live_server.url, session=session, language=language, width=width, theme=theme)
    wrong, seen = {}, 0
    for name in PAGES:
        for address in addresses(name, foreign):
            for more in ("", *(MORE if address in LISTS else ())):
                answer = client.get(address + more)
                if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
                    continue  # takes forms only, or answers with a file
                page.goto(f"{live_server.url}{address}{more}")
                seen += 1
                if told := faults(page, rules):
                    wrong[f"{name} {more}"] = told
    assert wrong == {}
    assert seen > 30


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_way_in_and_no_dead_end_breaks_wcag(
    live_server: Any, browser: Browser, person: Callable[..., User], theme: str
) -> None:
    user = person(Role.VIEWER)
    half = {"user": user.pk, "hash": user.get_session_auth_hash(), "road": "password", "back": "/", "at": time.time()}
    store = SessionStore()
    store[doors.PENDING] = half
    store.create()
    wrong = {}
    for address, session in (
        ("/sign-in/", ""),
        ("/sign-in/second/", str(store.session_key)),
        ("/users/", session_of(user)),
        ("/nowhere/", session_of(user)),
    ):
        page = window(browser, live_server.url, session=session, language="en", width=390, theme=theme)
        page.goto(live_server.url + address)
        assert address in page.url
        if told := faults(page, EVERYTHING):
            wrong[address] = told
    assert wrong == {}


def test_the_walk_sees_a_fault_where_there_is_one(live_server: Any, browser: Browser) -> None:
    page = window(browser, live_server.url, language="en", width=1280, theme="light")
    page.goto(f"{live_server.url}/sign-in/")
    page.evaluate("document.querySelector('label[for=username]').remove()")
    page.evaluate("document.querySelector('h1, p, span').closest('div').style.width = '4000px'")
    assert any(told.startswith("label:") for told in faults(page, EVERYTHING))
    assert any("wider than the window" in told for told in faults(page, SEEN))
