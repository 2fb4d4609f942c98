"""Who may send: the keys of computers, kept in memory to check signatures, and asked for anew before anything counts.

The memory saves a query for each envelope. What an administrator changes (a computer that is revoked, leaves the ledger
or rises in level) still counts from the next envelope on, in every process: the writer of the spool looks it up for
each batch, in one query.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from protocol.envelope import Envelope
from protocol.receipts import Answer
from protocol.records import LEVEL_ORDER
from server.intake.sequence import Decision
from server.intake.sql import Prepared, rows_of
from server.ledger.models import Computer

Road = Literal["network", "file"]
MOST = 32_768
"""Keys that are kept in memory."""

UNKNOWN = Decision(Answer.REFUSED, "unknown-agent", "no computer is enrolled here under this id: enrol it first")


@dataclass(frozen=True)
class Sender:
    """What the ledger says of a computer that is enrolled."""

    key: bytes
    """Raw Ed25519 public key."""
    level: str
    revoked: bool


@dataclass(frozen=True)
class Arrival:
    """One envelope on its way into the spool, its signature checked."""

    agent: uuid.UUID
    envelope: Envelope
    road: Road
    key: bytes
    """The public key its signature was checked with."""


class Keys:
    """The public keys of computers that have reported, of a bounded number of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[uuid.UUID, bytes] = {}

    def learn(self) -> None:
        """Read the keys of all enrolled computers, as many as are kept. Raises `django.db.DatabaseError`."""
        enrolled = Computer.objects.exclude(public_key=b"").values_list("pk", "public_key")[:MOST]
        with self._lock:
            self._keys |= {pk: bytes(key) for pk, key in enrolled.iterator()}

    def at_hand(self, agent: uuid.UUID) -> bytes | None:
        """The key where it is in memory; asks nobody."""
        return self._keys.get(agent)

    def of(self, agent: uuid.UUID) -> bytes | None:
        """The key of an enrolled computer; None for one that is not enrolled here."""
        key = self._keys.get(agent)
        if key is None and (sender := known_senders({agent}).get(agent)) is not None:
            key = sender.key
            with self._lock:
                if len(self._keys) >= MOST:
                    self._keys.clear()
                self._keys[agent] = key
        return key

    def forget(self, agent: uuid.UUID) -> None:
        """Ask for this computer's key anew the next time."""
        with self._lock:
            self._keys.pop(agent, None)


keys = Keys()
"""The keys this process knows."""


def known_senders(agents: Collection[uuid.UUID]) -> dict[uuid.UUID, Sender]:
    """What the ledger says of these computers just now; one that is not enrolled is left out."""
    as_stored = Prepared(Computer)
    asked = {as_stored.uuid(agent): agent for agent in agents}
    rows = rows_of(Computer, ("id", "public_key", "level", "revoked_at"), "id", list(asked))
    return {asked[id_]: Sender(bytes(key), level, at is not None) for id_, key, level, at in rows if key}


def objection(sender: Sender | None, arrival: Arrival) -> Decision | None:
    """Why an envelope may not come in although its signature held a moment ago; None where it may."""
    if sender is None or sender.key != arrival.key:
        keys.forget(arrival.agent)
        return UNKNOWN
    if sender.revoked:
        return Decision(Answer.REFUSED, "revoked", "this computer's enrolment has been revoked here")
    highest = max(LEVEL_ORDER.get(level or "", 0) for level in (arrival.envelope.header.level, sender.level))
    if highest > LEVEL_ORDER.get(settings.MIJIAN_LEVEL or "", 0):
        return Decision(
            Answer.REFUSED, "level-too-high", "this collector may not take reports of a computer of this level"
        )
    return None
