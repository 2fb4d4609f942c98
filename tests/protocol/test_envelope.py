"""What travels cannot be read, altered, cut short or confused on the way without being told."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from protocol import envelope, keys
from protocol.ids import uuid7
from protocol.records import (
    AgentStarted,
    ComputerClass,
    FileEvidence,
    Finding,
    Record,
    RecordsDropped,
    Severity,
    ViolationSeen,
)

AGENT = keys.Ed25519PrivateKey.generate()
COLLECTOR = keys.X25519PrivateKey.generate()
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def header(**changes: object) -> envelope.Header:
    plain = envelope.Header(
        format=envelope.FORMAT,
        records=1,
        agent=uuid7(),
        sequence=1,
        previous=envelope.FIRST_PREVIOUS,
        created=NOW,
        computer_class=ComputerClass.INTERNAL,
        level=None,
        recipient=keys.key_id(keys.public_bytes(COLLECTOR)),
    )
    return msgspec.structs.replace(plain, **changes)


def violation() -> ViolationSeen:
    finding = Finding(
        rule="cn-state.starred",
        family="state",
        level="机密",
        period="P10Y",
        zone="header",
        confidence=95,
        severity=Severity.CRITICAL,
        marking="机密★10年",
    )
    evidence = FileEvidence(
        content_hash="a" * 64,
        path_hash="b" * 64,
        sealed_place="",
        extension=".docx",
        media_type="application/x-test",
        size=10,
        modified=None,
        findings=(finding,),
    )
    return ViolationSeen(id=uuid7(), seen_at=NOW, control="MEDIA-05", severity=Severity.CRITICAL, evidence=evidence)


def made(*records: Record, **changes: object) -> bytes:
    return envelope.build(header(**changes), records, signing_key=AGENT, recipient=keys.public_bytes(COLLECTOR))


def test_what_was_sent_is_what_arrives() -> None:
    sent = [violation(), RecordsDropped(id=uuid7(), seen_at=NOW, counts={"scan": 3})]
    parcel = envelope.parse(made(*sent))
    envelope.verify(parcel, keys.public_bytes(AGENT))
    assert list(envelope.open_body(parcel, COLLECTOR)) == sent


def test_nothing_of_the_body_can_be_read_without_the_collectors_key() -> None:
    raw = made(violation())
    assert "机密".encode() not in raw
    assert b"MEDIA-05" not in raw
    with pytest.raises(envelope.EnvelopeError) as told:
        list(envelope.open_body(envelope.parse(raw), keys.X25519PrivateKey.generate()))
    assert told.value.reason == "cannot-open"


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_altered_byte_anywhere_is_noticed(at: int, flip: int) -> None:
    raw = bytearray(made(violation()))
    raw[at % len(raw)] ^= flip
    with pytest.raises(envelope.EnvelopeError):
        parcel = envelope.parse(bytes(raw))
        envelope.verify(parcel, keys.public_bytes(AGENT))


@given(st.integers(0, 10_000))
def test_an_envelope_cut_short_is_told_from_another_kind_of_file(keep: int) -> None:
    raw = made(violation())
    with pytest.raises(envelope.EnvelopeError) as told:
        envelope.parse(raw[: keep % len(raw)])
    assert told.value.reason in {"truncated", "not-an-envelope"}


@given(st.binary(max_size=400), st.booleans())
def test_garbage_is_refused_and_never_crashes_the_reader(junk: bytes, led: bool) -> None:
    with pytest.raises(envelope.EnvelopeError):
        envelope.parse((envelope.MAGIC if led else b"") + junk)


def test_somebody_elses_signature_is_refused() -> None:
    with pytest.raises(envelope.EnvelopeError) as told:
        envelope.verify(envelope.parse(made(violation())), keys.public_bytes(keys.Ed25519PrivateKey.generate()))
    assert told.value.reason == "bad-signature"


@pytest.mark.parametrize(
    "changes",
    [{"records": 99}, {"format": "mijian-envelope/2"}, {"seal": "hpke-sm2"}, {"signature": "sm2"}],
    ids=["records", "format", "seal", "signature"],
)
def test_a_newer_version_is_refused_with_advice(changes: dict[str, object]) -> None:
    with pytest.raises(envelope.EnvelopeError) as told:
        envelope.parse(made(violation(), **changes))
    assert told.value.reason == "newer-version"


def test_a_newer_layout_is_refused_as_newer_not_as_garbage() -> None:
    raw = made(violation())
    with pytest.raises(envelope.EnvelopeError) as told:
        envelope.parse(raw[:6] + b"\x02" + raw[7:])
    assert told.value.reason == "newer-version"


def test_an_envelope_too_large_is_refused_by_its_size_alone() -> None:
    with pytest.raises(envelope.EnvelopeError) as told:
        envelope.parse(b"x" * (envelope.MAX_ENVELOPE + 1))
    assert told.value.reason == "too-large"


def sealed(body: bytes) -> bytes:
    """An envelope of this agent whose sealed body unpacks to anything at all."""
    head = msgspec.json.encode(header())
    packed = keys.seal(body, keys.public_bytes(COLLECTOR), head)
    signed = b"".join((envelope.MAGIC, struct.pack(">I", len(head)), head, struct.pack(">Q", len(packed)), packed))
    return signed + AGENT.sign(signed)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (zstandard.compress(b"\0" * (envelope.MAX_BODY + 1)), "bomb"),
        (b"not zstd at all", "malformed"),
        (zstandard.compress(b'{"type":"surprise","id":"1"}'), "malformed"),
        (zstandard.compress(b"{"), "malformed"),
    ],
    ids=["bomb", "not-packed", "unknown-type", "not-json"],
)
def test_a_signed_agent_with_a_bad_body_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    parcel = envelope.parse(sealed(body))
    envelope.verify(parcel, keys.public_bytes(AGENT))
    with pytest.raises(envelope.EnvelopeError) as told:
        list(envelope.open_body(parcel, COLLECTOR))
    assert told.value.reason == reason


def test_unknown_fields_of_a_newer_agent_are_ignored() -> None:
    line = envelope.encode_record(
        AgentStarted(id="1", seen_at=NOW, version="9", rules="r", cage="none", platform="linux")
    )
    newer = line[:-1] + b',"mood":"good"}'
    parcel = envelope.parse(sealed(zstandard.compress(newer)))
    (record,) = envelope.open_body(parcel, COLLECTOR)
    assert isinstance(record, AgentStarted)
    assert record.version == "9"
