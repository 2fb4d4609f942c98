"""The fingerprint: which sightings are the same violation. Stable fields only, all of them shown on the page."""

from __future__ import annotations

import hashlib

from protocol.records import AgentEvidence, FileEvidence, MediumEvidence, ViolationSeen


def inputs(record: ViolationSeen, computer_id: str) -> tuple[str, str, str]:
    """What the fingerprint is made of: control, carrier (medium, else computer), thing (content hash or a word)."""
    carrier = f"computer:{computer_id}" if record.medium is None else f"medium:{record.medium.key}"
    if isinstance(record.evidence, FileEvidence):
        return record.control, carrier, record.evidence.content_hash
    if isinstance(record.evidence, MediumEvidence):
        return record.control, carrier, "medium"
    if isinstance(record.evidence, AgentEvidence):
        return record.control, f"computer:{computer_id}", "agent"
    # Signals come and go while the computer stays connected: they belong to the sighting, not to the violation.
    return record.control, f"computer:{computer_id}", "network"


def fingerprint(record: ViolationSeen, computer_id: str) -> str:
    """SHA-256 over the inputs, hex."""
    return hashlib.sha256("\0".join(inputs(record, computer_id)).encode()).hexdigest()
