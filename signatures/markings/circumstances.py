"""Circumstances: what is known of a document from outside its text."""

from __future__ import annotations

from datetime import date

import msgspec

from signatures.markings.periods import Extension


class Circumstances(msgspec.Struct, frozen=True):
    """What the one who asks knows of a document; everything may be missing."""

    today: date | None = None
    """The day for which the status is told; without it findings carry their dates and no status (see `aged`)."""
    ledger_date: date | None = None
    """The issue date in the ledger of classified documents (定密台账)."""
    extension: Extension | None = None
    """What the ledger says of an extended period."""
    created: date | None = None
    """The document's property, where the caller read it; a property among the passages is found without."""
    file_time: date | None = None
    """When the file was last changed: the weakest issue date of all."""


UNKNOWN = Circumstances()
"""Nothing is known but the text."""
