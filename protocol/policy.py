"""The policy: what the collector wants of one computer, and what it knows of the media that may be put into it.

Asked for with ``GET /api/v1/policy`` or carried back as a file: the same bytes, a `SignedPolicy` in JSON, signed by the
collector like a receipt. A policy replaces the one before it whole. Its serial only grows, so that an older one that
is played again is refused. Nothing in it is a secret of a document; media are told by keyed hashes (code E-DEV).
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature

from protocol import keys
from protocol.records import ComputerClass, Medium

FORMAT = "mijian-policy/1"
MEDIA_TYPE = "application/vnd.mijian.policy+json"
PATH = "/api/v1/policy"
MAX_POLICY = 8 * 1024 * 1024
"""Bytes of a signed policy: room for a register of some 20,000 media."""

AGENT_HEADER = "Mijian-Agent"
"""Header of the request: the agent's id."""
HAVE_HEADER = "Mijian-Have"
"""Header of the request: serial of the policy in force, 0 for none. The answer is 304 where there is no newer one."""
TIME_HEADER = "Mijian-Time"
"""Header of the request: the agent's clock, ISO 8601 with zone. Clocks may be wrong: it is for the log, and binds
the proof; a collector refuses no request for it."""
PROOF_HEADER = "Mijian-Proof"
"""Header of the request: Ed25519 signature by the agent's key over `request_challenge`, base64."""

RULES_PATH = "/api/v1/rules"
"""Where a computer gets the signed bundle of rules that its policy names. Its request has the headers of one for the
policy: ``Mijian-Have`` is the version of the bundle in force there, 0 for none, and the proof is made over
`rules_challenge`. 304 where nothing newer was released to it."""

Hold = Literal["report", "read-only", "block"]
"""What becomes of an unknown medium until it was scanned or approved: told only, made read-only, or unmounted."""

Serial = Annotated[int, msgspec.Meta(ge=1, lt=2**53)]


class MediumStatus(StrEnum):
    """How a medium stands in the register (台帐)."""

    REGISTERED = "registered"
    LOST = "lost"
    DESTROYED = "destroyed"


class RegisteredMedium(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the register of media (controls MEDIA-01, MEDIA-02). Empty fields are not known.

    A medium fits the line by its ``key``; where the line was written before any computer had seen the medium, by
    ``serial_hash`` or ``filesystem_uuid_hash`` (see `serial_hash`, `filesystem_uuid_hash`).
    """

    key: str = ""
    """`protocol.records.Medium.key`."""
    serial_hash: str = ""
    filesystem_uuid_hash: str = ""
    status: MediumStatus = MediumStatus.REGISTERED
    medium_class: Literal["internet", "internal", "confidential"] = "internal"
    """What the medium may hold; ``confidential`` is a classified medium (涉密介质)."""
    level: str | None = None
    """Highest level it may hold; None where it may hold none."""
    number: str = ""
    """Its number in the register, as it stands on the label."""
    holder: str = ""
    """Who holds it; shown to the person at the computer."""
    seen_in: tuple[ComputerClass, ...] = ()
    """Classes of the computers that have reported it: what makes cross use (MEDIA-07) known at once."""
    transfer: bool = False
    """Whether it is approved for carrying between classes (中间机, one-way import): then MEDIA-07 is not raised."""


class Waiver(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An approved exception. It turns a violation into "approved until", never into nothing.

    Every key that is given must fit; one that is left out fits everything on this computer.
    """

    id: str
    """Id at the collector: travels back with every sighting it covers (`ViolationSeen.waiver`)."""
    control: str
    """The control it waives, such as ``CPC-09``."""
    expires: datetime
    """With zone. From this moment the waiver ends by itself, and what it covered is scanned again."""
    reason: str = ""
    """Id of the reason at the collector; its words stay there."""
    medium: str = ""
    """`Medium.key`."""
    path_hash: str = ""
    """`FileEvidence.path_hash` of one file."""
    content_hash: str = ""
    """`FileEvidence.content_hash` of one file."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When the computer's own folders are scanned without anybody asking. One of ``cron`` and ``calendar``."""

    name: str
    """Stands in `ScanDone.schedule`."""
    cron: str = ""
    """Five fields as in crontab(5), local time of the computer."""
    calendar: Literal["", "quarterly", "before-holidays", "before-inspection"] = ""
    """``quarterly``: once in each quarter (control NPC-04); the others: ``days_before`` the days of the policy."""
    days_before: Annotated[int, msgspec.Meta(ge=0, le=60)] = 3


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The signed part: all that is in force for one computer."""

    format: str
    """`FORMAT`."""
    collector: str
    """`keys.key_id` of the collector's signing key."""
    agent: str
    serial: Serial
    """Grows with every change for this agent; one that is not greater than the one in force is refused."""
    issued: datetime
    computer_class: ComputerClass
    level: str | None = None
    """Highest level the computer may hold."""
    number: str = ""
    """Number of the computer in the register of computers (涉密/非涉密计算机台帐)."""
    allowed_networks: tuple[str, ...] = ()
    """CIDR prefixes of the closed network this computer belongs to; in place of its own settings where given."""
    allowed_interfaces: tuple[str, ...] = ()
    register_in_force: bool = False
    """Whether a medium that stands in no line of ``media`` is unregistered (MEDIA-03)."""
    unknown_media: Hold | Literal[""] = ""
    """What becomes of media that the register does not vouch for; empty: what the computer's settings say."""
    media: tuple[RegisteredMedium, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    profile: str = ""
    """Name of the profile for self-checks; empty: the one of the class."""
    rules: str = ""
    """``sha256:…`` over all bytes of the bundle of rules that is to be in force; empty: none was released to it."""
    rules_version: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] = 0
    """The version in that bundle's header; 0 for none."""
    rules_key: str = ""
    """Raw Ed25519 public key, base64, that bundles of rules must be signed with to be taken; empty: none are."""
    inspection: date | None = None
    """The next announced inspection."""
    holidays: tuple[date, ...] = ()
    """First days of holidays to come."""
    schedules: tuple[Schedule, ...] = ()
    folders: tuple[str, ...] = ()
    """Folders on fixed disks to watch besides those of the settings: words of `agent.settings` such as ``desktop``,
    ``downloads``, ``chat``, or full paths."""

    def medium(self, medium: Medium) -> RegisteredMedium | None:
        """The line of the register that fits a medium; None where it stands in none. Lost and destroyed win."""
        fits = [line for line in self.media if _fits(line, medium)]
        return min(fits, key=lambda line: line.status is MediumStatus.REGISTERED, default=None)


class SignedPolicy(msgspec.Struct, frozen=True):
    """A policy as it travels: exact bytes and their signature, both base64."""

    policy: str
    signature: str


class PolicyError(Exception):
    """A policy that is not taken. ``reason`` is a fixed word, ``str()`` says it to people.

    Reasons: ``malformed``, ``bad-signature``, ``newer-version``, ``wrong-agent``, ``older``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def sign(policy: Policy, key: keys.Ed25519PrivateKey) -> bytes:
    """The policy as JSON bytes of a `SignedPolicy`."""
    body = msgspec.json.encode(policy)
    return msgspec.json.encode(SignedPolicy(keys.b64(body), keys.b64(key.sign(body))))


def open_policy(raw: bytes, collector_key: bytes, *, agent: str, newer_than: int = 0) -> Policy:
    """Verify and read a policy with the collector's raw Ed25519 public key. Raises `PolicyError`.

    ``newer_than`` is the serial in force; the same serial or a lower one is ``older``.
    """
    if len(raw) > MAX_POLICY:
        raise PolicyError("malformed", f"the policy has more than {MAX_POLICY} bytes")
    try:
        signed = msgspec.json.decode(raw, type=SignedPolicy)
        body = keys.unb64(signed.policy)
        keys.Ed25519PublicKey.from_public_bytes(collector_key).verify(keys.unb64(signed.signature), body)
        version = msgspec.json.decode(body, type=_Version).format
        if version != FORMAT:
            raise PolicyError("newer-version", f"the policy speaks {version}; this agent knows {FORMAT}: update it")
        policy = msgspec.json.decode(body, type=Policy)
        _check(policy)
    except InvalidSignature as error:
        raise PolicyError(
            "bad-signature", "the policy is not signed by the collector this agent was enrolled with"
        ) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise PolicyError("malformed", f"the policy cannot be read: {error}") from error
    if policy.agent != agent:
        raise PolicyError("wrong-agent", f"the policy is for another computer ({policy.agent})")
    if policy.serial <= newer_than:
        raise PolicyError("older", f"the policy has serial {policy.serial}; {newer_than} is in force already")
    return policy


def request_challenge(agent: str, have: int, time: str) -> bytes:
    """The bytes an agent signs to ask for its policy: nobody else learns the register. ``time`` as in the header."""
    return hashlib.sha256(f"mijian-policy-request/1\0{agent}\0{have}\0{time}".encode()).digest()


def rules_challenge(agent: str, have: int, time: str) -> bytes:
    """The bytes an agent signs to get its rules: lists of keywords in them are nobody else's business."""
    return hashlib.sha256(f"mijian-rules-request/1\0{agent}\0{have}\0{time}".encode()).digest()


def serial_hash(organisation_key: bytes, serial: str) -> str:
    """`Medium.serial_hash` of a serial number as udev tells it (``ID_SERIAL_SHORT``)."""
    return medium_hash(organisation_key, "serial", serial)


def filesystem_uuid_hash(organisation_key: bytes, uuid: str) -> str:
    """`Medium.filesystem_uuid_hash` of the UUID of a file system."""
    return medium_hash(organisation_key, "uuid", uuid)


def medium_hash(organisation_key: bytes, kind: str, value: str) -> str:
    """Keyed hash of one part of a medium's identity."""
    return keys.keyed_hash(organisation_key, f"mijian-medium/1\0{kind}\0{value}".encode())


class _Version(msgspec.Struct, frozen=True):
    format: str


def _fits(line: RegisteredMedium, medium: Medium) -> bool:
    return (
        (bool(line.key) and line.key == medium.key)
        or (bool(line.serial_hash) and line.serial_hash == medium.serial_hash)
        or (bool(line.filesystem_uuid_hash) and line.filesystem_uuid_hash == medium.filesystem_uuid_hash)
    )


def _check(policy: Policy) -> None:
    """Raises `ValueError` for what types alone do not say."""
    for prefix in policy.allowed_networks:
        ipaddress.ip_network(prefix)
    for at in (policy.issued, *(waiver.expires for waiver in policy.waivers)):
        if at.tzinfo is None:
            raise ValueError("a time without a zone")
    for schedule in policy.schedules:
        if bool(schedule.cron) == bool(schedule.calendar):
            raise ValueError(f"schedule {schedule.name!r} needs one of cron and calendar")
