"""The one gate for envelopes, from the network and from files alike: who is it, is it whole, may it come in."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from django.utils import timezone

from protocol import receipts
from protocol.envelope import Envelope, EnvelopeError, parse, verify
from protocol.receipts import Answer
from server.intake.refusals import remember
from server.intake.senders import UNKNOWN, Arrival, Road, keys
from server.intake.sequence import Decision, agent_uuid
from server.intake.spool import spool
from server.keys import collector_keys

STATUS = {
    "too-large": 413,
    "not-an-envelope": 400,
    "truncated": 400,
    "malformed": 400,
    "newer-version": 400,
    "wrong-recipient": 400,
    "unknown-agent": 404,
    "bad-signature": 403,
    "level-too-high": 403,
    "revoked": 403,
    "sequence-reused": 409,
    "chain-broken": 409,
    "gap": 409,
}
"""HTTP status of each refusal."""

LARGEST_AT_ONCE = 256 * 1024
"""Bytes of an envelope that is checked in the thread of the event loop; a larger one would hold up the others."""

_DIGEST = re.compile("[0-9a-f]{64}")
_MAX_SEQUENCE = 2**62


@dataclass(frozen=True)
class Admission:
    """What became of an envelope."""

    decision: Decision
    receipt: bytes
    """The signed receipt, as it travels."""

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return STATUS.get(self.decision.reason, 400) if self.decision.answer is Answer.REFUSED else 200


def admit(raw: bytes, *, road: Road, remote: str = "") -> Admission:
    """Check and store one envelope, and sign what was done with it; nothing is accepted before it is durable.

    Raises `server.intake.spool.SpoolUnavailable` where nothing can be stored just now.
    """
    envelope: Envelope | None = None
    try:
        envelope = parse(raw)
        decision = spool.submit(_signed(envelope, road))
    except EnvelopeError as error:
        decision = Decision(Answer.REFUSED, error.reason, str(error))
    digest = hashlib.sha256(raw).hexdigest()
    claimed = "" if envelope is None else envelope.header.agent
    if decision.answer is Answer.REFUSED:
        remember(decision.reason, decision.message, remote=remote, agent_id=claimed, digest=digest, size=len(raw))
    sequence = 0 if envelope is None else envelope.header.sequence
    return Admission(decision, _receipt(decision, claimed, sequence, digest))


async def admit_at_once(raw: bytes) -> Admission | None:
    """Store one envelope on the short road, in the thread of the event loop: its sender is known, all is well.

    None where anything is in the way; nothing was stored then, and `admit` finds out what it is and says so.
    Raises `server.intake.spool.SpoolUnavailable`.
    """
    if len(raw) > LARGEST_AT_ONCE:
        return None
    try:
        envelope = parse(raw)
        agent = agent_uuid(envelope)
        if agent is None or keys.at_hand(agent) is None:
            return None
        arrival = _signed(envelope, "network")
    except EnvelopeError:
        return None
    decision = await spool.stored_soon(arrival)
    if decision.answer is Answer.REFUSED:
        return None
    return Admission(
        decision, _receipt(decision, str(envelope.header.agent), envelope.header.sequence, envelope.digest)
    )


def _signed(envelope: Envelope, road: Road) -> Arrival:
    """The envelope as one that its computer signed. Raises `EnvelopeError`. The cheapest test comes first."""
    header = envelope.header
    if header.sequence > _MAX_SEQUENCE or not _DIGEST.fullmatch(header.previous):
        raise EnvelopeError("malformed", "the header's sequence number or previous digest cannot be right")
    agent = agent_uuid(envelope)
    key = None if agent is None else keys.of(agent)
    if agent is None or key is None:
        raise EnvelopeError(UNKNOWN.reason, UNKNOWN.message)
    verify(envelope, key)
    if header.recipient != collector_keys().recipient_id:
        raise EnvelopeError("wrong-recipient", "the envelope is sealed to another collector")
    return Arrival(agent, envelope, road, key)


def _receipt(decision: Decision, agent: str, sequence: int, digest: str) -> bytes:
    collector = collector_keys()
    receipt = receipts.Receipt(
        collector=collector.collector_id,
        agent=agent,
        sequence=sequence,
        digest=digest,
        answer=decision.answer,
        reason=decision.reason,
        message=decision.message,
        expected_sequence=decision.expected_sequence,
        expected_previous=decision.expected_previous,
        received=timezone.now(),
    )
    return receipts.sign(receipt, collector.signing)
