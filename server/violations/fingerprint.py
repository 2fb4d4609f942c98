"""The fingerprint: which sightings are the same violation. Stable fields only, all of them shown on the page."""

from __future__ import annotations

import hashlib

from protocol.records import AgentEvidence, FileEvidence, MediumEvidence, SettingEvidence, ViolationSeen


def inputs(record: ViolationSeen, computer_id: str) -> tuple[str, str, str]:
    """What the fingerprint is made of: control, carrier (medium, else computer), thing (content hash or a word)."""
    carrier = f"computer:{computer_id}" if record.medium is None else f"medium:{record.medium.key}"
    if isinstance(record.evidence, FileEvidence):
        return record.control, carrier, record.evidence.content_hash
    if isinstance(record.evidence, MediumEvidence):
        return record.control, carrier, "medium"
    if isinstance(record.evidence, AgentEvidence):
        return record.control, f"computer:{computer_id}", "agent"
    if isinstance(record.evidence, SettingEvidence):
        return _of_check(record.control, record.evidence.check, computer_id)
    # Signals come and go while the computer stays connected: they belong to the sighting, not to the violation.
    return record.control, f"computer:{computer_id}", "network"


def fingerprint(record: ViolationSeen, computer_id: str) -> str:
    """SHA-256 over the inputs, hex."""
    return _digest(inputs(record, computer_id))


def of_file(control: str, content_hash: str, computer_id: str) -> str:
    """The fingerprint of the violation that a file on a disk of a computer is."""
    return _digest((control, f"computer:{computer_id}", content_hash))


def of_check(control: str, check: str, computer_id: str) -> str:
    """The fingerprint of the violation that a failed check of a self-check is."""
    return _digest(_of_check(control, check, computer_id))


def _of_check(control: str, check: str, computer_id: str) -> tuple[str, str, str]:
    return control, f"computer:{computer_id}", f"check:{check}"


def _digest(parts: tuple[str, str, str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
