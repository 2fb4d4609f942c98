"""What each kind of envelope gets: the signed answer, the stored row, and what an administrator can read."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from protocol import envelope as envelopes
from protocol import keys
from protocol.receipts import Answer, Receipt
from protocol.records import ViolationSeen
from server.intake.models import Refusal, Sequence, SpoolEntry
from server.intake.sequence import MAX_HELD
from server.ledger.models import Computer

Post = Callable[..., tuple[int, Receipt]]
Seen = Callable[..., ViolationSeen]


def test_an_envelope_is_stored_before_its_receipt_is_signed(
    post: Post, sender: Any, file_seen: Seen, computer: Computer
) -> None:
    raw = sender.next(file_seen())
    status, receipt = post(raw)
    assert (status, receipt.answer, receipt.sequence, receipt.agent) == (200, Answer.ACCEPTED, 1, str(computer.id))
    assert receipt.digest == hashlib.sha256(raw).hexdigest()
    assert bytes(SpoolEntry.objects.get().raw) == raw
    row = Sequence.objects.get(pk=computer.pk)
    assert (row.sequence, row.digest) == (1, receipt.digest)


def test_the_same_envelope_again_is_a_duplicate_and_stored_once(post: Post, sender: Any, file_seen: Seen) -> None:
    raw = sender.next(file_seen())
    post(raw)
    status, receipt = post(raw)
    assert (status, receipt.answer) == (200, Answer.DUPLICATE)
    assert SpoolEntry.objects.count() == 1


def test_an_old_envelope_replayed_after_newer_ones_changes_nothing(post: Post, sender: Any, file_seen: Seen) -> None:
    first = sender.next(file_seen())
    post(first)
    post(sender.next(file_seen()))
    assert post(first)[1].answer == Answer.DUPLICATE
    assert post(sender.next(file_seen()))[1].answer == Answer.ACCEPTED


def test_another_envelope_with_a_used_number_is_refused_and_told_where_to_go_on(
    post: Post, sender: Any, file_seen: Seen
) -> None:
    first = sender.next(file_seen())
    post(first)
    status, receipt = post(sender.build(file_seen(), sequence=1, previous=envelopes.FIRST_PREVIOUS))
    assert (status, receipt.answer, receipt.reason) == (409, Answer.REFUSED, "sequence-reused")
    assert (receipt.expected_sequence, receipt.expected_previous) == (2, hashlib.sha256(first).hexdigest())


def test_an_envelope_that_names_another_predecessor_is_refused(post: Post, sender: Any, file_seen: Seen) -> None:
    post(sender.next(file_seen()))
    status, receipt = post(sender.build(file_seen(), previous="ab" * 32))
    assert (status, receipt.reason, receipt.expected_sequence) == (409, "chain-broken", 2)
    assert receipt.expected_previous == sender.previous


def test_envelopes_out_of_order_are_held_and_released_in_order(
    post: Post, sender: Any, file_seen: Seen, computer: Computer
) -> None:
    first, second, third = (sender.next(file_seen(str(number))) for number in range(3))
    assert post(third)[1].answer == Answer.HELD
    status, receipt = post(second)
    assert (status, receipt.answer, receipt.reason, receipt.expected_sequence) == (200, Answer.HELD, "gap", 1)
    assert post(first)[1].answer == Answer.ACCEPTED
    waiting = SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING).order_by("id")
    assert [bytes(entry.raw) for entry in waiting] == [first, second, third]
    row = Sequence.objects.get(pk=computer.pk)
    assert (row.sequence, row.digest) == (3, sender.previous)


def test_a_held_envelope_that_does_not_follow_stays_held_and_says_so(
    post: Post, sender: Any, file_seen: Seen, computer: Computer
) -> None:
    stranger = sender.build(file_seen("other"), sequence=2, previous="cd" * 32)
    assert post(stranger)[1].answer == Answer.HELD
    post(sender.next(file_seen()))
    held = SpoolEntry.objects.get(state=SpoolEntry.State.HELD)
    assert (held.reason, bytes(held.raw)) == ("chain-broken", stranger)
    assert Sequence.objects.get(pk=computer.pk).sequence == 1


def test_a_computer_cannot_fill_the_disk_with_envelopes_that_are_held(
    post: Post, sender: Any, file_seen: Seen, computer: Computer
) -> None:
    SpoolEntry.objects.bulk_create(
        SpoolEntry(
            digest=f"{number:064x}",
            agent_id=computer.id,
            sequence=number,
            previous="0" * 64,
            received_at=timezone.now(),
            raw=b"",
            size=0,
            road="network",
            state=SpoolEntry.State.HELD,
        )
        for number in range(10, 10 + MAX_HELD)
    )
    status, receipt = post(sender.build(file_seen(), sequence=900))
    assert (status, receipt.answer, receipt.reason) == (409, Answer.REFUSED, "gap")
    assert post(sender.next(file_seen()))[1].answer == Answer.ACCEPTED


@pytest.mark.parametrize("cut", [1, 70, 500])
def test_a_truncated_envelope_is_refused(post: Post, sender: Any, file_seen: Seen, cut: int) -> None:
    status, receipt = post(sender.build(file_seen())[:-cut])
    assert (status, receipt.answer, receipt.reason) == (400, Answer.REFUSED, "truncated")
    assert not SpoolEntry.objects.exists()


@pytest.mark.parametrize("where", [0.5, 0.9, 0.999])
def test_an_altered_envelope_is_refused(post: Post, sender: Any, file_seen: Seen, where: float) -> None:
    raw = bytearray(sender.build(file_seen()))
    raw[int(len(raw) * where)] ^= 1
    status, receipt = post(bytes(raw))
    assert (status, receipt.reason) == (403, "bad-signature")
    assert not SpoolEntry.objects.exists()


def test_an_envelope_of_an_unknown_computer_is_refused_with_a_signed_word(
    post: Post, sender: Any, file_seen: Seen
) -> None:
    claimed = "00000000-0000-7000-8000-000000000000"
    status, receipt = post(sender.build(file_seen(), agent=claimed))
    assert (status, receipt.reason, receipt.agent) == (404, "unknown-agent", claimed)
    assert Refusal.objects.get().agent_id == claimed


def test_an_agent_id_that_is_no_id_is_unknown(post: Post, sender: Any, file_seen: Seen) -> None:
    assert post(sender.build(file_seen(), agent="../../etc"))[1].reason == "unknown-agent"


def test_an_envelope_signed_by_another_computer_is_refused(post: Post, sender: Any, file_seen: Seen) -> None:
    sender.key = keys.Ed25519PrivateKey.generate()
    assert post(sender.build(file_seen()))[1].reason == "bad-signature"


def test_an_envelope_for_another_collector_is_refused(post: Post, sender: Any, file_seen: Seen) -> None:
    sender.recipient = keys.public_bytes(keys.X25519PrivateKey.generate())
    assert post(sender.build(file_seen()))[1].reason == "wrong-recipient"


def test_an_envelope_of_a_newer_version_is_refused(post: Post, sender: Any, file_seen: Seen) -> None:
    assert post(sender.build(file_seen(), records=99))[1].reason == "newer-version"
    layout = bytearray(sender.build(file_seen()))
    layout[6] = 9
    assert post(bytes(layout))[1].reason == "newer-version"


def test_a_computer_of_a_higher_level_is_refused(post: Post, sender: Any, file_seen: Seen, computer: Computer) -> None:
    Computer.objects.filter(pk=computer.pk).update(computer_class="confidential", level="绝密")
    status, receipt = post(sender.build(file_seen()))
    assert (status, receipt.reason) == (403, "level-too-high")


def test_a_higher_level_in_the_header_alone_is_refused_too(post: Post, sender: Any, file_seen: Seen) -> None:
    assert post(sender.build(file_seen(), level="绝密"))[1].reason == "level-too-high"


def test_a_collector_without_a_level_takes_no_computer_with_one(
    post: Post, sender: Any, file_seen: Seen, settings: Any
) -> None:
    settings.MIJIAN_LEVEL = None
    assert post(sender.build(file_seen(), level="秘密"))[1].reason == "level-too-high"
    assert post(sender.build(file_seen()))[1].answer == Answer.ACCEPTED


def test_a_revoked_computer_is_refused(post: Post, sender: Any, file_seen: Seen, computer: Computer) -> None:
    Computer.objects.filter(pk=computer.pk).update(revoked_at=timezone.now())
    status, receipt = post(sender.build(file_seen()))
    assert (status, receipt.reason) == (403, "revoked")


def unread(client: Client, length: str) -> tuple[int, str]:
    """Status and reason of the answer to a body that says it has this length."""
    answer = client.post("/api/v1/envelopes", b"x", content_type=envelopes.MEDIA_TYPE, CONTENT_LENGTH=length)
    return answer.status_code, answer.json()["reason"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    assert unread(client, str(envelopes.MAX_ENVELOPE + 1)) == (413, "too-large")
    assert Refusal.objects.get().size == envelopes.MAX_ENVELOPE + 1


@pytest.mark.parametrize("length", ["", "-5", "many", "1" * 30])
def test_a_body_of_unknown_length_is_refused(client: Client, length: str) -> None:
    assert unread(client, length) == (411, "length-required")


@pytest.mark.parametrize("header", [{"sequence": 2**63}, {"previous": "not a digest"}, {"sequence": 0}])
def test_headers_that_cannot_be_right_are_refused(
    post: Post, sender: Any, file_seen: Seen, header: dict[str, Any]
) -> None:
    status, receipt = post(sender.build(file_seen(), **header))
    assert (status, receipt.reason) == (400, "malformed")


def test_a_header_length_that_lies_is_refused(post: Post, sender: Any, file_seen: Seen) -> None:
    raw = sender.build(file_seen())
    assert post(raw[:8] + struct.pack(">I", 2**31) + raw[12:])[1].reason == "malformed"


def test_every_refusal_can_be_read_later(post: Post, sender: Any, file_seen: Seen, computer: Computer) -> None:
    raw = sender.build(file_seen(), records=99)
    post(raw, REMOTE_ADDR="198.51.100.4", HTTP_X_FORWARDED_FOR="1.2.3.4")
    post(b"nonsense")
    newest, first = Refusal.objects.all()
    assert (newest.reason, newest.size) == ("not-an-envelope", 8)
    assert (first.reason, first.remote, first.digest) == (
        "newer-version",
        "198.51.100.4",
        hashlib.sha256(raw).hexdigest(),
    )
    assert "update the collector" in first.message


def test_reading_the_endpoint_is_not_allowed(client: Client) -> None:
    assert client.get("/api/v1/envelopes").status_code == 405
