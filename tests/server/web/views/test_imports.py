"""What arrived and could not be taken."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.intake.models import Refusal, SpoolEntry

pytestmark = pytest.mark.django_db
URL = reverse("web:imports")
Seat = Callable[..., Client]
People = Callable[..., User]


def envelope(agent: uuid.UUID, state: str, reason: str = "", **more: Any) -> SpoolEntry:
    number = SpoolEntry.objects.count()
    fields: dict[str, Any] = {
        "digest": f"{number:064x}",
        "sequence": number + 1,
        "previous": "0" * 64,
        "received_at": timezone.now(),
        "raw": b"body",
        "size": 4,
        "road": "network",
    }
    return SpoolEntry.objects.create(agent_id=agent, state=state, reason=reason, **(fields | more))


def refusal(reason: str, **more: Any) -> Refusal:
    fields: dict[str, Any] = {"at": timezone.now(), "message": "why", "remote": "10.2.3.4", "size": 2048}
    return Refusal.objects.create(reason=reason, **(fields | more))


def test_a_held_envelope_tells_its_computer_its_reason_and_what_to_do(person: People, seat: Seat, office: Any) -> None:
    envelope(office.computer("jiyao-01").pk, "held", "gap", sequence=42)
    page = seat(person()).get(f"{URL}?tab=held").content.decode()
    for told in ("jiyao-01", "42", "An earlier envelope is missing", "Nothing is lost."):
        assert told in page


def test_a_refusal_tells_address_reason_and_remedy(person: People, seat: Seat, office: Any) -> None:
    refusal("token-used", agent_id="not-even-a-uuid")
    page = seat(person()).get(f"{URL}?tab=refused").content.decode()
    for told in ("10.2.3.4", "Enrolment token already used", "Each token serves one computer."):
        assert told in page


def test_a_reason_this_page_does_not_know_is_shown_as_it_is(person: People, seat: Seat) -> None:
    refusal("brand-new-reason", message="told by a newer part")
    page = seat(person()).get(f"{URL}?tab=refused").content.decode()
    assert "brand-new-reason" in page
    assert "told by a newer part" in page


def test_the_page_opens_where_the_trouble_is(person: People, seat: Seat, office: Any) -> None:
    client, pc = seat(person()), office.computer()

    def current() -> str:
        found = re.search(r'aria-current="page">([^<]+) <span class="tabs', client.get(URL).content.decode())
        assert found is not None
        return found[1]

    assert current() == "Taken"
    refusal("truncated")
    assert current() == "Refused"
    envelope(pc.pk, "bad", "cannot-open")
    assert current() == "Unreadable"
    envelope(pc.pk, "held", "gap")
    assert current() == "Held"


def test_the_tabs_count_what_they_hold(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer()
    for state in ("held", "bad", "bad", "waiting", "done", "done"):
        envelope(pc.pk, state)
    refusal("truncated")
    page = seat(person()).get(URL).content.decode()
    assert re.findall(r'<span class="tabs__count">(\d+)<', page) == ["1", "2", "1", "3"]


def test_what_a_stranger_claims_is_never_taken_for_markup(person: People, seat: Seat) -> None:
    refusal("<script>x</script>", agent_id="<script>alert(1)</script>", message="<b>why</b>")
    page = seat(person()).get(f"{URL}?tab=refused").content.decode()
    assert "<script>alert" not in page
    assert "<b>why" not in page


def test_many_refusals_are_cut_into_pages_in_the_same_number_of_queries(
    person: People, seat: Seat, django_assert_max_num_queries: Any
) -> None:
    for _ in range(55):
        refusal("truncated")
    client = seat(person(Role.AUDITOR))
    with django_assert_max_num_queries(6):
        assert client.get(f"{URL}?tab=refused").content.decode().count("data-row>") == 50


@pytest.mark.parametrize("tab", ["held", "bad", "refused", "taken"])
def test_an_empty_tab_says_what_would_stand_there(person: People, seat: Seat, tab: str) -> None:
    assert 'class="empty"' in seat(person()).get(f"{URL}?tab={tab}").content.decode()


def test_nobody_sees_the_imports_without_signing_in(client: Client) -> None:
    assert client.get(URL).status_code == 302
