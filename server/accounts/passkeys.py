"""Passkeys (W3C Web Authentication, level 3): made and shown in the browser, checked here by Yubico's library."""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.accounts.models import Factor, User
from server.accounts.second_factor import FactorError, add

_HANDLE = "mijian"
LONGEST_ANSWER = 20_000
"""Characters of a browser's answer that are read."""


def possible(host: str) -> bool:
    """Whether passkeys can be bound to this host name (with or without port): they cannot to an address."""
    name = _name(host)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name)
    return False


def begin_adding(user: User, host: str) -> tuple[str, dict[str, Any]]:
    """What the browser is told to make a passkey, as JSON, and what to keep until it answers."""
    entity = PublicKeyCredentialUserEntity(
        name=user.username, id=f"{_HANDLE}:{user.pk}".encode(), display_name=user.display_name
    )
    options, state = _server(host).register_begin(
        entity,
        _known(user),
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return _told(options), state


def finish_adding(user: User, host: str, state: Any, answer: str, *, name: str) -> Factor:
    """Store the passkey that the browser has made. Raises `FactorError`."""
    try:
        told = _read(answer)
        data = _server(host).register_complete(state, RegistrationResponse.from_dict(told))
    except (ValueError, KeyError, TypeError) as error:
        raise FactorError(_("The browser’s answer does not fit. Please try again.")) from error
    if data.credential_data is None:
        raise FactorError(_("The browser’s answer does not fit. Please try again."))
    return add(user, kind=Factor.Kind.PASSKEY, name=name, secret=bytes(data.credential_data), counter=data.counter)


def begin_showing(user: User, host: str) -> tuple[str, dict[str, Any]] | None:
    """What the browser is told to show one of this person's passkeys, and what to keep; None where there is none."""
    known = _known(user)
    if not known or not possible(host):
        return None
    options, state = _server(host).authenticate_begin(known, UserVerificationRequirement.PREFERRED)
    return _told(options), state


def check(user: User, host: str, state: Any, answer: str) -> bool:
    """Whether the browser has shown a passkey of this person, for this host and this very question."""
    if state is None:
        return False
    try:
        told = _read(answer)
        shown = _server(host).authenticate_complete(state, _known(user), told)
        counter = AuthenticatorData(_bytes(told["response"]["authenticatorData"])).counter
    except (ValueError, KeyError, TypeError):
        return False
    for factor in user.factors.filter(kind=Factor.Kind.PASSKEY):
        if AttestedCredentialData(bytes(factor.secret)).credential_id == shown.credential_id:
            # A counter that does not grow tells of a copy (WebAuthn 6.1.1); one that stays 0 is not kept at all.
            fresh = Factor.objects.filter(pk=factor.pk)
            if counter or factor.counter:
                fresh = fresh.filter(counter__lt=counter)
            return fresh.update(counter=counter, last_used_at=timezone.now()) == 1
    return False


def _known(user: User) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(bytes(one.secret)) for one in user.factors.filter(kind=Factor.Kind.PASSKEY)]


def _server(host: str) -> Fido2Server:
    return Fido2Server(PublicKeyCredentialRpEntity(name="密检", id=_name(host)), verify_origin=_same_place(host))


def _same_place(host: str) -> Any:
    """Only a page of this very host and port may have asked; plain http counts on this computer itself alone."""
    wanted = {f"https://{host}"}
    if _name(host) == "localhost":
        wanted.add(f"http://{host}")
    return lambda origin: origin in wanted


def _name(host: str) -> str:
    return host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0].lower()


def _told(options: Any) -> str:
    return json.dumps(dict(options)["publicKey"], default=dict)


def _read(answer: str) -> Mapping[str, Any]:
    told = json.loads(answer[:LONGEST_ANSWER])
    if not isinstance(told, dict):
        raise ValueError("not an object")
    return told


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
