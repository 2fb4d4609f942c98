"""Keys: Ed25519 to sign, X25519 to seal, HMAC-SHA-256 for hashes that only the organisation can compare."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
"""RFC 9180 suite in use today; its name stands in every header so that others can follow."""
SUITE_NAME = "hpke-x25519-hkdf-sha256-chacha20poly1305"
SIGNATURE_NAME = "ed25519"


def b64(data: bytes) -> str:
    """Standard base64 as text."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Bytes of standard base64 text. Raises `ValueError` where it is not base64."""
    return base64.b64decode(text, validate=True)


def public_bytes(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    """The 32 raw bytes of a private key's public half."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def private_bytes(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    """The 32 raw bytes of a private key, for a file of mode 0600 and for nothing else."""
    return key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())


def key_id(public: bytes) -> str:
    """Short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def keyed_hash(organisation_key: bytes, value: bytes) -> str:
    """HMAC-SHA-256, hex: equal things can be recognised, and nobody without the key can guess them."""
    return hmac.new(organisation_key, value, hashlib.sha256).hexdigest()


def seal(plaintext: bytes, recipient: bytes, info: bytes) -> bytes:
    """HPKE base mode to a raw X25519 public key; ``info`` is bound in and must be given again to open."""
    return SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(recipient), info)


def unseal(ciphertext: bytes, key: X25519PrivateKey, info: bytes) -> bytes:
    """Open what `seal` made. Raises `cryptography.exceptions.InvalidTag` or `ValueError` where it was altered."""
    return SUITE.decrypt(ciphertext, key, info)


__all__ = [
    "SIGNATURE_NAME",
    "SUITE_NAME",
    "Ed25519PrivateKey",
    "Ed25519PublicKey",
    "X25519PrivateKey",
    "X25519PublicKey",
    "b64",
    "key_id",
    "keyed_hash",
    "private_bytes",
    "public_bytes",
    "seal",
    "unb64",
    "unseal",
]
