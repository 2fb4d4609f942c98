"""Enrolment: what an agent and a collector tell each other once. The agent's private key never travels."""

from __future__ import annotations

import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature

from protocol import keys
from protocol.records import ComputerClass

VERSION = 1


class EnrolRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /api/v1/enroll``. ``proof`` shows that the sender holds the private half of ``public_key``."""

    version: int = VERSION
    token: str
    public_key: str
    """Raw Ed25519 public key, base64."""
    hostname: str
    machine_id_hash: str
    """SHA-256 over the system's machine id: a hint that the same computer enrols again, not an identity."""
    agent_version: str
    proof: str
    """Ed25519 signature over `challenge` of token and public key, base64."""


class EnrolAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a computer learns when it is taken in. Class and level are the token's: the collector decides them."""

    version: int = VERSION
    agent: str
    computer_class: ComputerClass
    level: str | None
    collector_name: str
    signing_key: str
    """Collector's raw Ed25519 public key, base64: receipts and policy are checked against it for ever."""
    sealing_key: str
    """Collector's raw X25519 public key, base64."""
    reveal_key: str
    """Raw X25519 public key, base64, that paths are sealed to."""
    organisation_key: str
    """HMAC key for hashes, base64, 32 bytes."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Any clear no on the API that cannot be a signed receipt: ``reason`` is a fixed word, ``message`` for people."""

    reason: str
    message: str


def challenge(token: str, public_key: bytes) -> bytes:
    """The bytes an enrolling agent signs."""
    return hashlib.sha256(b"mijian-enrol/1\0" + token.encode() + b"\0" + public_key).digest()


def proof_holds(request: EnrolRequest) -> bool:
    """Whether the request was made by the holder of its key."""
    try:
        public = keys.unb64(request.public_key)
        keys.Ed25519PublicKey.from_public_bytes(public).verify(
            keys.unb64(request.proof), challenge(request.token, public)
        )
    except (InvalidSignature, ValueError):
        return False
    return True
