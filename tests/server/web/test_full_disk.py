"""A database that takes nothing more: what is there can be read, and what cannot be written is told as such."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from server.accounts.models import User
from server.violations.models import Group, State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def full() -> Iterator[Callable[[], None]]:
    """Lets the database grow no further, as on a full disk."""

    def limit() -> None:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA page_count")
            pages = cursor.fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages}")

    yield limit
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")


def test_pages_are_read_and_acts_are_put_off(
    full: Callable[[], None], person: Callable[..., User], seat: Callable[..., Client], office: Any
) -> None:
    group, client = office.file(office.computer()), seat(person())
    client.raise_request_exception = False
    full()
    for name in ("start", "violations", "computers", "media", "people", "reconcile", "waivers", "audit", "health"):
        assert client.get(reverse(f"web:{name}")).status_code == 200, name
    answer = client.post(reverse("web:comment", args=[group.pk]), {"note": "长" * 2000})
    answers = [answer, *(client.post(reverse("web:comment", args=[group.pk]), {"note": "长" * 2000}) for _ in range(5))]
    put_off = [one for one in answers if one.status_code == 503]
    assert put_off
    assert {one.status_code for one in answers} <= {302, 503}
    assert put_off[0]["Retry-After"]
    assert "Nothing was changed" in put_off[0].content.decode()
    assert Group.objects.get().state == State.NEW


def test_any_other_error_is_still_an_error(
    person: Callable[..., User], seat: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.web.views import audit as page

    def broken(*_args: Any) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(page, "page_of", broken)
    client = seat(person())
    client.raise_request_exception = False
    answer = client.get(reverse("web:audit"))
    assert (answer.status_code, "a mistake of ours" in answer.content.decode()) == (500, False)
