"""Class of computer × place × finding → violation: which control a marked file breaks, and the evidence of it."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from agent.judging.stores import is_draft, store_of
from protocol import keys, places
from protocol.ids import uuid7
from protocol.records import (
    LEVEL_ORDER,
    ComputerClass,
    FileEvidence,
    Finding,
    Medium,
    Severity,
    ViolationSeen,
)
from signatures.controls import Control, LapsedRow, Place, Row, Store, load_controls, load_lapsed_table, load_table
from signatures.markings.codes import softer
from signatures.passages import Zone

MOST_FINDINGS = 20
LONGEST_MEMBER = 8000
"""Characters of the way inside containers that are told: names in archives can be as long as their maker likes."""
_RANK = {severity: number for number, severity in enumerate(Severity)}
_MILDER = frozenset({"EXPIRED_REVIEW", "DECLASSIFIED_STAMP"})
"""Codes of a marking that holds no more, or may not: one step less severe (marking-grammar 4 and 6), never nothing,
since only a declassification review ends a secret, and an extension may be on its way."""
_OUTSIDE = frozenset({Zone.FILENAME, Zone.PATH, Zone.ARCHIVE_MEMBER, Zone.DOC_PROPERTY})
"""Zones that a reader of the document does not see."""
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")


class MarkedFile(Protocol):
    """What is judged: how one file or member ended (`agent.scanning.results.FileResult` is one)."""

    @property
    def path(self) -> str:
        """As the walk gave it."""

    @property
    def member(self) -> str | None:
        """The way inside a container; None for a file of its own."""

    @property
    def unread(self) -> bool:
        """Whether a part of it could not be read."""

    @property
    def media_type(self) -> str:
        """What the content is."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Strongest first."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def modified(self) -> datetime | None:
        """Time of last change."""

    @property
    def mode(self) -> int | None:
        """Its permissions, where it is a file of its own."""

    @property
    def sha256(self) -> str | None:
        """Hex digest of the bytes, where they could be read."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a scan runs: what the computer may hold, where the files lie, and the keys that hide what must be hid."""

    computer_class: ComputerClass
    level: str | None
    organisation_key: bytes
    reveal_key: bytes
    place: Place = "fixed"
    root: str = ""
    """Mount point of the medium; paths are told relative to it, so that they are the same on every computer."""
    medium: Medium | None = None
    medium_class: str = "unknown"
    session: str | None = None
    designated: tuple[str, ...] = ()
    """Folders of this computer in which marked files are to lie; empty where none are designated."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """What is known of the file itself that bears a marking."""

    store: Store | None = None
    """Where it is passed on to others."""
    open: bool = False
    """Whether everybody on the computer may change it."""
    draft: bool = False
    """Whether it is a draft, an autosave or a template by its name."""
    inside: bool | None = None
    """Whether it is marked in the document itself; None where that could not be read."""
    designated: bool | None = None
    """Whether it lies in a folder designated for marked files; None where none is designated."""


ANYWHERE = Carrier()
"""Nothing is known of the file."""


class Judge:
    """Applies the judging table. Loads the table and the controls once."""

    def __init__(self, table: tuple[Row, ...] | None = None, controls: dict[str, Control] | None = None) -> None:
        """With what we ship unless given others. Raises `strict_yaml.FileMistake`."""
        self.controls = load_controls() if controls is None else controls
        """By id."""
        self.table = load_table(controls=self.controls) if table is None else table
        """The rows, in their order."""
        self.ended = load_lapsed_table(controls=self.controls) if table is None else ()
        """The rows of the table of ended approvals."""

    def broken(self, finding: Finding, context: Context, carrier: Carrier = ANYWHERE) -> tuple[str, Severity] | None:
        """The control that a finding breaks in this context and how bad that is; None where it breaks none."""
        for row in self.table:
            if not misfit(row, finding, context, carrier):
                return self.outcome(row, finding)
        return None

    def outcome(self, row: Row, finding: Finding) -> tuple[str, Severity] | None:
        """What a row that fits says of a finding: the control and how bad it is; None where nothing is broken."""
        if row.control is None:
            return None
        severity = row.severity or self.controls[row.control].severity
        return row.control, softer(severity) if _MILDER.intersection(finding.codes) else severity

    def lapsed(self, seen: ViolationSeen, context: Context) -> list[ViolationSeen]:
        """What a violation breaks besides, where a waiver covered it that has ended: the table of ended approvals."""
        return [
            msgspec.structs.replace(
                seen, id=uuid7(), control=row.control, severity=row.severity or self.controls[row.control].severity
            )
            for row in self.ended
            if not misfit_ended(row, seen.control, context)
        ]

    def judge(self, result: MarkedFile, context: Context) -> list[ViolationSeen]:
        """One violation for each control that a file breaks, worst first, with its strongest findings as evidence."""
        by_control: dict[str, list[Finding]] = {}
        worst: dict[str, Severity] = {}
        carrier = _carrier(result, context.designated)
        for finding in result.findings:
            broken = self.broken(finding, context, carrier)
            if broken:
                control, severity = broken
                by_control.setdefault(control, []).append(finding)
                worst[control] = min(worst.get(control, severity), severity, key=_RANK.__getitem__)
        return [
            ViolationSeen(
                id=uuid7(),
                seen_at=datetime.now(UTC),
                control=control,
                severity=worst[control],
                evidence=_evidence(result, by_control[control], context),
                medium=context.medium,
                session=context.session,
            )
            for control in sorted(by_control, key=lambda control: (_RANK[worst[control]], control))
        ]


def _carrier(result: MarkedFile, designated: tuple[str, ...]) -> Carrier:
    writable = result.mode is not None and bool(result.mode & stat.S_IWOTH)
    apart = result.path.startswith(tuple(f"{folder.rstrip('/')}/" for folder in designated)) if designated else None
    store = store_of(result.path, result.member, result.media_type)
    inside = None if result.unread else any(finding.zone not in _OUTSIDE for finding in result.findings)
    return Carrier(store, writable, is_draft(result.path), inside, apart)


def misfit(row: Row, finding: Finding, context: Context, carrier: Carrier = ANYWHERE) -> str:
    """The first key of a row's ``when`` that a finding does not fit, as it stands in the table; empty where all fit."""
    when = row.when
    met = (
        ("computer", not when.computer or context.computer_class in when.computer),
        ("family", not when.family or finding.family in when.family),
        ("level", not when.level or finding.level in when.level),
        ("place", not when.place or context.place in when.place),
        ("medium_class", not when.medium_class or context.medium_class in when.medium_class),
        ("codes", not when.codes or not set(when.codes).isdisjoint(finding.codes)),
        ("period", when.period is None or when.period == (finding.period is not None)),
        ("store", not when.store or carrier.store in when.store),
        ("open", when.open is None or when.open == carrier.open),
        ("draft", when.draft is None or when.draft == carrier.draft),
        ("inside", when.inside is None or when.inside == carrier.inside),
        ("designated", when.designated is None or when.designated == carrier.designated),
        ("above", when.above is None or when.above == is_above(finding.level, context.level)),
    )
    return next((key for key, fits in met if not fits), "")


def misfit_ended(row: LapsedRow, control: str, context: Context) -> str:
    """The first key of a row's ``when`` that a violation does not fit whose approval has ended; empty where all fit."""
    when = row.when
    met = (
        ("waived", not when.waived or control in when.waived),
        ("computer", not when.computer or context.computer_class in when.computer),
        ("place", not when.place or context.place in when.place),
    )
    return next((key for key, fits in met if not fits), "")


def is_above(level: str | None, most: str | None) -> bool:
    """Whether a level ranks above the highest that a computer may hold; a computer without a level may hold none."""
    return LEVEL_ORDER.get(level or "", 0) > LEVEL_ORDER.get(most or "", 0)


def _evidence(result: MarkedFile, findings: list[Finding], context: Context) -> FileEvidence:
    path = result.path
    if context.root and path.startswith(context.root.rstrip("/") + "/"):
        path = path[len(context.root.rstrip("/")) + 1 :]
    whole = path if result.member is None else f"{path}!{result.member}"
    content = (
        bytes.fromhex(result.sha256) if result.sha256 else b"no content\0" + whole.encode("utf-8", "backslashreplace")
    )
    extension = _EXTENSION.search(whole)
    return FileEvidence(
        content_hash=keys.keyed_hash(context.organisation_key, content),
        path_hash=keys.keyed_hash(context.organisation_key, whole.encode("utf-8", "backslashreplace")),
        sealed_place=places.seal(places.SealedPlace(path, _shortened(result.member)), context.reveal_key),
        extension=extension[1].lower() if extension else "",
        media_type=result.media_type,
        size=result.size,
        modified=result.modified,
        depth=0 if result.member is None else 1 + result.member.count("!"),
        findings=tuple(findings[:MOST_FINDINGS]),
    )


def _shortened(member: str | None) -> str | None:
    """A way inside a container, without its middle where it is very long."""
    if member is None or len(member) <= LONGEST_MEMBER:
        return member
    half = LONGEST_MEMBER // 2
    return f"{member[:half]}…{member[-half:]}"
