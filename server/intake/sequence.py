"""The rules of order: which envelope comes next, which came already, which must wait for another.

Works on what is known inside one write transaction; stores nothing itself.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from protocol.envelope import Envelope
from protocol.receipts import Answer

MAX_HELD = 256
"""Envelopes of one computer that are held for a gap; the next one is refused and stays with the computer."""


@dataclass(frozen=True)
class Decision:
    """What is done with an envelope, as its receipt tells it."""

    answer: Answer
    reason: str = ""
    message: str = ""
    expected_sequence: int = 0
    expected_previous: str = ""


@dataclass
class Row:
    """Where one computer's row of envelopes stands."""

    sequence: int
    """Number of the last envelope taken in order."""
    digest: str
    """Its digest."""
    held: int = 0
    """How many envelopes are held."""
    known: set[str] = field(default_factory=set)
    """Digests, of those asked about, that are stored already."""


def decide(row: Row, envelope: Envelope) -> Decision:
    """What to do with one envelope, given where its computer's row stands."""
    header, digest = envelope.header, envelope.digest
    if digest in row.known:
        return Decision(Answer.DUPLICATE)

    def stands(answer: Answer, reason: str, message: str) -> Decision:
        return Decision(answer, reason, message, expected_sequence=row.sequence + 1, expected_previous=row.digest)

    if header.sequence <= row.sequence:
        return stands(
            Answer.REFUSED,
            "sequence-reused",
            f"envelope {header.sequence} came before, with other content; envelope {row.sequence + 1} is next",
        )
    if header.sequence == row.sequence + 1:
        if header.previous != row.digest:
            return stands(
                Answer.REFUSED,
                "chain-broken",
                f"envelope {header.sequence} does not follow the envelope that was taken before it",
            )
        return Decision(Answer.ACCEPTED)
    if row.held >= MAX_HELD:
        return stands(Answer.REFUSED, "gap", f"{row.held} envelopes wait for envelope {row.sequence + 1} already")
    return stands(Answer.HELD, "gap", f"kept, and set aside until envelope {row.sequence + 1} comes")


def agent_uuid(envelope: Envelope) -> uuid.UUID | None:
    """The agent id of an envelope's header; None where it is no UUID."""
    try:
        return uuid.UUID(envelope.header.agent)
    except ValueError:
        return None
