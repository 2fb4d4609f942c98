"""What the collector wants of one computer, and what it tells it of the media that may be put into it.

Made anew from the ledgers whenever a computer asks; its serial grows when, and only when, what it says has changed.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock

import msgspec
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from protocol import keys, policy
from protocol.records import ComputerClass
from server.campaigns import inspections
from server.keys import collector_keys
from server.ledger.models import Computer, MediaSession, Medium, MediumUse, Status
from server.rules import bundles
from server.rules.policy import wishes_for
from server.violations.models import Waiver

KEPT_FOR = 30.0
"""Seconds for which the register is kept between two questions: twenty thousand computers ask for the same one."""
MOST_MEDIA = 20_000
"""Media of one policy; beyond it those that were seen longest ago are left out."""

STATUS: Mapping[str, int] = {"malformed": 400, "unknown-agent": 404, "bad-proof": 403, "revoked": 403}
"""HTTP status of each refusal."""


class PolicyRefused(Exception):
    """A clear no. ``reason`` is a key of `STATUS`, ``str()`` says it to people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def asked(agent: str, have: str, at: str, proof: str) -> bytes | None:
    """The signed policy for the computer that asks; None where it has the newest already. Raises `PolicyRefused`."""
    computer, known = _who(agent, have, at, proof, policy.request_challenge)
    return _signed(computer, known)


def rules_asked(agent: str, have: str, at: str, proof: str) -> bytes | None:
    """The bundle of rules released to the computer that asks; None where it has none newer. Raises `PolicyRefused`."""
    computer, known = _who(agent, have, at, proof, policy.rules_challenge)
    due = rules_due(computer)
    if due is None or due.version <= known:
        return None
    return bundles.raw_of(due)


def rules_due(computer: Computer) -> bundles.Due | None:
    """The bundle of rules that a computer is to scan by; None where none was released to it."""
    return bundles.Released().to(None if computer.department is None else computer.department.path)


def carried(computer: Computer) -> bytes:
    """The signed policy of a computer as a file to carry there, where no network leads."""
    signed = _signed(computer, -1)
    assert signed is not None  # noqa: S101 (no policy has a serial below zero)
    return signed


def _signed(computer: Computer, known: int) -> bytes | None:
    """The newest policy, with its serial; None where it is known already."""
    told = make(computer)
    digest = hashlib.sha256(msgspec.json.encode(told)).hexdigest()
    with transaction.atomic():
        row = Computer.objects.select_for_update().only("policy_serial", "policy_digest").get(pk=computer.pk)
        # A computer may know a later serial than this collector, after a backup was restored here.
        if row.policy_digest != digest or known > row.policy_serial:
            row.policy_serial, row.policy_digest = max(row.policy_serial, known) + 1, digest
            row.save(update_fields=("policy_serial", "policy_digest"))
    if known >= row.policy_serial:
        return None
    final = msgspec.structs.replace(told, serial=row.policy_serial, issued=timezone.now())
    return policy.sign(final, collector_keys().signing)


def make(computer: Computer) -> policy.Policy:
    """What a computer is to be told just now, with serial 1 and no date worth anything."""
    wishes, due = wishes_for(computer.computer_class), rules_due(computer)
    of_round = inspections.next_inspection(computer)
    prepared = any(schedule.calendar == inspections.BEFORE.calendar for schedule in wishes.schedules)
    before_round = () if of_round is None or prepared else (inspections.BEFORE,)
    return policy.Policy(
        format=policy.FORMAT,
        collector=collector_keys().collector_id,
        agent=str(computer.pk),
        serial=1,
        issued=datetime.fromtimestamp(0, timezone.get_default_timezone()),
        computer_class=ComputerClass(computer.computer_class),
        level=computer.level or None,
        number=computer.number,
        allowed_networks=wishes.allowed_networks,
        profile=wishes.profile,
        schedules=(*wishes.schedules, *before_round),
        holidays=wishes.holidays,
        inspection=_next(of_round, wishes.inspection),
        register_in_force=settings.MIJIAN_REGISTER_IN_FORCE,
        unknown_media=settings.MIJIAN_UNKNOWN_MEDIA,
        media=_media_for(computer),
        waivers=_waivers_for(computer),
        rules="" if due is None else due.digest,
        rules_version=0 if due is None else due.version,
        rules_key="" if due is None else due.key,
    )


def _next(*days: date | None) -> date | None:
    """The first of these days that is not over."""
    return min((day for day in days if day is not None and day >= timezone.localdate()), default=None)


def _who(
    agent: str, have: str, at: str, proof: str, challenge: Callable[[str, int, str], bytes]
) -> tuple[Computer, int]:
    try:
        pk, known = uuid.UUID(agent), int(have)
        if not have.isascii() or not 0 <= known < 2**53 or len(at) > 64:
            raise ValueError(have)
        signature = keys.unb64(proof)
    except ValueError as error:
        raise PolicyRefused("malformed", "the request lacks its agent, serial, time or proof") from error
    computer = Computer.objects.select_related("department").filter(pk=pk).first()
    if computer is None or not computer.public_key:
        raise PolicyRefused("unknown-agent", "no computer is enrolled here under this id: enrol it first")
    try:
        public = keys.Ed25519PublicKey.from_public_bytes(bytes(computer.public_key))
        public.verify(signature, challenge(agent, known, at))
    except InvalidSignature as error:
        raise PolicyRefused("bad-proof", "the request is not signed by the computer it names") from error
    if computer.revoked_at is not None:
        raise PolicyRefused("revoked", "this computer's enrolment has been revoked here")
    return computer, known


@dataclass(frozen=True)
class _Line:
    """One line of the register, and whose department it is."""

    medium: policy.RegisteredMedium
    department: int | None


class _Register:
    """The register of media, read once in a while."""

    def __init__(self) -> None:
        self._lines: tuple[_Line, ...] = ()
        self._until = 0.0

    def lines(self) -> tuple[_Line, ...]:
        """The lines, at most `KEPT_FOR` seconds old."""
        if time.monotonic() >= self._until:
            self._lines = _read_register()
            self._until = time.monotonic() + KEPT_FOR
        return self._lines

    def forget(self) -> None:
        """Read it anew at the next question."""
        self._until = 0.0


register = _Register()
_STATUS = {Status.LOST.value: policy.MediumStatus.LOST, Status.DESTROYED.value: policy.MediumStatus.DESTROYED}


def _read_register() -> tuple[_Line, ...]:
    seen_in: dict[int, set[str]] = {}
    sessions = MediaSession.objects.order_by().values_list("medium", "computer__computer_class").distinct()
    for pk, class_ in sessions:
        seen_in.setdefault(pk, set()).add(class_)
    rows = Medium.objects.filter(registered_at__isnull=False).select_related("holder").order_by("-last_seen_at", "id")
    return tuple(
        _Line(
            policy.RegisteredMedium(
                key=row.key or "",
                serial_hash=row.serial_hash,
                status=_STATUS.get(row.status, policy.MediumStatus.REGISTERED),
                medium_class=ComputerClass(row.medium_class or "internal").value,
                level=row.level or None,
                number=row.number,
                holder="" if row.holder is None else row.holder.name,
                transfer=row.use == MediumUse.TRANSFER,
                seen_in=tuple(ComputerClass(class_) for class_ in sorted(seen_in.get(row.pk, ()))),
            ),
            row.department_id,
        )
        for row in rows[:MOST_MEDIA]
    )


def _media_for(computer: Computer) -> tuple[policy.RegisteredMedium, ...]:
    """The register as this computer may know it: names of holders stay within their department."""
    own = computer.department_id
    return tuple(
        line.medium if own is not None and line.department == own else msgspec.structs.replace(line.medium, holder="")
        for line in register.lines()
    )


def _waivers_for(computer: Computer) -> tuple[policy.Waiver, ...]:
    """The waivers in force that can cover something on this computer."""
    active = Waiver.objects.filter(state=Waiver.State.APPROVED, expires_on__gte=timezone.localdate())
    here = Q(scope__in=(Waiver.Scope.VIOLATION, Waiver.Scope.COMPUTER), computer=computer.pk)
    rows = active.filter(here | Q(scope__in=(Waiver.Scope.MEDIUM, Waiver.Scope.DEPARTMENT)))
    told = []
    for row in rows.select_related("group", "medium", "department").order_by("id"):
        above = None if row.department is None else row.department.path
        path = "" if computer.department is None else computer.department.path
        if row.scope in (Waiver.Scope.MEDIUM, Waiver.Scope.DEPARTMENT) and above and not path.startswith(above):
            continue
        told.append(
            policy.Waiver(
                id=str(row.pk),
                control=row.control,
                expires=timezone.make_aware(datetime.combine(row.expires_on, clock(23, 59, 59))),
                reason=str(row.pk),
                medium=_key_of(row),
                content_hash=row.group.content_hash if row.scope == Waiver.Scope.VIOLATION and row.group else "",
            )
        )
    return tuple(told)


def _key_of(waiver: Waiver) -> str:
    if waiver.medium is None or waiver.scope in (Waiver.Scope.COMPUTER, Waiver.Scope.DEPARTMENT):
        return ""
    return waiver.medium.key or ""
