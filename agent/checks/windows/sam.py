"""The hive SAM: local accounts, the policy of their passwords, and who is a member of the administrators.

The layouts of the binary values ``F``, ``V`` and ``C`` are those that MS-SAMR's structures have on disk, as several
open tools have published them. The hashes themselves are never read: only how long the place is that would hold one.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.checks.tree import DAMAGED, Tree, Unreadable
from agent.checks.windows import system
from agent.checks.windows.hive import Hive, filetime

_ACCOUNT = r"SAM\Domains\Account"
_ADMINISTRATORS = r"SAM\Domains\Builtin\Aliases\00000220"
_DISABLED, _NO_PASSWORD_NEEDED, _NEVER_EXPIRES = 0x0001, 0x0004, 0x0200
_NEVER = 0x7FFF_FFFF_FFFF_FFFF
_COMPLEX = 1
_EMPTY_HASHES = (0, 4, 0x18)
"""Lengths of the place of a hash that holds none: missing, and the bare headers of the old and the new form."""


@dataclass(frozen=True, slots=True)
class User:
    """One local account."""

    name: str
    rid: int
    """500 is the built-in administrator, 501 the guest."""
    disabled: bool
    empty: bool
    """Whether it has no password, so that anybody signs in."""
    may_be_empty: bool
    never_expires: bool
    changed: datetime | None
    """When its password was last set."""
    expires: datetime | None
    """When the account ends."""

    @property
    def is_person(self) -> bool:
        """Whether it is open and not one that the system made for itself."""
        return not self.disabled and self.rid not in (501, 503, 504)


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked of passwords."""

    max_days: int | None
    """Longest life; None where they never end."""
    min_length: int
    complex: bool
    lockout: int
    """Failed sign-ins before an account is locked; 0: never."""


def accounts(tree: Tree) -> list[User]:
    """Every local account, by id. Raises `Unreadable`."""
    with system.hive(tree, "SAM") as sam:
        found = [
            _user(sam, rid, sam.values(key))
            for key in sam.keys(rf"{_ACCOUNT}\Users")
            if (rid := _hexadecimal(key.name)) is not None
        ]
    return sorted(found, key=lambda one: one.rid)


def policy(tree: Tree) -> Policy:
    """What the computer asks of passwords. Raises `Unreadable`."""
    with system.hive(tree, "SAM") as sam:
        fixed = sam.value(_ACCOUNT, "F")
        if not isinstance(fixed, bytes) or len(fixed) < 0x56:
            raise Unreadable(sam.path, DAMAGED)
    life = struct.unpack_from("<q", fixed, 0x18)[0]
    properties, length, _, lockout = struct.unpack_from("<IHHH", fixed, 0x4C)
    forever = life in (0, -_NEVER - 1)
    return Policy(
        None if forever else timedelta(microseconds=-life // 10).days, length, bool(properties & _COMPLEX), lockout
    )


def administrators(tree: Tree) -> set[int]:
    """Ids of the local accounts among the administrators; groups of a domain are not told. Raises `Unreadable`."""
    with system.hive(tree, "SAM") as sam:
        known = sam.value(_ADMINISTRATORS, "C")
        path = sam.path
    if not isinstance(known, bytes) or len(known) < 0x34:
        raise Unreadable(path, DAMAGED)
    start, _, count = struct.unpack_from("<III", known, 0x28)
    at, found = 0x34 + start, set()
    for _ in range(count):
        if at + 8 > len(known):
            raise Unreadable(path, DAMAGED)
        parts = known[at + 1]
        end = at + 8 + 4 * parts
        if parts and end <= len(known):
            authorities = struct.unpack_from(f"<{parts}I", known, at + 8)
            if authorities[0] == 21:  # of this computer or a domain, not a well-known group
                found.add(authorities[-1])
        at = end
    return found


def _user(sam: Hive, rid: int, values: Mapping[str, object]) -> User:
    fixed, varied = values.get("f"), values.get("v")
    if not isinstance(fixed, bytes) or not isinstance(varied, bytes) or len(fixed) < 0x3A or len(varied) < 0xCC:
        raise Unreadable(sam.path, DAMAGED)
    changed, expires = struct.unpack_from("<QQ", fixed, 0x18)
    flags = struct.unpack_from("<H", fixed, 0x38)[0]
    place, length = struct.unpack_from("<II", varied, 0x0C)
    name = varied[0xCC + place : 0xCC + place + length].decode("utf-16-le", "replace")
    return User(
        name=name,
        rid=rid,
        disabled=bool(flags & _DISABLED),
        empty=struct.unpack_from("<I", varied, 0xAC)[0] in _EMPTY_HASHES,
        may_be_empty=bool(flags & _NO_PASSWORD_NEEDED),
        never_expires=bool(flags & _NEVER_EXPIRES),
        changed=filetime(changed),
        expires=None if expires in (0, _NEVER) else filetime(expires),
    )


def _hexadecimal(name: str) -> int | None:
    try:
        return int(name, 16) if len(name) == 8 else None
    except ValueError:
        return None
