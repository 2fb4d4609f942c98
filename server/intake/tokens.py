"""Enrolment tokens: minted here, shown once, stored as hash only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from protocol.records import LEVEL_ORDER
from server import audit
from server.accounts.models import Right, User
from server.intake.models import EnrolmentToken
from server.ledger.models import Computer, ComputerClass

DEFAULT_LIFE = timedelta(days=7)


class TokenError(ValueError):
    """A token that cannot be minted; ``str()`` says why."""


def token_hash(token: str) -> str:
    """What of a token is stored."""
    return hashlib.sha256(token.strip().encode("utf-8", "surrogatepass")).hexdigest()


def mint(
    computer_class: str,
    *,
    level: str | None = None,
    life: timedelta = DEFAULT_LIFE,
    note: str = "",
    by: User | None = None,
    computer: Computer | None = None,
) -> tuple[EnrolmentToken, str]:
    """A new token for one computer, and its text, which is nowhere stored. Raises `TokenError`.

    With a ``computer`` of the ledger, whoever shows the token is enrolled as that one.
    """
    if by is not None and not by.may(Right.ENROL):
        raise PermissionDenied
    if computer_class not in ComputerClass.values:
        raise TokenError(f"the class is one of {', '.join(ComputerClass.values)}; {computer_class!r} is not")
    if computer_class == ComputerClass.CONFIDENTIAL and not level:
        raise TokenError(f"a confidential computer has a level: one of {', '.join(LEVEL_ORDER)}")
    if computer_class != ComputerClass.CONFIDENTIAL and level:
        raise TokenError(f"a computer of class {computer_class} has no level: it may hold no state secret")
    if level and level not in LEVEL_ORDER:
        raise TokenError(f"the level is one of {', '.join(LEVEL_ORDER)}; {level!r} is not")
    if LEVEL_ORDER.get(level or "", 0) > LEVEL_ORDER.get(settings.MIJIAN_LEVEL or "", 0):
        raise TokenError(
            f"this collector may take reports of computers up to {settings.MIJIAN_LEVEL or 'no level'}; "
            f"{level} is higher (set 'level' in collector.yaml if the collector itself is approved for it)"
        )
    if not timedelta() < life <= timedelta(days=366):
        raise TokenError("a token lives for at least a second and at most 366 days")
    text, now = f"mj-{secrets.token_urlsafe(24)}", timezone.now()
    with transaction.atomic():
        token = EnrolmentToken.objects.create(
            token_hash=token_hash(text),
            computer_class=computer_class,
            level=level or "",
            note=note[:200],
            created_by=by,
            computer=computer,
            created_at=now,
            expires_at=now + life,
        )
        tied = {} if computer is None else {"computer": str(computer.pk)}
        audit.record("token.mint", actor=by, obj=token, computer_class=computer_class, level=level or "", **tied)
    return token, text
