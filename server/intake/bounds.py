"""Records brought within bounds: what a wrong clock, a wrong agent or a hostile one says must fit tables and pages.

A violation is never refused for an odd number beside it: the number is brought to the nearest one that can be, words
are cut, and a time that cannot be right becomes the time of arrival.
"""

from __future__ import annotations

from datetime import UTC, datetime
from operator import is_
from typing import Any

import msgspec

from protocol.records import (
    AgentEvidence,
    Evidence,
    FileEvidence,
    Finding,
    MediaSessionSeen,
    Medium,
    NetworkEvidence,
    Place,
    Record,
    RecordsDropped,
    ScanDone,
    SelfCheckDone,
    SettingEvidence,
    SettingSeen,
    ViolationSeen,
)
from server.intake.refusals import printable

EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""No agent is older than this: a clock that says less was reset (an empty battery), and is not believed."""
MOST_FINDINGS = 20
MOST_CODES = 16
MOST_SIGNALS = 64
MOST_KINDS = 32
MOST_RESULTS = 500
MOST_SETTINGS = 20
MOST_GONE = 5_000
LONGEST_WORD = 64
LONGEST_MARKING = 200
LONGEST_PLACE = 128 * 1024
"""Characters of a sealed place; a longer one is no place of ours and is left away."""
_TIMES = ("seen_at", "started_at", "mounted_at", "ended_at")
_WITH_MEDIUM = (ViolationSeen, ScanDone, MediaSessionSeen)
_DEEPEST = 99
_LARGEST = 2**53
"""What JSON, SQLite and every browser hold exactly."""


def bounded(record: Record, received_at: datetime) -> Record:
    """The record with every time, number and word within bounds. ``received_at`` is the collector's own time."""
    changes: dict[str, Any] = {}
    for name in ("seen_at",) if isinstance(record, ViolationSeen) else _TIMES:
        at = getattr(record, name, None)
        if at is not None and not EARLIEST <= at <= received_at:
            changes[name] = received_at
    if isinstance(record, ViolationSeen):
        evidence = _evidence(record.evidence)
        if evidence is not record.evidence:
            changes["evidence"] = evidence
        if record.waiver:
            changes["waiver"] = printable(record.waiver, LONGEST_WORD)
    elif isinstance(record, ScanDone):
        for name in ("enumerated", "clean", "finding", "not_examined", "bytes"):
            changes[name] = _number(getattr(record, name))
        changes["seconds"] = max(0.0, min(record.seconds, 1e9))
        changes["reasons"] = _counts(record.reasons)
        changes["gone"] = record.gone[:MOST_GONE]
    elif isinstance(record, SelfCheckDone):
        changes["results"] = record.results[:MOST_RESULTS]
        changes["files"] = _number(record.files)
        changes["seconds"] = max(0.0, min(record.seconds, 1e9))
    elif isinstance(record, RecordsDropped):
        changes["counts"] = _counts(record.counts)
    if isinstance(record, _WITH_MEDIUM) and record.medium is not None:
        changes["medium"] = _medium(record.medium)
    return msgspec.structs.replace(record, **changes) if changes else record


def _evidence(evidence: Evidence) -> Evidence:
    if isinstance(evidence, FileEvidence):
        return _file(evidence)
    if isinstance(evidence, NetworkEvidence):
        return _network(evidence)
    if isinstance(evidence, AgentEvidence):
        signals = tuple(printable(signal, LONGEST_WORD) for signal in evidence.signals[:MOST_SIGNALS])
        return AgentEvidence(signals=signals, seconds=_number(evidence.seconds))
    if isinstance(evidence, SettingEvidence):
        return _settings(evidence)
    return msgspec.structs.replace(
        evidence,
        number=printable(evidence.number, LONGEST_WORD),
        medium_class=printable(evidence.medium_class, 32),
        level=None if evidence.level is None else printable(evidence.level, 8),
        seen_in=tuple(printable(word, 32) for word in evidence.seen_in[:MOST_CODES]),
        policy=_number(evidence.policy),
        files=_number(evidence.files),
        days=_number(evidence.days),
    )


def _settings(evidence: SettingEvidence) -> SettingEvidence:
    return SettingEvidence(
        check=printable(evidence.check, LONGEST_WORD),
        title_zh=printable(evidence.title_zh, 200),
        title_en=printable(evidence.title_en, 200),
        remedy_zh=printable(evidence.remedy_zh, 400),
        remedy_en=printable(evidence.remedy_en, 400),
        settings=tuple(
            SettingSeen(
                zh=printable(one.zh, 200),
                en=printable(one.en, 200),
                seen=printable(one.seen, 200),
                expected=printable(one.expected, 200),
            )
            for one in evidence.settings[:MOST_SETTINGS]
        ),
    )


def _file(evidence: FileEvidence) -> FileEvidence:
    findings = tuple([_finding(finding) for finding in evidence.findings[:MOST_FINDINGS]])
    if (  # what every agent of ours tells, at a glance
        0 <= evidence.size <= _LARGEST
        and 0 <= evidence.depth <= _DEEPEST
        and len(evidence.sealed_place) <= LONGEST_PLACE
        and _fits(evidence.extension, 32)
        and _fits(evidence.media_type, 127)
        and evidence.modified is _moment(evidence.modified)
        and len(findings) == len(evidence.findings)
        and all(map(is_, findings, evidence.findings))
    ):
        return evidence
    return msgspec.structs.replace(
        evidence,
        sealed_place=evidence.sealed_place if len(evidence.sealed_place) <= LONGEST_PLACE else "",
        extension=printable(evidence.extension, 32),
        media_type=printable(evidence.media_type, 127),
        size=_number(evidence.size),
        modified=_moment(evidence.modified),
        depth=_number(evidence.depth, _DEEPEST),
        findings=findings,
    )


_NO_PLACE = Place()


def _fits(text: str | None, limit: int) -> bool:
    return text is None or (len(text) <= limit and text.isprintable())


def _finding(finding: Finding) -> Finding:
    place, level, period = finding.place, finding.level or "", finding.period or ""
    rule, family, zone, marking, source = (
        finding.rule, finding.family, finding.zone, finding.marking, finding.issued_from
    )  # fmt: skip
    if (  # what every agent of ours tells, at a glance
        place == _NO_PLACE
        and not finding.codes
        and 0 <= finding.confidence <= 100
        and len(rule) <= LONGEST_WORD
        and len(family) <= 32
        and len(level) <= 8
        and len(period) <= LONGEST_WORD
        and len(zone) <= 32
        and len(marking) <= LONGEST_MARKING
        and len(source) <= 32
        and f"{rule}{family}{level}{period}{zone}{marking}{source}".isprintable()
    ):
        return finding
    return msgspec.structs.replace(
        finding,
        rule=printable(finding.rule, LONGEST_WORD),
        family=printable(finding.family, 32),
        level=None if finding.level is None else printable(finding.level, 8),
        period=None if finding.period is None else printable(finding.period, LONGEST_WORD),
        zone=printable(finding.zone, 32),
        confidence=_number(finding.confidence, 100),
        marking=printable(finding.marking, LONGEST_MARKING),
        codes=tuple(printable(code, 32) for code in finding.codes[:MOST_CODES]),
        issued_from=printable(finding.issued_from, 32),
        place=Place(
            **{name: _maybe(getattr(place, name)) for name in ("page", "sheet", "slide", "paragraph", "line")},
            cell=None if place.cell is None else printable(place.cell, 16),
            part=None if place.part is None else printable(place.part, 32),
        ),
    )


def _network(evidence: NetworkEvidence) -> NetworkEvidence:
    return msgspec.structs.replace(
        evidence,
        signals=tuple(printable(signal, 200) for signal in evidence.signals[:MOST_SIGNALS]),
        interfaces=tuple(printable(name, LONGEST_WORD) for name in evidence.interfaces[:MOST_SIGNALS]),
        since=_moment(evidence.since),
        counts=_counts(evidence.counts),
        newest={
            printable(kind, 32): at
            for kind, at in list(evidence.newest.items())[:MOST_KINDS]
            if _moment(at) is not None
        },
    )


def _medium(medium: Medium) -> Medium:
    return msgspec.structs.replace(medium, capacity=None if medium.capacity is None else _number(medium.capacity))


def _counts(told: dict[str, int]) -> dict[str, int]:
    return {printable(kind, 32): _number(count) for kind, count in list(told.items())[:MOST_KINDS]}


def _number(value: int, most: int = _LARGEST) -> int:
    return max(0, min(value, most))


def _maybe(value: int | None) -> int | None:
    return None if value is None else _number(value)


def _moment(at: datetime | None) -> datetime | None:
    """A moment that every calendar and zone can show; files may claim any."""
    return at if at is not None and at.tzinfo is not None and 1970 <= at.year <= 2500 else None
