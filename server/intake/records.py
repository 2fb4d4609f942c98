"""Records as they arrived, checked once more: what a wrong or hostile agent must not bring into the tables."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from protocol.envelope import Envelope, EnvelopeError, open_body
from protocol.keys import X25519PrivateKey
from protocol.records import (
    CheckDone,
    FileEvidence,
    MediaSessionSeen,
    Medium,
    Record,
    ScanDone,
    ViolationSeen,
)

MAX_RECORDS = 200_000
"""Records of one envelope."""
MAX_WORD = 64
"""Characters of hashes, keys and other words that name a thing."""

_CONTROL = re.compile(r"[A-Z][A-Z0-9]*-[A-Z0-9-]{1,24}")


@dataclass(frozen=True)
class Delivery:
    """The records of one envelope, with who sent them and when they came."""

    entry: int
    """Id of the spool entry."""
    agent: uuid.UUID
    received_at: datetime
    records: tuple[Record, ...]


def read(entry: int, envelope: Envelope, agent: uuid.UUID, received_at: datetime, key: X25519PrivateKey) -> Delivery:
    """Open an envelope and check every record. Raises `EnvelopeError` with the reason it cannot be used for."""
    records: list[Record] = []
    for record in open_body(envelope, key):
        if len(records) >= MAX_RECORDS:
            raise EnvelopeError("malformed", f"the envelope has more than {MAX_RECORDS} records")
        try:
            check(record)
        except ValueError as error:
            raise EnvelopeError("malformed", f"record {len(records) + 1} cannot be used: {error}") from error
        records.append(record)
    return Delivery(entry, agent, received_at, tuple(records))


def check(record: Record) -> None:
    """Raises `ValueError` for ids, times, controls and words no agent of ours writes."""
    _id(record.id)
    for at in _times(record):
        if at.tzinfo is None:
            raise ValueError("a time without a zone")
        if not 2000 <= at.year <= 2200:
            raise ValueError("a time outside of 2000 to 2200")
    if isinstance(record, ViolationSeen | CheckDone) and not _CONTROL.fullmatch(record.control):
        raise ValueError("no id of a control")
    if isinstance(record, ViolationSeen | ScanDone) and record.session is not None:
        _id(record.session)
    if isinstance(record, MediaSessionSeen):
        _id(record.session)
    if isinstance(record, ViolationSeen | ScanDone | MediaSessionSeen) and record.medium is not None:
        _medium(record.medium)
    if isinstance(record, ViolationSeen) and isinstance(record.evidence, FileEvidence):
        _word(record.evidence.content_hash)
        _word(record.evidence.path_hash)
    if isinstance(record, ScanDone):
        _numbers(record.enumerated, record.clean, record.finding, record.not_examined, record.bytes)


def _times(record: Record) -> tuple[datetime, ...]:
    if isinstance(record, ScanDone):
        return (record.started_at,)
    if isinstance(record, MediaSessionSeen):
        return (record.mounted_at,) if record.ended_at is None else (record.mounted_at, record.ended_at)
    return (record.seen_at,)


def _id(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError:
        raise ValueError("an id that is no UUID") from None


def _word(text: str) -> None:
    if not 0 < len(text) <= MAX_WORD or not text.isascii() or not text.isprintable():
        raise ValueError("a hash that cannot be one")


def _medium(medium: Medium) -> None:
    _word(medium.key)
    if medium.capacity is not None:
        _numbers(medium.capacity)


def _numbers(*values: int) -> None:
    if any(not 0 <= value < 2**62 for value in values):
        raise ValueError("a number that cannot be right")
