"""One sighting of a violation, made ready for the tables as far as that goes without asking them anything."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from protocol.records import Evidence, FileEvidence, Finding, Place, SettingEvidence, Severity, ViolationSeen
from server.intake.sql import Prepared
from server.violations.fingerprint import fingerprint
from server.violations.models import SEVERITY_RANK

SETTING = "setting"
"""In place of a family of markings: the group is a failed check of a self-check."""

TOLD = (
    "severity",
    "severity_rank",
    "computer",
    "family",
    "level",
    "marking",
    "zone",
    "extension",
    "media_type",
    "content_hash",
)
"""Fields of a group that a sighting tells by itself: four of them of its strongest finding, three of the file."""


class Sighting(msgspec.Struct, array_like=True, gc=False):
    """One record, with its values as the database has them. It may travel between processes, written by msgspec."""

    id: Any
    seen_at: Any
    fingerprint: str
    group: Any
    """Id for the group of this fingerprint, should there be none yet."""
    control: str
    medium: str | None
    """Key of the medium it was seen on."""
    session: Any
    told: tuple[Any, ...]
    """Values of `TOLD`."""
    place: tuple[str, str]
    """Hash of the path, and the sealed place."""
    evidence: str
    """The evidence without its sealed place and without empty fields, JSON."""


_NO_MARKING = ("", "", "", "")
_NO_KIND = ("", "", "")
_NO_PLACE = ("", "")
_NO_PLACE_IN_FILE = Place()
_encode = msgspec.json.Encoder().encode


def sighting_of(record: ViolationSeen, agent: str, computer: Any, group: Any, as_stored: Prepared) -> Sighting:
    """The sighting that a record of this agent tells of; its words are within bounds (`server.intake.bounds`).

    ``computer`` is the agent's id as the database has it, and ``group`` an id for a group of its own.
    """
    evidence, marking, kind, place = record.evidence, _NO_MARKING, _NO_KIND, _NO_PLACE
    severity = record.severity.value
    if isinstance(evidence, FileEvidence):
        if evidence.findings:
            strongest = evidence.findings[0]
            marking = (strongest.family, strongest.level or "", strongest.marking, strongest.zone)
        kind = (evidence.extension, evidence.media_type, evidence.content_hash)
        place = (evidence.path_hash, evidence.sealed_place)
    elif isinstance(evidence, SettingEvidence):
        marking = (SETTING, "", evidence.title_zh, "")
    return Sighting(
        as_stored.identity(record.id),
        as_stored.moment(record.seen_at),
        fingerprint(record, agent),
        group,
        record.control,
        None if record.medium is None else record.medium.key,
        None if record.session is None else as_stored.identity(record.session),
        (severity, SEVERITY_RANK[severity], computer, *marking, *kind),
        place,
        _kept(evidence),
    )


def _kept(evidence: Evidence) -> str:
    """What is stored of the evidence: pages take an absent field for an empty one, and each costs with every row."""
    if isinstance(evidence, FileEvidence):
        return _encode(_kept_file(evidence)).decode()
    told = msgspec.to_builtins(evidence)
    return _encode({name: value for name, value in told.items() if value or value == 0}).decode()


class _KeptFinding(msgspec.Struct, omit_defaults=True, gc=False):
    """What is stored of a `protocol.records.Finding`: numbers always, words where they say something."""

    rule: str = ""
    family: str = ""
    level: str | None = None
    period: str | None = None
    zone: str = ""
    confidence: int | None = None
    severity: Severity | None = None
    marking: str = ""
    codes: tuple[str, ...] = ()
    place: Place | None = None
    issued: date | None = None
    issued_from: str = ""
    expires: date | None = None
    assumed: bool | None = None
    status: str = ""


class _KeptFile(msgspec.Struct, omit_defaults=True, gc=False, tag="file"):
    """What is stored of a `protocol.records.FileEvidence`: the same."""

    content_hash: str = ""
    path_hash: str = ""
    extension: str = ""
    media_type: str = ""
    size: int | None = None
    modified: datetime | None = None
    depth: int | None = None
    findings: tuple[_KeptFinding, ...] = ()


def _kept_file(told: FileEvidence) -> _KeptFile:
    return _KeptFile(
        told.content_hash,
        told.path_hash,
        told.extension,
        told.media_type,
        told.size,
        told.modified,
        told.depth,
        tuple([_kept_finding(finding) for finding in told.findings]),
    )


def _kept_finding(told: Finding) -> _KeptFinding:
    return _KeptFinding(
        told.rule,
        told.family,
        told.level,
        told.period,
        told.zone,
        told.confidence,
        told.severity,
        told.marking,
        told.codes,
        None if told.place == _NO_PLACE_IN_FILE else told.place,
        told.issued,
        told.issued_from,
        told.expires,
        told.assumed,
        told.status,
    )
