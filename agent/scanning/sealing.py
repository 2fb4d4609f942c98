"""Sealing records of the ledger: what names anything can be read only by who has the file it is about."""

from __future__ import annotations

import os


def sealed(record: bytes, key: bytes, *, plain: bool) -> bytes:
    """A record as it is stored: one that names nothing as it is, any other encrypted. ``key``: 32 bytes."""
    if plain:
        return b"\0" + record
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # here: most scans never need it

    nonce = os.urandom(12)
    return b"\1" + nonce + ChaCha20Poly1305(key).encrypt(nonce, record, None)


def opened(stored: bytes, key: bytes) -> bytes:
    """The record again. Raises ValueError where it is not what was sealed with this key."""
    if stored[:1] == b"\0":
        return stored[1:]
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        return ChaCha20Poly1305(key).decrypt(stored[1:13], stored[13:], None)
    except InvalidTag as error:
        raise ValueError("the record was altered") from error
