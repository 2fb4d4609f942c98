"""Keys of Office's encryptions out of a password: whether it is the right one, and what it opens (MS-OFFCRYPTO)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Mapping
from typing import Protocol, Self

import msgspec
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MOST_SPINS = 1_000_000
"""Rounds of hashing up to which a password is tried: ten times what Office does."""
_SEGMENT = 4096
_HASHES = {"SHA1": "sha1", "SHA-1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512", "MD5": "md5"}
_VERIFIER, _VERIFIER_HASH, _KEY = (
    bytes.fromhex(each) for each in ("fea7d2763b4b9e79", "d7aa0f6d3061344e", "146e0be7abacd0d6")
)
"""What makes three keys of one password (2.3.4.11 to 2.3.4.13)."""
_AES_IDENTIFIERS = {0x660E: 128, 0x660F: 192, 0x6610: 256}


class Lock(Protocol):
    """One way of encrypting a package."""

    @property
    def kind(self) -> str:
        """The kind of encryption in words."""
        ...

    def key(self, password: str) -> bytes | None:
        """The key to the package; None where the password is not the right one, or the cipher not one we open."""
        ...

    def opened(self, key: bytes, package: bytes) -> bytes:
        """The document in an ``EncryptedPackage`` stream, without what fills its last block."""
        ...


class Agile(msgspec.Struct, frozen=True):
    """Encryption since Office 2010 (2.3.4.10): an XML text names ciphers, hashes, salts and rounds."""

    salt: bytes
    block: int
    hash_name: str
    spins: int
    key_salt: bytes
    key_hash: str
    key_bits: int
    verifier: bytes
    verifier_hash: bytes
    key_value: bytes
    cipher: str

    @classmethod
    def read(cls, data: Mapping[str, str], key: Mapping[str, str]) -> Self:
        """From the attributes of ``keyData`` and ``encryptedKey``. Raises `ValueError` where they make no sense."""
        hashes = [_HASHES.get(each.get("hashAlgorithm", "").upper(), "") for each in (data, key)]
        spins = int(key.get("spinCount") or -1)
        if not all(hashes) or not 0 <= spins <= MOST_SPINS:
            raise ValueError
        ciphers = {f"{each.get('cipherAlgorithm', '')} {each.get('cipherChaining', '')}" for each in (data, key)}
        told = [
            base64.b64decode(each.get(name, ""))
            for each, name in (
                (data, "saltValue"), (key, "saltValue"), (key, "encryptedVerifierHashInput"),
                (key, "encryptedVerifierHashValue"), (key, "encryptedKeyValue"),
            )
        ]  # fmt: skip
        return cls(
            told[0], int(data.get("blockSize") or 16), hashes[0], spins, told[1], hashes[1],
            int(key.get("keyBits") or 0), told[2], told[3], told[4], ", ".join(sorted(ciphers)),
        )  # fmt: skip

    @property
    def kind(self) -> str:
        """The kind of encryption in words."""
        return f"agile encryption ({self.cipher})"

    def key(self, password: str) -> bytes | None:
        """The key to the package, or None."""
        if self.cipher != "AES ChainingModeCBC" or self.key_bits not in (128, 192, 256) or self.block != 16:
            return None
        digest = hashlib.new(self.key_hash, self.key_salt + password.encode("utf-16-le")).digest()
        for number in range(self.spins):
            digest = hashlib.new(self.key_hash, struct.pack("<I", number) + digest).digest()
        verifier = self._decrypted(digest, _VERIFIER, self.verifier)
        told = self._decrypted(digest, _VERIFIER_HASH, self.verifier_hash)
        made = hashlib.new(self.key_hash, verifier).digest()
        if not hmac.compare_digest(told[: len(made)], made):
            return None
        return self._decrypted(digest, _KEY, self.key_value)[: self.key_bits // 8]

    def _decrypted(self, digest: bytes, purpose: bytes, data: bytes) -> bytes:
        key = hashlib.new(self.key_hash, digest + purpose).digest()
        size = self.key_bits // 8
        return _aes_cbc(key[:size].ljust(size, b"\x36"), self.key_salt[:16].ljust(16, b"\x36"), data)

    def opened(self, key: bytes, package: bytes) -> bytes:
        """The document, segment by segment."""
        size = int.from_bytes(package[:8], "little")
        parts: list[bytes] = []
        for number, at in enumerate(range(8, len(package), _SEGMENT)):
            start = hashlib.new(self.hash_name, self.salt + struct.pack("<I", number)).digest()
            parts.append(_aes_cbc(key, start[:16].ljust(16, b"\x36"), package[at : at + _SEGMENT]))
        return b"".join(parts)[:size]


class Standard(msgspec.Struct, frozen=True):
    """Encryption of Office 2007 (2.3.4.5): AES in single blocks, 50,000 rounds of SHA-1."""

    salt: bytes
    verifier: bytes
    verifier_hash: bytes
    key_bits: int
    cipher: int

    @classmethod
    def read(cls, info: bytes) -> Self:
        """From an ``EncryptionInfo`` stream. Raises `struct.error` where it is too short."""
        size = struct.unpack_from("<I", info, 8)[0]
        cipher, _, bits = struct.unpack_from("<III", info, 20)
        at = 12 + size
        return cls(info[at + 4 : at + 20], info[at + 20 : at + 36], info[at + 40 : at + 72], bits, cipher)

    @property
    def kind(self) -> str:
        """The kind of encryption in words."""
        return "standard encryption (AES)" if self.cipher in _AES_IDENTIFIERS else "CryptoAPI encryption (RC4)"

    def key(self, password: str) -> bytes | None:
        """The key to the package, or None."""
        if self.cipher not in _AES_IDENTIFIERS or len(self.verifier_hash) < 32:
            return None
        digest = hashlib.sha1(self.salt + password.encode("utf-16-le"), usedforsecurity=False).digest()
        for number in range(50_000):
            digest = hashlib.sha1(struct.pack("<I", number) + digest, usedforsecurity=False).digest()
        digest = hashlib.sha1(digest + bytes(4), usedforsecurity=False).digest()
        long = b"".join(
            hashlib.sha1(bytes(byte ^ fill for byte in digest.ljust(64, b"\0")), usedforsecurity=False).digest()
            for fill in (0x36, 0x5C)
        )
        key = long[: _AES_IDENTIFIERS[self.cipher] // 8]
        made = hashlib.sha1(_aes_ecb(key, self.verifier), usedforsecurity=False).digest()
        return key if hmac.compare_digest(_aes_ecb(key, self.verifier_hash)[:20], made) else None

    def opened(self, key: bytes, package: bytes) -> bytes:
        """The document."""
        return _aes_ecb(key, package[8:])[: int.from_bytes(package[:8], "little")]


def _aes_cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    opener = Cipher(algorithms.AES(key), modes.CBC(start)).decryptor()
    return opener.update(data[: len(data) & ~15])


def _aes_ecb(key: bytes, data: bytes) -> bytes:
    opener = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - what the format prescribes
    return opener.update(data[: len(data) & ~15])


def rc4_key(salt: bytes, password: str) -> bytes:
    """What the keys of all blocks are made of in the RC4 encryption of Office 97 (2.3.6.2)."""
    first = hashlib.md5(password.encode("utf-16-le"), usedforsecurity=False).digest()
    return hashlib.md5((first[:5] + salt) * 16, usedforsecurity=False).digest()[:5]


def rc4_block_key(key: bytes, block: int) -> bytes:
    """The key of one block in the RC4 encryption of Office 97."""
    return hashlib.md5(key + struct.pack("<I", block), usedforsecurity=False).digest()


def capi_block_key(salt: bytes, password: str, bits: int, block: int) -> bytes:
    """The key of one block in the RC4 encryption by CryptoAPI (2.3.5.2)."""
    digest = hashlib.sha1(salt + password.encode("utf-16-le"), usedforsecurity=False).digest()
    key = hashlib.sha1(digest + struct.pack("<I", block), usedforsecurity=False).digest()[: (bits or 40) // 8]
    return key.ljust(16, b"\0") if bits in (0, 40) else key


def rc4(key: bytes, data: bytes) -> bytes:
    """Bytes through RC4, which opens what it closed."""
    return Cipher(ARC4(key), mode=None).decryptor().update(data)
