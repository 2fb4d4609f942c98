"""The outer form of a backup: its first line, and the chunks after it, each sealed under the passphrase's key.

AES-256-GCM under a key that scrypt makes of the passphrase (RFC 7914). A chunk's number and whether it is the last are
bound into it: chunks that are missing, moved or cut off are found out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from server.backup.reasons import BackupError

MAGIC = "mijian-backup"
CHUNK = 1 << 20
FORMAT = 3
"""Of backups made here; 1 had no spool of its own, 2 no files of reports."""
_COST = 1 << 15


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a backup."""

    kind: str
    format: int = 1
    salt: str = ""
    """For scrypt, hex; empty where the backup is not sealed."""
    nonce: str = ""
    """The first seven bytes of each chunk's nonce, hex."""


def key_of(passphrase: str, salt: str) -> bytes:
    """The key that a passphrase makes."""
    return Scrypt(salt=bytes.fromhex(salt), length=32, n=_COST, r=8, p=1).derive(passphrase.encode())


def _nonce(header: Header, number: int, last: bool) -> bytes:
    """Twelve bytes that no two chunks of a backup share."""
    return bytes.fromhex(header.nonce) + number.to_bytes(4, "big") + bytes([last])


class Sealing(io.RawIOBase):
    """A file that seals what is written to it, chunk by chunk."""

    def __init__(self, out: IO[bytes], key: bytes, header: Header, head: bytes) -> None:
        self._out, self._seal, self._header, self._head = out, AESGCM(key), header, head
        self._waiting = bytearray()
        self._number = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: object) -> int:
        """Take bytes; they are written as whole chunks."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._waiting += piece
        while len(self._waiting) > CHUNK:
            self._chunk(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(piece)

    def finish(self) -> None:
        """Write the last chunk."""
        self._chunk(bytes(self._waiting), last=True)

    def _chunk(self, data: bytes, *, last: bool) -> None:
        self._out.write(self._seal.encrypt(_nonce(self._header, self._number, last), data, self._head))
        self._number += 1


def unsealed(file: IO[bytes], key: bytes, header: Header, head: bytes) -> Iterator[bytes]:
    """The chunks of a sealed file, each opened. Raises `BackupError` for the first that was altered."""
    seal, size, number = AESGCM(key), CHUNK + 16, 0
    data = file.read(size)
    while True:
        following = file.read(size)
        try:
            yield seal.decrypt(_nonce(header, number, not following), data, head)
        except InvalidTag:
            raise BackupError("damaged") from None
        if not following:
            return
        data, number = following, number + 1


class Chunks(io.RawIOBase):
    """Chunks as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._waiting = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._waiting:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._waiting = chunk
        count = min(len(view), len(self._waiting))
        view[:count], self._waiting = self._waiting[:count], self._waiting[count:]
        return count


def read_header(head: bytes) -> Header:
    """The first line of a backup. Raises `BackupError`."""
    try:
        header = msgspec.json.decode(head, type=Header)
    except msgspec.MsgspecError:
        raise BackupError("not-a-backup") from None
    if header.kind != MAGIC:
        raise BackupError("not-a-backup")
    if header.format > FORMAT:
        raise BackupError("newer")
    return header
