"""One sighting of a violation, made ready for the tables as far as that goes without asking them anything."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from protocol.ids import uuid7
from protocol.records import Evidence, FileEvidence, Finding, Place, SettingEvidence, ViolationSeen
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


def sighting_of(record: ViolationSeen, agent: str, computer: Any, as_stored: Prepared) -> Sighting:
    """The sighting that a record of this agent tells of; its words are within bounds (`server.intake.bounds`).

    ``computer`` is the agent's id as the database has it.
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
        as_stored.identity(uuid7()),
        record.control,
        None if record.medium is None else record.medium.key,
        None if record.session is None else as_stored.identity(record.session),
        (severity, SEVERITY_RANK[severity], computer, *marking, *kind),
        place,
        _kept(evidence),
    )


class _KeptFinding(msgspec.Struct, omit_defaults=True, gc=False):
    """What is stored of a `Finding`: all of it but empty fields, which pages take for absent ones."""

    rule: str
    family: str
    confidence: int
    severity: str
    level: str | None = None
    period: str | None = None
    zone: str = ""
    marking: str = ""
    codes: tuple[str, ...] = ()
    place: Place | None = None
    issued: date | None = None
    issued_from: str = ""
    expires: date | None = None
    assumed: bool = False
    status: str = ""


class _KeptFile(msgspec.Struct, omit_defaults=True, tag="file", gc=False):
    """What is stored of a `FileEvidence`: all but empty fields and the sealed place, which has a column of its own."""

    content_hash: str
    path_hash: str
    extension: str
    media_type: str
    size: int
    depth: int
    modified: datetime | None = None
    findings: tuple[_KeptFinding, ...] = ()


_NO_PLACE_INSIDE = Place()
_json = msgspec.json.Encoder()


def _kept(evidence: Evidence) -> str:
    """What is stored of the evidence: pages take an absent field for an empty one, and each costs with every row."""
    if isinstance(evidence, FileEvidence):
        return _json.encode(_kept_file(evidence)).decode()
    return _json.encode(_told(msgspec.to_builtins(evidence))).decode()


def _kept_file(evidence: FileEvidence) -> _KeptFile:
    return _KeptFile(
        evidence.content_hash,
        evidence.path_hash,
        evidence.extension,
        evidence.media_type,
        evidence.size,
        evidence.depth,
        evidence.modified,
        tuple([_kept_finding(finding) for finding in evidence.findings]),
    )


def _kept_finding(finding: Finding) -> _KeptFinding:
    place = finding.place
    return _KeptFinding(
        finding.rule,
        finding.family,
        finding.confidence,
        finding.severity,
        finding.level,
        finding.period,
        finding.zone,
        finding.marking,
        finding.codes,
        None if place == _NO_PLACE_INSIDE else place,
        finding.issued,
        finding.issued_from,
        finding.expires,
        finding.assumed,
        finding.status,
    )


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value or value == 0}
