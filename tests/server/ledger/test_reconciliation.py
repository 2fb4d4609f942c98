"""Where the ledgers and what agents saw differ, both ways."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from server.accounts.models import Role, User
from server.ledger.models import Computer, MediaSession, Medium, Person
from server.ledger.reconciliation import BY_KEY, QUESTIONS

pytestmark = pytest.mark.django_db
Typed = Callable[..., Any]


def asked(key: str, user: User) -> list[str]:
    return sorted(str(row.number or row) for row in BY_KEY[key].rows(user))


def see(entry: Computer | Medium, *, days: float) -> None:
    at = timezone.now() - timedelta(days=days)
    if isinstance(entry, Medium):
        Medium.objects.filter(pk=entry.pk).update(last_seen_at=at, first_seen_at=at, key=f"{entry.pk:064x}")
    else:
        Computer.objects.filter(pk=entry.pk).update(last_seen_at=at, enrolled_at=at, public_key=b"\1" * 32)


def test_a_computer_of_the_ledger_that_is_silent_is_asked_after(typed: Typed, officer: User) -> None:
    see(typed("computers", number="heard"), days=1)
    see(typed("computers", number="silent"), days=8)
    typed("computers", number="never")
    typed("computers", number="stored", status="in-store")
    assert asked("computer-silent", officer) == ["never", "silent"]


def test_what_reports_without_standing_in_the_ledger_is_told(typed: Typed, officer: User, computer: Computer) -> None:
    see(typed("computers"), days=1)
    Medium.objects.create(key="a" * 64, label="陌生U盘", last_seen_at=timezone.now(), first_seen_at=timezone.now())
    assert asked("computer-unregistered", officer) == [computer.name]
    assert asked("medium-unregistered", officer) == ["陌生U盘"]


def test_a_sighting_after_destruction_is_an_alarm(typed: Typed, officer: User) -> None:
    stick = typed("media", status="destroyed")
    pc = typed("computers", status="lost")
    past = timezone.localdate() - timedelta(days=5)
    Medium.objects.update(status_on=past)
    Computer.objects.update(status_on=past)
    see(stick, days=7)
    see(pc, days=7)
    assert asked("medium-gone", officer) == asked("computer-gone", officer) == []
    see(stick, days=1)
    see(pc, days=1)
    assert asked("medium-gone", officer) == ["U-001"]
    assert asked("computer-gone", officer) == ["BG-001"]
    assert BY_KEY["medium-gone"].grave


@pytest.mark.parametrize(
    ("medium_class", "computer_class", "use", "crossed"),
    [
        ("confidential", "internet", "", True),
        ("confidential", "internet", "transfer", True),
        ("confidential", "confidential", "", False),
        ("internal", "confidential", "", True),
        ("internal", "confidential", "transfer", False),
        ("internal", "internal", "", False),
    ],
)
def test_a_medium_in_the_wrong_class_of_computer_is_told(
    typed: Typed, officer: User, medium_class: str, computer_class: str, use: str, crossed: bool
) -> None:
    stick = typed("media", use=use, medium_class=medium_class, level="秘密" if medium_class == "confidential" else "")
    pc = typed("computers", computer_class=computer_class, level="秘密" if computer_class == "confidential" else "")
    MediaSession.objects.create(id=uuid.uuid4(), computer=pc, medium=stick, mounted_at=timezone.now())
    assert bool(asked("wrong-class", officer)) == crossed


def test_returns_and_reviews_are_announced_and_end_with_the_return(typed: Typed, officer: User) -> None:
    soon = (timezone.localdate() + timedelta(days=3)).isoformat()
    later = (timezone.localdate() + timedelta(days=60)).isoformat()
    typed("people")
    typed("media", number="due", status="lent", holder="张三", return_due=soon)
    typed("media", number="back", status="in-store", return_due=soon)
    typed("media", number="later", status="lent", holder="张三", return_due=later)
    typed("computers", number="look", review_due=soon)
    assert asked("medium-return", officer) == ["due"]
    assert asked("computer-review", officer) == ["look"]


def test_who_has_left_and_still_holds_something_is_told(typed: Typed, officer: User) -> None:
    typed("people", number="1", name="走了")
    typed("people", number="2", name="也走了")
    typed("media", holder="走了")
    Person.objects.update(leaving_on=timezone.localdate() - timedelta(days=1))
    assert asked("leaver", officer) == ["1"]


def test_a_holder_of_classified_media_has_signed_the_pledge(typed: Typed, officer: User) -> None:
    typed("people")
    typed("media", medium_class="confidential", level="秘密", holder="张三")
    assert asked("no-pledge", officer) == ["1001"]
    Person.objects.update(pledge_on=timezone.localdate())
    assert asked("no-pledge", officer) == []


@pytest.mark.parametrize("key", [question.key for question in QUESTIONS])
def test_no_question_looks_beyond_the_own_department(
    key: str, typed: Typed, officer: User, person: Callable[..., User], organise: Any
) -> None:
    organise("总部/财务处")
    past = (timezone.localdate() - timedelta(days=9)).isoformat()
    typed("people", department="财务处", review_due=past, leaving_on=past)
    more = {"department": "财务处", "review_due": past, "return_due": past, "holder": "张三"}
    stick = typed("media", medium_class="confidential", level="秘密", **more)
    pc = typed("computers", **more)
    see(stick, days=40)
    see(pc, days=40)
    MediaSession.objects.create(id=uuid.uuid4(), computer=pc, medium=stick, mounted_at=timezone.now())
    assert asked(key, person(Role.DEPARTMENT, username="other", department="总部/办公室")) == []
