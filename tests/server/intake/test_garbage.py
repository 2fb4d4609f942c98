"""Whatever bytes come: a clear 4xx with a signed word, and the collector goes on."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol import envelope as envelopes
from protocol.receipts import Answer
from server.intake.models import SpoolEntry

Post = Callable[..., Any]
relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
HEADS = st.one_of(
    st.binary(max_size=300),
    st.dictionaries(
        st.sampled_from(["format", "records", "agent", "sequence", "previous", "created", "level", "recipient"]),
        st.one_of(st.integers(), st.text(max_size=40), st.none(), st.floats(allow_nan=False)),
    ).map(lambda head: repr(head).replace("'", '"').encode("utf-8", "replace")),
)


@relaxed
@given(body=st.binary(max_size=2000))
def test_random_bytes_are_refused(post: Post, body: bytes) -> None:
    status, receipt = post(body)
    assert 400 <= status < 500
    assert receipt.answer == Answer.REFUSED


@relaxed
@given(head=HEADS, body=st.binary(max_size=200))
def test_things_shaped_like_an_envelope_are_refused(post: Post, head: bytes, body: bytes) -> None:
    raw = b"".join(
        (envelopes.MAGIC, struct.pack(">I", len(head)), head, struct.pack(">Q", len(body)), body, b"\0" * 64)
    )
    status, receipt = post(raw)
    assert 400 <= status < 500
    assert receipt.reason in ("malformed", "newer-version", "unknown-agent", "bad-signature")


@relaxed
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255), cut=st.integers(0, 50))
def test_a_good_envelope_with_any_byte_changed_or_cut_is_refused(
    post: Post, sender: Any, file_seen: Callable[..., Any], at: int, flip: int, cut: int
) -> None:
    raw = bytearray(sender.build(file_seen()))
    raw[at % len(raw)] ^= flip
    status, receipt = post(bytes(raw[: len(raw) - cut]))
    assert 400 <= status < 500
    assert receipt.answer == Answer.REFUSED
    assert not SpoolEntry.objects.exists()


@relaxed
@given(body=st.binary(max_size=500))
def test_random_bytes_enrol_nobody(client: Client, body: bytes) -> None:
    answer = client.post("/api/v1/enroll", body, content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert answer.json()["reason"]


def test_a_good_envelope_among_garbage_is_taken(post: Post, sender: Any, file_seen: Callable[..., Any]) -> None:
    for garbage in (b"", b"\0" * 5000, envelopes.MAGIC, envelopes.MAGIC + b"\xff" * 100, sender.build()[:-1]):
        assert post(garbage)[0] >= 400
    assert post(sender.next(file_seen()))[1].answer == Answer.ACCEPTED
