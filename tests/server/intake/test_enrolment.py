"""Enrolment: one token, one computer; every other try gets a clear no and stores nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client
from django.utils import timezone

from protocol import enrolment, keys
from server.accounts.models import Role
from server.audit.models import Entry
from server.intake import tokens
from server.intake.enrolment import EnrolmentRefused, enrol
from server.intake.models import EnrolmentToken, Refusal
from server.keys import collector_keys
from server.ledger.models import Computer


def request_of(token: str, key: keys.Ed25519PrivateKey, **more: Any) -> enrolment.EnrolRequest:
    public = keys.public_bytes(key)
    values: dict[str, Any] = {
        "token": token,
        "public_key": keys.b64(public),
        "hostname": "办公室-07",
        "machine_id_hash": "ef" * 32,
        "agent_version": "0.1.0",
        "proof": keys.b64(key.sign(enrolment.challenge(token, public))),
    }
    return enrolment.EnrolRequest(**(values | more))


@pytest.fixture
def ask(client: Client) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Asks to enrol as an agent does; status and answer."""

    def post(body: enrolment.EnrolRequest | bytes, **more: str) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = client.post("/api/v1/enroll", raw, content_type="application/json", **more)
        return answer.status_code, json.loads(answer.content)

    return post


Ask = Callable[..., tuple[int, dict[str, Any]]]


def test_a_computer_with_a_good_token_is_taken_in(ask: Ask, agent_key: keys.Ed25519PrivateKey) -> None:
    row, token = tokens.mint("confidential", level="机密", note="财务处")
    status, told = ask(request_of(token, agent_key))
    answer = msgspec.convert(told, enrolment.EnrolAnswer)
    collector = collector_keys()
    assert (status, answer.computer_class, answer.level, answer.collector_name) == (
        201,
        "confidential",
        "机密",
        "测试收集端",
    )
    assert keys.unb64(answer.signing_key) == keys.public_bytes(collector.signing)
    assert keys.unb64(answer.sealing_key) == keys.public_bytes(collector.sealing)
    assert keys.unb64(answer.reveal_key) == keys.public_bytes(collector.reveal)
    assert keys.unb64(answer.organisation_key) == collector.organisation
    computer = Computer.objects.get(pk=answer.agent)
    assert (computer.name, computer.level, bytes(computer.public_key)) == (
        "办公室-07",
        "机密",
        keys.public_bytes(agent_key),
    )
    row.refresh_from_db()
    assert (row.used_by, row.uses) == (computer, 1)
    assert Entry.objects.filter(action="computer.enrol", object_id=str(computer.pk)).exists()


def test_the_first_envelope_of_a_computer_just_enrolled_is_accepted(
    ask: Ask,
    agent_key: keys.Ed25519PrivateKey,
    make_sender: Callable[..., Any],
    post: Callable[..., Any],
    file_seen: Any,
) -> None:
    _, told = ask(request_of(tokens.mint("internal")[1], agent_key))
    sender = make_sender(Computer.objects.get(pk=told["agent"]), agent_key)
    assert post(sender.next(file_seen()))[1].answer == "accepted"


def test_a_token_is_stored_as_hash_only() -> None:
    row, token = tokens.mint("internal")
    assert token not in json.dumps({field.name: str(getattr(row, field.name)) for field in row._meta.fields})


def refused(ask: Ask, body: enrolment.EnrolRequest | bytes) -> tuple[int, str]:
    """Status and reason of a no; checks that nothing was stored but the refusal itself."""
    before = Computer.objects.count()
    status, told = ask(body)
    assert told["message"]
    assert Computer.objects.count() == before
    assert Refusal.objects.first().reason == told["reason"]  # type: ignore[union-attr]
    assert Entry.objects.filter(action="enrolment.refused", detail__reason=told["reason"]).exists()
    return status, told["reason"]


def test_a_token_used_twice_is_refused(ask: Ask, agent_key: keys.Ed25519PrivateKey) -> None:
    row, token = tokens.mint("internal")
    ask(request_of(token, agent_key))
    assert refused(ask, request_of(token, keys.Ed25519PrivateKey.generate())) == (409, "token-used")
    row.refresh_from_db()
    assert row.uses == 2


def test_an_expired_token_is_refused(ask: Ask, agent_key: keys.Ed25519PrivateKey) -> None:
    row, token = tokens.mint("internal")
    EnrolmentToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(ask, request_of(token, agent_key)) == (403, "token-expired")


def test_a_wrong_token_is_refused(ask: Ask, agent_key: keys.Ed25519PrivateKey) -> None:
    assert refused(ask, request_of("mj-guess", agent_key)) == (403, "token-unknown")


def test_a_request_that_does_not_prove_its_key_is_refused_and_spends_no_token(
    ask: Ask, agent_key: keys.Ed25519PrivateKey
) -> None:
    row, token = tokens.mint("internal")
    other = keys.b64(keys.public_bytes(keys.Ed25519PrivateKey.generate()))
    assert refused(ask, request_of(token, agent_key, public_key=other)) == (400, "bad-proof")
    row.refresh_from_db()
    assert row.used_at is None
    assert ask(request_of(token, agent_key))[0] == 201


def test_a_request_of_a_newer_version_is_refused(ask: Ask, agent_key: keys.Ed25519PrivateKey) -> None:
    assert refused(ask, request_of("mj-x", agent_key, version=2)) == (400, "newer-version")


@pytest.mark.parametrize("body", [b" ", b"\x00\xff", b"[]", b'{"token": 5}', b'{"token": "x"}'])
def test_a_request_that_cannot_be_read_is_refused(ask: Ask, body: bytes) -> None:
    assert refused(ask, body) == (400, "malformed")


def test_a_request_that_is_too_large_is_refused_unread(ask: Ask) -> None:
    status, told = ask(b"x" * (16 * 1024 + 1))
    assert (status, told["reason"]) == (413, "too-large")
    assert Refusal.objects.get().size == 16 * 1024 + 1


def test_of_computers_that_show_one_token_at_once_exactly_one_is_taken_in() -> None:
    _, token = tokens.mint("internal")

    def attempt(_: int) -> str:
        try:
            enrol(msgspec.json.encode(request_of(token, keys.Ed25519PrivateKey.generate())), remote="192.0.2.9")
        except EnrolmentRefused as error:
            return error.reason
        finally:
            connections.close_all()
        return "enrolled"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, range(8)))
    assert outcomes == ["enrolled"] + ["token-used"] * 7
    assert Computer.objects.count() == 1


@pytest.mark.parametrize(
    ("computer_class", "level", "message"),
    [
        ("secret", None, "class is one of"),
        ("confidential", None, "has a level"),
        ("internal", "秘密", "has no level"),
        ("confidential", "绝密", "is higher"),
        ("confidential", "最高", "level is one of"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_minted(computer_class: str, level: str | None, message: str) -> None:
    with pytest.raises(tokens.TokenError, match=message):
        tokens.mint(computer_class, level=level)
    assert not EnrolmentToken.objects.exists()


@pytest.mark.parametrize("life", [timedelta(0), timedelta(days=-1), timedelta(days=4000)])
def test_a_token_lives_for_a_time_that_makes_sense(life: timedelta) -> None:
    with pytest.raises(tokens.TokenError, match="366 days"):
        tokens.mint("internal", life=life)


def test_a_host_name_full_of_tricks_is_shown_harmlessly(ask: Ask, agent_key: keys.Ed25519PrivateKey) -> None:
    _, told = ask(request_of(tokens.mint("internal")[1], agent_key, hostname="pc\u202e\n\x00" + "x" * 999))
    computer = Computer.objects.get(pk=told["agent"])
    assert computer.name.isprintable() and len(computer.name) == 255


def test_a_token_of_the_ledger_enrols_that_very_computer(
    ask: Ask, agent_key: keys.Ed25519PrivateKey, person: Callable[..., Any]
) -> None:
    entry = Computer.objects.create(name="tbd", number="BG-7", computer_class="internal", registered_at=timezone.now())
    _row, token = tokens.mint("internal", computer=entry, by=person(Role.IT))
    _status, told = ask(request_of(token, agent_key))
    computer = Computer.objects.get()
    assert (told["agent"], computer.pk, computer.number) == (str(entry.pk), entry.pk, "BG-7")
    assert (computer.name, bytes(computer.public_key)) == ("办公室-07", keys.public_bytes(agent_key))


def test_a_computer_enrolled_anew_keeps_its_entry_and_its_old_reports_keep_theirs(
    ask: Ask, computer: Computer, person: Callable[..., Any]
) -> None:
    Computer.objects.update(number="BG-1", place="302室", registered_at=timezone.now())
    computer.refresh_from_db()
    _row, token = tokens.mint("internal", computer=computer, by=person(Role.IT))
    _status, told = ask(request_of(token, keys.Ed25519PrivateKey.generate()))
    computer.refresh_from_db()
    fresh = Computer.objects.get(pk=told["agent"])
    assert (fresh.number, fresh.place, fresh.registered) == ("BG-1", "302室", True)
    assert (computer.number, computer.registered, computer.replaced_by) == ("", False, fresh)
    assert computer.revoked_at is not None


@pytest.mark.parametrize("role", [Role.OFFICER, Role.IT, Role.DEPARTMENT, Role.AUDITOR])
def test_only_who_may_enrol_mints_a_token(role: Role, person: Callable[..., Any]) -> None:
    if role in (Role.OFFICER, Role.IT):
        assert tokens.mint("internal", by=person(role))[0].created_by is not None
    else:
        with pytest.raises(PermissionDenied):
            tokens.mint("internal", by=person(role))
