"""The form of a bundle: packs of rules in one signed file. Data only: nothing in it is ever executed.

Layout::

    MJRULES\\x01\\n | u32 header length | header (JSON) | u32 body length | body | 64 bytes Ed25519 signature

The body is zstd(MessagePack(name of pack → its bytes)). The signature covers every byte before it, so that no byte
can be altered, and its first bytes say what is signed, so that no other signature of the same key fits.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
import zstandard
from cryptography.exceptions import InvalidSignature

from protocol import keys

MAGIC = b"MJRULES\x01\n"
FORMAT = "mijian-rules/1"
MEDIA_TYPE = "application/vnd.mijian.rules"
MAX_BUNDLE = 8 * 1024 * 1024
"""Bytes of a whole bundle; a larger one is refused before it is read."""
MAX_HEADER = 4096
MAX_BODY = 32 * 1024 * 1024
"""Bytes of all packs together once expanded; more is a bomb."""
MAX_PACK = 4 * 1024 * 1024
MAX_PACKS = 500
MAX_VERSION = 2**53 - 1
"""What any reader of JSON keeps exactly."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\.yaml")
_LONGEST_NAME = 80
_SIGNATURE = 64


class BundleRefused(Exception):
    """A bundle that must not come into force. ``reason`` is a fixed word, ``str()`` says it to people.

    Reasons: ``too-large``, ``not-a-bundle``, ``unknown-format``, ``truncated``, ``malformed``, ``unsigned``,
    ``wrong-key``, ``bad-signature``, ``bomb``, ``bad-name``, ``no-packs``, ``expired``, ``older``, ``same-version``,
    ``bad-rules``, ``unsafe-rules``, ``damaged``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The readable part: which version, from when until when, by whose key."""

    format: str = FORMAT
    version: Annotated[int, msgspec.Meta(ge=1, le=MAX_VERSION)]
    """Grows with every bundle of a key's owner; a bundle that is not newer than the one in force is refused."""
    created: Annotated[datetime, msgspec.Meta(tz=True)]
    expires: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """When it may no longer be installed; None where it does not expire."""
    key: str
    """`keys.key_id` of the key that signed it."""
    digest: str
    """``sha256:…`` over the body."""
    signature: str = keys.SIGNATURE_NAME


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose signature was verified."""

    header: Header
    packs: Mapping[str, bytes]
    """File name of each pack → its bytes."""
    raw: bytes


def build(
    packs: Mapping[str, bytes],
    key: keys.Ed25519PrivateKey,
    *,
    version: int,
    created: datetime,
    expires: datetime | None = None,
) -> bytes:
    """A bundle's bytes. Raises `BundleRefused` for what `open_bundle` would refuse: sizes, names, no packs.

    Raises `ValueError` for a version that is none or a date without a time zone.
    """
    _check_packs(packs)
    if not 1 <= version <= MAX_VERSION:
        raise ValueError(f"a version is a whole number from 1 to {MAX_VERSION}")
    if created.tzinfo is None or (expires is not None and expires.tzinfo is None):
        raise ValueError("dates of a bundle need a time zone")
    packed = zstandard.ZstdCompressor(level=19).compress(msgspec.msgpack.encode(dict(sorted(packs.items()))))
    header = msgspec.json.encode(
        Header(
            version=version,
            created=created,
            expires=expires,
            key=keys.key_id(keys.public_bytes(key)),
            digest=_digest(packed),
        )
    )
    signed = b"".join((MAGIC, struct.pack(">I", len(header)), header, struct.pack(">I", len(packed)), packed))
    raw = signed + key.sign(signed)
    if len(raw) > MAX_BUNDLE:
        raise BundleRefused("too-large", f"the bundle would have {len(raw)} bytes; at most {MAX_BUNDLE} are taken")
    return raw


def open_bundle(raw: bytes, trusted: bytes) -> Bundle:
    """Take a bundle apart after its signature by the ``trusted`` raw Ed25519 public key was verified.

    Raises `BundleRefused`. Does not ask whether it has expired or is newer than another.
    """
    head, body = _apart(raw)
    header = _header(head)
    if header.key != keys.key_id(trusted):
        raise BundleRefused(
            "wrong-key", f"signed with the key {header.key}; the one trusted here is {keys.key_id(trusted)}"
        )
    if not any(raw[-_SIGNATURE:]):
        raise BundleRefused("unsigned", "the bundle is not signed")
    try:
        keys.Ed25519PublicKey.from_public_bytes(trusted).verify(raw[-_SIGNATURE:], raw[:-_SIGNATURE])
    except InvalidSignature as error:
        raise BundleRefused("bad-signature", "the signature does not fit: the bundle was altered") from error
    if _digest(body) != header.digest:
        raise BundleRefused("malformed", "the digest in the header is not that of the packs")
    return Bundle(header, _unpacked(body), raw)


def peek(raw: bytes) -> Header:
    """What a bundle says of itself; nothing of it is verified. Raises `BundleRefused`."""
    return _header(_apart(raw)[0])


def _apart(raw: bytes) -> tuple[bytes, bytes]:
    """Header and body, by their own lengths; nothing is trusted yet."""
    if len(raw) > MAX_BUNDLE:
        raise BundleRefused("too-large", f"the bundle has more than {MAX_BUNDLE} bytes")
    if not raw.startswith(MAGIC):
        if raw.startswith(MAGIC[:7]) and len(raw) >= len(MAGIC):
            raise BundleRefused("unknown-format", f"bundle layout {raw[7]} is not known here; update this program")
        raise BundleRefused("not-a-bundle", "this is not a bundle of rules; `mijian rules sign` makes one")
    at = len(MAGIC)
    parts: list[bytes] = []
    for most in (MAX_HEADER, MAX_BUNDLE):
        if len(raw) < at + 4:
            raise BundleRefused("truncated", "the bundle is cut short; copy it again")
        (size,) = struct.unpack_from(">I", raw, at)
        at += 4
        if size > most:
            raise BundleRefused("malformed", f"a part claims {size} bytes; at most {most} are taken")
        if len(raw) < at + size:
            raise BundleRefused("truncated", "the bundle is cut short; copy it again")
        parts.append(raw[at : at + size])
        at += size
    if len(raw) == at:
        raise BundleRefused("unsigned", "the bundle is not signed")
    if len(raw) != at + _SIGNATURE:
        short = len(raw) < at + _SIGNATURE
        told = "the bundle is cut short; copy it again" if short else "something follows the signature"
        raise BundleRefused("truncated" if short else "malformed", told)
    return parts[0], parts[1]


def _header(head: bytes) -> Header:
    try:
        header = msgspec.json.decode(head, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleRefused("malformed", f"the header cannot be read: {error}") from error
    if header.format != FORMAT or header.signature != keys.SIGNATURE_NAME:
        raise BundleRefused(
            "unknown-format",
            f"the bundle speaks {header.format} signed with {header.signature}; this program knows {FORMAT} with "
            f"{keys.SIGNATURE_NAME}: update it",
        )
    return header


def _unpacked(body: bytes) -> dict[str, bytes]:
    try:
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body)).read(MAX_BODY + 1)
        if len(data) > MAX_BODY:
            raise BundleRefused("bomb", f"the packs expand to more than {MAX_BODY} bytes")
        packs = msgspec.msgpack.decode(data, type=dict[str, bytes])
    except (zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleRefused("malformed", f"the packs do not unpack: {error}") from error
    _check_packs(packs)
    return packs


def _check_packs(packs: Mapping[str, bytes]) -> None:
    """Names become names of files beside one another, and nothing else: small letters, digits, hyphens."""
    if not packs:
        raise BundleRefused("no-packs", "there is no pack of rules (*.yaml) in it")
    if len(packs) > MAX_PACKS:
        raise BundleRefused("too-large", f"there are {len(packs)} packs; at most {MAX_PACKS} are taken")
    for name, data in packs.items():
        if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
            raise BundleRefused(
                "bad-name",
                f"{name[:_LONGEST_NAME]!r} is no name for a pack: small letters, digits and hyphens, then .yaml",
            )
        if len(data) > MAX_PACK:
            raise BundleRefused("too-large", f"the pack {name} has {len(data)} bytes; at most {MAX_PACK} are taken")
    if sum(map(len, packs.values())) > MAX_BODY - MAX_PACKS * 2 * _LONGEST_NAME:
        raise BundleRefused("too-large", "the packs are too large together")


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
