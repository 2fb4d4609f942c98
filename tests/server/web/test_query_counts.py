"""How many queries each page makes: pinned, and the same however much there is to show.

Every page that needs no key is in the walk by itself (`test_permissions`); one that is not named has the general bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Factor, OutsideAccount, Role, User
from server.ledger.models import Medium, Note
from tests.server.web.test_permissions import ADDRESSES, PAGES

pytestmark = pytest.mark.django_db

MOST = {
    "account": 5,
    "account-password": 2,
    "audit": 4 + 9,  # one for each kind of object that its rows name
    "computer-new": 5,
    "computers": 6,
    "departments": 5,
    "factor-app": 5,
    "factor-passkey": 6,
    "health": 12,
    "imports": 6,
    "media": 7,
    "medium-new": 5,
    "outside": 4,
    "people": 5,
    "person-new": 5,
    "reconcile": 5,
    "start": 10,
    "user-new": 3,
    "users": 4,
    "violations": 8,
    "waivers": 5,
}
"""Queries of a page, those for session and account included."""
GENERAL = 12
"""Queries of a page that is not named."""
NO_PAGE = {"sign-in", "second-factor", "ledger-import"}
"""Ways in, and what only leads elsewhere."""


def fill(office: Any, person: Callable[..., User], first: int, last: int) -> None:
    """One more of everything for each number."""
    for number in range(first, last):
        pc = office.computer(f"pc-{number}", department="总部/办公室", person=f"人{number}", number=f"J-{number}")
        medium = Medium.objects.create(
            number=f"U-{number}", person=pc.person, department=pc.department, registered_at=timezone.now()
        )
        group = office.file(pc, content=str(number))
        author = person(Role.DEPARTMENT, f"u-{number}", department="总部/办公室")
        Note.objects.create(kind="media", entry_id=str(medium.pk), at=timezone.now(), author=author, text="x")
        OutsideAccount.objects.create(
            road="ldap", issuer="ldaps://x", subject=str(number), user=author, first_seen_at=timezone.now(),
            last_seen_at=timezone.now(),
        )  # fmt: skip
        Factor.objects.create(user=author, kind=Factor.Kind.APP, name="x", secret=b"")
        Client().post(reverse("web:sign-in"), {"username": f"u-{number}", "password": "guess"})
        assert group.pk


def counted(client: Client, name: str) -> int:
    """The queries of a page; 0 for one that this person may not open."""
    address = reverse(f"web:{name}")
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        status = client.get(address).status_code
    return len(queries) if status == 200 else 0


def names() -> list[str]:
    """Every page without a key, by what it is called."""
    plain = (name.removeprefix("web:") for name in PAGES if not ADDRESSES[name].pattern.converters)
    return [name for name in plain if name not in NO_PAGE]


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.ADMIN])
def test_no_page_asks_more_of_the_database_than_it_may_nor_more_when_there_is_more_to_show(
    role: Role, office: Any, person: Callable[..., User], seat: Callable[..., Client], settings: Any
) -> None:
    fill(office, person, 0, 2)
    user = person(role, "me", department="总部" if role == Role.DEPARTMENT else None)
    client = seat(user)
    session = client.session
    session["signed_in_at"] = 2**33  # as fresh as a sign-in can be: pages of one's own factors open
    session.save()
    few = {name: counted(client, name) for name in names()}
    fill(office, person, 2, 24)
    many = {name: counted(client, name) for name in few}
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name]} == {}
    over = {name: count for name, count in many.items() if count > MOST.get(name, GENERAL)}
    assert over == {}, "give the page fewer queries, or pin it in this test"
    assert sum(count > 0 for count in many.values()) >= (10 if role == Role.DEPARTMENT else 15)
