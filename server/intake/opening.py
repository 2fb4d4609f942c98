"""Opening what waits in the spool: all of the fan-out's work that needs no table, so that it can be done ahead."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import msgspec

from protocol.envelope import EnvelopeError, parse
from server.intake.models import SpoolEntry
from server.intake.records import Delivery, read
from server.intake.sql import Prepared
from server.keys import collector_keys
from server.violations.models import Occurrence

MAX_BATCH_WEIGHT = 32 * 1024 * 1024
"""Weight of records (`Delivery.weight`) after which a transaction takes no further envelope: sealed bytes may unfold a
thousandfold, and this is what bounds the memory."""


class Unusable(msgspec.Struct, frozen=True):
    """An envelope that cannot be used, and why."""

    entry: int
    """Id of the spool entry."""
    agent: uuid.UUID
    reason: str
    """One of the fixed words of `EnvelopeError`."""
    message: str
    """The reason for people."""


class Opened(msgspec.Struct, frozen=True):
    """Envelopes of one transaction, opened and checked."""

    deliveries: list[Delivery]
    bad: list[Unusable]

    @property
    def entries(self) -> list[int]:
        """Ids of all their spool entries."""
        return [each.entry for each in self.deliveries] + [each.entry for each in self.bad]

    @property
    def weight(self) -> int:
        """About how many bytes their records take in memory."""
        return sum(each.weight for each in self.deliveries)


def opened(entries: Iterable[SpoolEntry], *, before: int = 0) -> Opened:
    """Open these envelopes, or the first few where they hold very many records; ``before`` is the weight of others."""
    told = Opened([], [])
    as_stored, key, weight = Prepared(Occurrence), collector_keys().sealing, before
    for entry in entries:
        try:
            envelope = parse(bytes(entry.raw))
            delivery = read(entry.pk, envelope, entry.agent_id, entry.received_at, key, as_stored)
        except EnvelopeError as error:
            told.bad.append(Unusable(entry.pk, entry.agent_id, error.reason, str(error)))
        else:
            told.deliveries.append(delivery)
            weight += delivery.weight
            if weight >= MAX_BATCH_WEIGHT:
                break
    return told
