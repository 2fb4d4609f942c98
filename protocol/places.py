"""Sealed places: path and member of a file, which can be secret themselves, closed to the collector's reveal key.

A place lies sealed in the evidence and in the collector's database. It is opened only on the review page, for the
right role, with a reason, and each opening is logged.
"""

from __future__ import annotations

import msgspec
from cryptography.exceptions import InvalidTag

from protocol import keys

_INFO = b"mijian-place/1"


class SealedPlace(msgspec.Struct, frozen=True):
    """Where a file lies: its path on the computer or medium, and the way inside a container, if it is a member."""

    path: str
    member: str | None = None


class PlaceError(Exception):
    """A sealed place that cannot be opened: sealed to another key, or altered."""


def seal(place: SealedPlace, reveal_key: bytes) -> str:
    """Close a place to the collector's raw X25519 reveal key; base64. Bytes of a name that are no text become \\xNN."""
    member = None if place.member is None else _text(place.member)
    clear = msgspec.json.encode(SealedPlace(_text(place.path), member))
    return keys.b64(keys.seal(clear, reveal_key, _INFO))


def unseal(sealed: str, key: keys.X25519PrivateKey) -> SealedPlace:
    """Open what `seal` made. Raises `PlaceError`."""
    try:
        return msgspec.json.decode(keys.unseal(keys.unb64(sealed), key, _INFO), type=SealedPlace)
    except (InvalidTag, ValueError, msgspec.DecodeError) as error:
        raise PlaceError("the place was sealed to another key, or altered") from error


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
