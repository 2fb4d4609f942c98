"""What comes back from the collector by hand: receipts, policies (with their waivers) and signed rules.

Each kind is known by its own bytes, whatever the file is called; each is believed only if it is signed as it must be.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from agent.reporting.identity import Identity
from agent.reporting.outbox import Outbox
from agent.reporting.sealed import SealedFileError, take_receipt_bytes
from protocol.receipts import Answer, Receipt
from signatures.bundles.form import MAGIC as RULES_MAGIC

LIMIT = 8 * 1024 * 1024
"""Bytes of a carried file that are read: as much as a policy or a bundle of rules may have."""

Kind = Literal["receipt", "policy", "rules"]


@dataclass(frozen=True, slots=True)
class ReceiptTaken:
    """What a receipt came to here."""

    receipt: Receipt
    fate: Literal["taken", "repeated", "held", "refused"]
    """``repeated``: it was taken in before; ``held``: the collector has it, and waits for an earlier one."""
    missing: int = 0
    """With ``held``: the sequence number of the envelope that did not arrive."""


class _Receipt(msgspec.Struct):
    receipt: str


class _Policy(msgspec.Struct):
    policy: str


def read(path: Path) -> bytes:
    """The bytes of a carried file. Raises `SealedFileError`."""
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT + 1)
    except OSError as error:
        raise SealedFileError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > LIMIT:
        raise SealedFileError(f"{path} is too large to be anything a collector writes")
    return raw


def kind(raw: bytes) -> Kind | None:
    """What the bytes are by their shape; None for anything else. Trusts nothing yet."""
    if raw.startswith(RULES_MAGIC):
        return "rules"
    if _has_shape(raw, _Receipt):
        return "receipt"
    return "policy" if _has_shape(raw, _Policy) else None


def _has_shape(raw: bytes, shape: type[msgspec.Struct]) -> bool:
    try:
        msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def take_receipt(outbox: Outbox, identity: Identity, path: Path, raw: bytes) -> ReceiptTaken:
    """Take a receipt in, and say what became of its envelope. Raises `SealedFileError`, `OutboxUnavailable`."""
    receipt, _, waited = take_receipt_bytes(outbox, identity, path, raw)
    if receipt.answer is Answer.REFUSED:
        return ReceiptTaken(receipt, "refused")
    if receipt.answer is Answer.HELD:
        return ReceiptTaken(receipt, "held", receipt.expected_sequence)
    return ReceiptTaken(receipt, "taken" if waited else "repeated")
