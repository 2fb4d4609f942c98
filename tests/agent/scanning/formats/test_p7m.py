"""S/MIME: signed content is handed on, encrypted mail is told, broken structures end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.scanning.formats import p7m

MAIL = "Content-Type: text/plain; charset=utf-8\r\n\r\n机密★20年\r\n".encode()


@pytest.fixture(scope="module")
def person() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


@pytest.fixture(scope="module")
def signed(person: tuple[rsa.RSAPrivateKey, x509.Certificate]) -> bytes:
    key, certificate = person
    builder = pkcs7.PKCS7SignatureBuilder().set_data(MAIL).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def test_what_was_signed_is_a_member(read_pieces: Any, signed: bytes) -> None:
    assert [member.data for member in read_pieces(p7m, signed).members] == [MAIL]


def test_what_was_encrypted_is_told(read_pieces: Any, person: tuple[rsa.RSAPrivateKey, x509.Certificate]) -> None:
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(MAIL).add_recipient(person[1])
    data = builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    assert read_pieces(p7m, data).reason == "encrypted"


def test_content_in_pieces_without_lengths_is_joined(read_pieces: Any) -> None:
    octets = b"\x24\x80\x04\x03abc\x04\x02de\x00\x00"
    inner = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010701") + b"\xa0\x80" + octets + b"\x00\x00\x00\x00"
    body = b"\x30\x80\x02\x01\x01\x31\x80\x00\x00" + inner + b"\x00\x00"
    data = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702") + b"\xa0\x80" + body + b"\x00\x00\x00\x00"
    assert read_pieces(p7m, data).members[0].data == b"abcde"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_but_not_examined_leaves_a_mutated_message(
    read_pieces: Any, signed: bytes, data: st.DataObject
) -> None:
    raw = bytearray(signed)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, 120))] = data.draw(st.integers(0, 255))
    outcome = read_pieces(p7m, bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    assert outcome.problem is None or outcome.reason in ("damaged", "encrypted", "unsupported")
