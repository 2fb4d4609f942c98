"""A receipt proves something only when the collector signed it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import keys, receipts

COLLECTOR = keys.Ed25519PrivateKey.generate()
RECEIPT = receipts.Receipt(
    collector="c",
    agent="a",
    sequence=3,
    digest="d" * 64,
    answer=receipts.Answer.ACCEPTED,
    received=datetime(2026, 11, 21, tzinfo=UTC),
)


def test_a_signed_receipt_says_what_it_said() -> None:
    raw = receipts.sign(RECEIPT, COLLECTOR)
    assert receipts.open_receipt(raw, keys.public_bytes(COLLECTOR)) == RECEIPT


def test_a_receipt_of_another_collector_proves_nothing() -> None:
    raw = receipts.sign(RECEIPT, keys.Ed25519PrivateKey.generate())
    with pytest.raises(receipts.ReceiptError, match="not signed by the collector"):
        receipts.open_receipt(raw, keys.public_bytes(COLLECTOR))


def test_an_altered_receipt_proves_nothing() -> None:
    signed = msgspec.json.decode(receipts.sign(RECEIPT, COLLECTOR), type=receipts.SignedReceipt)
    body = keys.unb64(signed.receipt).replace(b"accepted", b"accepteD")
    raw = msgspec.json.encode(receipts.SignedReceipt(keys.b64(body), signed.signature))
    with pytest.raises(receipts.ReceiptError):
        receipts.open_receipt(raw, keys.public_bytes(COLLECTOR))


@given(st.binary(max_size=300))
def test_garbage_is_no_receipt(raw: bytes) -> None:
    with pytest.raises(receipts.ReceiptError):
        receipts.open_receipt(raw, keys.public_bytes(COLLECTOR))


def test_a_receipt_of_a_newer_format_is_told_as_such() -> None:
    raw = receipts.sign(msgspec.structs.replace(RECEIPT, format="mijian-receipt/9"), COLLECTOR)
    with pytest.raises(receipts.ReceiptError, match="mijian-receipt/9"):
        receipts.open_receipt(raw, keys.public_bytes(COLLECTOR))
