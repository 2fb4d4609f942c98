"""Taking in a computer: a one-time token against an identity and the collector's public keys."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from protocol import enrolment, keys
from protocol.ids import uuid7
from protocol.records import ComputerClass
from server import audit
from server.intake.models import EnrolmentToken
from server.intake.refusals import printable, remember
from server.intake.tokens import token_hash
from server.keys import collector_keys
from server.ledger.models import Computer, LedgerEntry

MAX_REQUEST = 16 * 1024
"""Bytes of an enrolment request."""

STATUS = {
    "malformed": 400,
    "newer-version": 400,
    "bad-proof": 400,
    "token-unknown": 403,
    "token-expired": 403,
    "token-used": 409,
    "too-large": 413,
}
"""HTTP status of each refusal."""


class EnrolmentRefused(Exception):
    """A clear no. ``reason`` is a key of `STATUS`, ``str()`` says it to people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def enrol(raw: bytes, *, remote: str) -> enrolment.EnrolAnswer:
    """Take in the computer that sent this request. Raises `EnrolmentRefused`, after storing what was refused."""
    try:
        request = _read(raw)
        return _take_in(request, timezone.now())
    except EnrolmentRefused as refused:
        if remember(refused.reason, str(refused), remote=remote, size=len(raw)):
            audit.record("enrolment.refused", reason=refused.reason, remote=remote)
        raise


def _read(raw: bytes) -> enrolment.EnrolRequest:
    if len(raw) > MAX_REQUEST:
        raise EnrolmentRefused("too-large", f"an enrolment request has at most {MAX_REQUEST} bytes")
    try:
        request = msgspec.json.decode(raw, type=enrolment.EnrolRequest)
    except msgspec.DecodeError as error:
        raise EnrolmentRefused("malformed", f"the enrolment request cannot be read: {error}") from error
    if request.version > enrolment.VERSION:
        raise EnrolmentRefused(
            "newer-version",
            f"the request speaks enrolment version {request.version}; this collector knows {enrolment.VERSION}: "
            "update the collector",
        )
    if not enrolment.proof_holds(request):
        raise EnrolmentRefused("bad-proof", "the request does not prove that its sender holds the key it names")
    return request


def _take_in(request: enrolment.EnrolRequest, now: datetime) -> enrolment.EnrolAnswer:
    hashed = token_hash(request.token)
    with transaction.atomic():
        # The claim is one conditional UPDATE: of two computers with the same token, one sees a row count of 0.
        fresh = EnrolmentToken.objects.filter(token_hash=hashed, used_at=None, expires_at__gt=now)
        claimed = fresh.update(used_at=now, uses=F("uses") + 1)
        if claimed:
            token = EnrolmentToken.objects.select_related("computer").get(token_hash=hashed)
            computer = _register(request, token, now)
    if not claimed:
        raise _why_not(hashed, now)
    collector = collector_keys()
    return enrolment.EnrolAnswer(
        agent=str(computer.id),
        computer_class=ComputerClass(computer.computer_class),
        level=computer.level or None,
        collector_name=settings.MIJIAN_NAME,
        signing_key=keys.b64(keys.public_bytes(collector.signing)),
        sealing_key=keys.b64(keys.public_bytes(collector.sealing)),
        reveal_key=keys.b64(keys.public_bytes(collector.reveal)),
        organisation_key=keys.b64(collector.organisation),
    )


def _register(request: enrolment.EnrolRequest, token: EnrolmentToken, now: datetime) -> Computer:
    machine = printable(request.machine_id_hash, 64)
    before = Computer.objects.filter(machine_id_hash=machine).count()
    computer = _row_for(token, now)
    computer.name = printable(request.hostname, 255) or "?"
    computer.computer_class, computer.level = token.computer_class, token.level
    computer.enrolled_at = now
    computer.public_key = keys.unb64(request.public_key)
    computer.machine_id_hash = machine
    computer.agent_version = printable(request.agent_version, 64)
    computer.save()
    token.used_by = computer
    token.save(update_fields=("used_by",))
    audit.record("computer.enrol", obj=computer, token=token.pk, enrolled_before=before)
    return computer


_ENTRY = tuple(field.name for field in LedgerEntry._meta.local_fields if field.name != "number")
"""What a computer of the ledger takes along when it is enrolled anew, its number aside."""


def _row_for(token: EnrolmentToken, now: datetime) -> Computer:
    """The row that enrols: the ledger's own, a fresh one, or a fresh one that takes an enrolled one's place."""
    entry = token.computer
    if entry is None:
        return Computer(id=uuid.UUID(uuid7()))
    if not entry.public_key:
        return entry
    # Violations and envelopes of the old enrolment keep their row; the ledger's entry goes on in the new one.
    fresh = Computer(id=uuid.UUID(uuid7()))
    for name in _ENTRY:
        setattr(fresh, name, getattr(entry, name))
    number, entry.number, entry.registered_at = entry.number, "", None
    entry.revoked_at = entry.revoked_at or now
    entry.save(update_fields=("number", "registered_at", "revoked_at"))
    fresh.number, fresh.name, fresh.computer_class = number, entry.name, entry.computer_class
    fresh.save()
    entry.replaced_by = fresh
    entry.save(update_fields=("replaced_by",))
    return fresh


def _why_not(hashed: str, now: datetime) -> EnrolmentRefused:
    EnrolmentToken.objects.filter(token_hash=hashed).update(uses=F("uses") + 1)
    token = EnrolmentToken.objects.filter(token_hash=hashed).first()
    if token is None:
        return EnrolmentRefused("token-unknown", "this collector has not minted this token: check it, or mint one")
    if token.used_at is not None:
        return EnrolmentRefused("token-used", "this token has been used: mint a new one for every computer")
    if token.expires_at <= now:
        return EnrolmentRefused("token-expired", "this token has expired: mint a new one")
    raise AssertionError("a fresh token is always claimed")
