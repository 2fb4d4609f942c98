"""Sealed files that people bring to a page or a program sends: a verdict and a receipt for each, and all receipts
in one file."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

from protocol import keys
from protocol.envelope import MAX_ENVELOPE
from protocol.receipts import Receipt, ReceiptError, open_receipt
from server.intake.admission import admit
from server.keys import collector_keys

MOST_FILES = 500
"""Files that are taken at once."""
LARGEST_RECEIPT = 8192
"""Bytes; a receipt has some six hundred."""


@dataclass(frozen=True)
class Taken:
    """What became of one sealed file."""

    answer: str
    """``accepted``, ``duplicate``, ``held`` or ``refused``."""
    reason: str
    message: str
    digest: str
    receipt: bytes

    @property
    def receipt_text(self) -> str:
        """The receipt in base64, for forms and JSON."""
        return base64.b64encode(self.receipt).decode()


def take(raw: bytes) -> Taken:
    """Take in one sealed file through the gate that the network uses too. Raises `SpoolUnavailable`."""
    admission = admit(raw[: MAX_ENVELOPE + 1], road="file")
    decision = admission.decision
    digest = hashlib.sha256(raw).hexdigest()
    return Taken(decision.answer.value, decision.reason, decision.message, digest, admission.receipt)


def bundle(texts: Iterable[str]) -> bytes:
    """A zip of receipts given in base64, each named by its computer and number. Only receipts signed here are in it.

    Raises `ReceiptError` where none is left.
    """
    public = keys.public_bytes(collector_keys().signing)
    out, names = io.BytesIO(), set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for text in list(texts)[:MOST_FILES]:
            try:
                raw = base64.b64decode(text[: LARGEST_RECEIPT * 2], validate=True)
                receipt = open_receipt(raw, public)
            except (ValueError, ReceiptError):
                continue
            name = _name(receipt)
            if name not in names:
                names.add(name)
                archive.writestr(zipfile.ZipInfo(name, date_time=_date(receipt)), raw)
    if not names:
        raise ReceiptError("none of these is a receipt of this collector")
    return out.getvalue()


def _name(receipt: Receipt) -> str:
    """The file's name: of our own making, whatever a refused sender claimed to be."""
    agent = "".join(character for character in receipt.agent[:36] if character in "0123456789abcdef-") or "unknown"
    return f"{agent}-{receipt.sequence:08d}-{receipt.digest[:12]}.receipt"


def _date(receipt: Receipt) -> tuple[int, int, int, int, int, int]:
    at = receipt.received
    return (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
