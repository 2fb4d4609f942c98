"""Receipts: the collector's signed word for what it has durably taken, or why it has not."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from cryptography.exceptions import InvalidSignature

from protocol import keys

FORMAT = "mijian-receipt/1"


class Answer(StrEnum):
    """What the collector did with an envelope."""

    ACCEPTED = "accepted"
    """Durably stored, in order."""
    DUPLICATE = "duplicate"
    """The very same bytes are stored already; nothing was stored twice."""
    HELD = "held"
    """Durably stored, but set aside: an earlier envelope is missing. Nothing to send again."""
    REFUSED = "refused"
    """Not stored. ``reason`` says why; the agent keeps its records."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The signed part of an answer."""

    format: str = FORMAT
    collector: str
    """`keys.key_id` of the collector's signing key."""
    agent: str
    sequence: int
    digest: str
    """Digest of the envelope this answers."""
    answer: Answer
    reason: str = ""
    """A fixed word: ``gap``, ``sequence-reused``, ``bad-signature``, ``level-too-high`` …"""
    message: str = ""
    """The reason for people."""
    expected_sequence: int = 0
    """With ``gap`` and ``sequence-reused``: where the collector stands, so that the agent can fall in again."""
    expected_previous: str = ""
    received: datetime


class SignedReceipt(msgspec.Struct, frozen=True):
    """A receipt as it travels: exact bytes and their signature, both base64."""

    receipt: str
    signature: str


class ReceiptError(Exception):
    """A receipt that proves nothing: wrong signature, wrong shape, or for another envelope."""


def sign(receipt: Receipt, key: keys.Ed25519PrivateKey) -> bytes:
    """The receipt as JSON bytes of a `SignedReceipt`."""
    body = msgspec.json.encode(receipt)
    return msgspec.json.encode(SignedReceipt(keys.b64(body), keys.b64(key.sign(body))))


def open_receipt(raw: bytes, collector_key: bytes) -> Receipt:
    """Verify and read a receipt with the collector's raw Ed25519 public key. Raises `ReceiptError`."""
    try:
        signed = msgspec.json.decode(raw, type=SignedReceipt)
        body = keys.unb64(signed.receipt)
        keys.Ed25519PublicKey.from_public_bytes(collector_key).verify(keys.unb64(signed.signature), body)
        receipt = msgspec.json.decode(body, type=Receipt)
    except InvalidSignature as error:
        raise ReceiptError("the receipt is not signed by the collector this agent was enrolled with") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise ReceiptError(f"the receipt cannot be read: {error}") from error
    if receipt.format != FORMAT:
        raise ReceiptError(f"the receipt speaks {receipt.format}; this agent knows {FORMAT}")
    return receipt
