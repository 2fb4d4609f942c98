"""Records as they arrived, checked once more: what a wrong or hostile agent must not bring into the tables."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from protocol.envelope import Envelope, EnvelopeError, open_body
from protocol.keys import X25519PrivateKey
from protocol.records import (
    CheckDone,
    FileEvidence,
    MediaSessionSeen,
    Medium,
    NetworkEvidence,
    Record,
    ScanDone,
    SelfCheckDone,
    SettingEvidence,
    ViolationSeen,
)
from server.intake.bounds import bounded
from server.intake.sighting import Sighting, sighting_of
from server.intake.sql import CANONICAL_UUID, Prepared

MAX_RECORDS = 50_000
"""Records of one envelope; an agent of ours puts at most 20,000 into one that is carried by hand."""
MAX_WORD = 64
"""Characters of hashes, keys and other words that name a thing."""

# Told once: a union of classes that is written where it is asked for is made anew for every record.
_WITH_SESSION = (ScanDone, MediaSessionSeen)
_WITH_MEDIUM = (ViolationSeen, ScanDone, MediaSessionSeen)
_CONTROL = re.compile(r"[A-Z][A-Z0-9]{0,8}-[A-Z0-9-]{1,22}")


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """What one envelope brings, with who sent it and when it came. It may travel between processes."""

    entry: int
    """Id of the spool entry."""
    agent: uuid.UUID
    received_at: datetime
    records: tuple[Record, ...]
    """All but sightings of violations."""
    sightings: tuple[Sighting, ...]
    media: tuple[tuple[Medium, datetime], ...]
    """The media that any of it is about, each with when it was seen."""
    weight: int
    """About how many bytes the records take in memory."""


def read(
    entry: int,
    envelope: Envelope,
    agent: uuid.UUID,
    received_at: datetime,
    key: X25519PrivateKey,
    as_stored: Prepared,
) -> Delivery:
    """Open an envelope and check every record. Raises `EnvelopeError` with the reason it cannot be used for."""
    records: list[Record] = []
    for record in open_body(envelope, key):
        if len(records) >= MAX_RECORDS:
            raise EnvelopeError("malformed", f"the envelope has more than {MAX_RECORDS} records")
        try:
            check(record)
        except ValueError as error:
            raise EnvelopeError("malformed", f"record {len(records) + 1} cannot be used: {error}") from error
        records.append(bounded(record, received_at))
    return delivery_of(entry, agent, received_at, records, as_stored)


def delivery_of(
    entry: int, agent: uuid.UUID, received_at: datetime, records: Sequence[Record], as_stored: Prepared
) -> Delivery:
    """The delivery that these records make, which are checked and within bounds."""
    others: list[Record] = []
    sightings: list[Sighting] = []
    media: list[tuple[Medium, datetime]] = []
    named, computer, weight = str(agent), as_stored.uuid(agent), 0
    groups = as_stored.fresh(len(records))
    for record, group in zip(records, groups, strict=True):
        weight += _weight(record)
        if isinstance(record, ViolationSeen):
            sightings.append(sighting_of(record, named, computer, group, as_stored))
        else:
            others.append(record)
        if isinstance(record, _WITH_MEDIUM) and record.medium is not None:
            media.append((record.medium, _seen_at(record)))
    return Delivery(entry, agent, received_at, tuple(others), tuple(sightings), tuple(media), weight)


def _seen_at(record: ViolationSeen | ScanDone | MediaSessionSeen) -> datetime:
    """When a record tells that its medium was seen."""
    if isinstance(record, MediaSessionSeen):
        return record.ended_at or record.mounted_at
    return record.started_at if isinstance(record, ScanDone) else record.seen_at


def _weight(record: Record) -> int:
    if not isinstance(record, ViolationSeen):
        return 1000 + (150 * len(record.gone) if isinstance(record, ScanDone) else 0)
    if isinstance(record.evidence, FileEvidence):
        return 1000 + len(record.evidence.sealed_place) + 1500 * len(record.evidence.findings)
    if isinstance(record.evidence, NetworkEvidence):
        return 1000 + 250 * (len(record.evidence.signals) + len(record.evidence.interfaces))
    if isinstance(record.evidence, SettingEvidence):
        return 1000 + 800 * len(record.evidence.settings)
    return 2000


def check(record: Record) -> None:
    """Raises `ValueError` for ids, times, controls and words that nothing could be filed under.

    Everything else that is odd is put right by `server.intake.bounds`.
    """
    if isinstance(record, ViolationSeen):
        _check_sighting(record)
        return
    _id(record.id)
    for at in _times(record):
        if at.tzinfo is None:
            raise ValueError("a time without a zone")
    if isinstance(record, CheckDone) and not _is_control(record.control):
        raise ValueError("no id of a control")
    if isinstance(record, SelfCheckDone):
        controls = [control for line in record.results for control in line.controls]
        if not all(_is_control(control) for control in [*controls, *record.answers]):
            raise ValueError("no id of a control")
    if isinstance(record, ScanDone):
        for one in record.gone:
            _word(one.content_hash)
            if not _is_control(one.control):
                raise ValueError("no id of a control")
    if isinstance(record, _WITH_SESSION) and record.session is not None:
        _id(record.session)
    if isinstance(record, _WITH_MEDIUM) and record.medium is not None:
        _word(record.medium.key)


def _check_sighting(record: ViolationSeen) -> None:
    """The same of what there is most of."""
    _id(record.id)
    if record.seen_at.tzinfo is None:
        raise ValueError("a time without a zone")
    if not _is_control(record.control):
        raise ValueError("no id of a control")
    if record.session is not None:
        _id(record.session)
    if record.medium is not None:
        _word(record.medium.key)
    evidence = record.evidence
    if isinstance(evidence, FileEvidence):
        _word(evidence.content_hash)
        _word(evidence.path_hash)


@lru_cache(1024)
def _is_control(text: str) -> bool:
    return _CONTROL.fullmatch(text) is not None


def _times(record: Record) -> tuple[datetime, ...]:
    if isinstance(record, ScanDone):
        return (record.started_at,)
    if isinstance(record, MediaSessionSeen):
        return (record.mounted_at,) if record.ended_at is None else (record.mounted_at, record.ended_at)
    return (record.seen_at,)


def _id(text: str) -> None:
    if CANONICAL_UUID.fullmatch(text):
        return
    try:
        uuid.UUID(text)
    except ValueError:
        raise ValueError("an id that is no UUID") from None


def _word(text: str) -> None:
    if not 0 < len(text) <= MAX_WORD or not text.isascii() or not text.isprintable():
        raise ValueError("a hash that cannot be one")
