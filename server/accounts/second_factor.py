"""The second factor: a code of an authenticator app (RFC 6238), a passkey, or a recovery code in their stead.

Who has set one up is asked for it at every sign-in, whichever way the first proof came. Roles that the setting
``second_factor`` names get no page before they have one. Coming and going of a factor ends all other sessions.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Factor, RecoveryCode, Right, User
from server.accounts.scope import covers

STEP = 30
"""Seconds for which a code of an app stands (RFC 6238 4.1)."""
DRIFT = 1
"""Steps a telephone's clock may be off, each way (RFC 6238 5.2)."""
MOST = 10
"""Factors of one person."""
CODES = 10
"""Recovery codes made at a time."""
_CODE_BYTES = 10
_NONCE = 12


class FactorError(ValueError):
    """A factor that cannot be added or used so; ``str()`` says why."""


def demanded(user: User) -> bool:
    """Whether this person's role must prove a second factor."""
    return user.role in settings.MIJIAN_SECOND_FACTOR


def has_any(user: User) -> bool:
    """Whether this person is asked for a second factor."""
    return Factor.objects.filter(user=user).exists()


def new_secret() -> bytes:
    """A secret for an app: 160 bits (RFC 4226 4, requirement R6)."""
    return secrets.token_bytes(20)


def spelled(secret: bytes) -> str:
    """A secret as people type it into an app: Base32 in groups of four."""
    text = base64.b32encode(secret).decode("ascii").rstrip("=")
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def address(secret: bytes, user: User) -> str:
    """What an app reads from the QR code."""
    return _totp(secret).get_provisioning_uri(user.username, f"密检 {settings.MIJIAN_NAME}")


def add_app(user: User, *, secret: bytes, code: str, name: str) -> Factor:
    """Set up an app that has shown its first code. Raises `FactorError`."""
    step = _step_of(secret, code, after=0)
    if step is None:
        raise FactorError(
            _("This code does not fit. Is the telephone’s clock right? Wait for the next code and try again.")
        )
    return add(user, kind=Factor.Kind.APP, name=name, secret=_seal(secret), counter=step)


def add(user: User, *, kind: Factor.Kind, name: str, secret: bytes, counter: int) -> Factor:
    """Store a factor that was proved. Raises `FactorError`."""
    with transaction.atomic():
        if user.factors.count() >= MOST:
            raise FactorError(_("That is one too many: remove one that is no longer used first."))
        shown = " ".join(name.split())[:60] or str(kind.label)
        factor = Factor.objects.create(user=user, kind=kind, name=shown, secret=secret, counter=counter)
        _grow(user)
        audit.record("factor.add", actor=user, obj=user, kind=kind.value, name=shown)
    return factor


def remove(factor: Factor, *, by: User) -> None:
    """Take one of one's own factors away; with the last one the recovery codes go too."""
    with transaction.atomic():
        user = factor.user
        if user.pk != by.pk:
            raise FactorError(_("Only one’s own."))
        if demanded(user) and user.factors.count() == 1:
            raise FactorError(_("Your role needs a second factor: add another one first."))
        factor.delete()
        if not user.factors.exists():
            user.recovery_codes.all().delete()
        _grow(user)
        audit.record("factor.remove", actor=by, obj=user, kind=factor.kind, name=factor.name)


def reset(user: User, *, by: User | None) -> int:
    """Take all factors and codes of somebody who has lost them away; how many factors there were.

    ``by`` is None for the command line. Raises `PermissionDenied`, `FactorError`.
    """
    if by is not None:
        _check_may_reset(user, by)
    with transaction.atomic():
        count, _kinds = user.factors.all().delete()
        user.recovery_codes.all().delete()
        _grow(user)
        audit.record("factor.reset", actor=by, obj=user, username=user.username, removed=count)
    return count


def _check_may_reset(user: User, by: User) -> None:
    if not by.may(Right.ADMINISTER) or not covers(by, user.department_id):
        raise PermissionDenied
    if by.pk == user.pk:
        raise FactorError(_("Remove your own on the page of your account."))


def renew_codes(user: User) -> list[str]:
    """New recovery codes in place of the old ones: this is the only time anybody sees them."""
    if not has_any(user):
        raise FactorError(_("Recovery codes stand in for a second factor: set one up first."))
    with transaction.atomic():
        user.recovery_codes.all().delete()
        codes = [_new_code() for _number in range(CODES)]
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=_hash(code)) for code in codes)
        audit.record("factor.codes", actor=user, obj=user, made=CODES)
    return codes


def check(user: User, typed: str) -> str:
    """Use a code of an app, or a recovery code up; the kind that fitted, or an empty text."""
    typed = "".join(typed.split()).replace("-", "")
    if typed.isascii() and typed.isdigit() and len(typed) == 6:
        return "app" if any(_use_app(factor, typed) for factor in user.factors.filter(kind=Factor.Kind.APP)) else ""
    used, _kinds = RecoveryCode.objects.filter(user=user, code_hash=_hash(typed)).delete()
    return "recovery" if used else ""


def _use_app(factor: Factor, typed: str) -> bool:
    try:
        step = _step_of(_open(bytes(factor.secret)), typed, after=factor.counter)
    except InvalidTag:
        return False  # sealed under another home's key: the person needs a reset
    # Two sign-ins side by side with one code: the row lets one of them through.
    fresh = Factor.objects.filter(pk=factor.pk, counter__lt=step or 0)
    return step is not None and fresh.update(counter=step, last_used_at=timezone.now()) == 1


def _step_of(secret: bytes, typed: str, *, after: int) -> int | None:
    """The time step whose code this is; None for none, or one that is not after the last used."""
    now, totp = int(time.time()) // STEP, _totp(secret)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if step > after and hmac.compare_digest(totp.generate(step * STEP), typed.encode("utf-8", "replace")):
            return step
    return None


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, 6, SHA1(), STEP)  # noqa: S303 (HMAC-SHA-1 is what every app speaks; RFC 6238 1.2)


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode("ascii").lower()
    return "-".join(text[n : n + 4] for n in range(0, len(text), 4))


def _hash(code: str) -> str:
    plain = code.replace("-", "").lower().encode("utf-8", "surrogatepass")
    return hmac.new(_key(settings.SECRET_KEY, b"recovery"), plain, hashlib.sha256).hexdigest()


def _seal(secret: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_key(settings.SECRET_KEY, b"app")).encrypt(nonce, secret, b"totp")


def _open(sealed: bytes) -> bytes:
    return AESGCM(_key(settings.SECRET_KEY, b"app")).decrypt(sealed[:_NONCE], sealed[_NONCE:], b"totp")


@lru_cache(maxsize=8)
def _key(secret: str, purpose: bytes) -> bytes:
    info = b"mijian second factor " + purpose
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())


def _grow(user: User) -> None:
    """Ends the sessions of an account; the person's own goes on where the caller says so."""
    User.objects.filter(pk=user.pk).update(factor_epoch=F("factor_epoch") + 1)
    user.refresh_from_db(fields=["factor_epoch"])
