"""The list of violations for programs: with a key only, in pages, without a path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from protocol.records import ViolationSeen
from server.accounts import api_keys
from server.accounts.models import ApiKey, Role, User
from server.violations.models import Group, State

Seen = Callable[..., ViolationSeen]
Deliver = Callable[..., Any]


@pytest.fixture
def key(person: Callable[..., User]) -> str:
    """A viewer's API key."""
    return api_keys.mint(person(Role.VIEWER))[1]


@pytest.fixture
def listed(client: Client, key: str) -> Callable[..., dict[str, Any]]:
    """Asks for the list as a program does."""

    def get(**query: Any) -> dict[str, Any]:
        answer = client.get("/api/v1/violations", query, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    return get


def test_a_violation_is_listed_with_what_a_program_needs(
    deliver: Deliver, sender: Any, file_seen: Seen, computer: Any, listed: Callable[..., dict[str, Any]]
) -> None:
    seen = file_seen()
    deliver(sender.next(seen, file_seen()))
    told = listed()
    assert told["next"] is None
    (row,) = told["violations"]
    assert row["computer"] == {"id": str(computer.id), "name": "办公室-01", "class": "internal"}
    assert (row["control"], row["severity"], row["state"], row["occurrences"]) == ("MEDIA-05", "critical", "new", 2)
    assert (row["content_hash"], row["path_hash"]) == (seen.evidence.content_hash, seen.evidence.path_hash)
    assert (row["marking"], row["level"], row["family"]) == ("机密★10年", "机密", "state")
    assert row["medium"]["serial_tail"] == "7F3C"


def test_no_path_sealed_or_open_is_told(
    deliver: Deliver, sender: Any, file_seen: Seen, client: Client, key: str
) -> None:
    deliver(sender.next(file_seen(path="/media/u/项目名单.docx")))
    body = client.get("/api/v1/violations", headers={"Authorization": f"Bearer {key}"}).content.decode()
    assert "项目名单" not in body
    assert Group.objects.get().sealed_place not in body


def test_pages_follow_one_another_until_the_end(
    deliver: Deliver, sender: Any, file_seen: Seen, listed: Callable[..., dict[str, Any]]
) -> None:
    deliver(sender.next(*(file_seen(str(number)) for number in range(7))))
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = listed(limit=3, **after)
        seen += [row["id"] for row in page["violations"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen)


def test_the_list_can_be_narrowed(
    deliver: Deliver, sender: Any, file_seen: Seen, network_seen: Seen, listed: Callable[..., dict[str, Any]]
) -> None:
    deliver(sender.next(file_seen(), network_seen()))
    Group.objects.filter(control="NET-03").update(state=State.CLOSED)
    assert [row["control"] for row in listed(state="new")["violations"]] == ["MEDIA-05"]
    assert [row["state"] for row in listed(control="NET-03")["violations"]] == ["closed"]
    assert len(listed(computer=sender.computer_id)["violations"]) == 2


@pytest.mark.parametrize("query", [{"after": "x"}, {"limit": "many"}, {"state": "odd"}, {"computer": "7"}])
def test_a_question_that_makes_no_sense_is_refused(client: Client, key: str, query: dict[str, str]) -> None:
    answer = client.get("/api/v1/violations", query, headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic eDp5"])
def test_without_a_good_key_nothing_is_told(client: Client, key: str, header: str) -> None:
    answer = client.get("/api/v1/violations", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1)),
        lambda: ApiKey.objects.update(revoked_at=timezone.now()),
        lambda: User.objects.update(is_active=False),
    ],
)
def test_a_key_that_is_over_opens_nothing(client: Client, key: str, spoil: Callable[[], int]) -> None:
    spoil()
    assert client.get("/api/v1/violations", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_page_of_many_costs_as_many_queries_as_a_page_of_one(
    deliver: Deliver,
    sender: Any,
    file_seen: Seen,
    listed: Callable[..., dict[str, Any]],
    django_assert_max_num_queries: Any,
) -> None:
    deliver(sender.next(*(file_seen(str(number)) for number in range(50))))
    with django_assert_max_num_queries(3):
        assert len(listed()["violations"]) == 50
