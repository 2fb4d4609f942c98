"""The records that travel: what an agent says it saw, as typed, versioned, frozen structs.

Every record is one JSON line in an envelope's body, tagged by ``type``. Unknown fields are ignored (an older
collector reads a newer agent), unknown types and versions are refused with a clear error (`protocol.envelope`).
No record has a field for document text, and none may ever get one: evidence is place, normalised marking and
keyed hash (codes E-FILE, E-DEV, E-NET of the controls).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import msgspec

from protocol.terms import LEVEL_ORDER as LEVEL_ORDER
from protocol.terms import ComputerClass as ComputerClass
from protocol.terms import Level as Level
from protocol.terms import Reason as Reason
from protocol.terms import Severity as Severity
from protocol.terms import Verdict as Verdict

RECORDS_VERSION = 1
"""Version of the record set below; stands in every envelope header."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where in a document a finding stands. Numbers count from 1; None where the format has no such thing.

    Never carries text of the document: a sheet is told by its number, not by its name.
    """

    page: int | None = None
    sheet: int | None = None
    slide: int | None = None
    cell: str | None = None
    paragraph: int | None = None
    line: int | None = None
    part: str | None = None
    """A fixed word of ours for the part, such as ``header`` or ``custom-properties``."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A marking or keyword seen in one file. Says nothing of right or wrong."""

    rule: str
    """Id of the rule that fired, such as ``cn-state.starred``."""
    family: str
    """Family name of marking-grammar section 1: ``state``, ``level_only``, ``work``, ``us`` …"""
    level: str | None
    period: str | None
    """``PnY``, ``PnM``, ``PnD``, ``LONG``, ``DATE:YYYY-MM-DD``, ``COND:…`` or None."""
    zone: str
    confidence: int
    """0–100; ≥ 70 alert, 45–69 review, 25–44 weak."""
    severity: Severity
    """The family's base severity; the control's severity stands in the violation."""
    marking: str
    """The marking in normalised form (``机密★10年``), never the text around it."""
    codes: tuple[str, ...] = ()
    """Validator codes of marking-grammar section 6."""
    place: Place = Place()
    issued: date | None = None
    """When the document was issued, as far as it is known; of a month or year alone, its last day."""
    issued_from: str = ""
    """Where that date was taken from (`signatures.markings.periods.Source`)."""
    expires: date | None = None
    """Last day on which the marking holds; None where it has no end, hangs on a condition or cannot be told."""
    assumed: bool = False
    """Whether ``expires`` was reckoned with the longest period of the level, because the marking names none."""
    status: str = ""
    """How it stands with its period on the day it was looked at (`signatures.markings.periods.Status`)."""


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of a removable medium (E-DEV). The serial leaves the computer only as keyed hash and last four."""

    key: str
    """Keyed hash over the most stable identity there is (serial, else file-system UUID): same stick, same key."""
    bus: str = "unknown"
    vendor: str = ""
    model: str = ""
    serial_hash: str | None = None
    serial_tail: str = ""
    filesystem: str = ""
    filesystem_uuid_hash: str | None = None
    label: str = ""
    capacity: int | None = None
    """Bytes."""


class FileEvidence(msgspec.Struct, frozen=True, kw_only=True, tag="file"):
    """What is known of a file that breaks a control (E-FILE)."""

    content_hash: str
    """HMAC-SHA-256 with the organisation key over the SHA-256 of the file's (or member's) bytes, hex."""
    path_hash: str
    """The same over the path and member, in UTF-8."""
    sealed_place: str
    """Path and member as JSON, HPKE-sealed to the collector's reveal key, base64. Opened only for the right role."""
    extension: str
    media_type: str
    size: int
    """Bytes of the file or member."""
    modified: datetime | None
    depth: int = 0
    """How many containers deep the file lay; 0 for a file of its own."""
    findings: tuple[Finding, ...] = ()
    """Strongest first; at most 20."""


class NetworkEvidence(msgspec.Struct, frozen=True, kw_only=True, tag="network"):
    """What is known of a forbidden network contact (E-NET): kinds and classes, never a URL."""

    signals: tuple[str, ...]
    """Sorted, stable words: ``default-route:eth0``, ``resolver:public``, ``peer:public:firefox`` …"""
    interfaces: tuple[str, ...] = ()
    since: datetime | None = None
    """When the agent first saw this state; None where it stood already at start. Of traces: the oldest."""
    counts: dict[str, int] = {}
    """Of traces (NET-04): signal → how many."""
    newest: dict[str, datetime] = {}
    """Of traces: signal → the newest, where a time is known."""


class MediumEvidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="medium"):
    """How a medium stands in the register, where that alone breaks a control (E-DEV): MEDIA-03, -10, DISPOSE-08 ….

    The identity itself is `ViolationSeen.medium`.
    """

    status: Literal["registered", "lost", "destroyed", "unregistered"]
    number: str = ""
    """Its number in the register."""
    medium_class: str = ""
    """What it may hold by the register; empty where it stands in none."""
    level: str | None = None
    seen_in: tuple[str, ...] = ()
    """Classes of the computers that reported it before, by the register."""
    policy: int = 0
    """Serial of the policy whose register was asked."""
    files: int = 0
    """Documents that were left on it longer than they may lie there (MEDIA-10)."""
    days: int = 0
    """For how many days the oldest of them lies there, as far as this computer saw it."""


class AgentEvidence(msgspec.Struct, frozen=True, kw_only=True, tag="agent"):
    """What speaks against the agent itself being intact and running all the time (E-CFG; SEC-13)."""

    signals: tuple[str, ...]
    """Sorted, stable words: ``clock-set-back``, ``clock-set-forward``, ``not-running``, ``program-changed`` …"""
    seconds: int = 0
    """How far the clock jumped, or how long the agent did not run; the larger of both."""


class SettingSeen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a check looked at: what it is, what was seen, what is asked for."""

    zh: str
    en: str
    seen: str
    expected: str = ""


class SettingEvidence(msgspec.Struct, frozen=True, kw_only=True, tag="setting"):
    """A check of the scheduled self-check that failed (E-CFG): settings and counts, never content or a password.

    Collectors from before it refuse the envelope that holds one and say so.
    """

    check: str
    """Its name, such as ``password-age``: with control and computer it is what makes two sightings one violation."""
    title_zh: str
    title_en: str
    remedy_zh: str = ""
    remedy_en: str = ""
    settings: tuple[SettingSeen, ...] = ()
    """What is wrong first; at most 20."""


Evidence = FileEvidence | NetworkEvidence | MediumEvidence | AgentEvidence | SettingEvidence
"""What a sighting of a violation rests on."""


class ViolationSeen(msgspec.Struct, frozen=True, kw_only=True, tag="violation"):
    """One sighting of a finding or check result that breaks a control."""

    id: str
    """UUIDv7, minted once on the computer; the collector stores each id at most once."""
    seen_at: datetime
    control: str
    """Id in controls.md, such as ``MEDIA-05``."""
    severity: Severity
    evidence: Evidence
    medium: Medium | None = None
    session: str | None = None
    """Id of the media session, where there was one."""
    waiver: str = ""
    """Id of the waiver that covers it (`protocol.policy.Waiver`): approved until that ends, and still told."""


class MediaSessionSeen(msgspec.Struct, frozen=True, kw_only=True, tag="media-session"):
    """One insertion of a medium, told at its start and again, with the same session id, at its end."""

    id: str
    session: str
    medium: Medium
    mounted_at: datetime
    ended_at: datetime | None = None
    ending: Literal["", "unmounted", "removed", "agent-stopped"] = ""
    hold: Literal["", "read-only", "block"] = ""
    """How the medium is held by policy; empty where it is not, or no more. Then the session is told once more."""
    access: Literal["", "writable", "read-only", "unmounted"] = ""
    """How it was found to stand when that was told, whatever the policy wants; empty where nobody looked."""


CageLevel = Literal["full", "partial", "none"]
"""How far the processes that read files were confined."""


class GoneFile(msgspec.Struct, frozen=True, kw_only=True):
    """A violation of a file on a disk of the computer that was told before, and that a whole scan finds no more."""

    control: str
    content_hash: str
    """As in the evidence of its sightings."""


class ScanDone(msgspec.Struct, frozen=True, kw_only=True, tag="scan"):
    """The sum of one scan: enumerated = clean + finding + not_examined, always."""

    id: str
    started_at: datetime
    seconds: float
    enumerated: int
    clean: int
    finding: int
    not_examined: int
    reasons: dict[str, int]
    bytes: int
    rules: str
    """``sha256:…`` over the rules that were in force."""
    cage: CageLevel
    complete: bool
    """False where the scan was cut short (medium pulled, agent stopped)."""
    session: str | None = None
    medium: Medium | None = None
    cause: Literal["", "person", "medium", "files", "schedule", "rescan"] = ""
    """Why it was made; ``rescan`` where events were lost or a waiver ended."""
    schedule: str = ""
    """Name of the schedule, with ``schedule`` (control NPC-04: ``quarterly``)."""
    cage_why: str = ""
    """What the cage lacked, where it was not full: fixed words of ours and of the kernel."""
    gone: tuple[GoneFile, ...] = ()
    """Told by each complete scan of disks: every place they were in was looked at again, and none of it is there."""


class CheckOutcome(StrEnum):
    """How a check of a control ended."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    MANUAL = "manual"
    ERROR = "error"


class CheckDone(msgspec.Struct, frozen=True, kw_only=True, tag="check"):
    """One run of one check; a later ``pass`` is what verifies that a violation was put right."""

    id: str
    seen_at: datetime
    control: str
    outcome: CheckOutcome
    why: str = ""
    """A fixed sentence of ours for not-applicable, manual and error; never data from the computer."""
    stood_seconds: float | None = None
    """How long the broken state stood that this run found ended, as far as the agent saw it; None elsewhere."""


class CheckLine(msgspec.Struct, frozen=True, kw_only=True):
    """How one check of a self-check ended."""

    check: str
    """Its name, such as ``password-age``."""
    controls: tuple[str, ...]
    outcome: CheckOutcome
    severity: Severity


class SelfCheckDone(msgspec.Struct, frozen=True, kw_only=True, tag="self-check"):
    """One self-check of this computer by a profile: outcomes and answers, no evidence.

    Collectors from before it refuse the envelope that holds one and say so (unknown type of record).
    """

    id: str
    seen_at: datetime
    seconds: float
    number: str
    """Number of the report that was printed or shown."""
    profile: str
    profile_version: str
    profile_digest: str
    files: int
    """Files scanned for it; 0 where none were."""
    results: tuple[CheckLine, ...]
    answers: dict[str, Literal["yes", "no", "not-applicable", ""]] = {}
    """Control → what a person answered."""
    scheduled: bool = False
    """Whether the running agent made it by the profile of the computer's class: only such a one verifies anything."""


class RecordsDropped(msgspec.Struct, frozen=True, kw_only=True, tag="dropped"):
    """The outbox was full and gave up records of low priority; violations go last."""

    id: str
    seen_at: datetime
    counts: dict[str, int]
    """Type tag → how many."""


class AgentStarted(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """The agent came up: what it is and what it can do here."""

    id: str
    seen_at: datetime
    version: str
    rules: str
    cage: CageLevel
    platform: str
    cage_why: str = ""
    """What the cage lacks on this computer, where it is not full."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="heartbeat"):
    """The agent is alive (SEC-13). Sequence numbers have no holes while the state folder is whole."""

    id: str
    seen_at: datetime
    sequence: int
    """One more each, over restarts."""
    uptime: int
    """Seconds since the agent came up, by a clock that nobody can set."""
    program: str
    """Digest of the program's own files."""
    policy: int = 0
    """Serial of the policy in force; 0 for none."""
    policy_digest: str = ""
    """SHA-256 of the signed policy's bytes."""
    rules: str = ""
    rules_version: int = 0
    """Version of the bundle of rules in force; 0 where those shipped with the program are."""
    health: Literal["well", "limited", "ill"] = "well"
    reasons: tuple[str, ...] = ()
    """Fixed words, such as ``outbox-full``, ``files-not-watched``."""
    waiting: int = 0
    """Records in the outbox."""


Record = (
    ViolationSeen | MediaSessionSeen | ScanDone | CheckDone | SelfCheckDone | RecordsDropped | AgentStarted | Heartbeat
)
"""Every kind of record that may stand in an envelope."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """One record as one JSON line, without the line end."""
    return _encoder.encode(record)


def decode_record(line: bytes) -> Record:
    """One record from its JSON line.

    Raises `msgspec.ValidationError` for an unknown type or a field of the wrong kind; `msgspec.DecodeError` or
    `UnicodeDecodeError` for anything that is not JSON.
    """
    return _decoder.decode(line)
