"""What a scan says of each file, and of all of them together: the contract of ``mijian scan --format jsonl``."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, date, datetime
from typing import cast

import msgspec

from protocol.records import CageLevel, Finding, Reason, Verdict


class FileResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one file, or one member of a container, ended.

    ``path`` is as given on the command line joined with the walk, as text with undecodable bytes escaped
    (``\\udc80``-style surrogates are written as ``\\x80``); ``member`` is the way inside, ``/`` within a container
    and ``!`` between nested ones.
    """

    path: str
    member: str | None
    verdict: Verdict
    reason: Reason | None = None
    media_type: str
    findings: tuple[Finding, ...] = ()
    size: int = 0
    """Bytes of the file or member."""
    modified: datetime | None = None
    mode: int | None = None
    """Type and permissions of a file of its own; None for members."""
    unread: bool = False
    """With findings: whether a part of it could not be read, so that they may not be all there is."""
    sha256: str | None = None
    """Hex digest of the bytes; computed only where there is a finding, and never written to any output."""

    def to_json(self) -> bytes:
        """The record of the contract: path, member, verdict, reason, media_type, findings; nothing more."""
        return msgspec.json.encode(
            {
                "path": self.path,
                "member": self.member,
                "verdict": self.verdict,
                "reason": self.reason,
                "media_type": self.media_type,
                "findings": self.findings,
            }
        )


def cage_level(word: str) -> tuple[CageLevel, str]:
    """``partial: why`` as a level and its reason, as they stand in records."""
    level, _, why = word.partition(":")
    return (cast("CageLevel", level) if level in ("full", "partial") else "none"), why.strip()


class Summary(msgspec.Struct):
    """The sum of a scan. ``enumerated = clean + finding + not_examined`` holds at every moment."""

    clean: int = 0
    finding: int = 0
    not_examined: int = 0
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    bytes: int = 0
    """Bytes of files read from disk; members of containers are not counted again."""
    seconds: float = 0.0
    rules: str = ""
    cage: str = ""
    """How far the workers were confined: ``full``, ``partial: why`` or ``none: why``."""
    complete: bool = True

    @property
    def enumerated(self) -> int:
        """Everything that was seen: files and members."""
        return self.clean + self.finding + self.not_examined

    def add_clean(self, files: int, size: int) -> None:
        """Count files from disk that are clean."""
        self.clean += files
        self.bytes += size

    def add(self, result: FileResult) -> None:
        """Count one result."""
        match result.verdict:
            case Verdict.CLEAN:
                self.clean += 1
            case Verdict.FINDING:
                self.finding += 1
            case Verdict.NOT_EXAMINED:
                self.not_examined += 1
                self.reasons[str(result.reason)] += 1
        if result.member is None:
            self.bytes += result.size

    @property
    def exit_code(self) -> int:
        """0 all examined and clean, 1 findings, 3 no finding but something was not examined."""
        return 1 if self.finding else 3 if self.not_examined else 0


def modified_at(status: os.stat_result | None) -> datetime | None:
    """The time of last modification; None where the file system holds one that no calendar has."""
    if status is None:
        return None
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def as_of(findings: tuple[Finding, ...], today: date) -> tuple[Finding, ...]:
    """The findings as they stand today: what was found once, and kept in the ledger, may have run out since."""
    from signatures.markings.periods import aged  # here: most scans find nothing, and the grammar is not small

    return tuple(aged(finding, today) for finding in findings)
