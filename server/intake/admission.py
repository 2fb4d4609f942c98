"""The one gate for envelopes, from the network and from files alike: who is it, is it whole, may it come in."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from protocol import receipts
from protocol.envelope import Envelope, EnvelopeError, parse, verify
from protocol.receipts import Answer
from protocol.records import LEVEL_ORDER
from server.intake.refusals import remember
from server.intake.sequence import Decision, agent_uuid
from server.intake.spool import Arrival, Road, spool
from server.keys import collector_keys
from server.ledger.models import Computer

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
        agent = _sender(envelope)
        decision = spool.submit(Arrival(agent.pk, envelope, road))
    except EnvelopeError as error:
        decision = Decision(Answer.REFUSED, error.reason, str(error))
    digest = hashlib.sha256(raw).hexdigest()
    claimed = "" if envelope is None else envelope.header.agent
    if decision.answer is Answer.REFUSED:
        remember(decision.reason, decision.message, remote=remote, agent_id=claimed, digest=digest, size=len(raw))
    sequence = 0 if envelope is None else envelope.header.sequence
    return Admission(decision, _receipt(decision, claimed, sequence, digest))


def _sender(envelope: Envelope) -> Computer:
    """The computer that signed this envelope and may send it. Raises `EnvelopeError`. The cheapest test comes first."""
    header = envelope.header
    if header.sequence > _MAX_SEQUENCE or not _DIGEST.fullmatch(header.previous):
        raise EnvelopeError("malformed", "the header's sequence number or previous digest cannot be right")
    agent = agent_uuid(envelope)
    computer = None if agent is None else Computer.objects.filter(pk=agent).first()
    if computer is None or not computer.public_key:
        raise EnvelopeError("unknown-agent", "no computer is enrolled here under this id: enrol it first")
    verify(envelope, bytes(computer.public_key))
    if computer.revoked_at is not None:
        raise EnvelopeError("revoked", "this computer's enrolment has been revoked here")
    if header.recipient != collector_keys().recipient_id:
        raise EnvelopeError("wrong-recipient", "the envelope is sealed to another collector")
    highest = max(LEVEL_ORDER.get(level or "", 0) for level in (header.level, computer.level))
    if highest > LEVEL_ORDER.get(settings.MIJIAN_LEVEL or "", 0):
        raise EnvelopeError("level-too-high", "this collector may not take reports of a computer of this level")
    return computer


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
