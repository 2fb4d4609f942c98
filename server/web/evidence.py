"""The evidence of a sighting as a page shows it: places, codes and hashes, never text of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language

from server.web import words


@dataclass(frozen=True)
class FindingShown:
    """One marking that was found."""

    marking: str
    family: str
    level: str
    period: str
    zone: str
    place: str
    confidence: int
    rule: str
    codes: tuple[tuple[str, str], ...]
    """Validator codes, each with its sentence."""


@dataclass(frozen=True)
class SettingShown:
    """One thing a failed check looked at."""

    what: str
    seen: str
    expected: str


@dataclass(frozen=True)
class EvidenceShown:
    """What one sighting tells of a file, a network contact, a medium, the agent or a check that failed."""

    kind: str = ""
    """``file``, ``network``, ``medium``, ``agent`` or ``setting``; empty while no sighting has arrived."""
    findings: tuple[FindingShown, ...] = ()
    signals: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    since: datetime | None = None
    content_hash: str = ""
    path_hash: str = ""
    extension: str = ""
    media_type: str = ""
    size: int | None = None
    modified: datetime | None = None
    depth: int = 0
    codes: dict[str, str] = field(default_factory=dict)
    check: str = ""
    """Name of the check that failed, where it is about one."""
    title: str = ""
    remedy: str = ""
    settings: tuple[SettingShown, ...] = ()
    seconds: int = 0
    """How far the clock jumped or how long the agent did not run."""
    status: str = ""
    """How a medium stands in the register that the agent was told: one of `words.REGISTERED`."""
    number: str = ""
    """Its number there."""
    medium_class: str = ""
    level: str = ""
    seen_in: tuple[str, ...] = ()
    """Classes of the computers that it was seen in before."""
    files: int = 0
    """Documents left on it for too long (MEDIA-10)."""
    days: int = 0
    """For how long the oldest of them lies there."""


def read(evidence: Mapping[str, Any]) -> EvidenceShown:
    """The evidence of an occurrence (one of `protocol.records.Evidence`, as stored)."""
    findings = tuple(_finding(told) for told in evidence.get("findings", ()))
    return EvidenceShown(
        kind=evidence.get("type", ""),
        findings=findings,
        signals=tuple(evidence.get("signals", ())),
        interfaces=tuple(evidence.get("interfaces", ())),
        since=_when(evidence.get("since")),
        content_hash=evidence.get("content_hash", ""),
        path_hash=evidence.get("path_hash", ""),
        extension=evidence.get("extension", ""),
        media_type=evidence.get("media_type", ""),
        size=evidence.get("size"),
        modified=_when(evidence.get("modified")),
        depth=evidence.get("depth", 0),
        check=evidence.get("check", ""),
        title=_spoken(evidence, "title_zh", "title_en"),
        remedy=_spoken(evidence, "remedy_zh", "remedy_en"),
        settings=tuple(
            SettingShown(_spoken(one, "zh", "en"), one.get("seen", ""), one.get("expected", ""))
            for one in evidence.get("settings", ())
        ),
        codes={code: sentence for finding in findings for code, sentence in finding.codes},
        seconds=evidence.get("seconds", 0),
        status=evidence.get("status", ""),
        number=evidence.get("number", ""),
        medium_class=evidence.get("medium_class", ""),
        level=evidence.get("level") or "",
        seen_in=tuple(evidence.get("seen_in", ())),
        files=evidence.get("files", 0),
        days=evidence.get("days", 0),
    )


def _spoken(told: Mapping[str, Any], zh: str, en: str) -> str:
    """What was told in both languages, in that of the page."""
    return str(told.get(zh if (get_language() or "zh").startswith("zh") else en, ""))


def _finding(told: Mapping[str, Any]) -> FindingShown:
    return FindingShown(
        marking=told.get("marking", ""),
        family=words.word(words.FAMILIES, told.get("family")),
        level=told.get("level") or "",
        period=words.period(told.get("period")),
        zone=words.word(words.ZONES, told.get("zone")),
        place=words.place(told.get("place") or {}),
        confidence=told.get("confidence", 0),
        rule=told.get("rule", ""),
        codes=tuple((code, words.word(words.CODES, code)) for code in told.get("codes", ())),
    )


def _when(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
