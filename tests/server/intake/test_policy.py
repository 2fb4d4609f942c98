"""What a computer is told when it asks for its policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from protocol import keys, policy
from server.accounts.models import Role, User
from server.intake.policy import register
from server.keys import collector_keys
from server.ledger.actions import save, serial_hash
from server.ledger.kinds import MEDIA
from server.ledger.models import Computer
from server.rules.models import HousePolicy
from server.violations import waivers
from server.violations.models import Group

pytestmark = pytest.mark.django_db
URL = reverse("api:policy")
Ask = Callable[..., Any]


@pytest.fixture
def ask(client: Client, computer: Computer, agent_key: keys.Ed25519PrivateKey) -> Ask:
    """Asks for the policy as the agent of ``computer`` does."""

    def asking(have: int = 0, *, key: keys.Ed25519PrivateKey = agent_key, agent: str = "", **headers: str) -> Any:
        register.forget()
        agent, now = agent or str(computer.pk), timezone.now().isoformat()
        told = {
            policy.AGENT_HEADER: agent,
            policy.HAVE_HEADER: str(have),
            policy.TIME_HEADER: now,
            policy.PROOF_HEADER: keys.b64(key.sign(policy.request_challenge(agent, have, now))),
        }
        return client.get(URL, headers=told | headers)

    return asking


def opened(answer: Any, computer: Computer, newer_than: int = 0) -> policy.Policy:
    assert answer.status_code == 200, answer.content
    public = keys.public_bytes(collector_keys().signing)
    return policy.open_policy(answer.content, public, agent=str(computer.pk), newer_than=newer_than)


@pytest.fixture
def stick(person: Callable[..., User]) -> Any:
    """A classified medium of the ledger that no computer has seen."""
    told = {"number": "U-1", "medium_class": "confidential", "level": "秘密", "status": "in-use", "serial": "ABC123"}
    return save(MEDIA, None, told, by=person(Role.OFFICER, username="keeper"))[0]


def test_a_computer_learns_its_class_and_the_register_of_media(ask: Ask, computer: Computer, stick: Any) -> None:
    told = opened(ask(), computer)
    assert (told.computer_class, told.level, told.register_in_force) == ("internal", None, False)
    (line,) = told.media
    assert (line.number, line.serial_hash, line.medium_class) == ("U-1", serial_hash("ABC123"), "confidential")
    assert line.status is policy.MediumStatus.REGISTERED
    assert not line.transfer


def test_a_medium_registered_for_carrying_between_networks_reaches_the_computer_as_such(
    ask: Ask, computer: Computer, person: Callable[..., User]
) -> None:
    told = {"number": "U-2", "medium_class": "internal", "status": "in-use", "use": "跨网传递"}
    save(MEDIA, None, told, by=person(Role.OFFICER, username="keeper"))
    assert [line.transfer for line in opened(ask(), computer).media] == [True]


def test_the_serial_grows_with_a_change_and_with_nothing_else(
    ask: Ask, computer: Computer, stick: Any, person: Callable[..., User]
) -> None:
    first = opened(ask(), computer)
    assert ask(first.serial).status_code == 304
    assert opened(ask(), computer).serial == first.serial
    save(MEDIA, stick, {"status": "lost"}, by=person())
    second = opened(ask(first.serial), computer, newer_than=first.serial)
    assert second.serial > first.serial
    assert second.media[0].status is policy.MediumStatus.LOST


def test_a_computer_that_knows_a_later_serial_is_caught_up_with(ask: Ask, computer: Computer) -> None:
    assert opened(ask(41), computer, newer_than=41).serial == 42


def test_a_waiver_travels_with_its_end(
    ask: Ask, computer: Computer, deliver: Any, sender: Any, file_seen: Any, person: Callable[..., User]
) -> None:
    deliver(sender.next(file_seen(medium=None)))
    until = timezone.localdate() + timedelta(days=5)
    group = Group.objects.get()
    waiver = waivers.ask(group, scope="violation", reason="专项", expires_on=until, by=person(Role.IT))
    assert opened(ask(), computer).waivers == ()
    waivers.decide(waiver, approve=True, by=person(Role.OFFICER))
    (told,) = opened(ask(), computer).waivers
    assert (told.control, told.content_hash, told.medium) == ("MEDIA-05", group.content_hash, "")
    assert timezone.localtime(told.expires).date() == until


def test_names_of_holders_stay_within_their_department(
    ask: Ask, computer: Computer, stick: Any, organise: Any, enter: Any
) -> None:
    stick.holder, stick.department = enter("赵强"), organise("总部/机要室")
    stick.save()
    assert opened(ask(), computer).media[0].holder == ""
    Computer.objects.update(department=organise("总部/机要室"))
    assert opened(ask(), computer).media[0].holder == "赵强"


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({policy.AGENT_HEADER: "no-uuid"}, 400, "malformed"),
        ({policy.HAVE_HEADER: "-1"}, 400, "malformed"),
        ({policy.HAVE_HEADER: "9"}, 403, "bad-proof"),
        ({policy.PROOF_HEADER: "AAAA"}, 403, "bad-proof"),
        ({policy.PROOF_HEADER: "ä"}, 400, "malformed"),
        ({policy.TIME_HEADER: "x" * 65}, 400, "malformed"),
        ({policy.AGENT_HEADER: "0190c7f0-0000-7000-8000-00000000dead"}, 404, "unknown-agent"),
        ({policy.AGENT_HEADER: "'; DROP TABLE ledger_computer; --"}, 400, "malformed"),
    ],
)
def test_a_request_that_proves_nothing_learns_nothing(
    ask: Ask, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = ask(**headers)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


def test_another_key_or_a_withdrawn_computer_learns_nothing(ask: Ask, computer: Computer) -> None:
    assert ask(key=keys.Ed25519PrivateKey.generate()).json()["reason"] == "bad-proof"
    Computer.objects.update(revoked_at=timezone.now())
    assert ask().json()["reason"] == "revoked"


def test_an_announced_inspection_reaches_the_computer_with_the_scan_before_it(
    ask: Ask, computer: Computer, make_round: Callable[..., Any]
) -> None:
    first = opened(ask(), computer)
    assert (first.inspection, first.schedules) == (None, ())
    day = timezone.localdate() + timedelta(days=20)
    make_round(inspection_on=day)
    second = opened(ask(first.serial), computer, newer_than=first.serial)
    assert (second.inspection, second.serial > first.serial) == (day, True)
    assert [(one.calendar, one.days_before) for one in second.schedules] == [("before-inspection", 3)]
    assert ask(second.serial).status_code == 304


def test_an_inspection_that_is_over_hides_none_that_is_to_come(
    ask: Ask, computer: Computer, make_round: Callable[..., Any]
) -> None:
    today = timezone.localdate()
    HousePolicy.objects.create(inspection=today - timedelta(days=30))
    assert opened(ask(), computer).inspection is None
    make_round(inspection_on=today + timedelta(days=20))
    assert opened(ask(), computer).inspection == today + timedelta(days=20)
