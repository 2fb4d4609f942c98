"""Hashes only the organisation can compare, and seals that are bound to what they were made for."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag

from protocol import keys


def test_equal_things_have_equal_hashes_only_under_the_same_key() -> None:
    assert keys.keyed_hash(b"a" * 32, b"x") == keys.keyed_hash(b"a" * 32, b"x")
    assert keys.keyed_hash(b"a" * 32, b"x") != keys.keyed_hash(b"b" * 32, b"x")


def test_a_seal_opens_only_with_its_key_and_its_purpose() -> None:
    key = keys.X25519PrivateKey.generate()
    sealed = keys.seal(b"path", keys.public_bytes(key), b"place")
    assert keys.unseal(sealed, key, b"place") == b"path"
    with pytest.raises(InvalidTag):
        keys.unseal(sealed, key, b"something else")
    with pytest.raises((InvalidTag, ValueError)):
        keys.unseal(sealed, keys.X25519PrivateKey.generate(), b"place")


def test_only_base64_is_taken_for_base64() -> None:
    assert keys.unb64(keys.b64(b"\x00\xff")) == b"\x00\xff"
    with pytest.raises(ValueError, match=r".+"):
        keys.unb64("not base64!")
