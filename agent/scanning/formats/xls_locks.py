"""Encrypted workbooks before Office Open XML, opened where Excel itself put in the password (MS-XLS 2.2.10)."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable

from agent.scanning.formats import xls_records as biff
from agent.scanning.formats.office_keys import capi_block_key, rc4, rc4_block_key, rc4_key

PASSWORDS = ("VelvetSweatshop",)
"""What Excel uses where nobody has typed one (MS-OFFCRYPTO 2.4.2.3)."""
_BLOCK = 1024
_PLAIN = frozenset({*biff.STARTS, biff.FILEPASS, 0xE1, 0x194, 0x195, 0x196, 0x138})
"""Records that stay as they are: beginnings, the lock itself, and those of shared workbooks."""
_BITS = frozenset({0, 40, 56, 64, 80, 128})
"""Lengths of keys that programs choose and the cipher takes; 0 stands for 40."""
_KeyOfBlock = Callable[[int], bytes]


def opened(stream: bytes) -> tuple[bytes, str]:
    """The stream as it was before it was encrypted, and an empty word; else the stream as it is and the kind of lock.

    The kind is empty too where nothing is encrypted.
    """
    lock = next((each for each in _first_records(stream) if each.kind == biff.FILEPASS), None)
    if lock is None:
        return stream, ""
    told = stream[lock.begin : lock.end]
    kind, keys = _keys(told)
    if keys is None:
        return stream, kind
    return _decrypted(stream, keys), ""


def _first_records(stream: bytes) -> list[biff.Record]:
    """The records at the very beginning: a lock is among them or nowhere."""
    found: list[biff.Record] = []
    for record in biff.records(stream):
        found.append(record)
        if len(found) >= 8:
            break
    return found


def _keys(told: bytes) -> tuple[str, _KeyOfBlock | None]:
    """The kind of lock, and the keys of its blocks where a known password opens it."""
    if len(told) < 6 or told[:2] == b"\0\0":
        return "XOR obfuscation, a password is needed", None
    major, minor = struct.unpack_from("<HH", told, 2)
    if (major, minor) == (1, 1):
        return "RC4 encryption of Office 97, a password is needed", _rc4(told[6:])
    if minor == 2:
        return "CryptoAPI encryption (RC4), a password is needed", _capi(told[6:])
    return "a kind of encryption that is not known", None


def _rc4(told: bytes) -> _KeyOfBlock | None:
    salt, verifier, digest = told[:16], told[16:32], told[32:48]
    for password in PASSWORDS:
        key = rc4_key(salt, password)
        plain = rc4(rc4_block_key(key, 0), verifier + digest)
        if hmac.compare_digest(hashlib.md5(plain[:16], usedforsecurity=False).digest(), plain[16:]):
            return lambda block, key=key: rc4_block_key(key, block)  # type: ignore[misc]
    return None


def _capi(told: bytes) -> _KeyOfBlock | None:
    """The lock has a head of a length that it names, then salt and verifier (MS-OFFCRYPTO 2.3.5.1)."""
    if len(told) < 8:
        return None
    size = struct.unpack_from("<I", told, 4)[0]
    at = 8 + size
    if size < 32 or len(told) < at + 60:
        return None
    bits = struct.unpack_from("<I", told, 24)[0]
    salt, verifier, digest = told[at + 4 : at + 20], told[at + 20 : at + 36], told[at + 40 : at + 60]
    if bits not in _BITS:
        return None
    for password in PASSWORDS:
        plain = rc4(capi_block_key(salt, password, bits, 0), verifier + digest)
        if hmac.compare_digest(hashlib.sha1(plain[:16], usedforsecurity=False).digest(), plain[16:]):
            return lambda block, password=password: capi_block_key(salt, password, bits, block)  # type: ignore[misc]
    return None


def _decrypted(stream: bytes, key_of_block: _KeyOfBlock) -> bytes:
    """Every block of 1024 bytes through its own key; heads of records and some records were never encrypted."""
    plain = bytearray()
    for block in range((len(stream) + _BLOCK - 1) // _BLOCK):
        plain += rc4(key_of_block(block), stream[block * _BLOCK : (block + 1) * _BLOCK])
    for kind, begin, end in biff.records(stream):
        plain[begin - 4 : begin] = stream[begin - 4 : begin]
        if kind in _PLAIN:
            plain[begin:end] = stream[begin:end]
        elif kind == biff.BOUNDSHEET:
            plain[begin : begin + 4] = stream[begin : begin + 4]
    return bytes(plain)
