"""Signed bundles of rules: verified before they are kept, given to computers only once a person has released them.

Two duties meet here. Whose signature counts is said by who keeps the collector's host (``rules_keys`` in
``collector.yaml``); which computers are to scan by it, by the security officer (`Right.POLICY`). Neither can do the
other's part, and a computer verifies the signature once more by itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from protocol import keys
from server import audit
from server.accounts.models import Department, Right, User
from server.rules.models import RuleBundle, RulesRelease
from signatures.bundles import Bundle, BundleRefused, check_rules, open_bundle, peek, refuse_expired
from signatures.rules import RuleSet

LONGEST_NOTE = 500


class RulesMistake(ValueError):
    """What cannot be taken in or released. ``reason`` is a fixed word, ``str()`` says it to people.

    Reasons: those of `BundleRefused`, ``no-key``, ``no-department``, ``wrong-state``, ``separated``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Due:
    """The bundle that a computer is to scan by."""

    version: int
    digest: str
    key: str


def take_in(raw: bytes, *, by: User | None, told_by: str = "") -> RuleBundle:
    """Verify a bundle and keep it; no computer gets it before it is released. Raises `RulesMistake`.

    ``by`` None with ``told_by``, the account of the system, is for the command.
    """
    if by is not None and not (by.sees_everything and (by.may(Right.POLICY) or by.may(Right.ADMINISTER))):
        raise PermissionDenied
    try:
        bundle, rules, key = _verified(raw)
    except BundleRefused as refused:
        raise RulesMistake(refused.reason, _sentence(refused)) from refused
    version, digest = bundle.header.version, f"sha256:{hashlib.sha256(raw).hexdigest()}"
    with transaction.atomic():
        _refuse_older(version)
        kept = RuleBundle.objects.create(
            version=version,
            digest=digest,
            rules=rules.digest,
            key=key,
            created_at=bundle.header.created,
            expires_at=bundle.header.expires,
            raw=raw,
            size=len(raw),
            pack_count=len(bundle.packs),
            rule_count=len(rules.rules),
            taken_at=timezone.now(),
            taken_by=by,
        )
        more = {"account": told_by} if told_by else {}
        audit.record("rules.take", actor=by, obj=kept, version=version, digest=digest, key=bundle.header.key, **more)
    return kept


def release(
    bundle: RuleBundle, departments: Sequence[Department], *, by: User | None, note: str = "", told_by: str = ""
) -> RulesRelease:
    """Have the computers of these departments, or all where none is named, scan by a bundle.

    Raises `RulesMistake`, and `PermissionDenied` for whoever is no security officer of the whole house.
    """
    _may_release(by)
    if not is_trusted(bundle):
        raise RulesMistake("wrong-key", _("The key that signed it is no longer trusted here (rules_keys)."))
    if bundle.expires_at is not None and bundle.expires_at <= timezone.now():
        raise RulesMistake("expired", _("It has expired: no computer would install it."))
    if bundle.releases.filter(ended_at=None, departments=None).exists():
        raise RulesMistake("wrong-state", _("It is released to all computers already."))
    with transaction.atomic():
        given = RulesRelease.objects.create(
            bundle=bundle, note=note.strip()[:LONGEST_NOTE], released_at=timezone.now(), released_by=by
        )
        given.departments.set(departments)
        audit.record("rules.release", actor=by, obj=bundle, **_told(bundle, departments, note, told_by))
    return given


def withdraw(bundle: RuleBundle, *, by: User | None, note: str = "", told_by: str = "") -> int:
    """End every release of a bundle: no further computer gets it; those that have it keep it. How many ended.

    Raises `RulesMistake` where there is none, and `PermissionDenied`.
    """
    _may_release(by)
    with transaction.atomic():
        ended = bundle.releases.filter(ended_at=None).update(ended_at=timezone.now(), ended_by=by)
        if not ended:
            raise RulesMistake("wrong-state", _("It is not released to any computer."))
        audit.record("rules.withdraw", actor=by, obj=bundle, **_told(bundle, (), note, told_by))
    return ended


def is_trusted(bundle: RuleBundle) -> bool:
    """Whether the key that signed it is still trusted here."""
    return bundle.key in settings.MIJIAN_RULES_KEYS


class Released:
    """Which bundle is released to whom, read once: for one computer, or for counting all of them."""

    def __init__(self) -> None:
        """One query."""
        current = Q(bundle__expires_at=None) | Q(bundle__expires_at__gt=timezone.now())
        rows = (
            RulesRelease.objects.filter(current, ended_at=None, bundle__key__in=settings.MIJIAN_RULES_KEYS)
            .order_by("-bundle__version")
            .values_list("bundle__version", "bundle__digest", "bundle__key", "departments__path")
        )
        self._rows = [(Due(version, digest, key), path) for version, digest, key, path in rows]

    def to(self, path: str | None) -> Due | None:
        """The newest bundle released to computers of the department with this path; None for none.

        A computer of no department gets what is released to the whole house.
        """
        for due, below in self._rows:
            if below is None or (path is not None and path.startswith(below)):
                return due
        return None


def raw_of(due: Due) -> bytes:
    """The bytes of a bundle that is due somewhere."""
    return bytes(RuleBundle.objects.values_list("raw", flat=True).get(version=due.version))


def packs_of(bundle: RuleBundle) -> Bundle:
    """A bundle that was taken in, with its packs: verified once more. Raises `BundleRefused`."""
    return open_bundle(bytes(bundle.raw), base64.b64decode(bundle.key))


def departments_named(pks: Iterable[str | int]) -> list[Department]:
    """The departments of these keys. Raises `RulesMistake` for one that is not there."""
    wanted = {int(pk) for pk in pks if str(pk).isascii() and str(pk).isdigit() and int(pk) < 2**63}
    found = list(Department.objects.filter(pk__in=wanted))
    if len(found) != len(set(map(str, pks))):
        raise RulesMistake("no-department", _("There is no such department."))
    return found


def _verified(raw: bytes) -> tuple[Bundle, RuleSet, str]:
    """The bundle, its rules and the trusted key that signed it. Raises `BundleRefused`, `RulesMistake`."""
    trusted = {keys.key_id(base64.b64decode(key)): key for key in settings.MIJIAN_RULES_KEYS}
    if not trusted:
        raise RulesMistake(
            "no-key",
            _("No key is trusted here yet: name one under rules_keys in collector.yaml, on the collector’s host."),
        )
    named = peek(raw).key
    key = trusted.get(named)
    if key is None:
        told = _("It is signed with the key %(key)s, which is not trusted here (rules_keys in collector.yaml).")
        raise RulesMistake("wrong-key", told % {"key": named[:80]})
    bundle = open_bundle(raw, base64.b64decode(key))
    refuse_expired(bundle.header, timezone.now())
    return bundle, check_rules(bundle), key


def _refuse_older(version: int) -> None:
    if RuleBundle.objects.filter(version=version).exists():
        raise RulesMistake("same-version", _("Version %(n)d is here already.") % {"n": version})
    newest = RulesRelease.objects.aggregate(newest=Max("bundle__version"))["newest"] or 0
    if version < newest:
        told = _("Version %(n)d is older than version %(newest)d, which was released: computers would refuse it.")
        raise RulesMistake("older", told % {"n": version, "newest": newest})


def _may_release(by: User | None) -> None:
    if by is None:
        if settings.MIJIAN_SEPARATION:
            told = _("The duties are separated here: the security officer releases rules, on the page Rules.")
            raise RulesMistake("separated", told)
    elif not (by.may(Right.POLICY) and by.sees_everything):
        raise PermissionDenied


def _told(bundle: RuleBundle, departments: Sequence[Department], note: str, told_by: str) -> dict[str, str | int]:
    told: dict[str, str | int] = {"version": bundle.version, "digest": bundle.digest}
    if departments:
        told["departments"] = ", ".join(sorted(one.name for one in departments))[:500]
    if note.strip():
        told["note"] = note.strip()[:LONGEST_NOTE]
    return told | ({"account": told_by} if told_by else {})


def _sentence(refused: BundleRefused) -> str:
    """Why a bundle is refused, in the reader's language."""
    if refused.reason in ("bad-rules", "unsafe-rules"):
        return _("A rule in it cannot be taken: %(why)s") % {"why": str(refused)[:300]}
    if refused.reason in ("unsigned", "bad-signature"):
        return _("Its signature does not fit: it is not signed, or was altered since.")
    if refused.reason == "expired":
        return _("It has expired: no computer would install it.")
    if refused.reason == "unknown-format":
        return _("It was made by a newer version of this program: update the collector first.")
    return _("This is no whole bundle of rules: make one with “mijian rules sign”.")
